//! Links that open a session in place of a password, once and for a short time.

use chrono::Duration;
use clavis_identity::{Account, AccountState, Accounts, PasswordCredentials, Ticket, Tickets};
use clavis_kernel::{AccountId, Answer, Email, Secret, StoreError, TokenDigest};

use crate::log_in::{LogInError, SessionRequest, usable};
use crate::{Activation, Admission, AuditAction, Flows, LetterKind, LinkAction, SignUp, SignUpError};

/// Why no link was mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestLinkError {
    /// Nobody logs in with this address.
    #[error(transparent)]
    LogIn(LogInError),
    /// Enough mails were sent lately.
    #[error("too many mails")]
    TooManyMails,
}

/// Why a link opened nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FollowLinkError {
    /// No such link, or it was used, or its time is over, or its account may not be logged in to.
    #[error("the link is not valid")]
    Unknown,
    /// The account has a second factor that this door cannot ask for.
    #[error("a second factor is needed that this door cannot ask for")]
    SecondFactorUnsupported,
}

impl Flows<'_> {
    /// Mails a link to a log-in address that opens a session for as long as this.
    pub fn request_link(&self, address: &Email, lifetime: Duration) -> Answer<(), RequestLinkError> {
        let Some(view) = self.by_address(address)? else {
            return Ok(Err(RequestLinkError::LogIn(LogInError::UnknownAccount)));
        };
        let to = view.log_in_address().unwrap_or_else(|| address.clone());
        let account = match usable(Some(view.account)) {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(RequestLinkError::LogIn(refusal))),
        };
        if self.mailed_too_often(account.id)? {
            let refusal = RequestLinkError::TooManyMails;
            self.audit_refusal(Some(account.id), AuditAction::RequestLink, refusal)?;
            return Ok(Err(refusal));
        }
        self.mail_link(&account, LinkAction::LogIn, &to, lifetime)?;
        self.audit(Some(account.id), AuditAction::RequestLink)?;
        Ok(Ok(()))
    }

    /// Makes an account without a password, or gives ways in to one that has none, and mails a link that opens its first
    /// session. Where accounts are activated by mail the link is what does it.
    pub fn register_by_link(
        &self,
        anonymous: Option<AccountId>,
        command: &SignUp,
        lifetime: Duration,
    ) -> Answer<Account, SignUpError> {
        let without_letter = SignUp {
            activation: match command.activation {
                Activation::AtOnce => Activation::AtOnce,
                Activation::ByMail | Activation::ByOperator => Activation::ByOperator,
            },
            password: None,
            ..command.clone()
        };
        let account = match self.register(anonymous, &without_letter)? {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.mail_link(&account, LinkAction::Register, &command.address, lifetime)?;
        Ok(Ok(account))
    }

    fn mail_link(
        &self,
        account: &Account,
        action: LinkAction,
        to: &Email,
        lifetime: Duration,
    ) -> Result<(), StoreError> {
        let kind = LetterKind::MagicLink(action);
        self.mail_ticket_for(lifetime, account, action.purpose(), kind, to)
    }

    /// Whether a link would open something just now: what a request without consequences is told.
    pub fn examine_link(
        &self,
        token: &Secret,
        action: LinkAction,
        activation: Activation,
    ) -> Answer<(), FollowLinkError> {
        let ticket = self.link_ticket(token, action)?;
        let account = match &ticket {
            Some(ticket) => Accounts::find(self.ports, ticket.account)?,
            None => None,
        };
        let is_good = match (ticket, account) {
            (Some(ticket), Some(account)) => self.leads_in(&ticket, &account, action, activation)?,
            (None, _) | (_, None) => false,
        };
        Ok(if is_good {
            Ok(())
        } else {
            Err(FollowLinkError::Unknown)
        })
    }

    /// Uses a link up and opens a session, or asks for the second factor. A link of a registration activates the account,
    /// where accounts are activated by mail; whoever follows it has shown to receive mail at the address.
    pub fn follow_link(
        &self,
        token: &Secret,
        action: LinkAction,
        activation: Activation,
        request: &SessionRequest,
    ) -> Answer<Admission, FollowLinkError> {
        let Some(ticket) = self.link_ticket(token, action)? else {
            return Ok(Err(FollowLinkError::Unknown));
        };
        let Some(account) = self.ports.find_for_update(ticket.account)? else {
            return Ok(Err(FollowLinkError::Unknown));
        };
        if !self.leads_in(&ticket, &account, action, activation)? {
            return Ok(Err(FollowLinkError::Unknown));
        }
        let now = self.now();
        if Tickets::spend(self.ports, &ticket.digest, action.purpose(), now)?.is_none() {
            return Ok(Err(FollowLinkError::Unknown));
        }
        if !self.is_proven(&ticket)? {
            self.forget_what_strangers_set(&account)?;
            PasswordCredentials::remove(self.ports, account.id)?;
        }
        self.prove_address(&ticket)?;
        if account.state == AccountState::Pending {
            let (from, to) = (AccountState::Pending, AccountState::Active);
            self.ports.set_state(account.id, from, to, now)?;
            self.audit(Some(account.id), AuditAction::Activate)?;
        }
        let Ok(account) = usable(Accounts::find(self.ports, account.id)?) else {
            return Ok(Err(FollowLinkError::Unknown));
        };
        Ok(match self.admit(account, request, AuditAction::LogIn)? {
            Ok(admission) => Ok(admission),
            Err(LogInError::UnknownApplication) => {
                return Err(StoreError::new(
                    "Applications::find_by_name",
                    "a dialect's own application is missing",
                ));
            }
            Err(LogInError::SecondFactorUnsupported) => Err(FollowLinkError::SecondFactorUnsupported),
            Err(
                LogInError::UnknownAccount
                | LogInError::NotActivated
                | LogInError::Suspended
                | LogInError::NoPassword
                | LogInError::WrongPassword
                | LogInError::LockedOut
                | LogInError::SecondFactorMissing
                | LogInError::SecondFactorWrong
                | LogInError::SecondFactorReplayed,
            ) => Err(FollowLinkError::Unknown),
        })
    }

    /// The ticket of a link of this door that is neither used nor over.
    fn link_ticket(&self, token: &Secret, action: LinkAction) -> Result<Option<Ticket>, StoreError> {
        let digest = TokenDigest::of(token.expose());
        let ticket = Tickets::find(self.ports, &digest, action.purpose())?;
        Ok(ticket.filter(|ticket| {
            ticket.spent_at.is_none()
                && self.now() < ticket.expires_at
                && ticket.through == self.caller.dialect
        }))
    }

    /// Whether a link leads in to its account as that is now: the address is its log-in address still.
    fn leads_in(
        &self,
        ticket: &Ticket,
        account: &Account,
        action: LinkAction,
        activation: Activation,
    ) -> Result<bool, StoreError> {
        let may_open = match account.state {
            AccountState::Active => true,
            AccountState::Pending => action == LinkAction::Register && activation == Activation::ByMail,
            AccountState::Locked | AccountState::Banned | AccountState::Deleted | AccountState::Withdrawn => {
                false
            }
        };
        let holder = self.by_address(&ticket.address)?;
        Ok(may_open && holder.is_some_and(|view| view.account.id == account.id))
    }
}
