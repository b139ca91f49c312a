//! Names that read like addresses. Whoever logs in by either is looked for among names first, so nobody is called by an
//! address that is not theirs, whether or not somebody has it yet.

use clavis_identity::{Identities, IdentityKey, Name};
use clavis_kernel::{AccountId, Email, StoreError};

use crate::Flows;

impl Flows<'_> {
    /// Whether a name reads like an address that is neither this account's nor the one it claims with the name. Names are
    /// read as they are compared: letters that only look different are the same.
    pub(crate) fn is_strange_address(
        &self,
        name: &Name,
        own: Option<AccountId>,
        claimed: Option<&Email>,
    ) -> Result<bool, StoreError> {
        let Ok(address) = name.key().parse::<Email>() else {
            return Ok(false);
        };
        if claimed.is_some_and(|claimed| claimed.key() == address.key()) {
            return Ok(false);
        }
        let holder = Identities::find(self.ports, &IdentityKey::address(&address))?;
        let holder = holder.map(|holder| holder.account);
        Ok(holder.is_none() || holder != own)
    }

    /// Lets go of an address, and of a name of the account that reads like it.
    pub(crate) fn release_address(&self, address: &Email, account: AccountId) -> Result<(), StoreError> {
        self.ports.release(&IdentityKey::address(address), account)?;
        if let Ok(name) = address.as_str().parse::<Name>() {
            self.ports.release(&IdentityKey::name(&name), account)?;
        }
        Ok(())
    }
}
