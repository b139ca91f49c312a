use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, BlobId, DocumentId, StoreError};
use clavis_kyc::{Document, DocumentContent, Documents, Review, ReviewState, StoredFile};
use diesel::prelude::*;

use super::reviews::review;
use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::documents::{self, dsl};
use crate::types::{Id, count, micros, moment, parsed};

/// Documents of one account that are read at most.
const MOST: i64 = 1000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = documents, check_for_backend(Db))]
struct DocumentRow {
    id: i64,
    account_id: Id,
    doc_type: String,
    sealed_number: Option<Vec<u8>>,
    expires_on: Option<String>,
    category: Option<String>,
    file_group: Option<String>,
    metadata: Option<String>,
    sealed_address: Option<Vec<u8>>,
    blob_id: Id,
    sealed_key: Vec<u8>,
    file_name: String,
    media_type: String,
    size: i64,
    state: String,
    reviewed_by: Option<Id>,
    reviewed_at: Option<i64>,
    public_comment: Option<String>,
    private_comment: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<DocumentRow> for Document {
    type Error = StoreError;

    fn try_from(row: DocumentRow) -> Result<Self, StoreError> {
        const READING: &str = "Documents (a row)";
        Ok(Self {
            id: DocumentId(row.id),
            content: DocumentContent {
                account: AccountId(row.account_id.0),
                doc_type: parsed(READING, &row.doc_type)?,
                sealed_number: row.sealed_number,
                expires_on: row.expires_on.map(|text| parsed(READING, &text)).transpose()?,
                category: row.category.map(|text| parsed(READING, &text)).transpose()?,
                group: row.file_group,
                metadata: row.metadata,
                sealed_address: row.sealed_address,
                file: StoredFile {
                    blob: BlobId(row.blob_id.0),
                    sealed_key: row.sealed_key,
                    name: row.file_name,
                    media_type: parsed(READING, &row.media_type)?,
                    size: count(READING, row.size)?,
                },
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

impl Documents for Tx<'_> {
    fn insert(&self, content: &DocumentContent, at: DateTime<Utc>) -> Result<Document, StoreError> {
        const INSERT: &str = "Documents::insert";
        let file = &content.file;
        let size = i64::try_from(file.size).map_err(|error| StoreError::new(INSERT, error))?;
        let row: DocumentRow = diesel::insert_into(documents::table)
            .values((
                dsl::account_id.eq(Id(content.account.0)),
                dsl::doc_type.eq(content.doc_type.name()),
                dsl::sealed_number.eq(&content.sealed_number),
                dsl::expires_on.eq(content.expires_on.map(|day| day.to_string())),
                dsl::category.eq(content.category.map(clavis_kyc::DocumentCategory::name)),
                dsl::file_group.eq(&content.group),
                dsl::metadata.eq(&content.metadata),
                dsl::sealed_address.eq(&content.sealed_address),
                dsl::blob_id.eq(Id(file.blob.0)),
                dsl::sealed_key.eq(&file.sealed_key),
                dsl::file_name.eq(&file.name),
                dsl::media_type.eq(file.media_type.mime()),
                dsl::size.eq(size),
                dsl::state.eq(ReviewState::Pending.name()),
                dsl::created_at.eq(micros(at)),
                dsl::updated_at.eq(micros(at)),
            ))
            .returning(DocumentRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .map_err(failed(INSERT))?;
        row.try_into()
    }

    fn find(&self, id: DocumentId) -> Result<Option<Document>, StoreError> {
        documents::table
            .find(id.0)
            .select(DocumentRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Documents::find"))?
            .map(Document::try_from)
            .transpose()
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<Document>, StoreError> {
        let rows: Vec<DocumentRow> = documents::table
            .filter(dsl::account_id.eq(Id(account.0)))
            .order(dsl::id.asc())
            .limit(MOST)
            .select(DocumentRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("Documents::of_account"))?;
        rows.into_iter().map(Document::try_from).collect()
    }

    fn count_of_account(&self, account: AccountId) -> Result<u64, StoreError> {
        const COUNT: &str = "Documents::count_of_account";
        let number: i64 = documents::table
            .filter(dsl::account_id.eq(Id(account.0)))
            .count()
            .get_result(*self.conn.borrow_mut())
            .map_err(failed(COUNT))?;
        count(COUNT, number)
    }

    fn review(
        &self,
        id: DocumentId,
        from: ReviewState,
        to: ReviewState,
        review: &Review,
    ) -> Result<bool, StoreError> {
        let known = documents::table.find(id.0).filter(dsl::state.eq(from.name()));
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
            .map_err(failed("Documents::review"))?;
        Ok(rows > 0)
    }

    fn queue(
        &self,
        state: ReviewState,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<(Vec<Document>, u64), StoreError> {
        const QUEUE: &str = "Documents::queue";
        let mut conn = self.conn.borrow_mut();
        let waiting = documents::table.filter(dsl::state.eq(state.name()));
        let total: i64 = waiting.count().get_result(*conn).map_err(failed(QUEUE))?;
        let rows: Vec<DocumentRow> = waiting
            .filter(dsl::id.gt(after.map_or(i64::MIN, |id| id.0)))
            .order(dsl::id.asc())
            .limit(limit.into())
            .select(DocumentRow::as_select())
            .load(*conn)
            .map_err(failed(QUEUE))?;
        let documents = rows
            .into_iter()
            .map(Document::try_from)
            .collect::<Result<_, _>>()?;
        Ok((documents, count(QUEUE, total)?))
    }

    fn owned(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, StoreError> {
        let ids: Vec<Id> = blobs.iter().map(|blob| Id(blob.0)).collect();
        let owned: Vec<Id> = documents::table
            .filter(dsl::blob_id.eq_any(ids))
            .select(dsl::blob_id)
            .load(*self.conn.borrow_mut())
            .map_err(failed("Documents::owned"))?;
        Ok(owned.into_iter().map(|id| BlobId(id.0)).collect())
    }
}
