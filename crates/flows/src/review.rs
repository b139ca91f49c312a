//! People decide on documents and profiles. What follows from a decision lands together with it.

mod notice;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_identity::{Account, Accounts};
use clavis_kernel::{AccountId, Answer, DocumentId, ProfileId, StoreError};
use clavis_kyc::{
    Document, Documents, LabelKey, LabelScope, LabelValue, Labels, NewLabel, Profile, Profiles, Review,
    ReviewState, Verdict,
};
use clavis_rbac::Permission;

use crate::labels::StateEffect;
use crate::profiles::profile_label;
use crate::{AuditAction, Flows, Page, PersonalDocument, PersonalProfile, ReviewPeople};

pub use notice::{ReviewNotice, Reviewed};

/// Most characters of a comment.
const MAX_COMMENT_CHARS: usize = 1000;
/// Most entries of a queue at once.
const MAX_QUEUE: u32 = 100;

/// What a reviewer says of a decision: 1 to 1000 characters in one line.
#[derive(Clone, PartialEq, Eq)]
pub struct ReviewComment(String);

/// Why a text is no comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReviewCommentError {
    /// Nothing but blanks: leave it out instead.
    #[error("the comment is blank")]
    Blank,
    /// Too many characters.
    #[error("the comment has more than {MAX_COMMENT_CHARS} characters")]
    TooLong,
    /// Control characters, line breaks among them.
    #[error("the comment has control characters")]
    BadCharacter,
}

impl ReviewComment {
    /// As it was written, without blanks around it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ReviewComment {
    type Err = ReviewCommentError;

    fn from_str(text: &str) -> Result<Self, ReviewCommentError> {
        let text = text.trim();
        if text.is_empty() {
            Err(ReviewCommentError::Blank)
        } else if text.chars().nth(MAX_COMMENT_CHARS).is_some() {
            Err(ReviewCommentError::TooLong)
        } else if text.chars().any(char::is_control) {
            Err(ReviewCommentError::BadCharacter)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl fmt::Debug for ReviewComment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReviewComment(..)")
    }
}

/// A reviewer's decision.
#[derive(Debug, Clone)]
pub struct Decision {
    /// What is decided.
    pub verdict: Verdict,
    /// What the owner is told.
    pub public_comment: Option<ReviewComment>,
    /// What only other reviewers read.
    pub private_comment: Option<ReviewComment>,
    /// When that had last changed which the reviewer looked at; unset, whatever is there is decided on.
    pub seen: Option<DateTime<Utc>>,
}

/// Why a decision was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// There is nothing with this id.
    #[error("there is nothing to review with this id")]
    Unknown,
    /// It is the reviewer's own.
    #[error("nobody reviews what is their own")]
    OwnMatter,
    /// Somebody decided already, or its owner still works on it.
    #[error("it does not wait for a decision")]
    NotWaiting,
    /// It is not what the reviewer looked at any more.
    #[error("it was changed since it was looked at")]
    Changed,
}

impl Flows<'_> {
    /// Documents in a state, in the order they were handed in, those after this one; and how many there are.
    pub fn document_queue(
        &self,
        _permission: &Permission<ReviewPeople>,
        state: ReviewState,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Page<PersonalDocument>, StoreError> {
        let (documents, total) = Documents::queue(self.ports, state, after, limit.min(MAX_QUEUE))?;
        let documents = documents
            .into_iter()
            .map(|document| self.opened_document(document));
        Ok(Page {
            items: documents.collect::<Result<_, _>>()?,
            total,
        })
    }

    /// Profiles in a state, in the order they were made, those after this one; and how many there are.
    pub fn profile_queue(
        &self,
        _permission: &Permission<ReviewPeople>,
        state: ReviewState,
        after: Option<ProfileId>,
        limit: u32,
    ) -> Result<Page<PersonalProfile>, StoreError> {
        let (profiles, total) = Profiles::queue(self.ports, state, after, limit.min(MAX_QUEUE))?;
        let profiles = profiles.into_iter().map(|profile| self.opened_profile(profile));
        Ok(Page {
            items: profiles.collect::<Result<_, _>>()?,
            total,
        })
    }

    /// Decides on a document. Label and level follow, and its owner is told.
    pub fn review_document(
        &self,
        permission: &Permission<ReviewPeople>,
        id: DocumentId,
        decision: &Decision,
    ) -> Answer<Document, ReviewError> {
        let Some(document) = Documents::find(self.ports, id)? else {
            return Ok(Err(ReviewError::Unknown));
        };
        let Some(owner) = Accounts::find_for_update(self.ports, document.content.account)? else {
            return Ok(Err(ReviewError::Unknown));
        };
        // Somebody else may have decided while this one waited for the lock.
        let Some(document) = Documents::find(self.ports, id)? else {
            return Ok(Err(ReviewError::Unknown));
        };
        let reviewer = permission.holder();
        let action = AuditAction::ReviewDocument;
        if let Err(refusal) = may_decide(decision, reviewer, &owner, document.state, document.updated_at) {
            self.audit_refusal(Some(reviewer), action, refusal)?;
            return Ok(Err(refusal));
        }
        let (state, review) = (decision.verdict.leads_to(), self.review(reviewer, decision));
        if !Documents::review(self.ports, id, document.state, state, &review)? {
            return Ok(Err(ReviewError::NotWaiting));
        }
        let detail = format!("{id} {}", state.name());
        self.audit_by(Some(reviewer), Some(owner.id), action, &detail)?;
        self.document_decided(&owner, &document, decision.verdict, reviewer)?;
        self.tell(owner, Reviewed::Document(document.content.doc_type), decision)?;
        Ok(Ok(Document {
            state,
            updated_at: review.at,
            review: Some(review),
            ..document
        }))
    }

    /// Decides on a profile. Label and level follow, and its owner is told.
    pub fn review_profile(
        &self,
        permission: &Permission<ReviewPeople>,
        id: ProfileId,
        decision: &Decision,
    ) -> Answer<Profile, ReviewError> {
        let Some(profile) = Profiles::find(self.ports, id)? else {
            return Ok(Err(ReviewError::Unknown));
        };
        let Some(owner) = Accounts::find_for_update(self.ports, profile.content.account)? else {
            return Ok(Err(ReviewError::Unknown));
        };
        // Its owner may have changed it while this one waited for the lock.
        let Some(profile) = Profiles::find(self.ports, id)? else {
            return Ok(Err(ReviewError::Unknown));
        };
        let reviewer = permission.holder();
        let action = AuditAction::ReviewProfile;
        if let Err(refusal) = may_decide(decision, reviewer, &owner, profile.state, profile.updated_at) {
            self.audit_refusal(Some(reviewer), action, refusal)?;
            return Ok(Err(refusal));
        }
        let (state, review) = (decision.verdict.leads_to(), self.review(reviewer, decision));
        if !Profiles::review(self.ports, id, profile.state, state, &review)? {
            return Ok(Err(ReviewError::NotWaiting));
        }
        let detail = format!("{id} {}", state.name());
        self.audit_by(Some(reviewer), Some(owner.id), action, &detail)?;
        self.put_verdict(&owner, LabelKey::PROFILE, profile_label(state), reviewer)?;
        self.tell(owner, Reviewed::Profile, decision)?;
        Ok(Ok(Profile {
            state,
            updated_at: review.at,
            review: Some(review),
            ..profile
        }))
    }

    fn review(&self, by: AccountId, decision: &Decision) -> Review {
        let text = |comment: &Option<ReviewComment>| comment.as_ref().map(|comment| comment.0.clone());
        Review {
            by,
            at: self.now(),
            public_comment: text(&decision.public_comment),
            private_comment: text(&decision.private_comment),
        }
    }

    /// The label that follows from a decision on one of somebody's documents.
    fn document_decided(
        &self,
        owner: &Account,
        decided: &Document,
        verdict: Verdict,
        reviewer: AccountId,
    ) -> Result<(), StoreError> {
        let value = match verdict {
            Verdict::Approve => LabelValue::VERIFIED,
            // Clients show the form again in either case.
            Verdict::AskAgain | Verdict::Reject => LabelValue::REJECTED,
        };
        if value == LabelValue::REJECTED && self.is_verified_by_another(owner.id, decided)? {
            return Ok(());
        }
        self.put_verdict(owner, decided.content.doc_type.label(), value, reviewer)
    }

    /// Whether what the label of a document tells is verified, and not by this one alone.
    fn is_verified_by_another(&self, account: AccountId, this: &Document) -> Result<bool, StoreError> {
        let key = this.content.doc_type.label();
        let label = Labels::find(self.ports, account, &key, LabelScope::Private)?;
        if label.is_none_or(|label| label.value != LabelValue::VERIFIED) {
            return Ok(false);
        }
        let documents = Documents::of_account(self.ports, account)?;
        let mut others = documents
            .iter()
            .filter(|document| document.id != this.id && document.content.doc_type.label() == key);
        Ok(others.any(|document| document.state == ReviewState::Approved))
    }

    fn put_verdict(
        &self,
        owner: &Account,
        key: LabelKey,
        value: LabelValue,
        reviewer: AccountId,
    ) -> Result<(), StoreError> {
        let label = NewLabel {
            account: owner.id,
            key,
            value,
            scope: LabelScope::Private,
            description: None,
        };
        self.put_label(&label, Some(reviewer), StateEffect::Follows)
    }

    /// Queues the mail about a decision, if there is somebody who reads it.
    fn tell(&self, owner: Account, what: Reviewed, decision: &Decision) -> Result<(), StoreError> {
        if owner.state.is_gone() {
            return Ok(());
        }
        let view = self.view(owner)?;
        let Some(to) = view.log_in_address() else {
            return Ok(());
        };
        let mail = self.door.letters.review(&ReviewNotice {
            to: &to,
            account: &view.account,
            what,
            verdict: decision.verdict,
            public_comment: decision.public_comment.as_ref().map(ReviewComment::as_str),
        });
        self.enqueue(&mail)
    }
}

fn may_decide(
    decision: &Decision,
    reviewer: AccountId,
    owner: &Account,
    state: ReviewState,
    updated_at: DateTime<Utc>,
) -> Result<(), ReviewError> {
    if owner.id == reviewer {
        Err(ReviewError::OwnMatter)
    } else if !state.may_be_reviewed() {
        Err(ReviewError::NotWaiting)
    } else if decision.seen.is_some_and(|seen| seen != updated_at) {
        Err(ReviewError::Changed)
    } else {
        Ok(())
    }
}
