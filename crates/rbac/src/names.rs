//! Names that administrators give: of roles, of scopes, and of applications in people's languages.

use std::fmt;
use std::str::FromStr;

use clavis_kernel::is_deceptive;

/// Longest name of a role, in characters.
const MAX_ROLE_CHARS: usize = 60;
/// Longest name of a scope, in characters.
const MAX_SCOPE_CHARS: usize = 100;
/// Longest name of an application in a language, in characters.
const MAX_DISPLAY_CHARS: usize = 100;
/// Longest tag of a language, in bytes; those in use are far shorter (RFC 5646 §4.4.1).
const MAX_TAG_BYTES: usize = 35;

/// The name of a role: up to 60 characters, no blanks around it, no control characters.
#[derive(Clone, PartialEq, Eq)]
pub struct RoleName(String);

/// The name of a scope: up to 100 characters, no blanks around it, no control characters, and no comma, which separates
/// scopes.
#[derive(Clone, PartialEq, Eq)]
pub struct ScopeName(String);

/// The tag of a language (RFC 5646 §2.1, its outer form): `en`, `zh-Hant`. Compared without case, kept as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageTag(String);

/// How people of one language call an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName {
    /// The language.
    pub tag: LanguageTag,
    /// The name: up to 100 characters, no control characters.
    name: String,
}

/// The text is no name of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a role has 1 to {MAX_ROLE_CHARS} characters, none of them a control character")]
pub struct RoleNameError;

/// The text is no name of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of a scope has 1 to {MAX_SCOPE_CHARS} characters, none of them a comma or a control character"
)]
pub struct ScopeNameError;

/// The texts are no name in a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DisplayNameError {
    /// The tag is that of no language.
    #[error("the tag of a language is made of letters, digits and hyphens, as `zh-Hant`")]
    Tag,
    /// The name is none.
    #[error("a name has 1 to {MAX_DISPLAY_CHARS} characters, none of them a control character")]
    Name,
}

/// The text without the blanks around it, if it has that many characters and none that deceives.
pub(crate) fn plain(text: &str, max_chars: usize) -> Option<&str> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= max_chars && !text.chars().any(is_deceptive);
    fits.then_some(text)
}

impl RoleName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleName {
    type Err = RoleNameError;

    fn from_str(text: &str) -> Result<Self, RoleNameError> {
        let name = plain(text, MAX_ROLE_CHARS).ok_or(RoleNameError)?;
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Debug for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl ScopeName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ScopeName {
    type Err = ScopeNameError;

    fn from_str(text: &str) -> Result<Self, ScopeNameError> {
        let name = plain(text, MAX_SCOPE_CHARS).filter(|name| !name.contains(','));
        name.map(|name| Self(name.to_owned())).ok_or(ScopeNameError)
    }
}

impl fmt::Debug for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl LanguageTag {
    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What identity compares (RFC 5646 §2.1.1).
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for LanguageTag {
    type Err = DisplayNameError;

    fn from_str(text: &str) -> Result<Self, DisplayNameError> {
        let text = text.trim();
        let is_subtag = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let fits = text.len() <= MAX_TAG_BYTES
            && text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.split('-').all(is_subtag);
        fits.then(|| Self(text.to_owned())).ok_or(DisplayNameError::Tag)
    }
}

impl DisplayName {
    /// The name for people of a language.
    pub fn new(tag: LanguageTag, name: &str) -> Result<Self, DisplayNameError> {
        let name = plain(name, MAX_DISPLAY_CHARS).ok_or(DisplayNameError::Name)?;
        Ok(Self {
            tag,
            name: name.to_owned(),
        })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_bounds_and_nothing_that_deceives() {
        for good in ["member", "  member ", "Straße des 17. Juni", &"ä".repeat(60)] {
            assert_eq!(good.parse::<RoleName>().unwrap().as_str(), good.trim());
            assert_eq!(good.parse::<ScopeName>().unwrap().as_str(), good.trim());
        }
        for bad in ["", " \t", "a\u{202e}b", "a\nb", "a\0b", "a\u{200b}"] {
            assert_eq!(bad.parse::<RoleName>(), Err(RoleNameError), "{bad:?}");
            assert_eq!(bad.parse::<ScopeName>(), Err(ScopeNameError), "{bad:?}");
        }
        assert!("ä".repeat(61).parse::<RoleName>().is_err());
        assert!("ä".repeat(100).parse::<ScopeName>().is_ok());
        assert!("ä".repeat(101).parse::<ScopeName>().is_err());
    }

    #[test]
    fn a_scope_has_no_comma_and_a_role_may() {
        assert!("read,write".parse::<ScopeName>().is_err());
        assert!("buyer, seller".parse::<RoleName>().is_ok());
    }

    #[test]
    fn a_display_name_is_a_tag_and_a_name() {
        let tag = |text: &str| text.parse::<LanguageTag>();
        for good in ["en", "zh-Hant", "de-DE-1996", "X-private"] {
            assert_eq!(tag(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "-en",
            "en-",
            "en--us",
            "1en",
            "e n",
            "en_US",
            "ä",
            &"a-".repeat(20),
            "abcdefghi",
        ] {
            assert_eq!(tag(bad), Err(DisplayNameError::Tag), "{bad:?}");
        }
        assert_eq!(tag("EN").unwrap().key(), "en");
        let name = DisplayName::new(tag("ja").unwrap(), " お店 ").unwrap();
        assert_eq!(name.name(), "お店");
        let long = "x".repeat(101);
        for bad in ["", " ", "a\r\nb", &long] {
            let refused = DisplayName::new(tag("en").unwrap(), bad);
            assert_eq!(refused, Err(DisplayNameError::Name), "{bad:?}");
        }
    }
}
