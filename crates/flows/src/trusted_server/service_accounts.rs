//! Service accounts that servers make and change, and the keys they make for others where the operator lets them.

use clavis_identity::{
    Accounts, Identities, IdentityKey, NewServiceAccount, ServiceAccount, ServiceAccounts, ServiceRole,
    ServiceState,
};
use clavis_kernel::{AccountId, Answer, Dialect, Email, StoreError, Uid};
use clavis_rbac::{AccessRules, Applications};
use clavis_tokens::{ApiKeyHolder, ApiKeys};

use super::{PersonSelector, TrustedServer};
use crate::authority::BARONG_ROLES;
use crate::{ApiKeyPass, AuditAction, Flows, OwnedService, Page, Slice};

/// How many service accounts an account has at most, disabled ones included.
pub const MAX_SERVICE_ACCOUNTS: u64 = 100;
/// How many uids are tried until one is free: of 40 random bits, the first is.
const UID_ATTEMPTS: usize = 4;
/// Where addresses end that nobody gave and nobody can have (RFC 2606 §2).
const NO_MAILBOX: &str = "service.invalid";
/// How uids begin that accounts are given: those of service accounts do not.
const ACCOUNT_PREFIX: &str = "ID";
/// How uids begin that service accounts are given.
const SERVICE_PREFIX: &str = "SI";
/// The roles that are made for programs, beside those of people and those that rules name.
const SERVICE_ROLES: [&str; 2] = ["service_account", "sa_maker"];

/// How a server names a service account.
#[derive(Debug, Clone)]
pub enum ServiceSelector {
    /// By its uid.
    Uid(Uid),
    /// By its address.
    Address(Email),
}

/// A service account that a server asks for.
#[derive(Debug, Clone)]
pub struct WantedService {
    /// Whose it is to be.
    pub owner: Uid,
    /// Its uid; left out, it is given one.
    pub uid: Option<Uid>,
    /// Its address; left out, it is given one that no mail reaches.
    pub address: Option<Email>,
    /// Its role.
    pub role: ServiceRole,
}

/// What is to be set of a service account; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct ServiceChange {
    /// Whose it is to be.
    pub owner: Option<Uid>,
    /// Its role.
    pub role: Option<ServiceRole>,
    /// Whether its keys sign.
    pub state: Option<ServiceState>,
}

/// Why a server did not make or change a service account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServerServiceError {
    /// No such service account.
    #[error("no such service account")]
    Unknown,
    /// No such account to own it.
    #[error("no such owner")]
    UnknownOwner,
    /// The role is none that is known here.
    #[error("no such role")]
    UnknownRole,
    /// The role comes with authority over people: people give it, to people.
    #[error("people give authority, not servers")]
    Authority,
    /// Somebody has the uid or the address.
    #[error("the uid or the address is taken")]
    Taken,
    /// The owner has as many as they may have.
    #[error("an account has at most {MAX_SERVICE_ACCOUNTS} service accounts")]
    TooMany,
}

/// Whose keys servers may make and change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServerKeyPolicy {
    /// Those of people.
    pub of_accounts: bool,
    /// Those of service accounts.
    pub of_services: bool,
}

/// Why a server gets to nobody's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServerKeyError {
    /// The operator does not let servers.
    #[error("servers make no such keys here")]
    Disabled,
    /// No such account.
    #[error("no such account")]
    UnknownAccount,
    /// No such service account.
    #[error("no such service account")]
    UnknownService,
}

impl Flows<'_> {
    /// A service account, in whatever state.
    pub fn service_for_server(
        &self,
        _server: &TrustedServer,
        selector: &ServiceSelector,
    ) -> Result<Option<OwnedService>, StoreError> {
        let service = match selector {
            ServiceSelector::Uid(uid) => self.ports.named(uid)?,
            ServiceSelector::Address(address) => self.ports.addressed(address)?,
        };
        service.map(|service| self.with_owner(service)).transpose()
    }

    /// Service accounts of somebody, or all, in the order they were made; `None` when there is no such owner.
    pub fn services_for_server(
        &self,
        server: &TrustedServer,
        owner: Option<&PersonSelector>,
        slice: Slice,
    ) -> Result<Option<Page<OwnedService>>, StoreError> {
        let owner = match owner {
            None => None,
            Some(selector) => match self.person_for_server(server, selector)? {
                Some(person) => Some(person.account().id),
                None => return Ok(None),
            },
        };
        let (services, total) = ServiceAccounts::page(self.ports, owner, slice.offset, slice.limit)?;
        let items = self.with_owners(services)?;
        Ok(Some(Page { items, total }))
    }

    /// Makes a service account.
    pub fn make_service_for_server(
        &self,
        server: &TrustedServer,
        wanted: &WantedService,
    ) -> Answer<OwnedService, ServerServiceError> {
        let Some(owner) = self.served_account(&wanted.owner)? else {
            return Ok(Err(ServerServiceError::UnknownOwner));
        };
        if let Err(refusal) = self.check_service_role(owner.id, &wanted.role)? {
            return Ok(Err(refusal));
        }
        if self.owns_too_many(owner.id)? {
            return Ok(Err(ServerServiceError::TooMany));
        }
        let Some(service) = self.insert_service(owner.id, wanted)? else {
            return Ok(Err(ServerServiceError::Taken));
        };
        let detail = format!("{} as {}", service.uid, service.role.as_str());
        self.audit_by(None, Some(owner.id), AuditAction::CreateServiceAccount, &detail)?;
        self.note_server(server, owner.id)?;
        self.with_owner(service).map(Ok)
    }

    /// Sets what is known of a service account. Whoever had its keys before another owner came, or before it was
    /// disabled, signs with them no more.
    pub fn change_service_for_server(
        &self,
        server: &TrustedServer,
        uid: &Uid,
        change: &ServiceChange,
    ) -> Answer<OwnedService, ServerServiceError> {
        let Some(service) = self.locked_service(uid)? else {
            return Ok(Err(ServerServiceError::Unknown));
        };
        let former = service.owner;
        let mut changed = service.clone();
        if let Some(owner) = &change.owner {
            let Some(owner) = self.served_account(owner)? else {
                return Ok(Err(ServerServiceError::UnknownOwner));
            };
            if owner.id != former && self.owns_too_many(owner.id)? {
                return Ok(Err(ServerServiceError::TooMany));
            }
            changed.owner = owner.id;
        }
        if let Some(role) = &change.role {
            if let Err(refusal) = self.check_service_role(changed.owner, role)? {
                return Ok(Err(refusal));
            }
            changed.role = role.clone();
        }
        changed.state = change.state.unwrap_or(changed.state);
        if changed == service {
            return self.with_owner(service).map(Ok);
        }
        let now = self.now();
        if changed.owner != former || changed.state == ServiceState::Disabled {
            ApiKeys::deactivate_all(self.ports, ApiKeyHolder::service(former, service.id), now)?;
        }
        ServiceAccounts::update(self.ports, &changed, now)?;
        changed.updated_at = now;
        let detail = format!(
            "{} as {}, {}",
            changed.uid,
            changed.role.as_str(),
            changed.state.name()
        );
        let action = AuditAction::UpdateServiceAccount;
        self.audit_by(None, Some(changed.owner), action, &detail)?;
        if changed.owner != former {
            self.audit_by(None, Some(former), action, &format!("{} given away", changed.uid))?;
        }
        self.note_server(server, changed.owner)?;
        self.with_owner(changed).map(Ok)
    }

    /// A pass for the keys of an account or a service account, on a server's word, where the operator lets servers.
    pub fn pass_for_server(
        &self,
        server: &TrustedServer,
        uid: &Uid,
        policy: ServerKeyPolicy,
    ) -> Answer<ApiKeyPass, ServerKeyError> {
        if policy == ServerKeyPolicy::default() {
            return Ok(Err(ServerKeyError::Disabled));
        }
        let holder = if let Some(account) = self.served_account(uid)? {
            if !policy.of_accounts {
                return Ok(Err(ServerKeyError::Disabled));
            }
            ApiKeyHolder::account(account.id)
        } else if let Some(service) = self.locked_service(uid)? {
            if !policy.of_services {
                return Ok(Err(ServerKeyError::Disabled));
            }
            ApiKeyHolder::service(service.owner, service.id)
        } else if uid.as_str().starts_with(SERVICE_PREFIX) {
            return Ok(Err(ServerKeyError::UnknownService));
        } else {
            return Ok(Err(ServerKeyError::UnknownAccount));
        };
        self.note_server(server, holder.account)?;
        Ok(Ok(ApiKeyPass { holder }))
    }

    /// The service account, its owner locked: nobody else changes it or its keys meanwhile.
    fn locked_service(&self, uid: &Uid) -> Result<Option<ServiceAccount>, StoreError> {
        let Some(found) = self.ports.named(uid)? else {
            return Ok(None);
        };
        Accounts::find_for_update(self.ports, found.owner)?;
        let service = ServiceAccounts::find(self.ports, found.id)?;
        if service
            .as_ref()
            .is_some_and(|service| service.owner != found.owner)
        {
            return Err(StoreError::conflict(
                "ServiceAccounts::find",
                "the owner was changed meanwhile",
            ));
        }
        Ok(service)
    }

    /// Keeps a service account whose uid and address are nobody's, people included; `None` when one of them is
    /// somebody's.
    fn insert_service(
        &self,
        owner: AccountId,
        wanted: &WantedService,
    ) -> Result<Option<ServiceAccount>, StoreError> {
        if let Some(address) = &wanted.address
            && Identities::find(self.ports, &IdentityKey::address(address))?.is_some()
        {
            return Ok(None);
        }
        let attempts = if wanted.uid.is_some() { 1 } else { UID_ATTEMPTS };
        for _ in 0..attempts {
            let uid = wanted
                .uid
                .clone()
                .unwrap_or_else(|| Uid::generate_for_service(self.entropy));
            let is_of_accounts = uid.as_str().starts_with(ACCOUNT_PREFIX);
            if is_of_accounts || self.ports.find_by_uid(&uid)?.is_some() {
                continue;
            }
            let address = match &wanted.address {
                Some(address) => address.clone(),
                None => nowhere(&uid)?,
            };
            let new = NewServiceAccount {
                uid,
                owner,
                address,
                role: wanted.role.clone(),
            };
            let kept = ServiceAccounts::insert(self.ports, &new, self.now())?;
            if kept.is_some() {
                return Ok(kept);
            }
        }
        Ok(None)
    }

    /// Looks at a role for a service account: it must be known here, and come with no authority over people.
    fn check_service_role(&self, owner: AccountId, role: &ServiceRole) -> Answer<(), ServerServiceError> {
        let name = role.as_str();
        let is_known = SERVICE_ROLES.contains(&name)
            || BARONG_ROLES.iter().any(|(known, _)| *known == name)
            || AccessRules::all(self.ports)?
                .iter()
                .any(|rule| rule.content.role.as_str() == name);
        if !is_known {
            return Ok(Err(ServerServiceError::UnknownRole));
        }
        let application = self.application_of(Dialect::Barong)?;
        let role = Applications::ensure_role(self.ports, application.id, name)?;
        let scopes = self.ports.role_scopes(role.id)?;
        if scopes.is_some_and(|role| !role.scopes.is_empty()) {
            let refusal = ServerServiceError::Authority;
            self.audit_refusal(Some(owner), AuditAction::CreateServiceAccount, refusal)?;
            return Ok(Err(refusal));
        }
        Ok(Ok(()))
    }

    fn owns_too_many(&self, owner: AccountId) -> Result<bool, StoreError> {
        let (_, total) = ServiceAccounts::page(self.ports, Some(owner), 0, 0)?;
        Ok(total >= MAX_SERVICE_ACCOUNTS)
    }

    fn with_owner(&self, service: ServiceAccount) -> Result<OwnedService, StoreError> {
        let owner = self.person(service.owner)?;
        let owner = owner.ok_or_else(|| StoreError::new("Accounts::find", "the owner is missing"))?;
        Ok(OwnedService { service, owner })
    }
}

/// An address of a service account that no mail reaches.
fn nowhere(uid: &Uid) -> Result<Email, StoreError> {
    let address = format!("{}@{NO_MAILBOX}", uid.as_str().to_ascii_lowercase());
    address
        .parse()
        .map_err(|error| StoreError::new("ServiceAccounts::insert", error))
}
