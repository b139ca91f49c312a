use clavis_identity::{Account, Accounts, Identities, Identity, IdentityKey, TicketPurpose, Tickets};
use clavis_kernel::{AccountId, Answer, Email, Secret, StoreError, TokenDigest};
use clavis_kyc::{LabelKey, LabelScope};

use crate::labels::StateEffect;
use crate::{AccountView, AuditAction, Flows, Letter, LetterKind};

/// Why no mail was sent to the new address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailChangeRequestError {
    /// The address is an account's, perhaps one's own.
    #[error("the address is taken")]
    AddressTaken,
    /// The account may not log in.
    #[error("the account is not active")]
    AccountNotActive,
    /// Enough mails were sent lately.
    #[error("too many mails")]
    TooManyMails,
}

/// Why the log-in address was not replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailChangeError {
    /// No such ticket.
    #[error("no such ticket")]
    Unknown,
    /// The ticket was used, or another took its place.
    #[error("the ticket was used already")]
    Spent,
    /// Its time is over.
    #[error("the ticket has expired")]
    Expired,
    /// Somebody took the address meanwhile.
    #[error("the address is taken")]
    AddressTaken,
    /// The account may not log in.
    #[error("the account is not active")]
    AccountNotActive,
}

/// Whether the old address is told that it was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldAddress {
    /// It is.
    IsTold,
    /// It is not.
    IsNotTold,
}

impl Flows<'_> {
    /// Mails a ticket to the address that shall become the account's log-in address.
    pub fn request_email_change(
        &self,
        account: AccountId,
        new: &Email,
    ) -> Answer<(), EmailChangeRequestError> {
        let account = Accounts::find(self.ports, account)?;
        let Some(account) = account.filter(|account| account.state.may_hold_tokens()) else {
            return Ok(Err(EmailChangeRequestError::AccountNotActive));
        };
        if Identities::find(self.ports, &IdentityKey::address(new))?.is_some() {
            return Ok(Err(EmailChangeRequestError::AddressTaken));
        }
        if self.mailed_too_often(account.id)? {
            return Ok(Err(EmailChangeRequestError::TooManyMails));
        }
        self.mail_ticket(&account, TicketPurpose::ChangeEmail, LetterKind::EmailChange, new)?;
        self.audit(Some(account.id), AuditAction::RequestEmailChange)?;
        Ok(Ok(()))
    }

    /// Replaces the log-in address by the one a ticket was mailed to; it is proven thereby.
    pub fn change_email(&self, ticket: &Secret, old: OldAddress) -> Answer<Account, EmailChangeError> {
        let (now, digest) = (self.now(), TokenDigest::of(ticket.expose()));
        let spent = Tickets::spend(self.ports, &digest, TicketPurpose::ChangeEmail, now)?;
        let Some(ticket) = spent else {
            let ticket = Tickets::find(self.ports, &digest, TicketPurpose::ChangeEmail)?;
            return Ok(Err(match ticket {
                None => EmailChangeError::Unknown,
                Some(ticket) if ticket.spent_at.is_some() => EmailChangeError::Spent,
                Some(_) => EmailChangeError::Expired,
            }));
        };
        let changed = self.replace_address(ticket.account, &ticket.address, old)?;
        if changed.is_ok() {
            self.prove_address(&ticket)?;
        }
        Ok(changed)
    }

    /// Replaces the log-in address at once, for doors that do not verify addresses; it is not proven.
    pub fn change_email_unverified(
        &self,
        account: AccountId,
        new: &Email,
        old: OldAddress,
    ) -> Answer<Account, EmailChangeError> {
        self.replace_address(account, new, old)
    }

    fn replace_address(
        &self,
        account: AccountId,
        new: &Email,
        told: OldAddress,
    ) -> Answer<Account, EmailChangeError> {
        let account = self.ports.find_for_update(account)?;
        let Some(account) = account.filter(|account| account.state.may_hold_tokens()) else {
            return Ok(Err(EmailChangeError::AccountNotActive));
        };
        let view: AccountView = self.view(account)?;
        let old = view.log_in_address();
        if !self.exchange_address(&view.account, new)? {
            return Ok(Err(EmailChangeError::AddressTaken));
        }
        if let (Some(old), OldAddress::IsTold) = (&old, told) {
            let letter = Letter {
                kind: LetterKind::EmailChanged,
                to: old,
                account: &view.account,
                ticket: None,
            };
            self.enqueue(&self.door.letters.compose(&letter))?;
        }
        self.audit(Some(view.account.id), AuditAction::ChangeEmail)?;
        let account = Accounts::find(self.ports, view.account.id)?;
        account
            .map(Ok)
            .ok_or_else(|| StoreError::new("Accounts::find", "the account is gone"))
    }

    /// Puts a new log-in address in the old one's place; `false` when somebody has it. It is not proven, and tickets
    /// mailed to the old one are worth nothing.
    pub(crate) fn exchange_address(&self, account: &Account, new: &Email) -> Result<bool, StoreError> {
        let old = self.view(account.clone())?.log_in_address();
        // Claim before release: whoever loses the race keeps the old address.
        if !self
            .ports
            .claim(&Identity::address(new, account.id, self.caller.dialect))?
        {
            return Ok(false);
        }
        if let Some(old) = &old {
            self.release_address(old, account.id)?;
        }
        for purpose in [
            TicketPurpose::ResetPassword,
            TicketPurpose::Activate,
            TicketPurpose::ActivateByClient,
            TicketPurpose::ChangeEmail,
        ] {
            self.ports.discard(account.id, purpose)?;
        }
        self.ports.touch(account.id, self.now())?;
        // Nobody has shown yet to receive mail at the new one.
        self.take_label(
            account.id,
            &LabelKey::EMAIL,
            LabelScope::Private,
            None,
            StateEffect::Stays,
        )?;
        Ok(true)
    }
}
