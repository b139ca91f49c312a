use std::fmt;

use chrono::{DateTime, Duration, Utc};
use clavis_kernel::TokenDigest;
use hmac::Hmac;
use openssl::memcmp;
use sha2::{Sha256, Sha384, Sha512};

use super::{ApiKeyAlgorithm, ApiKeySecret};

/// More digits than any moment in milliseconds has.
const MAX_NONCE_DIGITS: usize = 15;

/// What a signed request says about itself in its three headers, as it was sent.
///
/// The message signed is the nonce followed by the key's id; the path, the body and the verb are not signed. So
/// whoever reads one request can send others until the nonce is too old, unless the nonce is remembered.
#[derive(Clone, Copy)]
pub struct SignedHeaders<'a> {
    /// The key's id.
    pub kid: &'a str,
    /// When it was signed, in milliseconds since 1970.
    pub nonce: &'a str,
    /// The HMAC in lower-case hexadecimal digits.
    pub signature: &'a str,
}

impl fmt::Debug for SignedHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedHeaders")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// A nonce that was accepted, to be remembered: a second request with it is a copy of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpentNonce {
    /// The key's id and the moment in milliseconds, however many zeros were written before it. A key has as many
    /// of them in force as the window has milliseconds, so no key fills a memory alone.
    pub digest: TokenDigest,
    /// From when on it is not accepted anyway.
    pub expires_at: DateTime<Utc>,
}

/// Why a request's signature is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyRefusal {
    /// The nonce is no positive number.
    #[error("the nonce is no moment in milliseconds")]
    NonceNotTimestamp,
    /// The nonce is too far from now, before or after.
    #[error("the nonce is too old or in the future")]
    NonceExpired,
    /// The signature is not that of this key over this nonce.
    #[error("the signature does not match")]
    InvalidSignature,
}

/// A key's secret made ready to check signatures with, which takes longer than a check: for who checks many.
pub struct ApiKeyVerifier(Ready);

/// The HMAC (RFC 2104) of a key before any message.
enum Ready {
    Hs256(Hmac<Sha256>),
    Hs384(Hmac<Sha384>),
    Hs512(Hmac<Sha512>),
}

impl fmt::Debug for ApiKeyVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeyVerifier(..)")
    }
}

impl ApiKeyVerifier {
    /// Makes a secret ready.
    pub fn new(algorithm: ApiKeyAlgorithm, secret: &ApiKeySecret) -> Self {
        let secret = secret.expose().as_bytes();
        Self(match algorithm {
            ApiKeyAlgorithm::Hs256 => Ready::Hs256(ready(secret)),
            ApiKeyAlgorithm::Hs384 => Ready::Hs384(ready(secret)),
            ApiKeyAlgorithm::Hs512 => Ready::Hs512(ready(secret)),
        })
    }

    /// The signature of these parts one behind the other, in lower-case hexadecimal digits.
    fn sign(&self, parts: &[&str]) -> String {
        match &self.0 {
            Ready::Hs256(mac) => signature(mac, parts),
            Ready::Hs384(mac) => signature(mac, parts),
            Ready::Hs512(mac) => signature(mac, parts),
        }
    }
}

fn ready<M: hmac::KeyInit>(secret: &[u8]) -> M {
    M::new_from_slice(secret).expect("any bytes are an HMAC key")
}

fn signature<M: hmac::Mac + Clone>(mac: &M, parts: &[&str]) -> String {
    let mut mac = mac.clone();
    for part in parts {
        mac.update(part.as_bytes());
    }
    hex::encode(mac.finalize().into_bytes())
}

impl SignedHeaders<'_> {
    /// Checks the nonce's form, then its distance to `now`, which must be less than the window both ways, then
    /// the signature: the order in which a caller is told. Whether the key is active, and the nonce new, are
    /// questions for afterwards.
    pub fn check(
        &self,
        verifier: &ApiKeyVerifier,
        now: DateTime<Utc>,
        window: Duration,
    ) -> Result<SpentNonce, ApiKeyRefusal> {
        let signed_at = self.signed_at()?;
        // Whole milliseconds on both sides: the signer's clock says no more.
        let millis = signed_at.timestamp_millis();
        let distance = now.timestamp_millis().abs_diff(millis);
        let window_millis = u64::try_from(window.num_milliseconds()).unwrap_or(0);
        if distance >= window_millis {
            return Err(ApiKeyRefusal::NonceExpired);
        }
        if !self.is_signed_with(verifier) {
            return Err(ApiKeyRefusal::InvalidSignature);
        }
        Ok(SpentNonce {
            digest: TokenDigest::of(&format!("{millis} {}", self.kid)),
            expires_at: signed_at + window,
        })
    }

    /// A number beyond every moment is one that is far from now.
    fn signed_at(&self) -> Result<DateTime<Utc>, ApiKeyRefusal> {
        let digits = self.nonce.trim_start_matches('0');
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ApiKeyRefusal::NonceNotTimestamp);
        }
        let millis = if digits.len() > MAX_NONCE_DIGITS {
            None
        } else {
            digits.parse().ok()
        };
        millis
            .and_then(DateTime::from_timestamp_millis)
            .ok_or(ApiKeyRefusal::NonceExpired)
    }

    fn is_signed_with(&self, verifier: &ApiKeyVerifier) -> bool {
        let expected = verifier.sign(&[self.nonce, self.kid]);
        expected.len() == self.signature.len() && memcmp::eq(expected.as_bytes(), self.signature.as_bytes())
    }
}

#[cfg(test)]
pub(super) fn hmac_hex(algorithm: ApiKeyAlgorithm, secret: &ApiKeySecret, parts: &[&str]) -> String {
    ApiKeyVerifier::new(algorithm, secret).sign(parts)
}
