use chrono::{DateTime, Utc};
use clavis_kernel::StoreError;
use clavis_tokens::{SigningKeyRecord, SigningKeys};
use diesel::prelude::*;

use super::{Db, Tx, dialect};
use crate::failure::failed;
use crate::schema::signing_keys::{self, dsl};
use crate::types::{micros, moment, parsed, some_moment};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys, check_for_backend(Db))]
struct KeyRow {
    kid: String,
    owner: String,
    algorithm: String,
    sealed_private: Vec<u8>,
    created_at: i64,
    signs_from: i64,
    retired_at: Option<i64>,
}

impl TryFrom<KeyRow> for SigningKeyRecord {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        const READING: &str = "SigningKeys (a row)";
        Ok(Self {
            kid: row.kid,
            owner: parsed(READING, &row.owner)?,
            algorithm: parsed(READING, &row.algorithm)?,
            sealed_private: row.sealed_private,
            created_at: moment(READING, row.created_at)?,
            signs_from: moment(READING, row.signs_from)?,
            retired_at: some_moment(READING, row.retired_at)?,
        })
    }
}

impl SigningKeys for Tx<'_> {
    fn all(&self) -> Result<Vec<SigningKeyRecord>, StoreError> {
        let rows: Vec<KeyRow> = signing_keys::table
            .order((dsl::created_at.asc(), dsl::position.asc()))
            .select(KeyRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("SigningKeys::all"))?;
        rows.into_iter().map(SigningKeyRecord::try_from).collect()
    }

    fn insert(&self, key: &SigningKeyRecord) -> Result<bool, StoreError> {
        let row = KeyRow {
            kid: key.kid.clone(),
            owner: key.owner.name().to_owned(),
            algorithm: key.algorithm.name().to_owned(),
            sealed_private: key.sealed_private.clone(),
            created_at: micros(key.created_at),
            signs_from: micros(key.signs_from),
            retired_at: key.retired_at.map(micros),
        };
        let rows = diesel::insert_into(signing_keys::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(*self.conn.borrow_mut())
            .map_err(failed("SigningKeys::insert"))?;
        Ok(rows > 0)
    }

    fn retire(&self, kid: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        let in_force = signing_keys::table
            .filter(dsl::kid.eq(kid))
            .filter(dsl::retired_at.is_null());
        diesel::update(in_force)
            .set(dsl::retired_at.eq(micros(at)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("SigningKeys::retire"))?;
        Ok(())
    }

    fn lock(&self) -> Result<(), StoreError> {
        dialect::lock_keys(*self.conn.borrow_mut()).map_err(failed("SigningKeys::lock"))
    }
}
