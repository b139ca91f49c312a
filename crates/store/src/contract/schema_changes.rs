//! What migrations must keep to.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{FileBasedMigrations, MigrationHarness as _};

use super::harness::{PostgresSchema, SqliteFolder};

const SQLITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite");
const POSTGRES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/postgres");

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    name: String,
}

fn folders(path: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(Path::new(path)).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn found<C>(conn: &mut C, sql: &str) -> Vec<String>
where
    C: diesel::connection::LoadConnection,
    diesel::query_builder::SqlQuery: diesel::query_dsl::LoadQuery<'static, C, Found>,
{
    let rows = diesel::sql_query(sql).load::<Found>(conn).unwrap();
    rows.into_iter()
        .map(|found| found.name)
        .filter(|name| !name.starts_with("__diesel"))
        .collect()
}

#[test]
fn both_databases_have_the_same_migrations() {
    assert_eq!(folders(SQLITE), folders(POSTGRES));
    assert!(!folders(SQLITE).is_empty());
}

#[test]
fn reverting_every_migration_leaves_nothing_on_sqlite() {
    const THINGS: &str = "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'";
    let folder = SqliteFolder::fresh();
    let mut conn = SqliteConnection::establish(folder.file().to_str().unwrap()).unwrap();
    let migrations = || FileBasedMigrations::from_path(SQLITE).unwrap();
    conn.run_pending_migrations(migrations()).unwrap();
    let all = found(&mut conn, THINGS);
    assert!(all.contains(&"accounts".to_owned()));
    // A row stands in nobody's way.
    conn.batch_execute("INSERT INTO outbox VALUES (x'00', x'00', 0, 0, 0)")
        .unwrap();
    conn.revert_all_migrations(migrations()).unwrap();
    assert_eq!(found(&mut conn, THINGS), [""; 0]);
    conn.run_pending_migrations(migrations()).unwrap();
    assert_eq!(found(&mut conn, THINGS), all);
}

#[test]
fn reverting_every_migration_leaves_nothing_on_postgres() {
    const THINGS: &str = "SELECT relname::text AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace ORDER BY 1";
    let Some(schema) = PostgresSchema::fresh() else {
        return;
    };
    let mut conn = schema.connection();
    let migrations = || FileBasedMigrations::from_path(POSTGRES).unwrap();
    conn.run_pending_migrations(migrations()).unwrap();
    let all = found(&mut conn, THINGS);
    assert!(all.contains(&"accounts".to_owned()));
    conn.revert_all_migrations(migrations()).unwrap();
    assert_eq!(found(&mut conn, THINGS), [""; 0]);
    conn.run_pending_migrations(migrations()).unwrap();
    assert_eq!(found(&mut conn, THINGS), all);
}
