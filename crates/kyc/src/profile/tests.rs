use super::*;
use proptest::prelude::*;

use ProfileField::{Address, City, Country, Dob, FirstName, LastName, Postcode};
use ProfileGrammar::{Strict, Wide};

const TOO_SHORT: Problem = Problem::TooShort { minimum: 2 };
const TOO_LONG: Problem = Problem::TooLong { maximum: 255 };

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn ada() -> ProfileFields {
    ProfileFields {
        first_name: Some("Ada".into()),
        last_name: Some("O'Hara-Lovelace".into()),
        dob: Some(day("1990-12-10")),
        address: Some("12 Main St.".into()),
        postcode: Some("AB1 2CD".into()),
        city: Some("London".into()),
        country: Some("GBR".into()),
    }
}

fn set(field: ProfileField, text: &str) -> ProfileFields {
    let mut fields = ada();
    let text = Some(text.to_owned());
    match field {
        FirstName => fields.first_name = text,
        LastName => fields.last_name = text,
        Dob => panic!("a day is no text"),
        Address => fields.address = text,
        Postcode => fields.postcode = text,
        City => fields.city = text,
        Country => fields.country = text,
    }
    fields
}

/// The problems of the field under the strict grammar and under the wide one.
#[track_caller]
fn check(field: ProfileField, text: &str, strict: &[Problem], wide: &[Problem]) {
    for (grammar, expected) in [(Strict, strict), (Wide, wide)] {
        let violations = CheckedProfile::check(set(field, text), grammar)
            .err()
            .unwrap_or_default();
        assert!(violations.iter().all(|violation| violation.field == field));
        let problems = violations
            .into_iter()
            .map(|violation| violation.problem)
            .collect::<Vec<_>>();
        assert_eq!(problems, expected, "{field:?} {text:?} {grammar:?}");
    }
}

#[test]
fn a_name_has_letters_hyphens_and_apostrophes() {
    for field in [FirstName, LastName] {
        check(field, "Mary Jane", &[], &[]);
        check(field, "D'Arcy-Smith", &[], &[]);
        check(field, "Zoë", &[Problem::BadFormat], &[]);
        check(field, "नमस्ते", &[Problem::BadFormat], &[]);
        check(field, "李", &[TOO_SHORT, Problem::BadFormat], &[]);
        check(field, "R2_D2", &[Problem::BadFormat], &[]);
        check(field, "A", &[TOO_SHORT], &[]);
        check(field, "1", &[TOO_SHORT, Problem::BadFormat], &[]);
        check(field, "a.b", &[Problem::BadFormat], &[Problem::BadFormat]);
        check(field, "<b>", &[Problem::BadFormat], &[Problem::BadFormat]);
        check(field, "An\u{200d}n", &[Problem::BadFormat], &[Problem::BadFormat]);
        check(field, "An\u{202e}n", &[Problem::BadFormat], &[Problem::BadFormat]);
        check(field, "An\0n", &[Problem::BadFormat], &[Problem::BadFormat]);
        check(field, &"a".repeat(255), &[], &[]);
        check(field, &"a".repeat(256), &[TOO_LONG], &[TOO_LONG]);
        check(field, &" a".repeat(5000), &[TOO_LONG], &[TOO_LONG]);
    }
}

#[test]
fn a_city_may_have_dots_where_the_grammar_is_wide() {
    check(City, "New York", &[], &[]);
    check(City, "St. John's", &[Problem::BadFormat], &[]);
    check(City, "Köln–Porz ~", &[Problem::BadFormat], &[]);
    check(City, "Y", &[TOO_SHORT], &[]);
    check(City, "City, State", &[Problem::BadFormat], &[Problem::BadFormat]);
}

#[test]
fn an_address_is_kept_as_typed() {
    check(Address, "12 Main St., Apt '4'\nBack yard", &[], &[]);
    check(Address, "1", &[], &[]);
    check(Address, "12-14 Main St", &[Problem::BadFormat], &[]);
    check(
        Address,
        "#5 (rear); \"Höfe\" & co: a/b \\ – ~",
        &[Problem::BadFormat],
        &[],
    );
    check(Address, "a <b>", &[Problem::BadFormat], &[Problem::BadFormat]);
    check(Address, "a\u{85}b", &[Problem::BadFormat], &[Problem::BadFormat]);
    let long = Problem::TooLong { maximum: 1024 };
    check(Address, &"a".repeat(1025), &[long], &[long]);
    check(Address, &"a".repeat(1_000_000), &[long], &[long]);
    let checked = CheckedProfile::check(set(Address, "  1  Main St "), Strict).unwrap();
    assert_eq!(checked.fields().address.as_deref(), Some("  1  Main St "));
}

#[test]
fn a_postcode_is_in_upper_case_where_the_grammar_is_strict() {
    check(Postcode, "AB1 2CD", &[], &[]);
    check(Postcode, "12345-678", &[], &[]);
    check(Postcode, "ab1 2cd", &[Problem::BadFormat], &[]);
    check(Postcode, "1", &[TOO_SHORT], &[TOO_SHORT]);
    check(Postcode, "12.345", &[Problem::BadFormat], &[Problem::BadFormat]);
}

#[test]
fn a_country_has_one_of_the_iso_codes() {
    for code in ["GB", "gb", "Gbr", "GBR", "SS", "CUW"] {
        check(Country, code, &[], &[]);
    }
    for code in ["XX", "EU", "ZZZ", "G", "Britain", " GB", "ǅ", "ßs", "ıt"] {
        check(Country, code, &[Problem::BadFormat], &[Problem::BadFormat]);
    }
    let checked = CheckedProfile::check(set(Country, "gBr"), Strict).unwrap();
    assert_eq!(checked.fields().country.as_deref(), Some("gBr"));
    assert_eq!(CountryCode::num_country_codes(), 249);
}

#[test]
fn blanks_are_squeezed_before_anything_is_checked() {
    let raw = ProfileFields {
        first_name: Some("  Ada\t May ".into()),
        city: Some("  New  York ".into()),
        postcode: Some(" AB1   2CD".into()),
        ..ada()
    };
    let checked = CheckedProfile::check(raw, Strict).unwrap();
    assert_eq!(checked.fields().first_name.as_deref(), Some("Ada May"));
    assert_eq!(checked.fields().city.as_deref(), Some("New York"));
    assert_eq!(checked.fields().postcode.as_deref(), Some("AB1 2CD"));
    check(FirstName, " A ", &[TOO_SHORT], &[]);
}

#[test]
fn every_problem_is_told_in_order() {
    let violation = |field, problem| FieldViolation { field, problem };
    let blank = CheckedProfile::check(ProfileFields::default(), Wide).unwrap_err();
    let mut expected = ProfileField::ALL
        .map(|field| violation(field, Problem::Blank))
        .to_vec();
    expected.push(violation(Country, Problem::BadFormat));
    assert_eq!(blank, expected);

    let raw = ProfileFields {
        first_name: Some(" \t".into()),
        last_name: Some("1".into()),
        city: Some("@".repeat(256)),
        ..ada()
    };
    assert_eq!(
        CheckedProfile::check(raw, Strict).unwrap_err(),
        [
            violation(FirstName, Problem::Blank),
            violation(LastName, TOO_SHORT),
            violation(LastName, Problem::BadFormat),
            violation(City, TOO_LONG),
            violation(City, Problem::BadFormat),
        ]
    );
}

#[test]
fn a_draft_may_lack_anything_but_keeps_the_rules() {
    let today = day("2026-11-21");
    let empty = CheckedProfile::check_partial(ProfileFields::default(), Wide, today).unwrap();
    assert!(!empty.is_complete());
    assert!(
        CheckedProfile::check_partial(ada(), Wide, today)
            .unwrap()
            .is_complete()
    );

    let blank = CheckedProfile::check_partial(set(FirstName, "  "), Wide, today).unwrap();
    assert_eq!(blank.fields().first_name, None);
    let bad = CheckedProfile::check_partial(set(Country, "XX"), Wide, today).unwrap_err();
    assert_eq!(
        bad,
        [FieldViolation {
            field: Country,
            problem: Problem::BadFormat
        }]
    );
}

#[test]
fn only_a_draft_asks_whether_somebody_is_born() {
    let today = day("2026-11-21");
    let born = |text| ProfileFields {
        dob: Some(day(text)),
        ..ada()
    };
    assert!(CheckedProfile::check_partial(born("2026-11-21"), Wide, today).is_ok());
    let future = CheckedProfile::check_partial(born("2026-11-22"), Wide, today).unwrap_err();
    assert_eq!(
        future,
        [FieldViolation {
            field: Dob,
            problem: Problem::InFuture
        }]
    );
    assert!(CheckedProfile::check(born("2999-01-01"), Wide).is_ok());
}

#[test]
fn personal_data_is_not_shown_in_logs() {
    assert_eq!(format!("{:?}", ada()), "ProfileFields(..)");
    assert_eq!(
        format!("{:?}", CheckedProfile::stored(ada())),
        "CheckedProfile(..)"
    );
}

#[test]
fn a_grammar_is_read_by_the_name_it_has() {
    for grammar in [Strict, Wide] {
        assert_eq!(grammar.name().parse(), Ok(grammar));
    }
    assert_eq!("any".parse::<ProfileGrammar>(), Err(UnknownGrammar));
    assert_eq!(
        ProfileField::ALL.map(ProfileField::name),
        [
            "first_name",
            "last_name",
            "dob",
            "address",
            "postcode",
            "city",
            "country"
        ]
    );
}

fn any_fields() -> impl Strategy<Value = ProfileFields> {
    let text = || proptest::option::of("\\PC{0,20}|[A-Za-z0-9 '.,_-]{0,20}|[A-Za-z]{2,3}");
    (text(), text(), text(), text(), text(), text()).prop_map(
        |(first_name, last_name, address, postcode, city, country)| ProfileFields {
            first_name,
            last_name,
            dob: Some(day("1990-12-10")),
            address,
            postcode,
            city,
            country,
        },
    )
}

proptest! {
    #[test]
    fn what_is_strict_is_wide_too(raw in any_fields()) {
        if CheckedProfile::check(raw.clone(), Strict).is_ok() {
            prop_assert!(CheckedProfile::check(raw, Wide).is_ok());
        }
    }

    #[test]
    fn what_was_checked_stays_as_it_is(raw in any_fields()) {
        let today = day("2026-11-21");
        for grammar in [Strict, Wide] {
            if let Ok(checked) = CheckedProfile::check_partial(raw.clone(), grammar, today) {
                let again = CheckedProfile::check_partial(checked.clone().into_fields(), grammar, today);
                prop_assert!(again.is_ok_and(|again| again == checked));
            }
        }
    }
}

#[test]
fn a_country_is_meant_by_both_of_its_codes_in_any_case() {
    for text in ["GB", "gb", "Gb", "GBR", "gbr", " gBr "] {
        let spellings = country_spellings(text);
        assert_eq!(spellings.len(), 4 + 8, "{text}");
        for given in ["GB", "gb", "gB", "GBR", "gbr", "Gbr"] {
            assert!(
                spellings.iter().any(|spelling| spelling == given),
                "{text} {given}"
            );
        }
    }
    for none in ["", "ZZ", "United Kingdom", "É"] {
        assert_eq!(country_spellings(none), [none]);
    }
}
