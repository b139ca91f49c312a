use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use clavis_kernel::TokenDigest;
use josekit::Value;
use serde_json::Map;

use super::{Keychain, ScopeSigners, SignerKey};

/// How many signatures a request has at most. Each costs a verification before anybody is known.
pub(super) const MAX_SIGNATURES: usize = 16;
/// The longest `jti`, in bytes.
const MAX_JTI_BYTES: usize = 255;
/// How long a request is in force at most, from when it is presented: until then it has to be remembered.
const MAX_IN_FORCE: Duration = Duration::days(1);
/// How far another server's clock may be ahead of ours.
const CLOCK_SKEW: Duration = Duration::seconds(5);

/// A request that bears the signatures it needs and is in force.
#[derive(Clone)]
pub struct VerifiedRequest {
    /// The request's parameters.
    pub data: Map<String, Value>,
    /// Who signed it, of those who may.
    pub signers: BTreeSet<String>,
    /// What its signers gave it so that it is taken once only.
    pub jti: Option<String>,
    /// What every copy of it has in common, also one from which signatures were taken away: for one that is good
    /// once, to be remembered until it expires.
    pub digest: TokenDigest,
    /// From when on it is worth nothing: at most a day from when it was presented.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for VerifiedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The parameters are people's addresses and passwords.
        f.debug_struct("VerifiedRequest")
            .field("signers", &self.signers)
            .finish_non_exhaustive()
    }
}

/// Why a signed request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsRefusal {
    /// The body is no JSON.
    #[error("the body is not JSON")]
    Unparseable,
    /// The body is no JSON Web Signature in general serialization, a signature is not its signer's, or the
    /// request is not in force.
    #[error("a signature does not verify, or the request is not in force")]
    BadSignatureOrExpired,
    /// Somebody has to sign and did not.
    #[error("a signature that the action needs is missing")]
    NotEnoughSignatures,
}

impl Keychain {
    /// Verifies a request: a JSON Web Signature in general JSON serialization (RFC 7515 §7.2.1), whose signers
    /// are named by `header.kid`.
    ///
    /// Every signature of a signer in the keychain has to be that signer's, by the algorithm the keychain gives
    /// the key, also where the scope has no need of it. Signatures of others prove nothing and are passed over.
    /// All mandatory signers of the scope have to be there, and one permitted signer where none is mandatory;
    /// for a scope that the keychain does not have there is nobody who could sign.
    ///
    /// `exp` has to be there, at most a day ahead (a request without it could be repeated for ever); `nbf`, `iat`
    /// and `jti` may be. A request presented twice is not noticed here: remember its `digest`.
    pub fn verify(
        &self,
        body: &[u8],
        scope: &str,
        now: DateTime<Utc>,
    ) -> Result<VerifiedRequest, JwsRefusal> {
        let body: Value = serde_json::from_slice(body).map_err(|_| JwsRefusal::Unparseable)?;
        let (payload, verified) = self
            .verify_signatures(&body)
            .ok_or(JwsRefusal::BadSignatureOrExpired)?;
        let nobody = ScopeSigners::default();
        let needed = self.scopes.get(scope).unwrap_or(&nobody);
        let signers: BTreeSet<String> = verified
            .into_iter()
            .filter(|signer| needed.permitted.contains(*signer))
            .map(str::to_owned)
            .collect();
        if signers.is_empty() {
            return Err(JwsRefusal::NotEnoughSignatures);
        }
        let request = read_payload(payload, signers, now).ok_or(JwsRefusal::BadSignatureOrExpired)?;
        if needed.mandatory.is_subset(&request.signers) {
            Ok(request)
        } else {
            Err(JwsRefusal::NotEnoughSignatures)
        }
    }

    /// The payload, and whose signatures over it verify; `None` when one does not, or the form is wrong.
    fn verify_signatures<'a>(&self, body: &'a Value) -> Option<(&'a str, BTreeSet<&'a str>)> {
        let payload = body.get("payload")?.as_str()?;
        let signatures = body.get("signatures")?.as_array()?;
        if signatures.len() > MAX_SIGNATURES {
            return None;
        }
        let mut verified = BTreeSet::new();
        for signature in signatures {
            let header = signature.get("header")?.as_object()?;
            let kid = header.get("kid")?.as_str()?;
            if let Some(key) = self.signers.get(kid) {
                key.verify(payload, header, signature)?;
                verified.insert(kid);
            }
        }
        Some((payload, verified))
    }
}

impl SignerKey {
    fn verify(&self, payload: &str, header: &Map<String, Value>, signature: &Value) -> Option<()> {
        let protected = signature.get("protected")?.as_str()?;
        let bytes = URL_SAFE_NO_PAD
            .decode(signature.get("signature")?.as_str()?)
            .ok()?;
        let names: Map<String, Value> =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(protected).ok()?).ok()?;
        // Only what is protected counts, and what is said in both places has to be the same. Extensions that
        // have to be understood (RFC 7515 §4.1.11) are not.
        let agree = header
            .iter()
            .all(|(name, value)| names.get(name).is_none_or(|other| other == value));
        let extended = names.contains_key("crit") || header.contains_key("crit");
        let own = names.get("alg").and_then(Value::as_str) == Some(self.algorithm);
        if !agree || extended || !own {
            return None;
        }
        self.verifier
            .verify(format!("{protected}.{payload}").as_bytes(), &bytes)
            .ok()
    }
}

fn read_payload(payload: &str, signers: BTreeSet<String>, now: DateTime<Utc>) -> Option<VerifiedRequest> {
    let mut claims: Map<String, Value> =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let expires_at = moment(claims.get("exp")?)?;
    let begun = ["nbf", "iat"].into_iter().all(|name| {
        claims
            .get(name)
            .is_none_or(|claim| moment(claim).is_some_and(|at| at <= now + CLOCK_SKEW))
    });
    let ends = now + MAX_IN_FORCE;
    if !begun || expires_at <= now || expires_at > ends {
        return None;
    }
    let jti = match claims.remove("jti") {
        None => None,
        Some(Value::String(jti)) if (1..=MAX_JTI_BYTES).contains(&jti.len()) => Some(jti),
        Some(_) => return None,
    };
    let data = match claims.remove("data") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(data)) => data,
        Some(_) => return None,
    };
    Some(VerifiedRequest {
        data,
        signers,
        jti,
        digest: TokenDigest::of(payload),
        expires_at,
    })
}

/// A NumericDate (RFC 7519 §2), cut to whole seconds; one beyond our calendar is its first or its last moment.
fn moment(claim: &Value) -> Option<DateTime<Utc>> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a number too large becomes the largest, which no calendar has"
    )]
    let seconds = claim
        .as_i64()
        .or_else(|| claim.as_f64().map(|seconds| seconds.floor() as i64))?;
    let edge = if seconds < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    };
    Some(DateTime::from_timestamp(seconds, 0).unwrap_or(edge))
}
