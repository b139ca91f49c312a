//! What somebody says of who they are: handed in, changed until a reviewer decides.

mod sealed;

use std::fmt;

use clavis_identity::{Account, Accounts};
use clavis_kernel::{AccountId, Answer, StoreError};
use clavis_kyc::{
    CheckedProfile, FieldViolation, LabelKey, LabelScope, LabelValue, Labels, Profile, ProfileContent,
    ProfileFields, ProfileGrammar, Profiles, ReviewState,
};
use clavis_rbac::Permission;

use crate::{AuditAction, Flows, ReviewPeople};

/// Most profiles of one account, which has one that is not decided on at most.
const MOST_PROFILES: usize = 100;

/// A profile with its personal data opened.
#[derive(Debug, Clone)]
pub struct PersonalProfile {
    /// The profile.
    pub profile: Profile,
    /// What it says.
    pub fields: ProfileFields,
}

/// What somebody says of a person, not checked yet.
#[derive(Clone)]
pub struct ProfileCommand {
    /// The fields; those left out stay as they were when a profile is changed.
    pub fields: ProfileFields,
    /// Free keys and values, a JSON object's text; left out, those before stay when a profile is changed.
    pub metadata: Option<String>,
    /// Which characters the fields may have.
    pub grammar: ProfileGrammar,
    /// What comes of it.
    pub manner: ProfileManner,
}

impl fmt::Debug for ProfileCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProfileCommand")
            .field("manner", &self.manner)
            .finish_non_exhaustive()
    }
}

/// How profiles are handed in, where releases of older servers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileManner {
    /// An account has one profile, whole, which waits for a reviewer at once. Only reviews set labels.
    Whole,
    /// An account has one profile after the other, and works on each as long as it likes: this one is not handed in
    /// yet. Labels tell how far it has come.
    Draft,
    /// As [`ProfileManner::Draft`], and this one waits for a reviewer now.
    Submission,
}

/// Why a profile was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitProfileError {
    /// The account is locked, banned or gone.
    #[error("the account may not be changed by its owner")]
    AccountClosed,
    /// There is one already: one at all, or one that is not decided on.
    #[error("there is a profile already")]
    Exists,
    /// Fields break the rules.
    #[error("fields of the profile break the rules")]
    Unfit(Vec<FieldViolation>),
}

/// Why a profile was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditProfileError {
    /// The account is locked, banned or gone.
    #[error("the account may not be changed by its owner")]
    AccountClosed,
    /// None is being worked on: they wait for a reviewer, or were decided on.
    #[error("there is no profile that may be changed")]
    NoneEditable,
    /// Fields break the rules.
    #[error("fields of the profile break the rules")]
    Unfit(Vec<FieldViolation>),
}

impl ProfileManner {
    /// How far its review has come then.
    const fn leads_to(self) -> ReviewState {
        match self {
            Self::Draft => ReviewState::Drafted,
            Self::Whole | Self::Submission => ReviewState::Pending,
        }
    }
}

/// The value of the label `profile` that tells how far the review of one has come.
pub(crate) const fn profile_label(state: ReviewState) -> LabelValue {
    match state {
        ReviewState::Drafted | ReviewState::RetryRequested => LabelValue::DRAFTED,
        ReviewState::Pending => LabelValue::SUBMITTED,
        ReviewState::Approved => LabelValue::VERIFIED,
        ReviewState::Rejected => LabelValue::REJECTED,
    }
}

impl Flows<'_> {
    /// The profiles of an account, the oldest first.
    pub fn profiles_of(&self, account: AccountId) -> Result<Vec<PersonalProfile>, StoreError> {
        let profiles = Profiles::of_account(self.ports, account)?;
        profiles
            .into_iter()
            .map(|profile| self.opened_profile(profile))
            .collect()
    }

    /// A new profile from its person.
    pub fn submit_profile(
        &self,
        account: AccountId,
        command: &ProfileCommand,
    ) -> Answer<PersonalProfile, SubmitProfileError> {
        match self.changeable(account)? {
            Some(account) => self.take_profile(&account, account.id, command),
            None => Ok(Err(SubmitProfileError::AccountClosed)),
        }
    }

    /// A new profile that a reviewer enters for somebody.
    pub fn enter_profile(
        &self,
        permission: &Permission<ReviewPeople>,
        account: AccountId,
        command: &ProfileCommand,
    ) -> Answer<PersonalProfile, SubmitProfileError> {
        match self.reviewable(account)? {
            Some(account) => self.take_profile(&account, permission.holder(), command),
            None => Ok(Err(SubmitProfileError::AccountClosed)),
        }
    }

    /// Changes the newest profile that may be changed.
    pub fn edit_profile(
        &self,
        account: AccountId,
        command: &ProfileCommand,
    ) -> Answer<PersonalProfile, EditProfileError> {
        match self.changeable(account)? {
            Some(account) => self.change_profile(&account, account.id, command),
            None => Ok(Err(EditProfileError::AccountClosed)),
        }
    }

    /// As [`Flows::edit_profile`], by a reviewer.
    pub fn correct_profile(
        &self,
        permission: &Permission<ReviewPeople>,
        account: AccountId,
        command: &ProfileCommand,
    ) -> Answer<PersonalProfile, EditProfileError> {
        match self.reviewable(account)? {
            Some(account) => self.change_profile(&account, permission.holder(), command),
            None => Ok(Err(EditProfileError::AccountClosed)),
        }
    }

    /// The account, locked, unless it is gone.
    fn reviewable(&self, account: AccountId) -> Result<Option<Account>, StoreError> {
        let account = Accounts::find_for_update(self.ports, account)?;
        Ok(account.filter(|account| !account.state.is_gone()))
    }

    pub(crate) fn take_profile(
        &self,
        account: &Account,
        author: AccountId,
        command: &ProfileCommand,
    ) -> Answer<PersonalProfile, SubmitProfileError> {
        let known = Profiles::of_account(self.ports, account.id)?;
        let replaced = match (command.manner, known.last()) {
            (_, None) => None,
            // What may be changed is replaced: there is no other way to hand it in once more.
            (ProfileManner::Whole, Some(last)) if last.state.is_editable() => Some(last),
            (ProfileManner::Whole, Some(_)) => return Ok(Err(SubmitProfileError::Exists)),
            (ProfileManner::Draft | ProfileManner::Submission, Some(_)) => {
                let is_open = |profile: &Profile| !is_decided(profile.state);
                if known.iter().any(is_open) || known.len() >= MOST_PROFILES {
                    return Ok(Err(SubmitProfileError::Exists));
                }
                None
            }
        };
        let checked = match self.checked_profile(command.fields.clone(), command) {
            Ok(checked) => checked,
            Err(violations) => return Ok(Err(SubmitProfileError::Unfit(violations))),
        };
        let content = ProfileContent {
            account: account.id,
            sealed: self.seal_profile(account.id, checked.fields()),
            country: checked.fields().country.clone(),
            metadata: command.metadata.clone(),
            author,
        };
        let state = command.manner.leads_to();
        let profile = match replaced {
            Some(replaced) => self.put_profile(replaced, content, state)?,
            None => Profiles::insert(self.ports, &content, state, self.now())?,
        };
        self.profile_changed(&profile, author, command.manner, !known.is_empty())?;
        Ok(Ok(PersonalProfile {
            profile,
            fields: checked.into_fields(),
        }))
    }

    fn change_profile(
        &self,
        account: &Account,
        author: AccountId,
        command: &ProfileCommand,
    ) -> Answer<PersonalProfile, EditProfileError> {
        let known = Profiles::of_account(self.ports, account.id)?;
        let Some(before) = known.iter().rev().find(|profile| profile.state.is_editable()) else {
            return Ok(Err(EditProfileError::NoneEditable));
        };
        let fields = merged(self.open_profile(before)?, command.fields.clone());
        let checked = match self.checked_profile(fields, command) {
            Ok(checked) => checked,
            Err(violations) => return Ok(Err(EditProfileError::Unfit(violations))),
        };
        let content = ProfileContent {
            account: account.id,
            sealed: self.seal_profile(account.id, checked.fields()),
            country: checked.fields().country.clone(),
            metadata: command
                .metadata
                .clone()
                .or_else(|| before.content.metadata.clone()),
            author,
        };
        let profile = self.put_profile(before, content, command.manner.leads_to())?;
        // A first draft that is worked on changes nothing that anybody believed.
        let changes = known.len() > 1 || before.review.is_some();
        self.profile_changed(&profile, author, command.manner, changes)?;
        Ok(Ok(PersonalProfile {
            profile,
            fields: checked.into_fields(),
        }))
    }

    fn checked_profile(
        &self,
        fields: ProfileFields,
        command: &ProfileCommand,
    ) -> Result<CheckedProfile, Vec<FieldViolation>> {
        match command.manner {
            ProfileManner::Whole => CheckedProfile::check(fields, command.grammar),
            ProfileManner::Draft | ProfileManner::Submission => {
                CheckedProfile::check_partial(fields, command.grammar, self.now().date_naive())
            }
        }
    }

    fn put_profile(
        &self,
        before: &Profile,
        content: ProfileContent,
        state: ReviewState,
    ) -> Result<Profile, StoreError> {
        let now = self.now();
        if !Profiles::update(self.ports, before.id, &content, before.state, state, now)? {
            return Err(StoreError::conflict(
                "Profiles::update",
                "it was decided on meanwhile",
            ));
        }
        Ok(Profile {
            content,
            state,
            updated_at: now,
            ..before.clone()
        })
    }

    /// Notes a profile that was made or changed, and sets the labels that follow from it.
    fn profile_changed(
        &self,
        profile: &Profile,
        author: AccountId,
        manner: ProfileManner,
        in_place_of_another: bool,
    ) -> Result<(), StoreError> {
        let account = profile.content.account;
        let actor = (author != account).then_some(author);
        let detail = format!("{} {}", profile.id, profile.state.name());
        self.audit_by(actor, Some(account), AuditAction::SubmitProfile, &detail)?;
        let labelled = Labels::find(self.ports, account, &LabelKey::PROFILE, LabelScope::Private)?;
        // This manner writes no label, but one that is there must not tell of what is no more.
        if manner == ProfileManner::Whole && labelled.is_none() {
            return Ok(());
        }
        self.set_private_label(account, LabelKey::PROFILE, profile_label(profile.state), actor)?;
        // Documents were compared with what was said before.
        if manner == ProfileManner::Submission && in_place_of_another {
            let document = Labels::find(self.ports, account, &LabelKey::DOCUMENT, LabelScope::Private)?;
            if document.is_some_and(|label| label.value == LabelValue::VERIFIED) {
                self.set_private_label(account, LabelKey::DOCUMENT, LabelValue::REPLACED, actor)?;
            }
        }
        Ok(())
    }
}

/// Whether nothing leads out of the state.
const fn is_decided(state: ReviewState) -> bool {
    matches!(state, ReviewState::Approved | ReviewState::Rejected)
}

/// What was there, with what is given in its place.
fn merged(before: ProfileFields, given: ProfileFields) -> ProfileFields {
    ProfileFields {
        first_name: given.first_name.or(before.first_name),
        last_name: given.last_name.or(before.last_name),
        dob: given.dob.or(before.dob),
        address: given.address.or(before.address),
        postcode: given.postcode.or(before.postcode),
        city: given.city.or(before.city),
        country: given.country.or(before.country),
    }
}
