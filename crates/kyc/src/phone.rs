use std::fmt;
use std::str::FromStr;

use phonenumber::Type;
use phonenumber::metadata::{DATABASE, Descriptor, Metadata};
use regex::Regex;

/// Longest text that is read as a number, in bytes.
const MAX_BYTES: usize = 64;
/// Most digits of a number with its calling code. E.164 §6 says 15; some plans go further.
const MAX_DIGITS: usize = 17;
/// Most digits of a calling code.
const MAX_CALLING_CODE_DIGITS: usize = 3;
/// Digits at the end that a masked number still shows.
const SHOWN_DIGITS: usize = 4;
/// Every kind of number that somebody may have.
const KINDS: [Type; 10] = [
    Type::Mobile,
    Type::FixedLine,
    Type::TollFree,
    Type::PremiumRate,
    Type::SharedCost,
    Type::PersonalNumber,
    Type::Voip,
    Type::Pager,
    Type::Uan,
    Type::Voicemail,
];

/// A phone number in its one form: the digits of E.164, calling code first, without `+`.
///
/// Holding one is the proof that a numbering plan has such a number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber {
    digits: String,
    country: String,
}

/// Why a text is no phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneNumberError {
    /// Too few digits, or too many.
    #[error("not the length of a phone number")]
    Length,
    /// It begins with no calling code.
    #[error("no country has this calling code")]
    UnknownCallingCode,
    /// No country's plan has the number. Numbers that belong to no country, such as those of satellites and of
    /// services in all the world, are nobody's phone.
    #[error("no country's numbering plan has this number")]
    NotInPlan,
}

impl PhoneNumber {
    /// A number as the store kept it: the plan of that time had it, today's may not.
    pub fn stored(digits: &str, country: &str) -> Result<Self, PhoneNumberError> {
        if digits.is_empty() || digits.len() > MAX_BYTES || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PhoneNumberError::Length);
        }
        if !is_country(country) {
            return Err(PhoneNumberError::UnknownCallingCode);
        }
        Ok(Self {
            digits: digits.to_owned(),
            country: country.to_owned(),
        })
    }

    /// The calling code and the national number, digits only. It is what is stored and compared.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// The country whose plan has the number, ISO 3166-1 alpha-2.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// The number with all digits but the calling code and the last four hidden: `33*****0471`.
    pub fn masked(&self) -> String {
        let (code, national) = split(&self.digits).unwrap_or(("", &self.digits));
        let hidden = match national.len().saturating_sub(SHOWN_DIGITS) {
            // There is nothing to be seen of a number this short.
            0 => national.len(),
            hidden => hidden,
        };
        let shown = national.get(hidden..).unwrap_or_default();
        format!("{code}{}{shown}", "*".repeat(hidden))
    }
}

impl FromStr for PhoneNumber {
    type Err = PhoneNumberError;

    /// Reads an international number, calling code first, however it is punctuated. A national trunk `0` between
    /// the calling code and the rest is dropped where the plan does not have it.
    fn from_str(text: &str) -> Result<Self, PhoneNumberError> {
        if text.len() > MAX_BYTES {
            return Err(PhoneNumberError::Length);
        }
        let digits = text.chars().filter(char::is_ascii_digit).collect::<String>();
        if digits.is_empty() || digits.len() > MAX_DIGITS {
            return Err(PhoneNumberError::Length);
        }
        let (code, given) = split(&digits).ok_or(PhoneNumberError::UnknownCallingCode)?;
        [Some(given), given.strip_prefix('0')]
            .into_iter()
            .flatten()
            .find_map(|national| {
                Some(Self {
                    country: country_of(code, national)?,
                    digits: format!("{code}{national}"),
                })
            })
            .ok_or(PhoneNumberError::NotInPlan)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(..)")
    }
}

/// Divides a number after its calling code. No calling code begins with another.
fn split(digits: &str) -> Option<(&str, &str)> {
    (1..=MAX_CALLING_CODE_DIGITS)
        .filter_map(|length| digits.split_at_checked(length))
        .find(|(code, _)| !code.starts_with('0') && !plans(code).is_empty())
}

/// The plans behind a calling code; that of its main country is the first.
fn plans(code: &str) -> Vec<&'static Metadata> {
    let Ok(code) = code.parse::<u16>() else {
        return Vec::new();
    };
    let mut plans = DATABASE.by_code(&code).unwrap_or_default();
    plans.sort_by_key(|plan| !plan.is_main_country_for_code());
    plans
}

/// The country that has this number in its plan.
fn country_of(code: &str, national: &str) -> Option<String> {
    let plan = plans(code).into_iter().find(|plan| {
        let is_theirs = |plan: &Metadata| {
            plan.leading_digits()
                .is_none_or(|digits| digits.find(national).is_some_and(|found| found.start() == 0))
        };
        is_country(plan.id()) && is_theirs(plan) && has(plan, national)
    })?;
    Some(plan.id().to_owned())
}

/// Whether a plan of this name is a country's: some are the world's (`001`).
fn is_country(id: &str) -> bool {
    id.len() == 2 && id.bytes().all(|b| b.is_ascii_uppercase())
}

fn has(plan: &Metadata, national: &str) -> bool {
    let descriptors = plan.descriptors();
    matches(descriptors.general(), national)
        && KINDS
            .into_iter()
            .filter_map(|kind| descriptors.get(kind))
            .any(|kind| matches(kind, national))
}

/// Whether a description fits the whole number, not only its beginning.
fn matches(description: &Descriptor, national: &str) -> bool {
    let pattern = description.national_number();
    description.is_match(national)
        && (pattern
            .find(national)
            .is_some_and(|found| found.end() == national.len())
            || Regex::new(&format!("(?x)^(?:{})$", pattern.as_str()))
                .is_ok_and(|whole| whole.is_match(national)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(&str, &str), PhoneNumberError>) {
        let number = text.parse::<PhoneNumber>();
        let number = number.as_ref().map(|number| (number.digits(), number.country()));
        assert_eq!(number, expected.as_ref().map(|pair| *pair), "{text:?}");
    }

    #[test]
    fn a_number_is_stored_as_its_digits() {
        check("+44 7418084106", Ok(("447418084106", "GB")));
        check("447418084106", Ok(("447418084106", "GB")));
        check("++1 (202) 555-0123", Ok(("12025550123", "US")));
        check("tel:+1-613-555-0123", Ok(("16135550123", "CA")));
        check("33 6 00 00 04 71", Ok(("33600000471", "FR")));
        check("+380 50 123 45 67", Ok(("380501234567", "UA")));
    }

    #[test]
    fn a_trunk_zero_is_dropped_where_the_plan_has_none() {
        check("+44 07418084106", Ok(("447418084106", "GB")));
        check("+44 (0) 7418 084106", Ok(("447418084106", "GB")));
        check("+49 0151 23456789", Ok(("4915123456789", "DE")));
        // In Italy it belongs to the number.
        check("+39 02 3661 8300", Ok(("390236618300", "IT")));
        // Here the 8 that is the trunk prefix in the country begins a number.
        check("+7 800 555 35 35", Ok(("78005553535", "RU")));
        check("+44 007418084106", Err(PhoneNumberError::NotInPlan));
    }

    #[test]
    fn the_country_is_the_one_whose_plan_has_it() {
        check("+7 701 234 5678", Ok(("77012345678", "KZ")));
        check("+7 912 345-67-89", Ok(("79123456789", "RU")));
        check("+44 7781 123456", Ok(("447781123456", "GG")));
        check("+1 242 359 1234", Ok(("12423591234", "BS")));
        check("+1 787 555 0123", Ok(("17875550123", "PR")));
        check("+358 18 123456", Ok(("35818123456", "AX")));
    }

    #[test]
    fn a_number_of_no_country_is_nobodys_phone() {
        for number in [
            "+800 1234 5678",
            "+808 1234 5678",
            "+870 301 234 567",
            "+878 10 123456789012",
            "+881 612 345 678",
            "+882 34 21234",
            "+883 510 012 345 678",
            "+888 123 456 789 01",
            "+979 123 456 789",
        ] {
            check(number, Err(PhoneNumberError::NotInPlan));
        }
    }

    #[test]
    fn what_no_plan_has_is_refused() {
        check("", Err(PhoneNumberError::Length));
        check("phone", Err(PhoneNumberError::Length));
        check("123", Err(PhoneNumberError::NotInPlan));
        check("+44", Err(PhoneNumberError::NotInPlan));
        check("0044 7418084106", Err(PhoneNumberError::UnknownCallingCode));
        check("+999 1234567", Err(PhoneNumberError::UnknownCallingCode));
        check("+44 74180841060", Err(PhoneNumberError::NotInPlan));
        check("+1 202 555 012", Err(PhoneNumberError::NotInPlan));
        check("+٤٤ ٧٤١٨٠٨٤١٠٦", Err(PhoneNumberError::Length));
        check(&"1".repeat(18), Err(PhoneNumberError::Length));
        check(
            &format!("+44 7418084106{}", " ".repeat(64)),
            Err(PhoneNumberError::Length),
        );
    }

    #[test]
    fn a_masked_number_shows_calling_code_and_four_digits() {
        let masked = |text: &str| text.parse::<PhoneNumber>().unwrap().masked();
        assert_eq!(masked("33600000471"), "33*****0471");
        assert_eq!(masked("+1 202 555 0123"), "1******0123");
        assert_eq!(masked("+380 50 123 45 67"), "380*****4567");
        assert_eq!(PhoneNumber::stored("44123", "GB").unwrap().masked(), "44***");
    }

    #[test]
    fn a_stored_number_needs_no_plan() {
        let number = PhoneNumber::stored("4412345", "GB").unwrap();
        assert_eq!((number.digits(), number.country()), ("4412345", "GB"));
        assert!(PhoneNumber::stored("+4412345", "GB").is_err());
        assert!(PhoneNumber::stored("", "GB").is_err());
        assert!(PhoneNumber::stored("4412345", "").is_err());
    }

    #[test]
    fn a_number_is_not_shown_in_logs() {
        let number = "+447418084106".parse::<PhoneNumber>().unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(..)");
    }

    #[test]
    fn every_plan_has_its_own_examples() {
        let examples = DATABASE.iter().filter_map(|plan| {
            let national = plan.descriptors().mobile()?.example()?;
            is_country(plan.id()).then_some(())?;
            Some((plan.id().to_owned(), format!("{}{national}", plan.country_code())))
        });
        for (id, digits) in examples {
            let number = digits.parse::<PhoneNumber>();
            assert_eq!(number.map(|number| number.digits), Ok(digits), "{id}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_number_is_its_own_form(text in "\\PC{0,70}|[+0-9() a-z-]{0,40}|[1-9][0-9]{0,16}") {
            if let Ok(number) = text.parse::<PhoneNumber>() {
                prop_assert_eq!(number.digits().parse::<PhoneNumber>(), Ok(number.clone()));
                prop_assert_eq!(number.masked().len(), number.digits().len());
                prop_assert_eq!(PhoneNumber::stored(number.digits(), number.country()), Ok(number));
            }
        }
    }
}
