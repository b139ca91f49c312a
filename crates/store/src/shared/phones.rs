use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, PhoneId, StoreError, TokenDigest};
use clavis_kyc::{NewPhone, Phone, PhoneCode, PhoneKey, Phones};
use diesel::prelude::*;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::phone_holders;
use crate::schema::phones::{self, dsl};
use crate::types::{Id, count, digest, guids, micros, moment, some_moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = phones, check_for_backend(Db))]
struct PhoneRow {
    id: i64,
    account_id: Id,
    number_key: Vec<u8>,
    sealed_number: Vec<u8>,
    country: String,
    code: Option<Vec<u8>>,
    code_sent_at: Option<i64>,
    wrong_tries: i64,
    validated_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

const READING: &str = "Phones (a row)";

impl PhoneRow {
    fn code(&self) -> Result<Option<PhoneCode>, StoreError> {
        let (Some(code), Some(sent_at)) = (&self.code, self.code_sent_at) else {
            return Ok(None);
        };
        Ok(Some(PhoneCode {
            digest: digest(READING, code)?,
            sent_at: moment(READING, sent_at)?,
            wrong_tries: count(READING, self.wrong_tries)?,
        }))
    }
}

impl TryFrom<PhoneRow> for Phone {
    type Error = StoreError;

    fn try_from(row: PhoneRow) -> Result<Self, StoreError> {
        let code = row.code()?;
        let key = row
            .number_key
            .try_into()
            .map_err(|_| StoreError::new(READING, "a number's key has another length"))?;
        Ok(Self {
            id: PhoneId(row.id),
            account: AccountId(row.account_id.0),
            key: PhoneKey(key),
            sealed_number: row.sealed_number,
            country: row.country,
            code,
            validated_at: some_moment(READING, row.validated_at)?,
            created_at: moment(READING, row.created_at)?,
            updated_at: moment(READING, row.updated_at)?,
        })
    }
}

impl Phones for Tx<'_> {
    fn insert(&self, phone: &NewPhone, at: DateTime<Utc>) -> Result<Option<Phone>, StoreError> {
        let code = phone.code.as_ref();
        diesel::insert_into(phones::table)
            .values((
                dsl::account_id.eq(Id(phone.account.0)),
                dsl::number_key.eq(phone.key.0.as_slice()),
                dsl::sealed_number.eq(&phone.sealed_number),
                dsl::country.eq(&phone.country),
                dsl::code.eq(code.map(|code| code.digest.as_bytes().as_slice())),
                dsl::code_sent_at.eq(code.map(|code| micros(code.sent_at))),
                dsl::wrong_tries.eq(code.map_or(0, |code| i64::from(code.wrong_tries))),
                dsl::created_at.eq(micros(at)),
                dsl::updated_at.eq(micros(at)),
            ))
            .on_conflict_do_nothing()
            .returning(PhoneRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Phones::insert"))?
            .map(Phone::try_from)
            .transpose()
    }

    fn find(&self, account: AccountId, key: &PhoneKey) -> Result<Option<Phone>, StoreError> {
        phones::table
            .filter(dsl::account_id.eq(Id(account.0)))
            .filter(dsl::number_key.eq(key.0.as_slice()))
            .select(PhoneRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Phones::find"))?
            .map(Phone::try_from)
            .transpose()
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<Phone>, StoreError> {
        Phones::of_accounts(self, &[account])
    }

    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<Phone>, StoreError> {
        let rows: Vec<PhoneRow> = phones::table
            .filter(dsl::account_id.eq_any(guids(accounts)))
            .order(dsl::id.asc())
            .select(PhoneRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("Phones::of_accounts"))?;
        rows.into_iter().map(Phone::try_from).collect()
    }

    fn verified_holder(&self, key: &PhoneKey) -> Result<Option<AccountId>, StoreError> {
        let holder: Option<Id> = phone_holders::table
            .find(key.0.as_slice())
            .select(phone_holders::account_id)
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Phones::verified_holder"))?;
        Ok(holder.map(|id| AccountId(id.0)))
    }

    fn put_code(&self, id: PhoneId, code: &PhoneCode, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let unverified = phones::table.find(id.0).filter(dsl::validated_at.is_null());
        let rows = diesel::update(unverified)
            .set((
                dsl::code.eq(code.digest.as_bytes().as_slice()),
                dsl::code_sent_at.eq(micros(code.sent_at)),
                dsl::wrong_tries.eq(i64::from(code.wrong_tries)),
                dsl::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Phones::put_code"))?;
        Ok(rows > 0)
    }

    fn count_wrong_try(&self, id: PhoneId) -> Result<(), StoreError> {
        let with_code = phones::table
            .find(id.0)
            .filter(dsl::code.is_not_null())
            .filter(dsl::wrong_tries.lt(i64::from(u32::MAX)));
        diesel::update(with_code)
            .set(dsl::wrong_tries.eq(dsl::wrong_tries + 1))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Phones::count_wrong_try"))?;
        Ok(())
    }

    fn spend_code(
        &self,
        id: PhoneId,
        digest: &TokenDigest,
        sent_after: DateTime<Utc>,
        tries: u32,
    ) -> Result<bool, StoreError> {
        let good = phones::table
            .find(id.0)
            .filter(dsl::code.eq(digest.as_bytes().as_slice()))
            .filter(dsl::code_sent_at.gt(micros(sent_after)))
            .filter(dsl::wrong_tries.lt(i64::from(tries)));
        let rows = diesel::update(good)
            .set((
                dsl::code.eq(None::<Vec<u8>>),
                dsl::code_sent_at.eq(None::<i64>),
                dsl::wrong_tries.eq(0),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Phones::spend_code"))?;
        Ok(rows > 0)
    }

    fn verify(&self, id: PhoneId, key: &PhoneKey, at: DateTime<Utc>) -> Result<bool, StoreError> {
        const VERIFY: &str = "Phones::verify";
        let mut conn = self.conn.borrow_mut();
        let phone = phones::table
            .find(id.0)
            .filter(dsl::number_key.eq(key.0.as_slice()));
        // Whoever claims the number second waits here for the first, and finds it taken.
        diesel::insert_into(phone_holders::table)
            .values(phone.select((dsl::number_key, dsl::id, dsl::account_id)))
            .into_columns((
                phone_holders::number_key,
                phone_holders::phone_id,
                phone_holders::account_id,
            ))
            .on_conflict_do_nothing()
            .execute(*conn)
            .map_err(failed(VERIFY))?;
        let held = phone_holders::table
            .filter(phone_holders::number_key.eq(dsl::number_key))
            .filter(phone_holders::phone_id.eq(dsl::id));
        let rows = diesel::update(phone.filter(diesel::dsl::exists(held)))
            .set((dsl::validated_at.eq(micros(at)), dsl::updated_at.eq(micros(at))))
            .execute(*conn)
            .map_err(failed(VERIFY))?;
        Ok(rows > 0)
    }

    /// Its hold on the number goes with it.
    fn remove(&self, id: PhoneId) -> Result<bool, StoreError> {
        let rows = diesel::delete(phones::table.find(id.0))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Phones::remove"))?;
        Ok(rows > 0)
    }
}
