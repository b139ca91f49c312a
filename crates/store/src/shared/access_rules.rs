use chrono::{DateTime, Utc};
use clavis_kernel::{AccessRuleId, StoreError};
use clavis_rbac::{AccessRule, AccessRuleContent, AccessRules, RuleTopic};
use diesel::prelude::*;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::access_rules::{self, dsl};
use crate::types::{micros, moment, parsed};

#[derive(Queryable, Selectable)]
#[diesel(table_name = access_rules, check_for_backend(Db))]
struct AccessRuleRow {
    id: i64,
    role: String,
    verb: String,
    path: String,
    effect: String,
    topic: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<AccessRuleRow> for AccessRule {
    type Error = StoreError;

    fn try_from(row: AccessRuleRow) -> Result<Self, StoreError> {
        const READING: &str = "AccessRules (a row)";
        Ok(Self {
            id: AccessRuleId(row.id),
            content: AccessRuleContent {
                role: parsed(READING, &row.role)?,
                verb: parsed(READING, &row.verb)?,
                path: parsed(READING, &row.path)?,
                effect: parsed(READING, &row.effect)?,
                topic: row.topic.map(|topic| parsed(READING, &topic)).transpose()?,
            },
            created_at: moment(READING, row.created_at)?,
            updated_at: moment(READING, row.updated_at)?,
        })
    }
}

/// The gateway remembers the rules as it remembers whom it lets through: what changes them is told as a revocation is.
impl AccessRules for Tx<'_> {
    fn insert(&self, rule: &AccessRuleContent, at: DateTime<Utc>) -> Result<AccessRule, StoreError> {
        let row: AccessRuleRow = diesel::insert_into(access_rules::table)
            .values((
                dsl::role.eq(rule.role.as_str()),
                dsl::verb.eq(rule.verb.name()),
                dsl::path.eq(rule.path.as_str()),
                dsl::effect.eq(rule.effect.name()),
                dsl::topic.eq(rule.topic.as_ref().map(RuleTopic::as_str)),
                dsl::created_at.eq(micros(at)),
                dsl::updated_at.eq(micros(at)),
            ))
            .returning(AccessRuleRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .map_err(failed("AccessRules::insert"))?;
        self.revoking(1);
        row.try_into()
    }

    fn find(&self, id: AccessRuleId) -> Result<Option<AccessRule>, StoreError> {
        access_rules::table
            .find(id.0)
            .select(AccessRuleRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("AccessRules::find"))?
            .map(AccessRule::try_from)
            .transpose()
    }

    fn all(&self) -> Result<Vec<AccessRule>, StoreError> {
        let rows: Vec<AccessRuleRow> = access_rules::table
            .order(dsl::id.asc())
            .select(AccessRuleRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("AccessRules::all"))?;
        rows.into_iter().map(AccessRule::try_from).collect()
    }

    fn update(
        &self,
        id: AccessRuleId,
        rule: &AccessRuleContent,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let rows = diesel::update(access_rules::table.find(id.0))
            .set((
                dsl::role.eq(rule.role.as_str()),
                dsl::verb.eq(rule.verb.name()),
                dsl::path.eq(rule.path.as_str()),
                dsl::effect.eq(rule.effect.name()),
                dsl::topic.eq(rule.topic.as_ref().map(RuleTopic::as_str)),
                dsl::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("AccessRules::update"))?;
        Ok(self.revoking(rows) > 0)
    }

    fn remove(&self, id: AccessRuleId) -> Result<bool, StoreError> {
        let rows = diesel::delete(access_rules::table.find(id.0))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("AccessRules::remove"))?;
        Ok(self.revoking(rows) > 0)
    }
}
