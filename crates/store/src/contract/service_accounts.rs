use clavis_flows::Ports;
use clavis_identity::{NewServiceAccount, ServiceAccount, ServiceAccounts, ServiceState};
use clavis_kernel::{ServiceAccountId, StoreError};
use clavis_tokens::{ApiKeyHolder, ApiKeyState, ApiKeys, NewApiKey};

use super::samples::{account_id, api_key, at, make_account};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_service_account_reads_back_as_it_was_made,
    a_uid_or_an_address_is_one_service_accounts,
    service_accounts_come_in_the_order_they_were_made,
    keys_of_a_service_account_are_not_its_owners_own,
    keys_go_with_a_service_account_to_its_new_owner,
    whoever_remembers_keys_is_told_when_a_service_account_changes,
);

fn service(nth: u32, owner: u32) -> NewServiceAccount {
    NewServiceAccount {
        uid: format!("SI{nth:010X}").parse().unwrap(),
        owner: account_id(owner),
        address: format!("Bot{nth}@example.org").parse().unwrap(),
        role: "maker".parse().unwrap(),
    }
}

fn make(on: &dyn Ports, nth: u32, owner: u32) -> Result<ServiceAccount, StoreError> {
    Ok(ServiceAccounts::insert(on, &service(nth, owner), at(3))?.unwrap())
}

fn key_of(nth: u32, holder: ApiKeyHolder) -> NewApiKey {
    NewApiKey {
        holder,
        ..api_key(nth, 1)
    }
}

async fn a_service_account_reads_back_as_it_was_made(store: AnyStore) {
    let made = store
        .write(|on| {
            make_account(on, 1)?;
            make(on, 7, 1)
        })
        .await;
    let expected = ServiceAccount {
        id: made.id,
        uid: "SI0000000007".parse().unwrap(),
        owner: account_id(1),
        address: "Bot7@example.org".parse().unwrap(),
        role: "maker".parse().unwrap(),
        state: ServiceState::Active,
        created_at: at(3),
        updated_at: at(3),
    };
    assert_eq!(made, expected);
    let id = made.id;
    let found = store
        .read(move |on| {
            Ok([
                ServiceAccounts::find(on, id)?,
                on.named(&"SI0000000007".parse().unwrap())?,
                on.addressed(&"bot7@EXAMPLE.org".parse().unwrap())?,
                ServiceAccounts::find(on, ServiceAccountId(i64::MAX))?,
                on.named(&"SI0000000008".parse().unwrap())?,
                on.addressed(&"bot@example.org".parse().unwrap())?,
            ])
        })
        .await;
    let same = Some(expected);
    assert_eq!(found, [same.clone(), same.clone(), same, None, None, None]);
}

async fn a_uid_or_an_address_is_one_service_accounts(store: AnyStore) {
    let again = store
        .write(|on| {
            make_account(on, 1)?;
            make(on, 1, 1)?;
            let same_uid = NewServiceAccount {
                uid: service(1, 1).uid,
                ..service(2, 1)
            };
            let same_address = NewServiceAccount {
                address: "bOT1@example.org".parse().unwrap(),
                ..service(2, 1)
            };
            Ok([
                ServiceAccounts::insert(on, &same_uid, at(0))?.is_some(),
                ServiceAccounts::insert(on, &same_address, at(0))?.is_some(),
                ServiceAccounts::insert(on, &service(2, 1), at(0))?.is_some(),
            ])
        })
        .await;
    assert_eq!(again, [false, false, true]);
}

async fn service_accounts_come_in_the_order_they_were_made(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            for (nth, owner) in [(5, 1), (1, 2), (4, 1), (2, 1)] {
                make(on, nth, owner)?;
            }
            Ok(())
        })
        .await;
    let page = |owner: Option<u32>, skipped, limit| {
        let found = store.read(move |on| ServiceAccounts::page(on, owner.map(account_id), skipped, limit));
        async move {
            let (found, total) = found.await;
            let uids: Vec<_> = found.iter().map(|service| service.uid.to_string()).collect();
            (uids, total)
        }
    };
    let uids = |numbers: &[u32]| -> Vec<String> {
        numbers
            .iter()
            .map(|nth| service(*nth, 1).uid.to_string())
            .collect()
    };
    assert_eq!(page(Some(1), 0, 9).await, (uids(&[5, 4, 2]), 3));
    assert_eq!(page(Some(1), 1, 1).await, (uids(&[4]), 3));
    assert_eq!(page(None, 0, 2).await, (uids(&[5, 1]), 4));
    assert_eq!(page(None, 0, 0).await, (uids(&[]), 4));
    assert_eq!(page(Some(3), u64::MAX, 9).await, (uids(&[]), 0));
}

async fn keys_of_a_service_account_are_not_its_owners_own(store: AnyStore) {
    let (counts, removed, deactivated) = store
        .write(|on| {
            make_account(on, 1)?;
            let bot = ApiKeyHolder::service(account_id(1), make(on, 1, 1)?.id);
            let other = ApiKeyHolder::service(account_id(1), make(on, 2, 1)?.id);
            let own = ApiKeyHolder::account(account_id(1));
            for (nth, holder) in [(1, own), (2, bot), (3, bot), (4, other)] {
                ApiKeys::insert(on, &key_of(nth, holder))?;
            }
            let read = ApiKeys::find(on, &api_key(2, 1).kid)?.unwrap();
            assert_eq!(read.holder, bot);
            let listed = ApiKeys::of_holder(on, bot, 1, 9)?;
            assert_eq!(listed.len(), 1);
            assert_eq!(listed[0].kid, api_key(3, 1).kid);
            let counts = [
                ApiKeys::count_of_holder(on, own)?,
                ApiKeys::count_of_holder(on, bot)?,
                ApiKeys::count_of_holder(on, other)?,
            ];
            let removed = [
                ApiKeys::remove(on, &api_key(3, 1).kid, own)?,
                ApiKeys::remove(on, &api_key(3, 1).kid, other)?,
                ApiKeys::remove(on, &api_key(3, 1).kid, bot)?,
            ];
            let deactivated = [
                on.deactivate_all(own, at(5))?,
                on.deactivate_all(bot, at(5))?,
                on.deactivate_all_answered_for(account_id(1), at(6))?,
                on.deactivate_all_answered_for(account_id(1), at(7))?,
            ];
            let last = ApiKeys::find(on, &api_key(4, 1).kid)?.unwrap();
            assert_eq!((last.state, last.updated_at), (ApiKeyState::inactive(), at(6)));
            Ok((counts, removed, deactivated))
        })
        .await;
    assert_eq!(counts, [1, 2, 1]);
    assert_eq!(removed, [false, false, true]);
    assert_eq!(deactivated, [1, 1, 1, 0]);
}

async fn keys_go_with_a_service_account_to_its_new_owner(store: AnyStore) {
    let changed = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            let made = make(on, 1, 1)?;
            ApiKeys::insert(on, &key_of(1, ApiKeyHolder::service(account_id(1), made.id)))?;
            ApiKeys::insert(on, &key_of(2, ApiKeyHolder::account(account_id(1))))?;
            let changed = ServiceAccount {
                owner: account_id(2),
                role: "trader".parse().unwrap(),
                state: ServiceState::Disabled,
                updated_at: at(9),
                ..made
            };
            assert!(ServiceAccounts::update(on, &changed, at(9))?);
            let nobody = ServiceAccount {
                id: ServiceAccountId(i64::MAX),
                ..changed.clone()
            };
            assert!(!ServiceAccounts::update(on, &nobody, at(9))?);
            Ok(changed)
        })
        .await;
    let id = changed.id;
    let (read, holders) = store
        .read(move |on| {
            let holder = |nth| Ok::<_, StoreError>(ApiKeys::find(on, &api_key(nth, 1).kid)?.unwrap().holder);
            Ok((ServiceAccounts::find(on, id)?, [holder(1)?, holder(2)?]))
        })
        .await;
    assert_eq!(read, Some(changed));
    assert_eq!(
        holders,
        [
            ApiKeyHolder::service(account_id(2), id),
            ApiKeyHolder::account(account_id(1)),
        ]
    );
}

async fn whoever_remembers_keys_is_told_when_a_service_account_changes(store: AnyStore) {
    let made = store
        .write(|on| {
            make_account(on, 1)?;
            make(on, 1, 1)
        })
        .await;
    let before = store.revocations();
    store
        .write(move |on| ServiceAccounts::update(on, &made, at(5)))
        .await;
    assert!(store.revocations() > before);
}
