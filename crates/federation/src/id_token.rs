//! ID tokens (OpenID Connect Core §2): what a provider signed about somebody, for us.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use clavis_flows::{ProviderAccount, ProviderRefusal};
use clavis_kernel::{Clock, Secret};
use serde_json::{Map, Value};

use crate::json;
use crate::keys::{Algorithm, Keys};
use crate::person::Told;
use crate::wire::Wire;

/// Longest token, in bytes.
const MAX_TOKEN: usize = 16 * 1024;
/// How far a provider's clock may be ahead of ours.
const SKEW: Duration = Duration::seconds(60);

/// What a token must be.
pub(crate) struct Expected<'a> {
    /// How it may be signed.
    pub(crate) algorithms: &'a [Algorithm],
    /// One of these issued it.
    pub(crate) issuers: &'a [String],
    /// It was issued for one or more of these, and for nobody else.
    pub(crate) clients: &'a [String],
    /// What its `nonce` must be.
    pub(crate) nonce: Option<&'a str>,
}

/// What a token says, once everything about it was verified.
pub(crate) struct Claims(Map<String, Value>);

impl Claims {
    /// Verifies a token.
    pub(crate) async fn of(
        token: &Secret,
        keys: &Keys,
        (wire, clock): (&Wire, &dyn Clock),
        expected: &Expected<'_>,
    ) -> Result<Self, ProviderRefusal> {
        let parts = Parts::split(token.expose()).ok_or(ProviderRefusal::Rejected(
            "the token is not a signed JSON Web Token",
        ))?;
        let algorithm = parts.algorithm(expected.algorithms)?;
        let kid = parts.kid()?;
        keys.verify((wire, clock), (kid, algorithm), parts.signed, &parts.signature)
            .await?;
        let claims = json::object(&parts.payload);
        let claims = claims.ok_or(ProviderRefusal::Rejected("the token's claims are no JSON object"))?;
        check(&claims, expected, clock.now()).map_err(ProviderRefusal::Rejected)?;
        Ok(Self(claims))
    }

    /// Who it is about.
    pub(crate) fn subject(&self) -> Option<&str> {
        json::text(&self.0, "sub")
    }

    /// Whether it tells an address.
    pub(crate) fn has_address(&self) -> bool {
        json::text(&self.0, "email").is_some()
    }

    /// What it tells about them.
    pub(crate) fn told(&self) -> Told<'_> {
        standard_claims(&self.0)
    }

    /// Who it is about, with what it tells about them.
    pub(crate) fn account(&self, wire: &Wire) -> Result<ProviderAccount, ProviderRefusal> {
        self.told().account(wire.provider(), self.subject())
    }
}

/// What the standard claims tell (OpenID Connect Core §5.1), of a token or of a userinfo endpoint.
pub(crate) fn standard_claims(claims: &Map<String, Value>) -> Told<'_> {
    Told {
        address: json::text(claims, "email"),
        address_verified: json::is_true(claims, "email_verified"),
        name: json::text(claims, "name"),
        picture: json::text(claims, "picture"),
    }
}

/// A compact JWS (RFC 7515 §7.1), taken apart.
struct Parts<'a> {
    header: Map<String, Value>,
    payload: Vec<u8>,
    /// What the signature is over.
    signed: &'a [u8],
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Option<Self> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        Some(Self {
            header: json::object(&URL_SAFE_NO_PAD.decode(header).ok()?)?,
            payload: URL_SAFE_NO_PAD.decode(payload).ok()?,
            signed: signed.as_bytes(),
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    /// The algorithm that the header names. The keys in a header (`jwk`, `jku`, `x5u`) are never looked at.
    fn algorithm(&self, taken: &[Algorithm]) -> Result<Algorithm, ProviderRefusal> {
        if self.header.contains_key("crit") {
            return Err(ProviderRefusal::Rejected(
                "the token's header asks for an extension",
            ));
        }
        // Other tokens that a provider signs for us name their type: that of a log-out is one.
        let is_plain = self
            .header
            .get("typ")
            .is_none_or(|kind| kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("JWT")));
        if !is_plain {
            return Err(ProviderRefusal::Rejected("the token is of another type"));
        }
        let named = json::text(&self.header, "alg");
        let algorithm = taken.iter().find(|algorithm| named == Some(algorithm.name()));
        algorithm
            .copied()
            .ok_or(ProviderRefusal::Rejected("the token's algorithm is not taken"))
    }

    fn kid(&self) -> Result<Option<&str>, ProviderRefusal> {
        match self.header.get("kid") {
            None => Ok(None),
            Some(Value::String(kid)) => Ok(Some(kid)),
            Some(_) => Err(ProviderRefusal::Rejected(
                "the name of the token's key is no text",
            )),
        }
    }
}

/// OpenID Connect Core §3.1.3.7. What is absent is wrong.
fn check(
    claims: &Map<String, Value>,
    expected: &Expected<'_>,
    now: DateTime<Utc>,
) -> Result<(), &'static str> {
    let is_one = |value: &Value, of: &[String]| {
        value
            .as_str()
            .is_some_and(|text| of.iter().any(|one| one == text))
    };
    if !claims
        .get("iss")
        .is_some_and(|issuer| is_one(issuer, expected.issuers))
    {
        return Err("the token is another issuer's");
    }
    let (is_for_us, is_for_many) = match claims.get("aud") {
        Some(Value::Array(many)) => (
            !many.is_empty() && many.iter().all(|one| is_one(one, expected.clients)),
            many.len() > 1,
        ),
        Some(one) => (is_one(one, expected.clients), false),
        None => (false, false),
    };
    if !is_for_us {
        return Err("the token was issued for somebody else");
    }
    let is_ours = match claims.get("azp") {
        Some(party) => is_one(party, expected.clients),
        None => !is_for_many,
    };
    if !is_ours {
        return Err("the token was issued to somebody else");
    }
    let now = now.timestamp();
    let latest = now + SKEW.num_seconds();
    let expires = moment(claims, "exp").ok_or("the token does not tell when it is over")?;
    let issued = moment(claims, "iat").ok_or("the token does not tell when it was issued")?;
    if expires <= now {
        return Err("the token is over");
    }
    if issued > latest || issued > expires {
        return Err("the token is from the future");
    }
    if claims.contains_key("nbf") && moment(claims, "nbf").is_none_or(|begins| begins > latest) {
        return Err("the token is not good yet");
    }
    if let Some(nonce) = expected.nonce {
        let is_same = json::text(claims, "nonce").is_some_and(|told| Secret::new(nonce).same_as(told));
        if !is_same {
            return Err("the token is for another request");
        }
    }
    Ok(())
}

/// A claim that is a moment, in whole seconds (RFC 7519 §2, NumericDate); a part of a second is cut off.
fn moment(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    let value = claims.get(name)?;
    // Beyond 2^53 a float is no longer a second of anybody's.
    let seconds = value.as_i64().or_else(|| {
        let seconds = value.as_f64()?.floor();
        #[expect(clippy::cast_possible_truncation, reason = "it is small and whole")]
        (seconds.abs() < 9e15).then_some(seconds as i64)
    });
    seconds.filter(|seconds| *seconds >= 0)
}
