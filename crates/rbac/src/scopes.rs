use crate::{RoleScopes, Scope};

/// The names of the scopes that go with a token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GrantedScopes(Vec<String>);

impl GrantedScopes {
    /// What a log-in grants: the role's default scope and nothing else. More must be asked for by a refresh.
    pub fn at_login(role: Option<&RoleScopes>) -> Self {
        Self(
            role.and_then(|role| role.default_scope.as_ref())
                .map(|scope| scope.name.clone())
                .into_iter()
                .collect(),
        )
    }

    /// What a refresh grants: of the scopes asked for those attached to the role; else the role's default scope
    /// if it is attached; else what was granted before. Asking for too much is no error.
    pub fn at_refresh(role: Option<&RoleScopes>, asked_for: &str, before: &str) -> Self {
        // A role without a default scope grants nothing.
        let granted = role.filter(|role| role.default_scope.is_some()).map(|role| {
            let attached = |scope: &&Scope| asked_for.split(',').any(|name| name.trim() == scope.name);
            let asked: Vec<_> = role.scopes.iter().filter(attached).collect();
            if asked.is_empty() {
                role.scopes
                    .iter()
                    .filter(|scope| Some(*scope) == role.default_scope.as_ref())
                    .collect()
            } else {
                asked
            }
        });
        match granted {
            Some(scopes) if !scopes.is_empty() => {
                Self(scopes.into_iter().map(|scope| scope.name.clone()).collect())
            }
            _ => Self::from_joined(before),
        }
    }

    /// From the comma-separated form.
    pub fn from_joined(joined: &str) -> Self {
        Self(
            joined
                .split(',')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }

    /// The comma-separated form in which a refresh token keeps them.
    pub fn joined(&self) -> String {
        self.0.join(",")
    }

    /// The names.
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;
    use clavis_kernel::{ApplicationId, RoleId, ScopeId};

    fn scope(id: i64, name: &str) -> Scope {
        Scope {
            id: ScopeId(id),
            application: ApplicationId(1),
            name: name.to_owned(),
        }
    }

    fn role(attached: &[Scope], default: Option<Scope>) -> RoleScopes {
        let role = Role {
            id: RoleId(1),
            application: ApplicationId(1),
            name: "clerk".to_owned(),
            default_scope: default.as_ref().map(|scope| scope.id),
        };
        RoleScopes {
            role,
            scopes: attached.to_vec(),
            default_scope: default,
        }
    }

    #[test]
    fn a_login_grants_the_default_scope_only() {
        let (read, write) = (scope(1, "read"), scope(2, "write"));
        assert_eq!(
            GrantedScopes::at_login(Some(&role(&[read.clone(), write], Some(read)))).joined(),
            "read"
        );
        assert_eq!(
            GrantedScopes::at_login(Some(&role(&[scope(1, "read")], None))).joined(),
            ""
        );
        assert_eq!(GrantedScopes::at_login(None).joined(), "");
    }

    #[track_caller]
    fn check_refresh(role: Option<&RoleScopes>, asked: &str, before: &str, expected: &str) {
        assert_eq!(GrantedScopes::at_refresh(role, asked, before).joined(), expected);
    }

    #[test]
    fn a_refresh_grants_what_is_asked_for_and_attached() {
        let (read, write, other) = (scope(1, "read"), scope(2, "write"), scope(3, "other"));
        let clerk = role(&[read.clone(), write.clone()], Some(read.clone()));
        check_refresh(Some(&clerk), "write", "read", "write");
        check_refresh(Some(&clerk), "write,read,admin", "", "read,write");
        check_refresh(Some(&clerk), "admin", "write", "read");
        check_refresh(Some(&clerk), "", "", "read");
        let detached = role(&[write], Some(other));
        check_refresh(Some(&detached), "", "old", "old");
        check_refresh(Some(&detached), "write", "old", "write");
        check_refresh(Some(&role(&[read], None)), "read", "old", "old");
        check_refresh(None, "read", "", "");
    }
}
