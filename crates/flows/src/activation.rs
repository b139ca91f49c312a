use clavis_identity::{
    Account, AccountState, Accounts, Identities, IdentityKey, SecondFactors, Ticket, TicketPurpose, Tickets,
};
use clavis_kernel::{AccountId, Answer, Email, Secret, StoreError, TokenDigest};
use clavis_kyc::{LabelKey, LabelValue};
use clavis_tokens::ApiKeys;

use crate::log_in::SessionRequest;
use crate::{AccountView, Admission, AuditAction, Flows, LetterKind};

/// Why an activation was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ActivationError {
    /// No such ticket, or it was used, or its account cannot be activated by mail.
    #[error("the ticket is not valid")]
    Unknown,
    /// Its time is over.
    #[error("the ticket has expired")]
    Expired,
    /// The account is active already.
    #[error("the account is active already")]
    AlreadyActive,
}

/// Why no further activation mail was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResendError {
    /// No account has this address.
    #[error("no such address")]
    UnknownAddress,
    /// The account is active already.
    #[error("the account is active already")]
    AlreadyActive,
    /// An operator locked or banned the account.
    #[error("the account is suspended")]
    Suspended,
    /// Enough mails were sent lately.
    #[error("too many mails")]
    TooManyMails,
}

/// Who is mailed a further activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resend {
    /// A pending account.
    Pending,
    /// A pending account, and an active one whose address was never proven.
    Unproven,
}

impl Flows<'_> {
    /// Makes the pending account of a mailed ticket active, and its address proven. An active account whose address was
    /// never proven has it proven. A refusal changes nothing, and leaves the ticket as good as it was.
    pub fn activate(&self, ticket: &Secret) -> Answer<Account, ActivationError> {
        let now = self.now();
        let digest = TokenDigest::of(ticket.expose());
        let Some(ticket) = Tickets::find(self.ports, &digest, TicketPurpose::Activate)? else {
            return Ok(Err(ActivationError::Unknown));
        };
        let Some(account) = self.ports.find_for_update(ticket.account)? else {
            return Ok(Err(ActivationError::Unknown));
        };
        if ticket.spent_at.is_none() && ticket.expires_at <= now {
            return Ok(Err(ActivationError::Expired));
        }
        match account.state {
            AccountState::Pending => {}
            AccountState::Active if self.awaits_proof(&account, &ticket.address)? => {}
            AccountState::Active => return Ok(Err(ActivationError::AlreadyActive)),
            AccountState::Locked | AccountState::Banned | AccountState::Deleted | AccountState::Withdrawn => {
                return Ok(Err(ActivationError::Unknown));
            }
        }
        if Tickets::spend(self.ports, &digest, TicketPurpose::Activate, now)?.is_none() {
            return Ok(Err(ActivationError::Unknown));
        }
        self.prove_address(&ticket)?;
        self.ports
            .set_state(account.id, AccountState::Pending, AccountState::Active, now)?;
        self.audit(Some(account.id), AuditAction::Activate)?;
        let account = Accounts::find(self.ports, account.id)?;
        account
            .map(Ok)
            .ok_or_else(|| StoreError::new("Accounts::find", "a ticket without an account"))
    }

    /// Whether this is a log-in address of the account that nobody has proven to hold.
    fn awaits_proof(&self, account: &Account, address: &Email) -> Result<bool, StoreError> {
        let identity = Identities::find(self.ports, &IdentityKey::address(address))?;
        Ok(identity.is_some_and(|identity| identity.account == account.id && identity.proven_at.is_none()))
    }

    /// As [`Flows::activate`], and opens a session for who holds the ticket, or asks for the second factor of an account
    /// that has one already.
    pub fn activate_and_log_in(
        &self,
        ticket: &Secret,
        request: &SessionRequest,
    ) -> Answer<Admission, ActivationError> {
        let account = match self.activate(ticket)? {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match self.admit(account, request, AuditAction::LogIn)? {
            Ok(admission) => Ok(Ok(admission)),
            Err(refusal) => Err(StoreError::new("admit", refusal)),
        }
    }

    /// Mails a fresh activation ticket to a pending account, and where the door wants it to an active one whose address
    /// was never proven.
    pub fn resend_activation(&self, address: &Email, whom: Resend) -> Answer<(), ResendError> {
        let Some(view) = self.by_address(address)? else {
            return Ok(Err(ResendError::UnknownAddress));
        };
        match view.account.state {
            AccountState::Pending => {}
            AccountState::Active
                if whom == Resend::Unproven && self.awaits_proof(&view.account, address)? => {}
            AccountState::Active => return Ok(Err(ResendError::AlreadyActive)),
            AccountState::Locked | AccountState::Banned => return Ok(Err(ResendError::Suspended)),
            AccountState::Deleted | AccountState::Withdrawn => return Ok(Err(ResendError::UnknownAddress)),
        }
        if self.mailed_too_often(view.account.id)? {
            return Ok(Err(ResendError::TooManyMails));
        }
        let to = view.log_in_address().unwrap_or_else(|| address.clone());
        self.mail_ticket(
            &view.account,
            TicketPurpose::Activate,
            LetterKind::Activation,
            &to,
        )?;
        self.audit(Some(view.account.id), AuditAction::RequestActivation)?;
        Ok(Ok(()))
    }

    /// Whoever holds a ticket receives mail at the address it was sent to: proven, if it still is the account's.
    pub(crate) fn prove_address(&self, ticket: &Ticket) -> Result<bool, StoreError> {
        self.prove_address_of(ticket.account, &ticket.address)
    }

    /// Whether somebody had shown before to receive mail at the address that a ticket was sent to.
    pub(crate) fn is_proven(&self, ticket: &Ticket) -> Result<bool, StoreError> {
        let identity = Identities::find(self.ports, &IdentityKey::address(&ticket.address))?;
        let own = identity.filter(|identity| identity.account == ticket.account);
        Ok(own.is_some_and(|identity| identity.proven_at.is_some()))
    }

    /// Forgets how an account was reached before its address was first shown to be somebody's: whoever set it up may have
    /// been a stranger who took the address. Their second factor, keys, sessions and accounts at providers are not the
    /// owner's; nor is their password, which is the caller's affair.
    pub(crate) fn forget_what_strangers_set(&self, account: &Account) -> Result<(), StoreError> {
        let view = self.view(account.clone())?;
        for provider in view.providers() {
            self.give_up_provider(&view, &provider)?;
        }
        let account = account.id;
        SecondFactors::remove(self.ports, account)?;
        ApiKeys::deactivate_all_answered_for(self.ports, account, self.now())?;
        self.end_sessions(account, None)?;
        Ok(())
    }

    /// Notes that an account was shown to receive mail at an address, and labels it.
    pub(crate) fn prove_address_of(&self, account: AccountId, address: &Email) -> Result<bool, StoreError> {
        let proven = self
            .ports
            .prove(&IdentityKey::address(address), account, self.now())?;
        if proven {
            self.set_private_label(account, LabelKey::EMAIL, LabelValue::VERIFIED, None)?;
        }
        Ok(proven)
    }

    /// The account that has this log-in address.
    pub(crate) fn by_address(&self, address: &Email) -> Result<Option<AccountView>, StoreError> {
        let Some(identity) = Identities::find(self.ports, &IdentityKey::address(address))? else {
            return Ok(None);
        };
        let account = Accounts::find(self.ports, identity.account)?;
        account.map(|account| self.view(account)).transpose()
    }
}
