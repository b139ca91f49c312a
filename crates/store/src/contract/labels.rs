use clavis_flows::Ports;
use clavis_kernel::{AccountId, StoreError};
use clavis_kyc::{KeptLevel, Label, LabelScope, LabelValue, Labels, Levels};

use super::samples::{account_id, at, label, make_account};
use super::{AnyStore, on_every_store};

use LabelScope::{Private, Public};

on_every_store!(
    a_label_reads_back_as_it_was_made,
    a_key_is_there_once_in_each_scope,
    labels_come_in_the_order_they_were_made,
    an_update_sets_value_and_remark_of_that_scope,
    a_label_is_removed_from_one_scope,
    holders_of_a_label_come_by_number_and_once,
    values_are_counted_in_the_private_scope,
    a_level_is_kept_in_place_of_the_one_before,
    levels_of_another_table_are_found,
);

async fn a_label_reads_back_as_it_was_made(store: AnyStore) {
    let made = store
        .write(|on| {
            make_account(on, 1)?;
            let mut bare = label(1, "phone:verified", Public);
            bare.description = None;
            Labels::insert(on, &bare, at(3))?;
            Labels::insert(on, &label(1, "email:verified", Private), at(4))
        })
        .await
        .unwrap();
    let email = label(1, "email:verified", Private);
    let found = store
        .read(move |on| Labels::find(on, account_id(1), &email.key, Private))
        .await;
    assert_eq!(found.as_ref(), Some(&made));
    let new = label(1, "email:verified", Private);
    let expected = Label {
        id: made.id,
        account: account_id(1),
        key: new.key,
        value: new.value,
        scope: Private,
        description: new.description,
        created_at: at(4),
        updated_at: at(4),
    };
    assert_eq!(made, expected);
    let bare = store
        .read(|on| Labels::of_account(on, account_id(1)))
        .await
        .remove(0);
    assert_eq!(
        (bare.scope, bare.description, bare.created_at),
        (Public, None, at(3))
    );
}

async fn a_key_is_there_once_in_each_scope(store: AnyStore) {
    let made = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            let insert = |account, text, scope| {
                Ok::<_, StoreError>(Labels::insert(on, &label(account, text, scope), at(0))?.is_some())
            };
            Ok([
                insert(1, "email:verified", Private)?,
                insert(1, "email:rejected", Private)?,
                insert(1, "email:verified", Public)?,
                insert(1, "phone:verified", Private)?,
                insert(2, "email:verified", Private)?,
            ])
        })
        .await;
    assert_eq!(made, [true, false, true, true, true]);
    let kept = store.read(|on| Labels::of_account(on, account_id(1))).await;
    assert_eq!(kept[0].value, LabelValue::VERIFIED);
}

async fn labels_come_in_the_order_they_were_made(store: AnyStore) {
    store
        .write(|on| {
            for account in 1..=3 {
                make_account(on, account)?;
            }
            for (account, text) in [
                (2, "phone:verified"),
                (1, "email:verified"),
                (2, "document:pending"),
                (3, "otp:enabled"),
            ] {
                Labels::insert(on, &label(account, text, Private), at(0))?;
            }
            Ok(())
        })
        .await;
    let keys = |labels: Vec<Label>| {
        labels
            .into_iter()
            .map(|label| label.key.to_string())
            .collect::<Vec<_>>()
    };
    let of_two = store
        .read(|on| Labels::of_accounts(on, &[account_id(1), account_id(2), account_id(9)]))
        .await;
    assert_eq!(keys(of_two), ["phone", "email", "document"]);
    let of_one = store.read(|on| Labels::of_account(on, account_id(2))).await;
    assert_eq!(keys(of_one), ["phone", "document"]);
    assert!(store.read(|on| Labels::of_accounts(on, &[])).await.is_empty());
}

async fn an_update_sets_value_and_remark_of_that_scope(store: AnyStore) {
    let updated = store
        .write(|on| {
            make_account(on, 1)?;
            Labels::insert(on, &label(1, "email:verified", Private), at(0))?;
            Labels::insert(on, &label(1, "email:verified", Public), at(0))?;
            let mut change = label(1, "email:replaced", Private);
            change.description = None;
            Ok([
                Labels::update(on, &change, at(7))?,
                Labels::update(on, &label(1, "phone:replaced", Private), at(7))?,
                Labels::update(on, &label(9, "email:replaced", Private), at(7))?,
            ])
        })
        .await;
    assert_eq!(updated, [true, false, false]);
    let labels = store.read(|on| Labels::of_account(on, account_id(1))).await;
    assert_eq!(
        (&labels[0].value, &labels[0].description),
        (&LabelValue::REPLACED, &None)
    );
    assert_eq!((labels[0].created_at, labels[0].updated_at), (at(0), at(7)));
    assert_eq!(
        (&labels[1].value, labels[1].updated_at),
        (&LabelValue::VERIFIED, at(0))
    );
}

async fn a_label_is_removed_from_one_scope(store: AnyStore) {
    let removed = store
        .write(|on| {
            make_account(on, 1)?;
            let email = label(1, "email:verified", Private);
            Labels::insert(on, &email, at(0))?;
            Labels::insert(on, &label(1, "email:verified", Public), at(0))?;
            Ok([
                Labels::remove(on, account_id(9), &email.key, Private)?,
                Labels::remove(on, account_id(1), &email.key, Private)?,
                Labels::remove(on, account_id(1), &email.key, Private)?,
            ])
        })
        .await;
    assert_eq!(removed, [false, true, false]);
    let left = store.read(|on| Labels::of_account(on, account_id(1))).await;
    assert_eq!(
        left.into_iter().map(|label| label.scope).collect::<Vec<_>>(),
        [Public]
    );
}

async fn holders_of_a_label_come_by_number_and_once(store: AnyStore) {
    store
        .write(|on| {
            // Numbers go against the ids.
            for account in (1..=5).rev() {
                make_account(on, account)?;
            }
            for (account, text, scope) in [
                (1, "email:verified", Private),
                (1, "email:verified", Public),
                (2, "email:verified", Private),
                (3, "email:pending", Private),
                (4, "email:verified", Public),
                (5, "phone:verified", Private),
            ] {
                Labels::insert(on, &label(account, text, scope), at(0))?;
            }
            Ok(())
        })
        .await;
    let check = |value: Option<LabelValue>, scope, offset, limit, expected: &[u32], total| {
        let key = label(1, "email:verified", Private).key;
        let expected = (
            expected.iter().map(|nth| account_id(*nth)).collect::<Vec<_>>(),
            total,
        );
        let found = store.read(move |on| on.holders(&key, value.as_ref(), scope, offset, limit));
        async move { assert_eq!(found.await, expected) }
    };
    check(None, None, 0, 9, &[4, 3, 2, 1], 4).await;
    check(Some(LabelValue::VERIFIED), None, 0, 9, &[4, 2, 1], 3).await;
    check(Some(LabelValue::VERIFIED), Some(Private), 0, 9, &[2, 1], 2).await;
    check(None, Some(Private), 0, 9, &[3, 2, 1], 3).await;
    check(None, None, 1, 2, &[3, 2], 4).await;
    check(Some(LabelValue::REJECTED), None, 0, 9, &[], 0).await;
}

async fn values_are_counted_in_the_private_scope(store: AnyStore) {
    let count = |limit| store.read(move |on| on.count_by_value(limit));
    assert!(count(9).await.is_empty());
    store
        .write(|on| {
            for account in 1..=4 {
                make_account(on, account)?;
            }
            for (account, text, scope) in [
                (1, "phone:verified", Private),
                (2, "phone:verified", Private),
                (1, "email:verified", Private),
                (2, "email:verified", Private),
                (3, "email:verified", Private),
                (4, "email:pending", Private),
                (4, "a_b:verified", Private),
                (4, "a-b:verified", Private),
                (4, "phone:verified", Public),
            ] {
                Labels::insert(on, &label(account, text, scope), at(0))?;
            }
            Ok(())
        })
        .await;
    let text = |rows: Vec<(clavis_kyc::LabelKey, LabelValue, u64)>| {
        rows.into_iter()
            .map(|(key, value, count)| format!("{key}:{value} {count}"))
            .collect::<Vec<_>>()
    };
    // What is equally frequent is ordered by its bytes.
    assert_eq!(
        text(count(9).await),
        [
            "email:verified 3",
            "phone:verified 2",
            "a-b:verified 1",
            "a_b:verified 1",
            "email:pending 1"
        ]
    );
    assert_eq!(text(count(1).await), ["email:verified 3"]);
}

fn put_level(on: &dyn Ports, account: AccountId, level: u8, table: i64) -> Result<(), StoreError> {
    Levels::put(
        on,
        &KeptLevel {
            account,
            level,
            table,
        },
    )
}

async fn a_level_is_kept_in_place_of_the_one_before(store: AnyStore) {
    let levels = store
        .write(|on| {
            make_account(on, 1)?;
            let mut levels = vec![Levels::find(on, account_id(1))?];
            for (level, table) in [(0, i64::MIN), (255, i64::MAX), (1, -1)] {
                put_level(on, account_id(1), level, table)?;
                levels.push(Levels::find(on, account_id(1))?);
            }
            // Nobody is on no level.
            put_level(on, account_id(9), 1, 1)?;
            levels.push(Levels::find(on, account_id(9))?);
            Ok(levels)
        })
        .await;
    let kept: Vec<_> = levels
        .into_iter()
        .map(|kept| kept.map(|kept| (kept.account, kept.level, kept.table)))
        .collect();
    let ann = account_id(1);
    assert_eq!(
        kept,
        [
            None,
            Some((ann, 0, i64::MIN)),
            Some((ann, 255, i64::MAX)),
            Some((ann, 1, -1)),
            None
        ]
    );
}

async fn levels_of_another_table_are_found(store: AnyStore) {
    store
        .write(|on| {
            for (account, table) in [(1, -7), (2, 5), (3, 9), (4, 9)] {
                make_account(on, account)?;
                put_level(on, account_id(account), 1, table)?;
            }
            // Never had a label.
            make_account(on, 5).map(drop)
        })
        .await;
    let outdated = |table, limit| {
        let found = store.read(move |on| on.outdated(table, limit));
        async move {
            let mut found = found.await;
            found.sort();
            found
        }
    };
    assert_eq!(outdated(9, 9).await, [1, 2].map(account_id));
    assert_eq!(outdated(5, 9).await, [1, 3, 4].map(account_id));
    assert_eq!(outdated(6, 9).await.len(), 4);
    assert_eq!(outdated(6, 3).await.len(), 3);
}
