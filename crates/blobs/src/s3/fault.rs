use std::error::Error as _;
use std::fmt::Write as _;
use std::time::Duration;

use clavis_flows::BlobError;
use reqwest::StatusCode;

/// Why S3 did not do what it was asked. Shows no URL: a signed one opens the object.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    #[error("the server did not answer within {0:?}")]
    Slow(Duration),
    #[error("the server answered {status} {code}")]
    Refused { status: u16, code: String },
    #[error("the server's answer is not {0}")]
    Nonsense(&'static str),
    #[error("the server refused a second time what it may have done the first time")]
    RefusedAgain,
    #[error("others change the object all the time")]
    Contended,
}

impl Fault {
    pub(super) fn unreachable(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut reason = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            // Writing into a text cannot fail.
            let _ = write!(reason, ": {cause}");
            source = cause.source();
        }
        Self::Unreachable(reason)
    }

    /// A refusal, with the code that S3 has for it.
    pub(super) fn refused(status: StatusCode, body: &str) -> Self {
        Self::Refused {
            status: status.as_u16(),
            code: code(body).unwrap_or_default().to_owned(),
        }
    }

    /// An error that came with an answer of 200.
    pub(super) fn in_success(code: &str) -> Self {
        let status = match code {
            "PreconditionFailed" => 412,
            "ConditionalRequestConflict" => 409,
            "NoSuchKey" => 404,
            _ => 500,
        };
        let code = code.to_owned();
        Self::Refused { status, code }
    }

    /// Whether the same request may succeed a moment later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Slow(_) => true,
            Self::Refused { status, code } => {
                matches!(status, 408 | 429 | 500 | 502..)
                    || matches!(code.as_str(), "RequestTimeout" | "SlowDown")
            }
            Self::Nonsense(_) | Self::RefusedAgain | Self::Contended => false,
        }
    }
}

impl From<Fault> for BlobError {
    fn from(fault: Fault) -> Self {
        Self::unavailable(fault)
    }
}

/// The code in S3's error document: `<Error><Code>NoSuchKey</Code>…`. It goes into logs, so it is a plain word or none.
pub(super) fn code(body: &str) -> Option<&str> {
    let (_, error) = body.split_once("<Error")?;
    let (_, rest) = error.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_word = (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_word.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_plain_word_of_an_error_document() {
        let body =
            |code: &str| format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message/></Error>");
        assert_eq!(code(&body("NoSuchKey")), Some("NoSuchKey"));
        for bad in ["", "No such\nkey", &"x".repeat(65)] {
            assert_eq!(code(&body(bad)), None);
        }
        assert_eq!(code("<html><Code>NoSuchKey</Code>"), None);
    }
}
