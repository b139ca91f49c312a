use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, ProfileId, StoreError};
use clavis_kyc::{Profile, ProfileContent, Profiles, Review, ReviewState};
use diesel::prelude::*;

use super::reviews::review;
use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::profiles::{self, dsl};
use crate::types::{Id, count, guids, micros, moment, parsed};

/// Profiles of one account that are read at most.
const MOST: i64 = 100;

#[derive(Queryable, Selectable)]
#[diesel(table_name = profiles, check_for_backend(Db))]
struct ProfileRow {
    id: i64,
    account_id: Id,
    sealed: Vec<u8>,
    country: Option<String>,
    metadata: Option<String>,
    author_id: Id,
    state: String,
    reviewed_by: Option<Id>,
    reviewed_at: Option<i64>,
    public_comment: Option<String>,
    private_comment: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<ProfileRow> for Profile {
    type Error = StoreError;

    fn try_from(row: ProfileRow) -> Result<Self, StoreError> {
        const READING: &str = "Profiles (a row)";
        Ok(Self {
            id: ProfileId(row.id),
            content: ProfileContent {
                account: AccountId(row.account_id.0),
                sealed: row.sealed,
                country: row.country,
                metadata: row.metadata,
                author: AccountId(row.author_id.0),
            },
            state: parsed(READING, &row.state)?,
            review: review(
                READING,
                row.reviewed_by,
                row.reviewed_at,
                row.public_comment,
                row.private_comment,
            )?,
            created_at: moment(READING, row.created_at)?,
            updated_at: moment(READING, row.updated_at)?,
        })
    }
}

impl Profiles for Tx<'_> {
    fn insert(
        &self,
        content: &ProfileContent,
        state: ReviewState,
        at: DateTime<Utc>,
    ) -> Result<Profile, StoreError> {
        let row: ProfileRow = diesel::insert_into(profiles::table)
            .values((
                dsl::account_id.eq(Id(content.account.0)),
                dsl::sealed.eq(&content.sealed),
                dsl::country.eq(&content.country),
                dsl::metadata.eq(&content.metadata),
                dsl::author_id.eq(Id(content.author.0)),
                dsl::state.eq(state.name()),
                dsl::created_at.eq(micros(at)),
                dsl::updated_at.eq(micros(at)),
            ))
            .returning(ProfileRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .map_err(failed("Profiles::insert"))?;
        row.try_into()
    }

    fn find(&self, id: ProfileId) -> Result<Option<Profile>, StoreError> {
        profiles::table
            .find(id.0)
            .select(ProfileRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Profiles::find"))?
            .map(Profile::try_from)
            .transpose()
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<Profile>, StoreError> {
        let rows: Vec<ProfileRow> = profiles::table
            .filter(dsl::account_id.eq(Id(account.0)))
            .order(dsl::id.asc())
            .limit(MOST)
            .select(ProfileRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("Profiles::of_account"))?;
        rows.into_iter().map(Profile::try_from).collect()
    }

    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<Profile>, StoreError> {
        let rows: Vec<ProfileRow> = profiles::table
            .filter(dsl::account_id.eq_any(guids(accounts)))
            .order(dsl::id.asc())
            .select(ProfileRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("Profiles::of_accounts"))?;
        rows.into_iter().map(Profile::try_from).collect()
    }

    fn update(
        &self,
        id: ProfileId,
        content: &ProfileContent,
        from: ReviewState,
        to: ReviewState,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let known = profiles::table.find(id.0).filter(dsl::state.eq(from.name()));
        let rows = diesel::update(known)
            .set((
                dsl::sealed.eq(&content.sealed),
                dsl::country.eq(&content.country),
                dsl::metadata.eq(&content.metadata),
                dsl::author_id.eq(Id(content.author.0)),
                dsl::state.eq(to.name()),
                dsl::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Profiles::update"))?;
        Ok(rows > 0)
    }

    fn review(
        &self,
        id: ProfileId,
        from: ReviewState,
        to: ReviewState,
        review: &Review,
    ) -> Result<bool, StoreError> {
        let known = profiles::table.find(id.0).filter(dsl::state.eq(from.name()));
        let rows = diesel::update(known)
            .set((
                dsl::state.eq(to.name()),
                dsl::reviewed_by.eq(Id(review.by.0)),
                dsl::reviewed_at.eq(micros(review.at)),
                dsl::public_comment.eq(&review.public_comment),
                dsl::private_comment.eq(&review.private_comment),
                dsl::updated_at.eq(micros(review.at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Profiles::review"))?;
        Ok(rows > 0)
    }

    fn queue(
        &self,
        state: ReviewState,
        after: Option<ProfileId>,
        limit: u32,
    ) -> Result<(Vec<Profile>, u64), StoreError> {
        const QUEUE: &str = "Profiles::queue";
        let mut conn = self.conn.borrow_mut();
        let waiting = profiles::table.filter(dsl::state.eq(state.name()));
        let total: i64 = waiting.count().get_result(*conn).map_err(failed(QUEUE))?;
        let rows: Vec<ProfileRow> = waiting
            .filter(dsl::id.gt(after.map_or(i64::MIN, |id| id.0)))
            .order(dsl::id.asc())
            .limit(limit.into())
            .select(ProfileRow::as_select())
            .load(*conn)
            .map_err(failed(QUEUE))?;
        let profiles = rows
            .into_iter()
            .map(Profile::try_from)
            .collect::<Result<_, _>>()?;
        Ok((profiles, count(QUEUE, total)?))
    }
}
