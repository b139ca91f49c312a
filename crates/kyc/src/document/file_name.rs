use std::fmt;

use clavis_kernel::is_deceptive;

use super::{CheckedFile, DocumentProblem, MAX_DOCUMENT_BYTES};

/// Longest name that is looked at, in bytes.
const MAX_GIVEN_BYTES: usize = 4096;
/// Most bytes of a name that is kept; file systems take 255.
const MAX_KEPT_BYTES: usize = 100;
/// Most characters of an extension that is repeated to its sender.
const MAX_TOLD_CHARS: usize = 16;
/// What a file is called whose name has nothing that could be kept.
const NAMELESS: &str = "document";

/// What the name of an uploaded file may end in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentExtension {
    /// `jpg`.
    Jpg,
    /// `jpeg`.
    Jpeg,
    /// `png`.
    Png,
    /// `pdf`.
    Pdf,
}

/// The name of an uploaded file, safe in a path, a header and a page: at most 100 of the ASCII letters, digits,
/// `.`, `_` and `-`, not beginning with a dot, and ending in one of [`DocumentExtension::ALL`].
#[derive(Clone, PartialEq, Eq)]
pub struct FileName(String);

impl DocumentExtension {
    /// Every extension, in the order in which senders are told of them.
    pub const ALL: [Self; 4] = [Self::Jpg, Self::Jpeg, Self::Png, Self::Pdf];

    /// Without the dot, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpg => "jpg",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }

    /// What a file's name ends in, whatever the case; `None` if that is not allowed.
    pub fn of(file_name: &str) -> Option<Self> {
        let (_, text) = stem_and_extension(base_name(file_name))?;
        Self::ALL
            .into_iter()
            .find(|extension| text.eq_ignore_ascii_case(extension.name()))
    }

    /// The end of a name as its sender may be told of it: no dot, at most 16 characters, none of them deceptive.
    pub fn text_of(file_name: &str) -> String {
        let (_, text) = stem_and_extension(base_name(file_name)).unwrap_or_default();
        text.chars()
            .filter(|c| !is_deceptive(*c))
            .take(MAX_TOLD_CHARS)
            .collect()
    }
}

impl FileName {
    /// What is left of a name without its path and without characters that mean something elsewhere; `None` if
    /// it ends in no allowed extension.
    pub fn of(given: &str) -> Option<Self> {
        let extension = DocumentExtension::of(given)?;
        let (stem, _) = stem_and_extension(base_name(given))?;
        let mut safe = String::new();
        for c in stem.chars() {
            match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => safe.push(c),
                // Runs of anything else are one underscore, and dots never follow each other.
                '.' if !safe.is_empty() && !safe.ends_with('.') => safe.push('.'),
                '.' => {}
                _ if safe.is_empty() || safe.ends_with('_') => {}
                _ => safe.push('_'),
            }
        }
        // ASCII only, so every byte is a character.
        safe.truncate(MAX_KEPT_BYTES - 1 - extension.name().len());
        let safe = safe.trim_end_matches(['.', '_']);
        let stem = if safe.is_empty() { NAMELESS } else { safe };
        Some(Self(format!("{stem}.{}", extension.name())))
    }

    /// A name as the store kept it; `None` if it is not safe.
    pub fn stored(name: &str) -> Option<Self> {
        Self::of(name).filter(|safe| safe.0 == name)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileName(..)")
    }
}

/// The name and the extension of a file with this name and size, or what is wrong with it.
pub(super) fn check(given: &str, size: usize) -> Result<CheckedFile, Vec<DocumentProblem>> {
    let (Some(name), Some(extension)) = (FileName::of(given), DocumentExtension::of(given)) else {
        return Err(vec![DocumentProblem::WrongExtension, DocumentProblem::Blank]);
    };
    match size {
        0 => Err(vec![DocumentProblem::Blank]),
        1..=MAX_DOCUMENT_BYTES => Ok(CheckedFile { name, extension }),
        _ => Err(vec![DocumentProblem::TooLarge {
            maximum: MAX_DOCUMENT_BYTES,
        }]),
    }
}

/// What stands after the last separator of any system.
fn base_name(given: &str) -> &str {
    if given.len() > MAX_GIVEN_BYTES {
        return "";
    }
    given.rsplit(['/', '\\']).next().unwrap_or_default().trim()
}

fn stem_and_extension(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once('.')
}
