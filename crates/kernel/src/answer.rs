use std::error::Error;

/// What a use case returns: the outer error is a fault (roll back, answer 500), the inner one a refusal
/// (a correct answer, whose writes are committed).
pub type Answer<T, E> = Result<Result<T, E>, StoreError>;

/// The store could not answer. Nothing about the caller's input is wrong, and nothing was changed.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {source}")]
pub struct StoreError {
    operation: &'static str,
    kind: StoreErrorKind,
    source: Box<dyn Error + Send + Sync>,
}

/// What a caller can do about a [`StoreError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// Nothing: log it and answer 500.
    Fault,
    /// The store is overloaded or unreachable just now: answer 503 and let the client come back.
    Busy,
    /// The transaction lost against a concurrent one and may be run again from the start.
    Conflict,
}

impl StoreError {
    /// A fault in `operation` (written `Port::method`), with its cause.
    pub fn new(operation: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            operation,
            kind: StoreErrorKind::Fault,
            source: cause.into(),
        }
    }

    /// The store cannot take the work now.
    pub fn busy(operation: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            operation,
            kind: StoreErrorKind::Busy,
            source: cause.into(),
        }
    }

    /// The transaction must be run again.
    pub fn conflict(operation: &'static str, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            operation,
            kind: StoreErrorKind::Conflict,
            source: cause.into(),
        }
    }

    /// What the caller can do about it.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}
