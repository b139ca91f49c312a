//! Who is behind an account, in administrators' and reviewers' hands.

use std::collections::HashMap;

use clavis_identity::Account;
use clavis_kernel::{AccountId, Answer, DocumentId, ProfileId, StoreError, Uid};
use clavis_kyc::{Document, Documents, Profiles, ReviewState};
use clavis_rbac::Permission;

use super::AdministrationError;
use crate::{
    AuditAction, Decision, Dossier, EditProfileError, Flows, Page, PersonalDocument, PersonalProfile,
    ProfileCommand, ReadAccounts, Remark, ReviewError, ReviewPeople, SubmitProfileError,
};

/// Everything that administrators see of an account.
#[derive(Debug, Clone)]
pub struct CaseFile {
    /// The account and who is behind it.
    pub dossier: Dossier,
    /// What was handed in; `None` for who reviews nobody.
    pub documents: Option<Vec<PersonalDocument>>,
    /// What administrators noted.
    pub remarks: Vec<Remark>,
    /// Who wrote and who decided on all this.
    pub uids: HashMap<AccountId, Uid>,
}

/// Things that people handed in, and whose they are.
#[derive(Debug, Clone)]
pub struct Owned<T> {
    /// The things.
    pub page: Page<T>,
    /// Whose they are, who wrote them and who decided on them.
    pub uids: HashMap<AccountId, Uid>,
}

/// Which profile is decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichProfile {
    /// The one with this id.
    Id(ProfileId),
    /// The newest of an account.
    NewestOf(Uid),
}

/// Why a reviewer did not enter a profile for somebody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnterProfileError {
    /// The account may not be touched by this reviewer.
    #[error(transparent)]
    Account(#[from] AdministrationError),
    /// The profile was not taken.
    #[error(transparent)]
    Profile(#[from] SubmitProfileError),
}

/// Why a reviewer did not change what somebody says of themselves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CorrectProfileError {
    /// The account may not be touched by this reviewer.
    #[error(transparent)]
    Account(#[from] AdministrationError),
    /// The profile was not changed.
    #[error(transparent)]
    Profile(#[from] EditProfileError),
}

impl Flows<'_> {
    /// One account for an administrator, with its documents for who reviews people. Of themselves nobody sees what
    /// others noted.
    pub fn case_file(
        &self,
        permission: &Permission<ReadAccounts>,
        reviewer: Option<&Permission<ReviewPeople>>,
        uid: &Uid,
    ) -> Result<Option<CaseFile>, StoreError> {
        let Some(person) = self.person_by_uid(uid)? else {
            return Ok(None);
        };
        let (actor, account) = (permission.holder(), person.account().id);
        self.note_reading(actor, Some(account), "")?;
        let documents = match reviewer {
            Some(_) => Some(self.documents_of(account)?),
            None => None,
        };
        let remarks = if account == actor {
            Vec::new()
        } else {
            self.remarks(account)?
        };
        let dossier = self.dossier(person)?;
        let named = dossier.profiles.iter().flat_map(named_in_profile);
        let named = named.chain(documents.iter().flatten().flat_map(named_in_document));
        Ok(Some(CaseFile {
            uids: self.uids(named)?,
            dossier,
            documents,
            remarks,
        }))
    }

    /// The documents of an account for a reviewer; `None` when there is no such account.
    pub fn read_documents(
        &self,
        permission: &Permission<ReviewPeople>,
        uid: &Uid,
    ) -> Result<Option<Owned<PersonalDocument>>, StoreError> {
        let Some(account) = self.read_of(permission, uid, "documents")? else {
            return Ok(None);
        };
        self.owned_documents(whole(self.documents_of(account.id)?))
            .map(Some)
    }

    /// The profiles of an account for a reviewer; `None` when there is no such account.
    pub fn read_profiles(
        &self,
        permission: &Permission<ReviewPeople>,
        uid: &Uid,
    ) -> Result<Option<Owned<PersonalProfile>>, StoreError> {
        let Some(account) = self.read_of(permission, uid, "profiles")? else {
            return Ok(None);
        };
        self.owned_profiles(whole(self.profiles_of(account.id)?))
            .map(Some)
    }

    /// Documents in a state, with their owners: see [`Flows::document_queue`].
    pub fn read_document_queue(
        &self,
        permission: &Permission<ReviewPeople>,
        state: ReviewState,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Owned<PersonalDocument>, StoreError> {
        self.note_reading(permission.holder(), None, "documents by state")?;
        self.owned_documents(self.document_queue(permission, state, after, limit)?)
    }

    /// Profiles in a state, with their owners: see [`Flows::profile_queue`].
    pub fn read_profile_queue(
        &self,
        permission: &Permission<ReviewPeople>,
        state: ReviewState,
        after: Option<ProfileId>,
        limit: u32,
    ) -> Result<Owned<PersonalProfile>, StoreError> {
        self.note_reading(permission.holder(), None, "profiles by state")?;
        self.owned_profiles(self.profile_queue(permission, state, after, limit)?)
    }

    /// The document, for a reviewer who is about to see its content. Every look is in the trail.
    pub fn inspect_document(
        &self,
        permission: &Permission<ReviewPeople>,
        id: DocumentId,
    ) -> Result<Option<Document>, StoreError> {
        let Some(document) = Documents::find(self.ports, id)? else {
            return Ok(None);
        };
        let (actor, owner) = (permission.holder(), document.content.account);
        let actor = (actor != owner).then_some(actor);
        self.audit_by(actor, Some(owner), AuditAction::ViewDocument, &id.to_string())?;
        Ok(Some(document))
    }

    /// Enters a profile for somebody else.
    pub fn enter_profile_for(
        &self,
        permission: &Permission<ReviewPeople>,
        uid: &Uid,
        command: &ProfileCommand,
    ) -> Answer<Owned<PersonalProfile>, EnterProfileError> {
        let account = match self.administrable(permission.holder(), uid)? {
            Ok(account) => account.id,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        match self.enter_profile(permission, account, command)? {
            Ok(entered) => self.owned_profiles(whole(vec![entered])).map(Ok),
            Err(refusal) => Ok(Err(refusal.into())),
        }
    }

    /// Changes what somebody else says of themselves, while they may change it.
    pub fn correct_profile_of(
        &self,
        permission: &Permission<ReviewPeople>,
        uid: &Uid,
        command: &ProfileCommand,
    ) -> Answer<Owned<PersonalProfile>, CorrectProfileError> {
        let account = match self.administrable(permission.holder(), uid)? {
            Ok(account) => account.id,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        match self.correct_profile(permission, account, command)? {
            Ok(corrected) => self.owned_profiles(whole(vec![corrected])).map(Ok),
            Err(refusal) => Ok(Err(refusal.into())),
        }
    }

    /// Decides on a document: see [`Flows::review_document`].
    pub fn decide_on_document(
        &self,
        permission: &Permission<ReviewPeople>,
        id: DocumentId,
        decision: &Decision,
    ) -> Answer<Owned<PersonalDocument>, ReviewError> {
        match self.review_document(permission, id, decision)? {
            Ok(document) => {
                let document = self.opened_document(document)?;
                self.owned_documents(whole(vec![document])).map(Ok)
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Decides on a profile: see [`Flows::review_profile`].
    pub fn decide_on_profile(
        &self,
        permission: &Permission<ReviewPeople>,
        which: &WhichProfile,
        decision: &Decision,
    ) -> Answer<Owned<PersonalProfile>, ReviewError> {
        let Some(id) = self.which_profile(which)? else {
            return Ok(Err(ReviewError::Unknown));
        };
        match self.review_profile(permission, id, decision)? {
            Ok(profile) => {
                let profile = self.opened_profile(profile)?;
                self.owned_profiles(whole(vec![profile])).map(Ok)
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    fn which_profile(&self, which: &WhichProfile) -> Result<Option<ProfileId>, StoreError> {
        let uid = match which {
            WhichProfile::Id(id) => return Ok(Some(*id)),
            WhichProfile::NewestOf(uid) => uid,
        };
        let Some(account) = self.ports.find_by_uid(uid)? else {
            return Ok(None);
        };
        let profiles = Profiles::of_account(self.ports, account.id)?;
        Ok(profiles.last().map(|newest| newest.id))
    }

    fn read_of(
        &self,
        permission: &Permission<ReviewPeople>,
        uid: &Uid,
        what: &str,
    ) -> Result<Option<Account>, StoreError> {
        let Some(account) = self.ports.find_by_uid(uid)? else {
            return Ok(None);
        };
        self.note_reading(permission.holder(), Some(account.id), what)?;
        Ok(Some(account))
    }

    fn uids(&self, accounts: impl Iterator<Item = AccountId>) -> Result<HashMap<AccountId, Uid>, StoreError> {
        let mut ids: Vec<_> = accounts.collect();
        ids.sort_unstable();
        ids.dedup();
        let accounts = self.ports.find_all(&ids)?;
        Ok(accounts
            .into_iter()
            .map(|account| (account.id, account.uid))
            .collect())
    }

    fn owned_documents(&self, page: Page<PersonalDocument>) -> Result<Owned<PersonalDocument>, StoreError> {
        let uids = self.uids(page.items.iter().flat_map(named_in_document))?;
        Ok(Owned { page, uids })
    }

    fn owned_profiles(&self, page: Page<PersonalProfile>) -> Result<Owned<PersonalProfile>, StoreError> {
        let uids = self.uids(page.items.iter().flat_map(named_in_profile))?;
        Ok(Owned { page, uids })
    }
}

/// A page that is the whole list.
fn whole<T>(items: Vec<T>) -> Page<T> {
    let total = items.len() as u64;
    Page { items, total }
}

fn named_in_document(one: &PersonalDocument) -> impl Iterator<Item = AccountId> + use<> {
    let reviewer = one.document.review.as_ref().map(|review| review.by);
    [Some(one.document.content.account), reviewer]
        .into_iter()
        .flatten()
}

fn named_in_profile(one: &PersonalProfile) -> impl Iterator<Item = AccountId> + use<> {
    let content = &one.profile.content;
    let reviewer = one.profile.review.as_ref().map(|review| review.by);
    [Some(content.account), Some(content.author), reviewer]
        .into_iter()
        .flatten()
}
