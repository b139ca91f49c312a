//! Requests signed as OAuth 1.0 has it (RFC 5849 §3), by HMAC-SHA1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use clavis_flows::ProviderRefusal;
use clavis_kernel::Secret;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use url::Url;

/// What is left as it is (RFC 5849 §3.6).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const BROKEN: ProviderRefusal = ProviderRefusal::Unavailable("our own secret does not sign");

/// Who signs.
pub(crate) struct Signatory<'a> {
    /// What the provider calls us, and what proves it.
    pub(crate) consumer: (&'a str, &'a Secret),
    /// In whose name, or on the way to whose: the token and its secret.
    pub(crate) token: Option<(&'a Secret, &'a Secret)>,
}

/// What makes a request the only one of its kind (RFC 5849 §3.3).
pub(crate) struct Occasion {
    pub(crate) nonce: String,
    pub(crate) at: DateTime<Utc>,
}

impl Occasion {
    /// Now, with a nonce that was never used.
    #[expect(
        clippy::disallowed_methods,
        reason = "nothing is decided by a nonce: it is only to be new, in tests as well"
    )]
    pub(crate) fn new(at: DateTime<Utc>) -> Result<Self, ProviderRefusal> {
        let mut bytes = [0; 16];
        openssl::rand::rand_bytes(&mut bytes).map_err(|_| BROKEN)?;
        Ok(Self {
            nonce: hex::encode(bytes),
            at,
        })
    }
}

impl Signatory<'_> {
    /// The value of the header `Authorization` (RFC 5849 §3.5.1) for a request whose parameters stand in its URL. `more`
    /// are parameters of the protocol.
    pub(crate) fn header(
        &self,
        method: &Method,
        url: &Url,
        more: &[(&str, &str)],
        occasion: &Occasion,
    ) -> Result<Secret, ProviderRefusal> {
        let (key, secret) = self.consumer;
        let timestamp = occasion.at.timestamp().to_string();
        let mut protocol = vec![
            ("oauth_consumer_key", key),
            ("oauth_nonce", &*occasion.nonce),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", &*timestamp),
            ("oauth_version", "1.0"),
        ];
        protocol.extend(self.token.map(|(token, _)| ("oauth_token", token.expose())));
        protocol.extend(more);
        let token_secret = self.token.map_or("", |(_, secret)| secret.expose());
        let key = Secret::new(format!("{}&{}", encoded(secret.expose()), encoded(token_secret)));
        let signature = signed(&key, &base_string(method, url, &protocol))?;
        protocol.push(("oauth_signature", &signature));
        let members: Vec<_> = protocol
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", encoded(value)))
            .collect();
        Ok(Secret::new(format!("OAuth {}", members.join(", "))))
    }
}

/// What is signed (RFC 5849 §3.4.1).
fn base_string(method: &Method, url: &Url, protocol: &[(&str, &str)]) -> Secret {
    let mut parameters: Vec<(String, String)> = url
        .query_pairs()
        .map(|(name, value)| (encoded(&name), encoded(&value)))
        .collect();
    parameters.extend(
        protocol
            .iter()
            .map(|(name, value)| (encoded(name), encoded(value))),
    );
    parameters.sort();
    let parameters: Vec<_> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut place = url.clone();
    place.set_query(None);
    place.set_fragment(None);
    let parts = [method.as_str(), place.as_str(), &parameters.join("&")].map(encoded);
    Secret::new(parts.join("&"))
}

fn signed(key: &Secret, text: &Secret) -> Result<String, ProviderRefusal> {
    let sign = || {
        let key = PKey::hmac(key.expose().as_bytes())?;
        Signer::new(MessageDigest::sha1(), &key)?.sign_oneshot_to_vec(text.expose().as_bytes())
    };
    sign().map(|mac| STANDARD.encode(mac)).map_err(|_| BROKEN)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The signature for a request, of the consumer of RFC 5849 §1.2 unless another is named.
    #[track_caller]
    fn check(
        (method, url): (Method, &str),
        token: Option<(&str, &str)>,
        more: &[(&str, &str)],
        (seconds, nonce): (i64, &str),
        expected: &str,
    ) {
        let (secret, token) = (
            Secret::new("kd94hf93k423kf44"),
            token.map(|(token, secret)| (Secret::new(token), Secret::new(secret))),
        );
        let signatory = Signatory {
            consumer: ("dpf43f3p2l4k3l03", &secret),
            token: token.as_ref().map(|(token, secret)| (token, secret)),
        };
        let occasion = Occasion {
            nonce: nonce.to_owned(),
            at: DateTime::from_timestamp(seconds, 0).unwrap(),
        };
        let header = signatory
            .header(&method, &url.parse().unwrap(), more, &occasion)
            .unwrap();
        let member = format!("oauth_signature=\"{}\"", encoded(expected));
        assert!(header.expose().ends_with(&member), "{}", header.expose());
    }

    #[test]
    fn a_signature_is_as_others_make_it() {
        // The requests of RFC 5849 §1.2, computed apart from this code, as they look with `oauth_version`.
        check(
            (Method::POST, "https://photos.example.net/initiate"),
            None,
            &[("oauth_callback", "http://printer.example.com/ready")],
            (137_131_200, "wIjqoxSR"),
            "qmRcOpxr/B52Y29MfuwQcNF8MUY=",
        );
        check(
            (Method::POST, "https://photos.example.net/token"),
            Some(("hh5s93j4hdidpola", "hdhd0244k9j7ao03")),
            &[("oauth_verifier", "hfdp7dh39dks9884")],
            (137_131_201, "walatlh"),
            "TTfFVvlRAvmVe2B4CvOBMQlgJNw=",
        );
        check(
            (
                Method::GET,
                "http://photos.example.net/photos?file=vacation.jpg&size=original+%C3%A4%26",
            ),
            Some(("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00")),
            &[],
            (137_131_202, "chapoH"),
            "VduHFW+QFsijs7qkglbYs8ek0R4=",
        );
    }

    #[test]
    fn two_occasions_are_two() {
        let at = DateTime::UNIX_EPOCH;
        assert_ne!(Occasion::new(at).unwrap().nonce, Occasion::new(at).unwrap().nonce);
    }
}
