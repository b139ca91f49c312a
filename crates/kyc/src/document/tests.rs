use super::*;
use proptest::prelude::*;

use DocumentField::{DocExpire, DocNumber, DocType, Upload};

fn today() -> NaiveDate {
    "2026-11-21".parse().unwrap()
}

fn good() -> DocumentFields<'static> {
    DocumentFields {
        doc_type: "Passport",
        doc_number: "AA-1234 BB",
        doc_expire: Some(today()),
        file_name: "passport.jpg",
        size: 1,
    }
}

#[track_caller]
fn check(raw: DocumentFields<'_>, expected: &[(DocumentField, DocumentProblem)]) {
    let violations = CheckedDocument::check(raw, today()).err().unwrap_or_default();
    let violations = violations
        .into_iter()
        .map(|violation| (violation.field, violation.problem))
        .collect::<Vec<_>>();
    assert_eq!(violations, expected);
}

#[test]
fn a_document_has_one_of_four_types() {
    for kind in DocumentType::ALL {
        assert_eq!(kind.name().parse(), Ok(kind));
    }
    for kind in DocumentType::ALL.into_iter().filter(|kind| kind.is_numbered()) {
        check(
            DocumentFields {
                doc_type: kind.name(),
                ..good()
            },
            &[],
        );
    }
    for text in ["passport", "", "Identity Card", "Passport ", "Address"] {
        check(
            DocumentFields {
                doc_type: text,
                ..good()
            },
            &[(DocType, DocumentProblem::NotInList)],
        );
    }
}

#[test]
fn a_number_has_letters_digits_blanks_and_hyphens() {
    let number = |text: &str, problems: &[(DocumentField, DocumentProblem)]| {
        check(
            DocumentFields {
                doc_number: text,
                ..good()
            },
            problems,
        );
    };
    let too_long = (DocNumber, DocumentProblem::TooLong { maximum: 128 });
    let bad = (DocNumber, DocumentProblem::BadFormat);
    number("AA1234BB", &[]);
    number("AA-12 34", &[]);
    number("", &[(DocNumber, DocumentProblem::Blank)]);
    number(" \t", &[(DocNumber, DocumentProblem::Blank)]);
    number("AA/12", &[bad]);
    number("ÄA12", &[bad]);
    number("AA\u{0}12", &[bad]);
    number(&"A".repeat(128), &[]);
    number(&"A".repeat(129), &[too_long]);
    number(&"Ä".repeat(129), &[too_long, bad]);
    number(&"Ä".repeat(128), &[bad]);
}

#[test]
fn a_masked_number_shows_two_characters_at_either_end() {
    let masked = |text| DocumentNumber::check(text).unwrap().masked();
    assert_eq!(masked("FG123464"), "FG****64");
    assert_eq!(masked("12345"), "12*45");
    assert_eq!(masked("1234"), "****");
    assert_eq!(masked("1"), "*");
}

#[test]
fn a_document_is_good_on_its_last_day() {
    check(
        DocumentFields {
            doc_expire: today().succ_opt(),
            ..good()
        },
        &[],
    );
    check(
        DocumentFields {
            doc_expire: today().pred_opt(),
            ..good()
        },
        &[(DocExpire, DocumentProblem::Past)],
    );
    check(
        DocumentFields {
            doc_expire: None,
            ..good()
        },
        &[(DocExpire, DocumentProblem::Blank)],
    );
}

#[test]
fn a_file_has_an_allowed_extension_and_a_size() {
    for name in ["a.jpg", "A.JPEG", "a.b.Png", "/tmp/x.pdf", "C:\\me\\x.pdf"] {
        check(
            DocumentFields {
                file_name: name,
                ..good()
            },
            &[],
        );
    }
    let wrong = [
        (Upload, DocumentProblem::WrongExtension),
        (Upload, DocumentProblem::Blank),
    ];
    for name in [
        "a.txt",
        "jpg",
        "",
        "a.jpg.exe",
        "a.",
        "x.pdf/",
        "a.jpg\0",
        "a.svg",
        "ü.рdf",
    ] {
        check(
            DocumentFields {
                file_name: name,
                ..good()
            },
            &wrong,
        );
    }
    let name = format!("{}.jpg", "a".repeat(5000));
    check(
        DocumentFields {
            file_name: &name,
            ..good()
        },
        &wrong,
    );
    check(
        DocumentFields { size: 0, ..good() },
        &[(Upload, DocumentProblem::Blank)],
    );
    check(
        DocumentFields {
            size: MAX_DOCUMENT_BYTES,
            ..good()
        },
        &[],
    );
    let too_large = DocumentProblem::TooLarge { maximum: 10_485_760 };
    check(
        DocumentFields {
            size: MAX_DOCUMENT_BYTES + 1,
            ..good()
        },
        &[(Upload, too_large)],
    );
}

#[test]
fn all_problems_are_told_in_order() {
    let raw = DocumentFields {
        doc_type: "?",
        doc_number: "?",
        doc_expire: today().pred_opt(),
        file_name: "?",
        size: 0,
    };
    check(
        raw,
        &[
            (DocType, DocumentProblem::NotInList),
            (DocNumber, DocumentProblem::BadFormat),
            (DocExpire, DocumentProblem::Past),
            (Upload, DocumentProblem::WrongExtension),
            (Upload, DocumentProblem::Blank),
        ],
    );
}

#[test]
fn a_name_is_safe_wherever_it_is_kept() {
    let name = |given: &str| FileName::of(given).map(|name| name.as_str().to_owned());
    assert_eq!(name("passport.JPG").as_deref(), Some("passport.jpg"));
    assert_eq!(
        name("../../etc/pass port (1).pdf").as_deref(),
        Some("pass_port_1.pdf")
    );
    assert_eq!(name("..\\a.png").as_deref(), Some("a.png"));
    assert_eq!(
        name("Führer\"schein\r\n.jpeg").as_deref(),
        Some("F_hrer_schein.jpeg")
    );
    assert_eq!(name(".jpg").as_deref(), Some("document.jpg"));
    assert_eq!(name("паспорт.pdf").as_deref(), Some("document.pdf"));
    assert_eq!(name("a..b.html.pdf").as_deref(), Some("a.b.html.pdf"));
    assert_eq!(
        name(&format!("{}.jpeg", "a".repeat(300))),
        Some(format!("{}.jpeg", "a".repeat(95)))
    );
    assert_eq!(name("a.txt"), None);
    assert!(FileName::stored("a_b.pdf").is_some());
    assert!(FileName::stored("a/b.pdf").is_none());
}

#[test]
fn senders_are_told_in_what_their_file_ends() {
    assert_eq!(DocumentExtension::text_of("a.TXT"), "TXT");
    assert_eq!(DocumentExtension::text_of("a"), "");
    assert_eq!(DocumentExtension::text_of("a.\u{202e}x\0y"), "xy");
    assert_eq!(
        DocumentExtension::text_of(&format!("a.{}", "x".repeat(99))).len(),
        16
    );
    assert_eq!(
        DocumentExtension::ALL.map(DocumentExtension::name).join(", "),
        "jpg, jpeg, png, pdf"
    );
}

#[test]
fn categories_and_fields_have_their_names() {
    for category in DocumentCategory::ALL {
        assert_eq!(category.name().parse(), Ok(category));
    }
    assert_eq!("front".parse::<DocumentCategory>(), Err(UnknownCategory));
    let names = [DocType, DocNumber, DocExpire, Upload].map(DocumentField::name);
    assert_eq!(names, ["doc_type", "doc_number", "doc_expire", "upload"]);
}

proptest! {
    #[test]
    fn every_kept_name_is_safe(stem in "\\PC{0,120}|[./\\\\a-z\\x00-\\x1f]{0,120}", extension in "jpg|JPEG|png|Pdf") {
        let Some(name) = FileName::of(&format!("{stem}.{extension}")) else {
            return Err(TestCaseError::fail("the extension is allowed"));
        };
        let name = name.as_str();
        prop_assert!(name.len() <= 100 && !name.starts_with('.') && !name.contains(".."), "{}", name);
        prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)), "{}", name);
        prop_assert!(FileName::stored(name).is_some(), "{}", name);
    }
}
