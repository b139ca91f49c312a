use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use isocountry::CountryCode;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

mod address;

pub use address::PostalAddress;

/// Most characters of a name, a city or a postcode.
const MAX_CHARS: usize = 255;
/// Most characters of an address, which is kept as it was typed.
const MAX_ADDRESS_CHARS: usize = 1024;
/// Longest field that is looked at, in bytes: what is longer only because of blanks is refused as well.
const MAX_BYTES: usize = 8192;

/// Which characters the fields of a profile may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProfileGrammar {
    /// Names and cities in ASCII letters, postcodes in upper case.
    Strict,
    /// Letters of every script, and all that [`ProfileGrammar::Strict`] takes.
    #[default]
    Wide,
}

/// The text names no grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a grammar of profiles; strict or wide")]
pub struct UnknownGrammar;

/// The fields of a profile, in the order in which their problems are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProfileField {
    /// Given names.
    FirstName,
    /// Family name.
    LastName,
    /// Day of birth.
    Dob,
    /// Street and house.
    Address,
    /// Postcode.
    Postcode,
    /// City.
    City,
    /// Country.
    Country,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Problem {
    /// Nothing there, or nothing but blanks.
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
    /// Characters that the grammar does not have, or no country.
    #[error("is not in the form of the field")]
    BadFormat,
    /// A day of birth that is yet to come.
    #[error("is in the future")]
    InFuture,
}

/// One problem of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FieldViolation {
    /// Where.
    pub field: ProfileField,
    /// What.
    pub problem: Problem,
}

/// The fields of a profile as somebody typed them. What was not given is `None`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProfileFields {
    /// Given names.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Day of birth.
    pub dob: Option<NaiveDate>,
    /// Street and house.
    pub address: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Country, ISO 3166-1 alpha-2 or alpha-3.
    pub country: Option<String>,
}

/// Fields that were checked, blanks squeezed: what is stored. A draft lacks some of them.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckedProfile(ProfileFields);

impl ProfileField {
    /// Every field, in order.
    pub const ALL: [Self; 7] = [
        Self::FirstName,
        Self::LastName,
        Self::Dob,
        Self::Address,
        Self::Postcode,
        Self::City,
        Self::Country,
    ];

    /// As it is called on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Dob => "dob",
            Self::Address => "address",
            Self::Postcode => "postcode",
            Self::City => "city",
            Self::Country => "country",
        }
    }
}

impl ProfileGrammar {
    /// As it is written in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Wide => "wide",
        }
    }
}

impl FromStr for ProfileGrammar {
    type Err = UnknownGrammar;

    fn from_str(text: &str) -> Result<Self, UnknownGrammar> {
        match text {
            "strict" => Ok(Self::Strict),
            "wide" => Ok(Self::Wide),
            _ => Err(UnknownGrammar),
        }
    }
}

impl CheckedProfile {
    /// A whole profile: every field must be there.
    ///
    /// All problems are told, those of one field together and the fields in order. A blank field has no further
    /// problem, except that a blank country is no country either.
    pub fn check(raw: ProfileFields, grammar: ProfileGrammar) -> Result<Self, Vec<FieldViolation>> {
        let raw = raw.squeezed();
        let violations = raw.violations(&ProfileField::ALL, grammar);
        raw.unless(violations)
    }

    /// A draft: what is blank is left out, what is there keeps the rules, and the day of birth is not after today.
    pub fn check_partial(
        raw: ProfileFields,
        grammar: ProfileGrammar,
        today: NaiveDate,
    ) -> Result<Self, Vec<FieldViolation>> {
        let raw = raw.squeezed().without_blanks();
        let mut violations = Vec::new();
        for field in ProfileField::ALL {
            let mut add = |problem| violations.push(FieldViolation { field, problem });
            if field == ProfileField::Dob && raw.dob.is_some_and(|dob| dob > today) {
                add(Problem::InFuture);
            }
            if let Some(text) = raw.text(field) {
                problems_of(field, text, grammar).into_iter().for_each(add);
            }
        }
        raw.unless(violations)
    }

    /// Fields as the store kept them: the grammar of that time took them, today's may be narrower.
    pub fn stored(fields: ProfileFields) -> Self {
        Self(fields)
    }

    /// The fields.
    pub fn fields(&self) -> &ProfileFields {
        &self.0
    }

    /// Gives up the proof, to change some of the fields and check again.
    pub fn into_fields(self) -> ProfileFields {
        self.0
    }

    /// Whether every field is there.
    pub fn is_complete(&self) -> bool {
        !ProfileField::ALL.into_iter().any(|field| self.0.is_blank(field))
    }
}

impl ProfileFields {
    fn text(&self, field: ProfileField) -> Option<&str> {
        match field {
            ProfileField::FirstName => self.first_name.as_deref(),
            ProfileField::LastName => self.last_name.as_deref(),
            ProfileField::Dob => None,
            ProfileField::Address => self.address.as_deref(),
            ProfileField::Postcode => self.postcode.as_deref(),
            ProfileField::City => self.city.as_deref(),
            ProfileField::Country => self.country.as_deref(),
        }
    }

    fn is_blank(&self, field: ProfileField) -> bool {
        match field {
            ProfileField::Dob => self.dob.is_none(),
            _ => self.text(field).is_none_or(|text| text.trim().is_empty()),
        }
    }

    /// Without blanks around names, city and postcode, and with single ones inside. Address and country stay.
    fn squeezed(self) -> Self {
        let squeeze = |text: Option<String>| {
            text.map(|text| {
                if text.len() > MAX_BYTES {
                    text
                } else {
                    text.split_whitespace().collect::<Vec<_>>().join(" ")
                }
            })
        };
        Self {
            first_name: squeeze(self.first_name),
            last_name: squeeze(self.last_name),
            postcode: squeeze(self.postcode),
            city: squeeze(self.city),
            ..self
        }
    }

    fn without_blanks(self) -> Self {
        let kept = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Self {
            first_name: kept(self.first_name),
            last_name: kept(self.last_name),
            dob: self.dob,
            address: kept(self.address),
            postcode: kept(self.postcode),
            city: kept(self.city),
            country: kept(self.country),
        }
    }

    /// What is wrong with these fields, which must be there.
    fn violations(&self, fields: &[ProfileField], grammar: ProfileGrammar) -> Vec<FieldViolation> {
        let mut violations = Vec::new();
        for &field in fields {
            let mut add = |problem| violations.push(FieldViolation { field, problem });
            if self.is_blank(field) {
                add(Problem::Blank);
                if field == ProfileField::Country {
                    add(Problem::BadFormat);
                }
            } else if let Some(text) = self.text(field) {
                problems_of(field, text, grammar).into_iter().for_each(add);
            }
        }
        violations
    }

    fn unless(self, violations: Vec<FieldViolation>) -> Result<CheckedProfile, Vec<FieldViolation>> {
        if violations.is_empty() {
            Ok(CheckedProfile(self))
        } else {
            Err(violations)
        }
    }
}

impl fmt::Debug for ProfileFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProfileFields(..)")
    }
}

impl fmt::Debug for CheckedProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckedProfile(..)")
    }
}

/// The problems of a text that is not blank.
fn problems_of(field: ProfileField, text: &str, grammar: ProfileGrammar) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (minimum, maximum) = bounds(field, grammar);
    let chars = if text.len() > MAX_BYTES {
        usize::MAX
    } else {
        text.chars().count()
    };
    if chars < minimum {
        problems.push(Problem::TooShort { minimum });
    }
    if chars > maximum {
        problems.push(Problem::TooLong { maximum });
    }
    if chars < usize::MAX && !is_in_form(field, text, grammar) {
        problems.push(Problem::BadFormat);
    }
    problems
}

/// The fewest and the most characters.
fn bounds(field: ProfileField, grammar: ProfileGrammar) -> (usize, usize) {
    match (field, grammar) {
        (ProfileField::Address, _) => (1, MAX_ADDRESS_CHARS),
        // A code that is longer is no country, which is said already.
        (ProfileField::Country | ProfileField::Dob, _) => (1, usize::MAX),
        (ProfileField::FirstName | ProfileField::LastName | ProfileField::City, ProfileGrammar::Wide) => {
            (1, MAX_CHARS)
        }
        (
            ProfileField::FirstName | ProfileField::LastName | ProfileField::City | ProfileField::Postcode,
            _,
        ) => (2, MAX_CHARS),
    }
}

fn is_in_form(field: ProfileField, text: &str, grammar: ProfileGrammar) -> bool {
    if field == ProfileField::Country {
        return is_country(text);
    }
    text.chars().all(|c| match grammar {
        ProfileGrammar::Strict => is_strict(field, c),
        ProfileGrammar::Wide => is_wide(field, c),
    })
}

fn is_strict(field: ProfileField, c: char) -> bool {
    match field {
        ProfileField::FirstName | ProfileField::LastName | ProfileField::City => {
            c.is_ascii_alphabetic() || " '-".contains(c)
        }
        ProfileField::Address => c.is_ascii_alphanumeric() || is_blank(c) || ".,'".contains(c),
        ProfileField::Postcode => c.is_ascii_uppercase() || c.is_ascii_digit() || is_blank(c) || c == '-',
        ProfileField::Dob | ProfileField::Country => true,
    }
}

fn is_wide(field: ProfileField, c: char) -> bool {
    is_of_word(c)
        || match field {
            ProfileField::FirstName | ProfileField::LastName | ProfileField::Postcode => " '-".contains(c),
            ProfileField::City => " '-–.~".contains(c),
            ProfileField::Address => is_blank(c) || "–,.~;/:#\"\\&'()-".contains(c),
            ProfileField::Dob | ProfileField::Country => true,
        }
}

/// Blanks of ASCII, line breaks among them.
fn is_blank(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{b}'
}

/// Letters, marks, digits and connectors such as `_`: Unicode's word characters (UTS #18 annex C) without the
/// joiners, which nobody sees.
fn is_of_word(c: char) -> bool {
    matches!(
        c.general_category_group(),
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark
    ) || matches!(
        c.general_category(),
        GeneralCategory::DecimalNumber | GeneralCategory::ConnectorPunctuation
    )
}

fn is_country(text: &str) -> bool {
    country(text).is_some()
}

fn country(text: &str) -> Option<CountryCode> {
    if !text.is_ascii() {
        return None;
    }
    match text.len() {
        2 => CountryCode::for_alpha2_caseless(text).ok(),
        3 => CountryCode::for_alpha3_caseless(text).ok(),
        _ => None,
    }
}

/// Every text that stands for the same country as this one in a profile, where it is kept as it was given: both of its
/// codes, in any case of their letters. A text that stands for none has itself alone.
pub fn country_spellings(text: &str) -> Vec<String> {
    let text = text.trim();
    match country(text) {
        Some(country) => [country.alpha2(), country.alpha3()]
            .into_iter()
            .flat_map(in_any_case)
            .collect(),
        None => vec![text.to_owned()],
    }
}

fn in_any_case(code: &str) -> Vec<String> {
    code.chars().fold(vec![String::new()], |beginnings, letter| {
        let cases = [letter.to_ascii_uppercase(), letter.to_ascii_lowercase()];
        let longer = beginnings
            .iter()
            .flat_map(|beginning| cases.map(|letter| format!("{beginning}{letter}")));
        longer.collect()
    })
}

#[cfg(test)]
mod tests;
