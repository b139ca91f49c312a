use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, OAuthClientId, StoreError};
use clavis_oauth::{ClientSecretHash, ClientStatus, NewOAuthClient, OAuthClient, OAuthClients, RedirectUri};
use diesel::prelude::*;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::oauth_clients::{self, dsl};
use crate::types::{Id, count, micros, moment, parsed};

#[derive(Queryable, Selectable)]
#[diesel(table_name = oauth_clients, check_for_backend(Db))]
struct OAuthClientRow {
    id: i64,
    key: String,
    secret_hash: String,
    status: String,
    redirect_uri: Option<String>,
    owner_id: Id,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<OAuthClientRow> for OAuthClient {
    type Error = StoreError;

    fn try_from(row: OAuthClientRow) -> Result<Self, StoreError> {
        const READING: &str = "OAuthClients (a row)";
        let redirect_uri = row.redirect_uri.as_deref();
        Ok(Self {
            id: OAuthClientId(row.id),
            key: parsed(READING, &row.key)?,
            secret: ClientSecretHash::new(row.secret_hash),
            status: parsed(READING, &row.status)?,
            redirect_uri: redirect_uri.map(|uri| parsed(READING, uri)).transpose()?,
            owner: AccountId(row.owner_id.0),
            created_at: moment(READING, row.created_at)?,
            updated_at: moment(READING, row.updated_at)?,
        })
    }
}

impl OAuthClients for Tx<'_> {
    fn insert(&self, client: &NewOAuthClient, at: DateTime<Utc>) -> Result<Option<OAuthClient>, StoreError> {
        diesel::insert_into(oauth_clients::table)
            .values((
                dsl::key.eq(client.key.as_str()),
                dsl::secret_hash.eq(client.secret.as_str()),
                dsl::status.eq(ClientStatus::Pending.name()),
                dsl::redirect_uri.eq(client.redirect_uri.as_ref().map(RedirectUri::as_str)),
                dsl::owner_id.eq(Id(client.owner.0)),
                dsl::created_at.eq(micros(at)),
                dsl::updated_at.eq(micros(at)),
            ))
            .on_conflict_do_nothing()
            .returning(OAuthClientRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("OAuthClients::insert"))?
            .map(OAuthClient::try_from)
            .transpose()
    }

    fn find_by_key(&self, key: &str) -> Result<Option<OAuthClient>, StoreError> {
        oauth_clients::table
            .filter(dsl::key.eq(key))
            .select(OAuthClientRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("OAuthClients::find_by_key"))?
            .map(OAuthClient::try_from)
            .transpose()
    }

    fn find(&self, id: OAuthClientId) -> Result<Option<OAuthClient>, StoreError> {
        oauth_clients::table
            .find(id.0)
            .select(OAuthClientRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("OAuthClients::find"))?
            .map(OAuthClient::try_from)
            .transpose()
    }

    fn list(&self, owner: Option<AccountId>, limit: u32) -> Result<Vec<OAuthClient>, StoreError> {
        let mut rows = oauth_clients::table
            .select(OAuthClientRow::as_select())
            .order(dsl::id.asc())
            .limit(limit.into())
            .into_boxed();
        if let Some(owner) = owner {
            rows = rows.filter(dsl::owner_id.eq(Id(owner.0)));
        }
        let rows: Vec<OAuthClientRow> = rows
            .load(*self.conn.borrow_mut())
            .map_err(failed("OAuthClients::list"))?;
        rows.into_iter().map(OAuthClient::try_from).collect()
    }

    fn count_of_owner(&self, owner: AccountId) -> Result<u64, StoreError> {
        const COUNT: &str = "OAuthClients::count_of_owner";
        let number: i64 = oauth_clients::table
            .filter(dsl::owner_id.eq(Id(owner.0)))
            .count()
            .get_result(*self.conn.borrow_mut())
            .map_err(failed(COUNT))?;
        count(COUNT, number)
    }

    fn set_status(
        &self,
        id: OAuthClientId,
        status: ClientStatus,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let rows = diesel::update(oauth_clients::table.find(id.0))
            .set((dsl::status.eq(status.name()), dsl::updated_at.eq(micros(at))))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("OAuthClients::set_status"))?;
        // Whoever remembers that a client may be used is to ask again.
        Ok(self.revoking(rows) > 0)
    }

    fn replace_hash(
        &self,
        id: OAuthClientId,
        compared: &ClientSecretHash,
        with: &ClientSecretHash,
    ) -> Result<bool, StoreError> {
        let same = oauth_clients::table
            .find(id.0)
            .filter(dsl::secret_hash.eq(compared.as_str()));
        let rows = diesel::update(same)
            .set(dsl::secret_hash.eq(with.as_str()))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("OAuthClients::replace_hash"))?;
        Ok(rows > 0)
    }
}
