use std::fmt;
use std::str::FromStr;

/// Longest address accepted, in bytes (RFC 5321 §4.5.3.1.3 leaves 254 for the address itself).
const MAX_LENGTH: usize = 254;
const MAX_LOCAL: usize = 64;

/// An address `local@domain` (RFC 5321 §4.1.2 without quoted local parts; dots may stand anywhere in the local part,
/// as HTML's grammar has it and some mailboxes do), as it was typed.
/// Holding one is the proof that it was checked. Identity is [`Email::key`], which folds case.
///
/// This is the widest grammar: non-ASCII local parts and domains (RFC 6531) and dotless hosts are allowed.
/// Each dialect has a narrower one of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// There is no `@`, or nothing on one side of it.
    #[error("an address has the form local@domain")]
    NoAt,
    /// The local part or the domain has a character or a dot where none may be.
    #[error("the address has a part that is not allowed")]
    BadPart,
    /// Longer than RFC 5321 allows.
    #[error("the address is longer than {MAX_LENGTH} bytes, or its local part than {MAX_LOCAL}")]
    TooLong,
}

impl Email {
    /// The address as it was typed, without surrounding blanks.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What identity compares: the address in lower case.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// The part behind the `@`, in lower case.
    pub fn domain(&self) -> String {
        self.0
            .rsplit_once('@')
            .map(|(_, domain)| domain.to_lowercase())
            .unwrap_or_default()
    }
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (local, domain) = text.split_once('@').ok_or(EmailError::NoAt)?;
        if local.is_empty() || domain.is_empty() {
            return Err(EmailError::NoAt);
        }
        if text.len() > MAX_LENGTH || local.len() > MAX_LOCAL {
            return Err(EmailError::TooLong);
        }
        if !is_local_part(local) || !is_domain(domain) {
            return Err(EmailError::BadPart);
        }
        Ok(Self(text.to_owned()))
    }
}

fn is_local_part(local: &str) -> bool {
    local.chars().all(|c| c == '.' || is_atom_char(c))
}

fn is_atom_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || (!c.is_ascii() && c.is_alphanumeric())
}

fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || (!c.is_ascii() && c.is_alphanumeric()))
    })
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, EmailError>) {
        let got = text.parse::<Email>();
        assert_eq!(
            got.as_ref().map(Email::as_str).map_err(|error| *error),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn an_address_is_local_at_domain() {
        check("ann@example.org", Ok("ann@example.org"));
        check("  Ann.Lee+tag@Example.ORG ", Ok("Ann.Lee+tag@Example.ORG"));
        check("root@localhost", Ok("root@localhost"));
        check("ann", Err(EmailError::NoAt));
        check("@example.org", Err(EmailError::NoAt));
        check("ann@", Err(EmailError::NoAt));
        check("a..b.@example.org", Ok("a..b.@example.org"));
        check("ann@exa mple.org", Err(EmailError::BadPart));
        check(
            "ann@example.org\r\nBcc: eve@example.org",
            Err(EmailError::BadPart),
        );
        check("ann@-example.org", Err(EmailError::BadPart));
        check("ann@b@example.org", Err(EmailError::BadPart));
        check("\"ann\"@example.org", Err(EmailError::BadPart));
        check(
            &format!("{}@example.org", "a".repeat(65)),
            Err(EmailError::TooLong),
        );
        check(
            &format!("a@{}org", "example.".repeat(40)),
            Err(EmailError::TooLong),
        );
    }

    #[test]
    fn identity_ignores_case() {
        let typed: Email = "Ann@Example.org".parse().unwrap();
        assert_eq!(typed.key(), "ann@example.org");
        assert_eq!(typed.as_str(), "Ann@Example.org");
        assert_eq!(typed.domain(), "example.org");
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_passes_stays_one_line(text in ".{0,300}") {
            if let Ok(email) = text.parse::<Email>() {
                prop_assert!(!email.as_str().contains(['\r', '\n', ' ', '<', '>', ',']));
                prop_assert_eq!(email.as_str().parse::<Email>().map(|again| again.key()), Ok(email.key()));
            }
        }
    }
}
