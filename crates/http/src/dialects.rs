//! The older servers' APIs, each in a folder of its own.

use clavis_flows::FactorPolicy;

pub mod backend_plus;
pub mod barong;
pub mod jauth;
pub mod pluto;
pub mod sso;

/// What a door that cannot ask for a second factor does with an account that has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WithoutSecondFactor {
    /// It refuses the log-in.
    #[default]
    Refuse,
    /// It lets in, to a session that opens no other door and has no authority.
    Reduced,
}

/// The text names no such behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `refuse` or `reduced`")]
pub struct UnknownBehaviour;

impl std::str::FromStr for WithoutSecondFactor {
    type Err = UnknownBehaviour;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "refuse" => Ok(Self::Refuse),
            "reduced" => Ok(Self::Reduced),
            _ => Err(UnknownBehaviour),
        }
    }
}

impl From<WithoutSecondFactor> for FactorPolicy {
    fn from(behaviour: WithoutSecondFactor) -> Self {
        match behaviour {
            WithoutSecondFactor::Refuse => Self::Refuse,
            WithoutSecondFactor::Reduced => Self::LetInReduced,
        }
    }
}

/// Lifetimes that the operator sets for every dialect; `None` leaves each to its contract.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lifetimes {
    /// Of access tokens.
    pub access: Option<chrono::Duration>,
    /// Of refresh tokens.
    pub refresh: Option<chrono::Duration>,
}
