//! New passwords that attackers know already.

use clavis_kernel::Secret;

use super::BackendPlus;
use super::error::Refusal;
use super::rules::Switch;

impl BackendPlus {
    /// Whether a new password must not be one that was seen in a breach.
    pub fn refuses_breached(&self) -> bool {
        self.rules.breach_check == Switch::On
    }

    /// Refuses a new password that was seen in a breach, where the operator wants that. When it cannot be told the
    /// password is refused as well, unless the operator lets it through.
    pub(super) async fn screen(&self, password: &Secret) -> Result<(), Refusal> {
        if self.rules.breach_check == Switch::Off {
            return Ok(());
        }
        match self.app.breached.contain(password).await {
            Ok(false) => Ok(()),
            Ok(true) => Err(Refusal::WEAK_PASSWORD),
            Err(error) => {
                tracing::error!(%error, "a new password was refused unseen");
                Err(Refusal::INTERNAL)
            }
        }
    }
}
