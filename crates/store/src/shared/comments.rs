use chrono::{DateTime, Utc};
use clavis_flows::{Comment, Comments, NewComment};
use clavis_kernel::{AccountId, CommentId, StoreError};
use diesel::prelude::*;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::comments::{self, dsl};
use crate::types::{Id, micros, moment};

/// Comments on one account that are read at most.
const MOST: i64 = 1000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = comments, check_for_backend(Db))]
struct CommentRow {
    id: i64,
    account_id: Id,
    author_id: Id,
    sealed: Vec<u8>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<CommentRow> for Comment {
    type Error = StoreError;

    fn try_from(row: CommentRow) -> Result<Self, StoreError> {
        const READING: &str = "Comments (a row)";
        Ok(Self {
            id: CommentId(row.id),
            account: AccountId(row.account_id.0),
            author: AccountId(row.author_id.0),
            sealed: row.sealed,
            created_at: moment(READING, row.created_at)?,
            updated_at: moment(READING, row.updated_at)?,
        })
    }
}

impl Comments for Tx<'_> {
    fn insert(&self, comment: &NewComment, at: DateTime<Utc>) -> Result<Comment, StoreError> {
        let row: CommentRow = diesel::insert_into(comments::table)
            .values((
                dsl::account_id.eq(Id(comment.account.0)),
                dsl::author_id.eq(Id(comment.author.0)),
                dsl::sealed.eq(&comment.sealed),
                dsl::created_at.eq(micros(at)),
                dsl::updated_at.eq(micros(at)),
            ))
            .returning(CommentRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .map_err(failed("Comments::insert"))?;
        row.try_into()
    }

    fn find(&self, id: CommentId) -> Result<Option<Comment>, StoreError> {
        comments::table
            .find(id.0)
            .select(CommentRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Comments::find"))?
            .map(Comment::try_from)
            .transpose()
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<Comment>, StoreError> {
        let rows: Vec<CommentRow> = comments::table
            .filter(dsl::account_id.eq(Id(account.0)))
            .order(dsl::id.asc())
            .limit(MOST)
            .select(CommentRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("Comments::of_account"))?;
        rows.into_iter().map(Comment::try_from).collect()
    }

    fn update(&self, id: CommentId, sealed: &[u8], at: DateTime<Utc>) -> Result<bool, StoreError> {
        let rows = diesel::update(comments::table.find(id.0))
            .set((dsl::sealed.eq(sealed), dsl::updated_at.eq(micros(at))))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Comments::update"))?;
        Ok(rows > 0)
    }

    fn remove(&self, id: CommentId) -> Result<bool, StoreError> {
        let rows = diesel::delete(comments::table.find(id.0))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Comments::remove"))?;
        Ok(rows > 0)
    }
}
