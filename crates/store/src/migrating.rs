use std::collections::BTreeSet;

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use crate::OpenError;

/// Brings a database to this version's schema, or refuses one that is past it. Returns the versions that were
/// missing. The caller sees to it that nobody else migrates meanwhile.
pub(crate) fn migrate<C, DB>(conn: &mut C, migrations: EmbeddedMigrations) -> Result<Vec<String>, OpenError>
where
    C: MigrationHarness<DB>,
    DB: Backend,
    EmbeddedMigrations: MigrationSource<DB>,
{
    if is_current(conn, &migrations)? {
        return Ok(Vec::new());
    }
    let applied = conn.run_pending_migrations(migrations).map_err(failed)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

/// Whether nothing is missing; an error when there is something that this version does not know.
pub(crate) fn is_current<C, DB>(conn: &mut C, migrations: &EmbeddedMigrations) -> Result<bool, OpenError>
where
    C: MigrationHarness<DB>,
    DB: Backend,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let known: Vec<Box<dyn Migration<DB>>> = migrations.migrations().map_err(failed)?;
    let known: BTreeSet<String> = known
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    let applied: BTreeSet<String> = conn
        .applied_migrations()
        .map_err(failed)?
        .iter()
        .map(ToString::to_string)
        .collect();
    match applied.difference(&known).last() {
        Some(newest) => Err(OpenError::Newer {
            migration: newest.clone(),
        }),
        None => Ok(applied.len() == known.len()),
    }
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> OpenError {
    OpenError::Migration(error.to_string())
}
