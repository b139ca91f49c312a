//! Passwords that are known to attackers.

use async_trait::async_trait;
use clavis_kernel::Secret;

/// Knows passwords that were seen in breaches.
///
/// A call is one bounded attempt: it ends within seconds, whatever the other side does. Call it outside any transaction.
#[async_trait]
pub trait BreachedPasswords: Send + Sync {
    /// Whether there is anything to look a password up in.
    fn are_known(&self) -> bool;
    /// Whether the password was seen at least once.
    async fn contain(&self, password: &Secret) -> Result<bool, BreachCheckError>;
}

/// Whether a password was seen cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("breached passwords cannot be looked up: {0}")]
pub struct BreachCheckError(pub &'static str);
