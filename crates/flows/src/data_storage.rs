//! What clients leave with an account: texts under titles, and labels that tell of them.

mod sealed;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, Answer, DataStorageId, StoreError, Uid};
use clavis_kyc::{LabelKey, LabelScope, LabelValue, Labels};
use clavis_rbac::Permission;

use crate::labels::StateEffect;
use crate::{AdministrationError, AuditAction, DataStorages, Flows, ManageAccounts};

const MAX_TITLE_CHARS: usize = 64;
const MAX_DATA_CHARS: usize = 5120;
/// Most texts of one account.
const MAX_STORAGES: usize = 20;
/// Titles under which nothing is left: their labels say what was proven.
const OURS: [LabelKey; 6] = [
    LabelKey::EMAIL,
    LabelKey::PHONE,
    LabelKey::DOCUMENT,
    LabelKey::PROFILE,
    LabelKey::OTP,
    LabelKey::ADDRESS,
];

/// Under which title a text is left: the key of a label, of at most 64 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataTitle(LabelKey);

/// A text of 1 to 5120 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct DataText(String);

/// Why a text is none that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DataTextError {
    /// Nothing but blanks.
    #[error("is blank")]
    Blank,
    /// Too many characters.
    #[error("has more than {maximum} characters")]
    TooLong {
        /// The most.
        maximum: usize,
    },
    /// A NUL.
    #[error("has a NUL")]
    Nul,
}

/// A text as it is kept, sealed for the account.
#[derive(Clone, PartialEq, Eq)]
pub struct DataStorage {
    /// Its id.
    pub id: DataStorageId,
    /// Whose.
    pub account: AccountId,
    /// Its title; an account has each once.
    pub title: LabelKey,
    /// What it says, sealed.
    pub sealed: Vec<u8>,
    /// When it was left.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A text about to be kept.
#[derive(Clone)]
pub struct NewDataStorage {
    /// See [`DataStorage::account`].
    pub account: AccountId,
    /// See [`DataStorage::title`].
    pub title: LabelKey,
    /// See [`DataStorage::sealed`].
    pub sealed: Vec<u8>,
}

/// A text that is opened.
#[derive(Clone)]
pub struct PersonalData {
    /// As it is kept.
    pub storage: DataStorage,
    /// What it says.
    pub text: String,
}

/// Why a text was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordDataError {
    /// The account is locked, banned or gone.
    #[error("the account may not be changed by its owner")]
    AccountClosed,
    /// The label of this title means something else.
    #[error("the title is reserved")]
    Reserved,
    /// The account has a text, or a label of somebody else's, under this title.
    #[error("the title is taken")]
    Taken,
    /// The account has as many as it may.
    #[error("an account has at most {MAX_STORAGES} texts")]
    TooMany,
}

/// Why a text was not removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RemoveDataError {
    /// The account may not be touched by this administrator.
    #[error(transparent)]
    Account(#[from] AdministrationError),
    /// The account has no text under this title.
    #[error("no such text")]
    Unknown,
}

impl Flows<'_> {
    /// Keeps a text for an account, and tells of it by a private label. What lies under a title is not overwritten.
    pub fn record_data(
        &self,
        account: AccountId,
        title: &DataTitle,
        text: &DataText,
    ) -> Answer<(), RecordDataError> {
        let title = &title.0;
        // Whoever counts holds the lock: two texts do not both get the last place.
        let Some(account) = self.changeable(account)? else {
            return Ok(Err(RecordDataError::AccountClosed));
        };
        if self.means_something(title) {
            return Ok(Err(RecordDataError::Reserved));
        }
        let label = Labels::find(self.ports, account.id, title, LabelScope::Private)?;
        if label.is_some_and(|label| label.value != LabelValue::RECORDED) {
            return Ok(Err(RecordDataError::Taken));
        }
        let known = DataStorages::of_accounts(self.ports, &[account.id])?;
        if known.iter().any(|storage| storage.title == *title) {
            return Ok(Err(RecordDataError::Taken));
        }
        if known.len() >= MAX_STORAGES {
            return Ok(Err(RecordDataError::TooMany));
        }
        let storage = NewDataStorage {
            account: account.id,
            title: title.clone(),
            sealed: self.seal_data(account.id, title, text),
        };
        if DataStorages::insert(self.ports, &storage, self.now())?.is_none() {
            return Ok(Err(RecordDataError::Taken));
        }
        self.audit_by(None, Some(account.id), AuditAction::RecordData, title.as_str())?;
        self.set_private_label(account.id, title.clone(), LabelValue::RECORDED, None)?;
        Ok(Ok(()))
    }

    /// Removes a text of somebody else's account, and the label that told of it.
    pub fn remove_data(
        &self,
        permission: &Permission<ManageAccounts>,
        uid: &Uid,
        title: &DataTitle,
    ) -> Answer<(), RemoveDataError> {
        let (actor, title) = (permission.holder(), &title.0);
        let account = match self.administrable(actor, uid)? {
            Ok(account) => account.id,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        if !DataStorages::remove(self.ports, account, title)? {
            return Ok(Err(RemoveDataError::Unknown));
        }
        self.audit_by(
            Some(actor),
            Some(account),
            AuditAction::RemoveData,
            title.as_str(),
        )?;
        let label = Labels::find(self.ports, account, title, LabelScope::Private)?;
        if label.is_some_and(|label| label.value == LabelValue::RECORDED) {
            let scope = LabelScope::Private;
            self.take_label(account, title, scope, Some(actor), StateEffect::Stays)?;
        }
        Ok(Ok(()))
    }

    /// What was left with each of these accounts, in the order it was.
    pub(crate) fn data_of(&self, accounts: &[AccountId]) -> Result<Vec<PersonalData>, StoreError> {
        let storages = DataStorages::of_accounts(self.ports, accounts)?;
        storages.into_iter().map(|one| self.opened_data(one)).collect()
    }

    /// Whether a private label of this key raises a level, changes a state, or is set by ourselves.
    fn means_something(&self, key: &LabelKey) -> bool {
        let (levels, states) = (&self.limits.kyc.levels, &self.limits.kyc.states);
        OURS.contains(key)
            || levels.levels().iter().any(|level| level.key == *key)
            || states.activation.iter().any(|required| required.key == *key)
            || [&states.banned, &states.deleted, &states.locked]
                .into_iter()
                .any(|keys| keys.contains(key))
    }
}

impl DataTitle {
    /// Every problem of the text, or the title.
    pub fn check(text: &str) -> Result<Self, Vec<clavis_kyc::LabelProblem>> {
        let key = LabelKey::check(text)?;
        if key.as_str().len() > MAX_TITLE_CHARS {
            let maximum = MAX_TITLE_CHARS;
            return Err(vec![clavis_kyc::LabelProblem::TooLong { maximum }]);
        }
        Ok(Self(key))
    }
}

impl FromStr for DataText {
    type Err = DataTextError;

    fn from_str(text: &str) -> Result<Self, DataTextError> {
        if text.trim().is_empty() {
            Err(DataTextError::Blank)
        } else if text.chars().nth(MAX_DATA_CHARS).is_some() {
            let maximum = MAX_DATA_CHARS;
            Err(DataTextError::TooLong { maximum })
        } else if text.contains('\0') {
            Err(DataTextError::Nul)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

macro_rules! withheld {
    ($($name:ident,)*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })*
    };
}

withheld! { DataText, DataStorage, NewDataStorage, PersonalData, }
