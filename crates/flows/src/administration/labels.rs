//! The labels in administrators' hands: also those that prove something.

use clavis_kernel::{AccountId, Answer, StoreError, Uid};
use clavis_kyc::{Label, LabelKey, LabelScope, LabelValue, Labels, NewLabel};
use clavis_rbac::Permission;

use super::AdministrationError;
use crate::labels::StateEffect;
use crate::{AuditAction, Flows, ManageAccounts, Page, Person, ReadAccounts, Slice};

/// Most pairs of key and value that are counted.
const MAX_COUNTED: u32 = 1000;
/// Most labels of one account that administrators set by hand; the server's own come on top.
const MAX_LABELS: usize = 500;

/// Why an administrator did not change a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdminLabelError {
    /// The account may not be changed by this administrator.
    #[error(transparent)]
    Account(#[from] AdministrationError),
    /// There is no such label.
    #[error("no such label")]
    UnknownLabel,
    /// The account has the key in this scope.
    #[error("the label exists")]
    Exists,
    /// The account has as many as it may.
    #[error("an account has at most {MAX_LABELS} labels")]
    TooMany,
}

/// A label that an administrator sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedLabel {
    /// What it says something of.
    pub key: LabelKey,
    /// What it says.
    pub value: LabelValue,
    /// Whether it counts.
    pub scope: LabelScope,
    /// A remark; left out, the one before stays.
    pub description: Option<String>,
}

/// Whether a label that is there is overwritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It is.
    Replaced,
    /// It is kept, and the request refused.
    Kept,
}

impl Flows<'_> {
    /// The labels of an account; `None` when there is no such account.
    pub fn read_labels(
        &self,
        permission: &Permission<ReadAccounts>,
        uid: &Uid,
    ) -> Result<Option<Vec<Label>>, StoreError> {
        let Some(account) = self.ports.find_by_uid(uid)? else {
            return Ok(None);
        };
        self.note_reading(permission.holder(), Some(account.id), "labels")?;
        self.labels(account.id).map(Some)
    }

    /// Who has a label of this key, and of this value and scope where they are given.
    pub fn labelled_people(
        &self,
        permission: &Permission<ReadAccounts>,
        key: &LabelKey,
        value: Option<&LabelValue>,
        scope: Option<LabelScope>,
        slice: Slice,
    ) -> Result<Page<Person>, StoreError> {
        self.note_reading(permission.holder(), None, "label")?;
        let (holders, total) = Labels::holders(self.ports, key, value, scope, slice.offset, slice.limit)?;
        let accounts = self.ports.find_all(&holders)?;
        Ok(Page {
            items: self.people(accounts)?,
            total,
        })
    }

    /// How often each key stands with each value in the private scope, the most frequent first.
    pub fn label_counts(
        &self,
        _permission: &Permission<ReadAccounts>,
    ) -> Result<Vec<(LabelKey, LabelValue, u64)>, StoreError> {
        Labels::count_by_value(self.ports, MAX_COUNTED)
    }

    /// Makes a label of somebody else's account, or overwrites one. Level and state follow.
    pub fn administer_label(
        &self,
        permission: &Permission<ManageAccounts>,
        uid: &Uid,
        wanted: &WantedLabel,
        existing: Existing,
    ) -> Answer<Label, AdminLabelError> {
        let account = match self.administrable(permission.holder(), uid)? {
            Ok(account) => account.id,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let known = Labels::find(self.ports, account, &wanted.key, wanted.scope)?;
        match known {
            Some(_) if existing == Existing::Kept => return Ok(Err(AdminLabelError::Exists)),
            None if Labels::of_account(self.ports, account)?.len() >= MAX_LABELS => {
                return Ok(Err(AdminLabelError::TooMany));
            }
            Some(_) | None => {}
        }
        self.set_label(permission, account, wanted, known)
    }

    /// Changes a label of somebody else's account that is there.
    pub fn change_label(
        &self,
        permission: &Permission<ManageAccounts>,
        uid: &Uid,
        wanted: &WantedLabel,
    ) -> Answer<Label, AdminLabelError> {
        let account = match self.administrable(permission.holder(), uid)? {
            Ok(account) => account.id,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        match Labels::find(self.ports, account, &wanted.key, wanted.scope)? {
            Some(known) => self.set_label(permission, account, wanted, Some(known)),
            None => Ok(Err(AdminLabelError::UnknownLabel)),
        }
    }

    /// Removes a label of somebody else's account. Level and state follow.
    pub fn remove_label(
        &self,
        permission: &Permission<ManageAccounts>,
        uid: &Uid,
        key: &LabelKey,
        scope: LabelScope,
    ) -> Answer<(), AdminLabelError> {
        let actor = permission.holder();
        let account = match self.administrable(actor, uid)? {
            Ok(account) => account.id,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let removed = self.take_label(account, key, scope, Some(actor), StateEffect::Follows)?;
        Ok(if removed {
            Ok(())
        } else {
            Err(AdminLabelError::UnknownLabel)
        })
    }

    fn set_label(
        &self,
        permission: &Permission<ManageAccounts>,
        account: AccountId,
        wanted: &WantedLabel,
        known: Option<Label>,
    ) -> Answer<Label, AdminLabelError> {
        let description = wanted.description.clone();
        let label = NewLabel {
            account,
            key: wanted.key.clone(),
            value: wanted.value.clone(),
            scope: wanted.scope,
            description: description.or_else(|| known.and_then(|known| known.description)),
        };
        self.put_label(&label, Some(permission.holder()), StateEffect::Follows)?;
        let label = Labels::find(self.ports, account, &label.key, label.scope)?;
        Ok(label.ok_or(AdminLabelError::UnknownLabel))
    }

    /// Notes that somebody in authority looked at an account, or for accounts.
    pub(crate) fn note_reading(
        &self,
        actor: AccountId,
        account: Option<AccountId>,
        what: &str,
    ) -> Result<(), StoreError> {
        self.audit_by(Some(actor), account, AuditAction::ReadAccounts, what)
    }
}
