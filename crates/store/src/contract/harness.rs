//! A fresh store for each test.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use clavis_flows::fake::FakeStore;
use clavis_flows::{Ports, Store};
use clavis_kernel::{Secret, StoreError};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use tempfile::TempDir;

use crate::{DatabaseUrl, open};

/// Makes of each rule a test for each store: `fake::rule`, `sqlite::rule` and `postgres::rule`.
macro_rules! on_every_store {
    ($($rule:ident),+ $(,)?) => {
        mod fake {
            $(#[tokio::test] async fn $rule() {
                super::$rule(crate::contract::AnyStore::fake()).await;
            })+
        }
        mod sqlite {
            $(#[tokio::test] async fn $rule() {
                let folder = crate::contract::harness::SqliteFolder::fresh();
                super::$rule(folder.store()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test] async fn $rule() {
                let Some(schema) = crate::contract::harness::PostgresSchema::fresh() else { return };
                super::$rule(schema.store()).await;
            })+
        }
    };
}
pub(super) use on_every_store;

/// A store of any kind. Its short forms expect the store to answer.
#[derive(Clone)]
pub(super) struct AnyStore(pub(super) Arc<dyn Store>);

impl AnyStore {
    pub(super) fn fake() -> Self {
        Self(Arc::new(FakeStore::default()))
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        decision: impl FnMut(&dyn Ports) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.try_write(decision).await.unwrap()
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        look_up: impl FnMut(&dyn Ports) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.try_read(look_up).await.unwrap()
    }

    pub(super) async fn try_write<T: Send + 'static>(
        &self,
        decision: impl FnMut(&dyn Ports) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        clavis_flows::write(&*self.0, decision).await
    }

    pub(super) async fn try_read<T: Send + 'static>(
        &self,
        look_up: impl FnMut(&dyn Ports) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        clavis_flows::read(&*self.0, look_up).await
    }

    /// Starts a decision `times` times at once and returns the results, each with its turn.
    pub(super) async fn at_once<T: Send + Debug + 'static>(
        &self,
        times: u32,
        decision: impl Fn(u32, &dyn Ports) -> Result<T, StoreError> + Send + Sync + 'static,
    ) -> Vec<T> {
        let decision = Arc::new(decision);
        let tasks: Vec<_> = (0..times)
            .map(|turn| {
                let (store, decision) = (self.clone(), Arc::clone(&decision));
                tokio::spawn(async move { store.write(move |on| decision(turn, on)).await })
            })
            .collect();
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.unwrap());
        }
        results
    }

    pub(super) fn revocations(&self) -> u64 {
        self.0.revocations()
    }

    pub(super) fn commits(&self) -> Option<u64> {
        self.0.commits()
    }
}

/// A folder with a database file, gone when it is dropped.
pub(super) struct SqliteFolder(TempDir);

impl SqliteFolder {
    pub(super) fn fresh() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn file(&self) -> PathBuf {
        self.0.path().join("clavis.db")
    }

    pub(super) fn store(&self) -> AnyStore {
        AnyStore(open(&DatabaseUrl::Sqlite(self.file())).unwrap())
    }
}

/// A schema on the server that `CLAVIS_TEST_DATABASE` names, gone when it is dropped.
pub(super) struct PostgresSchema {
    server: String,
    name: String,
}

impl PostgresSchema {
    /// `None` when there is no server to test on.
    pub(super) fn fresh() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        #[expect(
            clippy::disallowed_methods,
            reason = "the suite is configured by its environment"
        )]
        let (server, in_ci) = (
            std::env::var("CLAVIS_TEST_DATABASE").ok(),
            std::env::var("CI").is_ok(),
        );
        assert!(
            server.is_some() || !in_ci,
            "CI is set and CLAVIS_TEST_DATABASE is not: PostgreSQL would go untested"
        );
        let server = server?;
        let turn = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("clavis_contract_{}_{turn}", std::process::id());
        let schema = Self { server, name };
        // A process of the same id may have died here before.
        let fresh = format!(
            "DROP SCHEMA IF EXISTS {0} CASCADE; CREATE SCHEMA {0}",
            schema.name
        );
        let mut connection = PgConnection::establish(&schema.server).expect("CLAVIS_TEST_DATABASE");
        connection.batch_execute(&fresh).expect("CLAVIS_TEST_DATABASE");
        Some(schema)
    }

    pub(super) fn url(&self) -> Secret {
        let separator = if self.server.contains('?') { '&' } else { '?' };
        Secret::new(format!(
            "{0}{separator}options=-csearch_path%3D{1}&application_name={1}",
            self.server, self.name
        ))
    }

    /// By what name the server knows the connections of this test.
    pub(super) fn application(&self) -> &str {
        &self.name
    }

    /// A connection of the test's own.
    pub(super) fn connection(&self) -> PgConnection {
        PgConnection::establish(self.url().expose()).unwrap()
    }

    pub(super) fn store(&self) -> AnyStore {
        AnyStore(open(&DatabaseUrl::Postgres(self.url())).unwrap())
    }
}

/// Executes statements in a connection of their own.
pub(super) fn execute(url: &Secret, statements: &str) {
    let mut connection = PgConnection::establish(url.expose()).unwrap();
    connection.batch_execute(statements).unwrap();
}

impl Drop for PostgresSchema {
    fn drop(&mut self) {
        if let Ok(mut connection) = PgConnection::establish(&self.server) {
            let _ = connection.batch_execute(&format!("DROP SCHEMA {} CASCADE", self.name));
        }
    }
}
