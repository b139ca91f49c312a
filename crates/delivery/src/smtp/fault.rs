use lettre::transport::smtp::Error as SmtpError;

use crate::{MailFault, SmtpStep};

/// What an error of the SMTP client means at this step.
pub(super) fn fault(step: SmtpStep, error: &SmtpError) -> MailFault {
    let text = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    if let Some(code) = error.status() {
        let status = text
            .split_whitespace()
            .next()
            .filter(|word| is_enhanced_status(word))
            .map(str::to_owned);
        return MailFault::Refused {
            step,
            code: code.into(),
            status,
        };
    }
    if error.is_timeout() {
        return MailFault::TimedOut(step);
    }
    if error.is_response() || error.is_client() {
        return MailFault::BadReply(step);
    }
    MailFault::Unreachable(text)
}

/// Three numbers with dots between them, the first of one digit (RFC 3463 §2).
fn is_enhanced_status(word: &str) -> bool {
    let parts: Vec<_> = word.split('.').collect();
    let is_number =
        |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(is_number) && matches!(parts.first(), Some(&("2" | "4" | "5")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_numbers_are_a_status() {
        for (word, is_status) in [
            ("5.1.1", true),
            ("4.7.123", true),
            ("3.1.1", false),
            ("5.1", false),
            ("5.1.1.1", false),
            ("5.1.1234", false),
            ("5..1", false),
            ("<ann@example.org>", false),
            ("", false),
        ] {
            assert_eq!(is_enhanced_status(word), is_status, "{word}");
        }
    }
}
