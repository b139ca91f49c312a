use clavis_identity::{
    Account, AccountState, Identities, Identity, IdentityKey, PasswordCredentials, ProfileChange,
    SecondFactors, TicketPurpose,
};
use clavis_kernel::{AccountId, Answer, StoreError};
use clavis_rbac::Assignments;
use clavis_tokens::ApiKeys;

use crate::{AuditAction, Avatars, Flows};

/// Why an account was not deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeaveError {
    /// It is gone already.
    #[error("no such account")]
    UnknownAccount,
    /// Who an operator locked or banned cannot slip away.
    #[error("the account is suspended")]
    Suspended,
}

/// The attribute of a tombstone that keeps whom a provider said it was: JSON, as `"google:1"`.
pub const FORMER_SUBJECT: &str = "former_subject";

impl Flows<'_> {
    /// Lets go of whom providers say a tombstone was, so that they may come back as somebody new, and keeps the first
    /// of them to be shown.
    pub(crate) fn release_subjects(&self, account: AccountId) -> Result<(), StoreError> {
        let held = Identities::of_account(self.ports, account)?;
        let subjects: Vec<_> = held.iter().filter_map(Identity::as_subject).collect();
        for subject in &subjects {
            self.ports.release(&IdentityKey::subject(subject), account)?;
        }
        let Some(first) = subjects.first() else {
            return Ok(());
        };
        let kept = serde_json::Value::from(first.to_string()).to_string();
        let change = ProfileChange {
            attributes: [(FORMER_SUBJECT.to_owned(), kept)].into(),
            ..ProfileChange::default()
        };
        self.ports.set_profile(account, &change, self.now())
    }

    /// Deletes an account on its owner's wish: its identities are free again, its credentials and sessions are
    /// gone; a tombstone keeps its ids from being used again and its audit trail readable.
    pub fn delete_account(&self, account: AccountId) -> Answer<(), LeaveError> {
        let Some(account) = self
            .ports
            .find_for_update(account)?
            .filter(|account| !account.state.is_gone())
        else {
            return Ok(Err(LeaveError::UnknownAccount));
        };
        if matches!(account.state, AccountState::Locked | AccountState::Banned) {
            self.audit_refusal(Some(account.id), AuditAction::Delete, LeaveError::Suspended)?;
            return Ok(Err(LeaveError::Suspended));
        }
        self.bury(&account)?;
        self.audit(Some(account.id), AuditAction::Delete)?;
        Ok(Ok(()))
    }

    pub(crate) fn bury(&self, account: &Account) -> Result<(), StoreError> {
        let (id, now) = (account.id, self.now());
        self.ports.release_all(id)?;
        PasswordCredentials::remove(self.ports, id)?;
        self.ports.clear(id)?;
        SecondFactors::remove(self.ports, id)?;
        ApiKeys::deactivate_all_answered_for(self.ports, id, now)?;
        for purpose in TicketPurpose::ALL {
            self.ports.discard(id, purpose)?;
        }
        Assignments::remove_all(self.ports, id)?;
        Avatars::remove_all(self.ports, id)?;
        self.forget_what_clients_kept(id)?;
        self.end_sessions(id, None)?;
        self.ports
            .set_state(id, account.state, AccountState::Deleted, now)?;
        self.ports.erase(id, now)
    }
}
