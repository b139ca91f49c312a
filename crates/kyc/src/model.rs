use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use clavis_kernel::{AccountId, BlobId, DocumentId, LabelId, PhoneId, ProfileId, TokenDigest};

use crate::{DocumentCategory, DocumentType, LabelKey, LabelScope, LabelValue, MediaType};

/// Something that is known of an account: `email:verified`. An account has a key once in each scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its place in the order labels were made.
    pub id: LabelId,
    /// Whose.
    pub account: AccountId,
    /// What it says something of.
    pub key: LabelKey,
    /// What it says.
    pub value: LabelValue,
    /// Whether its holder may change it, and whether it counts.
    pub scope: LabelScope,
    /// A remark of whoever set it.
    pub description: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A label to be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLabel {
    /// See [`Label::account`].
    pub account: AccountId,
    /// See [`Label::key`].
    pub key: LabelKey,
    /// See [`Label::value`].
    pub value: LabelValue,
    /// See [`Label::scope`].
    pub scope: LabelScope,
    /// See [`Label::description`].
    pub description: Option<String>,
}

/// How far something that a person must look at has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewState {
    /// Its owner still works on it.
    Drafted,
    /// It waits for a reviewer.
    Pending,
    /// It was found right.
    Approved,
    /// It was found wanting; its owner may try again.
    RetryRequested,
    /// It was refused for good.
    Rejected,
}

impl ReviewState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Drafted,
        Self::Pending,
        Self::Approved,
        Self::RetryRequested,
        Self::Rejected,
    ];

    /// The name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::RetryRequested => "retry_requested",
            Self::Rejected => "rejected",
        }
    }

    /// Whether a reviewer may decide: on what waits, and anew on what was sent back. Other decisions stand.
    pub const fn may_be_reviewed(self) -> bool {
        matches!(self, Self::Pending | Self::RetryRequested)
    }

    /// Whether its owner may change it.
    pub const fn is_editable(self) -> bool {
        matches!(self, Self::Drafted | Self::RetryRequested)
    }
}

/// The text names no state of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such state of a review")]
pub struct UnknownReviewState;

impl std::str::FromStr for ReviewState {
    type Err = UnknownReviewState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or(UnknownReviewState)
    }
}

/// What a reviewer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is right.
    Approve,
    /// It is to be tried again.
    AskAgain,
    /// It is refused for good.
    Reject,
}

impl Verdict {
    /// The state it leads to.
    pub const fn leads_to(self) -> ReviewState {
        match self {
            Self::Approve => ReviewState::Approved,
            Self::AskAgain => ReviewState::RetryRequested,
            Self::Reject => ReviewState::Rejected,
        }
    }
}

/// Who decided on something, when, and what they said of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Review {
    /// The reviewer.
    pub by: AccountId,
    /// When.
    pub at: DateTime<Utc>,
    /// What its owner is told.
    pub public_comment: Option<String>,
    /// What only other reviewers read.
    pub private_comment: Option<String>,
}

impl fmt::Debug for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Review")
            .field("by", &self.by)
            .finish_non_exhaustive()
    }
}

/// Who somebody is: name, birthday, address. The personal data are sealed.
#[derive(Clone)]
pub struct Profile {
    /// Its id.
    pub id: ProfileId,
    /// What it says.
    pub content: ProfileContent,
    /// How far its review has come.
    pub state: ReviewState,
    /// The last decision on it.
    pub review: Option<Review>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What a profile says.
#[derive(Clone)]
pub struct ProfileContent {
    /// Whose.
    pub account: AccountId,
    /// The personal data, sealed for the account.
    pub sealed: Vec<u8>,
    /// The country as given, readable so that reviewers can look for it.
    pub country: Option<String>,
    /// Free keys and values, a JSON object's text.
    pub metadata: Option<String>,
    /// Who entered it: the account itself, or an administrator.
    pub author: AccountId,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// By which a phone number is found without being readable: an HMAC of its digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneKey(pub [u8; 32]);

impl fmt::Debug for PhoneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneKey(..)")
    }
}

/// A phone of an account; verified once its holder has shown the code that was sent to it.
#[derive(Clone)]
pub struct Phone {
    /// Its id.
    pub id: PhoneId,
    /// Whose.
    pub account: AccountId,
    /// By which its number is found.
    pub key: PhoneKey,
    /// Its number, sealed.
    pub sealed_number: Vec<u8>,
    /// The country the number belongs to, ISO 3166 alpha-2.
    pub country: String,
    /// The code that was sent last; `None` once it was used.
    pub code: Option<PhoneCode>,
    /// When it was verified.
    pub validated_at: Option<DateTime<Utc>>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A code that was sent to a phone.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneCode {
    /// Its digest under a key of ours, since five digits are soon tried through.
    pub digest: TokenDigest,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// How many wrong codes were shown since.
    pub wrong_tries: u32,
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Phone")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PhoneCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneCode(..)")
    }
}

/// A phone about to be added.
#[derive(Clone)]
pub struct NewPhone {
    /// See [`Phone::account`].
    pub account: AccountId,
    /// See [`Phone::key`].
    pub key: PhoneKey,
    /// See [`Phone::sealed_number`].
    pub sealed_number: Vec<u8>,
    /// See [`Phone::country`].
    pub country: String,
    /// See [`Phone::code`].
    pub code: Option<PhoneCode>,
}

impl fmt::Debug for NewPhone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPhone(..)")
    }
}

/// A document somebody handed in. Its contents lie in the blob store.
#[derive(Clone)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// What was handed in.
    pub content: DocumentContent,
    /// How far its review has come.
    pub state: ReviewState,
    /// The last decision on it.
    pub review: Option<Review>,
    /// When it was handed in.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What was handed in.
#[derive(Clone)]
pub struct DocumentContent {
    /// Whose.
    pub account: AccountId,
    /// What it is.
    pub doc_type: DocumentType,
    /// Its number, sealed for the account; `None` where none is asked for.
    pub sealed_number: Option<Vec<u8>>,
    /// The last day it is good for.
    pub expires_on: Option<NaiveDate>,
    /// Which side of it.
    pub category: Option<DocumentCategory>,
    /// What joins the files of one document.
    pub group: Option<String>,
    /// Free keys and values, a JSON object's text.
    pub metadata: Option<String>,
    /// The address that it proves, sealed for the account; `None` for what proves none.
    pub sealed_address: Option<Vec<u8>>,
    /// The file.
    pub file: StoredFile,
}

/// Where a document's contents lie.
#[derive(Clone)]
pub struct StoredFile {
    /// Their name in the blob store.
    pub blob: BlobId,
    /// The key they are encrypted with, sealed.
    pub sealed_key: Vec<u8>,
    /// The file's name as uploaded, without folders.
    pub name: String,
    /// What they are, found by looking into them.
    pub media_type: MediaType,
    /// How many bytes.
    pub size: u64,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DocumentContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentContent")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// A level and the table it was computed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptLevel {
    /// Whose.
    pub account: AccountId,
    /// 0 is none.
    pub level: u8,
    /// The fingerprint of the table.
    pub table: i64,
}
