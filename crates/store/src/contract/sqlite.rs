//! What holds for a file.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};

use super::harness::SqliteFolder;
use super::samples::{account_id, audit_entry};
use crate::{DatabaseUrl, OpenError, open};

#[tokio::test]
async fn a_file_from_a_newer_version_is_refused() {
    let folder = SqliteFolder::fresh();
    drop(folder.store());
    let mut conn = SqliteConnection::establish(folder.file().to_str().unwrap()).unwrap();
    conn.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')")
        .unwrap();
    let refused = open(&DatabaseUrl::Sqlite(folder.file())).err();
    assert!(matches!(refused, Some(OpenError::Newer { migration }) if migration == "29991231000000"));
}

#[tokio::test]
async fn two_processes_share_a_file() {
    let folder = SqliteFolder::fresh();
    let (one, other) = (folder.store(), folder.store());
    one.write(|on| on.append(&audit_entry(1, 0))).await;
    other.write(|on| on.append(&audit_entry(1, 0))).await;
    assert_eq!(one.read(|on| on.latest(account_id(1), 9)).await.len(), 2);
    assert_eq!(other.read(|on| on.latest(account_id(1), 9)).await.len(), 2);
}
