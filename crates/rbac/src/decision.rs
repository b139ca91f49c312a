use clavis_kernel::{AccountId, Answer};

use crate::Assignments;

/// Proof that an account was found to hold a scope, in the transaction that is open.
///
/// A use case that needs authority takes one; a handler that forgot to ask has none to give.
#[derive(Debug)]
pub struct Permission {
    holder: AccountId,
}

impl Permission {
    /// Who was authorized.
    pub fn holder(&self) -> AccountId {
        self.holder
    }
}

/// The account does not hold the scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account does not hold the scope")]
pub struct Denied;

/// The decision function, over what the store says now.
pub struct Rbac<'a> {
    /// Who holds which role.
    pub assignments: &'a dyn Assignments,
}

impl Rbac<'_> {
    /// Whether the account may do what the application's scope stands for.
    pub fn authorize(
        &self,
        account: AccountId,
        application: &str,
        scope: &str,
    ) -> Answer<Permission, Denied> {
        let held = self.assignments.has_scope(account, application, scope)?;
        Ok(if held {
            Ok(Permission { holder: account })
        } else {
            Err(Denied)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MockAssignments;
    use clavis_kernel::StoreError;
    use clavis_kernel::{EntropyExt as _, fake::FakeEntropy};

    #[test]
    fn a_store_that_fails_permits_nothing() {
        let account = AccountId(FakeEntropy::default().uuid_v4());
        let mut assignments = MockAssignments::new();
        assignments
            .expect_has_scope()
            .return_once(|_, _, _| Err(StoreError::new("Assignments::has_scope", "connection lost")));
        assert!(
            Rbac {
                assignments: &assignments
            }
            .authorize(account, "pluto", "pluto.admin")
            .is_err()
        );
    }

    #[test]
    fn who_holds_the_scope_is_permitted() {
        let account = AccountId(FakeEntropy::default().uuid_v4());
        for held in [true, false] {
            let mut assignments = MockAssignments::new();
            assignments
                .expect_has_scope()
                .return_once(move |_, _, _| Ok(held));
            let answer = Rbac {
                assignments: &assignments,
            }
            .authorize(account, "pluto", "pluto.admin")
            .unwrap();
            assert_eq!(
                answer.map(|permission| permission.holder()),
                if held { Ok(account) } else { Err(Denied) }
            );
        }
    }
}
