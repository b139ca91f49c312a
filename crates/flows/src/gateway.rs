//! What a gateway is told about a request that it wants to forward: whether the path is anybody's or nobody's, and
//! whether the session or the key that the request shows may go on. Decisions only: nothing is looked up here but who
//! a key belongs to.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use clavis_identity::{AccountState, Accounts, ServiceAccount, ServiceAccounts, ServiceState};
use clavis_kernel::StoreError;
use clavis_tokens::{ApiKey, ApiKeyId, ApiKeys};

use crate::{CookieSession, Flows, Person};

/// The longest path that is looked at, in bytes.
const MAX_PATH_BYTES: usize = 4096;
/// The longest method that is looked at, in bytes.
const MAX_VERB_BYTES: usize = 32;
/// The methods that are to change something.
const CHANGING: [&str; 5] = ["POST", "PUT", "PATCH", "DELETE", "TRACE"];

/// A path that means the same to everybody who reads it: decoded once, with no empty segment, none of dots alone, and
/// nothing left that another reader might decode or cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlainPath<'a>(&'a str);

/// A path that readers may understand in different ways: what is behind the gateway could take it for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the path may mean something else behind the gateway")]
pub struct OddPath;

impl<'a> PlainPath<'a> {
    /// Looks at a path that was decoded once, with its first slash.
    pub fn new(path: &'a str) -> Result<Self, OddPath> {
        let segments = path.strip_prefix('/').ok_or(OddPath)?;
        let plain = path.len() <= MAX_PATH_BYTES && path.chars().all(is_plain) && no_escapes(path);
        let inner = segments.strip_suffix('/').unwrap_or(segments);
        let whole = segments.is_empty()
            || inner
                .split('/')
                .all(|segment| !matches!(segment, "" | "." | ".."));
        if plain && whole {
            Ok(Self(path))
        } else {
            Err(OddPath)
        }
    }

    /// The path.
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

/// Backslashes are slashes to some; what follows a semicolon is cut off by some; the rest is invisible, or stands for
/// bytes that were no text.
fn is_plain(letter: char) -> bool {
    !letter.is_control() && !matches!(letter, '\\' | ';' | '?' | '#' | '\u{fffd}')
}

/// A percent sign that is left was doubly encoded, or stands for a slash or another one; only a plus sign stays
/// encoded, because decoded it would be a blank to some.
fn no_escapes(path: &str) -> bool {
    path.split('%')
        .skip(1)
        .all(|rest| rest.get(..2).is_some_and(|code| code.eq_ignore_ascii_case("2b")))
}

/// The method of a request in upper case: `post` is `POST` to some that stand behind a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainVerb(String);

/// A method that is no word of letters: nobody knows what stands behind the gateway makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the method is no word of letters")]
pub struct OddVerb;

impl PlainVerb {
    /// Looks at a method.
    pub fn new(method: &str) -> Result<Self, OddVerb> {
        let is_word = (1..=MAX_VERB_BYTES).contains(&method.len())
            && method.bytes().all(|letter| letter.is_ascii_alphabetic());
        if is_word {
            Ok(Self(method.to_ascii_uppercase()))
        } else {
            Err(OddVerb)
        }
    }

    /// The method.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request with it may change something.
    pub fn changes_something(&self) -> bool {
        CHANGING.contains(&self.as_str())
    }
}

/// Beginnings of paths that the gateway asks nobody about.
#[derive(Debug, Clone, Default)]
pub struct PathRules {
    block: Vec<String>,
    pass: Vec<String>,
}

/// What the rules say of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathVerdict {
    /// Nobody reaches it.
    Blocked,
    /// Everybody reaches it, without a token.
    Passed,
    /// It depends on who asks.
    Checked,
}

impl PathRules {
    /// Rules with these beginnings of paths.
    pub fn new(block: &[String], pass: &[String]) -> Self {
        Self {
            block: block.iter().map(|prefix| prefix.to_ascii_lowercase()).collect(),
            pass: pass.to_vec(),
        }
    }

    /// What the rules say. Blocking goes first and is generous: any path that begins so, in any case of its letters.
    /// Passing is strict: whole segments, to the letter.
    pub fn verdict(&self, path: PlainPath<'_>) -> PathVerdict {
        let path = path.as_str();
        if self
            .block
            .iter()
            .any(|prefix| begins_with_ignoring_case(path, prefix))
        {
            PathVerdict::Blocked
        } else if self.pass.iter().any(|prefix| is_below(path, prefix)) {
            PathVerdict::Passed
        } else {
            PathVerdict::Checked
        }
    }
}

fn begins_with_ignoring_case(path: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    path.get(..prefix.len())
        .is_some_and(|beginning| beginning.eq_ignore_ascii_case(prefix))
}

fn is_below(path: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Why a cookie opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CookieRefusal {
    /// There is no such session, or it was ended.
    #[error("no such session")]
    NoSession,
    /// Its account may hold no tokens.
    #[error("the account is not active")]
    AccountNotActive,
    /// It is over, or another client opened it.
    #[error("the session is over or another client's")]
    Mismatch,
}

/// The marks by which a client is known again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientMarks {
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// Where it is.
    pub ip: Option<IpAddr>,
}

impl ClientMarks {
    /// Whether a client that calls itself so and comes from there is still the same: the same name, and an address in
    /// the same /16 (IPv4) or /96 (IPv6).
    pub fn fit(&self, user_agent: Option<&str>, ip: Option<IpAddr>) -> bool {
        self.user_agent.as_deref() == user_agent
            && match (self.ip, ip) {
                (Some(before), Some(now)) => in_same_network(before, now),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            }
    }
}

fn in_same_network(a: IpAddr, b: IpAddr) -> bool {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => a.to_bits() >> 16 == b.to_bits() >> 16,
        (IpAddr::V6(a), IpAddr::V6(b)) => a.to_bits() >> 32 == b.to_bits() >> 32,
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

impl CookieSession {
    /// Whether anything can come of the session at this moment, apart from the client that shows it.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), CookieRefusal> {
        if !self.person.account().state.may_hold_tokens() {
            return Err(CookieRefusal::AccountNotActive);
        }
        if self.session.revoked_at.is_some() {
            return Err(CookieRefusal::NoSession);
        }
        if self.session.is_live(now) {
            Ok(())
        } else {
            Err(CookieRefusal::Mismatch)
        }
    }

    /// By what the client that opened the session is known again.
    pub fn marks(&self) -> ClientMarks {
        ClientMarks {
            user_agent: self.session.user_agent.clone(),
            ip: self.session.ip,
        }
    }
}

/// A key for signing requests, and in whose place it signs.
#[derive(Debug, Clone)]
pub struct KeyHolder {
    /// The key.
    pub key: ApiKey,
    /// Who answers for it.
    pub owner: Person,
    /// In whose place it signs, where that is not its owner.
    pub service: Option<ServiceAccount>,
}

/// Why a key opens nothing although its signature is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// Its owner put it out of use, or lost the right to it.
    #[error("the key is not active")]
    KeyNotActive,
    /// Its owner may hold no tokens, or the service account is disabled.
    #[error("the account is not active")]
    AccountNotActive,
    /// It signs in its owner's own place, and they have no second factor any more.
    #[error("the account has no second factor")]
    NoSecondFactor,
}

impl KeyHolder {
    /// Whether the key signs in its owner's place at this moment.
    pub fn check(&self) -> Result<(), KeyRefusal> {
        if !self.key.state.is_active() {
            Err(KeyRefusal::KeyNotActive)
        } else if self.owner.account().state != AccountState::Active || self.is_disabled() {
            Err(KeyRefusal::AccountNotActive)
        } else if self.service.is_none() && !self.owner.has_second_factor {
            Err(KeyRefusal::NoSecondFactor)
        } else {
            Ok(())
        }
    }

    fn is_disabled(&self) -> bool {
        let state = self.service.as_ref().map(|service| service.state);
        state == Some(ServiceState::Disabled)
    }
}

impl Flows<'_> {
    /// The key with this id and its owner, in whatever state they are.
    pub fn key_holder(&self, kid: &ApiKeyId) -> Result<Option<KeyHolder>, StoreError> {
        let Some(key) = ApiKeys::find(self.ports, kid)? else {
            return Ok(None);
        };
        let Some(account) = Accounts::find(self.ports, key.holder.account)? else {
            return Ok(None);
        };
        let service = match key.holder.service {
            None => None,
            Some(id) => match ServiceAccounts::find(self.ports, id)? {
                Some(service) => Some(service),
                None => return Ok(None),
            },
        };
        Ok(Some(KeyHolder {
            key,
            owner: self.person_of(account)?,
            service,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> PathRules {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        PathRules::new(
            &owned(&["/api/v2/barong/management"]),
            &owned(&["/api/v2/barong/identity", "/api/v2/peatio/public/"]),
        )
    }

    #[track_caller]
    fn check(path: &str, expected: Result<PathVerdict, OddPath>) {
        let verdict = PlainPath::new(path).map(|path| rules().verdict(path));
        assert_eq!(verdict, expected, "{path}");
    }

    #[test]
    fn blocked_paths_are_nobodys_in_any_case_of_their_letters() {
        check("/api/v2/barong/management", Ok(PathVerdict::Blocked));
        check("/api/v2/barong/management/", Ok(PathVerdict::Blocked));
        check("/api/v2/barong/management/users", Ok(PathVerdict::Blocked));
        check("/api/v2/barong/managements", Ok(PathVerdict::Blocked));
        check("/API/v2/Barong/MANAGEMENT/users", Ok(PathVerdict::Blocked));
    }

    #[test]
    fn passed_paths_are_everybodys_to_the_letter() {
        check("/api/v2/barong/identity", Ok(PathVerdict::Passed));
        check("/api/v2/barong/identity/sessions", Ok(PathVerdict::Passed));
        check("/api/v2/peatio/public", Ok(PathVerdict::Passed));
        check("/api/v2/peatio/public/markets", Ok(PathVerdict::Passed));
        check("/api/v2/barong/identity2/sessions", Ok(PathVerdict::Checked));
        check("/api/v2/Barong/identity/sessions", Ok(PathVerdict::Checked));
        check("/", Ok(PathVerdict::Checked));
        check("/api/v2/barong/ident%2bity", Ok(PathVerdict::Checked));
        check("/api/v2/peatio/market/orders", Ok(PathVerdict::Checked));
        check("/é", Ok(PathVerdict::Checked));
    }

    #[test]
    fn a_path_that_another_reader_may_take_for_another_is_odd() {
        for path in [
            "",
            "api/v2/barong/identity",
            "//api/v2/barong/management",
            "/api/v2/barong//management",
            "/api/v2/barong/identity/../management",
            "/api/v2/barong/identity/..",
            "/api/v2/barong/./management",
            "/api/v2/barong/identity/..%2fmanagement",
            "/api/v2/barong/identity/%2e%2e/management",
            "/api/v2/barong/%256danagement",
            "/api/v2/barong/%6Danagement",
            "/api/v2/barong\\management",
            "/api/v2/barong;v=1/management",
            "/api/v2/barong/identity#/../management",
            "/api/v2/barong/identity#",
            "/api/v2/barong/identity?x",
            "/api/v2/barong/identity/\u{0}",
            "/api/v2/barong/identity\n",
            "/api/v2/barong/identity\u{fffd}",
            "/api/v2/barong/identity/%",
            "/api/v2/barong/identity/%2",
            "/api/v2/barong/identity/%é",
            "/api/v2/barong/identity//",
        ] {
            check(path, Err(OddPath));
        }
        check(&format!("/{}", "a".repeat(MAX_PATH_BYTES)), Err(OddPath));
    }

    #[test]
    fn a_method_is_a_word_in_whatever_case_of_its_letters() {
        for (method, verb, changes) in [
            ("GET", "GET", false),
            ("get", "GET", false),
            ("POST", "POST", true),
            ("pOsT", "POST", true),
            ("Delete", "DELETE", true),
            ("trace", "TRACE", true),
            ("Propfind", "PROPFIND", false),
        ] {
            let plain = PlainVerb::new(method).unwrap();
            assert_eq!((plain.as_str(), plain.changes_something()), (verb, changes));
        }
        let long = "A".repeat(MAX_VERB_BYTES + 1);
        for odd in [
            "",
            "M-SEARCH",
            "POST\u{212a}",
            "P0ST",
            "po\u{17f}t",
            "!",
            long.as_str(),
        ] {
            assert_eq!(PlainVerb::new(odd), Err(OddVerb), "{odd}");
        }
    }

    #[test]
    fn a_client_is_known_again_by_its_name_and_its_network() {
        let marks = |user_agent: Option<&str>, ip: Option<&str>| ClientMarks {
            user_agent: user_agent.map(str::to_owned),
            ip: ip.map(|ip| ip.parse().unwrap()),
        };
        let ip = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let v4 = marks(Some("curl"), Some("192.0.2.1"));
        assert!(v4.fit(Some("curl"), ip("192.0.2.1")));
        assert!(v4.fit(Some("curl"), ip("192.0.255.255")), "the same /16");
        assert!(!v4.fit(Some("curl"), ip("192.1.2.1")));
        assert!(!v4.fit(Some("curl"), ip("2001:db8::1")));
        assert!(!v4.fit(Some("curl"), None));
        assert!(!v4.fit(Some("Curl"), ip("192.0.2.1")));
        assert!(!v4.fit(None, ip("192.0.2.1")));
        let v6 = marks(None, Some("2001:db8::1:0:1"));
        assert!(v6.fit(None, ip("2001:db8::1:ffff:1")), "the same /96");
        assert!(!v6.fit(None, ip("2001:db8::1:0:0:1")));
        assert!(marks(None, None).fit(None, None));
    }
}
