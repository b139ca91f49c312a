//! What Barong's own tokens say.

use chrono::{DateTime, Duration, Utc};
use clavis_flows::{KeyHolder, Person};
use clavis_kernel::{Dialect, Entropy, EntropyExt as _, SessionId, Uid};
use clavis_tokens::{KeyOwner, KeyRing, SignedClaims, TokenHeader};
use serde::Serialize;

use super::user_wire::referral_id_of;
use crate::bearer::Subject;
use crate::{BearerFacts, Fault, Grounds};

/// Who signs Barong's tokens.
pub(super) const OWNER: KeyOwner = KeyOwner::Dialect(Dialect::Barong);
/// The `sub` of a token that opens the API; those in mails have others.
pub(super) const SESSION: &str = "session";
pub(super) const ISSUER: &str = "barong";
pub(super) const AUDIENCE: [&str; 2] = ["peatio", "barong"];

/// The payload of a token, in the order in which it is written.
#[derive(Serialize)]
struct SessionClaims<'a> {
    iat: i64,
    exp: i64,
    sub: &'static str,
    iss: &'static str,
    aud: [&'static str; 2],
    jti: String,
    uid: &'a str,
    email: String,
    role: &'a str,
    level: u8,
    state: &'static str,
    /// The number of who led somebody here; releases before 2.0.23 tell of nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    referral_id: Option<i64>,
    /// The session it comes from, by which other doors know whether it still stands; a key has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
}

/// What is checked of a token beyond its signature and its time.
#[derive(Debug, Clone, Default)]
pub(super) struct ClaimsPolicy {
    /// The `iss` to be found; `None` looks at none.
    pub(super) issuer: Option<String>,
    /// One of these is to be found in `aud`; empty looks at none.
    pub(super) audiences: Vec<String>,
    /// How far the clock may be off by which a token's times were written.
    pub(super) leeway: Duration,
}

/// Why a token whose signature is right is none of ours to open the API with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ClaimsError {
    #[error("Signature has expired")]
    Expired,
    #[error("Signature nbf has not been reached")]
    NotYet,
    #[error("Invalid iat")]
    IssuedLater,
    #[error("Invalid subject")]
    Subject,
    #[error("Missing jti")]
    Unnamed,
    #[error("Invalid issuer")]
    Issuer,
    #[error("Invalid audience")]
    Audience,
    #[error("Missing uid")]
    NoUid,
}

/// In whose place a token opens doors.
pub(super) struct Claimant<'a> {
    pub(super) uid: &'a str,
    pub(super) email: String,
    pub(super) role: &'a str,
    pub(super) level: u8,
    pub(super) state: &'static str,
    pub(super) referral_id: Option<i64>,
}

impl<'a> From<&'a Person> for Claimant<'a> {
    fn from(person: &'a Person) -> Self {
        Self {
            uid: person.account().uid.as_str(),
            email: person.address(),
            role: &person.role,
            level: person.level,
            state: person.account().state.name(),
            referral_id: referral_id_of(person),
        }
    }
}

impl<'a> From<&'a KeyHolder> for Claimant<'a> {
    /// A service account has a name and a role of its own; its level and its state are its owner's.
    fn from(holder: &'a KeyHolder) -> Self {
        let owner = Self::from(&holder.owner);
        match &holder.service {
            None => owner,
            Some(service) => Self {
                uid: service.uid.as_str(),
                email: service.address.as_str().to_owned(),
                role: service.role.as_str(),
                referral_id: None,
                ..owner
            },
        }
    }
}

/// A token for somebody: from a log-in, or from a key, which has no session.
pub(super) fn sign(
    claimant: &Claimant<'_>,
    session: Option<SessionId>,
    lifetime: Duration,
    ring: &KeyRing,
    entropy: &dyn Entropy,
    now: DateTime<Utc>,
) -> Result<String, Fault> {
    let claims = SessionClaims {
        iat: now.timestamp(),
        exp: (now + lifetime).timestamp(),
        sub: SESSION,
        iss: ISSUER,
        aud: AUDIENCE,
        jti: hex::encode(entropy.bytes::<10>()),
        uid: claimant.uid,
        email: claimant.email.clone(),
        role: claimant.role,
        level: claimant.level,
        state: claimant.state,
        referral_id: claimant.referral_id,
        sid: session.map(|session| session.to_string()),
    };
    let payload = serde_json::to_vec(&claims).expect("claims are texts and numbers under text keys");
    Ok(ring.sign(OWNER, TokenHeader::Bare, &payload, now)?)
}

impl ClaimsPolicy {
    /// Whose token of our own this is, if it opens the API at this moment: whether the session behind it still stands
    /// is not asked.
    pub(super) fn check(
        &self,
        signed: &SignedClaims,
        now: DateTime<Utc>,
    ) -> Result<(Uid, Option<SessionId>), ClaimsError> {
        if signed.text("sub") != Some(SESSION) {
            return Err(ClaimsError::Subject);
        }
        let (earliest, latest) = (now - self.leeway, now + self.leeway);
        // Absent is failed: every token of ours has an end.
        if signed.moment("exp").is_none_or(|end| end <= earliest) {
            return Err(ClaimsError::Expired);
        }
        if signed.claims.contains_key("nbf") && signed.moment("nbf").is_none_or(|start| start > latest) {
            return Err(ClaimsError::NotYet);
        }
        if signed.claims.contains_key("iat") && signed.moment("iat").is_none_or(|issued| issued > latest) {
            return Err(ClaimsError::IssuedLater);
        }
        if signed.text("jti").is_none_or(str::is_empty) {
            return Err(ClaimsError::Unnamed);
        }
        if self
            .issuer
            .as_deref()
            .is_some_and(|issuer| signed.text("iss") != Some(issuer))
        {
            return Err(ClaimsError::Issuer);
        }
        if !self.audiences.is_empty() && !self.audiences.iter().any(|wanted| is_for(signed, wanted)) {
            return Err(ClaimsError::Audience);
        }
        let uid = signed.text("uid").and_then(|uid| uid.parse().ok());
        let session = signed.text("sid").and_then(|sid| sid.parse().ok());
        uid.map(|uid| (uid, session)).ok_or(ClaimsError::NoUid)
    }
}

/// Whether `aud` names this audience, alone or among others.
fn is_for(signed: &SignedClaims, wanted: &str) -> bool {
    match signed.claims.get("aud") {
        Some(serde_json::Value::String(audience)) => audience == wanted,
        Some(serde_json::Value::Array(audiences)) => {
            audiences.iter().any(|audience| audience.as_str() == Some(wanted))
        }
        _ => false,
    }
}

/// What one of this dialect's access tokens says to other doors: those that come from a key open none.
pub(crate) fn bearer_facts(signed: &SignedClaims) -> Option<BearerFacts> {
    if signed.text("sub") != Some(SESSION) || signed.text("jti").is_none_or(str::is_empty) {
        return None;
    }
    Some(BearerFacts {
        grounds: Grounds::Session(signed.text("sid")?.parse().ok()?),
        subject: Subject::Uid(signed.text("uid")?.parse().ok()?),
        expires_at: signed.moment("exp")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: i64 = 1_601_510_400;

    fn good() -> Value {
        json!({
            "iat": NOW, "exp": NOW + 6000, "sub": "session", "iss": "barong", "aud": ["peatio", "barong"],
            "jti": "b2a6f1c4d3e5f6a7b8c9", "uid": "ID873B6B5E43", "email": "ann@example.org", "role": "member",
            "level": 1, "state": "active", "sid": "0198f2a0-0000-7000-8000-000000000001",
        })
    }

    fn signed(claims: Value) -> SignedClaims {
        let Value::Object(claims) = claims else {
            panic!("claims are an object")
        };
        SignedClaims {
            owner: OWNER,
            shared_secret: false,
            claims,
        }
    }

    #[track_caller]
    fn check(name: &str, value: Option<Value>, expected: Result<(), ClaimsError>) {
        let mut claims = good();
        match value {
            Some(value) => claims[name] = value,
            None => {
                claims.as_object_mut().unwrap().remove(name);
            }
        }
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let checked = ClaimsPolicy::default().check(&signed(claims), now);
        assert_eq!(checked.map(drop), expected, "{name}");
    }

    #[test]
    fn a_token_opens_the_api_only_while_every_claim_is_right() {
        check("level", Some(json!(3)), Ok(()));
        check("sid", None, Ok(()));
        check("iss", None, Ok(()));
        check("iat", None, Ok(()));
        check("sub", None, Err(ClaimsError::Subject));
        check("sub", Some(json!("confirmation")), Err(ClaimsError::Subject));
        check("sub", Some(json!("reset")), Err(ClaimsError::Subject));
        check("exp", None, Err(ClaimsError::Expired));
        check("exp", Some(json!(NOW)), Err(ClaimsError::Expired));
        check("exp", Some(json!("soon")), Err(ClaimsError::Expired));
        check("nbf", Some(json!(NOW + 1)), Err(ClaimsError::NotYet));
        check("iat", Some(json!(NOW + 1)), Err(ClaimsError::IssuedLater));
        check("iat", Some(json!("now")), Err(ClaimsError::IssuedLater));
        check("jti", None, Err(ClaimsError::Unnamed));
        check("jti", Some(json!("")), Err(ClaimsError::Unnamed));
        check("uid", None, Err(ClaimsError::NoUid));
        check("uid", Some(json!("")), Err(ClaimsError::NoUid));
    }

    #[test]
    fn issuer_and_audience_count_when_they_are_set() {
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let policy = |issuer: Option<&str>, audiences: &[&str]| ClaimsPolicy {
            issuer: issuer.map(str::to_owned),
            audiences: audiences.iter().map(|audience| (*audience).to_owned()).collect(),
            leeway: Duration::zero(),
        };
        assert!(
            policy(Some("barong"), &["peatio"])
                .check(&signed(good()), now)
                .is_ok()
        );
        assert_eq!(
            policy(Some("other"), &[]).check(&signed(good()), now).err(),
            Some(ClaimsError::Issuer)
        );
        assert_eq!(
            policy(None, &["ranger"]).check(&signed(good()), now).err(),
            Some(ClaimsError::Audience)
        );
    }

    #[test]
    fn a_clock_may_be_off_by_the_leeway_and_no_more() {
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let policy = ClaimsPolicy {
            leeway: Duration::seconds(10),
            ..ClaimsPolicy::default()
        };
        let check = |name: &str, moment: i64| {
            let mut claims = good();
            claims[name] = json!(moment);
            policy.check(&signed(claims), now).err()
        };
        assert_eq!(check("exp", NOW - 9), None);
        assert_eq!(check("exp", NOW - 10), Some(ClaimsError::Expired));
        assert_eq!(check("nbf", NOW + 10), None);
        assert_eq!(check("nbf", NOW + 11), Some(ClaimsError::NotYet));
        assert_eq!(check("iat", NOW + 10), None);
        assert_eq!(check("iat", NOW + 11), Some(ClaimsError::IssuedLater));
    }

    #[test]
    fn a_token_without_a_session_crosses_no_door() {
        assert!(bearer_facts(&signed(good())).is_some());
        for name in ["sid", "uid", "exp", "jti", "sub"] {
            let mut claims = good();
            claims.as_object_mut().unwrap().remove(name);
            assert!(bearer_facts(&signed(claims)).is_none(), "{name}");
        }
    }
}
