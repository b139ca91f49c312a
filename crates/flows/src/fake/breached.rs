use async_trait::async_trait;
use clavis_kernel::Secret;

use crate::{BreachCheckError, BreachedPasswords};

/// Knows the passwords that a test names, and none by default.
#[derive(Debug, Default)]
pub struct FakeBreaches(pub Vec<String>);

#[async_trait]
impl BreachedPasswords for FakeBreaches {
    fn are_known(&self) -> bool {
        true
    }

    async fn contain(&self, password: &Secret) -> Result<bool, BreachCheckError> {
        Ok(self.0.iter().any(|known| password.same_as(known)))
    }
}
