use super::*;

use PasswordProblem::{DoesNotMeetRequirements, TooWeak};

#[track_caller]
fn check(password: &str, expected: &[PasswordProblem]) {
    let password = Secret::new(password);
    let bits = PasswordRules::entropy_bits(&password);
    let problems = PasswordRules::default().problems(&password);
    assert_eq!(problems, expected, "{} has {bits} bits", password.expose());
}

#[test]
fn passwords_that_are_easy_to_guess_are_refused() {
    check("Password1", &[TooWeak]);
    check("Password1123", &[TooWeak]);
    check("password", &[DoesNotMeetRequirements, TooWeak]);
    check("password1", &[DoesNotMeetRequirements, TooWeak]);
    check("Qq123123", &[TooWeak]);
    check("QqQq123123", &[TooWeak]);
    check("X2qL32", &[DoesNotMeetRequirements, TooWeak]);
    check("eoV0qu", &[DoesNotMeetRequirements, TooWeak]);
    check("Simple", &[DoesNotMeetRequirements, TooWeak]);
}

#[test]
fn passwords_that_are_hard_to_guess_are_taken() {
    for password in [
        "Iequ4geiEWQw",
        "Xwqe213PZCXwe",
        "Kal31ewwqXrew",
        "Tecohvi0",
        "ZahSh8ei",
        "Gol4aid1",
    ] {
        check(password, &[]);
    }
}

#[test]
fn the_requirements_are_those_of_the_rules() {
    check("tecohvi0quax", &[DoesNotMeetRequirements]);
    check("TECOHVI0QUAX", &[DoesNotMeetRequirements]);
    check("Tecohvioquax", &[DoesNotMeetRequirements]);
    check("Ťecohvi٣", &[]);
    let longest = "Ab1Cd2Ef3G".repeat(8);
    check(&longest, &[]);
    check(&format!("{longest}x"), &[DoesNotMeetRequirements]);
    check("", &[DoesNotMeetRequirements, TooWeak]);
    let strict = PasswordRules {
        min_length: 20,
        min_entropy_bits: 50.0,
        ..PasswordRules::default()
    };
    assert_eq!(
        strict.problems(&Secret::new("Tecohvi0")),
        [DoesNotMeetRequirements, TooWeak]
    );
}

#[test]
fn dressed_up_words_and_runs_are_words_and_runs() {
    check("P@ssw0rd!", &[TooWeak]);
    check("Drowssap1", &[TooWeak]);
    check("M1cha3l1990", &[TooWeak]);
    check("He11oHe11o", &[TooWeak]);
    check("Qwertyuiop1", &[TooWeak]);
    check("Poiuytrewq1", &[TooWeak]);
    check("Abcdefgh1", &[TooWeak]);
    check("1qaz2wsX", &[TooWeak]);
    check("Aaaaaaaaaaaaaaa1", &[TooWeak]);
}

#[test]
#[expect(clippy::float_cmp, reason = "all weights are sums of powers of two")]
fn bits_are_counted_by_place_sort_and_repetition() {
    let bits = |password| PasswordRules::entropy_bits(&Secret::new(password));
    assert_eq!(bits("x"), 2.0);
    assert_eq!(bits("xk"), 4.0);
    assert_eq!(bits("xx"), 3.5);
    assert_eq!(bits("xk vd"), 12.0);
    assert_eq!(bits("Tecohvi0"), 16.0);
    assert_eq!(bits("1"), 0.0);
    assert_eq!(bits(""), 0.0);
}

#[test]
fn the_words_are_in_the_form_that_is_looked_for() {
    for word in COMMON_WORDS.lines() {
        assert!((MIN_WORD_CHARS..=MAX_WORD_CHARS).contains(&word.len()), "{word}");
        assert!(word.bytes().all(|b| b.is_ascii_lowercase()), "{word}");
    }
    assert!(WORDS.len() > 500);
}

#[test]
fn a_password_of_any_length_is_soon_judged() {
    let long = "Aé1\u{130}".repeat(1_000_000);
    check(&long, &[DoesNotMeetRequirements]);
}
