use clavis_kernel::{AccountId, ApplicationId, RoleId, StoreError};
use clavis_rbac::{AssignedRole, Assignments};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::Tx;
use super::applications::RoleRow;
use crate::failure::failed;
use crate::schema::assignments::{self, dsl};
use crate::schema::{applications, role_scopes, roles, scopes};
use crate::types::Id;

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
        let ids: Vec<Id> = accounts.iter().map(|account| Id(account.0)).collect();
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
        let place: std::collections::HashMap<_, _> =
            ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
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
        let mut conn = self.conn.borrow_mut();
        let held = assignments::table.filter(
            dsl::account_id
                .eq(Id(account.0))
                .and(dsl::application_id.eq(application.0)),
        );
        let removed = diesel::delete(held).execute(*conn).map_err(failed(REPLACE))?;
        let rows: Vec<_> = roles
            .iter()
            .enumerate()
            .map(|(place, role)| {
                (
                    dsl::account_id.eq(Id(account.0)),
                    dsl::application_id.eq(application.0),
                    dsl::role_id.eq(role.0),
                    dsl::is_default.eq(place == 0),
                )
            })
            .collect();
        let added = diesel::insert_into(assignments::table)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(*conn)
            .map_err(failed(REPLACE))?;
        drop(conn);
        self.revoking(removed.saturating_add(added));
        Ok(())
    }

    fn remove_all(&self, account: AccountId) -> Result<(), StoreError> {
        let rows = diesel::delete(assignments::table.filter(dsl::account_id.eq(Id(account.0))))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Assignments::remove_all"))?;
        self.revoking(rows);
        Ok(())
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
