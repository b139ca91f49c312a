//! What is known about a person and who vouches for it: profiles, phone numbers, documents, labels and levels.
//!
//! The values here are checked on their way in, by rules that a dialect puts into its own words. Labels say what
//! was verified, and the level follows from the private ones. What joins these into an upload or a verification
//! lives in `clavis-flows`.

mod document;
mod label;
mod level;
mod model;
mod phone;
#[cfg_attr(
    any(test, feature = "mock"),
    expect(
        clippy::ref_option_ref,
        reason = "a mock's expectations see every argument by reference"
    )
)]
mod ports;
mod profile;
mod state;
mod upload;

pub use document::{
    CheckedDocument, CheckedFile, DocumentCategory, DocumentExtension, DocumentField, DocumentFields,
    DocumentNumber, DocumentProblem, DocumentType, DocumentViolation, FileName, MAX_DOCUMENT_BYTES,
    UnknownCategory, UnknownDocumentType,
};
pub use label::{LabelKey, LabelProblem, LabelScope, LabelValue, UnknownScope};
pub use level::{LabelRequirement, LabelRequirementError, LevelRequirement, LevelTable, LevelTableError};
pub use model::{
    Document, DocumentContent, KeptLevel, Label, NewLabel, NewPhone, Phone, PhoneCode, PhoneKey, Profile,
    ProfileContent, Review, ReviewState, StoredFile, UnknownReviewState, Verdict,
};
pub use phone::{PhoneNumber, PhoneNumberError};
pub use ports::{Documents, Labels, Levels, Phones, Profiles};
pub use profile::{
    CheckedProfile, FieldViolation, PostalAddress, Problem, ProfileField, ProfileFields, ProfileGrammar,
    UnknownGrammar, country_spellings,
};
pub use state::{StateRules, StateVerdict};
pub use upload::{MediaType, UnknownMediaType, Upload, UploadError};

#[cfg(any(test, feature = "mock"))]
pub use ports::{MockDocuments, MockLabels, MockLevels, MockPhones, MockProfiles};
