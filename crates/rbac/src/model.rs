use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::{ApplicationId, RoleId, ScopeId};

use crate::names::plain;

/// What roles and scopes belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Pluto's numeric `app_id`.
    pub id: ApplicationId,
    /// Its unique name: Pluto's other `app_id`, and the issuer its tokens name.
    pub name: String,
    /// The role of whoever has no other.
    pub default_role: Option<RoleId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The name of an application: up to 100 characters, no blanks around it, no control characters, no comma.
#[derive(Clone, PartialEq, Eq)]
pub struct ApplicationName(String);

/// The text is no name of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of an application has 1 to 100 characters, none of them a comma or a control character")]
pub struct ApplicationNameError;

impl ApplicationName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApplicationName {
    type Err = ApplicationNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = plain(text, 100).filter(|name| !name.contains(','));
        name.map(|name| Self(name.to_owned())).ok_or(ApplicationNameError)
    }
}

impl fmt::Debug for ApplicationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A role within one application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// The application it belongs to.
    pub application: ApplicationId,
    /// Unique within the application.
    pub name: String,
    /// The scope a log-in grants.
    pub default_scope: Option<ScopeId>,
}

/// A scope within one application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Its id.
    pub id: ScopeId,
    /// The application it belongs to.
    pub application: ApplicationId,
    /// Unique within the application; no comma.
    pub name: String,
}

/// A role with the scopes attached to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleScopes {
    /// The role.
    pub role: Role,
    /// The scopes attached to it, by id.
    pub scopes: Vec<Scope>,
    /// The scope a log-in grants; it need not be attached.
    pub default_scope: Option<Scope>,
}

/// A role that an account holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignedRole {
    /// The role.
    pub role: Role,
    /// Whether it is the account's first choice among its roles in the application.
    pub is_default: bool,
}
