use chrono::{DateTime, Utc};
use clavis_identity::{
    Account, AccountState, Accounts, IdentityKind, NewAccount, PersonNames, ProfileChange,
};
use clavis_kernel::{AccountId, AccountNumber, Email, StoreError, Uid};
use diesel::prelude::*;

use super::{Db, Tx, dialect};
use crate::failure::failed;
use crate::schema::accounts::{self, dsl};
use crate::schema::identities;
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
    activated_at: Option<i64>,
    first_name: Option<String>,
    last_name: Option<String>,
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
            activated_at: some_moment(READING, row.activated_at)?,
            first_name: row.first_name,
            last_name: row.last_name,
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
    activated_at: Option<i64>,
    address_key: Option<String>,
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// As an index of contact addresses has them.
    fn lower(
        text: diesel::sql_types::Nullable<diesel::sql_types::Text>,
    ) -> diesel::sql_types::Nullable<diesel::sql_types::Text>;
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
            contact: account.contact.as_ref().map(Email::as_str),
            avatar: account.avatar.as_deref(),
            attributes: json(INSERT, &account.attributes)?,
            created_through: account.created_through.name(),
            created_at: micros(account.created_at),
            updated_at: micros(account.created_at),
            activated_at: (account.state == AccountState::Active).then(|| micros(account.created_at)),
            address_key: account.contact.as_ref().map(Email::key),
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
        const SET: &str = "Accounts::set_state";
        let rows =
            diesel::update(accounts::table.filter(dsl::id.eq(Id(id.0)).and(dsl::state.eq(from.name()))))
                .set((dsl::state.eq(to.name()), dsl::updated_at.eq(micros(at))))
                .execute(*self.conn.borrow_mut())
                .map_err(failed(SET))?;
        if rows > 0 && to == AccountState::Active {
            let never = accounts::table.filter(dsl::id.eq(Id(id.0)).and(dsl::activated_at.is_null()));
            diesel::update(never)
                .set(dsl::activated_at.eq(micros(at)))
                .execute(*self.conn.borrow_mut())
                .map_err(failed(SET))?;
        }
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
                change
                    .contact
                    .as_ref()
                    .map(|contact| dsl::contact.eq(contact.as_str())),
                dsl::attributes.eq(json(SET, &account.attributes)?),
                dsl::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed(SET))?;
        if change.contact.is_some() {
            self.keep_address_key(id, SET)?;
        }
        Ok(())
    }

    fn set_person_names(
        &self,
        id: AccountId,
        names: &PersonNames,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        diesel::update(accounts::table.filter(dsl::id.eq(Id(id.0))))
            .set((
                dsl::first_name.eq(&names.first),
                dsl::last_name.eq(&names.last),
                dsl::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Accounts::set_person_names"))?;
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
                dsl::first_name.eq(None::<String>),
                dsl::last_name.eq(None::<String>),
                dsl::contact.eq(None::<String>),
                dsl::avatar.eq(None::<String>),
                dsl::attributes.eq("{}"),
                dsl::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Accounts::erase"))?;
        self.keep_address_key(id, "Accounts::erase")?;
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

    fn find_numbered(&self, numbers: &[AccountNumber]) -> Result<Vec<Account>, StoreError> {
        let numbers: Vec<i64> = numbers.iter().map(|number| number.0).collect();
        let rows: Vec<AccountRow> = accounts::table
            .filter(dsl::number.eq_any(numbers))
            .order(dsl::number.asc())
            .select(AccountRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("Accounts::find_numbered"))?;
        rows.into_iter().map(Account::try_from).collect()
    }

    fn find_by_contact(&self, contact: &Email, limit: u32) -> Result<Vec<Account>, StoreError> {
        let gone = [AccountState::Deleted.name(), AccountState::Withdrawn.name()];
        let rows: Vec<AccountRow> = accounts::table
            .filter(lower(dsl::contact).eq(contact.key()))
            // What the index is made for.
            .filter(dsl::contact.is_not_null())
            .filter(dsl::state.ne_all(gone))
            .order(dsl::number.asc())
            .limit(limit.into())
            .select(AccountRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("Accounts::find_by_contact"))?;
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

impl Tx<'_> {
    /// Keeps with an account the folded address that is shown of it, its log-in address, else its contact address: by
    /// what accounts are listed and found must be in one index. To be called after either has changed.
    pub(super) fn keep_address_key(&self, id: AccountId, operation: &'static str) -> Result<(), StoreError> {
        let mut conn = self.conn.borrow_mut();
        let log_in: Option<String> = identities::table
            .filter(identities::account_id.eq(Id(id.0)))
            .filter(identities::kind.eq(IdentityKind::Address.name()))
            .order(identities::claim_order.asc())
            .select(identities::folded)
            .first(*conn)
            .optional()
            .map_err(failed(operation))?;
        let this = accounts::table.filter(dsl::id.eq(Id(id.0)));
        let shown = match log_in {
            Some(key) => Some(key),
            None => this
                .select(dsl::contact)
                .first::<Option<String>>(*conn)
                .optional()
                .map_err(failed(operation))?
                .flatten()
                .and_then(|contact| contact.parse::<Email>().ok())
                .map(|contact| contact.key()),
        };
        diesel::update(this)
            .set(dsl::address_key.eq(shown))
            .execute(*conn)
            .map_err(failed(operation))?;
        Ok(())
    }
}
