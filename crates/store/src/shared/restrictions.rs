use chrono::{DateTime, Utc};
use clavis_kernel::{RestrictionId, StoreError};
use clavis_rbac::{
    RefusalCode, Restriction, RestrictionContent, RestrictionReach, RestrictionScope, Restrictions,
};
use diesel::prelude::*;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::restrictions::{self, dsl};
use crate::types::{micros, moment, parsed, some_moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = restrictions, check_for_backend(Db))]
struct RestrictionRow {
    id: i64,
    category: String,
    scope: String,
    value: String,
    code: Option<i64>,
    state: String,
    expires_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<RestrictionRow> for Restriction {
    type Error = StoreError;

    fn try_from(row: RestrictionRow) -> Result<Self, StoreError> {
        const READING: &str = "Restrictions (a row)";
        let unfit = |error| StoreError::new(READING, error);
        let scope: RestrictionScope = parsed(READING, &row.scope)?;
        let code = row.code.map(RefusalCode::try_from).transpose();
        Ok(Self {
            id: RestrictionId(row.id),
            content: RestrictionContent {
                category: parsed(READING, &row.category)?,
                reach: RestrictionReach::parse(scope, &row.value).map_err(unfit)?,
                code: code.map_err(unfit)?,
                state: parsed(READING, &row.state)?,
            },
            expires_at: some_moment(READING, row.expires_at)?,
            created_at: moment(READING, row.created_at)?,
            updated_at: moment(READING, row.updated_at)?,
        })
    }
}

/// The gateway remembers the rules as it remembers whom it lets through: what changes them is told as a revocation is.
impl Restrictions for Tx<'_> {
    fn insert(
        &self,
        rule: &RestrictionContent,
        until: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> Result<Restriction, StoreError> {
        let row: RestrictionRow = diesel::insert_into(restrictions::table)
            .values((
                dsl::category.eq(rule.category.name()),
                dsl::scope.eq(rule.reach.scope().name()),
                dsl::value.eq(rule.reach.value()),
                dsl::code.eq(rule.code.map(|code| i64::from(code.as_u16()))),
                dsl::state.eq(rule.state.name()),
                dsl::expires_at.eq(until.map(micros)),
                dsl::created_at.eq(micros(at)),
                dsl::updated_at.eq(micros(at)),
            ))
            .returning(RestrictionRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .map_err(failed("Restrictions::insert"))?;
        self.revoking(1);
        row.try_into()
    }

    fn find(&self, id: RestrictionId) -> Result<Option<Restriction>, StoreError> {
        restrictions::table
            .find(id.0)
            .select(RestrictionRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Restrictions::find"))?
            .map(Restriction::try_from)
            .transpose()
    }

    fn all(&self) -> Result<Vec<Restriction>, StoreError> {
        let rows: Vec<RestrictionRow> = restrictions::table
            .order(dsl::id.asc())
            .select(RestrictionRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("Restrictions::all"))?;
        rows.into_iter().map(Restriction::try_from).collect()
    }

    fn update(
        &self,
        id: RestrictionId,
        rule: &RestrictionContent,
        until: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let rows = diesel::update(restrictions::table.find(id.0))
            .set((
                dsl::category.eq(rule.category.name()),
                dsl::scope.eq(rule.reach.scope().name()),
                dsl::value.eq(rule.reach.value()),
                dsl::code.eq(rule.code.map(|code| i64::from(code.as_u16()))),
                dsl::state.eq(rule.state.name()),
                dsl::expires_at.eq(until.map(micros)),
                dsl::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Restrictions::update"))?;
        Ok(self.revoking(rows) > 0)
    }

    fn remove(&self, id: RestrictionId) -> Result<bool, StoreError> {
        let rows = diesel::delete(restrictions::table.find(id.0))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Restrictions::remove"))?;
        Ok(self.revoking(rows) > 0)
    }
}
