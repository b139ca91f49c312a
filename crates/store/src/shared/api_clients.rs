use chrono::{DateTime, Utc};
use clavis_flows::{
    AdminToken, AdminTokens, AttributeName, ClientName, OptIn, OptInKey, OptIns, Page, Slice, UserAttribute,
    UserAttributes,
};
use clavis_kernel::{AccountId, StoreError, TokenDigest};
use diesel::prelude::*;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::{admin_tokens, opt_ins, user_attributes};
use crate::types::{Id, count, digest, micros, moment, offset, parsed, some_moment};

/// More than any operator hands out.
const MAX_ADMIN_TOKENS: i64 = 1_000;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = admin_tokens, check_for_backend(Db))]
struct AdminTokenRow {
    name: String,
    digest: Vec<u8>,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl TryFrom<AdminTokenRow> for AdminToken {
    type Error = StoreError;

    fn try_from(row: AdminTokenRow) -> Result<Self, StoreError> {
        const READING: &str = "AdminTokens (a row)";
        Ok(Self {
            name: parsed(READING, &row.name)?,
            digest: digest(READING, &row.digest)?,
            created_at: moment(READING, row.created_at)?,
            expires_at: some_moment(READING, row.expires_at)?,
            last_used_at: some_moment(READING, row.last_used_at)?,
            revoked_at: some_moment(READING, row.revoked_at)?,
        })
    }
}

impl AdminTokens for Tx<'_> {
    fn insert(&self, token: &AdminToken) -> Result<bool, StoreError> {
        let row = AdminTokenRow {
            name: token.name.as_str().to_owned(),
            digest: token.digest.as_bytes().to_vec(),
            created_at: micros(token.created_at),
            expires_at: token.expires_at.map(micros),
            last_used_at: token.last_used_at.map(micros),
            revoked_at: token.revoked_at.map(micros),
        };
        let rows = diesel::insert_into(admin_tokens::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(*self.conn.borrow_mut())
            .map_err(failed("AdminTokens::insert"))?;
        Ok(rows > 0)
    }

    fn find(&self, digest: &TokenDigest) -> Result<Option<AdminToken>, StoreError> {
        admin_tokens::table
            .filter(admin_tokens::digest.eq(digest.as_bytes().as_slice()))
            .select(AdminTokenRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("AdminTokens::find"))?
            .map(AdminToken::try_from)
            .transpose()
    }

    fn all(&self) -> Result<Vec<AdminToken>, StoreError> {
        let rows: Vec<AdminTokenRow> = admin_tokens::table
            .order(admin_tokens::name.asc())
            .limit(MAX_ADMIN_TOKENS)
            .select(AdminTokenRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("AdminTokens::all"))?;
        rows.into_iter().map(AdminToken::try_from).collect()
    }

    fn revoke(&self, name: &ClientName, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let in_force = admin_tokens::table
            .find(name.as_str())
            .filter(admin_tokens::revoked_at.is_null());
        let rows = diesel::update(in_force)
            .set(admin_tokens::revoked_at.eq(micros(at)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("AdminTokens::revoke"))?;
        Ok(self.revoking(rows) > 0)
    }

    fn note_use(&self, digest: &TokenDigest, at: DateTime<Utc>) -> Result<(), StoreError> {
        let shown = admin_tokens::table.filter(admin_tokens::digest.eq(digest.as_bytes().as_slice()));
        diesel::update(shown)
            .set(admin_tokens::last_used_at.eq(micros(at)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("AdminTokens::note_use"))?;
        Ok(())
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = user_attributes, check_for_backend(Db))]
struct UserAttributeRow {
    account_id: Id,
    name: String,
    value: String,
}

impl TryFrom<UserAttributeRow> for UserAttribute {
    type Error = StoreError;

    fn try_from(row: UserAttributeRow) -> Result<Self, StoreError> {
        const READING: &str = "UserAttributes (a row)";
        Ok(Self {
            account: AccountId(row.account_id.0),
            name: parsed(READING, &row.name)?,
            value: parsed(READING, &row.value)?,
        })
    }
}

impl UserAttributes for Tx<'_> {
    fn put(&self, attribute: &UserAttribute, at: DateTime<Utc>) -> Result<(), StoreError> {
        let value = attribute.value.as_str();
        diesel::insert_into(user_attributes::table)
            .values((
                user_attributes::account_id.eq(Id(attribute.account.0)),
                user_attributes::name.eq(attribute.name.as_str()),
                user_attributes::value.eq(value),
                user_attributes::created_at.eq(micros(at)),
            ))
            .on_conflict((user_attributes::account_id, user_attributes::name))
            .do_update()
            .set(user_attributes::value.eq(value))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("UserAttributes::put"))?;
        Ok(())
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<UserAttribute>, StoreError> {
        let rows: Vec<UserAttributeRow> = user_attributes::table
            .filter(user_attributes::account_id.eq(Id(account.0)))
            .order(user_attributes::name.asc())
            .select(UserAttributeRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("UserAttributes::of_account"))?;
        rows.into_iter().map(UserAttribute::try_from).collect()
    }

    fn page(&self, slice: Slice) -> Result<Page<UserAttribute>, StoreError> {
        const PAGE: &str = "UserAttributes::page";
        let mut conn = self.conn.borrow_mut();
        let total: i64 = user_attributes::table
            .count()
            .get_result(*conn)
            .map_err(failed(PAGE))?;
        let total: u64 = count(PAGE, total)?;
        let rows: Vec<UserAttributeRow> = if slice.offset < total {
            user_attributes::table
                .order((user_attributes::account_id.asc(), user_attributes::name.asc()))
                .limit(slice.limit.into())
                .offset(offset(slice.offset))
                .select(UserAttributeRow::as_select())
                .load(*conn)
                .map_err(failed(PAGE))?
        } else {
            Vec::new()
        };
        let items: Result<_, _> = rows.into_iter().map(UserAttribute::try_from).collect();
        Ok(Page { items: items?, total })
    }

    fn remove(&self, account: AccountId, name: &AttributeName) -> Result<bool, StoreError> {
        let kept = user_attributes::table.find((Id(account.0), name.as_str()));
        let rows = diesel::delete(kept)
            .execute(*self.conn.borrow_mut())
            .map_err(failed("UserAttributes::remove"))?;
        Ok(rows > 0)
    }

    fn remove_all(&self, account: AccountId) -> Result<(), StoreError> {
        let kept = user_attributes::table.filter(user_attributes::account_id.eq(Id(account.0)));
        diesel::delete(kept)
            .execute(*self.conn.borrow_mut())
            .map_err(failed("UserAttributes::remove_all"))?;
        Ok(())
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = opt_ins, check_for_backend(Db))]
struct OptInRow {
    account_id: Id,
    key: String,
    agreement: String,
    source: String,
    awaits_activation: bool,
    created_at: i64,
}

impl TryFrom<OptInRow> for OptIn {
    type Error = StoreError;

    fn try_from(row: OptInRow) -> Result<Self, StoreError> {
        const READING: &str = "OptIns (a row)";
        Ok(Self {
            account: AccountId(row.account_id.0),
            key: parsed(READING, &row.key)?,
            agreement: parsed(READING, &row.agreement)?,
            source: parsed(READING, &row.source)?,
            awaits_activation: row.awaits_activation,
            created_at: moment(READING, row.created_at)?,
        })
    }
}

impl OptIns for Tx<'_> {
    fn put(&self, opt_in: &OptIn) -> Result<(), StoreError> {
        let row = || OptInRow {
            account_id: Id(opt_in.account.0),
            key: opt_in.key.as_str().to_owned(),
            agreement: opt_in.agreement.name().to_owned(),
            source: opt_in.source.as_str().to_owned(),
            awaits_activation: opt_in.awaits_activation,
            created_at: micros(opt_in.created_at),
        };
        diesel::insert_into(opt_ins::table)
            .values(row())
            .on_conflict((opt_ins::account_id, opt_ins::key))
            .do_update()
            .set(row())
            .execute(*self.conn.borrow_mut())
            .map_err(failed("OptIns::put"))?;
        Ok(())
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<OptIn>, StoreError> {
        let rows: Vec<OptInRow> = opt_ins::table
            .filter(opt_ins::account_id.eq(Id(account.0)))
            .order(opt_ins::key.asc())
            .select(OptInRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("OptIns::of_account"))?;
        rows.into_iter().map(OptIn::try_from).collect()
    }

    fn remove(&self, account: AccountId, key: &OptInKey) -> Result<bool, StoreError> {
        let kept = opt_ins::table.find((Id(account.0), key.as_str()));
        let rows = diesel::delete(kept)
            .execute(*self.conn.borrow_mut())
            .map_err(failed("OptIns::remove"))?;
        Ok(rows > 0)
    }

    fn remove_all(&self, account: AccountId) -> Result<(), StoreError> {
        let kept = opt_ins::table.filter(opt_ins::account_id.eq(Id(account.0)));
        diesel::delete(kept)
            .execute(*self.conn.borrow_mut())
            .map_err(failed("OptIns::remove_all"))?;
        Ok(())
    }
}
