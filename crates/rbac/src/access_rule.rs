//! What roles may do with the paths behind a gateway, as operators write it down.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::AccessRuleId;

const MAX_ROLE_BYTES: usize = 64;
const MAX_PATH_BYTES: usize = 512;
const MAX_TOPIC_CHARS: usize = 64;

/// A rule about what a role may do behind a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRule {
    /// Its id.
    pub id: AccessRuleId,
    /// What it says.
    pub content: AccessRuleContent,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRuleContent {
    /// For whom.
    pub role: RuleRole,
    /// For requests with this method.
    pub verb: RuleVerb,
    /// For paths that begin so.
    pub path: RulePath,
    /// What it does to them.
    pub effect: RuleEffect,
    /// Under which name what it notes stands in the audit trail.
    pub topic: Option<RuleTopic>,
}

/// The name of the role that a rule is for: 1 to 64 of `a-z`, `0-9`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRole(String);

/// The beginning of paths: with its first slash, without its last; `/` is the beginning of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePath(String);

/// What entries in the audit trail are about: 1 to 64 characters in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleTopic(String);

/// Why a text is no part of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessRuleError {
    /// It is no name of a role.
    #[error("a role is written with 1 to {MAX_ROLE_BYTES} of a-z, 0-9, _ and -")]
    Role,
    /// It is no method.
    #[error("the verb is ALL or a method of HTTP")]
    Verb,
    /// It is no beginning of a path.
    #[error("a path has 1 to {MAX_PATH_BYTES} bytes, none of them a blank, ?, #, %, ; or \\")]
    Path,
    /// It is nothing that a rule can do.
    #[error("the action is ACCEPT, DROP or AUDIT")]
    Effect,
    /// It is no topic.
    #[error("a topic has 1 to {MAX_TOPIC_CHARS} characters in one line")]
    Topic,
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident, $error:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// As it is stored and shown.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl FromStr for $name {
            type Err = AccessRuleError;

            /// In any case of its letters.
            fn from_str(text: &str) -> Result<Self, AccessRuleError> {
                match text.to_ascii_uppercase().as_str() {
                    $($text => Ok(Self::$variant),)*
                    _ => Err(AccessRuleError::$error),
                }
            }
        }
    };
}

named! {
    /// Which methods a rule is for.
    RuleVerb, Verb {
        /// Every method.
        All = "ALL",
        /// `GET`, and `HEAD`, which shows less of the same.
        Get = "GET",
        /// `HEAD` alone.
        Head = "HEAD",
        /// `POST`.
        Post = "POST",
        /// `PUT`.
        Put = "PUT",
        /// `PATCH`.
        Patch = "PATCH",
        /// `DELETE`.
        Delete = "DELETE",
        /// `OPTIONS`.
        Options = "OPTIONS",
        /// `TRACE`.
        Trace = "TRACE",
        /// `CONNECT`.
        Connect = "CONNECT",
    }
}

named! {
    /// What a rule does.
    RuleEffect, Effect {
        /// It lets requests pass that no other rule drops.
        Accept = "ACCEPT",
        /// It drops requests, whatever other rules say.
        Drop = "DROP",
        /// It notes requests in the audit trail, and decides nothing.
        Audit = "AUDIT",
    }
}

impl RuleVerb {
    /// Whether the rule is for requests with this method.
    pub fn covers(self, method: &str) -> bool {
        match self {
            Self::All => true,
            Self::Get => matches!(method, "GET" | "HEAD"),
            other => method == other.name(),
        }
    }
}

impl RuleRole {
    /// As it is stored and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RulePath {
    /// As it is stored and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a path is this one or below it: whole segments, to the letter.
    pub fn leads_to(&self, path: &str) -> bool {
        path.strip_prefix(self.bare())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether a path begins so, in any case of its letters: what must not be missed is looked for generously.
    pub fn touches(&self, path: &str) -> bool {
        let bare = self.bare();
        path.get(..bare.len())
            .is_some_and(|beginning| beginning.eq_ignore_ascii_case(bare))
    }

    fn bare(&self) -> &str {
        self.0.trim_end_matches('/')
    }
}

impl RuleTopic {
    /// As it is stored and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RuleRole {
    type Err = AccessRuleError;

    fn from_str(text: &str) -> Result<Self, AccessRuleError> {
        let is_letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        let fits = (1..=MAX_ROLE_BYTES).contains(&text.len()) && text.bytes().all(is_letter);
        fits.then(|| Self(text.to_owned())).ok_or(AccessRuleError::Role)
    }
}

impl FromStr for RulePath {
    type Err = AccessRuleError;

    /// The first slash may be left out, as older servers did.
    fn from_str(text: &str) -> Result<Self, AccessRuleError> {
        let is_plain = |letter: char| {
            !letter.is_control() && !letter.is_whitespace() && !matches!(letter, '?' | '#' | '%' | ';' | '\\')
        };
        if text.is_empty() || text.len() > MAX_PATH_BYTES || !text.chars().all(is_plain) {
            return Err(AccessRuleError::Path);
        }
        Ok(Self(format!("/{}", text.trim_matches('/'))))
    }
}

impl FromStr for RuleTopic {
    type Err = AccessRuleError;

    fn from_str(text: &str) -> Result<Self, AccessRuleError> {
        let text = text.trim();
        let fits =
            (1..=MAX_TOPIC_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or(AccessRuleError::Topic)
    }
}

impl fmt::Display for RuleRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the rules say of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling<'r> {
    /// Whether it may go on.
    pub access: Access,
    /// The first rule that wants it noted.
    pub noted_by: Option<&'r AccessRule>,
}

/// Whether a request may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It may.
    Accepted,
    /// It may not: a rule drops it, or none accepts it.
    Dropped,
}

/// Judges a request by all the rules there are. With no rules at all nothing is enforced; with any, a request needs one
/// that accepts it and none that drops it.
pub fn judge<'r>(rules: &'r [AccessRule], role: &str, method: &str, path: &str) -> Ruling<'r> {
    let mut ruling = Ruling {
        access: if rules.is_empty() {
            Access::Accepted
        } else {
            Access::Dropped
        },
        noted_by: None,
    };
    let mut is_dropped = false;
    for rule in rules {
        let content = &rule.content;
        if content.role.as_str() != role || !content.verb.covers(method) {
            continue;
        }
        match content.effect {
            RuleEffect::Accept if content.path.leads_to(path) => ruling.access = Access::Accepted,
            RuleEffect::Drop if content.path.touches(path) => is_dropped = true,
            RuleEffect::Audit if content.path.touches(path) => {
                ruling.noted_by = ruling.noted_by.or(Some(rule));
            }
            RuleEffect::Accept | RuleEffect::Drop | RuleEffect::Audit => {}
        }
    }
    if is_dropped {
        ruling.access = Access::Dropped;
    }
    ruling
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(texts: &[&str]) -> Vec<AccessRule> {
        let rule = |(id, text): (i64, &&str)| {
            let mut words = text.split(' ');
            let mut word = || words.next().unwrap();
            AccessRule {
                id: AccessRuleId(id),
                content: AccessRuleContent {
                    effect: word().parse().unwrap(),
                    role: word().parse().unwrap(),
                    verb: word().parse().unwrap(),
                    path: word().parse().unwrap(),
                    topic: None,
                },
                created_at: DateTime::UNIX_EPOCH,
                updated_at: DateTime::UNIX_EPOCH,
            }
        };
        (1..).zip(texts).map(rule).collect()
    }

    #[track_caller]
    fn check(texts: &[&str], (method, path): (&str, &str), access: Access, noted_by: Option<i64>) {
        let rules = rules(texts);
        let ruling = judge(&rules, "member", method, path);
        let noted = ruling.noted_by.map(|rule| rule.id.0);
        assert_eq!(
            (ruling.access, noted),
            (access, noted_by),
            "{method} {path} by {texts:?}"
        );
    }

    use Access::{Accepted, Dropped};

    #[test]
    fn without_any_rule_nothing_is_enforced() {
        check(&[], ("GET", "/orders"), Accepted, None);
        check(&["accept admin all /"], ("GET", "/orders"), Dropped, None);
        check(&["audit member all /"], ("GET", "/orders"), Dropped, Some(1));
    }

    #[test]
    fn a_request_needs_a_rule_that_accepts_and_none_that_drops() {
        let rules = ["accept member get /api/orders", "drop member all /api/orders/all"];
        check(&rules, ("GET", "/api/orders"), Accepted, None);
        check(&rules, ("HEAD", "/api/orders/7"), Accepted, None);
        check(&rules, ("POST", "/api/orders"), Dropped, None);
        check(&rules, ("GET", "/api/orders/all"), Dropped, None);
        check(
            &["drop member all /", "accept member all /"],
            ("GET", "/"),
            Dropped,
            None,
        );
        check(&["accept member head /"], ("GET", "/"), Dropped, None);
    }

    #[test]
    fn accepting_is_strict_and_dropping_is_generous() {
        let accepting = ["accept member all /api/orders/"];
        check(&accepting, ("GET", "/api/orders/"), Accepted, None);
        check(&accepting, ("GET", "/api/ordersecrets"), Dropped, None);
        check(&accepting, ("GET", "/API/orders"), Dropped, None);
        check(&accepting, ("GET", "/x/api/orders"), Dropped, None);
        let dropping = ["accept member all /", "drop member all /api/admin"];
        check(&dropping, ("GET", "/API/Admin/users"), Dropped, None);
        check(&dropping, ("GET", "/api/administration"), Dropped, None);
        check(&dropping, ("GET", "/apä"), Accepted, None);
    }

    #[test]
    fn the_first_rule_that_wants_a_note_gets_it_whatever_becomes_of_the_request() {
        let rules = [
            "audit admin all /",
            "audit member put /",
            "audit member get /orders",
            "audit member all /",
            "accept member get /orders",
        ];
        check(&rules, ("GET", "/orders"), Accepted, Some(3));
        check(&rules, ("DELETE", "/orders"), Dropped, Some(4));
    }

    #[test]
    fn a_rule_is_written_with_or_without_its_slashes() {
        let path = |text: &str| text.parse::<RulePath>().map(|path| path.as_str().to_owned());
        assert_eq!(path("api/v2/barong"), Ok("/api/v2/barong".to_owned()));
        assert_eq!(path("/api/v2/barong/"), Ok("/api/v2/barong".to_owned()));
        assert_eq!(path("/"), Ok("/".to_owned()));
        let long = "a".repeat(MAX_PATH_BYTES + 1);
        for bad in [
            "",
            "/a b",
            "/a?b",
            "/a%2e",
            "/a;b",
            "/a\\b",
            "/a\n",
            long.as_str(),
        ] {
            assert_eq!(path(bad), Err(AccessRuleError::Path), "{bad}");
        }
    }

    #[test]
    fn names_are_read_in_any_case() {
        assert_eq!("get".parse(), Ok(RuleVerb::Get));
        assert_eq!("Accept".parse(), Ok(RuleEffect::Accept));
        assert_eq!("fetch".parse::<RuleVerb>(), Err(AccessRuleError::Verb));
        assert_eq!("allow".parse::<RuleEffect>(), Err(AccessRuleError::Effect));
        assert_eq!("Admin".parse::<RuleRole>(), Err(AccessRuleError::Role));
        assert_eq!("a\nb".parse::<RuleTopic>(), Err(AccessRuleError::Topic));
    }
}
