use clavis_identity::Provider;

/// A provider that the dialect's clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Social {
    Apple,
    Facebook,
    Github,
    Google,
    Linkedin,
    Spotify,
    Twitter,
    Windowslive,
}

impl Social {
    pub(super) const ALL: [Self; 8] = [
        Self::Apple,
        Self::Facebook,
        Self::Github,
        Self::Google,
        Self::Linkedin,
        Self::Spotify,
        Self::Twitter,
        Self::Windowslive,
    ];

    /// As it stands in paths, and as it is called here.
    pub(in super::super) const fn name(self) -> &'static str {
        match self {
            Self::Apple => Provider::APPLE,
            Self::Facebook => Provider::FACEBOOK,
            Self::Github => Provider::GITHUB,
            Self::Google => Provider::GOOGLE,
            Self::Linkedin => Provider::LINKEDIN,
            Self::Spotify => Provider::SPOTIFY,
            Self::Twitter => Provider::TWITTER,
            Self::Windowslive => Provider::WINDOWSLIVE,
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|social| social.name() == text)
    }

    pub(super) fn provider(self) -> Provider {
        self.name().parse().expect("every one of them is a plain name")
    }

    /// Whether the browser comes back with a form: a request from another site's page.
    pub(super) const fn comes_back_with_a_form(self) -> bool {
        matches!(self, Self::Apple)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_reads_back() {
        for social in Social::ALL {
            assert_eq!(Social::parse(social.name()), Some(social));
            assert_eq!(social.provider().as_str(), social.name());
        }
        for other in ["kakao", "GitHub", "", "github "] {
            assert_eq!(Social::parse(other), None, "{other}");
        }
    }
}
