//! The use cases over the in-memory store: outcomes, not calls.

mod activity;
mod administration;
mod anonymous;
mod api_client;
mod api_keys;
mod bindings;
mod cookie_session;
mod documents;
mod federated;
mod gateway;
mod happenings;
mod labels;
mod lasting_refresh;
mod leave;
mod log_in;
mod magic_link;
mod named_sign_up;
mod operator;
mod own_account;
mod own_labels;
mod phones;
mod profiles;
mod rbac_administration;
mod recover;
mod refresh;
mod review;
mod second_factor;
mod service_accounts;
mod sign_up;
mod ticketed_log_in;
mod trusted_server;

use std::cell::Cell;
use std::sync::Arc;

use chrono::Duration;
use clavis_identity::{Account, Argon2Params, Attributes, Name, PasswordHash, Verdict};
use clavis_kernel::fake::{FakeClock, FakeEntropy};
use clavis_kernel::{Caller, Dialect, Email, MasterKey, Secret};
use clavis_tokens::{RefreshPolicy, RefreshTokenSpelling};

use crate::fake::FakePorts;
use crate::*;

/// An installation in memory with one door, a clock to move, and every mail it wrote.
pub(crate) struct World {
    pub(crate) ports: FakePorts,
    pub(crate) clock: FakeClock,
    entropy: FakeEntropy,
    keys: Keys,
    pub(crate) limits: Limits,
    pub(crate) door: Door,
    caller: Caller,
    mail_queued: Cell<bool>,
}

/// Writes the ticket, and nothing else, into the body.
struct BareLetters;

impl Correspondence for BareLetters {
    fn compose(&self, letter: &Letter<'_>) -> OutgoingMail {
        let text = letter
            .ticket
            .map(|ticket| ticket.expose().to_owned())
            .unwrap_or_default();
        OutgoingMail {
            to: letter.to.clone(),
            subject: format!("{:?}", letter.kind),
            body: MailBody {
                html: text.clone(),
                text,
            },
            headers: Vec::new(),
        }
    }
}

const CHEAP: Argon2Params = Argon2Params {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

impl Default for World {
    fn default() -> Self {
        let entropy = FakeEntropy::default();
        let world = Self {
            ports: FakePorts::default(),
            clock: FakeClock::default(),
            keys: Keys::new(MasterKey::generate(&entropy)),
            entropy,
            limits: Limits::default(),
            door: Door {
                refresh: RefreshPolicy {
                    spelling: RefreshTokenSpelling::UuidV4,
                    lifetime: Duration::days(30),
                    reuse_window: Duration::seconds(10),
                },
                ticket_lifetime: Duration::hours(1),
                new_ticket_replaces: true,
                change_kills_resets: false,
                second_factor: FactorPolicy::Refuse,
                letters: Arc::new(BareLetters),
            },
            caller: Caller {
                dialect: Dialect::BackendPlus,
                ..Caller::OPERATOR
            },
            mail_queued: Cell::new(false),
        };
        world.flows().ensure_foundations().unwrap();
        world
    }
}

impl World {
    pub(crate) fn flows(&self) -> Flows<'_> {
        Flows {
            ports: &self.ports,
            clock: &self.clock,
            entropy: &self.entropy,
            keys: &self.keys,
            limits: &self.limits,
            door: &self.door,
            caller: &self.caller,
            mail_queued: &self.mail_queued,
        }
    }

    pub(crate) fn through(self, dialect: Dialect) -> Self {
        Self {
            caller: Caller {
                dialect,
                ..self.caller
            },
            ..self
        }
    }

    pub(crate) fn hash(&self, password: &str) -> PasswordHash {
        PasswordHash::generate(&Secret::new(password), CHEAP, &self.entropy)
    }

    pub(crate) fn command(&self, address: &str) -> SignUp {
        SignUp {
            address: email(address),
            name: None,
            display_name: address.to_owned(),
            attributes: Attributes::new(),
            avatar: None,
            password: Some(self.hash("Tecohvi0")),
            activation: Activation::AtOnce,
            roles: None,
        }
    }

    pub(crate) fn sign_up(&self, address: &str) -> Account {
        self.flows().sign_up(&self.command(address)).unwrap().unwrap()
    }

    pub(crate) fn sign_up_pending(&self, address: &str) -> (Account, Secret) {
        let command = SignUp {
            activation: Activation::ByMail,
            ..self.command(address)
        };
        let account = self.flows().sign_up(&command).unwrap().unwrap();
        let ticket = self.mailed(address).unwrap();
        (account, ticket)
    }

    /// The three steps of a log-in.
    pub(crate) fn log_in(&self, address: &str, password: &str) -> Result<Grant, LogInError> {
        let candidate = self
            .flows()
            .candidate(&LoginName::Address(email(address)))
            .unwrap()?;
        let checked = self.check(candidate, password);
        let request = SessionRequest {
            application: self.caller.dialect.name().to_owned(),
            device: None,
        };
        self.flows().log_in(&checked, None, &request).unwrap()
    }

    pub(crate) fn check(&self, candidate: Candidate, password: &str) -> Checked {
        let verdict = candidate.credential.hash.verify(&Secret::new(password), CHEAP);
        let rehash = (verdict == Verdict::RightButOutdated).then(|| self.hash(password));
        Checked {
            candidate,
            verdict,
            rehash,
        }
    }

    /// Takes every waiting mail; the ticket in the newest to this address.
    pub(crate) fn mailed(&self, address: &str) -> Option<Secret> {
        self.mails()
            .into_iter()
            .rev()
            .find(|mail| mail.to == email(address))
            .map(|mail| Secret::new(mail.body.text))
    }

    pub(crate) fn mails(&self) -> Vec<OutgoingMail> {
        let now = clavis_kernel::Clock::now(&self.clock);
        let claimed = self
            .ports
            .claim_due(now, now + Duration::days(1_000), 1_000)
            .unwrap();
        claimed
            .iter()
            .map(|queued| queued.open(&self.keys.master).unwrap())
            .collect()
    }

    pub(crate) fn actions(&self, account: &Account) -> Vec<(AuditAction, AuditResult)> {
        let latest = self.ports.latest(account.id, 100).unwrap();
        latest
            .into_iter()
            .map(|entry| (entry.action, entry.result))
            .collect()
    }
}

pub(crate) fn email(text: &str) -> Email {
    text.parse().unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

#[test]
fn a_sealed_mail_reads_back_and_shows_nothing() {
    let world = World::default();
    let (_, ticket) = world.sign_up_pending("ann@example.org");
    assert_eq!(ticket.expose().len(), 36);
    assert!(world.mail_queued.get());
    let mail = OutgoingMail {
        to: email("ann@example.org"),
        subject: "s".to_owned(),
        body: MailBody {
            text: "ticket".to_owned(),
            html: "<p>ticket</p>".to_owned(),
        },
        headers: vec![("X-Ticket".to_owned(), "ticket".to_owned())],
    };
    let now = clavis_kernel::Clock::now(&world.clock);
    let queued = QueuedMail::seal(&mail, &world.keys.master, &world.entropy, now);
    assert!(queued.open(&world.keys.master).unwrap() == mail);
    let other = MasterKey::generate(&world.entropy);
    assert!(queued.open(&other).is_err());
    assert!(!format!("{queued:?}{mail:?}").contains("ticket"));
}

#[test]
fn purposes_keep_tickets_apart() {
    let world = World::default();
    let (_, ticket) = world.sign_up_pending("ann@example.org");
    let hash = world.hash("new password");
    assert_eq!(
        world.flows().reset_password(&ticket, &hash).unwrap().err(),
        Some(PasswordResetError::Unknown)
    );
    let changed = world.flows().change_email(&ticket, OldAddress::IsTold).unwrap();
    assert_eq!(changed.err(), Some(EmailChangeError::Unknown));
    assert!(world.flows().activate(&ticket).unwrap().is_ok());
}
