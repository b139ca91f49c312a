use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use clavis_identity::Ticket;
use clavis_identity::{
    Account, Accounts, Assurance, Delegation, LockoutPolicy, Session, Sessions, TicketPurpose, Tickets,
};
use clavis_kernel::{
    AccountId, ApplicationId, Caller, Clock, Email, Entropy, EntropyExt as _, MasterKey, Purpose, Secret,
    SessionId, StoreError, SubKey, TokenDigest,
};
use clavis_kyc::{LevelTable, StateRules};
use clavis_oauth::AuthorizationCodes;
use clavis_tokens::{RefreshPolicy, Tokens};

use crate::lasting_refresh::ending_all;
use crate::{
    AuditAction, AuditEntry, AuditResult, Correspondence, FactorPolicy, Letter, LetterKind, Outbox,
    OutgoingMail, Ports, QueuedMail,
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
    /// What is asked of people who say who they are.
    pub kyc: KycPolicy,
}

/// What is asked of people who say who they are, whatever the door.
#[derive(Debug, Clone)]
pub struct KycPolicy {
    /// Which private labels make which level.
    pub levels: LevelTable,
    /// What labels do to the state of an account.
    pub states: StateRules,
    /// How many documents an account may hand in.
    pub documents_per_account: u32,
    /// How many phones an account may add.
    pub phones_per_account: u32,
    /// How long a code sent to a phone is good.
    pub phone_code_lifetime: Duration,
    /// How many wrong codes end one that was sent to a phone.
    pub phone_code_tries: u32,
    /// How many codes are sent for one account in an hour; 0 is without limit.
    pub texts_per_account_per_hour: u32,
}

impl Default for KycPolicy {
    fn default() -> Self {
        Self {
            levels: LevelTable::default(),
            states: StateRules::default(),
            documents_per_account: 10,
            phones_per_account: 20,
            phone_code_lifetime: Duration::minutes(10),
            phone_code_tries: 10,
            texts_per_account_per_hour: 30,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lockout: LockoutPolicy::default(),
            mails_per_account_per_hour: 30,
            session_lifetime: Duration::days(365),
            kyc: KycPolicy::default(),
        }
    }
}

/// How a session begins.
pub(crate) struct SessionStart<'a> {
    /// What was proven.
    pub(crate) assurance: Assurance,
    /// The application logged in to.
    pub(crate) application: Option<ApplicationId>,
    /// What the client calls its device.
    pub(crate) device: Option<&'a str>,
    /// The digest of the secret its bearer shows.
    pub(crate) secret: Option<TokenDigest>,
    /// In whose hands it is.
    pub(crate) delegation: Option<Delegation>,
    /// How long it lasts.
    pub(crate) lifetime: Duration,
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
    /// What it does when a log-in needs a second factor.
    pub second_factor: FactorPolicy,
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
        self.append(account, action, AuditResult::Succeeded, None, None)
    }

    /// As [`Flows::audit`], of what somebody else did to the account, or with what exactly was done.
    pub(crate) fn audit_by(
        &self,
        actor: Option<AccountId>,
        account: Option<AccountId>,
        action: AuditAction,
        detail: &str,
    ) -> Result<(), StoreError> {
        let detail = (!detail.is_empty()).then(|| detail.to_owned());
        self.append(account, action, AuditResult::Succeeded, actor, detail)
    }

    pub(crate) fn audit_refusal(
        &self,
        account: Option<AccountId>,
        action: AuditAction,
        reason: impl fmt::Display,
    ) -> Result<(), StoreError> {
        let refused = AuditResult::Refused(reason.to_string());
        self.append(account, action, refused, None, None)
    }

    /// As [`Flows::audit_refusal`], of what somebody else tried to do to the account, or with what exactly was tried.
    pub(crate) fn audit_refusal_by(
        &self,
        actor: Option<AccountId>,
        account: Option<AccountId>,
        action: AuditAction,
        detail: &str,
        reason: impl fmt::Display,
    ) -> Result<(), StoreError> {
        let refused = AuditResult::Refused(reason.to_string());
        let detail = (!detail.is_empty()).then(|| detail.to_owned());
        self.append(account, action, refused, actor, detail)
    }

    fn append(
        &self,
        account: Option<AccountId>,
        action: AuditAction,
        result: AuditResult,
        actor: Option<AccountId>,
        detail: Option<String>,
    ) -> Result<(), StoreError> {
        self.ports.append(&AuditEntry {
            at: self.now(),
            account,
            action,
            result,
            actor,
            detail,
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
        self.mail_ticket_for(self.door.ticket_lifetime, account, purpose, kind, to)
    }

    /// As [`Flows::mail_ticket`], of a ticket with a lifetime of its own.
    pub(crate) fn mail_ticket_for(
        &self,
        lifetime: Duration,
        account: &Account,
        purpose: TicketPurpose,
        kind: LetterKind,
        to: &Email,
    ) -> Result<(), StoreError> {
        let issued_at = self.now();
        let expires_at = issued_at + lifetime;
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

    /// What a session that is about to begin will be called.
    pub(crate) fn next_session(&self) -> SessionId {
        SessionId(self.entropy.uuid_v7(self.now()))
    }

    /// A new session of the account, kept.
    pub(crate) fn begin_session(
        &self,
        account: AccountId,
        start: SessionStart<'_>,
    ) -> Result<Session, StoreError> {
        self.begin_session_as(self.next_session(), account, start)
    }

    /// As [`Flows::begin_session`], of a session that has its name already.
    pub(crate) fn begin_session_as(
        &self,
        id: SessionId,
        account: AccountId,
        start: SessionStart<'_>,
    ) -> Result<Session, StoreError> {
        let now = self.now();
        let session = Session {
            id,
            account,
            through: self.caller.dialect,
            application: start.application,
            assurance: start.assurance,
            secret: start.secret,
            delegation: start.delegation,
            device: start.device.map(str::to_owned),
            ip: self.caller.ip,
            user_agent: self.caller.user_agent.clone(),
            created_at: now,
            expires_at: now + start.lifetime,
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
        // A link that was mailed is a session that is not open yet.
        self.ports.discard(account, TicketPurpose::LogInByLink)?;
        AuthorizationCodes::discard_all(self.ports, account)?;
        let before = Accounts::find(self.ports, account)?.and_then(|account| account.valid_after);
        self.ports.set_valid_after(account, ending_all(now, before))?;
        self.ports.revoke_all(account, but, now)
    }
}
