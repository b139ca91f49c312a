use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use clavis_kernel::{ApplicationId, RoleId, ScopeId, StoreError};
use clavis_rbac::{
    Application, ApplicationName, Applications, DisplayName, Role, RoleName, RoleScopes, Scope, ScopeName,
};
use diesel::prelude::*;

use super::{Db, Tx, dialect};
use crate::failure::failed;
use crate::schema::{application_names, applications, role_scopes, roles, scopes};
use crate::types::{micros, moment, parsed};

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

    fn insert_role(&self, application: ApplicationId, name: &RoleName) -> Result<Option<Role>, StoreError> {
        const INSERT: &str = "Applications::insert_role";
        let mut conn = self.conn.borrow_mut();
        // An insert that meets the row would use up an id on PostgreSQL.
        let known: i64 = roles::table
            .filter(
                roles::application_id
                    .eq(application.0)
                    .and(roles::name.eq(name.as_str())),
            )
            .count()
            .get_result(*conn)
            .map_err(failed(INSERT))?;
        if known > 0 {
            return Ok(None);
        }
        let inserted: Option<RoleRow> = diesel::insert_into(roles::table)
            .values((
                roles::application_id.eq(application.0),
                roles::name.eq(name.as_str()),
            ))
            .on_conflict_do_nothing()
            .returning(RoleRow::as_returning())
            .get_result(*conn)
            .optional()
            .map_err(failed(INSERT))?;
        Ok(inserted.map(Role::from))
    }

    fn insert_scope(
        &self,
        application: ApplicationId,
        name: &ScopeName,
    ) -> Result<Option<Scope>, StoreError> {
        const INSERT: &str = "Applications::insert_scope";
        let mut conn = self.conn.borrow_mut();
        let known: i64 = scopes::table
            .filter(
                scopes::application_id
                    .eq(application.0)
                    .and(scopes::name.eq(name.as_str())),
            )
            .count()
            .get_result(*conn)
            .map_err(failed(INSERT))?;
        if known > 0 {
            return Ok(None);
        }
        let inserted: Option<ScopeRow> = diesel::insert_into(scopes::table)
            .values((
                scopes::application_id.eq(application.0),
                scopes::name.eq(name.as_str()),
            ))
            .on_conflict_do_nothing()
            .returning(ScopeRow::as_returning())
            .get_result(*conn)
            .optional()
            .map_err(failed(INSERT))?;
        Ok(inserted.map(Scope::from))
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

    fn replace_scopes(&self, role: RoleId, wanted: &[ScopeId]) -> Result<(), StoreError> {
        const REPLACE: &str = "Applications::replace_scopes";
        let mut conn = self.conn.borrow_mut();
        let ids: Vec<i64> = wanted.iter().map(|scope| scope.0).collect();
        let attached = role_scopes::table.filter(role_scopes::role_id.eq(role.0));
        let of_its_application: Vec<i64> = scopes::table
            .inner_join(roles::table.on(roles::application_id.eq(scopes::application_id)))
            .filter(roles::id.eq(role.0).and(scopes::id.eq_any(&ids)))
            .select(scopes::id)
            .load(*conn)
            .map_err(failed(REPLACE))?;
        let taken = diesel::delete(attached.filter(role_scopes::scope_id.ne_all(&of_its_application)))
            .execute(*conn)
            .map_err(failed(REPLACE))?;
        let rows: Vec<_> = of_its_application
            .iter()
            .map(|scope| (role_scopes::role_id.eq(role.0), role_scopes::scope_id.eq(*scope)))
            .collect();
        let given = if rows.is_empty() {
            0
        } else {
            diesel::insert_into(role_scopes::table)
                .values(&rows)
                .on_conflict_do_nothing()
                .execute(*conn)
                .map_err(failed(REPLACE))?
        };
        drop(conn);
        self.revoking(taken + given);
        Ok(())
    }

    fn roles_of(&self, application: ApplicationId) -> Result<Vec<RoleScopes>, StoreError> {
        const FIND: &str = "Applications::roles_of";
        let scopes: HashMap<ScopeId, Scope> = self
            .scopes_of(application)?
            .into_iter()
            .map(|scope| (scope.id, scope))
            .collect();
        let mut conn = self.conn.borrow_mut();
        let found: Vec<RoleRow> = roles::table
            .filter(roles::application_id.eq(application.0))
            .order(roles::id.asc())
            .select(RoleRow::as_select())
            .load(*conn)
            .map_err(failed(FIND))?;
        let pairs: Vec<(i64, i64)> = role_scopes::table
            .inner_join(roles::table.on(roles::id.eq(role_scopes::role_id)))
            .filter(roles::application_id.eq(application.0))
            .order((role_scopes::role_id.asc(), role_scopes::scope_id.asc()))
            .select((role_scopes::role_id, role_scopes::scope_id))
            .load(*conn)
            .map_err(failed(FIND))?;
        let mut attached: HashMap<i64, Vec<Scope>> = HashMap::new();
        for (role, scope) in pairs {
            if let Some(scope) = scopes.get(&ScopeId(scope)) {
                attached.entry(role).or_default().push(scope.clone());
            }
        }
        let roles = found.into_iter().map(|row| RoleScopes {
            scopes: attached.remove(&row.id).unwrap_or_default(),
            default_scope: row.default_scope.and_then(|id| scopes.get(&ScopeId(id)).cloned()),
            role: row.into(),
        });
        Ok(roles.collect())
    }

    fn find_scope(&self, id: ScopeId) -> Result<Option<Scope>, StoreError> {
        let found: Option<ScopeRow> = scopes::table
            .find(id.0)
            .select(ScopeRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Applications::find_scope"))?;
        Ok(found.map(Scope::from))
    }

    fn scopes_of(&self, application: ApplicationId) -> Result<Vec<Scope>, StoreError> {
        let found: Vec<ScopeRow> = scopes::table
            .filter(scopes::application_id.eq(application.0))
            .order(scopes::id.asc())
            .select(ScopeRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("Applications::scopes_of"))?;
        Ok(found.into_iter().map(Scope::from).collect())
    }

    fn lock_application(&self, id: ApplicationId) -> Result<(), StoreError> {
        dialect::lock_application(*self.conn.borrow_mut(), id.0)
            .map_err(failed("Applications::lock_application"))
    }

    fn display_names(&self, application: ApplicationId) -> Result<Vec<DisplayName>, StoreError> {
        const FIND: &str = "Applications::display_names";
        let found: Vec<(String, String)> = application_names::table
            .filter(application_names::application_id.eq(application.0))
            .order(application_names::folded.asc())
            .select((application_names::tag, application_names::name))
            .load(*self.conn.borrow_mut())
            .map_err(failed(FIND))?;
        let names = found.into_iter().map(|(tag, name)| {
            DisplayName::new(parsed(FIND, &tag)?, &name).map_err(|error| StoreError::new(FIND, error))
        });
        names.collect()
    }

    fn set_display_names(
        &self,
        application: ApplicationId,
        names: &[DisplayName],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        const SET: &str = "Applications::set_display_names";
        let mut conn = self.conn.borrow_mut();
        diesel::delete(application_names::table.filter(application_names::application_id.eq(application.0)))
            .execute(*conn)
            .map_err(failed(SET))?;
        let by_tag: BTreeMap<String, &DisplayName> =
            names.iter().map(|name| (name.tag.key(), name)).collect();
        let rows: Vec<_> = by_tag
            .into_iter()
            .map(|(folded, name)| {
                (
                    application_names::application_id.eq(application.0),
                    application_names::folded.eq(folded),
                    application_names::tag.eq(name.tag.as_str()),
                    application_names::name.eq(name.name()),
                )
            })
            .collect();
        if !rows.is_empty() {
            diesel::insert_into(application_names::table)
                .values(&rows)
                .execute(*conn)
                .map_err(failed(SET))?;
        }
        diesel::update(applications::table.find(application.0))
            .set(applications::updated_at.eq(micros(at)))
            .execute(*conn)
            .map_err(failed(SET))?;
        Ok(())
    }
}
