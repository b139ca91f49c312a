use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

const MIN_CHARS: usize = 3;
const MAX_CHARS: usize = 255;
/// Longest text that is looked at, in bytes: what is longer only because of blanks is refused as well.
const MAX_BYTES: usize = 4096;

/// What a label is about: `email`, `phone`, `document`. Lower case, 3 to 255 of `a-z`, `0-9`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelKey(Cow<'static, str>);

/// What a label says about its key: `verified`, `pending`. The same grammar as [`LabelKey`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelValue(Cow<'static, str>);

/// What is wrong with the text of a key or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LabelProblem {
    /// Nothing but blanks. It stands alone.
    #[error("is blank")]
    Blank,
    /// Too few characters.
    #[error("has fewer than {minimum} characters")]
    TooShort {
        /// The fewest.
        minimum: usize,
    },
    /// Too many characters.
    #[error("has more than {maximum} characters")]
    TooLong {
        /// The most.
        maximum: usize,
    },
    /// Other characters than letters, digits, `_` and `-`.
    #[error("has characters other than a-z, 0-9, _ and -")]
    BadFormat,
}

/// Who made a label, and whether it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum LabelScope {
    /// The user's own remark; it proves nothing.
    #[default]
    Public,
    /// Set by the server or an operator; levels and states follow from these.
    Private,
}

/// The text names no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a scope of labels; public or private")]
pub struct UnknownScope;

impl LabelKey {
    /// The address of the account.
    pub const EMAIL: Self = Self(Cow::Borrowed("email"));
    /// A phone number of the account.
    pub const PHONE: Self = Self(Cow::Borrowed("phone"));
    /// The documents of the account.
    pub const DOCUMENT: Self = Self(Cow::Borrowed("document"));
    /// The profile of the account.
    pub const PROFILE: Self = Self(Cow::Borrowed("profile"));
    /// The second factor of the account.
    pub const OTP: Self = Self(Cow::Borrowed("otp"));
    /// Where the owner of the account lives.
    pub const ADDRESS: Self = Self(Cow::Borrowed("address"));

    /// Every problem of the text, or the key.
    pub fn check(text: &str) -> Result<Self, Vec<LabelProblem>> {
        checked(text).map(|text| Self(Cow::Owned(text)))
    }

    /// As it is stored and compared.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl LabelValue {
    /// It was proven.
    pub const VERIFIED: Self = Self(Cow::Borrowed("verified"));
    /// It waits for a verdict.
    pub const PENDING: Self = Self(Cow::Borrowed("pending"));
    /// It was looked at and not believed.
    pub const REJECTED: Self = Self(Cow::Borrowed("rejected"));
    /// What was verified was changed since.
    pub const REPLACED: Self = Self(Cow::Borrowed("replaced"));
    /// Begun and not handed in.
    pub const DRAFTED: Self = Self(Cow::Borrowed("drafted"));
    /// Handed in.
    pub const SUBMITTED: Self = Self(Cow::Borrowed("submitted"));
    /// Some of the fields are there.
    pub const PARTIAL: Self = Self(Cow::Borrowed("partial"));
    /// Switched on.
    pub const ENABLED: Self = Self(Cow::Borrowed("enabled"));
    /// There is something of this name.
    pub const RECORDED: Self = Self(Cow::Borrowed("recorded"));

    /// Every problem of the text, or the value.
    pub fn check(text: &str) -> Result<Self, Vec<LabelProblem>> {
        checked(text).map(|text| Self(Cow::Owned(text)))
    }

    /// As it is stored and compared.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LabelKey {
    type Err = LabelProblem;

    /// The key, or the first problem.
    fn from_str(text: &str) -> Result<Self, LabelProblem> {
        Self::check(text).map_err(first)
    }
}

impl FromStr for LabelValue {
    type Err = LabelProblem;

    /// The value, or the first problem.
    fn from_str(text: &str) -> Result<Self, LabelProblem> {
        Self::check(text).map_err(first)
    }
}

impl fmt::Display for LabelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for LabelValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LabelScope {
    /// As it is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

impl FromStr for LabelScope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        match text {
            "public" => Ok(Self::Public),
            "private" => Ok(Self::Private),
            _ => Err(UnknownScope),
        }
    }
}

fn first(problems: Vec<LabelProblem>) -> LabelProblem {
    problems.into_iter().next().unwrap_or(LabelProblem::BadFormat)
}

fn checked(text: &str) -> Result<String, Vec<LabelProblem>> {
    let too_long = LabelProblem::TooLong { maximum: MAX_CHARS };
    if text.len() > MAX_BYTES {
        return Err(vec![too_long]);
    }
    let text = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    if text.is_empty() {
        return Err(vec![LabelProblem::Blank]);
    }
    let mut problems = Vec::new();
    let chars = text.chars().count();
    if chars < MIN_CHARS {
        problems.push(LabelProblem::TooShort { minimum: MIN_CHARS });
    }
    if chars > MAX_CHARS {
        problems.push(too_long);
    }
    if !text
        .bytes()
        .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
    {
        problems.push(LabelProblem::BadFormat);
    }
    if problems.is_empty() {
        Ok(text)
    } else {
        Err(problems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOO_SHORT: LabelProblem = LabelProblem::TooShort { minimum: 3 };
    const TOO_LONG: LabelProblem = LabelProblem::TooLong { maximum: 255 };

    #[track_caller]
    fn check(text: &str, expected: Result<&str, Vec<LabelProblem>>) {
        let expected = expected.map(str::to_owned);
        assert_eq!(
            LabelKey::check(text).map(|key| key.to_string()),
            expected,
            "{text:?}"
        );
        assert_eq!(
            LabelValue::check(text).map(|value| value.to_string()),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn a_label_is_lower_case_without_blanks_around_it() {
        check("email", Ok("email"));
        check("  E-Mail_2 ", Ok("e-mail_2"));
        check("abc", Ok("abc"));
        check(&"x".repeat(255), Ok(&"x".repeat(255)));
    }

    #[test]
    fn every_problem_of_a_label_is_told() {
        check("", Err(vec![LabelProblem::Blank]));
        check(" \t\u{a0}", Err(vec![LabelProblem::Blank]));
        check("ab", Err(vec![TOO_SHORT]));
        check("ä", Err(vec![TOO_SHORT, LabelProblem::BadFormat]));
        check("two words", Err(vec![LabelProblem::BadFormat]));
        check("key:value", Err(vec![LabelProblem::BadFormat]));
        check(&"x".repeat(256), Err(vec![TOO_LONG]));
        check(&"ä".repeat(256), Err(vec![TOO_LONG, LabelProblem::BadFormat]));
        check(&" ".repeat(5000), Err(vec![TOO_LONG]));
    }

    #[test]
    fn the_well_known_labels_keep_the_grammar() {
        for key in [
            LabelKey::EMAIL,
            LabelKey::PHONE,
            LabelKey::DOCUMENT,
            LabelKey::PROFILE,
            LabelKey::OTP,
            LabelKey::ADDRESS,
        ] {
            assert_eq!(LabelKey::check(key.as_str()), Ok(key));
        }
        for value in [
            LabelValue::VERIFIED,
            LabelValue::PENDING,
            LabelValue::REJECTED,
            LabelValue::REPLACED,
            LabelValue::DRAFTED,
            LabelValue::SUBMITTED,
            LabelValue::PARTIAL,
            LabelValue::ENABLED,
            LabelValue::RECORDED,
        ] {
            assert_eq!(LabelValue::check(value.as_str()), Ok(value));
        }
    }

    #[test]
    fn a_scope_is_read_by_the_name_it_has() {
        for scope in [LabelScope::Public, LabelScope::Private] {
            assert_eq!(scope.name().parse(), Ok(scope));
        }
        assert_eq!("Private".parse::<LabelScope>(), Err(UnknownScope));
    }
}
