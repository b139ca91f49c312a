use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use josekit::Value;
use josekit::jws::JwsSigner;
use serde_json::{Map, json};

use super::request::MAX_SIGNATURES;
use crate::{Algorithm, KeyError, KeyOwner, KeyRing};

/// The claims by which an access token or an event tells who it is about or what happened. A request has none.
const CLAIMS_OF_TOKENS: [&str; 3] = ["uid", "email", "event"];
/// What a token's `sub` says it is for. A request is for none of it.
const SUBJECTS_OF_TOKENS: [&str; 3] = ["session", "confirmation", "reset"];

/// Why the server does not put its signature on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CountersignError {
    /// It is no JSON Web Signature in general serialization with a JSON object inside.
    #[error("the request is not a JSON Web Signature in general JSON serialization")]
    Malformed,
    /// It has as many signatures as it can have.
    #[error("the request has too many signatures")]
    TooManySignatures,
    /// Cut to its compact form, it would be a token of somebody's or an event, signed by this server.
    #[error("the request has claims that only tokens and events have")]
    WouldBeToken,
}

impl KeyRing {
    /// Adds the owner's signature to a JSON Web Signature in general serialization, under the name `signer`; one
    /// of that name that is there already is replaced. The other signatures are not verified.
    ///
    /// The key is the one that signs the owner's tokens. What would be a token of the owner's once it is written
    /// in another form is therefore not signed, whoever asks.
    pub fn countersign(
        &self,
        owner: KeyOwner,
        signer: &str,
        request: &Value,
        now: DateTime<Utc>,
    ) -> Result<Result<Value, CountersignError>, KeyError> {
        let parts = match signable(signer, request) {
            Ok(parts) => parts,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (algorithm, key) = self.signer(owner, now).ok_or_else(|| {
            KeyError::unusable(
                Algorithm::Rs256,
                format_args!("{} has no signing key in force", owner.name()),
            )
        })?;
        let mut signatures = parts.others;
        signatures.push(signature(signer, algorithm, key, parts.payload)?);
        Ok(Ok(json!({ "payload": parts.payload, "signatures": signatures })))
    }
}

/// A signature in general serialization (RFC 7515 §7.2.1) over an encoded payload. The key's own id stays out: the
/// signer's name is the `kid` here, and a name is said in one header only.
pub(crate) fn signature(
    signer: &str,
    algorithm: Algorithm,
    key: &dyn JwsSigner,
    payload: &str,
) -> Result<Value, KeyError> {
    let protected = URL_SAFE_NO_PAD.encode(json!({ "alg": algorithm.name() }).to_string());
    let signature = key
        .sign(format!("{protected}.{payload}").as_bytes())
        .map_err(|error| KeyError::unusable(algorithm, error))?;
    Ok(json!({
        "protected": protected,
        "header": { "kid": signer },
        "signature": URL_SAFE_NO_PAD.encode(signature),
    }))
}

struct Parts<'a> {
    payload: &'a str,
    /// The signatures that stay.
    others: Vec<Value>,
}

fn signable<'a>(signer: &str, request: &'a Value) -> Result<Parts<'a>, CountersignError> {
    let malformed = CountersignError::Malformed;
    let payload = request.get("payload").and_then(Value::as_str).ok_or(malformed)?;
    let claims = URL_SAFE_NO_PAD.decode(payload).map_err(|_| malformed)?;
    let claims: Map<String, Value> = serde_json::from_slice(&claims).map_err(|_| malformed)?;
    let subject = claims.get("sub").and_then(Value::as_str);
    if CLAIMS_OF_TOKENS.iter().any(|name| claims.contains_key(*name))
        || subject.is_some_and(|subject| SUBJECTS_OF_TOKENS.contains(&subject))
    {
        return Err(CountersignError::WouldBeToken);
    }
    let signatures = request
        .get("signatures")
        .and_then(Value::as_array)
        .ok_or(malformed)?;
    if signatures.len() > MAX_SIGNATURES {
        return Err(CountersignError::TooManySignatures);
    }
    let mut others = Vec::with_capacity(signatures.len() + 1);
    for signature in signatures {
        let kid = signature.pointer("/header/kid").and_then(Value::as_str);
        if kid.ok_or(malformed)? != signer {
            others.push(signature.clone());
        }
    }
    if others.len() == MAX_SIGNATURES {
        return Err(CountersignError::TooManySignatures);
    }
    Ok(Parts { payload, others })
}
