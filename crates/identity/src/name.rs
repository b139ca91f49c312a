use std::fmt;
use std::str::FromStr;

use clavis_kernel::is_deceptive;
use unicode_normalization::UnicodeNormalization as _;

/// A log-in name: one namespace for all dialects, ignoring case.
///
/// It is at most 64 characters and has no control characters; a dialect narrows it further.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(String);

/// Why a text is no log-in name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing but blanks.
    #[error("a name is not empty")]
    Empty,
    /// More than 64 characters.
    #[error("a name has at most 64 characters")]
    TooLong,
    /// Control characters or invisible direction marks.
    #[error("a name has no control characters")]
    Control,
}

impl Name {
    /// Longest log-in name of any dialect, in characters.
    pub const MAX_CHARS: usize = 64;

    /// As it was typed, without surrounding blanks.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What identity compares: compatibility forms composed (NFKC), lower case, runs of blanks as one.
    pub fn key(&self) -> String {
        let folded = self.0.nfkc().collect::<String>().to_lowercase();
        folded.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(NameError::TooLong);
        }
        if text.chars().any(is_deceptive) {
            return Err(NameError::Control);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, NameError>) {
        let name = text.parse::<Name>();
        assert_eq!(
            name.map(|name| name.key()),
            expected.map(str::to_owned),
            "{text:?}"
        );
    }

    #[test]
    fn a_name_is_compared_without_case_and_blanks_around_it() {
        check(" Ann ", Ok("ann"));
        check("Ann  LEE", Ok("ann lee"));
        check("Ärger", Ok("ärger"));
        check("   ", Err(NameError::Empty));
        check("ann\u{202e}", Err(NameError::Control));
        check("a\nb", Err(NameError::Control));
        check("@ann", Ok("@ann"));
        check("E\u{301}mile", Ok("\u{e9}mile"));
        check("\u{ff41}nn", Ok("ann"));
        check(&"x".repeat(65), Err(NameError::TooLong));
    }
}
