//! The words for what breaks the rules of API keys.

use clavis_flows::ApiKeyViolation;
use clavis_tokens::{ApiKeyScopesError, ApiKeyStateError};

use super::{Code, Problem, RecordError};

impl From<ApiKeyViolation> for RecordError {
    fn from(violation: ApiKeyViolation) -> Self {
        let (field, problem) = match violation {
            ApiKeyViolation::Algorithm => ("algorithm", Problem::NotIncluded),
            ApiKeyViolation::Scope(ApiKeyScopesError::TooLong) => ("scope", too_long()),
            ApiKeyViolation::State(ApiKeyStateError::TooLong) => ("state", too_long()),
            ApiKeyViolation::State(ApiKeyStateError::Blank) => ("state", Problem::Blank),
            ApiKeyViolation::Scope(ApiKeyScopesError::Nul) => ("scope", Problem::Invalid),
            ApiKeyViolation::State(ApiKeyStateError::Nul) => ("state", Problem::Invalid),
        };
        Self::new(field, problem)
    }
}

/// Which bound it is, of characters, bytes or parts, is not told.
fn too_long() -> Problem {
    Problem::Says("is too long".into(), Code::Reason("too_long"))
}
