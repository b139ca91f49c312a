//! Service accounts: accounts for programs, which belong to somebody. Servers that the operator trusts make them, their
//! owners make keys for them.

use std::collections::HashMap;

use clavis_identity::{ServiceAccount, ServiceAccounts, ServiceState};
use clavis_kernel::{AccountId, Answer, StoreError, Uid};
use clavis_rbac::Permission;
use clavis_tokens::{ApiKey, ApiKeyHolder};

use crate::{ApiKeyPass, AuditAction, Flows, Page, Person, ReadAccounts, Slice};

/// A service account with everything that is shown of whose it is.
#[derive(Debug, Clone)]
pub struct OwnedService {
    /// The service account.
    pub service: ServiceAccount,
    /// Whose it is.
    pub owner: Person,
}

impl OwnedService {
    /// The state to show: the owner's, unless the service account is disabled.
    pub fn state_name(&self) -> &'static str {
        match self.service.state {
            ServiceState::Disabled => self.service.state.name(),
            ServiceState::Active => self.owner.account().state.name(),
        }
    }
}

/// The account has no such service account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such service account")]
pub struct UnknownService;

impl Flows<'_> {
    /// A part of somebody's service accounts, in the order they were made.
    pub fn own_services(&self, owner: Person, slice: Slice) -> Result<Page<OwnedService>, StoreError> {
        let id = owner.account().id;
        let (services, total) = ServiceAccounts::page(self.ports, Some(id), slice.offset, slice.limit)?;
        let items = services.into_iter().map(|service| OwnedService {
            service,
            owner: owner.clone(),
        });
        Ok(Page {
            items: items.collect(),
            total,
        })
    }

    /// A part of the keys of somebody's service account. Another's service account is as good as none.
    pub fn service_keys(
        &self,
        owner: AccountId,
        uid: &str,
        slice: Slice,
    ) -> Answer<Page<ApiKey>, UnknownService> {
        match self.service_of(owner, uid)? {
            Some(service) => self
                .api_keys(ApiKeyHolder::service(owner, service.id), slice)
                .map(Ok),
            None => Ok(Err(UnknownService)),
        }
    }

    /// Turns a pass for somebody's own keys into one for those of a service account of theirs.
    pub fn pass_for_service(&self, pass: &ApiKeyPass, uid: &str) -> Answer<ApiKeyPass, UnknownService> {
        let owner = pass.holder.account;
        let service = self.service_of(owner, uid)?;
        Ok(service
            .map(|service| ApiKeyPass {
                holder: ApiKeyHolder::service(owner, service.id),
            })
            .ok_or(UnknownService))
    }

    /// The keys of a service account, for an administrator; `None` when there is none with this uid.
    pub fn read_service_keys(
        &self,
        permission: &Permission<ReadAccounts>,
        uid: &Uid,
        slice: Slice,
    ) -> Result<Option<Page<ApiKey>>, StoreError> {
        let Some(service) = self.ports.named(uid)? else {
            return Ok(None);
        };
        self.audit_by(
            Some(permission.holder()),
            Some(service.owner),
            AuditAction::ReadApiKeys,
            uid.as_str(),
        )?;
        let holder = ApiKeyHolder::service(service.owner, service.id);
        self.api_keys(holder, slice).map(Some)
    }

    fn service_of(&self, owner: AccountId, uid: &str) -> Result<Option<ServiceAccount>, StoreError> {
        let Ok(uid) = uid.parse::<Uid>() else {
            return Ok(None);
        };
        let service = self.ports.named(&uid)?;
        Ok(service.filter(|service| service.owner == owner))
    }

    /// Puts owners to service accounts: as many queries for many as for one.
    pub(crate) fn with_owners(&self, services: Vec<ServiceAccount>) -> Result<Vec<OwnedService>, StoreError> {
        let mut owners: Vec<_> = services.iter().map(|service| service.owner).collect();
        owners.sort_unstable();
        owners.dedup();
        let people = self.people(self.ports.find_all(&owners)?)?;
        let people: HashMap<_, _> = people
            .into_iter()
            .map(|person| (person.account().id, person))
            .collect();
        services
            .into_iter()
            .map(|service| match people.get(&service.owner) {
                Some(owner) => Ok(OwnedService {
                    owner: owner.clone(),
                    service,
                }),
                None => Err(StoreError::new("Accounts::find_all", "an owner is missing")),
            })
            .collect()
    }
}
