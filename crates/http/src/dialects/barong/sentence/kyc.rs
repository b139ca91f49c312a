//! The words for what breaks the rules of profiles, documents and labels.

use clavis_kyc::{
    DocumentExtension, DocumentField, DocumentProblem, DocumentViolation, FieldViolation, LabelProblem,
    MAX_DOCUMENT_BYTES, ProfileField, UploadError,
};

use super::{Code, Problem, RecordError};

/// The extensions as they are listed to people.
const EXTENSIONS: &str = "jpg, jpeg, png, pdf";

impl From<FieldViolation> for RecordError {
    fn from(violation: FieldViolation) -> Self {
        let field = violation.field.name();
        match violation.problem {
            clavis_kyc::Problem::Blank => Self::new(field, Problem::Blank),
            clavis_kyc::Problem::TooShort { minimum } => Self::new(field, Problem::TooShort(minimum)),
            clavis_kyc::Problem::TooLong { maximum } => Self::new(field, Problem::TooLong(maximum)),
            clavis_kyc::Problem::InFuture => Self::new(field, Problem::Invalid),
            clavis_kyc::Problem::BadFormat => match violation.field {
                ProfileField::FirstName => {
                    let message = r#"only allows letters "-", "'", and space"#;
                    Self::says(field, message, Code::Reason("invalid"))
                }
                ProfileField::LastName => {
                    let message = r#"only allows letters "-", "'" and space"#;
                    Self::says(field, message, Code::Reason("invalid"))
                }
                ProfileField::Country => {
                    let message = "must have alpha2 or alpha3 format";
                    Self::says(field, message, Code::Reason(message))
                }
                ProfileField::Dob | ProfileField::Address | ProfileField::Postcode | ProfileField::City => {
                    Self::new(field, Problem::Invalid)
                }
            },
        }
    }
}

impl RecordError {
    /// What is wrong with a document whose file the client called so.
    pub(crate) fn of_document(
        violations: Vec<DocumentViolation>,
        file_name: &str,
    ) -> impl Iterator<Item = RecordError> {
        violations.into_iter().map(move |violation| {
            let field = violation.field.name();
            match violation.problem {
                DocumentProblem::Blank => RecordError::new(field, Problem::Blank),
                DocumentProblem::NotInList => RecordError::new(field, Problem::NotIncluded),
                DocumentProblem::TooLong { maximum } => RecordError::new(field, Problem::TooLong(maximum)),
                DocumentProblem::BadFormat if violation.field == DocumentField::DocNumber => {
                    RecordError::says(field, "only allows letters and digits", Code::Reason("invalid"))
                }
                DocumentProblem::BadFormat => RecordError::new(field, Problem::Invalid),
                DocumentProblem::Past => RecordError::says(
                    field,
                    "is invalid",
                    Code::Whole("resource.documents.already_expired"),
                ),
                DocumentProblem::WrongExtension => {
                    let extension = DocumentExtension::text_of(file_name);
                    let message = format!(
                        "You are not allowed to upload \"{extension}\" files, allowed types: {EXTENSIONS}"
                    );
                    RecordError::new(field, Problem::Says(message.into(), Code::Reason("invalid")))
                }
                DocumentProblem::TooLarge { maximum } => too_large(maximum),
            }
        })
    }

    /// What is wrong with a label's `key` or `value`.
    pub(crate) fn of_label(
        field: &'static str,
        problems: Vec<LabelProblem>,
    ) -> impl Iterator<Item = RecordError> {
        problems.into_iter().map(move |problem| {
            let problem = match problem {
                LabelProblem::Blank => Problem::Blank,
                LabelProblem::TooShort { minimum } => Problem::TooShort(minimum),
                LabelProblem::TooLong { maximum } => Problem::TooLong(maximum),
                LabelProblem::BadFormat => Problem::Invalid,
            };
            RecordError::new(field, problem)
        })
    }
}

impl From<UploadError> for RecordError {
    fn from(refusal: UploadError) -> Self {
        match refusal {
            UploadError::Empty => Self::new("upload", Problem::Blank),
            UploadError::TooLarge => too_large(MAX_DOCUMENT_BYTES),
            UploadError::UnknownContent
            | UploadError::Mismatch
            | UploadError::Damaged
            | UploadError::TooManyPixels => Self::new("upload", Problem::Invalid),
        }
    }
}

fn too_large(most_bytes: usize) -> RecordError {
    let message = format!("File size should be less than {} MB", most_bytes / (1024 * 1024));
    RecordError::new("upload", Problem::Says(message.into(), Code::Reason("invalid")))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use clavis_kyc::{
        CheckedDocument, CheckedProfile, DocumentFields, LabelKey, ProfileFields, ProfileGrammar,
    };

    use super::super::joined;
    use super::*;

    fn words(errors: impl IntoIterator<Item = RecordError>) -> (String, Vec<String>) {
        let errors: Vec<_> = errors.into_iter().collect();
        let sentences: Vec<_> = errors.iter().map(RecordError::sentence).collect();
        (joined(&sentences), errors.iter().map(RecordError::code).collect())
    }

    #[track_caller]
    fn profile(change: impl FnOnce(&mut ProfileFields), sentence: &str, codes: &[&str]) {
        let given = |text: &str| Some(text.to_owned());
        let mut fields = ProfileFields {
            first_name: given("Ada"),
            last_name: given("Lovelace"),
            dob: NaiveDate::from_ymd_opt(1990, 12, 10),
            address: given("12 Main St."),
            postcode: given("AB1 2CD"),
            city: given("London"),
            country: given("GBR"),
        };
        change(&mut fields);
        let violations = CheckedProfile::check(fields, ProfileGrammar::Strict).unwrap_err();
        let (said, told) = words(violations.into_iter().map(RecordError::from));
        assert_eq!(said, sentence);
        assert_eq!(told, codes);
    }

    #[test]
    fn a_profiles_rules_have_the_contracts_words() {
        let text = |text: &str| Some(text.to_owned());
        profile(
            |fields| fields.first_name = text("A"),
            "First name is too short (minimum is 2 characters)",
            &["first_name.too_short"],
        );
        profile(
            |fields| fields.first_name = text("Ada1"),
            r#"First name only allows letters "-", "'", and space"#,
            &["first_name.invalid"],
        );
        profile(
            |fields| fields.last_name = text("L0velace"),
            r#"Last name only allows letters "-", "'" and space"#,
            &["last_name.invalid"],
        );
        profile(
            |fields| {
                fields.address = text("#12");
                fields.postcode = text("ab1");
                fields.city = text("L0ndon");
            },
            "Address is invalid, Postcode is invalid, and City is invalid",
            &["address.invalid", "postcode.invalid", "city.invalid"],
        );
        profile(
            |fields| fields.country = text(""),
            "Country can't be blank and Country must have alpha2 or alpha3 format",
            &["country.blank", "country.must have alpha2 or alpha3 format"],
        );
        profile(|fields| fields.dob = None, "Dob can't be blank", &["dob.blank"]);
    }

    #[track_caller]
    fn document(change: impl FnOnce(&mut DocumentFields<'static>), sentence: &str, codes: &[&str]) {
        let day = |year| NaiveDate::from_ymd_opt(year, 1, 22);
        let mut fields = DocumentFields {
            doc_type: "Passport",
            doc_number: "AA1234BB",
            doc_expire: day(2030),
            file_name: "passport.jpg",
            size: 1,
        };
        change(&mut fields);
        let today = day(2026).unwrap();
        let violations = CheckedDocument::check(fields, today).unwrap_err();
        let (said, told) = words(RecordError::of_document(violations, fields.file_name));
        assert_eq!(said, sentence);
        assert_eq!(told, codes);
    }

    #[test]
    fn a_documents_rules_have_the_contracts_words() {
        document(
            |fields| fields.file_name = "passport.txt",
            "Upload You are not allowed to upload \"txt\" files, allowed types: jpg, jpeg, png, pdf \
             and Upload can't be blank",
            &["upload.invalid", "upload.blank"],
        );
        document(
            |fields| fields.doc_number = "№ 1",
            "Doc number only allows letters and digits",
            &["doc_number.invalid"],
        );
        document(
            |fields| fields.doc_expire = NaiveDate::from_ymd_opt(2020, 1, 22),
            "Doc expire is invalid",
            &["resource.documents.already_expired"],
        );
        document(
            |fields| fields.doc_type = "passport",
            "Doc type is not included in the list",
            &["doc_type.inclusion"],
        );
        let (said, _) = words([RecordError::from(UploadError::TooLarge)]);
        assert_eq!(said, "Upload File size should be less than 10 MB");
    }

    #[test]
    fn a_labels_rules_have_the_contracts_words() {
        let (said, told) = words(RecordError::of_label("key", LabelKey::check("a b").unwrap_err()));
        assert_eq!(
            (said.as_str(), told),
            ("Key is invalid", vec!["key.invalid".to_owned()])
        );
        let (said, _) = words(RecordError::of_label("value", LabelKey::check("ab").unwrap_err()));
        assert_eq!(said, "Value is too short (minimum is 3 characters)");
    }
}
