//! What Pluto's own tokens say: access tokens, and those that travel in mails.

use chrono::{DateTime, Duration, Utc};
use clavis_flows::{Grant, OAuthGrant};
use clavis_kernel::{AccountNumber, Dialect, SessionId};
use clavis_tokens::{KeyError, KeyOwner, KeyRing, SignedClaims, TokenHeader};
use serde::{Deserialize, Serialize};

use crate::bearer::Subject;
use crate::{BearerFacts, Fault, Grounds};

/// Who signs Pluto's tokens.
pub(super) const OWNER: KeyOwner = KeyOwner::Dialect(Dialect::Pluto);
/// The `type` of an access token.
const ACCESS: &str = "access";

/// The payload of an access token as its readers know it: no audience, no role.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct AccessClaims {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) iat: i64,
    pub(super) exp: i64,
    pub(super) sub: i64,
    pub(super) iss: String,
    pub(super) scopes: Vec<String>,
}

/// The payload as it is signed: with the session, so that the token can be ended.
#[derive(Serialize)]
struct SessionClaims {
    #[serde(flatten)]
    claims: AccessClaims,
    /// None in a token of nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
}

/// What an access token is made of.
pub(super) struct Contents<'a> {
    pub(super) account: AccountNumber,
    pub(super) application: &'a str,
    pub(super) scopes: &'a [String],
    pub(super) session: Option<SessionId>,
}

impl<'a> From<&'a Grant> for Contents<'a> {
    fn from(grant: &'a Grant) -> Self {
        Self {
            account: grant.account.account.number,
            application: &grant.application.name,
            scopes: grant.scopes.names(),
            session: Some(grant.session),
        }
    }
}

impl<'a> From<&'a OAuthGrant> for Contents<'a> {
    fn from(grant: &'a OAuthGrant) -> Self {
        Self {
            account: grant.account,
            application: &grant.application,
            scopes: grant.scopes.names(),
            session: Some(grant.session),
        }
    }
}

impl<'a> Contents<'a> {
    /// Of a program that acts in nobody's place: the number is no account's.
    pub(super) fn of_nobody(application: &'a str) -> Self {
        Self {
            account: AccountNumber(0),
            application,
            scopes: &[],
            session: None,
        }
    }
}

impl AccessClaims {
    /// An access token.
    pub(super) fn sign(
        contents: &Contents<'_>,
        lifetime: Duration,
        ring: &KeyRing,
        now: DateTime<Utc>,
    ) -> Result<String, Fault> {
        let mut scopes = contents.scopes.to_vec();
        if scopes.is_empty() {
            // A token without scopes has one empty scope.
            scopes.push(String::new());
        }
        let claims = Self {
            kind: ACCESS.to_owned(),
            iat: now.timestamp(),
            exp: (now + lifetime).timestamp(),
            sub: contents.account.0,
            iss: contents.application.to_owned(),
            scopes,
        };
        let sid = contents.session.map(|session| session.to_string());
        Ok(signed(&SessionClaims { claims, sid }, ring, now)?)
    }

    /// The claims of a token whose signature was verified; `None` when it is no access token of Pluto's.
    pub(super) fn of(signed: &SignedClaims) -> Option<Self> {
        if signed.owner != OWNER {
            return None;
        }
        let claims = Self::deserialize(&signed.claims).ok()?;
        (claims.kind == ACCESS).then_some(claims)
    }
}

/// What a token in a mail is for; the `type` it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MailToken {
    Verification,
    PasswordReset,
    MailChange,
}

impl MailToken {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Verification => "register_verify",
            Self::PasswordReset => "password_reset",
            Self::MailChange => "mail_change",
        }
    }
}

/// The payload of a token that is mailed.
#[derive(Serialize)]
pub(super) struct MailClaims<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) iat: i64,
    pub(super) exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sub: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mail: Option<&'a str>,
    /// Random: two tokens of one second differ.
    pub(super) jti: String,
}

impl MailClaims<'_> {
    pub(super) fn sign(&self, ring: &KeyRing, now: DateTime<Utc>) -> Result<String, KeyError> {
        signed(self, ring, now)
    }
}

fn signed(claims: &impl Serialize, ring: &KeyRing, now: DateTime<Utc>) -> Result<String, KeyError> {
    let payload = serde_json::to_vec(claims).expect("claims are texts and numbers under text keys");
    ring.sign(OWNER, TokenHeader::Pluto, &payload, now)
}

/// The last second in which a token is good is its `exp`: what it says is over one second later.
pub(super) fn end_of(expires_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    expires_at.checked_add_signed(Duration::seconds(1))
}

/// What one of this dialect's access tokens says.
pub(crate) fn bearer_facts(signed: &SignedClaims) -> Option<BearerFacts> {
    if signed.text("type") != Some(ACCESS) {
        return None;
    }
    let number = signed.claims.get("sub")?.as_i64().filter(|&number| number > 0)?;
    let session: SessionId = signed.text("sid")?.parse().ok()?;
    Some(BearerFacts {
        grounds: Grounds::Session(session),
        subject: Subject::Number(AccountNumber(number)),
        expires_at: end_of(signed.moment("exp")?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn signed_claims(claims: Value) -> SignedClaims {
        let Value::Object(claims) = claims else {
            panic!("claims are an object")
        };
        SignedClaims {
            owner: OWNER,
            shared_secret: false,
            claims,
        }
    }

    fn good() -> Value {
        json!({
            "type": "access", "iat": 1_601_510_400, "exp": 1_601_514_000, "sub": 3, "iss": "shop",
            "scopes": ["shop.read"], "sid": "0198f2a0-0000-7000-8000-000000000001",
        })
    }

    #[test]
    fn an_access_token_names_account_session_and_end() {
        let facts = bearer_facts(&signed_claims(good())).unwrap();
        assert_eq!(facts.subject, Subject::Number(AccountNumber(3)));
        assert_eq!(
            facts.expires_at.timestamp(),
            1_601_514_001,
            "good in its last second"
        );
        let session = "0198f2a0-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(facts.grounds, Grounds::Session(session));
    }

    #[test]
    fn absent_is_failed() {
        for (name, value) in [
            ("type", json!("register_verify")),
            ("type", Value::Null),
            ("sub", json!(0)),
            ("sub", json!(-3)),
            ("sub", json!("3")),
            ("sub", json!(3.5)),
            ("sub", Value::Null),
            ("sid", json!("abc")),
            ("sid", Value::Null),
            ("exp", json!("1601514000")),
            ("exp", json!(i64::MAX)),
            ("exp", Value::Null),
        ] {
            let mut claims = good();
            claims[name] = value.clone();
            assert!(bearer_facts(&signed_claims(claims)).is_none(), "{name} {value}");
        }
    }

    #[test]
    fn the_session_is_left_out_for_readers() {
        let claims = AccessClaims::of(&signed_claims(good())).unwrap();
        assert_eq!(
            serde_json::to_string(&claims).unwrap(),
            r#"{"type":"access","iat":1601510400,"exp":1601514000,"sub":3,"iss":"shop","scopes":["shop.read"]}"#
        );
    }

    #[test]
    fn another_owners_token_is_none_of_plutos() {
        let mut signed = signed_claims(good());
        signed.owner = KeyOwner::Dialect(Dialect::BackendPlus);
        assert_eq!(AccessClaims::of(&signed), None);
    }
}
