//! What new passwords must be where a contract leaves it open.

/// Shortest, in characters.
const MIN_CHARS: usize = 8;
/// Longest, in bytes.
const MAX_BYTES: usize = 4096;

/// What is wrong with a new password, in words.
pub(crate) fn problem(password: &str) -> Option<String> {
    // Some doors cannot be shown one.
    if password.contains('\0') {
        return Some("A password has no NUL character.".to_owned());
    }
    if password.chars().count() < MIN_CHARS {
        return Some(format!("A password has at least {MIN_CHARS} characters."));
    }
    (password.len() > MAX_BYTES).then(|| format!("A password has at most {MAX_BYTES} bytes."))
}
