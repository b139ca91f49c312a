//! What an administrator does to applications, roles and scopes, and who holds which role.

use clavis_identity::Accounts;
use clavis_kernel::{AccountId, AccountNumber, Answer, ApplicationId, RoleId, ScopeId, StoreError};
use clavis_rbac::{
    Application, ApplicationName, Applications, Assignments, Authority as _, DisplayName, Permission,
    RoleName, RoleScopes, Scope, ScopeName,
};

use crate::operator::CreateApplicationError;
use crate::refresh::ADMIN_APPLICATION;
use crate::{AuditAction, Flows, PlutoAdministration};

/// Most characters of a note in the audit trail about the scopes a role was given.
const MAX_NOTED_CHARS: usize = 500;

/// How an administrator names an application. Another dialect's own is none of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationSelector {
    /// By its id.
    Id(ApplicationId),
    /// By its name, to the letter.
    Name(String),
}

/// Why an application got no new role or scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExtendApplicationError {
    /// No such application.
    #[error("no such application")]
    UnknownApplication,
    /// It has one of this name.
    #[error("the application has one of this name")]
    NameTaken,
}

/// No such application, or another dialect's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such application")]
pub struct UnknownApplication;

/// Why a role's scopes were not replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplaceScopesError {
    /// No such role.
    #[error("no such role")]
    UnknownRole,
    /// The administrator would administer no longer.
    #[error("nobody takes their own authority away")]
    OwnAuthority,
}

/// Why a role's default scope was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DefaultScopeError {
    /// No such role.
    #[error("no such role")]
    UnknownRole,
    /// No such scope in the role's application.
    #[error("no such scope in the role's application")]
    UnknownScope,
}

/// Why an application's default role was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DefaultRoleError {
    /// No such application.
    #[error("no such application")]
    UnknownApplication,
    /// No such role in the application.
    #[error("no such role in the application")]
    UnknownRole,
}

/// Why an account was not given a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssignRoleError {
    /// No such account, or a tombstone.
    #[error("no such account")]
    UnknownAccount,
    /// No such application.
    #[error("no such application")]
    UnknownApplication,
    /// No such role in the application.
    #[error("no such role in the application")]
    UnknownRole,
    /// The administrator would administer no longer.
    #[error("nobody takes their own authority away")]
    OwnAuthority,
}

type Administrator<'p> = &'p Permission<PlutoAdministration>;

impl Flows<'_> {
    /// Makes an application that clients can name in a log-in.
    pub fn add_application(
        &self,
        by: Administrator<'_>,
        name: &ApplicationName,
    ) -> Answer<Application, CreateApplicationError> {
        self.make_application(Some(by.holder()), name)
    }

    /// Every application but those of other dialects, by id.
    pub fn applications(&self, _by: Administrator<'_>) -> Result<Vec<Application>, StoreError> {
        let mut applications = Applications::all(self.ports)?;
        applications.retain(|application| !self.is_another_dialects(&application.name));
        Ok(applications)
    }

    /// Adds a role to an application. Nobody holds it yet, and it has no scopes.
    pub fn add_role(
        &self,
        by: Administrator<'_>,
        application: &ApplicationSelector,
        name: &RoleName,
    ) -> Answer<(), ExtendApplicationError> {
        let Some(application) = self.selected_application(application)? else {
            return Ok(Err(ExtendApplicationError::UnknownApplication));
        };
        if self.ports.insert_role(application.id, name)?.is_none() {
            return Ok(Err(ExtendApplicationError::NameTaken));
        }
        let detail = format!("{}/{}", application.name, name.as_str());
        self.audit_by(Some(by.holder()), None, AuditAction::CreateRole, &detail)?;
        Ok(Ok(()))
    }

    /// Adds a scope to an application. No role has it yet.
    pub fn add_scope(
        &self,
        by: Administrator<'_>,
        application: &ApplicationSelector,
        name: &ScopeName,
    ) -> Answer<(), ExtendApplicationError> {
        let Some(application) = self.selected_application(application)? else {
            return Ok(Err(ExtendApplicationError::UnknownApplication));
        };
        if self.ports.insert_scope(application.id, name)?.is_none() {
            return Ok(Err(ExtendApplicationError::NameTaken));
        }
        let detail = format!("{}/{}", application.name, name.as_str());
        self.audit_by(Some(by.holder()), None, AuditAction::CreateScope, &detail)?;
        Ok(Ok(()))
    }

    /// Gives a role these scopes and no others. What its application does not have is left out.
    pub fn replace_role_scopes(
        &self,
        by: Administrator<'_>,
        role: RoleId,
        scopes: &[ScopeId],
    ) -> Answer<(), ReplaceScopesError> {
        let Some((application, role)) = self.selected_role(role)? else {
            return Ok(Err(ReplaceScopesError::UnknownRole));
        };
        let mut wanted = self.ports.scopes_of(application.id)?;
        wanted.retain(|scope| scopes.contains(&scope.id));
        if application.name == ADMIN_APPLICATION {
            self.ports.lock_application(application.id)?;
            let names = |held: RoleScopes| {
                let replaced = held.role.id == role.role.id;
                if replaced { wanted.clone() } else { held.scopes }
            };
            let held = self.roles_held(by.holder(), application.id)?;
            if !held.into_iter().map(names).any(|scopes| administers(&scopes)) {
                return Ok(Err(ReplaceScopesError::OwnAuthority));
            }
        }
        let ids: Vec<ScopeId> = wanted.iter().map(|scope| scope.id).collect();
        self.ports.replace_scopes(role.role.id, &ids)?;
        let names: Vec<&str> = wanted.iter().map(|scope| scope.name.as_str()).collect();
        let detail = format!("{}/{}: {}", application.name, role.role.name, names.join(","));
        let detail: String = detail.chars().take(MAX_NOTED_CHARS).collect();
        self.audit_by(Some(by.holder()), None, AuditAction::SetRoleScopes, &detail)?;
        Ok(Ok(()))
    }

    /// Makes a scope the one that a log-in with this role grants. It need not be attached to the role.
    pub fn set_role_default_scope(
        &self,
        by: Administrator<'_>,
        role: RoleId,
        scope: ScopeId,
    ) -> Answer<(), DefaultScopeError> {
        let Some((application, role)) = self.selected_role(role)? else {
            return Ok(Err(DefaultScopeError::UnknownRole));
        };
        let scope = self.ports.find_scope(scope)?;
        let Some(scope) = scope.filter(|scope| scope.application == application.id) else {
            return Ok(Err(DefaultScopeError::UnknownScope));
        };
        self.ports.set_default_scope(role.role.id, scope.id)?;
        let detail = format!("{}/{}: {}", application.name, role.role.name, scope.name);
        self.audit_by(Some(by.holder()), None, AuditAction::SetDefaultScope, &detail)?;
        Ok(Ok(()))
    }

    /// Makes a role the one of whoever holds no other in the application.
    pub fn set_application_default_role(
        &self,
        by: Administrator<'_>,
        application: &ApplicationSelector,
        role: RoleId,
    ) -> Answer<(), DefaultRoleError> {
        let Some(application) = self.selected_application(application)? else {
            return Ok(Err(DefaultRoleError::UnknownApplication));
        };
        let Some(role) = self.role_in(application.id, role)? else {
            return Ok(Err(DefaultRoleError::UnknownRole));
        };
        self.ports
            .set_default_role(application.id, role.role.id, self.now())?;
        let detail = format!("{}/{}", application.name, role.role.name);
        self.audit_by(Some(by.holder()), None, AuditAction::SetDefaultRole, &detail)?;
        Ok(Ok(()))
    }

    /// An application and its roles with their scopes, by id.
    pub fn application_roles(
        &self,
        _by: Administrator<'_>,
        application: &ApplicationSelector,
    ) -> Answer<(Application, Vec<RoleScopes>), UnknownApplication> {
        let Some(application) = self.selected_application(application)? else {
            return Ok(Err(UnknownApplication));
        };
        let roles = self.ports.roles_of(application.id)?;
        Ok(Ok((application, roles)))
    }

    /// An application and its scopes, by id.
    pub fn application_scopes(
        &self,
        _by: Administrator<'_>,
        application: &ApplicationSelector,
    ) -> Answer<(Application, Vec<Scope>), UnknownApplication> {
        let Some(application) = self.selected_application(application)? else {
            return Ok(Err(UnknownApplication));
        };
        let scopes = self.ports.scopes_of(application.id)?;
        Ok(Ok((application, scopes)))
    }

    /// Makes a role the only one that an account holds in an application.
    pub fn assign_role(
        &self,
        by: Administrator<'_>,
        account: AccountNumber,
        application: &ApplicationSelector,
        role: RoleId,
    ) -> Answer<(), AssignRoleError> {
        let account = Accounts::find_by_number(self.ports, account)?;
        let Some(account) = account.filter(|account| !account.state.is_gone()) else {
            return Ok(Err(AssignRoleError::UnknownAccount));
        };
        let Some(application) = self.selected_application(application)? else {
            return Ok(Err(AssignRoleError::UnknownApplication));
        };
        let Some(role) = self.role_in(application.id, role)? else {
            return Ok(Err(AssignRoleError::UnknownRole));
        };
        if application.name == ADMIN_APPLICATION {
            self.ports.lock_application(application.id)?;
            let held = if account.id == by.holder() {
                vec![role.clone()]
            } else {
                self.roles_held(by.holder(), application.id)?
            };
            if !held.iter().any(|role| administers(&role.scopes)) {
                return Ok(Err(AssignRoleError::OwnAuthority));
            }
        }
        Assignments::replace(self.ports, account.id, application.id, &[role.role.id])?;
        let detail = format!("{}/{}", application.name, role.role.name);
        self.audit_by(Some(by.holder()), Some(account.id), AuditAction::SetRole, &detail)?;
        Ok(Ok(()))
    }

    /// What people call an application in their languages.
    pub fn application_names(
        &self,
        _by: Administrator<'_>,
        application: &ApplicationSelector,
    ) -> Answer<(Application, Vec<DisplayName>), UnknownApplication> {
        let Some(application) = self.selected_application(application)? else {
            return Ok(Err(UnknownApplication));
        };
        let names = self.ports.display_names(application.id)?;
        Ok(Ok((application, names)))
    }

    /// Sets what people call an application in their languages, in the place of what they called it.
    pub fn set_application_names(
        &self,
        by: Administrator<'_>,
        application: &ApplicationSelector,
        names: &[DisplayName],
    ) -> Answer<(), UnknownApplication> {
        let Some(application) = self.selected_application(application)? else {
            return Ok(Err(UnknownApplication));
        };
        self.ports.set_display_names(application.id, names, self.now())?;
        self.audit_by(
            Some(by.holder()),
            None,
            AuditAction::NameApplication,
            &application.name,
        )?;
        Ok(Ok(()))
    }

    fn selected_application(
        &self,
        selector: &ApplicationSelector,
    ) -> Result<Option<Application>, StoreError> {
        let found = match selector {
            ApplicationSelector::Id(id) => Applications::find(self.ports, *id)?,
            ApplicationSelector::Name(name) => self.ports.find_by_name(name)?,
        };
        Ok(found.filter(|application| !self.is_another_dialects(&application.name)))
    }

    /// A role and its application, unless that is another dialect's own.
    fn selected_role(&self, role: RoleId) -> Result<Option<(Application, RoleScopes)>, StoreError> {
        let Some(role) = self.ports.role_scopes(role)? else {
            return Ok(None);
        };
        let application = self.selected_application(&ApplicationSelector::Id(role.role.application))?;
        Ok(application.map(|application| (application, role)))
    }

    fn role_in(&self, application: ApplicationId, role: RoleId) -> Result<Option<RoleScopes>, StoreError> {
        let role = self.ports.role_scopes(role)?;
        Ok(role.filter(|role| role.role.application == application))
    }

    fn roles_held(
        &self,
        account: AccountId,
        application: ApplicationId,
    ) -> Result<Vec<RoleScopes>, StoreError> {
        let held = Assignments::of_account(self.ports, account, application)?;
        let mut roles = Vec::new();
        for assigned in held {
            roles.extend(self.ports.role_scopes(assigned.role.id)?);
        }
        Ok(roles)
    }
}

/// Whether a role of the administrators' application with these scopes lets its holder administer.
fn administers(scopes: &[Scope]) -> bool {
    scopes
        .iter()
        .any(|scope| scope.name == PlutoAdministration::SCOPE)
}
