//! Applications with their roles and scopes, who holds which role, and the decision that follows.
//!
//! Every dialect is an application: Pluto's clients name theirs in a log-in, Backend Plus's roles are those of
//! `backend_plus`. A [`Permission`] is the proof that the decision was asked: use cases that need one take it as
//! an argument, and nothing but [`Rbac::authorize`] makes one.

mod access_rule;
mod decision;
mod model;
mod names;
mod ports;
mod restriction;
mod scopes;

pub use access_rule::{
    Access, AccessRule, AccessRuleContent, AccessRuleError, RuleEffect, RulePath, RuleRole, RuleTopic,
    RuleVerb, Ruling, judge,
};
pub use decision::{Authority, Denied, Permission, Rbac};
pub use model::{Application, ApplicationName, ApplicationNameError, AssignedRole, Role, RoleScopes, Scope};
pub use names::{
    DisplayName, DisplayNameError, LanguageTag, RoleName, RoleNameError, ScopeName, ScopeNameError,
};
pub use ports::{AccessRules, Applications, Assignments, Restrictions, Whitelinks};
pub use restriction::{
    IpNetwork, RefusalCode, Restricted, Restriction, RestrictionCategory, RestrictionChange,
    RestrictionContent, RestrictionError, RestrictionReach, RestrictionScope, RestrictionState,
    RestrictionTable, Whitelink,
};
pub use scopes::GrantedScopes;

#[cfg(any(test, feature = "mock"))]
pub use ports::{MockAccessRules, MockApplications, MockAssignments, MockRestrictions, MockWhitelinks};
