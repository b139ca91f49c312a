//! Accounts that log in by a name and have no log-in address.

use clavis_identity::{
    Account, AccountState, Attributes, Identities, Identity, IdentityKey, Name, NewAccount, PasswordHash,
};
use clavis_kernel::{Answer, Email, StoreError};

use crate::{AuditAction, Flows, Newcomer, ProviderAccount};

/// A new account that logs in by a name. The password was hashed outside the transaction.
#[derive(Debug, Clone)]
pub struct NamedSignUp {
    /// The log-in name.
    pub name: Name,
    /// An address to show: it opens nothing and proves nothing.
    pub contact: Option<Email>,
    /// Free attributes.
    pub attributes: Attributes,
    /// The password's hash.
    pub password: PasswordHash,
}

/// The log-in name is an account's, in whatever state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name is taken")]
pub struct NameTaken;

/// Whom the provider names has an account already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the subject has an account")]
pub struct SubjectTaken;

impl Flows<'_> {
    /// Whether an account could have this name just now: to refuse before the work of hashing.
    /// [`Flows::sign_up_by_name`] decides.
    pub fn may_be_named(&self, name: &Name) -> Answer<(), NameTaken> {
        let taken = Identities::find(self.ports, &IdentityKey::name(name))?.is_some()
            || self.is_strange_address(name, None, None)?;
        Ok(if taken { Err(NameTaken) } else { Ok(()) })
    }

    /// Makes an account with a name and a password, active at once.
    pub fn sign_up_by_name(&self, command: &NamedSignUp) -> Answer<Account, NameTaken> {
        if let Err(refusal) = self.may_be_named(&command.name)? {
            return Ok(Err(refusal));
        }
        let account = self.keep_account(NewAccount {
            contact: command.contact.clone(),
            attributes: command.attributes.clone(),
            ..self.blank_account(AccountState::Active, command.name.as_str())
        })?;
        let identity = Identity::name(&command.name, account.id, self.caller.dialect);
        if !self.ports.claim(&identity)? {
            // Tried again, this finds who was faster.
            return Err(StoreError::conflict(
                "Identities::claim",
                "the name was claimed by a concurrent transaction",
            ));
        }
        self.ports.set(account.id, &command.password, self.now())?;
        self.audit(Some(account.id), AuditAction::SignUp)?;
        Ok(Ok(account))
    }

    /// Makes an account on a provider's word, unless there is one already. It opens no session.
    pub fn sign_up_through_provider(
        &self,
        who: &ProviderAccount,
        newcomer: &Newcomer,
    ) -> Answer<Account, SubjectTaken> {
        if self.account_at_provider(&who.subject)?.is_some() {
            return Ok(Err(SubjectTaken));
        }
        self.take_in(who, newcomer).map(Ok)
    }
}
