use chrono::{DateTime, Utc};
use clavis_kernel::{AccessRuleId, AccountId, ApplicationId, RoleId, ScopeId, StoreError};

use crate::{
    AccessRule, AccessRuleContent, Application, ApplicationName, AssignedRole, Role, RoleScopes, Scope,
};

/// The applications with their roles and scopes.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Applications {
    /// Keeps a new application; `None` when the name is taken.
    fn insert(&self, name: &ApplicationName, at: DateTime<Utc>) -> Result<Option<Application>, StoreError>;
    /// The application with this name, to the letter.
    fn find_by_name(&self, name: &str) -> Result<Option<Application>, StoreError>;
    /// The application with this id.
    fn find(&self, id: ApplicationId) -> Result<Option<Application>, StoreError>;
    /// Every application, by id.
    fn all(&self) -> Result<Vec<Application>, StoreError>;
    /// Makes a role the application's default.
    fn set_default_role(&self, id: ApplicationId, role: RoleId, at: DateTime<Utc>) -> Result<(), StoreError>;
    /// The application's role of this name, made if there was none.
    fn ensure_role(&self, application: ApplicationId, name: &str) -> Result<Role, StoreError>;
    /// The application's scope of this name, made if there was none.
    fn ensure_scope(&self, application: ApplicationId, name: &str) -> Result<Scope, StoreError>;
    /// Attaches a scope to a role. Idempotent.
    fn attach_scope(&self, role: RoleId, scope: ScopeId) -> Result<(), StoreError>;
    /// Makes a scope the one that a log-in with this role grants.
    fn set_default_scope(&self, role: RoleId, scope: ScopeId) -> Result<(), StoreError>;
    /// A role and its scopes.
    fn role_scopes(&self, role: RoleId) -> Result<Option<RoleScopes>, StoreError>;
}

/// Who holds which role.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Assignments {
    /// The roles an account holds in an application, its first choice first, then by id.
    fn of_account(
        &self,
        account: AccountId,
        application: ApplicationId,
    ) -> Result<Vec<AssignedRole>, StoreError>;
    /// The roles that each of these accounts holds anywhere, in the order of the accounts: one query for all.
    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<(AccountId, AssignedRole)>, StoreError>;
    /// Replaces the roles an account holds in an application; the first is its first choice.
    fn replace(
        &self,
        account: AccountId,
        application: ApplicationId,
        roles: &[RoleId],
    ) -> Result<(), StoreError>;
    /// Takes every role from an account.
    fn remove_all(&self, account: AccountId) -> Result<(), StoreError>;
    /// Whether the account holds, in the application, a role with this scope attached: authority as the store
    /// says now, in one look-up.
    fn has_scope(&self, account: AccountId, application: &str, scope: &str) -> Result<bool, StoreError>;
}

/// What roles may do behind a gateway. There are few: whoever makes one sees to that.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait AccessRules {
    /// Keeps a new rule.
    fn insert(&self, rule: &AccessRuleContent, at: DateTime<Utc>) -> Result<AccessRule, StoreError>;
    /// The rule with this id.
    fn find(&self, id: AccessRuleId) -> Result<Option<AccessRule>, StoreError>;
    /// Every rule, in the order they were made.
    fn all(&self) -> Result<Vec<AccessRule>, StoreError>;
    /// Sets what a rule says; `false` when there is none with this id.
    fn update(
        &self,
        id: AccessRuleId,
        rule: &AccessRuleContent,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// Takes a rule away; `false` when there was none.
    fn remove(&self, id: AccessRuleId) -> Result<bool, StoreError>;
}
