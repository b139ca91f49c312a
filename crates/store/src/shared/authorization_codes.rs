use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, ApplicationId, OAuthClientId, SessionId, StoreError, TokenDigest};
use clavis_oauth::{AuthorizationCode, AuthorizationCodes, CodeChallenge};
use diesel::prelude::*;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::authorization_codes::{self, dsl};
use crate::types::{Id, digest, micros, moment, parsed, some_moment};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = authorization_codes, check_for_backend(Db))]
struct AuthorizationCodeRow {
    digest: Vec<u8>,
    client_id: i64,
    account_id: Id,
    application_id: i64,
    redirect_uri: String,
    scopes: String,
    challenge: Option<Vec<u8>>,
    issued_at: i64,
    expires_at: i64,
    spent_at: Option<i64>,
    session_id: Option<Id>,
}

impl From<&AuthorizationCode> for AuthorizationCodeRow {
    fn from(code: &AuthorizationCode) -> Self {
        Self {
            digest: code.digest.as_bytes().to_vec(),
            client_id: code.client.0,
            account_id: Id(code.account.0),
            application_id: code.application.0,
            redirect_uri: code.redirect_uri.as_str().to_owned(),
            scopes: code.scopes.clone(),
            challenge: code
                .challenge
                .map(|challenge| challenge.digest().as_bytes().to_vec()),
            issued_at: micros(code.issued_at),
            expires_at: micros(code.expires_at),
            spent_at: code.spent_at.map(micros),
            session_id: code.session.map(|session| Id(session.0)),
        }
    }
}

impl TryFrom<AuthorizationCodeRow> for AuthorizationCode {
    type Error = StoreError;

    fn try_from(row: AuthorizationCodeRow) -> Result<Self, StoreError> {
        const READING: &str = "AuthorizationCodes (a row)";
        let challenge = row.challenge.map(|bytes| digest(READING, &bytes)).transpose()?;
        Ok(Self {
            digest: digest(READING, &row.digest)?,
            client: OAuthClientId(row.client_id),
            account: AccountId(row.account_id.0),
            application: ApplicationId(row.application_id),
            redirect_uri: parsed(READING, &row.redirect_uri)?,
            scopes: row.scopes,
            challenge: challenge.map(CodeChallenge::from_digest),
            issued_at: moment(READING, row.issued_at)?,
            expires_at: moment(READING, row.expires_at)?,
            spent_at: some_moment(READING, row.spent_at)?,
            session: row.session_id.map(|session| SessionId(session.0)),
        })
    }
}

impl AuthorizationCodes for Tx<'_> {
    fn insert(&self, code: &AuthorizationCode) -> Result<(), StoreError> {
        diesel::insert_into(authorization_codes::table)
            .values(AuthorizationCodeRow::from(code))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("AuthorizationCodes::insert"))?;
        Ok(())
    }

    fn find(&self, digest: &TokenDigest) -> Result<Option<AuthorizationCode>, StoreError> {
        authorization_codes::table
            .find(digest.as_bytes().as_slice())
            .select(AuthorizationCodeRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("AuthorizationCodes::find"))?
            .map(AuthorizationCode::try_from)
            .transpose()
    }

    fn spend(
        &self,
        digest: &TokenDigest,
        session: SessionId,
        at: DateTime<Utc>,
    ) -> Result<Option<AuthorizationCode>, StoreError> {
        let live = authorization_codes::table
            .find(digest.as_bytes().as_slice())
            .filter(dsl::spent_at.is_null())
            .filter(dsl::expires_at.gt(micros(at)));
        diesel::update(live)
            .set((dsl::spent_at.eq(micros(at)), dsl::session_id.eq(Id(session.0))))
            .returning(AuthorizationCodeRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("AuthorizationCodes::spend"))?
            .map(AuthorizationCode::try_from)
            .transpose()
    }

    fn discard_all(&self, account: AccountId) -> Result<usize, StoreError> {
        let unspent = authorization_codes::table
            .filter(dsl::account_id.eq(Id(account.0)))
            .filter(dsl::spent_at.is_null());
        diesel::delete(unspent)
            .execute(*self.conn.borrow_mut())
            .map_err(failed("AuthorizationCodes::discard_all"))
    }
}
