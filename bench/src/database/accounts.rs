//! Many accounts at once, as registrations through Backend Plus would have left them.

use anyhow::{Context, Result};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::ceilings::hashes;

/// Everybody's.
pub(crate) const PASSWORD: &str = "Tecohvi0-and-more";

/// Any moment: 2026-01-01, in microseconds.
const MOMENT: &str = "1767225600000000";
/// Everything but the ids and the series, in which the databases differ. `{id}` and `{hex10}` are made from `i`.
const STATEMENTS: &str = "
    INSERT INTO accounts (id, uid, state, display_name, attributes, created_through, created_at, updated_at,
            activated_at, address_key)
        {series} SELECT {id}, 'ID' || {hex10}, 'active', 'user' || i || '@bench.example.org', '{}',
            'backend_plus', {moment}, {moment}, {moment}, 'user' || i || '@bench.example.org' FROM n;
    INSERT INTO identities (kind, folded, value, account_id, claimed_through, claim_order)
        {series} SELECT 'address', 'user' || i || '@bench.example.org', 'user' || i || '@bench.example.org',
            {id}, 'backend_plus', 0 FROM n;
    INSERT INTO password_credentials (account_id, hash, version, changed_at)
        {series} SELECT {id}, '{hash}', 1, {moment} FROM n;
    INSERT INTO roles (application_id, name)
        SELECT id, 'user' FROM applications WHERE name = 'backend_plus' ON CONFLICT DO NOTHING;
    INSERT INTO assignments (account_id, application_id, role_id, is_default)
        {series} SELECT {id}, applications.id, roles.id, {true} FROM n
            JOIN applications ON applications.name = 'backend_plus'
            JOIN roles ON roles.application_id = applications.id AND roles.name = 'user';";

/// How a database writes what they differ in.
struct Words {
    series: String,
    id: &'static str,
    hex10: &'static str,
    true_: &'static str,
}

pub(super) fn fill_sqlite(connection: &mut SqliteConnection, count: u32) -> Result<()> {
    let words = Words {
        series: format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"),
        id: "unhex('01900000000070008000' || printf('%012x', i))",
        hex10: "printf('%010X', i)",
        true_: "1",
    };
    fill(connection, &words, "PRAGMA wal_checkpoint(TRUNCATE);")
}

pub(super) fn fill_postgres(connection: &mut PgConnection, count: u32) -> Result<()> {
    let words = Words {
        series: format!("WITH n AS (SELECT generate_series(1, {count}) AS i)"),
        id: "('01900000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid",
        hex10: "lpad(upper(to_hex(i)), 10, '0')",
        true_: "TRUE",
    };
    fill(connection, &words, "VACUUM ANALYZE;")
}

fn fill(connection: &mut impl SimpleConnection, words: &Words, afterwards: &str) -> Result<()> {
    let statements = STATEMENTS
        .replace("{series}", &words.series)
        .replace("{id}", words.id)
        .replace("{hex10}", words.hex10)
        .replace("{true}", words.true_)
        .replace("{moment}", MOMENT)
        .replace("{hash}", &hashes::hash(PASSWORD.as_bytes())?);
    connection
        .batch_execute(&format!("BEGIN; {statements} COMMIT;"))
        .context("the database could not be filled with accounts")?;
    connection
        .batch_execute(afterwards)
        .context("the database could not be tidied after it was filled")
}
