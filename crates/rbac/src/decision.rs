use std::fmt;
use std::marker::PhantomData;

use clavis_kernel::{AccountId, Answer};

use crate::Assignments;

/// Something that not everybody may do: a scope of an application. Implemented by empty types, one for each, so that
/// a use case says in its signature which authority it needs.
pub trait Authority {
    /// The application whose scope it is.
    const APPLICATION: &'static str;
    /// The scope.
    const SCOPE: &'static str;
}

/// Proof that an account was found to hold a scope, in the transaction that is open.
///
/// A use case that needs authority takes one; a handler that forgot to ask has none to give, and one that asked for
/// another authority has the wrong type.
pub struct Permission<A: Authority> {
    holder: AccountId,
    authority: PhantomData<A>,
}

impl<A: Authority> Permission<A> {
    /// Who was authorized.
    pub fn holder(&self) -> AccountId {
        self.holder
    }
}

impl<A: Authority> fmt::Debug for Permission<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permission")
            .field("holder", &self.holder)
            .field("scope", &A::SCOPE)
            .finish()
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
    /// Whether the account may do what an authority stands for.
    pub fn authorize<A: Authority>(&self, account: AccountId) -> Answer<Permission<A>, Denied> {
        let held = self.assignments.has_scope(account, A::APPLICATION, A::SCOPE)?;
        Ok(if held {
            Ok(Permission {
                holder: account,
                authority: PhantomData,
            })
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

    enum Administration {}

    impl Authority for Administration {
        const APPLICATION: &'static str = "pluto";
        const SCOPE: &'static str = "pluto.admin";
    }

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
            .authorize::<Administration>(account)
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
            .authorize::<Administration>(account)
            .unwrap();
            assert_eq!(
                answer.map(|permission| permission.holder()),
                if held { Ok(account) } else { Err(Denied) }
            );
        }
    }
}
