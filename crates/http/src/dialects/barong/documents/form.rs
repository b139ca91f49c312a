use chrono::NaiveDate;
use clavis_kyc::{CheckedDocument, DocumentCategory, DocumentFields};

use super::super::error::{BarongError, Profile, Thing};
use super::super::params::{Check, Params, Presence, Upload};
use super::super::profiles::declared_metadata;
use super::super::sentence::RecordError;

/// Longest name that joins the files of one document, in characters.
const MAX_GROUP_CHARS: usize = 255;

/// What somebody hands in: the same words for every file.
pub(super) struct DocumentForm<'p> {
    doc_expire: Option<NaiveDate>,
    doc_type: String,
    doc_number: String,
    /// The files, of which each becomes a document.
    pub(super) files: Vec<&'p Upload>,
    /// Free keys and values, a JSON object's text.
    pub(super) metadata: Option<String>,
    /// Which side of it.
    pub(super) category: Option<DocumentCategory>,
    /// What joins the files of one document.
    pub(super) group: Option<String>,
}

impl<'p> DocumentForm<'p> {
    /// The parameters, in the order in which they are declared.
    pub(super) fn read(params: &'p Params, profile: Profile) -> Result<Self, BarongError> {
        let mut check = Check::of(params, Thing::Document);
        let form = Self {
            doc_expire: check.date(Presence::RequiredNonBlank, "doc_expire"),
            doc_type: check.required_nb("doc_type"),
            doc_number: check.required_nb("doc_number"),
            files: check.files(Presence::RequiredNonBlank, "upload"),
            metadata: declared_metadata(&mut check, params),
            category: category(&mut check, profile),
            group: group(&mut check, profile),
        };
        check.finish()?;
        Ok(form)
    }

    /// The document that each file becomes. What is wrong is told of the first file with which something is.
    pub(super) fn check(&self, today: NaiveDate) -> Result<Vec<CheckedDocument>, BarongError> {
        let checked = self.files.iter().map(|file| {
            let fields = DocumentFields {
                doc_type: &self.doc_type,
                doc_number: &self.doc_number,
                doc_expire: self.doc_expire,
                file_name: file.name(),
                size: usize::try_from(file.length()).unwrap_or(usize::MAX),
            };
            CheckedDocument::check(fields, today).map_err(|violations| {
                BarongError::document(RecordError::of_document(violations, file.name()))
            })
        });
        checked.collect()
    }
}

/// Which side of a document it is: asked for since 2.5.7.
fn category(check: &mut Check<'_>, profile: Profile) -> Option<DocumentCategory> {
    const NAME: &str = "doc_category";
    if profile == Profile::Classic {
        return None;
    }
    let text = check.optional(NAME)?;
    let category = text.trim().parse().ok();
    if category.is_none() {
        check.refuse(NAME, "invalid");
    }
    category
}

/// What joins the files of one document: asked for since 2.5.7.
fn group(check: &mut Check<'_>, profile: Profile) -> Option<String> {
    const NAME: &str = "identificator";
    if profile == Profile::Classic {
        return None;
    }
    let text = check.optional(NAME)?;
    if text.chars().nth(MAX_GROUP_CHARS).is_some() || text.chars().any(char::is_control) {
        check.refuse(NAME, "invalid");
    }
    Some(text)
}
