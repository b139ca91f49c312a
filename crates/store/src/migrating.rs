use std::collections::BTreeSet;

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use crate::OpenError;

/// Brings a database to this version's schema, or refuses one that is past it.
pub(crate) fn migrate<C, DB>(conn: &mut C, migrations: EmbeddedMigrations) -> Result<(), OpenError>
where
    C: MigrationHarness<DB>,
    DB: Backend,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| OpenError::Migration(error.to_string());
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
    if let Some(newest) = applied.difference(&known).last() {
        return Err(OpenError::Newer {
            migration: newest.clone(),
        });
    }
    if applied.len() < known.len() {
        conn.run_pending_migrations(migrations).map_err(failed)?;
    }
    Ok(())
}
