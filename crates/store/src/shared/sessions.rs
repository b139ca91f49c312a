use chrono::{DateTime, Utc};
use clavis_identity::{Account, Delegation, Session, Sessions};
use clavis_kernel::{AccountId, ApplicationId, OAuthClientId, SessionId, StoreError, TokenDigest};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::accounts::AccountRow;
use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::sessions::{self, dsl};
use crate::schema::{accounts, api_keys};
use crate::types::{Id, digest, micros, moment, parsed, some_moment};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, check_for_backend(Db))]
struct SessionRow {
    id: Id,
    account_id: Id,
    through: String,
    application_id: Option<i64>,
    device: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    created_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
    assurance: String,
    secret: Option<Vec<u8>>,
    client_id: Option<i64>,
    consented_scopes: Option<String>,
}

impl From<&Session> for SessionRow {
    fn from(session: &Session) -> Self {
        Self {
            id: Id(session.id.0),
            account_id: Id(session.account.0),
            through: session.through.name().to_owned(),
            application_id: session.application.map(|id| id.0),
            device: session.device.clone(),
            ip: session.ip.map(|ip| ip.to_string()),
            user_agent: session.user_agent.clone(),
            created_at: micros(session.created_at),
            expires_at: micros(session.expires_at),
            revoked_at: session.revoked_at.map(micros),
            assurance: session.assurance.name().to_owned(),
            secret: session.secret.map(|secret| secret.as_bytes().to_vec()),
            client_id: session.delegation.as_ref().map(|delegation| delegation.client.0),
            consented_scopes: session
                .delegation
                .as_ref()
                .and_then(|delegation| delegation.consented.clone()),
        }
    }
}

impl TryFrom<SessionRow> for Session {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Self, StoreError> {
        const READING: &str = "Sessions (a row)";
        Ok(Self {
            id: SessionId(row.id.0),
            account: AccountId(row.account_id.0),
            through: parsed(READING, &row.through)?,
            application: row.application_id.map(ApplicationId),
            assurance: parsed(READING, &row.assurance)?,
            secret: row.secret.map(|secret| digest(READING, &secret)).transpose()?,
            delegation: row.client_id.map(|client| Delegation {
                client: OAuthClientId(client),
                consented: row.consented_scopes,
            }),
            device: row.device,
            ip: row.ip.map(|ip| parsed(READING, &ip)).transpose()?,
            user_agent: row.user_agent,
            created_at: moment(READING, row.created_at)?,
            expires_at: moment(READING, row.expires_at)?,
            revoked_at: some_moment(READING, row.revoked_at)?,
        })
    }
}

impl Tx<'_> {
    /// As [`Self::revoking`] for what tokens say of an account, its roles and its level. Nothing was said of whoever
    /// never had a session or a key: sign-ups are in nobody's way.
    pub(in super::super) fn changing_tokens_of(
        &self,
        account: AccountId,
        rows: usize,
    ) -> Result<usize, StoreError> {
        if rows == 0 || self.revoked() {
            return Ok(rows);
        }
        let account = Id(account.0);
        let has_session = exists(sessions::table.filter(sessions::account_id.eq(account)));
        let has_key = exists(api_keys::table.filter(api_keys::account_id.eq(account)));
        let was_given_any = diesel::select(has_session.or(has_key))
            .get_result::<bool>(*self.conn.borrow_mut())
            .map_err(failed("Tx (what an account was given)"))?;
        Ok(if was_given_any { self.revoking(rows) } else { rows })
    }
}

impl Sessions for Tx<'_> {
    fn insert(&self, session: &Session) -> Result<(), StoreError> {
        diesel::insert_into(sessions::table)
            .values(SessionRow::from(session))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Sessions::insert"))?;
        Ok(())
    }

    fn find_with_account(&self, id: SessionId) -> Result<Option<(Session, Account)>, StoreError> {
        let rows: Option<(SessionRow, AccountRow)> = sessions::table
            .inner_join(accounts::table.on(accounts::id.eq(dsl::account_id)))
            .filter(dsl::id.eq(Id(id.0)))
            .select((SessionRow::as_select(), AccountRow::as_select()))
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Sessions::find_with_account"))?;
        rows.map(|(session, account)| Ok((session.try_into()?, account.try_into()?)))
            .transpose()
    }

    fn find_by_secret(&self, digest: &TokenDigest) -> Result<Option<(Session, Account)>, StoreError> {
        let rows: Option<(SessionRow, AccountRow)> = sessions::table
            .inner_join(accounts::table.on(accounts::id.eq(dsl::account_id)))
            .filter(dsl::secret.eq(digest.as_bytes().as_slice()))
            .select((SessionRow::as_select(), AccountRow::as_select()))
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Sessions::find_by_secret"))?;
        rows.map(|(session, account)| Ok((session.try_into()?, account.try_into()?)))
            .transpose()
    }

    fn extend(&self, id: SessionId, expires_at: DateTime<Utc>) -> Result<bool, StoreError> {
        let live = sessions::table.find(Id(id.0)).filter(dsl::revoked_at.is_null());
        let rows = diesel::update(live)
            .set(dsl::expires_at.eq(micros(expires_at)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Sessions::extend"))?;
        Ok(rows > 0)
    }

    fn revoke(&self, id: SessionId, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let live = sessions::table.find(Id(id.0)).filter(dsl::revoked_at.is_null());
        let rows = diesel::update(live)
            .set(dsl::revoked_at.eq(micros(at)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Sessions::revoke"))?;
        Ok(self.revoking(rows) > 0)
    }

    fn revoke_all_of_client(&self, client: OAuthClientId, at: DateTime<Utc>) -> Result<usize, StoreError> {
        let live = sessions::table
            .filter(dsl::client_id.eq(client.0))
            .filter(dsl::revoked_at.is_null());
        let rows = diesel::update(live)
            .set(dsl::revoked_at.eq(micros(at)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Sessions::revoke_all_of_client"))?;
        Ok(self.revoking(rows))
    }

    fn revoke_all(
        &self,
        account: AccountId,
        but: Option<SessionId>,
        at: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        // No session has the nil id.
        let but = Id(but.map_or(uuid::Uuid::nil(), |id| id.0));
        let live = sessions::table
            .filter(dsl::account_id.eq(Id(account.0)))
            .filter(dsl::revoked_at.is_null())
            .filter(dsl::id.ne(but));
        let rows = diesel::update(live)
            .set(dsl::revoked_at.eq(micros(at)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Sessions::revoke_all"))?;
        Ok(self.revoking(rows))
    }
}
