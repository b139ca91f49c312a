//! The older servers' APIs, each in a folder of its own.

pub mod backend_plus;
pub mod pluto;

/// Lifetimes that the operator sets for every dialect; `None` leaves each to its contract.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lifetimes {
    /// Of access tokens.
    pub access: Option<chrono::Duration>,
    /// Of refresh tokens.
    pub refresh: Option<chrono::Duration>,
}
