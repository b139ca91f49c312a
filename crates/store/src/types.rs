//! How ids, times and texts of the domain are kept in columns.

use std::error::Error;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, StoreError, TokenDigest};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Binary, SqlType};
use diesel::sqlite::Sqlite;
use uuid::Uuid;

/// The SQL type of an id: `uuid` on PostgreSQL, sixteen bytes on SQLite.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct Guid;

/// An id as a column holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Guid)]
pub struct Id(pub Uuid);

impl ToSql<Guid, Pg> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        use std::io::Write as _;
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Guid, Pg> for Id {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.as_bytes())?))
    }
}

impl ToSql<Guid, Sqlite> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().as_slice());
        Ok(IsNull::No)
    }
}

impl FromSql<Guid, Sqlite> for Id {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?;
        Ok(Self(Uuid::from_slice(&bytes)?))
    }
}

/// The ids of accounts as columns hold them.
pub(crate) fn guids(accounts: &[AccountId]) -> Vec<Id> {
    accounts.iter().map(|account| Id(account.0)).collect()
}

/// A digest as a column holds it.
pub(crate) fn digest(operation: &'static str, bytes: &[u8]) -> Result<TokenDigest, StoreError> {
    TokenDigest::from_bytes(bytes).ok_or_else(|| StoreError::new(operation, "a digest has another length"))
}

/// A number of rows to pass over, as a query takes it.
pub(crate) fn offset(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// A moment as a column holds it: microseconds since 1970, UTC.
pub(crate) fn micros(moment: DateTime<Utc>) -> i64 {
    moment.timestamp_micros()
}

/// The moment a column holds.
pub(crate) fn moment(operation: &'static str, micros: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| StoreError::new(operation, "a column holds no moment"))
}

/// The moment a column may hold.
pub(crate) fn some_moment(
    operation: &'static str,
    micros: Option<i64>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    micros.map(|micros| moment(operation, micros)).transpose()
}

/// What a text column means.
pub(crate) fn parsed<T: FromStr>(operation: &'static str, text: &str) -> Result<T, StoreError>
where
    T::Err: Into<Box<dyn Error + Send + Sync>>,
{
    text.parse()
        .map_err(|error: T::Err| StoreError::new(operation, error))
}

/// A count in the type the domain counts in.
pub(crate) fn count<T: TryFrom<i64>>(operation: &'static str, number: i64) -> Result<T, StoreError> {
    T::try_from(number).map_err(|_| StoreError::new(operation, "a column holds a number out of range"))
}
