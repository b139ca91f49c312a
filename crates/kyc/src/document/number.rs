use std::fmt;

use super::DocumentProblem;

/// Most characters of a number.
const MAX_CHARS: usize = 128;
/// Characters at either end that a masked number still shows.
const SHOWN_CHARS: usize = 2;

/// The number of a document: ASCII letters, digits, blanks and hyphens, at most 128 of them, as it was typed.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentNumber(String);

impl DocumentNumber {
    /// Every problem of the text, or the number.
    pub fn check(text: &str) -> Result<Self, Vec<DocumentProblem>> {
        if text.trim().is_empty() {
            return Err(vec![DocumentProblem::Blank]);
        }
        let mut problems = Vec::new();
        // Each character has a byte at least.
        if text.len() > MAX_CHARS && text.chars().nth(MAX_CHARS).is_some() {
            problems.push(DocumentProblem::TooLong { maximum: MAX_CHARS });
        }
        let is_in_form =
            |b: u8| b.is_ascii_alphanumeric() || b.is_ascii_whitespace() || matches!(b, b'-' | 0x0b);
        if !text.bytes().all(is_in_form) {
            problems.push(DocumentProblem::BadFormat);
        }
        if problems.is_empty() {
            Ok(Self(text.to_owned()))
        } else {
            Err(problems)
        }
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number with all characters but the first two and the last two hidden: `FG****64`.
    pub fn masked(&self) -> String {
        let hidden = match self.0.len().saturating_sub(2 * SHOWN_CHARS) {
            // There is nothing to be seen of a number this short.
            0 => return "*".repeat(self.0.len()),
            hidden => hidden,
        };
        let first = self.0.get(..SHOWN_CHARS).unwrap_or_default();
        let last = self.0.get(SHOWN_CHARS + hidden..).unwrap_or_default();
        format!("{first}{}{last}", "*".repeat(hidden))
    }
}

impl fmt::Debug for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DocumentNumber(..)")
    }
}
