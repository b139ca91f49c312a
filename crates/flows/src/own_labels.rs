//! The labels that people give themselves: public ones, which prove nothing.

use clavis_identity::Account;
use clavis_kernel::{AccountId, Answer, StoreError};
use clavis_kyc::{Label, LabelKey, LabelScope, LabelValue, Labels, NewLabel};

use crate::Flows;
use crate::labels::StateEffect;

/// Most labels that somebody gives themselves.
const MOST_OWN_LABELS: usize = 100;

/// Why somebody did not get a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddLabelError {
    /// The account is locked, banned or gone.
    #[error("the account may not be changed by its owner")]
    AccountClosed,
    /// They have a label of this key.
    #[error("there is a label of this key")]
    Taken,
    /// They have as many labels as they may have.
    #[error("too many labels")]
    TooMany,
}

/// Why somebody's label was not changed or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeLabelError {
    /// The account is locked, banned or gone.
    #[error("the account may not be changed by its owner")]
    AccountClosed,
    /// There is none of this key.
    #[error("no such label")]
    Unknown,
    /// There is a private one only, which its subject does not change.
    #[error("the label is private")]
    Private,
}

impl Flows<'_> {
    /// The label of this key as its subject sees it: their own, or else what was said about them.
    pub fn label_of(&self, account: AccountId, key: &LabelKey) -> Result<Option<Label>, StoreError> {
        match Labels::find(self.ports, account, key, LabelScope::Public)? {
            Some(own) => Ok(Some(own)),
            None => Labels::find(self.ports, account, key, LabelScope::Private),
        }
    }

    /// A new label that somebody gives themselves.
    pub fn add_own_label(
        &self,
        account: AccountId,
        key: LabelKey,
        value: LabelValue,
    ) -> Answer<Label, AddLabelError> {
        let Some(account) = self.changeable(account)? else {
            return Ok(Err(AddLabelError::AccountClosed));
        };
        let labels = Labels::of_account(self.ports, account.id)?;
        let own: Vec<_> = labels
            .iter()
            .filter(|label| label.scope == LabelScope::Public)
            .collect();
        if own.iter().any(|label| label.key == key) {
            return Ok(Err(AddLabelError::Taken));
        }
        if own.len() >= MOST_OWN_LABELS {
            return Ok(Err(AddLabelError::TooMany));
        }
        self.put_own_label(&account, key, value).map(Ok)
    }

    /// Another value for a label that somebody gave themselves.
    pub fn change_own_label(
        &self,
        account: AccountId,
        key: &LabelKey,
        value: LabelValue,
    ) -> Answer<Label, ChangeLabelError> {
        match self.own_label(account, key)? {
            Ok(account) => self.put_own_label(&account, key.clone(), value).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Removes a label that somebody gave themselves.
    pub fn remove_own_label(&self, account: AccountId, key: &LabelKey) -> Answer<(), ChangeLabelError> {
        let account = match self.own_label(account, key)? {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.take_label(account.id, key, LabelScope::Public, None, StateEffect::Stays)?;
        Ok(Ok(()))
    }

    /// The account, locked, if it has a label of this key of its own.
    fn own_label(&self, account: AccountId, key: &LabelKey) -> Answer<Account, ChangeLabelError> {
        let Some(account) = self.changeable(account)? else {
            return Ok(Err(ChangeLabelError::AccountClosed));
        };
        Ok(match self.label_of(account.id, key)?.map(|label| label.scope) {
            Some(LabelScope::Public) => Ok(account),
            Some(LabelScope::Private) => Err(ChangeLabelError::Private),
            None => Err(ChangeLabelError::Unknown),
        })
    }

    fn put_own_label(
        &self,
        account: &Account,
        key: LabelKey,
        value: LabelValue,
    ) -> Result<Label, StoreError> {
        let label = NewLabel {
            account: account.id,
            key,
            value,
            scope: LabelScope::Public,
            description: None,
        };
        self.put_label(&label, None, StateEffect::Stays)?;
        Labels::find(self.ports, account.id, &label.key, LabelScope::Public)?
            .ok_or_else(|| StoreError::new("Labels::find", "a label that was just kept is missing"))
    }
}
