use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;

use crate::LabelKey;

mod file_name;
mod number;

pub use file_name::{DocumentExtension, FileName};
pub use number::DocumentNumber;

/// Most bytes of an uploaded file: 10 MiB.
pub const MAX_DOCUMENT_BYTES: usize = 10 * 1024 * 1024;

/// What sort of document somebody shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentType {
    /// `Passport`.
    Passport,
    /// `Identity card`.
    IdentityCard,
    /// `Driver license`.
    DriverLicense,
    /// `Utility Bill`.
    UtilityBill,
    /// `Address`: whatever proves where somebody lives. It has no number and does not expire, and is handed in with the
    /// address.
    Address,
}

/// The text names no type of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a type of documents; Passport, Identity card, Driver license, Utility Bill or Address")]
pub struct UnknownDocumentType;

/// Which part of a document a file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentCategory {
    /// Its front.
    FrontSide,
    /// Its back.
    BackSide,
    /// Its owner with it.
    Selfie,
}

/// The text names no category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a category of documents; front_side, back_side or selfie")]
pub struct UnknownCategory;

/// The fields of a document, in the order in which their problems are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentField {
    /// Its type.
    DocType,
    /// Its number.
    DocNumber,
    /// The last day on which it is good.
    DocExpire,
    /// The file.
    Upload,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DocumentProblem {
    /// Nothing there, or nothing but blanks. A file with a wrong extension or without a byte is not there.
    #[error("is blank")]
    Blank,
    /// The type is none of the four.
    #[error("is not in the list")]
    NotInList,
    /// Too many characters.
    #[error("has more than {maximum} characters")]
    TooLong {
        /// The most.
        maximum: usize,
    },
    /// The number has characters that no number has.
    #[error("is not in the form of the field")]
    BadFormat,
    /// The document is no longer good.
    #[error("is past")]
    Past,
    /// The file's name does not end in one of [`DocumentExtension::ALL`]; [`DocumentExtension::text_of`] says in
    /// what it ends.
    #[error("has another extension than those allowed")]
    WrongExtension,
    /// The file has more bytes than are taken.
    #[error("has more than {maximum} bytes")]
    TooLarge {
        /// The most.
        maximum: usize,
    },
}

/// One problem of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentViolation {
    /// Where.
    pub field: DocumentField,
    /// What.
    pub problem: DocumentProblem,
}

/// The fields of a document as somebody sent them.
#[derive(Clone, Copy)]
pub struct DocumentFields<'a> {
    /// One of the four types.
    pub doc_type: &'a str,
    /// The number printed on it.
    pub doc_number: &'a str,
    /// The last day on which it is good.
    pub doc_expire: Option<NaiveDate>,
    /// What the sender calls the file.
    pub file_name: &'a str,
    /// How many bytes it has.
    pub size: usize,
}

/// A file whose name and size were checked; its content is [`crate::Upload`]'s affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedFile {
    /// A name that is safe to keep and to give back.
    pub name: FileName,
    /// What that name ends in.
    pub extension: DocumentExtension,
}

/// A document whose fields were checked; the content of the file is [`crate::Upload`]'s affair.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckedDocument {
    /// Its type.
    pub doc_type: DocumentType,
    /// The number printed on it.
    pub doc_number: DocumentNumber,
    /// The last day on which it is good.
    pub doc_expire: NaiveDate,
    /// The file.
    pub file: CheckedFile,
}

impl CheckedFile {
    /// Checks what a file is called and how many bytes it has. What is wrong is told of [`DocumentField::Upload`].
    pub fn check(name: &str, size: usize) -> Result<Self, Vec<DocumentViolation>> {
        file_name::check(name, size).map_err(|problems| of_field(DocumentField::Upload, problems))
    }
}

fn of_field(field: DocumentField, problems: Vec<DocumentProblem>) -> Vec<DocumentViolation> {
    let violation = |problem| DocumentViolation { field, problem };
    problems.into_iter().map(violation).collect()
}

impl DocumentType {
    /// Every type.
    pub const ALL: [Self; 5] = [
        Self::Passport,
        Self::IdentityCard,
        Self::DriverLicense,
        Self::UtilityBill,
        Self::Address,
    ];

    /// As it is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passport => "Passport",
            Self::IdentityCard => "Identity card",
            Self::DriverLicense => "Driver license",
            Self::UtilityBill => "Utility Bill",
            Self::Address => "Address",
        }
    }

    /// Whether whoever hands it in names the type, and number and expiry with it.
    pub fn is_numbered(self) -> bool {
        self != Self::Address
    }

    /// The key of the private label that tells how far its review has come.
    pub fn label(self) -> LabelKey {
        match self {
            Self::Passport | Self::IdentityCard | Self::DriverLicense | Self::UtilityBill => {
                LabelKey::DOCUMENT
            }
            Self::Address => LabelKey::ADDRESS,
        }
    }
}

impl FromStr for DocumentType {
    type Err = UnknownDocumentType;

    fn from_str(text: &str) -> Result<Self, UnknownDocumentType> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or(UnknownDocumentType)
    }
}

impl DocumentCategory {
    /// Every category.
    pub const ALL: [Self; 3] = [Self::FrontSide, Self::BackSide, Self::Selfie];

    /// As it is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::FrontSide => "front_side",
            Self::BackSide => "back_side",
            Self::Selfie => "selfie",
        }
    }
}

impl FromStr for DocumentCategory {
    type Err = UnknownCategory;

    fn from_str(text: &str) -> Result<Self, UnknownCategory> {
        Self::ALL
            .into_iter()
            .find(|category| category.name() == text)
            .ok_or(UnknownCategory)
    }
}

impl DocumentField {
    /// As it is called on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::DocType => "doc_type",
            Self::DocNumber => "doc_number",
            Self::DocExpire => "doc_expire",
            Self::Upload => "upload",
        }
    }
}

impl CheckedDocument {
    /// Checks every field and tells all problems, those of one field together and the fields in order.
    ///
    /// A document that expires today is good.
    pub fn check(raw: DocumentFields<'_>, today: NaiveDate) -> Result<Self, Vec<DocumentViolation>> {
        let doc_type = raw
            .doc_type
            .parse::<DocumentType>()
            .ok()
            .filter(|doc_type| doc_type.is_numbered())
            .ok_or_else(|| vec![DocumentProblem::NotInList]);
        let doc_number = DocumentNumber::check(raw.doc_number);
        let doc_expire = match raw.doc_expire {
            None => Err(vec![DocumentProblem::Blank]),
            Some(day) if day < today => Err(vec![DocumentProblem::Past]),
            Some(day) => Ok(day),
        };
        let upload = file_name::check(raw.file_name, raw.size);
        match (doc_type, doc_number, doc_expire, upload) {
            (Ok(doc_type), Ok(doc_number), Ok(doc_expire), Ok(file)) => Ok(Self {
                doc_type,
                doc_number,
                doc_expire,
                file,
            }),
            (doc_type, doc_number, doc_expire, upload) => Err([
                (DocumentField::DocType, doc_type.err()),
                (DocumentField::DocNumber, doc_number.err()),
                (DocumentField::DocExpire, doc_expire.err()),
                (DocumentField::Upload, upload.err()),
            ]
            .into_iter()
            .flat_map(|(field, problems)| of_field(field, problems.unwrap_or_default()))
            .collect()),
        }
    }
}

impl fmt::Debug for DocumentFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DocumentFields(..)")
    }
}

impl fmt::Debug for CheckedDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckedDocument(..)")
    }
}

#[cfg(test)]
mod tests;
