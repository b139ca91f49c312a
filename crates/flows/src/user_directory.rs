//! How back ends list users: every account that is not gone, whatever door it was made at.

use clavis_kernel::{AccountId, Email, StoreError};

use crate::{AccountView, ApiClient, Direction, Flows, Page, Roster, Slice};

/// Which users are looked for: those for whom everything holds that is given.
#[derive(Clone, Default)]
pub struct UserFilter {
    /// Of this id.
    pub id: Option<AccountId>,
    /// With this address to show, ignoring case.
    pub address: Option<Email>,
    /// With this given name.
    pub first_name: Option<String>,
    /// With this family name.
    pub last_name: Option<String>,
    /// Active, or not.
    pub active: Option<bool>,
}

impl std::fmt::Debug for UserFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserFilter")
            .field("id", &self.id)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

/// By what users are ordered. What is missing comes first, and equal ones are ordered by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UserOrder {
    /// When they were made.
    #[default]
    CreatedAt,
    /// The address that is shown, folded.
    Address,
    /// The given name, by its letters' code points.
    FirstName,
    /// The family name, likewise.
    LastName,
    /// The last log-in.
    LastLoginAt,
    /// When they first became active.
    ActivatedAt,
}

impl UserOrder {
    /// Every order.
    pub const ALL: [Self; 6] = [
        Self::CreatedAt,
        Self::Address,
        Self::FirstName,
        Self::LastName,
        Self::LastLoginAt,
        Self::ActivatedAt,
    ];
}

impl Flows<'_> {
    /// Users in order, and how many there are.
    pub fn users_for_client(
        &self,
        _client: &ApiClient,
        filter: &UserFilter,
        order: UserOrder,
        direction: Direction,
        slice: Slice,
    ) -> Result<Page<AccountView>, StoreError> {
        let page = Roster::page(self.ports, filter, order, direction, slice)?;
        Ok(Page {
            items: self.views(page.items)?,
            total: page.total,
        })
    }

    /// A user.
    pub fn user_for_client(
        &self,
        _client: &ApiClient,
        id: AccountId,
    ) -> Result<Option<AccountView>, StoreError> {
        self.account_by_id(id)
    }
}
