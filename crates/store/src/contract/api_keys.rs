use clavis_tokens::{ApiKeyAlgorithm, ApiKeyHolder, ApiKeyState, ApiKeys};

use super::samples::{account_id, api_key, at, make_account};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_key_reads_back_as_it_was_made,
    a_kid_belongs_to_one_key,
    keys_come_in_the_order_they_were_made,
    an_update_leaves_out_a_state_that_is_not_given,
    only_its_owner_removes_a_key,
    every_active_key_of_one_account_is_deactivated,
);

fn of(account: u32) -> ApiKeyHolder {
    ApiKeyHolder::account(account_id(account))
}

async fn a_key_reads_back_as_it_was_made(store: AnyStore) {
    let made = store
        .write(|on| {
            make_account(on, 1)?;
            ApiKeys::insert(on, &api_key(1, 1))
        })
        .await;
    let read = store.read(|on| ApiKeys::find(on, &api_key(1, 1).kid)).await;
    let new = api_key(1, 1);
    for key in [made.unwrap(), read.unwrap()] {
        assert_eq!((&key.kid, key.holder), (&new.kid, of(1)));
        assert_eq!(
            (key.algorithm, &key.scopes),
            (ApiKeyAlgorithm::Hs384, &new.scopes)
        );
        assert_eq!((&key.state, &key.sealed_secret), (&new.state, &new.sealed_secret));
        assert_eq!((key.created_at, key.updated_at), (at(0), at(0)));
    }
    let unknown = store.read(|on| ApiKeys::find(on, &api_key(2, 1).kid)).await;
    assert!(unknown.is_none());
}

async fn a_kid_belongs_to_one_key(store: AnyStore) {
    let second = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            ApiKeys::insert(on, &api_key(1, 1))?;
            ApiKeys::insert(on, &api_key(1, 2))
        })
        .await;
    assert!(second.is_none());
    let kept = store.read(|on| ApiKeys::find(on, &api_key(1, 1).kid)).await;
    assert_eq!(kept.unwrap().holder, of(1));
}

async fn keys_come_in_the_order_they_were_made(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            for nth in [5, 1, 4, 2] {
                ApiKeys::insert(on, &api_key(nth, 1))?;
                ApiKeys::insert(on, &api_key(nth + 10, 2))?;
            }
            Ok(())
        })
        .await;
    let page = |skipped, limit| {
        let keys = store.read(move |on| ApiKeys::of_holder(on, of(1), skipped, limit));
        async move { keys.await.into_iter().map(|key| key.kid).collect::<Vec<_>>() }
    };
    assert_eq!(page(0, 9).await, [5, 1, 4, 2].map(|nth| api_key(nth, 1).kid));
    assert_eq!(page(1, 2).await, [1, 4].map(|nth| api_key(nth, 1).kid));
    assert!(page(4, 9).await.is_empty());
    assert!(page(u64::MAX, 9).await.is_empty());
    let keys = store.read(|on| ApiKeys::of_holder(on, of(1), 0, 9)).await;
    assert!(keys.is_sorted_by_key(|key| key.position));
    let counts = store
        .read(|on| {
            Ok([
                ApiKeys::count_of_holder(on, of(1))?,
                ApiKeys::count_of_holder(on, of(9))?,
            ])
        })
        .await;
    assert_eq!(counts, [4, 0]);
}

async fn an_update_leaves_out_a_state_that_is_not_given(store: AnyStore) {
    let updated = store
        .write(|on| {
            make_account(on, 1)?;
            ApiKeys::insert(on, &api_key(1, 1))?;
            let (kid, scopes) = (api_key(1, 1).kid, "pay".parse().unwrap());
            let paused: ApiKeyState = "paused".parse().unwrap();
            Ok([
                ApiKeys::update(on, &kid, &scopes, Some(&paused), at(1))?,
                ApiKeys::update(on, &kid, &"".parse().unwrap(), None, at(2))?,
                ApiKeys::update(on, &api_key(2, 1).kid, &scopes, Some(&paused), at(3))?,
            ])
        })
        .await;
    assert_eq!(updated, [true, true, false]);
    let key = store
        .read(|on| ApiKeys::find(on, &api_key(1, 1).kid))
        .await
        .unwrap();
    assert_eq!((key.state.as_str(), &*key.scopes.to_text()), ("paused", ""));
    assert_eq!((key.created_at, key.updated_at), (at(0), at(2)));
}

async fn only_its_owner_removes_a_key(store: AnyStore) {
    let removed = store
        .write(|on| {
            make_account(on, 1)?;
            let key = ApiKeys::insert(on, &api_key(1, 1))?.unwrap();
            let removed = [
                ApiKeys::remove(on, &key.kid, of(2))?,
                ApiKeys::remove(on, &key.kid, of(1))?,
                ApiKeys::remove(on, &key.kid, of(1))?,
            ];
            // A place is never used again.
            assert!(ApiKeys::insert(on, &api_key(1, 1))?.unwrap().position > key.position);
            Ok(removed)
        })
        .await;
    assert_eq!(removed, [false, true, false]);
}

async fn every_active_key_of_one_account_is_deactivated(store: AnyStore) {
    let deactivated = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            for (nth, account) in [(1, 1), (2, 1), (3, 1), (4, 2)] {
                ApiKeys::insert(on, &api_key(nth, account))?;
            }
            let paused: ApiKeyState = "paused".parse().unwrap();
            ApiKeys::update(
                on,
                &api_key(3, 1).kid,
                &api_key(3, 1).scopes,
                Some(&paused),
                at(1),
            )?;
            Ok([on.deactivate_all(of(1), at(5))?, on.deactivate_all(of(1), at(6))?])
        })
        .await;
    assert_eq!(deactivated, [2, 0]);
    for (nth, state, updated_at) in [
        (1, "inactive", at(5)),
        (2, "inactive", at(5)),
        (3, "paused", at(1)),
        (4, "active", at(0)),
    ] {
        let key = store
            .read(move |on| ApiKeys::find(on, &api_key(nth, 1).kid))
            .await
            .unwrap();
        assert_eq!(
            (key.state.as_str(), key.updated_at),
            (state, updated_at),
            "key {nth}"
        );
    }
}
