use chrono::{DateTime, Utc};
use clavis_kernel::{ApplicationId, RoleId, ScopeId, StoreError};
use clavis_rbac::{Application, ApplicationName, Applications, Role, RoleScopes, Scope};
use diesel::prelude::*;

use super::{Db, Tx};
use crate::failure::failed;
use crate::schema::{applications, role_scopes, roles, scopes};
use crate::types::{micros, moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = applications, check_for_backend(Db))]
struct ApplicationRow {
    id: i64,
    name: String,
    default_role: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<ApplicationRow> for Application {
    type Error = StoreError;

    fn try_from(row: ApplicationRow) -> Result<Self, StoreError> {
        const READING: &str = "Applications (a row)";
        Ok(Self {
            id: ApplicationId(row.id),
            name: row.name,
            default_role: row.default_role.map(RoleId),
            created_at: moment(READING, row.created_at)?,
            updated_at: moment(READING, row.updated_at)?,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = roles, check_for_backend(Db))]
pub(super) struct RoleRow {
    id: i64,
    application_id: i64,
    name: String,
    default_scope: Option<i64>,
}

impl From<RoleRow> for Role {
    fn from(row: RoleRow) -> Self {
        Self {
            id: RoleId(row.id),
            application: ApplicationId(row.application_id),
            name: row.name,
            default_scope: row.default_scope.map(ScopeId),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = scopes, check_for_backend(Db))]
struct ScopeRow {
    id: i64,
    application_id: i64,
    name: String,
}

impl From<ScopeRow> for Scope {
    fn from(row: ScopeRow) -> Self {
        Self {
            id: ScopeId(row.id),
            application: ApplicationId(row.application_id),
            name: row.name,
        }
    }
}

impl Applications for Tx<'_> {
    fn insert(&self, name: &ApplicationName, at: DateTime<Utc>) -> Result<Option<Application>, StoreError> {
        diesel::insert_into(applications::table)
            .values((
                applications::name.eq(name.as_str()),
                applications::created_at.eq(micros(at)),
                applications::updated_at.eq(micros(at)),
            ))
            .on_conflict_do_nothing()
            .returning(ApplicationRow::as_returning())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Applications::insert"))?
            .map(Application::try_from)
            .transpose()
    }

    fn find_by_name(&self, name: &str) -> Result<Option<Application>, StoreError> {
        applications::table
            .filter(applications::name.eq(name))
            .select(ApplicationRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Applications::find_by_name"))?
            .map(Application::try_from)
            .transpose()
    }

    fn find(&self, id: ApplicationId) -> Result<Option<Application>, StoreError> {
        applications::table
            .find(id.0)
            .select(ApplicationRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Applications::find"))?
            .map(Application::try_from)
            .transpose()
    }

    fn all(&self) -> Result<Vec<Application>, StoreError> {
        let rows: Vec<ApplicationRow> = applications::table
            .order(applications::id.asc())
            .select(ApplicationRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("Applications::all"))?;
        rows.into_iter().map(Application::try_from).collect()
    }

    fn set_default_role(&self, id: ApplicationId, role: RoleId, at: DateTime<Utc>) -> Result<(), StoreError> {
        diesel::update(applications::table.find(id.0))
            .set((
                applications::default_role.eq(role.0),
                applications::updated_at.eq(micros(at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Applications::set_default_role"))?;
        Ok(())
    }

    fn ensure_role(&self, application: ApplicationId, name: &str) -> Result<Role, StoreError> {
        const ENSURE: &str = "Applications::ensure_role";
        let mut conn = self.conn.borrow_mut();
        let named = roles::table
            .filter(roles::application_id.eq(application.0).and(roles::name.eq(name)))
            .select(RoleRow::as_select());
        // An insert that meets the row would use up an id on PostgreSQL.
        let found: Option<RoleRow> = named.get_result(*conn).optional().map_err(failed(ENSURE))?;
        if let Some(role) = found {
            return Ok(role.into());
        }
        diesel::insert_into(roles::table)
            .values((roles::application_id.eq(application.0), roles::name.eq(name)))
            .on_conflict_do_nothing()
            .execute(*conn)
            .map_err(failed(ENSURE))?;
        named.get_result(*conn).map(Role::from).map_err(failed(ENSURE))
    }

    fn ensure_scope(&self, application: ApplicationId, name: &str) -> Result<Scope, StoreError> {
        const ENSURE: &str = "Applications::ensure_scope";
        let mut conn = self.conn.borrow_mut();
        let named = scopes::table
            .filter(
                scopes::application_id
                    .eq(application.0)
                    .and(scopes::name.eq(name)),
            )
            .select(ScopeRow::as_select());
        let found: Option<ScopeRow> = named.get_result(*conn).optional().map_err(failed(ENSURE))?;
        if let Some(scope) = found {
            return Ok(scope.into());
        }
        diesel::insert_into(scopes::table)
            .values((scopes::application_id.eq(application.0), scopes::name.eq(name)))
            .on_conflict_do_nothing()
            .execute(*conn)
            .map_err(failed(ENSURE))?;
        named.get_result(*conn).map(Scope::from).map_err(failed(ENSURE))
    }

    fn attach_scope(&self, role: RoleId, scope: ScopeId) -> Result<(), StoreError> {
        diesel::insert_into(role_scopes::table)
            .values((role_scopes::role_id.eq(role.0), role_scopes::scope_id.eq(scope.0)))
            .on_conflict_do_nothing()
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Applications::attach_scope"))?;
        Ok(())
    }

    fn set_default_scope(&self, role: RoleId, scope: ScopeId) -> Result<(), StoreError> {
        diesel::update(roles::table.find(role.0))
            .set(roles::default_scope.eq(scope.0))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Applications::set_default_scope"))?;
        Ok(())
    }

    fn role_scopes(&self, role: RoleId) -> Result<Option<RoleScopes>, StoreError> {
        const FIND: &str = "Applications::role_scopes";
        let mut conn = self.conn.borrow_mut();
        let found: Option<(RoleRow, Option<ScopeRow>)> = roles::table
            .left_join(scopes::table.on(scopes::id.nullable().eq(roles::default_scope)))
            .filter(roles::id.eq(role.0))
            .select((RoleRow::as_select(), Option::<ScopeRow>::as_select()))
            .get_result(*conn)
            .optional()
            .map_err(failed(FIND))?;
        let Some((role, default_scope)) = found else {
            return Ok(None);
        };
        let attached: Vec<ScopeRow> = role_scopes::table
            .inner_join(scopes::table)
            .filter(role_scopes::role_id.eq(role.id))
            .order(scopes::id.asc())
            .select(ScopeRow::as_select())
            .load(*conn)
            .map_err(failed(FIND))?;
        Ok(Some(RoleScopes {
            role: role.into(),
            scopes: attached.into_iter().map(Scope::from).collect(),
            default_scope: default_scope.map(Scope::from),
        }))
    }
}
