//! What is wrong with a record, as sentences for people and as codes for programs.

mod account;
mod api_key;
mod kyc;

use std::borrow::Cow;

/// One rule of one field that a record breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecordError {
    field: &'static str,
    problem: Problem,
}

/// How a field breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// Nothing is in it.
    Blank,
    /// It is not of the form it must have.
    Invalid,
    /// It has fewer characters than this.
    TooShort(usize),
    /// It has more characters than this.
    TooLong(usize),
    /// It is none of the values that there are.
    NotIncluded,
    /// Somebody has it already.
    Taken,
    /// A rule with words of its own.
    Says(Cow<'static, str>, Code),
}

/// How the coded profile names a rule that has words of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// By this reason, after the field's name and a point.
    Reason(&'static str),
    /// By this code, which does not begin with the field's name.
    Whole(&'static str),
}

impl RecordError {
    /// The rule that a field breaks.
    pub(super) const fn new(field: &'static str, problem: Problem) -> Self {
        Self { field, problem }
    }

    /// A rule with words of its own, which are fixed.
    pub(super) const fn says(field: &'static str, message: &'static str, code: Code) -> Self {
        Self::new(field, Problem::Says(Cow::Borrowed(message), code))
    }

    /// The field's name on the wire.
    pub(super) const fn field(&self) -> &'static str {
        self.field
    }

    /// What is wrong, without the field: `can't be blank`.
    pub(super) fn message(&self) -> Cow<'static, str> {
        match &self.problem {
            Problem::Blank => "can't be blank".into(),
            Problem::Invalid => "is invalid".into(),
            Problem::TooShort(least) => format!("is too short (minimum is {least} characters)").into(),
            Problem::TooLong(most) => format!("is too long (maximum is {most} characters)").into(),
            Problem::NotIncluded => "is not included in the list".into(),
            Problem::Taken => "has already been taken".into(),
            Problem::Says(message, _) => message.clone(),
        }
    }

    /// As a sentence: `First name can't be blank`.
    pub(super) fn sentence(&self) -> String {
        format!("{} {}", human(self.field), self.message())
    }

    /// As a code: `first_name.blank`.
    pub(super) fn code(&self) -> String {
        let reason = match &self.problem {
            Problem::Blank => "blank",
            Problem::Invalid => "invalid",
            Problem::TooShort(_) => "too_short",
            Problem::TooLong(_) => "too_long",
            Problem::NotIncluded => "inclusion",
            Problem::Taken => "taken",
            Problem::Says(_, Code::Reason(reason)) => reason,
            Problem::Says(_, Code::Whole(code)) => return (*code).to_owned(),
        };
        format!("{}.{reason}", self.field)
    }
}

/// Sentences as one: `A`, `A and B`, `A, B, and C`.
pub(super) fn joined(sentences: &[String]) -> String {
    match sentences {
        [] => String::new(),
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [most @ .., last] => format!("{}, and {last}", most.join(", ")),
    }
}

/// A field's name as people write it: `doc_expire` is `Doc expire`.
fn human(field: &str) -> String {
    let mut letters = field.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first
        .into_iter()
        .chain(letters.map(|letter| if letter == '_' { ' ' } else { letter }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: RecordError, sentence: &str, code: &str) {
        assert_eq!(error.sentence(), sentence);
        assert_eq!(error.code(), code);
    }

    #[test]
    fn each_rule_has_its_words_and_its_code() {
        check(
            RecordError::new("first_name", Problem::TooShort(2)),
            "First name is too short (minimum is 2 characters)",
            "first_name.too_short",
        );
        check(
            RecordError::new("doc_number", Problem::TooLong(128)),
            "Doc number is too long (maximum is 128 characters)",
            "doc_number.too_long",
        );
        check(
            RecordError::new("doc_expire", Problem::Invalid),
            "Doc expire is invalid",
            "doc_expire.invalid",
        );
        check(
            RecordError::new("kid", Problem::Blank),
            "Kid can't be blank",
            "kid.blank",
        );
        check(
            RecordError::new("key", Problem::Taken),
            "Key has already been taken",
            "key.taken",
        );
        check(
            RecordError::new("algorithm", Problem::NotIncluded),
            "Algorithm is not included in the list",
            "algorithm.inclusion",
        );
    }

    #[test]
    fn a_rule_with_words_of_its_own_keeps_them() {
        check(
            RecordError::says("password", "is too weak", Code::Reason("weak")),
            "Password is too weak",
            "password.weak",
        );
        check(
            RecordError::says(
                "doc_expire",
                "is invalid",
                Code::Whole("resource.documents.already_expired"),
            ),
            "Doc expire is invalid",
            "resource.documents.already_expired",
        );
    }

    #[test]
    fn sentences_are_joined_as_in_english() {
        let joined =
            |sentences: &[&str]| joined(&sentences.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
        assert_eq!(joined(&[]), "");
        assert_eq!(joined(&["A"]), "A");
        assert_eq!(joined(&["A", "B"]), "A and B");
        assert_eq!(joined(&["A", "B", "C"]), "A, B, and C");
        assert_eq!(joined(&["A", "B", "C", "D"]), "A, B, C, and D");
    }
}
