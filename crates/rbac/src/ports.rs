use chrono::{DateTime, Utc};
use clavis_kernel::{
    AccessRuleId, AccountId, ApplicationId, RestrictionId, RoleId, ScopeId, StoreError, TokenDigest,
};

use crate::{
    AccessRule, AccessRuleContent, Application, ApplicationName, AssignedRole, DisplayName, Restriction,
    RestrictionContent, Role, RoleName, RoleScopes, Scope, ScopeName, Whitelink,
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
    /// Keeps a new role; `None` when the application has one of this name.
    fn insert_role(&self, application: ApplicationId, name: &RoleName) -> Result<Option<Role>, StoreError>;
    /// Keeps a new scope; `None` when the application has one of this name.
    fn insert_scope(&self, application: ApplicationId, name: &ScopeName)
    -> Result<Option<Scope>, StoreError>;
    /// Attaches a scope to a role. Idempotent.
    fn attach_scope(&self, role: RoleId, scope: ScopeId) -> Result<(), StoreError>;
    /// Makes a scope the one that a log-in with this role grants.
    fn set_default_scope(&self, role: RoleId, scope: ScopeId) -> Result<(), StoreError>;
    /// Puts these scopes in the place of all that are attached to a role, as far as they belong to its application.
    fn replace_scopes(&self, role: RoleId, scopes: &[ScopeId]) -> Result<(), StoreError>;
    /// A role and its scopes.
    fn role_scopes(&self, role: RoleId) -> Result<Option<RoleScopes>, StoreError>;
    /// Every role of an application with its scopes, by id: a bounded number of queries, however many there are.
    fn roles_of(&self, application: ApplicationId) -> Result<Vec<RoleScopes>, StoreError>;
    /// The scope with this id.
    fn find_scope(&self, id: ScopeId) -> Result<Option<Scope>, StoreError>;
    /// Every scope of an application, by id.
    fn scopes_of(&self, application: ApplicationId) -> Result<Vec<Scope>, StoreError>;
    /// No other transaction changes the roles, the scopes or the default role of this application before this one
    /// ends, if it asks for the same.
    fn lock_application(&self, id: ApplicationId) -> Result<(), StoreError>;
    /// What people call an application in their languages, by tag.
    fn display_names(&self, application: ApplicationId) -> Result<Vec<DisplayName>, StoreError>;
    /// Puts names in the place of all that an application has; of two in one language the last one counts.
    fn set_display_names(
        &self,
        application: ApplicationId,
        names: &[DisplayName],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError>;
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

/// The rules about from where requests may come: few, so that a gateway can keep all of them in mind.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Restrictions {
    /// Keeps a new rule, for ever or until a moment.
    fn insert(
        &self,
        rule: &RestrictionContent,
        until: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> Result<Restriction, StoreError>;
    /// The rule with this id, also one whose time is over.
    fn find(&self, id: RestrictionId) -> Result<Option<Restriction>, StoreError>;
    /// Every rule, in the order they were made, also those whose time is over.
    fn all(&self) -> Result<Vec<Restriction>, StoreError>;
    /// Sets what a rule says and until when; `false` when there is none with this id.
    fn update(
        &self,
        id: RestrictionId,
        rule: &RestrictionContent,
        until: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// Takes a rule away; `false` when there was none.
    fn remove(&self, id: RestrictionId) -> Result<bool, StoreError>;
}

/// What lets people in who are kept out only because of where they are. Only digests cross this port.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Whitelinks {
    /// Keeps a new one.
    fn insert(&self, link: &Whitelink) -> Result<(), StoreError>;
    /// The one with this digest, also one whose time is over.
    fn find(&self, digest: &TokenDigest) -> Result<Option<Whitelink>, StoreError>;
    /// How many there are whose time is not over.
    fn count_live(&self, now: DateTime<Utc>) -> Result<u64, StoreError>;
}
