use std::collections::HashMap;

use clavis_flows::{
    AccountPage, AttributePart, Direction, DoorDirectory, DoorFilter, DoorOrder, LogInBy, Page, Slice,
};
use clavis_identity::{Account, Accounts};
use clavis_kernel::{AccountId, Dialect, StoreError};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Untyped};

use super::{Db, Tx, dialect};
use crate::failure::failed;
use crate::schema::accounts::{self, dsl};
use crate::types::{Id, count, micros, offset};

const PAGE: &str = "DoorDirectory::page";

use super::dialect::SqlCondition as Condition;

/// The accounts for which everything holds. They are found by the index of their door; how many there are is counted in
/// it, and so grows with the accounts of the door.
fn matching(filter: &DoorFilter) -> accounts::BoxedQuery<'_, Db> {
    let mut query = accounts::table
        .filter(dsl::created_through.eq(filter.door.name()))
        .into_boxed();
    if !filter.states.is_empty() {
        query = query.filter(dsl::state.eq_any(filter.states.iter().map(|state| state.name())));
    }
    if !filter.addresses.is_empty() {
        let keys = filter.addresses.iter().map(clavis_kernel::Email::key);
        query = query.filter(dsl::address_key.eq_any(keys));
    }
    let ways = filter.log_ins.iter().map(|by| logs_in_by(filter.door, by));
    if let Some(any) = ways.reduce(|one, other| Box::new(one.or(other))) {
        query = query.filter(any);
    }
    for AttributePart {
        attribute,
        key,
        value,
    } in &filter.parts
    {
        query = query.filter(dialect::has_part(attribute, key, value));
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

fn logs_in_by(door: Dialect, by: &LogInBy) -> Condition<'_> {
    match by {
        LogInBy::Password => by_password(door),
        LogInBy::Provider(provider) => {
            let known = known_at(provider.as_str());
            Box::new(diesel::dsl::not(by_password(door)).and(known))
        }
        LogInBy::NoneOf(providers) => {
            let known = providers.iter().map(|provider| known_at(provider.as_str()));
            let ways = known.fold(by_password(door), |one, other| Box::new(one.or(other)));
            Box::new(diesel::dsl::not(ways))
        }
    }
}

fn by_password<'a>(door: Dialect) -> Condition<'a> {
    let condition = sql::<Bool>(
        "(EXISTS (SELECT 1 FROM password_credentials AS own WHERE own.account_id = accounts.id) \
         OR EXISTS (SELECT 1 FROM identities AS own WHERE own.account_id = accounts.id \
         AND own.kind = 'name' AND own.claimed_through = ",
    );
    Box::new(condition.bind::<Text, _>(door.name()).sql("))"))
}

/// A subject is kept behind the provider's name and a colon.
fn known_at<'a>(provider: &str) -> Condition<'a> {
    let beginning = format!("{provider}:");
    let condition = sql::<Bool>(
        "EXISTS (SELECT 1 FROM identities AS own WHERE own.account_id = accounts.id \
         AND own.kind = 'subject' AND substr(own.folded, 1, length(",
    );
    Box::new(
        condition
            .bind::<Text, _>(beginning.clone())
            .sql(")) = ")
            .bind::<Text, _>(beginning)
            .sql(")"),
    )
}

/// What is missing comes first on both databases, as it does everywhere else.
fn ordered(orders: &[(DoorOrder, Direction)]) -> String {
    let mut text = String::new();
    for (order, direction) in orders {
        let column = match order {
            DoorOrder::Id => "id",
            DoorOrder::Address => "address_key",
            DoorOrder::CreatedAt => "created_at",
            DoorOrder::UpdatedAt => "updated_at",
        };
        let direction = match direction {
            Direction::Ascending => "ASC NULLS FIRST",
            Direction::Descending => "DESC NULLS LAST",
        };
        text.extend(["accounts.", column, " ", direction, ", "]);
    }
    text + "accounts.id ASC"
}

impl DoorDirectory for Tx<'_> {
    fn page(
        &self,
        filter: &DoorFilter,
        orders: &[(DoorOrder, Direction)],
        slice: Slice,
    ) -> Result<AccountPage, StoreError> {
        let total: i64 = matching(filter)
            .count()
            .get_result(*self.conn.borrow_mut())
            .map_err(failed(PAGE))?;
        let ids: Vec<Id> = matching(filter)
            .order(sql::<Untyped>(&ordered(orders)))
            .limit(slice.limit.into())
            .offset(offset(slice.offset))
            .select(dsl::id)
            .load(*self.conn.borrow_mut())
            .map_err(failed(PAGE))?;
        Ok(Page {
            items: self.in_order(ids)?,
            total: count(PAGE, total)?,
        })
    }
}

impl Tx<'_> {
    /// The accounts with these ids, in this order.
    pub(super) fn in_order(&self, ids: Vec<Id>) -> Result<Vec<Account>, StoreError> {
        let ids: Vec<AccountId> = ids.into_iter().map(|id| AccountId(id.0)).collect();
        let found = self.find_all(&ids)?.into_iter();
        let mut accounts: HashMap<AccountId, Account> = found.map(|account| (account.id, account)).collect();
        Ok(ids.iter().filter_map(|id| accounts.remove(id)).collect())
    }
}
