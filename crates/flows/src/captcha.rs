//! Whether a person or a program is asking.

use std::net::IpAddr;

use async_trait::async_trait;
use clavis_kernel::Secret;

/// Asks whoever set a puzzle whether somebody solved it.
///
/// A call is one bounded attempt: it ends within seconds, whatever the other side does, and holds no thread meanwhile.
/// Call it outside any transaction.
#[async_trait]
pub trait Captcha: Send + Sync {
    /// Whether what a client brought shows that its puzzle was solved, just now and for this installation.
    async fn is_solved(&self, response: &Secret, client: Option<IpAddr>) -> Result<bool, CaptchaError>;
}

/// Whether a puzzle was solved cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server that set the puzzle does not say whether it was solved: {0}")]
pub struct CaptchaError(pub &'static str);
