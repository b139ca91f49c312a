use std::fmt;
use std::str::FromStr;

use actix_web::HttpResponseBuilder;
use actix_web::http::header::{self, HeaderMap};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use clavis_kernel::{MasterKey, Purpose, Secret, SubKey};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What JavaScript's `encodeURIComponent` leaves as it is.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

const REFRESH_TOKEN: &str = "refresh_token";
const PERMISSIONS: &str = "permission_variables";

/// The attribute `SameSite` (RFC 6265bis §4.1.2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// Not with requests that another site makes, except following a link.
    Lax,
    /// Never with requests from another site.
    Strict,
    /// With every request.
    None,
}

/// The text is no value of the attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected lax, strict or none")]
pub struct UnknownSameSite;

impl FromStr for SameSite {
    type Err = UnknownSameSite;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Lax, Self::Strict, Self::None];
        all.into_iter()
            .find(|value| value.name().eq_ignore_ascii_case(text))
            .ok_or(UnknownSameSite)
    }
}

impl SameSite {
    const fn name(self) -> &'static str {
        match self {
            Self::Lax => "Lax",
            Self::Strict => "Strict",
            Self::None => "None",
        }
    }
}

/// Whether cookies are sent over encrypted connections only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Encrypted,
    Any,
}

/// The two session cookies: how they are signed, set, cleared and read.
pub(super) struct Cookies {
    key: CookieKey,
    pub(super) lifetime: Duration,
    pub(super) transport: Transport,
    pub(super) same_site: SameSite,
}

/// What signs. With a key of the operator's both cookies are signed, as in older releases; with the
/// installation's own only the one that says who somebody is: the other is a secret by itself.
enum CookieKey {
    Operators(Secret),
    Installations(SubKey),
}

impl Cookies {
    pub(super) fn new(
        secret: Option<Secret>,
        master: &MasterKey,
        lifetime: Duration,
        transport: Transport,
        same_site: SameSite,
    ) -> Self {
        let key = secret.map_or_else(
            || CookieKey::Installations(master.derive(Purpose::Cookies)),
            CookieKey::Operators,
        );
        Self {
            key,
            lifetime,
            transport,
            same_site,
        }
    }

    /// Sets both, the refresh token first.
    pub(super) fn set(
        &self,
        response: &mut HttpResponseBuilder,
        refresh_token: &str,
        permissions: &str,
        now: DateTime<Utc>,
    ) {
        let refresh_token = match &self.key {
            CookieKey::Operators(_) => self.signed(refresh_token),
            CookieKey::Installations(_) => refresh_token.to_owned(),
        };
        let attributes = self.attributes(now);
        for (name, value) in [
            (REFRESH_TOKEN, refresh_token),
            (PERMISSIONS, self.signed(permissions)),
        ] {
            let value = utf8_percent_encode(&value, COMPONENT);
            response.append_header((header::SET_COOKIE, format!("{name}={value}; {attributes}")));
        }
    }

    /// Clears both.
    pub(super) fn clear(response: &mut HttpResponseBuilder) {
        for name in [REFRESH_TOKEN, PERMISSIONS] {
            let cleared = format!("{name}=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
            response.append_header((header::SET_COOKIE, cleared));
        }
    }

    /// The refresh token that a request's cookie carries; one that was not signed as it should be is as if
    /// it were not there.
    pub(super) fn refresh_token(&self, headers: &HeaderMap) -> Option<String> {
        let value = cookie(headers, REFRESH_TOKEN)?;
        match &self.key {
            CookieKey::Operators(_) => self.verified(&value),
            CookieKey::Installations(_) => Some(value),
        }
    }

    /// What a request's other cookie says about who calls.
    pub(super) fn permissions(&self, headers: &HeaderMap) -> Option<String> {
        self.verified(&cookie(headers, PERMISSIONS)?)
    }

    fn attributes(&self, now: DateTime<Utc>) -> String {
        let expires = (now + self.lifetime).format("%a, %d %b %Y %H:%M:%S GMT");
        let secure = match self.transport {
            Transport::Encrypted => "; Secure",
            Transport::Any => "",
        };
        let (max_age, same_site) = (self.lifetime.num_seconds(), self.same_site.name());
        format!("Max-Age={max_age}; Path=/; Expires={expires}; HttpOnly{secure}; SameSite={same_site}")
    }

    fn signed(&self, value: &str) -> String {
        format!("s:{value}.{}", self.signature(value))
    }

    fn verified(&self, signed: &str) -> Option<String> {
        let (value, signature) = signed.strip_prefix("s:")?.rsplit_once('.')?;
        Secret::new(self.signature(value))
            .same_as(signature)
            .then(|| value.to_owned())
    }

    fn signature(&self, value: &str) -> String {
        STANDARD_NO_PAD.encode(match &self.key {
            CookieKey::Operators(secret) => hmac_sha256(secret.expose().as_bytes(), value.as_bytes()),
            CookieKey::Installations(key) => key.hmac(&[value.as_bytes()]),
        })
    }
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookies")
            .field("same_site", &self.same_site)
            .finish_non_exhaustive()
    }
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = [0; 32];
    let key = PKey::hmac(key).expect("any bytes are an HMAC key");
    let mut signer = Signer::new(MessageDigest::sha256(), &key).expect("HMAC-SHA256 is always there");
    signer
        .sign_oneshot(&mut mac, text)
        .expect("HMAC-SHA256 has 32 bytes and takes any text");
    mac
}

/// A cookie's decoded value; the first of several counts, and an empty one does not.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers
        .get_all(header::COOKIE)
        .filter_map(|line| line.to_str().ok());
    let value = lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key.trim() == name).then(|| value.trim())
    })?;
    let value = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value);
    let value = percent_decode_str(value).decode_utf8().ok()?;
    (!value.is_empty()).then(|| value.into_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::HttpResponse;
    use actix_web::http::header::HeaderValue;
    use clavis_kernel::Clock as _;
    use clavis_kernel::fake::{FakeClock, FakeEntropy};

    use super::*;

    const TOKEN: &str = "1f0b8d0e-62a5-4b3c-9d0f-2f5f6f7f8f90";

    fn cookies(secret: Option<&str>) -> Cookies {
        let master = MasterKey::generate(&FakeEntropy::default());
        let secret = secret.map(Secret::new);
        Cookies::new(
            secret,
            &master,
            Duration::minutes(43_200),
            Transport::Any,
            SameSite::Lax,
        )
    }

    fn set(cookies: &Cookies) -> Vec<String> {
        let mut response = HttpResponse::Ok();
        cookies.set(
            &mut response,
            TOKEN,
            r#"{"user-id":"a b"}"#,
            FakeClock::default().now(),
        );
        let response = response.finish();
        let lines = response.headers().get_all(header::SET_COOKIE);
        lines.map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    fn sent(pairs: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for pair in pairs {
            headers.append(header::COOKIE, HeaderValue::from_str(pair).unwrap());
        }
        headers
    }

    /// What a browser sends back.
    fn returned(lines: &[String]) -> HeaderMap {
        let pairs: Vec<_> = lines.iter().filter_map(|line| line.split(';').next()).collect();
        sent(&[&pairs.join("; ")])
    }

    #[test]
    fn a_signature_is_that_of_the_cookie_signature_package() {
        // The example of that package's own documentation: value `hello`, secret `tobiiscool`.
        assert_eq!(
            cookies(Some("tobiiscool")).signed("hello"),
            "s:hello.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI"
        );
    }

    #[test]
    fn the_attributes_are_those_of_the_contract() {
        let lines = set(&cookies(None));
        assert_eq!(
            lines[0],
            format!(
                "refresh_token={TOKEN}; Max-Age=2592000; Path=/; Expires=Sun, 01 Feb 2026 03:04:05 GMT; \
                 HttpOnly; SameSite=Lax"
            )
        );
        assert!(lines[1].starts_with("permission_variables=s%3A%7B%22user-id%22%3A%22a%20b%22%7D."));
        let strict = Cookies {
            transport: Transport::Encrypted,
            same_site: SameSite::Strict,
            ..cookies(None)
        };
        assert!(set(&strict)[0].ends_with("; HttpOnly; Secure; SameSite=Strict"));
    }

    #[test]
    fn what_was_set_is_read_back_by_its_key_only() {
        for secret in [None, Some("tobiiscool")] {
            let headers = returned(&set(&cookies(secret)));
            assert_eq!(cookies(secret).refresh_token(&headers).as_deref(), Some(TOKEN));
            assert_eq!(
                cookies(secret).permissions(&headers).as_deref(),
                Some(r#"{"user-id":"a b"}"#)
            );
            assert_eq!(cookies(Some("another")).permissions(&headers), None);
            assert_eq!(cookies(Some("another")).refresh_token(&headers), None);
        }
    }

    #[test]
    fn an_unsigned_or_changed_cookie_is_as_if_it_were_not_there() {
        let signed = cookies(Some("tobiiscool"));
        for value in [
            "hello",
            "s:hello",
            "s:hello.",
            "s:hellp.DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI",
            "",
        ] {
            let headers = sent(&[&format!("refresh_token={value}; permission_variables={value}")]);
            assert_eq!(signed.refresh_token(&headers), None, "{value}");
            assert_eq!(signed.permissions(&headers), None, "{value}");
            assert_eq!(cookies(None).permissions(&headers), None, "{value}");
        }
    }

    #[test]
    fn the_first_cookie_of_a_name_counts() {
        let headers = sent(&["x=1; refresh_token=a", "refresh_token=b"]);
        assert_eq!(cookies(None).refresh_token(&headers).as_deref(), Some("a"));
    }
}
