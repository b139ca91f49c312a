use std::collections::{BTreeMap, HashMap};

use clavis_kernel::{AccountId, ApplicationId, RoleId, StoreError};
use clavis_rbac::{AssignedRole, Assignments};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::applications::RoleRow;
use super::{Tx, dialect};
use crate::failure::failed;
use crate::schema::assignments::{self, dsl};
use crate::schema::{applications, role_scopes, roles, scopes};
use crate::types::{Id, guids};

impl Assignments for Tx<'_> {
    fn of_account(
        &self,
        account: AccountId,
        application: ApplicationId,
    ) -> Result<Vec<AssignedRole>, StoreError> {
        let rows: Vec<(RoleRow, bool)> = assignments::table
            .inner_join(roles::table)
            .filter(
                dsl::account_id
                    .eq(Id(account.0))
                    .and(dsl::application_id.eq(application.0)),
            )
            .order((dsl::is_default.desc(), dsl::role_id.asc()))
            .select((RoleRow::as_select(), dsl::is_default))
            .load(*self.conn.borrow_mut())
            .map_err(failed("Assignments::of_account"))?;
        Ok(rows
            .into_iter()
            .map(|(role, is_default)| AssignedRole {
                role: role.into(),
                is_default,
            })
            .collect())
    }

    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<(AccountId, AssignedRole)>, StoreError> {
        let ids = guids(accounts);
        let mut rows: Vec<(Id, RoleRow, bool)> = assignments::table
            .inner_join(roles::table)
            .filter(dsl::account_id.eq_any(&ids))
            .order((
                dsl::application_id.asc(),
                dsl::is_default.desc(),
                dsl::role_id.asc(),
            ))
            .select((dsl::account_id, RoleRow::as_select(), dsl::is_default))
            .load(*self.conn.borrow_mut())
            .map_err(failed("Assignments::of_accounts"))?;
        let place: HashMap<_, _> = ids
            .iter()
            .enumerate()
            .rev()
            .map(|(place, id)| (*id, place))
            .collect();
        rows.sort_by_key(|(account, _, _)| place.get(account).copied());
        let assigned = rows.into_iter().map(|(account, role, is_default)| {
            (
                AccountId(account.0),
                AssignedRole {
                    role: role.into(),
                    is_default,
                },
            )
        });
        Ok(assigned.collect())
    }

    fn replace(
        &self,
        account: AccountId,
        application: ApplicationId,
        roles: &[RoleId],
    ) -> Result<(), StoreError> {
        const REPLACE: &str = "Assignments::replace";
        let wanted: BTreeMap<i64, bool> = roles
            .iter()
            .rev()
            .map(|role| (role.0, Some(role) == roles.first()))
            .collect();
        let mut conn = self.conn.borrow_mut();
        dialect::lock_account(*conn, Id(account.0)).map_err(failed(REPLACE))?;
        let held = assignments::table
            .filter(dsl::account_id.eq(Id(account.0)))
            .filter(dsl::application_id.eq(application.0));
        let before: Vec<(i64, bool)> = held
            .select((dsl::role_id, dsl::is_default))
            .load(*conn)
            .map_err(failed(REPLACE))?;
        // Nothing changes for whoever holds these roles already.
        if before.into_iter().collect::<BTreeMap<_, _>>() == wanted {
            return Ok(());
        }
        diesel::delete(held).execute(*conn).map_err(failed(REPLACE))?;
        let rows: Vec<_> = wanted
            .into_iter()
            .map(|(role, is_default)| {
                (
                    dsl::account_id.eq(Id(account.0)),
                    dsl::application_id.eq(application.0),
                    dsl::role_id.eq(role),
                    dsl::is_default.eq(is_default),
                )
            })
            .collect();
        diesel::insert_into(assignments::table)
            .values(rows)
            .execute(*conn)
            .map_err(failed(REPLACE))?;
        drop(conn);
        self.changing_tokens_of(account, 1).map(drop)
    }

    fn remove_all(&self, account: AccountId) -> Result<(), StoreError> {
        let rows = diesel::delete(assignments::table.filter(dsl::account_id.eq(Id(account.0))))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Assignments::remove_all"))?;
        self.changing_tokens_of(account, rows).map(drop)
    }

    fn has_scope(&self, account: AccountId, application: &str, scope: &str) -> Result<bool, StoreError> {
        let held = assignments::table
            .inner_join(applications::table.on(applications::id.eq(dsl::application_id)))
            .inner_join(role_scopes::table.on(role_scopes::role_id.eq(dsl::role_id)))
            .inner_join(scopes::table.on(scopes::id.eq(role_scopes::scope_id)))
            .filter(dsl::account_id.eq(Id(account.0)))
            .filter(applications::name.eq(application).and(scopes::name.eq(scope)));
        diesel::select(exists(held))
            .get_result(*self.conn.borrow_mut())
            .map_err(failed("Assignments::has_scope"))
    }
}
