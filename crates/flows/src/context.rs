use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use clavis_identity::Ticket;
use clavis_identity::{Account, LockoutPolicy, Session, Sessions, TicketPurpose, Tickets};
use clavis_kernel::{
    AccountId, ApplicationId, Caller, Clock, Email, Entropy, EntropyExt as _, MasterKey, Purpose, Secret,
    SessionId, StoreError, SubKey, TokenDigest,
};
use clavis_tokens::{RefreshPolicy, Tokens};

use crate::{
    AuditAction, AuditEntry, AuditResult, Correspondence, Letter, LetterKind, Outbox, OutgoingMail, Ports,
    QueuedMail,
};

/// Everything a use case needs, borrowed for the length of one transaction.
pub struct Flows<'a> {
    /// Every port, over the open transaction.
    pub ports: &'a dyn Ports,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub entropy: &'a dyn Entropy,
    /// The installation's keys.
    pub keys: &'a Keys,
    /// What holds at every door.
    pub limits: &'a Limits,
    /// How the door behaves through which the caller came.
    pub door: &'a Door,
    /// Who calls.
    pub caller: &'a Caller,
    /// Set when a mail was queued, so that the worker can be woken after COMMIT.
    pub mail_queued: &'a Cell<bool>,
}

/// The installation's keys.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Seals what must be readable again.
    pub master: MasterKey,
    /// Derives the successors of refresh tokens.
    pub successor: SubKey,
}

impl Keys {
    /// The keys that come from this master key.
    pub fn new(master: MasterKey) -> Self {
        Self {
            successor: master.derive(Purpose::RefreshSuccessor),
            master,
        }
    }
}

/// What holds at every door.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Failed log-ins of one account.
    pub lockout: LockoutPolicy,
    /// Mails with a ticket to one account in an hour; 0 is without limit.
    pub mails_per_account_per_hour: u32,
    /// How long a session lasts although its refresh tokens are in use.
    pub session_lifetime: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lockout: LockoutPolicy::default(),
            mails_per_account_per_hour: 30,
            session_lifetime: Duration::days(365),
        }
    }
}

/// How a dialect behaves, where dialects differ in behaviour.
#[derive(Clone)]
pub struct Door {
    /// How its refresh tokens live.
    pub refresh: RefreshPolicy,
    /// How long a mailed ticket lives.
    pub ticket_lifetime: Duration,
    /// Whether a new ticket makes the older ones of its purpose worthless.
    pub new_ticket_replaces: bool,
    /// Whether a change of the account makes the reset tickets mailed before it worthless.
    pub change_kills_resets: bool,
    /// How it writes to people.
    pub letters: Arc<dyn Correspondence>,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door")
            .field("refresh", &self.refresh)
            .finish_non_exhaustive()
    }
}

impl<'a> Flows<'a> {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) fn tokens(&self) -> Tokens<'a> {
        Tokens {
            refresh_tokens: self.ports,
            clock: self.clock,
            entropy: self.entropy,
            successor_key: &self.keys.successor,
            policy: &self.door.refresh,
        }
    }

    pub(crate) fn audit(&self, account: Option<AccountId>, action: AuditAction) -> Result<(), StoreError> {
        self.append(account, action, AuditResult::Succeeded)
    }

    pub(crate) fn audit_refusal(
        &self,
        account: Option<AccountId>,
        action: AuditAction,
        reason: impl fmt::Display,
    ) -> Result<(), StoreError> {
        self.append(account, action, AuditResult::Refused(reason.to_string()))
    }

    fn append(
        &self,
        account: Option<AccountId>,
        action: AuditAction,
        result: AuditResult,
    ) -> Result<(), StoreError> {
        self.ports.append(&AuditEntry {
            at: self.now(),
            account,
            action,
            result,
            caller: self.caller.clone(),
        })
    }

    /// Whether the account was mailed as many tickets in the last hour as it may be.
    pub(crate) fn mailed_too_often(&self, account: AccountId) -> Result<bool, StoreError> {
        let limit = u64::from(self.limits.mails_per_account_per_hour);
        Ok(limit > 0
            && self
                .ports
                .count_issued(account, self.now() - Duration::hours(1))?
                >= limit)
    }

    /// Issues a ticket and queues the mail that carries it.
    pub(crate) fn mail_ticket(
        &self,
        account: &Account,
        purpose: TicketPurpose,
        kind: LetterKind,
        to: &Email,
    ) -> Result<(), StoreError> {
        let issued_at = self.now();
        let expires_at = issued_at + self.door.ticket_lifetime;
        let letters = &self.door.letters;
        let secret: Secret = letters.ticket(purpose, account, to, issued_at, expires_at, self.entropy);
        if self.door.new_ticket_replaces {
            self.ports.discard(account.id, purpose)?;
        }
        Tickets::insert(
            self.ports,
            &Ticket {
                digest: TokenDigest::of(secret.expose()),
                account: account.id,
                purpose,
                address: to.clone(),
                through: self.caller.dialect,
                issued_at,
                expires_at,
                spent_at: None,
            },
        )?;
        self.enqueue(&letters.compose(&Letter {
            kind,
            to,
            account,
            ticket: Some(&secret),
        }))
    }

    pub(crate) fn enqueue(&self, mail: &OutgoingMail) -> Result<(), StoreError> {
        self.mail_queued.set(true);
        let queued = QueuedMail::seal(mail, &self.keys.master, self.entropy, self.now());
        Outbox::enqueue(self.ports, &queued)
    }

    /// A new session of the account, kept.
    pub(crate) fn begin_session(
        &self,
        account: AccountId,
        application: Option<ApplicationId>,
        device: Option<&str>,
    ) -> Result<Session, StoreError> {
        let now = self.now();
        let session = Session {
            id: SessionId(self.entropy.uuid_v7(now)),
            account,
            through: self.caller.dialect,
            application,
            device: device.map(str::to_owned),
            ip: self.caller.ip,
            user_agent: self.caller.user_agent.clone(),
            created_at: now,
            expires_at: now + self.limits.session_lifetime,
            revoked_at: None,
        };
        Sessions::insert(self.ports, &session)?;
        Ok(session)
    }

    /// Takes worth from everything the account was given, except one session.
    pub(crate) fn end_sessions(
        &self,
        account: AccountId,
        but: Option<SessionId>,
    ) -> Result<usize, StoreError> {
        let now = self.now();
        // An address change that a session asked for is worth no more than the session.
        self.ports.discard(account, TicketPurpose::ChangeEmail)?;
        self.ports.set_valid_after(account, now)?;
        self.ports.revoke_all(account, but, now)
    }
}
