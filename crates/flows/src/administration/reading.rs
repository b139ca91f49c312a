//! What administrators look at. That they did is in the trail, and what they looked for is not: it names people.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use clavis_identity::AccountState;
use clavis_kernel::{AccountId, Dialect, StoreError, Uid};
use clavis_kyc::{Documents, LabelKey, LabelValue, Profiles, ReviewState};
use clavis_rbac::Permission;
use clavis_tokens::{ApiKey, ApiKeyHolder};

use crate::{
    AccountFilter, AccountOrder, AuditAction, AuditFilter, AuditLog, Direction, Directory, Flows, Page,
    Person, ReadAccounts, ReadActivities, RecordedEntry, ReviewPeople, Slice,
};

/// A slice of nothing: only how many there are is wanted.
const NONE_OF_THEM: Slice = Slice { offset: 0, limit: 0 };

/// A part of the trail, and who is named in it.
#[derive(Debug, Clone)]
pub struct Activities {
    /// The entries.
    pub page: Page<RecordedEntry>,
    /// Everybody who did something, or to whom something was done.
    pub people: HashMap<AccountId, Person>,
}

/// How many there are of each kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountNumbers {
    /// Accounts in each state.
    pub by_state: Vec<(AccountState, u64)>,
    /// Accounts made in the time asked about.
    pub sign_ups: u64,
    /// Log-ins in that time.
    pub log_ins: u64,
    /// Log-ins that were refused in that time.
    pub refused_log_ins: u64,
    /// Documents that wait for a reviewer.
    pub waiting_documents: u64,
    /// Profiles that wait for a reviewer.
    pub waiting_profiles: u64,
}

impl Flows<'_> {
    /// Accounts in order, with everything that is shown of them.
    pub fn people_page(
        &self,
        permission: &Permission<ReadAccounts>,
        filter: &AccountFilter,
        order: AccountOrder,
        direction: Direction,
        slice: Slice,
    ) -> Result<Page<Person>, StoreError> {
        self.note_reading(permission.holder(), None, &asked_for(filter))?;
        let filter = self.with_default_role(filter)?;
        self.people_matching(&filter, order, direction, slice)
    }

    /// The accounts whose documents wait to be looked at, or were replaced since they were.
    pub fn applicants(
        &self,
        permission: &Permission<ReviewPeople>,
        slice: Slice,
    ) -> Result<Page<Person>, StoreError> {
        self.note_reading(permission.holder(), None, "applicants")?;
        let waiting = [LabelValue::PENDING, LabelValue::REPLACED].map(|value| value.as_str().to_owned());
        let filter = AccountFilter {
            label: Some((LabelKey::DOCUMENT.as_str().to_owned(), waiting.to_vec())),
            ..AccountFilter::default()
        };
        self.people_matching(&filter, AccountOrder::Number, Direction::Ascending, slice)
    }

    /// The keys of an account; `None` when there is no such account. Their secrets are nobody's to read.
    pub fn read_api_keys(
        &self,
        permission: &Permission<ReadAccounts>,
        uid: &Uid,
        slice: Slice,
    ) -> Result<Option<Page<ApiKey>>, StoreError> {
        let Some(account) = self.ports.find_by_uid(uid)? else {
            return Ok(None);
        };
        self.audit_by(
            Some(permission.holder()),
            Some(account.id),
            AuditAction::ReadApiKeys,
            "",
        )?;
        self.api_keys(ApiKeyHolder::account(account.id), slice).map(Some)
    }

    /// Entries of the audit trail for an administrator, the newest first.
    pub fn activities(
        &self,
        permission: &Permission<ReadActivities>,
        filter: &AuditFilter,
        slice: Slice,
    ) -> Result<Activities, StoreError> {
        let page = AuditLog::page(self.ports, filter, Direction::Descending, slice)?;
        self.audit_by(
            Some(permission.holder()),
            filter.account,
            AuditAction::ReadActivities,
            "",
        )?;
        let mut named: Vec<_> = page
            .items
            .iter()
            .flat_map(|recorded| [recorded.entry.account, recorded.entry.actor])
            .flatten()
            .collect();
        named.sort_unstable();
        named.dedup();
        let people = self.people(self.ports.find_all(&named)?)?;
        let people = people.into_iter().map(|person| (person.account().id, person));
        Ok(Activities {
            page,
            people: people.collect(),
        })
    }

    /// How many there are of each kind, and how many came in a time.
    pub fn account_numbers(
        &self,
        _permission: &Permission<ReadActivities>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<AccountNumbers, StoreError> {
        let mut by_state = Vec::new();
        for state in AccountState::ALL {
            let filter = AccountFilter {
                state: Some(state),
                ..AccountFilter::default()
            };
            by_state.push((state, self.count_matching(&filter)?));
        }
        let made = AccountFilter {
            created_from: Some(from),
            created_to: Some(to),
            ..AccountFilter::default()
        };
        let log_ins = |refused| {
            let filter = AuditFilter {
                actions: vec![AuditAction::LogIn, AuditAction::LogInWithSecondFactor],
                refused: Some(refused),
                from: Some(from),
                to: Some(to),
                ..AuditFilter::default()
            };
            let page = AuditLog::page(self.ports, &filter, Direction::Ascending, NONE_OF_THEM)?;
            Ok::<_, StoreError>(page.total)
        };
        Ok(AccountNumbers {
            by_state,
            sign_ups: self.count_matching(&made)?,
            log_ins: log_ins(false)?,
            refused_log_ins: log_ins(true)?,
            waiting_documents: Documents::queue(self.ports, ReviewState::Pending, None, 0)?.1,
            waiting_profiles: Profiles::queue(self.ports, ReviewState::Pending, None, 0)?.1,
        })
    }

    fn people_matching(
        &self,
        filter: &AccountFilter,
        order: AccountOrder,
        direction: Direction,
        slice: Slice,
    ) -> Result<Page<Person>, StoreError> {
        let page = Directory::page(self.ports, filter, order, direction, slice)?;
        Ok(Page {
            items: self.people(page.items)?,
            total: page.total,
        })
    }

    fn count_matching(&self, filter: &AccountFilter) -> Result<u64, StoreError> {
        let (order, direction) = (AccountOrder::Number, Direction::Ascending);
        Ok(Directory::page(self.ports, filter, order, direction, NONE_OF_THEM)?.total)
    }

    /// Who has no role has the default one: where that is asked for, they are meant, too.
    fn with_default_role(&self, filter: &AccountFilter) -> Result<AccountFilter, StoreError> {
        let Some((_, wanted)) = &filter.role else {
            return Ok(filter.clone());
        };
        let barong = self.application_of(Dialect::Barong)?;
        let default = match barong.default_role {
            Some(role) => self.ports.role_scopes(role)?.map(|role| role.role.name),
            None => None,
        };
        if default.as_ref() != Some(wanted) {
            return Ok(filter.clone());
        }
        Ok(AccountFilter {
            no_role_but: filter.role.clone(),
            role: None,
            ..filter.clone()
        })
    }
}

/// By what accounts were looked for.
fn asked_for(filter: &AccountFilter) -> String {
    let criteria = [
        ("uid", filter.uid.is_some()),
        ("email", filter.address.is_some()),
        ("state", filter.state.is_some()),
        ("level", filter.level.is_some()),
        ("country", filter.country.is_some()),
        ("role", filter.role.is_some()),
        ("label", filter.label.is_some()),
        (
            "created",
            filter.created_from.is_some() || filter.created_to.is_some(),
        ),
        (
            "updated",
            filter.updated_from.is_some() || filter.updated_to.is_some(),
        ),
    ];
    let named: Vec<_> = criteria
        .into_iter()
        .filter_map(|(name, is_given)| is_given.then_some(name))
        .collect();
    format!(
        "accounts by {}",
        if named.is_empty() {
            "nothing".to_owned()
        } else {
            named.join(", ")
        }
    )
}
