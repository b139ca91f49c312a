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

/// An account that has proven its address, one that has not, and one that has no address.
const BEFORE_LABELS: &str = "
    INSERT INTO accounts (id, uid, state, display_name, attributes, created_through, created_at, updated_at) VALUES
        (:1, 'ID1', 'active', 'Ann', '{}', 'pluto', 1, 1),
        (:2, 'ID2', 'pending', 'Bea', '{}', 'pluto', 1, 1),
        (:3, 'ID3', 'active', 'Cleo', '{}', 'pluto', 1, 1);
    INSERT INTO identities (kind, folded, value, account_id, proven_at, claimed_through, claim_order) VALUES
        ('address', 'a@example.org', 'a@example.org', :1, 70, 'pluto', 0),
        ('address', 'b@example.org', 'b@example.org', :1, 50, 'pluto', 1),
        ('address', 'c@example.org', 'c@example.org', :2, NULL, 'pluto', 0),
        ('name', 'cleo', 'Cleo', :3, 60, 'pluto', 0);
    INSERT INTO sessions (id, account_id, through, created_at, expires_at) VALUES (:1, :1, 'pluto', 1, 2);
    INSERT INTO audit (at, account_id, action, dialect) VALUES (1, :1, 'session.log_in', 'pluto');";
const LABELS: &str =
    "SELECT uid || ' ' || key || ':' || value || ' ' || scope || ' ' || labels.created_at AS name
     FROM labels JOIN accounts ON accounts.id = account_id ORDER BY uid";
const LEVELS: &str =
    "SELECT uid || ' ' || level AS name FROM accounts WHERE level_table IS NOT NULL ORDER BY uid";
const UIDS: &str = "SELECT uid AS name FROM accounts ORDER BY uid";
const SESSIONS: &str = "SELECT assurance AS name FROM sessions WHERE secret IS NULL";

/// With the ids of three accounts in place of their numbers.
fn with_ids(sql: &str, quote: impl Fn(&str) -> String) -> String {
    (1..=3).fold(sql.to_owned(), |sql, nth| {
        sql.replace(&format!(":{nth}"), &quote(&format!("{nth:032x}")))
    })
}

#[test]
fn whoever_has_proven_an_address_is_labelled_on_sqlite() {
    let folder = SqliteFolder::fresh();
    let mut conn = SqliteConnection::establish(folder.file().to_str().unwrap()).unwrap();
    let migrations = FileBasedMigrations::from_path(SQLITE).unwrap();
    conn.run_next_migration(migrations.clone()).unwrap();
    conn.batch_execute(&with_ids(BEFORE_LABELS, |id| format!("x'{id}'")))
        .unwrap();
    conn.run_next_migration(migrations.clone()).unwrap();
    assert_eq!(found(&mut conn, LABELS), ["ID1 email:verified private 50"]);
    assert_eq!(found(&mut conn, LEVELS), ["ID1 0"]);
    assert_eq!(found(&mut conn, SESSIONS), ["full"]);
    conn.revert_last_migration(migrations).unwrap();
    assert_eq!(found(&mut conn, UIDS), ["ID1", "ID2", "ID3"]);
}

#[test]
fn whoever_has_proven_an_address_is_labelled_on_postgres() {
    let Some(schema) = PostgresSchema::fresh() else {
        return;
    };
    let mut conn = schema.connection();
    let migrations = FileBasedMigrations::from_path(POSTGRES).unwrap();
    conn.run_next_migration(migrations.clone()).unwrap();
    conn.batch_execute(&with_ids(BEFORE_LABELS, |id| format!("'{id}'")))
        .unwrap();
    conn.run_next_migration(migrations.clone()).unwrap();
    assert_eq!(found(&mut conn, LABELS), ["ID1 email:verified private 50"]);
    assert_eq!(found(&mut conn, LEVELS), ["ID1 0"]);
    assert_eq!(found(&mut conn, SESSIONS), ["full"]);
    conn.revert_last_migration(migrations).unwrap();
    assert_eq!(found(&mut conn, UIDS), ["ID1", "ID2", "ID3"]);
}
