use clavis_flows::{AccountPage, Direction, Page, Roster, Slice, UserFilter, UserOrder};
use clavis_identity::AccountState;
use clavis_kernel::StoreError;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Untyped};

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::account_tallies;
use crate::schema::accounts::{self, dsl};
use crate::types::{Id, count, offset};

const PAGE: &str = "Roster::page";

/// As the indexes of listed accounts have it, to the letter: they hold those rows only.
const LISTED: &str = "accounts.state NOT IN ('deleted', 'withdrawn')";
/// A condition on the state that no index answers: for going through accounts in the order asked for.
const IS_ACTIVE: &str = "CASE WHEN accounts.state = 'active' THEN 1 ELSE 0 END = 1";
const IS_INACTIVE: &str = "CASE WHEN accounts.state = 'active' THEN 1 ELSE 0 END = 0";

/// So many are found by their state and sorted; more are passed in order until there are enough.
const FEW: u64 = 5_000;

/// How the accounts are to be found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By what they are looked for.
    Found,
    /// In the order asked for, passing over those that are not looked for.
    InOrder,
}

fn listed(filter: &UserFilter, way: Way) -> accounts::BoxedQuery<'_, Db> {
    let mut query = accounts::table.filter(sql::<Bool>(LISTED)).into_boxed();
    if let Some(id) = filter.id {
        query = query.filter(dsl::id.eq(Id(id.0)));
    }
    if let Some(address) = &filter.address {
        query = query.filter(dsl::address_key.eq(address.key()));
    }
    if let Some(name) = &filter.first_name {
        query = query.filter(dsl::first_name.eq(name));
    }
    if let Some(name) = &filter.last_name {
        query = query.filter(dsl::last_name.eq(name));
    }
    match (filter.active, way) {
        (None, _) => query,
        (Some(true), Way::InOrder) => query.filter(sql::<Bool>(IS_ACTIVE)),
        (Some(false), Way::InOrder) => query.filter(sql::<Bool>(IS_INACTIVE)),
        (Some(true), Way::Found) => query.filter(dsl::state.eq(AccountState::Active.name())),
        (Some(false), Way::Found) => {
            let inactive = listed_states(Some(false)).iter().map(|state| state.name());
            query.filter(dsl::state.eq_any(inactive))
        }
    }
}

/// What is missing comes first on both databases; the other direction is the same index read backwards.
const fn ordered(order: UserOrder, direction: Direction) -> &'static str {
    match (order, direction) {
        (UserOrder::CreatedAt, Direction::Ascending) => {
            "accounts.created_at ASC NULLS FIRST, accounts.id ASC"
        }
        (UserOrder::CreatedAt, Direction::Descending) => {
            "accounts.created_at DESC NULLS LAST, accounts.id DESC"
        }
        (UserOrder::Address, Direction::Ascending) => "accounts.address_key ASC NULLS FIRST, accounts.id ASC",
        (UserOrder::Address, Direction::Descending) => {
            "accounts.address_key DESC NULLS LAST, accounts.id DESC"
        }
        (UserOrder::FirstName, Direction::Ascending) => {
            "accounts.first_name ASC NULLS FIRST, accounts.id ASC"
        }
        (UserOrder::FirstName, Direction::Descending) => {
            "accounts.first_name DESC NULLS LAST, accounts.id DESC"
        }
        (UserOrder::LastName, Direction::Ascending) => "accounts.last_name ASC NULLS FIRST, accounts.id ASC",
        (UserOrder::LastName, Direction::Descending) => {
            "accounts.last_name DESC NULLS LAST, accounts.id DESC"
        }
        (UserOrder::LastLoginAt, Direction::Ascending) => {
            "accounts.last_login_at ASC NULLS FIRST, accounts.id ASC"
        }
        (UserOrder::LastLoginAt, Direction::Descending) => {
            "accounts.last_login_at DESC NULLS LAST, accounts.id DESC"
        }
        (UserOrder::ActivatedAt, Direction::Ascending) => {
            "accounts.activated_at ASC NULLS FIRST, accounts.id ASC"
        }
        (UserOrder::ActivatedAt, Direction::Descending) => {
            "accounts.activated_at DESC NULLS LAST, accounts.id DESC"
        }
    }
}

/// The states of accounts that are listed.
fn listed_states(active: Option<bool>) -> &'static [AccountState] {
    use AccountState::{Active, Banned, Locked, Pending};
    match active {
        None => &[Active, Pending, Locked, Banned],
        Some(true) => &[Active],
        Some(false) => &[Pending, Locked, Banned],
    }
}

impl Tx<'_> {
    /// How many accounts there are, by what was kept count of: no more work for many than for few.
    fn tallied(&self, active: Option<bool>) -> Result<u64, StoreError> {
        let states = listed_states(active).iter().map(|state| state.name());
        let total: i64 = account_tallies::table
            .filter(account_tallies::state.eq_any(states))
            .select(sql::<BigInt>(
                "CAST(COALESCE(SUM(account_tallies.number), 0) AS BIGINT)",
            ))
            .get_result(*self.conn.borrow_mut())
            .map_err(failed(PAGE))?;
        count(PAGE, total)
    }

    fn counted(&self, filter: &UserFilter) -> Result<u64, StoreError> {
        let total: i64 = listed(filter, Way::Found)
            .count()
            .get_result(*self.conn.borrow_mut())
            .map_err(failed(PAGE))?;
        count(PAGE, total)
    }
}

/// Where a part of a list begins, from whichever end is nearer: the last page costs as little as the first.
struct Cut {
    offset: u64,
    limit: u64,
    from_the_end: bool,
}

impl Cut {
    /// `None` when nothing is left of the list at that place.
    fn of(slice: Slice, total: u64) -> Option<Self> {
        let left = total.checked_sub(slice.offset).filter(|left| *left > 0)?;
        let limit = left.min(slice.limit.into());
        let behind = left - limit;
        let from_the_end = behind < slice.offset;
        Some(Self {
            offset: if from_the_end { behind } else { slice.offset },
            limit,
            from_the_end,
        })
    }
}

impl Roster for Tx<'_> {
    /// Ids first, out of an index that has everything asked for, and then the accounts of these ids: what is passed over
    /// is read in the index alone.
    fn page(
        &self,
        filter: &UserFilter,
        order: UserOrder,
        direction: Direction,
        slice: Slice,
    ) -> Result<AccountPage, StoreError> {
        let is_by_state_alone = filter.id.is_none()
            && filter.address.is_none()
            && filter.first_name.is_none()
            && filter.last_name.is_none();
        let total = if is_by_state_alone {
            self.tallied(filter.active)?
        } else {
            self.counted(filter)?
        };
        let Some(cut) = Cut::of(slice, total) else {
            let items = Vec::new();
            return Ok(Page { items, total });
        };
        let direction = match (direction, cut.from_the_end) {
            (Direction::Ascending, false) | (Direction::Descending, true) => Direction::Ascending,
            (Direction::Descending, false) | (Direction::Ascending, true) => Direction::Descending,
        };
        let way = if is_by_state_alone && total <= FEW {
            Way::Found
        } else {
            Way::InOrder
        };
        let mut ids: Vec<Id> = listed(filter, way)
            .order(sql::<Untyped>(ordered(order, direction)))
            .limit(offset(cut.limit))
            .offset(offset(cut.offset))
            .select(dsl::id)
            .load(*self.conn.borrow_mut())
            .map_err(failed(PAGE))?;
        if cut.from_the_end {
            ids.reverse();
        }
        let items = self.in_order(ids)?;
        Ok(Page { items, total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(offset: u64, limit: u32, total: u64, expected: Option<(u64, u64, bool)>) {
        let cut = Cut::of(Slice { offset, limit }, total);
        assert_eq!(cut.map(|cut| (cut.offset, cut.limit, cut.from_the_end)), expected);
    }

    #[test]
    fn a_page_is_cut_from_the_nearer_end() {
        check(0, 10, 28, Some((0, 10, false)));
        check(10, 10, 28, Some((8, 10, true)));
        check(20, 10, 28, Some((0, 8, true)));
        check(30, 10, 28, None);
        check(0, 10, 0, None);
        check(0, 10, 3, Some((0, 3, false)));
        check(u64::MAX, 10, 28, None);
    }
}
