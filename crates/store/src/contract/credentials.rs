use clavis_identity::{FailureCount, LoginFailures, PasswordCredentials};

use super::samples::{account_id, at, make_account, password_hash};
use super::{AnyStore, on_every_store};

on_every_store!(
    versions_count_passwords,
    a_password_removed_is_gone,
    a_hash_is_replaced_only_for_the_version_it_was_made_of,
    failures_are_kept_until_cleared,
);

async fn versions_count_passwords(store: AnyStore) {
    assert!(
        store
            .read(|on| PasswordCredentials::find(on, account_id(1)))
            .await
            .is_none()
    );
    for (version, nth) in [(1, 1), (2, 2), (3, 2)] {
        store
            .write(move |on| {
                if version == 1 {
                    make_account(on, 1)?;
                }
                PasswordCredentials::set(on, account_id(1), &password_hash(nth), at(version))
            })
            .await;
        let found = store
            .read(|on| PasswordCredentials::find(on, account_id(1)))
            .await
            .unwrap();
        assert_eq!(
            (found.account, found.version, found.changed_at),
            (account_id(1), version, at(version))
        );
        assert!(found.hash == password_hash(nth));
    }
}

async fn a_password_removed_is_gone(store: AnyStore) {
    let found = store
        .write(|on| {
            make_account(on, 1)?;
            PasswordCredentials::set(on, account_id(1), &password_hash(1), at(0))?;
            PasswordCredentials::remove(on, account_id(1))?;
            PasswordCredentials::remove(on, account_id(1))?;
            PasswordCredentials::find(on, account_id(1))
        })
        .await;
    assert!(found.is_none());
}

async fn a_hash_is_replaced_only_for_the_version_it_was_made_of(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 1)?;
            PasswordCredentials::set(on, account_id(1), &password_hash(1), at(0))?;
            PasswordCredentials::set(on, account_id(1), &password_hash(2), at(1))
        })
        .await;
    let before = store.revocations();
    let (stale, current, nobody) = store
        .write(|on| {
            Ok((
                PasswordCredentials::rehash(on, account_id(1), 1, &password_hash(3))?,
                PasswordCredentials::rehash(on, account_id(1), 2, &password_hash(4))?,
                PasswordCredentials::rehash(on, account_id(9), 1, &password_hash(5))?,
            ))
        })
        .await;
    assert!(!stale && current && !nobody);
    let found = store
        .read(|on| PasswordCredentials::find(on, account_id(1)))
        .await
        .unwrap();
    // The password is the same: its version, its age and what was given out for it stay.
    assert_eq!((found.version, found.changed_at), (2, at(1)));
    assert!(found.hash == password_hash(4));
    assert_eq!(store.revocations(), before);
}

async fn failures_are_kept_until_cleared(store: AnyStore) {
    let count = |failures, seconds| FailureCount {
        account: account_id(1),
        failures,
        window_started_at: at(seconds),
    };
    let found = store
        .write(move |on| {
            make_account(on, 1)?;
            let none = LoginFailures::find(on, account_id(1))?;
            LoginFailures::put(on, &count(1, 1))?;
            let first = LoginFailures::find(on, account_id(1))?;
            LoginFailures::put(on, &count(u32::MAX, 2))?;
            let second = LoginFailures::find(on, account_id(1))?;
            LoginFailures::clear(on, account_id(1))?;
            LoginFailures::clear(on, account_id(1))?;
            Ok([none, first, second, LoginFailures::find(on, account_id(1))?])
        })
        .await;
    assert_eq!(found, [None, Some(count(1, 1)), Some(count(u32::MAX, 2)), None]);
}
