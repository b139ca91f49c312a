use clavis_flows::{AuditLog, EventCursors, RecordedEntry};
use clavis_kernel::{AuditId, Dialect, TellerId};
use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use uuid::Uuid;

use super::harness::PostgresSchema;
use super::samples::{account_id, at, audit_entry};
use super::{AnyStore, on_every_store};

on_every_store!(
    telling_begins_at_the_end_of_the_trail_and_once,
    a_turn_is_one_tellers_until_it_is_over,
    who_has_the_turn_moves_on_from_where_telling_stands,
    entries_come_in_order_up_to_the_first_young_one,
    of_many_who_want_the_turn_one_gets_it,
);

const BARONG: Dialect = Dialect::Barong;
const ANN: TellerId = TellerId(Uuid::from_u128(1));
const BOB: TellerId = TellerId(Uuid::from_u128(2));

async fn write_entries(store: &AnyStore, seconds: &'static [i64]) {
    store
        .write(move |on| {
            for second in seconds {
                on.append(&audit_entry(1, *second))?;
            }
            Ok(())
        })
        .await;
}

async fn stands_at(store: &AnyStore) -> AuditId {
    let cursor = store.read(|on| EventCursors::find(on, BARONG)).await;
    cursor.unwrap().at
}

async fn behind(store: &AnyStore, entry: AuditId, settled: i64, limit: u32) -> Vec<RecordedEntry> {
    store.read(move |on| on.after(entry, at(settled), limit)).await
}

async fn telling_begins_at_the_end_of_the_trail_and_once(store: AnyStore) {
    assert_eq!(store.read(|on| EventCursors::find(on, BARONG)).await, None);
    write_entries(&store, &[1, 2]).await;
    store.write(|on| on.begin(BARONG)).await;
    let began = store.read(|on| EventCursors::find(on, BARONG)).await.unwrap();
    assert_eq!(began.turn, None);
    write_entries(&store, &[3]).await;
    store.write(|on| on.begin(BARONG)).await;
    assert_eq!(stands_at(&store).await, began.at);
    let next = behind(&store, began.at, 100, 10).await;
    assert_eq!(next.iter().map(|one| one.entry.at).collect::<Vec<_>>(), [at(3)]);
    assert_eq!(
        store.read(|on| EventCursors::find(on, Dialect::Pluto)).await,
        None
    );
}

async fn a_turn_is_one_tellers_until_it_is_over(store: AnyStore) {
    store.write(|on| on.begin(BARONG)).await;
    let begin = stands_at(&store).await;
    let take = |teller, now, until| {
        let store = &store;
        async move {
            store
                .write(move |on| on.take_turn(BARONG, teller, begin, at(now), at(until)))
                .await
        }
    };
    assert!(take(ANN, 0, 60).await);
    assert!(!take(BOB, 59, 119).await);
    assert!(take(ANN, 30, 90).await, "one's own turn is made longer");
    assert!(!take(BOB, 60, 120).await);
    assert!(take(BOB, 90, 150).await);
    let cursor = store.read(|on| EventCursors::find(on, BARONG)).await.unwrap();
    assert_eq!((cursor.at, cursor.turn), (begin, Some((BOB, at(150)))));
    let elsewhere = store
        .write(move |on| on.take_turn(BARONG, BOB, AuditId(begin.0 + 1), at(90), at(150)))
        .await;
    assert!(!elsewhere, "telling stands at another entry");
    let unknown = store
        .write(|on| on.take_turn(Dialect::Pluto, ANN, AuditId(0), at(0), at(60)))
        .await;
    assert!(!unknown, "telling never began");
}

async fn who_has_the_turn_moves_on_from_where_telling_stands(store: AnyStore) {
    store.write(|on| on.begin(BARONG)).await;
    let begin = stands_at(&store).await;
    let (next, last) = (AuditId(begin.0 + 5), AuditId(begin.0 + 9));
    let move_on = |teller, from, to| {
        let store = &store;
        async move {
            store
                .write(move |on| on.move_on(BARONG, teller, from, to, at(90)))
                .await
        }
    };
    assert!(!move_on(ANN, begin, next).await, "it is nobody's turn");
    store
        .write(move |on| on.take_turn(BARONG, ANN, begin, at(0), at(60)))
        .await;
    assert!(!move_on(BOB, begin, next).await);
    assert!(move_on(ANN, begin, next).await);
    assert!(!move_on(ANN, begin, last).await, "it stands elsewhere by now");
    let cursor = store.read(|on| EventCursors::find(on, BARONG)).await.unwrap();
    assert_eq!((cursor.at, cursor.turn), (next, Some((ANN, at(90)))));
}

async fn entries_come_in_order_up_to_the_first_young_one(store: AnyStore) {
    write_entries(&store, &[1, 2, 9, 3]).await;
    let times = |entries: &[RecordedEntry]| entries.iter().map(|one| one.entry.at).collect::<Vec<_>>();
    let all = behind(&store, AuditId(0), 10, 10).await;
    assert_eq!(times(&all), [at(1), at(2), at(9), at(3)]);
    assert!(all.is_sorted_by_key(|one| one.id));
    assert_eq!(all[0].entry.account, Some(account_id(1)));
    assert_eq!(times(&behind(&store, AuditId(0), 9, 10).await), [at(1), at(2)]);
    assert_eq!(times(&behind(&store, all[0].id, 10, 2).await), [at(2), at(9)]);
    assert!(behind(&store, all[3].id, 10, 10).await.is_empty());
}

async fn of_many_who_want_the_turn_one_gets_it(store: AnyStore) {
    store.write(|on| on.begin(BARONG)).await;
    let begin = stands_at(&store).await;
    let got = store
        .at_once(16, move |turn, on| {
            let teller = TellerId(Uuid::from_u128(turn.into()));
            on.take_turn(BARONG, teller, begin, at(0), at(60))
        })
        .await;
    assert_eq!(got.into_iter().filter(|got| *got).count(), 1);
}

#[tokio::test]
async fn a_transaction_that_may_add_entries_is_waited_for_on_postgres() {
    let Some(schema) = PostgresSchema::fresh() else {
        return;
    };
    let store = schema.store();
    let mut slow = schema.connection();
    slow.batch_execute("BEGIN; INSERT INTO event_cursors (dialect, told_to) VALUES ('slow', 0)")
        .unwrap();
    // In a transaction this is when it began.
    let began: i64 = diesel::select(sql::<BigInt>("(extract(epoch FROM now()) * 1000000)::bigint"))
        .get_result(&mut slow)
        .unwrap();
    let since = store.read(|on| AuditLog::unfinished_since(on)).await;
    // Other tests have transactions too, and the oldest counts.
    assert!(since.unwrap().timestamp_micros() <= began);
    slow.batch_execute("ROLLBACK").unwrap();
}

#[tokio::test]
async fn nothing_is_waited_for_where_one_writes_after_the_other() {
    let folder = super::harness::SqliteFolder::fresh();
    let store = folder.store();
    assert_eq!(store.read(|on| AuditLog::unfinished_since(on)).await, None);
}
