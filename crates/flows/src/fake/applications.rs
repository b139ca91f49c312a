use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, ApplicationId, RoleId, ScopeId, StoreError};
use clavis_rbac::{
    Application, ApplicationName, Applications, AssignedRole, Assignments, DisplayName, Role, RoleName,
    RoleScopes, Scope, ScopeName,
};

use super::{Assignment, FakePorts, State};

impl Applications for FakePorts {
    fn insert(&self, name: &ApplicationName, at: DateTime<Utc>) -> Result<Option<Application>, StoreError> {
        let mut state = self.change("Applications::insert")?;
        if state
            .applications
            .values()
            .any(|other| other.name == name.as_str())
        {
            return Ok(None);
        }
        let id = ApplicationId(state.applications.keys().next_back().map_or(0, |last| last.0) + 1);
        let name = name.as_str().to_owned();
        let application = Application {
            id,
            name,
            default_role: None,
            created_at: at,
            updated_at: at,
        };
        state.applications.insert(id, application.clone());
        Ok(Some(application))
    }

    fn find_by_name(&self, name: &str) -> Result<Option<Application>, StoreError> {
        Ok(self.state().application(name).cloned())
    }

    fn find(&self, id: ApplicationId) -> Result<Option<Application>, StoreError> {
        Ok(self.state().applications.get(&id).cloned())
    }

    fn all(&self) -> Result<Vec<Application>, StoreError> {
        Ok(self.state().applications.values().cloned().collect())
    }

    fn set_default_role(&self, id: ApplicationId, role: RoleId, at: DateTime<Utc>) -> Result<(), StoreError> {
        if let Some(application) = self
            .change("Applications::set_default_role")?
            .applications
            .get_mut(&id)
        {
            application.default_role = Some(role);
            application.updated_at = at;
        }
        Ok(())
    }

    fn ensure_role(&self, application: ApplicationId, name: &str) -> Result<Role, StoreError> {
        let mut state = self.change("Applications::ensure_role")?;
        let known = state
            .roles
            .values()
            .find(|role| role.application == application && role.name == name);
        if let Some(role) = known {
            return Ok(role.clone());
        }
        let id = RoleId(state.roles.keys().next_back().map_or(0, |last| last.0) + 1);
        let role = Role {
            id,
            application,
            name: name.to_owned(),
            default_scope: None,
        };
        state.roles.insert(id, role.clone());
        Ok(role)
    }

    fn ensure_scope(&self, application: ApplicationId, name: &str) -> Result<Scope, StoreError> {
        let mut state = self.change("Applications::ensure_scope")?;
        let known = state
            .scopes
            .values()
            .find(|scope| scope.application == application && scope.name == name);
        if let Some(scope) = known {
            return Ok(scope.clone());
        }
        let id = ScopeId(state.scopes.keys().next_back().map_or(0, |last| last.0) + 1);
        let scope = Scope {
            id,
            application,
            name: name.to_owned(),
        };
        state.scopes.insert(id, scope.clone());
        Ok(scope)
    }

    fn insert_role(&self, application: ApplicationId, name: &RoleName) -> Result<Option<Role>, StoreError> {
        let taken = self
            .change("Applications::insert_role")?
            .roles
            .values()
            .any(|role| role.application == application && role.name == name.as_str());
        if taken {
            return Ok(None);
        }
        self.ensure_role(application, name.as_str()).map(Some)
    }

    fn insert_scope(
        &self,
        application: ApplicationId,
        name: &ScopeName,
    ) -> Result<Option<Scope>, StoreError> {
        let taken = self
            .change("Applications::insert_scope")?
            .scopes
            .values()
            .any(|scope| scope.application == application && scope.name == name.as_str());
        if taken {
            return Ok(None);
        }
        self.ensure_scope(application, name.as_str()).map(Some)
    }

    fn attach_scope(&self, role: RoleId, scope: ScopeId) -> Result<(), StoreError> {
        self.change("Applications::attach_scope")?
            .attached
            .insert((role, scope));
        Ok(())
    }

    fn set_default_scope(&self, role: RoleId, scope: ScopeId) -> Result<(), StoreError> {
        if let Some(role) = self
            .change("Applications::set_default_scope")?
            .roles
            .get_mut(&role)
        {
            role.default_scope = Some(scope);
        }
        Ok(())
    }

    fn replace_scopes(&self, role: RoleId, wanted: &[ScopeId]) -> Result<(), StoreError> {
        let mut state = self.change("Applications::replace_scopes")?;
        let Some(application) = state.roles.get(&role).map(|role| role.application) else {
            return Ok(());
        };
        let before = state.attached.clone();
        state.attached.retain(|(of, _)| *of != role);
        for scope in wanted {
            if state
                .scopes
                .get(scope)
                .is_some_and(|scope| scope.application == application)
            {
                state.attached.insert((role, *scope));
            }
        }
        if state.attached != before {
            self.revoking();
        }
        Ok(())
    }

    fn role_scopes(&self, role: RoleId) -> Result<Option<RoleScopes>, StoreError> {
        let state = self.state();
        Ok(state.roles.get(&role).map(|role| state.with_scopes(role)))
    }

    fn roles_of(&self, application: ApplicationId) -> Result<Vec<RoleScopes>, StoreError> {
        let state = self.state();
        let roles = state
            .roles
            .values()
            .filter(|role| role.application == application);
        Ok(roles.map(|role| state.with_scopes(role)).collect())
    }

    fn find_scope(&self, id: ScopeId) -> Result<Option<Scope>, StoreError> {
        Ok(self.state().scopes.get(&id).cloned())
    }

    fn scopes_of(&self, application: ApplicationId) -> Result<Vec<Scope>, StoreError> {
        let state = self.state();
        let scopes = state
            .scopes
            .values()
            .filter(|scope| scope.application == application);
        Ok(scopes.cloned().collect())
    }

    fn lock_application(&self, _id: ApplicationId) -> Result<(), StoreError> {
        // A lock is a write, as it is for PostgreSQL.
        self.change("Applications::lock_application").map(drop)
    }

    fn display_names(&self, application: ApplicationId) -> Result<Vec<DisplayName>, StoreError> {
        let state = self.state();
        let names = state
            .application_names
            .iter()
            .filter(|((of, _), _)| *of == application);
        Ok(names.map(|(_, name)| name.clone()).collect())
    }

    fn set_display_names(
        &self,
        application: ApplicationId,
        names: &[DisplayName],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut state = self.change("Applications::set_display_names")?;
        state.application_names.retain(|(of, _), _| *of != application);
        for name in names {
            state
                .application_names
                .insert((application, name.tag.key()), name.clone());
        }
        if let Some(application) = state.applications.get_mut(&application) {
            application.updated_at = at;
        }
        Ok(())
    }
}

impl State {
    fn with_scopes(&self, role: &Role) -> RoleScopes {
        RoleScopes {
            role: role.clone(),
            scopes: self
                .scopes
                .values()
                .filter(|scope| self.attached.contains(&(role.id, scope.id)))
                .cloned()
                .collect(),
            default_scope: role.default_scope.and_then(|id| self.scopes.get(&id).cloned()),
        }
    }

    fn application(&self, name: &str) -> Option<&Application> {
        self.applications
            .values()
            .find(|application| application.name == name)
    }

    /// An account's roles by application, in each its first choice first, then by id.
    pub(super) fn roles_of(&self, account: AccountId) -> Vec<AssignedRole> {
        let of_account = self
            .assigned
            .iter()
            .filter(|assignment| assignment.account == account);
        let mut roles: Vec<_> = of_account
            .filter_map(|assignment| {
                let role = self.roles.get(&assignment.role)?.clone();
                Some(AssignedRole {
                    role,
                    is_default: assignment.is_default,
                })
            })
            .collect();
        roles.sort_by_key(|assigned| (assigned.role.application, !assigned.is_default, assigned.role.id));
        roles
    }
}

impl Assignments for FakePorts {
    fn of_account(
        &self,
        account: AccountId,
        application: ApplicationId,
    ) -> Result<Vec<AssignedRole>, StoreError> {
        let roles = self.state().roles_of(account);
        Ok(roles
            .into_iter()
            .filter(|assigned| assigned.role.application == application)
            .collect())
    }

    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<(AccountId, AssignedRole)>, StoreError> {
        let state = self.state();
        let with_roles = |account: &AccountId| {
            let account = *account;
            state
                .roles_of(account)
                .into_iter()
                .map(move |role| (account, role))
        };
        Ok(accounts.iter().flat_map(with_roles).collect())
    }

    fn replace(
        &self,
        account: AccountId,
        application: ApplicationId,
        roles: &[RoleId],
    ) -> Result<(), StoreError> {
        let mut state = self.change("Assignments::replace")?;
        let before = state.roles_of(account);
        let State {
            roles: known,
            assigned,
            ..
        } = &mut *state;
        assigned.retain(|assignment| {
            assignment.account != account
                || known
                    .get(&assignment.role)
                    .is_none_or(|role| role.application != application)
        });
        for (nth, &role) in roles.iter().enumerate() {
            if !assigned
                .iter()
                .any(|assignment| assignment.account == account && assignment.role == role)
            {
                assigned.push(Assignment {
                    account,
                    role,
                    is_default: nth == 0,
                });
            }
        }
        if state.roles_of(account) != before {
            self.changed_what_tokens_say(&state, account);
        }
        Ok(())
    }

    fn remove_all(&self, account: AccountId) -> Result<(), StoreError> {
        let mut state = self.change("Assignments::remove_all")?;
        let before = state.assigned.len();
        state.assigned.retain(|assignment| assignment.account != account);
        if state.assigned.len() < before {
            self.changed_what_tokens_say(&state, account);
        }
        Ok(())
    }

    fn has_scope(&self, account: AccountId, application: &str, scope: &str) -> Result<bool, StoreError> {
        let state = self.state();
        let Some(application) = state.application(application) else {
            return Ok(false);
        };
        let named = |id: &ScopeId| state.scopes.get(id).is_some_and(|known| known.name == scope);
        Ok(state.roles_of(account).iter().any(|assigned| {
            assigned.role.application == application.id
                && state
                    .attached
                    .iter()
                    .any(|(role, id)| *role == assigned.role.id && named(id))
        }))
    }
}
