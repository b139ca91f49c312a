use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// The older server's API through which something was done, or the operator's own door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// Hasura Backend Plus: `/auth`, `/storage`.
    BackendPlus,
    /// Barong: `/api/v2/…` and its documented paths at the root.
    Barong,
    /// jauth: `/users`, `/token`, `/internal`.
    Jauth,
    /// Pluto: `/v1`, `/web`.
    Pluto,
    /// The SSO users API: `/api/users`, `/api/auth`.
    Sso,
    /// The command line, the first start, a worker: nobody's request.
    Operator,
}

impl Dialect {
    /// Every door there is, and the operator.
    pub const ALL: [Self; 6] = [
        Self::BackendPlus,
        Self::Barong,
        Self::Jauth,
        Self::Pluto,
        Self::Sso,
        Self::Operator,
    ];

    /// The name in settings, in the store and as an application: lower case, underscores.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BackendPlus => "backend_plus",
            Self::Barong => "barong",
            Self::Jauth => "jauth",
            Self::Pluto => "pluto",
            Self::Sso => "sso",
            Self::Operator => "operator",
        }
    }

    /// Names an operator's application may not take, those of dialects still to come included.
    pub const RESERVED_NAMES: [&'static str; 9] = [
        "barong",
        "pluto",
        "jauth",
        "sso",
        "backend_plus",
        "backend-plus",
        "operator",
        "clavis",
        "openid",
    ];
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no dialect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no dialect of that name")]
pub struct UnknownDialect;

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.name() == text)
            .ok_or(UnknownDialect)
    }
}

/// Who calls, as the audit trail records it. The address is the peer's, or the one a trusted proxy names.
#[derive(Clone)]
pub struct Caller {
    /// Through which door.
    pub dialect: Dialect,
    /// From where; `None` for the operator.
    pub ip: Option<IpAddr>,
    /// The `User-Agent` header, at most 512 bytes of it.
    pub user_agent: Option<String>,
    /// The request's id in the logs.
    pub request_id: Option<String>,
}

impl Caller {
    /// Nobody's request: the command line or a worker.
    pub const OPERATOR: Self = Self {
        dialect: Dialect::Operator,
        ip: None,
        user_agent: None,
        request_id: None,
    };
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("dialect", &self.dialect)
            .finish_non_exhaustive()
    }
}
