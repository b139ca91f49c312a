use clavis_identity::{
    Account, AccountState, Accounts, PasswordCredentials, PasswordHash, Ticket, TicketPurpose, Tickets,
};
use clavis_kernel::{AccountId, Answer, Email, Secret, SessionId, StoreError, TokenDigest};

use crate::log_in::{Checked, LogInError};
use crate::{AccountView, AuditAction, Flows, LetterKind};

/// Whether an account that awaits activation may ask for a password reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PendingAccounts {
    /// It may; resetting does not activate it.
    MayReset,
    /// It may not.
    MayNot,
}

/// Why no reset mail was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResetRequestError {
    /// No account has this address.
    #[error("no such address")]
    UnknownAddress,
    /// The account awaits activation.
    #[error("the account is not activated")]
    NotActivated,
    /// An operator locked or banned the account.
    #[error("the account is suspended")]
    Suspended,
    /// Enough mails were sent lately.
    #[error("too many mails")]
    TooManyMails,
}

/// Why a password was not reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordResetError {
    /// No such ticket, or it was used, or the account changed since.
    #[error("the ticket is not valid")]
    Unknown,
    /// Its time is over.
    #[error("the ticket has expired")]
    Expired,
    /// An operator locked or banned the account.
    #[error("the account is suspended")]
    Suspended,
}

/// Why a password was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordChangeError {
    /// The account may not log in.
    #[error("the account is not active")]
    AccountNotActive,
    /// The old password is another, or the credential is closed after too many failures.
    #[error("wrong password")]
    WrongPassword,
}

impl Flows<'_> {
    /// Mails a password-reset ticket to a log-in address.
    pub fn request_password_reset(
        &self,
        address: &Email,
        pending: PendingAccounts,
    ) -> Answer<(), ResetRequestError> {
        let Some(view) = self.by_address(address)? else {
            return Ok(Err(ResetRequestError::UnknownAddress));
        };
        match view.account.state {
            AccountState::Active => {}
            AccountState::Pending if pending == PendingAccounts::MayReset => {}
            AccountState::Pending => return Ok(Err(ResetRequestError::NotActivated)),
            AccountState::Locked | AccountState::Banned => return Ok(Err(ResetRequestError::Suspended)),
            AccountState::Deleted | AccountState::Withdrawn => {
                return Ok(Err(ResetRequestError::UnknownAddress));
            }
        }
        if self.mailed_too_often(view.account.id)? {
            return Ok(Err(ResetRequestError::TooManyMails));
        }
        let to = view.log_in_address().unwrap_or_else(|| address.clone());
        self.mail_ticket(
            &view.account,
            TicketPurpose::ResetPassword,
            LetterKind::PasswordReset,
            &to,
        )?;
        self.audit(Some(view.account.id), AuditAction::RequestPasswordReset)?;
        Ok(Ok(()))
    }

    /// Whether a reset ticket would be accepted just now: what a page shows before it asks for a password.
    pub fn examine_reset(&self, ticket: &Secret) -> Answer<(), PasswordResetError> {
        let digest = TokenDigest::of(ticket.expose());
        let Some(ticket) = Tickets::find(self.ports, &digest, TicketPurpose::ResetPassword)? else {
            return Ok(Err(PasswordResetError::Unknown));
        };
        if ticket.spent_at.is_some() {
            return Ok(Err(PasswordResetError::Unknown));
        }
        if ticket.expires_at <= self.now() {
            return Ok(Err(PasswordResetError::Expired));
        }
        let account = Accounts::find(self.ports, ticket.account)?;
        Ok(self.may_reset(&ticket, account)?.map(drop))
    }

    /// Sets a new password for who holds a mailed ticket. Everything issued under the old one ends. It activates
    /// nothing.
    pub fn reset_password(
        &self,
        ticket: &Secret,
        hash: &PasswordHash,
    ) -> Answer<Account, PasswordResetError> {
        if let Err(refusal) = self.examine_reset(ticket)? {
            return Ok(Err(refusal));
        }
        let digest = TokenDigest::of(ticket.expose());
        let spent = Tickets::spend(self.ports, &digest, TicketPurpose::ResetPassword, self.now())?;
        let Some(ticket) = spent else {
            return Ok(Err(PasswordResetError::Unknown));
        };
        let account = self.ports.find_for_update(ticket.account)?;
        let account = match self.may_reset(&ticket, account)? {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if !self.is_proven(&ticket)? {
            self.forget_what_strangers_set(&account)?;
        }
        self.prove_address(&ticket)?;
        self.set_password(account.id, hash, None)?;
        self.audit(Some(account.id), AuditAction::ResetPassword)?;
        Ok(Ok(account))
    }

    /// Replaces a password by somebody who was shown to know the old one. Every other session ends.
    pub fn change_password(
        &self,
        checked: &Checked,
        session: Option<SessionId>,
        hash: &PasswordHash,
    ) -> Answer<(), PasswordChangeError> {
        let account = match self.prove_password(checked, AuditAction::ChangePassword)? {
            Ok(account) => account,
            Err(LogInError::WrongPassword | LogInError::LockedOut) => {
                return Ok(Err(PasswordChangeError::WrongPassword));
            }
            Err(
                LogInError::UnknownAccount
                | LogInError::NotActivated
                | LogInError::Suspended
                | LogInError::NoPassword
                | LogInError::UnknownApplication
                | LogInError::SecondFactorMissing
                | LogInError::SecondFactorWrong
                | LogInError::SecondFactorReplayed
                | LogInError::SecondFactorUnsupported,
            ) => return Ok(Err(PasswordChangeError::AccountNotActive)),
        };
        self.set_password(account.id, hash, session)?;
        self.audit(Some(account.id), AuditAction::ChangePassword)?;
        Ok(Ok(()))
    }

    /// Sets the first password of an account that has none and is logged in otherwise.
    pub fn set_first_password(
        &self,
        account: AccountId,
        session: Option<SessionId>,
        hash: &PasswordHash,
    ) -> Answer<(), PasswordChangeError> {
        let account = self
            .ports
            .find_for_update(account)?
            .filter(|account| account.state.may_hold_tokens());
        let Some(account) = account else {
            return Ok(Err(PasswordChangeError::AccountNotActive));
        };
        if PasswordCredentials::find(self.ports, account.id)?.is_some() {
            return Ok(Err(PasswordChangeError::WrongPassword));
        }
        self.set_password(account.id, hash, session)?;
        self.audit(Some(account.id), AuditAction::ChangePassword)?;
        Ok(Ok(()))
    }

    pub(crate) fn set_password(
        &self,
        account: AccountId,
        hash: &PasswordHash,
        but: Option<SessionId>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        self.ports.set(account, hash, now)?;
        self.ports.clear(account)?;
        self.ports.discard(account, TicketPurpose::ResetPassword)?;
        self.ports.touch(account, now)?;
        self.end_sessions(account, but)?;
        Ok(())
    }

    fn may_reset(&self, ticket: &Ticket, account: Option<Account>) -> Answer<Account, PasswordResetError> {
        let Some(account) = account else {
            return Ok(Err(PasswordResetError::Unknown));
        };
        // The contract counts in whole seconds: a change in the second of the mail does not matter.
        let changed_later = account.updated_at.timestamp() > ticket.issued_at.timestamp();
        if account.state.is_gone() || (self.door.change_kills_resets && changed_later) {
            return Ok(Err(PasswordResetError::Unknown));
        }
        if matches!(account.state, AccountState::Locked | AccountState::Banned) {
            return Ok(Err(PasswordResetError::Suspended));
        }
        let still_its_address = self
            .by_address(&ticket.address)?
            .is_some_and(|view: AccountView| view.account.id == ticket.account);
        Ok(if still_its_address {
            Ok(account)
        } else {
            Err(PasswordResetError::Unknown)
        })
    }
}
