use std::fmt;
use std::str::FromStr;

use url::Url;
use url::form_urlencoded::Serializer;

/// Longest address, in characters.
const MAX_CHARS: usize = 200;

/// Where a client has people sent back to: an `http` or `https` address, kept and compared byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri(String);

/// The text is nowhere people may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a redirect URI is an http or https address of at most {MAX_CHARS} plain characters, without user, fragment or wildcard"
)]
pub struct RedirectUriError;

impl RedirectUri {
    /// As it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request names this address. Nothing is normalised, nothing matches by pattern: what two programs
    /// could read in two ways is another address (RFC 9700 §4.1.3).
    pub fn is(&self, named: &str) -> bool {
        self.0 == named
    }

    /// The address with parameters added to its query (RFC 6749 §4.1.2).
    pub fn with_query(&self, parameters: &[(&str, &str)]) -> String {
        let separator = match self.0.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        format!("{}{separator}{}", self.0, encoded(parameters))
    }

    /// The address with parameters as its fragment (RFC 6749 §4.2.2).
    pub fn with_fragment(&self, parameters: &[(&str, &str)]) -> String {
        format!("{}#{}", self.0, encoded(parameters))
    }

    /// Who is there, for people to see: host and port.
    pub fn host(&self) -> &str {
        let after_scheme = self.0.split_once("//").map_or("", |(_, rest)| rest);
        after_scheme.split(['/', '?']).next().unwrap_or_default()
    }

    /// What a content policy calls the place (CSP3 §2.3.1): its origin, or for an address that has no form there its
    /// scheme.
    pub fn policy_source(&self) -> String {
        let scheme = self.0.split(':').next().unwrap_or_default();
        let host = self.host();
        if host.starts_with('[') {
            format!("{scheme}:")
        } else {
            format!("{scheme}://{host}")
        }
    }
}

fn encoded(parameters: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(parameters).finish()
}

impl FromStr for RedirectUri {
    type Err = RedirectUriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.len() <= MAX_CHARS
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\\#*\"'<>`{}|^;,".contains(&byte));
        if !plain || !(text.starts_with("https://") || text.starts_with("http://")) {
            return Err(RedirectUriError);
        }
        let url = Url::parse(text).map_err(|_| RedirectUriError)?;
        let uri = Self(text.to_owned());
        // What a browser makes of the host is what stands there: no user before it, no other spelling of it, and so no
        // place that reads like another.
        let (Some(host), port) = (url.host_str(), url.port()) else {
            return Err(RedirectUriError);
        };
        let written = uri.host();
        let same_host = written == host
            || port.is_some_and(|port| written == format!("{host}:{port}"))
            || (port.is_none()
                && [format!("{host}:80"), format!("{host}:443")]
                    .iter()
                    .any(|it| it == written));
        let climbs = url.path() != path_of(text);
        if !same_host || climbs || !url.username().is_empty() || url.password().is_some() {
            return Err(RedirectUriError);
        }
        Ok(uri)
    }
}

/// The path as it is written; that of nothing is the root.
fn path_of(text: &str) -> &str {
    let after_scheme = text.split_once("//").map_or("", |(_, rest)| rest);
    let before_query = after_scheme.split('?').next().unwrap_or_default();
    before_query
        .find('/')
        .and_then(|start| before_query.get(start..))
        .unwrap_or("/")
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> RedirectUri {
        text.parse().unwrap()
    }

    #[test]
    fn people_are_sent_to_plain_web_addresses_only() {
        for good in [
            "https://shop.example/callback",
            "https://shop.example",
            "http://127.0.0.1:3000/cb",
            "http://[::1]:3000/cb",
            "https://shop.example:443/cb",
            "https://shop.example/cb?from=clavis",
            "https://shop.example/cb?x=%2F",
        ] {
            assert_eq!(good.parse().as_ref().map(RedirectUri::as_str), Ok(good));
        }
        for bad in [
            "",
            "shop.example/cb",
            "//shop.example/cb",
            "/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "shop:/cb",
            "ftp://shop.example/",
            "HTTPS://shop.example/",
            "https:/shop.example/cb",
            "https:shop.example/cb",
            "https:///shop.example/cb",
            "https://",
            "https://shop.example/cb#x",
            "https://shop.example/cb#",
            "https://shop.example@evil.test/cb",
            "https://localhost:80@evil.test/cb",
            "https://user:pass@shop.example/cb",
            "https://@shop.example/cb",
            "https://shop.example\\@evil.test/",
            "https://shop.example/c b",
            "https://shop.example/c\tb",
            "https://shop.example/c\nb",
            "https://shop.example\0/",
            "https://*.example/cb",
            "https://shop.example/*",
            "https://shop.example/a/../b",
            "https://shop.example/a/%2e%2e/b",
            "https://shop.example/a/./b",
            "https://SHOP.example/cb",
            "https://shöp.example/cb",
            "https://0x7f.1/cb",
            "https://127.1/cb",
            "https://shop.example:99999/",
            "https://shop.example:/cb",
            "https://shop.example;script-src",
            "https://shop.example,evil.test/",
            &format!("https://shop.example/{}", "a".repeat(200)),
        ] {
            assert_eq!(bad.parse::<RedirectUri>(), Err(RedirectUriError), "{bad:?}");
        }
    }

    #[test]
    fn another_spelling_is_another_address() {
        let registered = uri("https://shop.example/cb");
        assert!(registered.is("https://shop.example/cb"));
        for other in [
            "",
            "https://shop.example/cb/",
            "https://shop.example/CB",
            "https://shop.example/cb?x=1",
            "https://shop.example/cb#",
            "https://shop.example:443/cb",
            "http://shop.example/cb",
            "https://exampleXcom/cb",
            "https://shop.example/%63b",
        ] {
            assert!(!registered.is(other), "{other}");
        }
    }

    #[test]
    fn parameters_are_added_to_what_is_there() {
        let parameters = [("code", "a b"), ("state", "x&y=z#")];
        assert_eq!(
            uri("https://shop.example/cb").with_query(&parameters),
            "https://shop.example/cb?code=a+b&state=x%26y%3Dz%23"
        );
        assert_eq!(
            uri("https://shop.example/cb?f=1").with_query(&parameters),
            "https://shop.example/cb?f=1&code=a+b&state=x%26y%3Dz%23"
        );
        assert_eq!(
            uri("https://shop.example/cb?").with_query(&[("a", "b")]),
            "https://shop.example/cb?a=b"
        );
        assert_eq!(
            uri("https://shop.example").with_fragment(&parameters),
            "https://shop.example#code=a+b&state=x%26y%3Dz%23"
        );
    }

    #[test]
    fn a_content_policy_names_the_origin() {
        for (address, source) in [
            ("https://shop.example/cb?x=1", "https://shop.example"),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1:3000"),
            ("https://shop.example?x=1", "https://shop.example"),
            ("http://[::1]:3000/cb", "http:"),
        ] {
            assert_eq!(uri(address).policy_source(), source);
        }
    }
}
