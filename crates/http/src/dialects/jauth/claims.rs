//! What jauth's own tokens say: access tokens, with exactly four claims, none of them a log-in or a time of issue; and
//! those that other servers mail for it.
//!
//! Other programs may know the secret that signs access tokens. The tokens that are mailed set passwords, which open
//! every door, so they are signed with a key that nobody else has.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use clavis_flows::Entitled;
use clavis_kernel::{AccountId, Dialect, SubKey};
use clavis_tokens::{KeyOwner, KeyRing, SignedClaims, TokenHeader};
use serde::{Deserialize, Serialize};

use super::third_party::UserType;
use crate::bearer::{Grounds, Subject};
use crate::{BearerFacts, Fault};

/// Who signs jauth's tokens.
pub(super) const OWNER: KeyOwner = KeyOwner::Dialect(Dialect::Jauth);
/// The issuer that access tokens name.
const ISSUER: &str = "jauth";
/// The issuer that a token names which shows that somebody reads an address.
const EMAIL_ISSUER: &str = "jauth-temp-email";
/// The issuer that a token names which resets a password.
const RESET_ISSUER: &str = "jauth-temp-password-reset";
/// The header of a token that is mailed, `{"typ":"JWT","alg":"HS256"}`: one algorithm, one key.
const MAILED_HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";
/// How long a token lives that is mailed.
const TEMPORARY: Duration = Duration::hours(1);

/// The payload of an access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccessClaims {
    exp: i64,
    iss: String,
    id: String,
    #[serde(rename = "type")]
    kind: i64,
}

impl AccessClaims {
    /// An access token for who may be given one.
    pub(super) fn sign(
        entitled: &Entitled,
        lifetime: Duration,
        ring: &KeyRing,
        now: DateTime<Utc>,
    ) -> Result<String, Fault> {
        let claims = Self {
            exp: (entitled.issued_at + lifetime).timestamp(),
            iss: ISSUER.to_owned(),
            id: entitled.card.view.account.id.to_string(),
            kind: UserType::of(&entitled.card).number(),
        };
        signed(&claims, ring, now)
    }

    /// The claims of a token whose signature was verified, if it is an access token of jauth's that is good at this
    /// moment.
    pub(super) fn of(signed: &SignedClaims, now: DateTime<Utc>) -> Option<Self> {
        if signed.owner != OWNER || signed.moment("exp")? <= now {
            return None;
        }
        let claims = serde_json::Value::Object(signed.claims.clone());
        let claims: Self = serde_json::from_value(claims).ok()?;
        (claims.iss == ISSUER).then_some(claims)
    }
}

/// What one of this dialect's access tokens says, which live for `lifetime`.
pub(crate) fn bearer_facts(signed: &SignedClaims, lifetime: Duration) -> Option<BearerFacts> {
    if signed.text("iss") != Some(ISSUER) {
        return None;
    }
    let expires_at = signed.moment("exp")?;
    Some(BearerFacts {
        grounds: Grounds::IssuedAt(expires_at.checked_sub_signed(lifetime)?),
        subject: Subject::Id(signed.text("id")?.parse().ok()?),
        expires_at,
    })
}

/// What another server mails to somebody who has an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TemporaryToken {
    /// Shows that they read what is sent to this address.
    Email(String),
    /// Resets the password that they have: the one of this version and no later one, so it works once.
    PasswordReset(i64),
}

#[derive(Serialize, Deserialize)]
struct TemporaryClaims {
    exp: i64,
    iss: String,
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
}

impl TemporaryToken {
    /// The token as it is mailed.
    pub(super) fn sign(&self, account: AccountId, key: &SubKey, now: DateTime<Utc>) -> String {
        let (issuer, email, version) = match self {
            Self::Email(address) => (EMAIL_ISSUER, Some(address.clone()), None),
            Self::PasswordReset(version) => (RESET_ISSUER, None, Some(*version)),
        };
        let claims = TemporaryClaims {
            exp: (now + TEMPORARY).timestamp(),
            iss: issuer.to_owned(),
            id: account.to_string(),
            email,
            version,
        };
        let claims = serde_json::to_vec(&claims).expect("claims are texts and numbers under text keys");
        let signed = format!("{MAILED_HEADER}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = key.hmac(&[signed.as_bytes()]);
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Whose a token is and what for, if it is one, good at this moment.
    pub(super) fn read(token: &str, key: &SubKey, now: DateTime<Utc>) -> Option<(AccountId, Self)> {
        let (signed, signature) = token.rsplit_once('.')?;
        let claims = signed.strip_prefix(MAILED_HEADER)?.strip_prefix('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let expected = key.hmac(&[signed.as_bytes()]);
        if signature.len() != expected.len() || !openssl::memcmp::eq(&signature, &expected) {
            return None;
        }
        let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
        let claims: TemporaryClaims = serde_json::from_slice(&claims).ok()?;
        if claims.exp <= now.timestamp() {
            return None;
        }
        let token = match claims.iss.as_str() {
            EMAIL_ISSUER => Self::Email(claims.email?),
            RESET_ISSUER => Self::PasswordReset(claims.version?),
            _ => return None,
        };
        Some((claims.id.parse().ok()?, token))
    }
}

fn signed(claims: &AccessClaims, ring: &KeyRing, now: DateTime<Utc>) -> Result<String, Fault> {
    let payload = serde_json::to_vec(claims).expect("claims are texts and numbers under text keys");
    Ok(ring.sign(OWNER, TokenHeader::Typed, &payload, now)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clavis_kernel::{MasterKey, Purpose};
    use serde_json::{Value, json};

    const NOW: i64 = 1_601_546_000;

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

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(NOW, 0).unwrap()
    }

    fn good() -> Value {
        json!({ "exp": NOW + 3600, "iss": "jauth", "id": "0b6a1c9e-3f0e-4f0b-9b7f-0f1d2c3b4a59", "type": 1 })
    }

    #[test]
    fn a_token_was_issued_its_lifetime_before_its_end() {
        let facts = bearer_facts(&signed_claims(good()), Duration::hours(1)).unwrap();
        assert_eq!(facts.grounds, Grounds::IssuedAt(now()));
        assert_eq!(facts.expires_at.timestamp(), NOW + 3600);
    }

    #[test]
    fn absent_is_failed() {
        for (name, value) in [
            ("exp", Value::Null),
            ("exp", json!("1601546400")),
            ("exp", json!(i64::MAX)),
            ("iss", Value::Null),
            ("iss", json!("jauth-temp-email")),
            ("id", Value::Null),
            ("id", json!(7)),
            ("id", json!("abc")),
        ] {
            let mut claims = good();
            claims[name] = value.clone();
            let signed = signed_claims(claims);
            assert!(
                bearer_facts(&signed, Duration::hours(1)).is_none(),
                "{name} {value}"
            );
        }
    }

    #[test]
    fn a_token_is_good_until_its_end_and_for_what_it_was_issued() {
        let claims = |name: &str, value: Value| {
            let mut claims = good();
            claims[name] = value;
            signed_claims(claims)
        };
        assert!(AccessClaims::of(&signed_claims(good()), now()).is_some());
        assert!(AccessClaims::of(&claims("exp", json!(NOW)), now()).is_none());
        assert!(AccessClaims::of(&claims("iss", json!("jauth-temp-email")), now()).is_none());
        assert!(AccessClaims::of(&claims("type", json!("1")), now()).is_none());
    }

    #[test]
    fn a_mailed_token_is_good_for_an_hour_and_for_what_it_was_made_under_its_key_alone() {
        let key = MasterKey::parse(&"07".repeat(32))
            .unwrap()
            .derive(Purpose::MailedTokens);
        let account: AccountId = "0b6a1c9e-3f0e-4f0b-9b7f-0f1d2c3b4a59".parse().unwrap();
        let token = TemporaryToken::PasswordReset(3).sign(account, &key, now());
        let hour = Duration::hours(1);
        let read = |token: &str, key, at| TemporaryToken::read(token, key, at);
        assert_eq!(
            read(&token, &key, now()),
            Some((account, TemporaryToken::PasswordReset(3)))
        );
        assert_eq!(read(&token, &key, now() + hour), None);
        let another = MasterKey::parse(&"08".repeat(32))
            .unwrap()
            .derive(Purpose::MailedTokens);
        assert_eq!(read(&token, &another, now()), None);
        assert_eq!(read(&format!("{token}A"), &key, now()), None);
        for strange in [
            "",
            ".",
            "..",
            "a.b.c",
            MAILED_HEADER,
            token.trim_start_matches('e'),
        ] {
            assert_eq!(read(strange, &key, now()), None, "{strange}");
        }
        let header = URL_SAFE_NO_PAD.decode(MAILED_HEADER).unwrap();
        assert_eq!(header, br#"{"typ":"JWT","alg":"HS256"}"#);
    }

    #[test]
    fn what_a_token_says_is_shown_as_its_four_claims() {
        let claims = AccessClaims::of(&signed_claims(good()), now()).unwrap();
        assert_eq!(
            serde_json::to_string(&claims).unwrap(),
            format!(
                r#"{{"exp":{},"iss":"jauth","id":"0b6a1c9e-3f0e-4f0b-9b7f-0f1d2c3b4a59","type":1}}"#,
                NOW + 3600
            )
        );
    }
}
