use clavis_flows::{AccountFilter, AccountOrder, AccountPage, Direction, Directory, Page, Slice};
use clavis_identity::{Account, IdentityKey};
use clavis_kernel::StoreError;
use clavis_kyc::LabelScope;
use diesel::prelude::*;

use super::accounts::AccountRow;
use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::accounts::{self, dsl};
use crate::schema::{applications, assignments, identities, labels, profiles, roles};
use crate::types::{count, micros, offset};

const PAGE: &str = "Directory::page";

/// The accounts for which everything holds. What is kept elsewhere is a list of ids: where it is short the database
/// begins with it, where it is long it goes through the accounts.
fn matching(filter: &AccountFilter) -> accounts::BoxedQuery<'_, Db> {
    let mut query = accounts::table.into_boxed();
    if let Some(uid) = &filter.uid {
        query = query.filter(dsl::uid.eq(uid.as_str()));
    }
    if let Some(address) = &filter.address {
        let key = IdentityKey::address(address);
        let holder = identities::table
            .find((key.kind().name(), key.folded().to_owned()))
            .select(identities::account_id);
        query = query.filter(dsl::id.eq_any(holder));
    }
    if let Some(state) = filter.state {
        query = query.filter(dsl::state.eq(state.name()));
    }
    if let Some(level) = filter.level {
        query = query.filter(dsl::level.eq(i64::from(level)));
    }
    if let Some(spellings) = &filter.country {
        let inhabitants = profiles::table
            .filter(profiles::country.eq_any(spellings))
            .select(profiles::account_id);
        query = query.filter(dsl::id.eq_any(inhabitants));
    }
    if let Some((application, role)) = &filter.role {
        let holders = assignments::table
            .inner_join(roles::table)
            .inner_join(applications::table.on(applications::id.eq(roles::application_id)))
            .filter(applications::name.eq(application).and(roles::name.eq(role)))
            .select(assignments::account_id);
        query = query.filter(dsl::id.eq_any(holders));
    }
    if let Some((application, role)) = &filter.no_role_but {
        let others = assignments::table
            .inner_join(roles::table)
            .inner_join(applications::table.on(applications::id.eq(roles::application_id)))
            .filter(applications::name.eq(application).and(roles::name.ne(role)))
            .select(assignments::account_id);
        query = query.filter(dsl::id.ne_all(others));
    }
    if let Some((key, values)) = &filter.label {
        let holders = labels::table
            .filter(labels::key.eq(key))
            .filter(labels::value.eq_any(values))
            .filter(labels::scope.eq(LabelScope::Private.name()))
            .select(labels::account_id);
        query = query.filter(dsl::id.eq_any(holders));
    }
    if let Some(from) = filter.created_from {
        query = query.filter(dsl::created_at.ge(micros(from)));
    }
    if let Some(to) = filter.created_to {
        query = query.filter(dsl::created_at.lt(micros(to)));
    }
    if let Some(from) = filter.updated_from {
        query = query.filter(dsl::updated_at.ge(micros(from)));
    }
    if let Some(to) = filter.updated_to {
        query = query.filter(dsl::updated_at.lt(micros(to)));
    }
    query
}

/// Orders by a column and then by number, both in the same direction.
macro_rules! ordered {
    ($query:expr, $direction:expr, $column:ident) => {
        match $direction {
            Direction::Ascending => $query.order((dsl::$column.asc(), dsl::number.asc())),
            Direction::Descending => $query.order((dsl::$column.desc(), dsl::number.desc())),
        }
    };
}

impl Directory for Tx<'_> {
    /// Whoever asks without a filter is answered from an index in the order asked for. How many there are is counted
    /// over an index, and so grows with the accounts that match; so does sorting, where filter and order have no
    /// index in common.
    fn page(
        &self,
        filter: &AccountFilter,
        order: AccountOrder,
        direction: Direction,
        slice: Slice,
    ) -> Result<AccountPage, StoreError> {
        let mut conn = self.conn.borrow_mut();
        let total: i64 = matching(filter).count().get_result(*conn).map_err(failed(PAGE))?;
        let query = matching(filter)
            .limit(slice.limit.into())
            .offset(offset(slice.offset));
        let query = match (order, direction) {
            (AccountOrder::Number, Direction::Ascending) => query.order(dsl::number.asc()),
            (AccountOrder::Number, Direction::Descending) => query.order(dsl::number.desc()),
            (AccountOrder::Uid, _) => ordered!(query, direction, uid),
            (AccountOrder::State, _) => ordered!(query, direction, state),
            (AccountOrder::Level, _) => ordered!(query, direction, level),
            (AccountOrder::CreatedAt, _) => ordered!(query, direction, created_at),
            (AccountOrder::UpdatedAt, _) => ordered!(query, direction, updated_at),
        };
        let rows: Vec<AccountRow> = query
            .select(AccountRow::as_select())
            .load(*conn)
            .map_err(failed(PAGE))?;
        let items = rows
            .into_iter()
            .map(Account::try_from)
            .collect::<Result<_, _>>()?;
        Ok(Page {
            items,
            total: count(PAGE, total)?,
        })
    }
}
