use chrono::{DateTime, Utc};
use clavis_identity::{Account, AccountState, Accounts, NewAccount, ProfileChange};
use clavis_kernel::{AccountId, AccountNumber, StoreError, Uid};
use diesel::prelude::*;

use super::{Db, Tx, dialect};
use crate::failure::failed;
use crate::schema::accounts::{self, dsl};
use crate::types::{Id, count, guids, micros, moment, parsed, some_moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts, check_for_backend(Db))]
pub(super) struct AccountRow {
    number: i64,
    id: Id,
    uid: String,
    state: String,
    display_name: String,
    contact: Option<String>,
    avatar: Option<String>,
    attributes: String,
    created_through: String,
    valid_after: Option<i64>,
    created_at: i64,
    updated_at: i64,
    last_login_at: Option<i64>,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        const READING: &str = "Accounts (a row)";
        Ok(Self {
            id: AccountId(row.id.0),
            number: AccountNumber(row.number),
            uid: parsed(READING, &row.uid)?,
            state: parsed(READING, &row.state)?,
            display_name: row.display_name,
            contact: row.contact.map(|text| parsed(READING, &text)).transpose()?,
            avatar: row.avatar,
            attributes: serde_json::from_str(&row.attributes)
                .map_err(|error| StoreError::new(READING, error))?,
            created_through: parsed(READING, &row.created_through)?,
            valid_after: some_moment(READING, row.valid_after)?,
            created_at: moment(READING, row.created_at)?,
            updated_at: moment(READING, row.updated_at)?,
            last_login_at: some_moment(READING, row.last_login_at)?,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = accounts)]
struct NewAccountRow<'a> {
    id: Id,
    uid: &'a str,
    state: &'a str,
    display_name: &'a str,
    contact: Option<&'a str>,
    avatar: Option<&'a str>,
    attributes: String,
    created_through: &'a str,
    created_at: i64,
    updated_at: i64,
}

fn json(operation: &'static str, attributes: &clavis_identity::Attributes) -> Result<String, StoreError> {
    serde_json::to_string(attributes).map_err(|error| StoreError::new(operation, error))
}

impl Accounts for Tx<'_> {
    fn insert(&self, account: &NewAccount) -> Result<Option<Account>, StoreError> {
        const INSERT: &str = "Accounts::insert";
        let row = NewAccountRow {
            id: Id(account.id.0),
            uid: account.uid.as_str(),
            state: account.state.name(),
            display_name: &account.display_name,
            contact: account.contact.as_ref().map(clavis_kernel::Email::as_str),
            avatar: account.avatar.as_deref(),
            attributes: json(INSERT, &account.attributes)?,
            created_through: account.created_through.name(),
            created_at: micros(account.created_at),
            updated_at: micros(account.created_at),
        };
        diesel::insert_into(accounts::table)
            .values(row)
            .on_conflict(dsl::uid)
            .do_nothing()
            .returning(AccountRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed(INSERT))?
            .map(Account::try_from)
            .transpose()
    }

    fn find(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        accounts::table
            .filter(dsl::id.eq(Id(id.0)))
            .select(AccountRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Accounts::find"))?
            .map(Account::try_from)
            .transpose()
    }

    fn find_for_update(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        dialect::lock_account(*self.conn.borrow_mut(), Id(id.0))
            .map_err(failed("Accounts::find_for_update"))?;
        Accounts::find(self, id)
    }

    fn find_by_number(&self, number: AccountNumber) -> Result<Option<Account>, StoreError> {
        accounts::table
            .find(number.0)
            .select(AccountRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Accounts::find_by_number"))?
            .map(Account::try_from)
            .transpose()
    }

    fn set_state(
        &self,
        id: AccountId,
        from: AccountState,
        to: AccountState,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let rows =
            diesel::update(accounts::table.filter(dsl::id.eq(Id(id.0)).and(dsl::state.eq(from.name()))))
                .set((dsl::state.eq(to.name()), dsl::updated_at.eq(micros(at))))
                .execute(*self.conn.borrow_mut())
                .map_err(failed("Accounts::set_state"))?;
        Ok(self.revoking(rows) > 0)
    }

    fn set_profile(
        &self,
        id: AccountId,
        change: &ProfileChange,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        const SET: &str = "Accounts::set_profile";
        let Some(mut account) = Accounts::find_for_update(self, id)? else {
            return Ok(());
        };
        account.attributes.extend(change.attributes.clone());
        diesel::update(accounts::table.filter(dsl::id.eq(Id(id.0))))
            .set((
                change
                    .display_name
                    .as_ref()
                    .map(|name| dsl::display_name.eq(name)),
                change.avatar.as_ref().map(|avatar| dsl::avatar.eq(avatar)),
                dsl::attributes.eq(json(SET, &account.attributes)?),
                dsl::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed(SET))?;
        Ok(())
    }

    fn touch(&self, id: AccountId, at: DateTime<Utc>) -> Result<(), StoreError> {
        diesel::update(accounts::table.filter(dsl::id.eq(Id(id.0))))
            .set(dsl::updated_at.eq(micros(at)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Accounts::touch"))?;
        Ok(())
    }

    fn erase(&self, id: AccountId, at: DateTime<Utc>) -> Result<(), StoreError> {
        let rows = diesel::update(accounts::table.filter(dsl::id.eq(Id(id.0))))
            .set((
                dsl::display_name.eq(""),
                dsl::contact.eq(None::<String>),
                dsl::avatar.eq(None::<String>),
                dsl::attributes.eq("{}"),
                dsl::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Accounts::erase"))?;
        self.revoking(rows);
        Ok(())
    }

    fn set_valid_after(&self, id: AccountId, at: DateTime<Utc>) -> Result<(), StoreError> {
        let rows = diesel::update(accounts::table.filter(dsl::id.eq(Id(id.0))))
            .set(dsl::valid_after.eq(micros(at)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Accounts::set_valid_after"))?;
        self.revoking(rows);
        Ok(())
    }

    fn set_last_login(&self, id: AccountId, at: DateTime<Utc>) -> Result<(), StoreError> {
        diesel::update(accounts::table.filter(dsl::id.eq(Id(id.0))))
            .set(dsl::last_login_at.eq(micros(at)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Accounts::set_last_login"))?;
        Ok(())
    }

    fn find_by_uid(&self, uid: &Uid) -> Result<Option<Account>, StoreError> {
        accounts::table
            .filter(dsl::uid.eq(uid.as_str()))
            .select(AccountRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Accounts::find_by_uid"))?
            .map(Account::try_from)
            .transpose()
    }

    fn find_all(&self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        let rows: Vec<AccountRow> = accounts::table
            .filter(dsl::id.eq_any(guids(ids)))
            .order(dsl::number.asc())
            .select(AccountRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("Accounts::find_all"))?;
        rows.into_iter().map(Account::try_from).collect()
    }

    fn count(&self) -> Result<u64, StoreError> {
        let gone = [AccountState::Deleted.name(), AccountState::Withdrawn.name()];
        let number: i64 = accounts::table
            .filter(dsl::state.ne_all(gone))
            .count()
            .get_result(*self.conn.borrow_mut())
            .map_err(failed("Accounts::count"))?;
        count("Accounts::count", number)
    }
}
