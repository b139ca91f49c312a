//! What holds for a server.

use std::sync::{Arc, Barrier};

use clavis_identity::Accounts;
use clavis_kernel::StoreErrorKind;
use clavis_tokens::SigningKeys;
use diesel::connection::SimpleConnection as _;

use super::harness::PostgresSchema;
use super::samples::{account_id, at, make_account};
use crate::{DatabaseUrl, OpenError, migrate, open};

#[tokio::test]
async fn a_database_from_a_newer_version_is_refused() {
    let Some(schema) = PostgresSchema::fresh() else {
        return;
    };
    drop(schema.store());
    schema
        .connection()
        .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')")
        .unwrap();
    let refused = open(&DatabaseUrl::Postgres(schema.url())).err();
    assert!(matches!(refused, Some(OpenError::Newer { migration }) if migration == "29991231000000"));
}

#[test]
fn processes_that_start_together_migrate_once() {
    let Some(schema) = PostgresSchema::fresh() else {
        return;
    };
    let url = DatabaseUrl::Postgres(schema.url());
    let applied: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| migrate(&url).unwrap())).collect();
        starts
            .into_iter()
            .flat_map(|start| start.join().unwrap())
            .collect()
    });
    // One of them applies them all, each once.
    let each: std::collections::BTreeSet<_> = applied.iter().cloned().collect();
    assert!(!each.is_empty());
    assert_eq!(applied, Vec::from_iter(each));
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_connections_are_made_anew() {
    let Some(schema) = PostgresSchema::fresh() else {
        return;
    };
    let store = schema.store();
    store.at_once(16, |nth, on| make_account(on, nth)).await;
    // Ours are those that wait in a transaction of this schema's; the others belong to other tests.
    let killed = store
        .try_write(|on| {
            make_account(on, 99)?;
            Ok(())
        })
        .await;
    assert!(killed.is_ok());
    let ours = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE application_name = '{0}' AND pid <> pg_backend_pid()",
        schema.application()
    );
    schema.connection().batch_execute(&ours).unwrap();
    for nth in 100..140 {
        store.write(move |on| make_account(on, nth)).await;
    }
    let lost = store
        .try_write({
            let (ours, url) = (ours.clone(), schema.url());
            move |on| {
                make_account(on, 200)?;
                super::harness::execute(&url, &ours);
                make_account(on, 201).map(drop)
            }
        })
        .await
        .unwrap_err();
    assert_eq!(lost.kind(), StoreErrorKind::Busy, "{lost}");
    assert_eq!(store.read(|on| Accounts::count(on)).await, 16 + 1 + 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_in_each_others_way_both_succeed() {
    let Some(schema) = PostgresSchema::fresh() else {
        return;
    };
    let store = schema.store();
    store
        .write(|on| make_account(on, 0).and(make_account(on, 1)))
        .await;
    // Each has locked one account before either asks for the other's: on the first attempt only.
    let both_hold_one = Arc::new(Barrier::new(2));
    let attempts = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let seen = Arc::clone(&attempts);
    store
        .at_once(2, move |turn, on| {
            let attempt = attempts.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            Accounts::find_for_update(on, account_id(turn))?;
            if attempt < 2 {
                both_hold_one.wait();
            }
            Accounts::find_for_update(on, account_id(1 - turn))?;
            Accounts::touch(on, account_id(1 - turn), at(1))
        })
        .await;
    assert_eq!(seen.load(std::sync::atomic::Ordering::SeqCst), 3);
}

#[tokio::test]
async fn keys_are_locked_in_one_schema_alone() {
    let (Some(one), Some(other)) = (PostgresSchema::fresh(), PostgresSchema::fresh()) else {
        return;
    };
    let (one, other) = (one.store(), other.store());
    // Would wait for ever if both had the same lock.
    one.write(move |on| {
        SigningKeys::lock(on)?;
        let other = other.clone();
        std::thread::scope(|scope| {
            let locked = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(other.write(|on| SigningKeys::lock(on)));
            });
            locked.join().unwrap();
        });
        Ok(())
    })
    .await;
}
