//! The address that an account shows where it logs in by none.

use clavis_identity::{Accounts, Attributes, ProfileChange};
use clavis_kernel::{AccountId, Answer, Email};

use crate::{AccountView, AuditAction, Flows};

/// A new address to show, with what changes beside it.
#[derive(Debug, Clone)]
pub struct ContactChange {
    /// The address. It opens nothing and proves nothing; the log-in address stays.
    pub contact: Email,
    /// Attributes to set; the others stay.
    pub attributes: Attributes,
    /// Attributes to set as well, if the address shown until now is another.
    pub attributes_of_another: Attributes,
}

/// The account may not change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account is not active")]
pub struct AccountNotActive;

impl AccountView {
    /// The address to show where the contact address goes before the log-in address.
    pub fn contact_address(&self) -> Option<Email> {
        self.account.contact.clone().or_else(|| self.log_in_address())
    }
}

impl Flows<'_> {
    /// Changes the address that an account shows, and attributes.
    pub fn change_contact(&self, account: AccountId, wanted: &ContactChange) -> Answer<(), AccountNotActive> {
        let account = self
            .ports
            .find_for_update(account)?
            .filter(|account| account.state.may_hold_tokens());
        let Some(account) = account else {
            return Ok(Err(AccountNotActive));
        };
        let view = self.view(account)?;
        let shown = view.contact_address();
        let is_another = shown.as_ref().map(Email::as_str) != Some(wanted.contact.as_str());
        let mut attributes = wanted.attributes.clone();
        if is_another {
            attributes.extend(wanted.attributes_of_another.clone());
        }
        let change = ProfileChange {
            contact: is_another.then(|| wanted.contact.clone()),
            attributes,
            ..ProfileChange::default()
        };
        self.ports.set_profile(view.account.id, &change, self.now())?;
        self.audit(Some(view.account.id), AuditAction::UpdateProfile)?;
        Ok(Ok(()))
    }

    /// Sets attributes of an account if it shows this address still; `false` when it shows another.
    pub fn confirm_contact(
        &self,
        account: AccountId,
        contact: &str,
        attributes: &Attributes,
    ) -> Answer<bool, AccountNotActive> {
        let account = self
            .ports
            .find_for_update(account)?
            .filter(|account| account.state.may_hold_tokens());
        let Some(account) = account else {
            return Ok(Err(AccountNotActive));
        };
        let view = self.view(account)?;
        if view.contact_address().as_ref().map(Email::as_str) != Some(contact) {
            return Ok(Ok(false));
        }
        let change = ProfileChange {
            attributes: attributes.clone(),
            ..ProfileChange::default()
        };
        Accounts::set_profile(self.ports, view.account.id, &change, self.now())?;
        self.audit(Some(view.account.id), AuditAction::UpdateProfile)?;
        Ok(Ok(true))
    }
}
