//! How an account logs in, for those who show it.

use clavis_identity::{Account, Accounts, PasswordCredentials};
use clavis_kernel::{AccountId, StoreError};

use crate::{AccountView, Flows};

/// An account with what says how it logs in.
#[derive(Debug, Clone)]
pub struct AccountCard {
    /// The account and its identities.
    pub view: AccountView,
    /// Whether it has a password.
    pub has_password: bool,
}

impl Flows<'_> {
    /// The account with this id, tombstones included.
    pub fn account_card(&self, account: AccountId) -> Result<Option<AccountCard>, StoreError> {
        Accounts::find(self.ports, account)?
            .map(|account| self.card_of(account))
            .transpose()
    }

    /// As [`Flows::account_card`], of an account that is known already.
    pub fn card_of(&self, account: Account) -> Result<AccountCard, StoreError> {
        Ok(AccountCard {
            has_password: self.has_password(account.id)?,
            view: self.view(account)?,
        })
    }

    pub(crate) fn has_password(&self, account: AccountId) -> Result<bool, StoreError> {
        Ok(PasswordCredentials::find(self.ports, account)?.is_some())
    }
}
