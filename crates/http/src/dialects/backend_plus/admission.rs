use clavis_kernel::Email;

use super::error::Refusal;

/// The roles of new accounts.
#[derive(Debug)]
pub(super) struct Roles {
    pub(super) default: String,
    pub(super) default_allowed: Vec<String>,
    pub(super) allowed: Vec<String>,
}

impl Roles {
    /// The roles of a new account, the default first, from what was asked for.
    pub(super) fn choose(
        &self,
        default: Option<String>,
        allowed: Option<Vec<String>>,
    ) -> Result<Vec<String>, Refusal> {
        let default = default.unwrap_or_else(|| self.default.clone());
        let allowed = allowed.unwrap_or_else(|| self.default_allowed.clone());
        if !allowed.contains(&default) {
            return Err(Refusal::DEFAULT_ROLE_NOT_ALLOWED);
        }
        if !allowed.iter().all(|role| self.allowed.contains(role)) {
            return Err(Refusal::ROLE_NOT_ALLOWED);
        }
        Ok(default_first(&default, &allowed))
    }
}

/// The domains whose addresses may be used.
#[derive(Debug, Default)]
pub(super) struct Domains(Vec<String>);

impl Domains {
    pub(super) fn new(domains: impl IntoIterator<Item = String>) -> Self {
        Self(domains.into_iter().map(|domain| domain.to_lowercase()).collect())
    }

    /// Whether there is no limit to them.
    pub(super) fn admit_everybody(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an address is in one of them, or in a domain below one of them.
    pub(super) fn admit(&self, email: &Email) -> bool {
        let domain = email.domain();
        self.0.is_empty()
            || self.0.iter().any(|allowed| {
                domain
                    .strip_suffix(allowed.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
    }
}

/// A default and what else is allowed, each once.
pub(super) fn default_first(default: &str, allowed: &[String]) -> Vec<String> {
    let mut roles = vec![default.to_owned()];
    for role in allowed {
        if !roles.contains(role) {
            roles.push(role.clone());
        }
    }
    roles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> Email {
        text.parse().unwrap()
    }

    #[test]
    fn a_domain_admits_itself_and_what_is_below_it() {
        let domains = Domains::new(["Gmail.com".to_owned()]);
        assert!(domains.admit(&email("ann@gmail.com")));
        assert!(domains.admit(&email("ann@GMAIL.com")));
        assert!(domains.admit(&email("ann@mail.gmail.com")));
        assert!(!domains.admit(&email("ann@evilgmail.com")));
        assert!(!domains.admit(&email("ann@gmail.com.evil.org")));
        assert!(Domains::default().admit(&email("ann@evilgmail.com")));
    }

    #[test]
    fn roles_are_chosen_among_those_allowed() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let roles = Roles {
            default: "user".to_owned(),
            default_allowed: names(&["me", "user"]),
            allowed: names(&["me", "user", "editor"]),
        };
        let choose = |default: Option<&str>, allowed: Option<&[&str]>| {
            roles.choose(default.map(str::to_owned), allowed.map(names))
        };
        assert_eq!(choose(None, None), Ok(names(&["user", "me"])));
        assert_eq!(
            choose(Some("editor"), Some(&["user", "editor"])),
            Ok(names(&["editor", "user"]))
        );
        assert_eq!(
            choose(Some("editor"), None),
            Err(Refusal::DEFAULT_ROLE_NOT_ALLOWED)
        );
        assert_eq!(choose(None, Some(&[])), Err(Refusal::DEFAULT_ROLE_NOT_ALLOWED));
        assert_eq!(
            choose(None, Some(&["user", "admin"])),
            Err(Refusal::ROLE_NOT_ALLOWED)
        );
        assert_eq!(
            choose(Some("admin"), Some(&["admin"])),
            Err(Refusal::ROLE_NOT_ALLOWED)
        );
    }
}
