//! Password resets whose mail another server sends, which the operator trusts.

use clavis_identity::{Accounts, PasswordCredentials, PasswordHash};
use clavis_kernel::{AccountId, Answer};

use crate::{AuditAction, Flows};

/// Why a password was not reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VouchedResetError {
    /// The account may not log in.
    #[error("the account is not active")]
    AccountNotActive,
    /// The account has no password to be reset.
    #[error("the account has no password")]
    NoPassword,
    /// The password was changed since.
    #[error("the password is another by now")]
    Spent,
}

impl Flows<'_> {
    /// Which password of an account would be reset: a reset is for this one, and works once.
    pub fn resettable_version(&self, account: AccountId) -> Answer<i64, VouchedResetError> {
        let account = Accounts::find(self.ports, account)?.filter(|account| account.state.may_hold_tokens());
        let Some(account) = account else {
            return Ok(Err(VouchedResetError::AccountNotActive));
        };
        let credential = PasswordCredentials::find(self.ports, account.id)?;
        Ok(credential
            .map(|credential| credential.version)
            .ok_or(VouchedResetError::NoPassword))
    }

    /// Whether a reset of this version of an account's password would be done just now: to refuse before the work of
    /// hashing. [`Flows::reset_vouched_password`] decides.
    pub fn may_reset_vouched(&self, account: AccountId, version: i64) -> Answer<(), VouchedResetError> {
        Ok(match self.resettable_version(account)? {
            Ok(current) if current == version => Ok(()),
            Ok(_) => Err(VouchedResetError::Spent),
            Err(refusal) => Err(refusal),
        })
    }

    /// Sets a new password in place of one of this version. Everything issued under the old one ends.
    pub fn reset_vouched_password(
        &self,
        account: AccountId,
        version: i64,
        hash: &PasswordHash,
    ) -> Answer<(), VouchedResetError> {
        // Locked first: of two that come at once the second finds another version.
        if self.ports.find_for_update(account)?.is_none() {
            return Ok(Err(VouchedResetError::AccountNotActive));
        }
        if let Err(refusal) = self.may_reset_vouched(account, version)? {
            self.audit_refusal(Some(account), AuditAction::ResetPassword, refusal)?;
            return Ok(Err(refusal));
        }
        self.set_password(account, hash, None)?;
        self.audit(Some(account), AuditAction::ResetPassword)?;
        Ok(Ok(()))
    }
}
