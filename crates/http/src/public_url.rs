use url::Url;

/// Under which address the world sees this server. Every link in a mail and every URL in an answer begins with
/// it; no header of a request ever does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(Url);

/// The text is no public URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a public URL is http:// or https://, a host, perhaps a port and a path; no user, query or fragment")]
pub struct PublicUrlError;

impl PublicUrl {
    /// The URL of a path below it; the path begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.as_str())
    }

    /// Without a slash at the end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Its host.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Whether cookies may be marked `Secure`.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl std::str::FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| PublicUrlError)?;
        let fits = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        fits.then_some(Self(url)).ok_or(PublicUrlError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_begin_with_it() {
        let url: PublicUrl = "https://id.example.org/sso/".parse().unwrap();
        assert_eq!(url.join("/mail/reset"), "https://id.example.org/sso/mail/reset");
        assert!(url.is_https());
        for bad in [
            "id.example.org",
            "ftp://x",
            "https://u:p@x",
            "https://x/?q",
            "https://x/#f",
            "http://",
        ] {
            assert_eq!(bad.parse::<PublicUrl>(), Err(PublicUrlError), "{bad}");
        }
    }
}
