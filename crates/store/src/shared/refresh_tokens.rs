use chrono::{DateTime, Utc};
use clavis_identity::Sessions;
use clavis_kernel::{AccountId, ApplicationId, OAuthClientId, SessionId, StoreError, TokenDigest};
use clavis_tokens::{ClientBinding, RefreshToken, RefreshTokens};
use diesel::prelude::*;

use super::Tx;
use crate::failure::failed;
use crate::schema::refresh_tokens::{self, dsl};
use crate::schema::sessions;
use crate::types::{Id, micros, moment, parsed, some_moment};

/// A token's own columns.
type TokenColumns = (Id, String, i64, i64, Option<i64>);
/// What its session says about it.
type SessionColumns = (Id, String, (Option<i64>, Option<i64>), Option<i64>, i64);

impl RefreshTokens for Tx<'_> {
    fn find(&self, digest: &TokenDigest) -> Result<Option<RefreshToken>, StoreError> {
        const FIND: &str = "RefreshTokens::find";
        let row: Option<(TokenColumns, SessionColumns)> = refresh_tokens::table
            .inner_join(sessions::table)
            .filter(dsl::digest.eq(digest.as_bytes().as_slice()))
            .select((
                (
                    dsl::session_id,
                    dsl::scopes,
                    dsl::issued_at,
                    dsl::expires_at,
                    dsl::spent_at,
                ),
                (
                    sessions::account_id,
                    sessions::through,
                    (sessions::application_id, sessions::client_id),
                    sessions::revoked_at,
                    sessions::expires_at,
                ),
            ))
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed(FIND))?;
        let Some(((family, scopes, issued, expires, spent), (account, through, issued_to, revoked, ends))) =
            row
        else {
            return Ok(None);
        };
        let (application, client) = issued_to;
        Ok(Some(RefreshToken {
            digest: *digest,
            family: SessionId(family.0),
            account: AccountId(account.0),
            client: ClientBinding {
                dialect: parsed(FIND, &through)?,
                application: application.map(ApplicationId),
                client: client.map(OAuthClientId),
            },
            scopes,
            issued_at: moment(FIND, issued)?,
            expires_at: moment(FIND, expires)?,
            spent_at: some_moment(FIND, spent)?,
            revoked_at: some_moment(FIND, revoked)?,
            family_expires_at: moment(FIND, ends)?,
        }))
    }

    fn insert(
        &self,
        digest: &TokenDigest,
        family: SessionId,
        scopes: &str,
        issued_at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        diesel::insert_into(refresh_tokens::table)
            .values((
                dsl::digest.eq(digest.as_bytes().as_slice()),
                dsl::session_id.eq(Id(family.0)),
                dsl::scopes.eq(scopes),
                dsl::issued_at.eq(micros(issued_at)),
                dsl::expires_at.eq(micros(expires_at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("RefreshTokens::insert"))?;
        Ok(())
    }

    fn spend(&self, digest: &TokenDigest, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let unspent = refresh_tokens::table
            .find(digest.as_bytes().as_slice())
            .filter(dsl::spent_at.is_null());
        let rows = diesel::update(unspent)
            .set(dsl::spent_at.eq(micros(at)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("RefreshTokens::spend"))?;
        Ok(rows > 0)
    }

    fn revoke_family(&self, family: SessionId, at: DateTime<Utc>) -> Result<bool, StoreError> {
        Sessions::revoke(self, family, at)
    }
}
