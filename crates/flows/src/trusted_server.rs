//! What servers that the operator trusts do for their users.

mod accounts;
mod evidence;
mod labels;
mod phones;
mod service_accounts;

use clavis_identity::{Account, Accounts, Identities, IdentityKey};
use clavis_kernel::{AccountId, Email, StoreError, Uid};
use clavis_kyc::{LabelKey, LabelScope, LabelValue, Labels, PhoneNumber};
use clavis_tokens::VerifiedRequest;

use crate::{AccountFilter, AccountOrder, AuditAction, Direction, Directory, Flows, Page, Person, Slice};

pub use accounts::{ImportError, ImportedPerson, ServerChangeError};
pub use evidence::DocumentsLabel;
pub use labels::{KnownLabel, ServerLabel, ServerLabelError};
pub use phones::ServerPhoneError;
pub use service_accounts::{
    MAX_SERVICE_ACCOUNTS, ServerKeyError, ServerKeyPolicy, ServerServiceError, ServiceChange,
    ServiceSelector, WantedService,
};

/// Proof that a request was signed by servers the operator trusts with what it asks for. A use case that needs their
/// word takes one.
#[derive(Debug)]
pub struct TrustedServer {
    signers: String,
}

impl TrustedServer {
    /// The servers that signed a request.
    pub fn of(request: &VerifiedRequest) -> Self {
        let signers: Vec<&str> = request.signers.iter().map(String::as_str).collect();
        Self {
            signers: signers.join(", "),
        }
    }
}

/// How a server names an account.
#[derive(Debug, Clone)]
pub enum PersonSelector {
    /// By its uid.
    Uid(Uid),
    /// By its log-in address.
    Address(Email),
    /// By a phone number it has verified.
    Phone(PhoneNumber),
}

impl Flows<'_> {
    /// An account, tombstones included: their state says what they are.
    pub fn person_for_server(
        &self,
        _server: &TrustedServer,
        selector: &PersonSelector,
    ) -> Result<Option<Person>, StoreError> {
        let account = match selector {
            PersonSelector::Uid(uid) => self.ports.find_by_uid(uid)?,
            PersonSelector::Address(address) => {
                match Identities::find(self.ports, &IdentityKey::address(address))? {
                    Some(identity) => Accounts::find(self.ports, identity.account)?,
                    None => None,
                }
            }
            PersonSelector::Phone(number) => match self.ports.verified_holder(&self.phone_key(number))? {
                Some(holder) => Accounts::find(self.ports, holder)?,
                None => None,
            },
        };
        account.map(|account| self.person_of(account)).transpose()
    }

    /// Accounts in the order they were made, tombstones included.
    pub fn people_for_server(
        &self,
        _server: &TrustedServer,
        filter: &AccountFilter,
        slice: Slice,
    ) -> Result<Page<Person>, StoreError> {
        let page = Directory::page(
            self.ports,
            filter,
            AccountOrder::Number,
            Direction::Ascending,
            slice,
        )?;
        Ok(Page {
            items: self.people(page.items)?,
            total: page.total,
        })
    }

    /// Accounts with a label of this key, and of this value and scope where they are given, in the order they were made.
    pub fn label_holders_for_server(
        &self,
        _server: &TrustedServer,
        key: &LabelKey,
        value: Option<&LabelValue>,
        scope: Option<LabelScope>,
        slice: Slice,
    ) -> Result<Page<Person>, StoreError> {
        let (ids, total) = Labels::holders(self.ports, key, value, scope, slice.offset, slice.limit)?;
        let accounts = self.ports.find_all(&ids)?;
        Ok(Page {
            items: self.people(accounts)?,
            total,
        })
    }

    /// The account, locked, unless it is gone.
    fn served_account(&self, uid: &Uid) -> Result<Option<Account>, StoreError> {
        let Some(account) = self.ports.find_by_uid(uid)? else {
            return Ok(None);
        };
        let account = Accounts::find_for_update(self.ports, account.id)?;
        Ok(account.filter(|account| !account.state.is_gone()))
    }

    /// Notes on whose word something was done, beside the entry of what was done.
    fn note_server(&self, server: &TrustedServer, account: AccountId) -> Result<(), StoreError> {
        let detail = format!("signed by {}", server.signers);
        self.audit_by(None, Some(account), AuditAction::ObeyServer, &detail)
    }
}
