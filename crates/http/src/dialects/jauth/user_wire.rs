//! The user object, and what may stand in it.

use chrono::{DateTime, FixedOffset, Utc};
use clavis_flows::AccountCard;
use clavis_identity::{AccountState, Attributes, IdentityKind, Name};
use clavis_kernel::{Dialect, Email};
use serde::Serialize;
use serde_json::{Map, Value};

use super::error::JauthError;
use super::third_party::{UserType, subject};

/// The attribute that keeps the free object.
pub(super) const EXTRA: &str = "jauth_extra";
/// The attribute that keeps which address a mailed token was shown for, as a JSON text.
const VERIFIED_EMAIL: &str = "jauth_verified_email";
/// Where jauth's times are told: in Korea.
const OFFSET_SECONDS: i32 = 9 * 60 * 60;
/// Longest address, in characters.
const MAX_EMAIL_CHARS: usize = 255;

/// An account as jauth shows it.
#[derive(Serialize)]
pub(super) struct User {
    id: String,
    email: String,
    #[serde(rename = "type")]
    kind: i64,
    status: i64,
    extra: Value,
    is_email_verified: bool,
    created_at: String,
    modified_at: Option<String>,
    #[serde(flatten)]
    log_in: LogInBy,
}

/// By what the account logs in; the other key is not there.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum LogInBy {
    Account(String),
    ThirdPartyUserId(Option<String>),
}

impl User {
    pub(super) fn of(card: &AccountCard) -> Self {
        let (view, account) = (&card.view, &card.view.account);
        let kind = UserType::of(card);
        let log_in = if kind == UserType::Email {
            LogInBy::Account(account_name(card))
        } else {
            LogInBy::ThirdPartyUserId(subject(card).map(|subject| subject.subject().to_owned()))
        };
        let changed = account.updated_at != account.created_at;
        let email = view.contact_address();
        Self {
            id: account.id.to_string(),
            kind: kind.number(),
            status: Status::of(account.state).number(),
            extra: extra(&account.attributes),
            is_email_verified: email.as_ref().is_some_and(|email| is_verified(card, email)),
            email: email.map(|email| email.as_str().to_owned()).unwrap_or_default(),
            created_at: time(account.created_at),
            modified_at: changed.then(|| time(account.updated_at)),
            log_in,
        }
    }
}

impl User {
    /// The name of how the account logs in.
    pub(super) fn kind_name(card: &AccountCard) -> &'static str {
        UserType::of(card).name()
    }

    /// The name of the account's status.
    pub(super) fn status_name(card: &AccountCard) -> &'static str {
        Status::of(card.view.account.state).name()
    }
}

/// What jauth calls an account's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Normal,
    Deleted,
    Withdrawn,
}

impl Status {
    const fn of(state: AccountState) -> Self {
        match state {
            AccountState::Pending | AccountState::Active => Self::Normal,
            AccountState::Locked | AccountState::Banned | AccountState::Deleted => Self::Deleted,
            AccountState::Withdrawn => Self::Withdrawn,
        }
    }

    /// The states that are called so.
    pub(super) const fn states(self) -> &'static [AccountState] {
        match self {
            Self::Normal => &[AccountState::Pending, AccountState::Active],
            Self::Deleted => &[AccountState::Locked, AccountState::Banned, AccountState::Deleted],
            Self::Withdrawn => &[AccountState::Withdrawn],
        }
    }

    /// The status that has this number.
    pub(super) fn named(number: &Value) -> Option<Self> {
        let number = number.as_i64()?;
        [Self::Normal, Self::Deleted, Self::Withdrawn]
            .into_iter()
            .find(|status| status.number() == number)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL",
            Self::Deleted => "DELETED",
            Self::Withdrawn => "WITHDRAWN",
        }
    }

    const fn number(self) -> i64 {
        match self {
            Self::Normal => 0,
            Self::Deleted => 1,
            Self::Withdrawn => 2,
        }
    }
}

/// jauth's name, else Pluto's, else the log-in address.
fn account_name(card: &AccountCard) -> String {
    let view = &card.view;
    let name = view.name(Dialect::Jauth).or_else(|| view.name(Dialect::Pluto));
    name.map(str::to_owned)
        .or_else(|| view.log_in_address().map(|address| address.as_str().to_owned()))
        .unwrap_or_default()
}

/// Whether the address was shown to be theirs: by a token that was mailed to it, or, where they log in by it, at any
/// door.
fn is_verified(card: &AccountCard, email: &Email) -> bool {
    let confirmed = card.view.account.attributes.get(VERIFIED_EMAIL);
    let confirmed: Option<String> = confirmed.and_then(|text| serde_json::from_str(text).ok());
    let proven = card.view.identities.iter().any(|identity| {
        identity.key.kind() == IdentityKind::Address
            && identity.value == email.as_str()
            && identity.proven_at.is_some()
    });
    proven || confirmed.as_deref() == Some(email.as_str())
}

fn extra(attributes: &Attributes) -> Value {
    attributes
        .get(EXTRA)
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_else(|| Value::Object(Map::new()))
}

/// The attribute that keeps a free object.
pub(super) fn keeping(extra: Map<String, Value>) -> Attributes {
    Attributes::from([(EXTRA.to_owned(), Value::Object(extra).to_string())])
}

/// The attribute that keeps that an address was verified; `None`: none is.
pub(super) fn keeping_verified(email: Option<&str>) -> Attributes {
    Attributes::from([(VERIFIED_EMAIL.to_owned(), Value::from(email).to_string())])
}

/// With microseconds and offset, as `2020-10-01T18:30:05.123456+09:00`.
pub(super) fn time(at: DateTime<Utc>) -> String {
    let korea = FixedOffset::east_opt(OFFSET_SECONDS).expect("nine hours are less than a day");
    at.with_timezone(&korea)
        .format("%Y-%m-%dT%H:%M:%S%.6f%:z")
        .to_string()
}

/// A name that somebody chooses: letters and digits of any script.
pub(super) fn account(text: &str) -> Result<Name, JauthError> {
    let refused = || JauthError::account_format(text);
    if !text.chars().all(char::is_alphanumeric) {
        return Err(refused());
    }
    text.parse().map_err(|_| refused())
}

/// An address that somebody shows. jauth's own grammar, and no wider than what an account can have.
pub(super) fn email(text: &str) -> Result<Email, JauthError> {
    let refused = || JauthError::email_format(text);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let (local, domain) = text.split_once('@').ok_or_else(refused)?;
    let (host, last) = domain.rsplit_once('.').ok_or_else(refused)?;
    let fits = text.chars().count() <= MAX_EMAIL_CHARS
        && !local.is_empty()
        && local.chars().all(plain)
        && !host.is_empty()
        && host.chars().all(plain)
        && (2..=5).contains(&last.len())
        && last.chars().all(|c| c.is_ascii_alphabetic());
    if !fits {
        return Err(refused());
    }
    text.parse().map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_called_by_one_status() {
        for state in AccountState::ALL {
            let status = Status::of(state);
            assert!(status.states().contains(&state), "{state:?}");
            assert_eq!(Status::named(&Value::from(status.number())), Some(status));
        }
    }

    #[test]
    fn a_name_is_letters_and_digits_of_any_script() {
        for good in ["ann01", "ANN", "7", "안녕", "Ärger", &"x".repeat(64)] {
            assert_eq!(account(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            " ",
            "ann ",
            "a_b",
            "a-b",
            "a.b",
            "a@b",
            "a\u{202e}b",
            "a\0",
            &"x".repeat(65),
        ] {
            let reason = format!("{bad} is invalid account format");
            assert_eq!(account(bad).unwrap_err().reason(), reason);
        }
    }

    #[test]
    fn an_address_ends_in_two_to_five_letters() {
        for good in ["ann@example.org", "a_n.n-1@a.b-c.info", "a@b.co", "a@b.store"] {
            assert_eq!(email(good).unwrap().as_str(), good);
        }
        let long = format!("a@{}.org", "b".repeat(250));
        for bad in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@example",
            "ann@example.o",
            "ann@example.museum",
            "ann@example.o1",
            "ann+tag@example.org",
            "ann@@example.org",
            "änn@example.org",
            " ann@example.org",
            "ann@example.org\n",
            "ann@.org",
            // By jauth's grammar these are addresses, but no mail could ever reach them.
            "ann@exa_mple.org",
            "ann@-example.org",
            "ann@a..org",
            &long,
        ] {
            let reason = format!("{bad} is invalid email format");
            assert_eq!(email(bad).map(drop).unwrap_err().reason(), reason);
        }
    }

    #[test]
    fn times_are_told_in_korea_with_six_digits() {
        let at = DateTime::from_timestamp_micros(1_601_544_605_123_456).unwrap();
        assert_eq!(time(at), "2020-10-01T18:30:05.123456+09:00");
        let at = DateTime::from_timestamp(1_601_544_605, 0).unwrap();
        assert_eq!(time(at), "2020-10-01T18:30:05.000000+09:00");
    }
}
