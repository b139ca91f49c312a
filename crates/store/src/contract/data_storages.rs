use clavis_flows::{DataStorage, DataStorages, NewDataStorage};
use clavis_kyc::LabelKey;

use super::samples::{account_id, at, make_account};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_text_reads_back_as_it_was_left,
    an_account_has_each_title_once,
    a_text_is_removed_by_account_and_title,
);

fn title(text: &str) -> LabelKey {
    LabelKey::check(text).unwrap()
}

fn text(account: u32, name: &str) -> NewDataStorage {
    NewDataStorage {
        account: account_id(account),
        title: title(name),
        sealed: b"words\0".to_vec(),
    }
}

async fn a_text_reads_back_as_it_was_left(store: AnyStore) {
    let made = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            let mut made = Vec::new();
            for (account, name) in [(1, "wishes"), (2, "wishes"), (1, "company")] {
                made.push(DataStorages::insert(on, &text(account, name), at(3))?.unwrap());
            }
            Ok(made)
        })
        .await;
    let expected = DataStorage {
        id: made[0].id,
        account: account_id(1),
        title: title("wishes"),
        sealed: b"words\0".to_vec(),
        created_at: at(3),
        updated_at: at(3),
    };
    assert!(made[0] == expected);
    let of = |accounts: &'static [u32]| {
        store.read(move |on| {
            let accounts: Vec<_> = accounts.iter().map(|nth| account_id(*nth)).collect();
            DataStorages::of_accounts(on, &accounts)
        })
    };
    assert!(of(&[1]).await == [made[0].clone(), made[2].clone()]);
    assert!(of(&[2, 1]).await == made);
    assert!(of(&[3]).await.is_empty());
    assert!(of(&[]).await.is_empty());
}

async fn an_account_has_each_title_once(store: AnyStore) {
    let made = store
        .write(|on| {
            make_account(on, 1)?;
            Ok([
                DataStorages::insert(on, &text(1, "wishes"), at(1))?.is_some(),
                DataStorages::insert(on, &text(1, "wishes"), at(2))?.is_some(),
            ])
        })
        .await;
    assert_eq!(made, [true, false]);
}

async fn a_text_is_removed_by_account_and_title(store: AnyStore) {
    let removed = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            DataStorages::insert(on, &text(1, "wishes"), at(1))?;
            DataStorages::insert(on, &text(2, "wishes"), at(1))?;
            Ok([
                DataStorages::remove(on, account_id(1), &title("wishes"))?,
                DataStorages::remove(on, account_id(1), &title("wishes"))?,
                DataStorages::remove(on, account_id(2), &title("other"))?,
            ])
        })
        .await;
    assert_eq!(removed, [true, false, false]);
    let left = store
        .read(|on| DataStorages::of_accounts(on, &[account_id(1), account_id(2)]))
        .await;
    assert_eq!(left.len(), 1);
}
