use std::fmt;
use std::str::FromStr;

/// Longest subject, in bytes; OpenID Connect allows 255 ASCII characters (Core §2), others give numbers.
const MAX_SUBJECT_BYTES: usize = 255;
/// Longest name of a provider, in characters.
const MAX_PROVIDER_CHARS: usize = 32;

/// The name of somebody else's server that says who people are: `google`, or as an operator calls it. Lower-case
/// letters, digits, `_` and `-`, beginning with a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Provider(String);

/// The text is no name of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of a provider has 1 to {MAX_PROVIDER_CHARS} of a-z, 0-9, _ and -, and begins with a letter"
)]
pub struct ProviderError;

impl Provider {
    /// Apple.
    pub const APPLE: &'static str = "apple";
    /// Facebook.
    pub const FACEBOOK: &'static str = "facebook";
    /// GitHub.
    pub const GITHUB: &'static str = "github";
    /// Google.
    pub const GOOGLE: &'static str = "google";
    /// Kakao.
    pub const KAKAO: &'static str = "kakao";
    /// `LinkedIn`.
    pub const LINKEDIN: &'static str = "linkedin";
    /// Spotify.
    pub const SPOTIFY: &'static str = "spotify";
    /// Twitter.
    pub const TWITTER: &'static str = "twitter";
    /// `WeChat`.
    pub const WECHAT: &'static str = "wechat";
    /// Microsoft's accounts of people, by the name they had.
    pub const WINDOWSLIVE: &'static str = "windowslive";

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Provider {
    type Err = ProviderError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.len() <= MAX_PROVIDER_CHARS
            && text
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
        fits.then(|| Self(text.to_owned())).ok_or(ProviderError)
    }
}

/// Who somebody is at a provider: to the letter, never empty. Written `provider:subject`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ProviderSubject {
    provider: Provider,
    subject: String,
}

/// The text names nobody at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a subject has 1 to {MAX_SUBJECT_BYTES} bytes, none of them blank or a control character")]
pub struct SubjectError;

impl ProviderSubject {
    /// Whom the provider calls by this subject.
    pub fn new(provider: Provider, subject: &str) -> Result<Self, SubjectError> {
        let fits = !subject.is_empty()
            && subject.len() <= MAX_SUBJECT_BYTES
            && !subject.chars().any(|c| c.is_whitespace() || c.is_control());
        fits.then(|| Self {
            provider,
            subject: subject.to_owned(),
        })
        .ok_or(SubjectError)
    }

    /// The provider.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The subject there.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl fmt::Display for ProviderSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.provider, self.subject)
    }
}

impl fmt::Debug for ProviderSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProviderSubject({}, ..)", self.provider)
    }
}

impl FromStr for ProviderSubject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (provider, subject) = text.split_once(':').ok_or(SubjectError)?;
        Self::new(provider.parse().map_err(|_| SubjectError)?, subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_has_a_plain_name() {
        for good in ["google", "my-company_2", "a"] {
            assert_eq!(good.parse::<Provider>().unwrap().as_str(), good);
        }
        for bad in ["", "Google", "2fa", "_x", "a:b", "a b", &"a".repeat(33)] {
            assert_eq!(bad.parse::<Provider>(), Err(ProviderError), "{bad:?}");
        }
    }

    #[test]
    fn a_subject_is_kept_to_the_letter_and_reads_back() {
        let google: Provider = "google".parse().unwrap();
        let subject = ProviderSubject::new(google.clone(), "a:B").unwrap();
        assert_eq!(subject.to_string(), "google:a:B");
        assert_eq!("google:a:B".parse(), Ok(subject.clone()));
        assert_ne!(ProviderSubject::new(google.clone(), "a:b").unwrap(), subject);
        for bad in ["", " ", "a b", "a\0", &"x".repeat(256)] {
            assert!(ProviderSubject::new(google.clone(), bad).is_err(), "{bad:?}");
        }
        assert_eq!(format!("{subject:?}"), "ProviderSubject(google, ..)");
    }
}
