//! Jobs that go wrong on a database. The fake leaves a panic to its test.

use std::sync::mpsc;
use std::time::Duration;

use clavis_identity::{Accounts, Sessions};
use clavis_kernel::{AccountId, StoreErrorKind};

use super::AnyStore;
use super::harness::{PostgresSchema, SqliteFolder};
use super::samples::{account_id, at, make_account, new_account, session};

/// The databases there are, each with what keeps it for the length of a test.
fn databases() -> Vec<(AnyStore, &'static str, Box<dyn std::any::Any>)> {
    let folder = SqliteFolder::fresh();
    let mut databases: Vec<(_, _, Box<dyn std::any::Any>)> =
        vec![(folder.store(), "SQLite", Box::new(folder))];
    if let Some(schema) = PostgresSchema::fresh() {
        databases.push((schema.store(), "PostgreSQL", Box::new(schema)));
    }
    databases
}

async fn exists(store: &AnyStore, account: AccountId) -> bool {
    store.read(move |on| Accounts::find(on, account)).await.is_some()
}

#[tokio::test]
async fn a_job_that_panics_is_rolled_back_and_the_next_one_works() {
    for (store, database, _kept) in databases() {
        let fault = store
            .try_write(|on| {
                make_account(on, 1)?;
                assert!(Accounts::find(on, account_id(1))?.is_none(), "on purpose");
                Ok(())
            })
            .await
            .unwrap_err();
        assert_eq!(fault.kind(), StoreErrorKind::Fault, "{database}: {fault}");
        let fault = store
            .try_read(|_| -> Result<(), _> { panic!("on purpose") })
            .await
            .unwrap_err();
        assert_eq!(fault.kind(), StoreErrorKind::Fault, "{database}: {fault}");
        assert!(!exists(&store, account_id(1)).await, "{database}");
        store.write(|on| make_account(on, 1)).await;
        assert!(exists(&store, account_id(1)).await, "{database}");
    }
}

/// PostgreSQL undoes a transaction in which a statement failed, and says nothing at its COMMIT.
#[tokio::test]
async fn what_is_answered_as_done_is_done_although_a_failure_was_hidden() {
    for (store, database, _kept) in databases() {
        let answered = store
            .try_write(|on| {
                make_account(on, 1)?;
                // There is no such account.
                assert!(Sessions::insert(on, &session(1, 9)).is_err());
                Ok(())
            })
            .await;
        assert_eq!(
            answered.is_ok(),
            exists(&store, account_id(1)).await,
            "{database}: {answered:?}"
        );
        store.write(|on| make_account(on, 2)).await;
        assert!(exists(&store, account_id(2)).await, "{database}");
    }
}

/// PostgreSQL keeps no NUL in a text; dialects refuse it before. What slips through harms nobody else.
#[tokio::test]
async fn a_nul_in_a_text_is_kept_whole_or_a_fault() {
    for (store, database, _kept) in databases() {
        let kept = store
            .try_write(|on| {
                let mut account = new_account(1);
                account.display_name = "a\0b".to_owned();
                Accounts::insert(on, &account)
            })
            .await;
        match kept {
            Ok(account) => assert_eq!(account.unwrap().display_name, "a\0b", "{database}"),
            Err(fault) => assert_eq!(fault.kind(), StoreErrorKind::Fault, "{database}: {fault}"),
        }
        let found = store.try_read(|on| on.find_by_name("a\0b")).await;
        assert!(!matches!(found, Ok(Some(_))), "{database}");
        store.write(|on| make_account(on, 2)).await;
    }
}

#[tokio::test]
async fn look_ups_go_on_while_a_write_takes_its_time() {
    for (store, database, _kept) in databases() {
        store.write(|on| make_account(on, 1)).await;
        let (wrote, has_written) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let writing = tokio::spawn({
            let store = store.clone();
            async move {
                store
                    .write(move |on| {
                        Accounts::touch(on, account_id(1), at(5))?;
                        wrote.send(()).unwrap();
                        released.recv().unwrap();
                        Ok(())
                    })
                    .await;
            }
        });
        tokio::task::spawn_blocking(move || has_written.recv())
            .await
            .unwrap()
            .unwrap();
        for _ in 0..100 {
            let look_up = store.read(|on| Accounts::find(on, account_id(1)));
            let found = tokio::time::timeout(Duration::from_secs(30), look_up)
                .await
                .expect(database);
            assert_eq!(found.unwrap().updated_at, at(0), "{database}");
        }
        release.send(()).unwrap();
        writing.await.unwrap();
        let found = store.read(|on| Accounts::find(on, account_id(1))).await;
        assert_eq!(found.unwrap().updated_at, at(5), "{database}");
    }
}
