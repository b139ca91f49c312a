//! From where requests may come, as operators write it down.

mod network;

use std::net::IpAddr;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, RestrictionId, TokenDigest};

pub use network::IpNetwork;

/// The statuses that refuse something.
const REFUSALS: std::ops::RangeInclusive<i64> = 400..=599;
/// The value of a rule for everybody.
const ALL: &str = "all";

/// A rule about from where requests may come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    /// Its id.
    pub id: RestrictionId,
    /// What it says.
    pub content: RestrictionContent,
    /// When it is over by itself; `None` for one that somebody has to take away.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What such a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestrictionContent {
    /// What it does.
    pub category: RestrictionCategory,
    /// To whom.
    pub reach: RestrictionReach,
    /// With which status it refuses; `None` for the usual one.
    pub code: Option<RefusalCode>,
    /// Whether it counts.
    pub state: RestrictionState,
}

/// What is to be different about a rule. What is left out stays; for a new one it is what is usual.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestrictionChange {
    /// What it does.
    pub category: Option<RestrictionCategory>,
    /// What its value is.
    pub scope: Option<RestrictionScope>,
    /// To whom it does so.
    pub value: Option<String>,
    /// With which status it refuses.
    pub code: Option<RefusalCode>,
    /// Whether it counts.
    pub state: Option<RestrictionState>,
}

/// To whom a rule does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestrictionReach {
    /// To everybody.
    All,
    /// To one address.
    Address(IpAddr),
    /// To the addresses of a network.
    Network(IpNetwork),
}

/// A status from 400 to 599.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalCode(u16);

/// Why something is no such rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RestrictionError {
    /// It does nothing that a rule can do.
    #[error("a category is whitelist, maintenance, blacklist or blocklogin")]
    Category,
    /// It is for nobody that could be told.
    #[error("a scope is all, ip or ip_subnet; where an address is on the globe is not known here")]
    Scope,
    /// The value is none of its scope.
    #[error("the value is no address or network, as its scope wants")]
    Value,
    /// It would not refuse.
    #[error("a code is a status from 400 to 599")]
    Code,
    /// It is no state.
    #[error("a state is enabled or disabled")]
    State,
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident, $error:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// As it is stored and shown.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl FromStr for $name {
            type Err = RestrictionError;

            fn from_str(text: &str) -> Result<Self, RestrictionError> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    _ => Err(RestrictionError::$error),
                }
            }
        }
    };
}

named! {
    /// What a rule does. The order is the one in which rules are looked at.
    RestrictionCategory, Category {
        /// It lets in, whatever the others say.
        Whitelist = "whitelist",
        /// It refuses because of work on the installation.
        Maintenance = "maintenance",
        /// It refuses.
        Blacklist = "blacklist",
        /// It refuses log-ins.
        Blocklogin = "blocklogin",
    }
}

named! {
    /// What the value of a rule is. The order is the one in which rules are looked at.
    RestrictionScope, Scope {
        /// Everybody; there is no other value than this.
        All = "all",
        /// An address.
        Ip = "ip",
        /// A network.
        IpSubnet = "ip_subnet",
    }
}

named! {
    /// Whether a rule counts.
    RestrictionState, State {
        /// It does.
        Enabled = "enabled",
        /// It waits.
        Disabled = "disabled",
    }
}

impl RefusalCode {
    /// As a number.
    pub const fn as_u16(self) -> u16 {
        self.0
    }
}

impl TryFrom<i64> for RefusalCode {
    type Error = RestrictionError;

    fn try_from(number: i64) -> Result<Self, RestrictionError> {
        let code = REFUSALS.contains(&number).then(|| u16::try_from(number).ok());
        code.flatten().map(Self).ok_or(RestrictionError::Code)
    }
}

impl RestrictionReach {
    /// The reach that a scope and its value stand for.
    pub fn parse(scope: RestrictionScope, value: &str) -> Result<Self, RestrictionError> {
        let value = value.trim();
        match scope {
            RestrictionScope::All if value.eq_ignore_ascii_case(ALL) => Ok(Self::All),
            RestrictionScope::All => Err(RestrictionError::Value),
            RestrictionScope::Ip => value
                .parse()
                .map(|address: IpAddr| Self::Address(address.to_canonical()))
                .map_err(|_| RestrictionError::Value),
            RestrictionScope::IpSubnet => value.parse().map(Self::Network),
        }
    }

    /// What its value is.
    pub const fn scope(self) -> RestrictionScope {
        match self {
            Self::All => RestrictionScope::All,
            Self::Address(_) => RestrictionScope::Ip,
            Self::Network(_) => RestrictionScope::IpSubnet,
        }
    }

    /// Its value, as it is stored and shown.
    pub fn value(self) -> String {
        match self {
            Self::All => ALL.to_owned(),
            Self::Address(address) => address.to_string(),
            Self::Network(network) => network.to_string(),
        }
    }

    /// Whether it is for who comes from there; nobody knows where somebody without an address is.
    fn covers(self, client: Option<IpAddr>) -> bool {
        match self {
            Self::All => true,
            Self::Address(address) => client == Some(address),
            Self::Network(network) => client.is_some_and(|client| network.contains(client)),
        }
    }
}

impl RestrictionContent {
    /// A rule of which this is said; the other parts are those of the rule before, or what is usual.
    pub fn changed(before: Option<Self>, change: &RestrictionChange) -> Result<Self, RestrictionError> {
        let known = before.map(|before| before.reach);
        let scope = change.scope.or(known.map(RestrictionReach::scope));
        let scope = scope.ok_or(RestrictionError::Scope)?;
        let reach = match (&change.value, known) {
            (Some(value), _) => RestrictionReach::parse(scope, value)?,
            (None, Some(known)) if known.scope() == scope => known,
            (None, Some(_)) if scope == RestrictionScope::All => RestrictionReach::All,
            (None, _) => return Err(RestrictionError::Value),
        };
        let category = change.category.or(before.map(|before| before.category));
        let state = change.state.or(before.map(|before| before.state));
        Ok(Self {
            category: category.ok_or(RestrictionError::Category)?,
            reach,
            code: change.code.or(before.and_then(|before| before.code)),
            state: state.unwrap_or(RestrictionState::Enabled),
        })
    }

    /// The status with which the rule refuses; `None` for one that lets in.
    pub fn refuses_with(&self) -> Option<RefusalCode> {
        let usual = match (self.category, self.reach) {
            (RestrictionCategory::Whitelist, _) => return None,
            (RestrictionCategory::Maintenance, _) => 471,
            (RestrictionCategory::Blacklist | RestrictionCategory::Blocklogin, reach) => match reach {
                RestrictionReach::All | RestrictionReach::Address(_) => 401,
                RestrictionReach::Network(_) => 403,
            },
        };
        Some(self.code.unwrap_or(RefusalCode(usual)))
    }
}

impl Restriction {
    /// Whether its time is not over.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// A request is refused because of where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restricted {
    /// By which sort of rule.
    pub category: RestrictionCategory,
    /// With which status.
    pub code: RefusalCode,
}

/// The rules that count, in the order in which they are looked at: the first that is for somebody decides.
#[derive(Debug, Clone, Default)]
pub struct RestrictionTable(Vec<Restriction>);

impl RestrictionTable {
    /// The table of all the rules there are.
    pub fn new(mut all: Vec<Restriction>) -> Self {
        all.retain(|rule| rule.content.state == RestrictionState::Enabled);
        all.sort_by_key(|rule| (rule.content.category, rule.content.reach.scope(), rule.id));
        Self(all)
    }

    /// Whether a request from there may go on to anything behind the gateway.
    pub fn at_gateway(&self, client: Option<IpAddr>, now: DateTime<Utc>) -> Result<(), Restricted> {
        self.judge(client, now, |category| {
            category != RestrictionCategory::Blocklogin
        })
    }

    /// Whether somebody may log in from there. What keeps people away from everything else does not: an administrator
    /// must get in to lift it.
    pub fn at_log_in(&self, client: Option<IpAddr>, now: DateTime<Utc>) -> Result<(), Restricted> {
        self.judge(client, now, |category| {
            matches!(
                category,
                RestrictionCategory::Whitelist | RestrictionCategory::Blocklogin
            )
        })
    }

    fn judge(
        &self,
        client: Option<IpAddr>,
        now: DateTime<Utc>,
        counts: impl Fn(RestrictionCategory) -> bool,
    ) -> Result<(), Restricted> {
        let client = client.map(|client| client.to_canonical());
        let first = self.0.iter().find(|rule| {
            counts(rule.content.category) && rule.content.reach.covers(client) && rule.is_live(now)
        });
        match first.and_then(|rule| Some((rule.content.category, rule.content.refuses_with()?))) {
            Some((category, code)) => Err(Restricted { category, code }),
            None => Ok(()),
        }
    }
}

/// What an administrator gives to people who are kept out only because of where they are: whoever shows it is let in
/// from there. Any number of them may show it, as long as it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whitelink {
    /// The digest of what they show.
    pub digest: TokenDigest,
    /// Who made it.
    pub issued_by: AccountId,
    /// When.
    pub issued_at: DateTime<Utc>,
    /// When it is worth nothing any more.
    pub expires_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests;
