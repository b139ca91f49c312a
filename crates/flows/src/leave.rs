use clavis_identity::{Account, AccountState, PasswordCredentials, SecondFactors, TicketPurpose};
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

impl Flows<'_> {
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

    fn bury(&self, account: &Account) -> Result<(), StoreError> {
        let (id, now) = (account.id, self.now());
        self.ports.release_all(id)?;
        PasswordCredentials::remove(self.ports, id)?;
        self.ports.clear(id)?;
        SecondFactors::remove(self.ports, id)?;
        ApiKeys::deactivate_all(self.ports, id, now)?;
        for purpose in [
            TicketPurpose::Activate,
            TicketPurpose::ResetPassword,
            TicketPurpose::ChangeEmail,
        ] {
            self.ports.discard(id, purpose)?;
        }
        Assignments::remove_all(self.ports, id)?;
        Avatars::remove_all(self.ports, id)?;
        self.end_sessions(id, None)?;
        self.ports
            .set_state(id, account.state, AccountState::Deleted, now)?;
        self.ports.erase(id, now)
    }
}
