//! What people do to their own account and show the password again for.

use clavis_identity::{
    AccountState, Accounts, Attributes, PasswordCredentials, PasswordHash, ProfileChange, SecondFactors,
    TicketPurpose,
};
use clavis_kernel::{AccountId, Answer, Secret, SessionId, StoreError};

use crate::log_in::{Checked, LogInError};
use crate::{AuditAction, CodeError, Flows};

/// The password that somebody wants instead of theirs, looked at before it is known whether they know theirs: who
/// does not is told nothing else.
#[derive(Debug, Clone)]
pub enum NewPassword {
    /// It may be taken.
    Fit(PasswordHash),
    /// It is the old one.
    Unchanged,
    /// It breaks the rules, for this reason.
    Unfit(String),
}

/// Why a password was not replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplacePasswordError {
    /// The account may not log in.
    #[error("the account is not active")]
    AccountNotActive,
    /// The old password is another, or the credential is closed after too many failures.
    #[error("wrong password")]
    WrongPassword,
    /// The new password is the old one.
    #[error("the password is the same")]
    Unchanged,
    /// The new password breaks the rules.
    #[error("the password breaks the rules")]
    Unfit,
}

/// Why an account was not given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RetireError {
    /// The account may not log in.
    #[error("the account is not active")]
    AccountNotActive,
    /// The password is another, or the credential is closed after too many failures.
    #[error("wrong password")]
    WrongPassword,
    /// A code of the second factor is needed.
    #[error("a code is needed")]
    CodeMissing,
    /// There is nothing in the code.
    #[error("the code is empty")]
    CodeEmpty,
    /// The code opened nothing.
    #[error(transparent)]
    Code(#[from] CodeError),
}

impl Flows<'_> {
    /// Replaces a password by somebody who was shown to know the old one. Every session ends but the one it was done
    /// from, if there is one.
    pub fn replace_password(
        &self,
        checked: &Checked,
        session: Option<SessionId>,
        wanted: &NewPassword,
    ) -> Answer<(), ReplacePasswordError> {
        let account = match self.prove_password(checked, AuditAction::ChangePassword)? {
            Ok(account) => account,
            Err(refusal) if is_wrong_password(refusal) => {
                return Ok(Err(ReplacePasswordError::WrongPassword));
            }
            Err(_) => return Ok(Err(ReplacePasswordError::AccountNotActive)),
        };
        match wanted {
            NewPassword::Unchanged => Ok(Err(ReplacePasswordError::Unchanged)),
            NewPassword::Unfit(reason) => {
                self.audit_refusal(Some(account.id), AuditAction::ChangePassword, reason)?;
                Ok(Err(ReplacePasswordError::Unfit))
            }
            NewPassword::Fit(hash) => {
                self.set_password(account.id, hash, session)?;
                self.audit(Some(account.id), AuditAction::ChangePassword)?;
                Ok(Ok(()))
            }
        }
    }

    /// Keeps what clients keep with an account; `false` when its owner may change nothing.
    pub fn keep_attributes(&self, account: AccountId, attributes: Attributes) -> Result<bool, StoreError> {
        let Some(account) = self.changeable(account)? else {
            return Ok(false);
        };
        let change = ProfileChange {
            attributes,
            ..ProfileChange::default()
        };
        self.ports.set_profile(account.id, &change, self.now())?;
        self.audit(Some(account.id), AuditAction::UpdateProfile)?;
        Ok(true)
    }

    /// Gives an account up on its owner's wish. Unlike [`Flows::delete_account`] it lets go of no address: nobody else
    /// becomes who this was.
    pub fn retire_account(&self, checked: &Checked, code: Option<&Secret>) -> Answer<(), RetireError> {
        let account = match self.prove_password(checked, AuditAction::Delete)? {
            Ok(account) => account,
            Err(refusal) if is_wrong_password(refusal) => return Ok(Err(RetireError::WrongPassword)),
            Err(_) => return Ok(Err(RetireError::AccountNotActive)),
        };
        if let Some(factor) = self.factor_in_force(account.id)? {
            let shown = match code {
                None => return Ok(Err(RetireError::CodeMissing)),
                Some(code) if code.expose().trim().is_empty() => return Ok(Err(RetireError::CodeEmpty)),
                Some(code) => self.show_code_or_recovery_code(&factor, code)?,
            };
            self.note_code(account.id, AuditAction::Delete, shown)?;
            if let Err(refusal) = shown {
                return Ok(Err(refusal.into()));
            }
        }
        self.forget_credentials(account.id)?;
        self.change_state(&account, AccountState::Deleted, None)?;
        self.audit(Some(account.id), AuditAction::Delete)?;
        Ok(Ok(()))
    }

    /// Takes away what nobody will log in with again.
    fn forget_credentials(&self, account: AccountId) -> Result<(), StoreError> {
        PasswordCredentials::remove(self.ports, account)?;
        self.ports.clear(account)?;
        SecondFactors::remove(self.ports, account)?;
        for purpose in TicketPurpose::ALL {
            self.ports.discard(account, purpose)?;
        }
        Accounts::touch(self.ports, account, self.now())
    }
}

/// Whether the password was the reason; the others are states of the account.
const fn is_wrong_password(refusal: LogInError) -> bool {
    match refusal {
        LogInError::WrongPassword | LogInError::LockedOut => true,
        LogInError::UnknownAccount
        | LogInError::NotActivated
        | LogInError::Suspended
        | LogInError::NoPassword
        | LogInError::UnknownApplication
        | LogInError::SecondFactorMissing
        | LogInError::SecondFactorWrong
        | LogInError::SecondFactorReplayed
        | LogInError::SecondFactorUnsupported => false,
    }
}
