use clavis_identity::{AccountState, Accounts, Identities, IdentityKey, IdentityKind};
use clavis_kernel::Dialect;

use super::samples::{account_id, address, at, email, make_account, name, new_account};
use super::{AnyStore, on_every_store};

on_every_store!(
    an_identity_reads_back_as_it_was_typed,
    a_key_belongs_to_one_account_whatever_its_case,
    a_name_and_an_address_do_not_collide,
    addresses_come_first_and_each_kind_in_the_order_of_claims,
    identities_of_many_accounts_come_together,
    only_the_holder_proves_a_key,
    only_the_holder_releases_a_key,
    a_released_key_is_free,
    holders_are_counted_once_and_tombstones_never,
);

async fn an_identity_reads_back_as_it_was_typed(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 1)?;
            Identities::claim(on, &address(1, 1))
        })
        .await;
    let found = store
        .read(|on| Identities::find(on, &address(1, 1).key))
        .await
        .unwrap();
    assert_eq!(found.key, address(1, 1).key);
    assert_eq!(found.value, email(1).as_str());
    assert_eq!((found.account, found.proven_at), (account_id(1), None));
    assert_eq!(found.claimed_through, Dialect::BackendPlus);
    assert!(
        store
            .read(|on| Identities::find(on, &address(2, 1).key))
            .await
            .is_none()
    );
}

async fn a_key_belongs_to_one_account_whatever_its_case(store: AnyStore) {
    let claims = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            Ok([
                Identities::claim(on, &name("Ärger", 1))?,
                Identities::claim(on, &name("ÄRGER", 2))?,
                Identities::claim(on, &name("ärger", 1))?,
            ])
        })
        .await;
    assert_eq!(claims, [true, false, false]);
    let holder = store
        .read(|on| Identities::find(on, &name("äRGER", 9).key))
        .await
        .unwrap();
    assert_eq!((holder.account, &*holder.value), (account_id(1), "Ärger"));
}

async fn a_name_and_an_address_do_not_collide(store: AnyStore) {
    let claims = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            // The domain makes no such name; the store does not count on it.
            let mut same = name("ann", 2);
            same.key = IdentityKey::from_stored(IdentityKind::Name, email(1).key());
            Ok([
                Identities::claim(on, &address(1, 1))?,
                Identities::claim(on, &same)?,
            ])
        })
        .await;
    assert_eq!(claims, [true, true]);
}

async fn addresses_come_first_and_each_kind_in_the_order_of_claims(store: AnyStore) {
    let claimed = [name("zoe", 1), address(9, 1), name("ann", 1), address(2, 1)];
    for identity in claimed.clone() {
        store
            .write(move |on| {
                if Accounts::find(on, account_id(1))?.is_none() {
                    make_account(on, 1)?;
                }
                Identities::claim(on, &identity)
            })
            .await;
    }
    // Claimed anew, it is the last of its kind.
    store
        .write(|on| {
            Identities::release(on, &address(9, 1).key, account_id(1))?;
            Identities::claim(on, &address(9, 1))
        })
        .await;
    let values: Vec<_> = store
        .read(|on| Identities::of_account(on, account_id(1)))
        .await
        .into_iter()
        .map(|identity| identity.value)
        .collect();
    assert_eq!(values, [email(2).as_str(), email(9).as_str(), "zoe", "ann"]);
}

async fn identities_of_many_accounts_come_together(store: AnyStore) {
    let found = store
        .write(|on| {
            for account in 1..=3 {
                make_account(on, account)?;
            }
            for identity in [
                name("zoe", 2),
                address(2, 2),
                name("ann", 1),
                address(3, 3),
                address(1, 1),
            ] {
                Identities::claim(on, &identity)?;
            }
            assert!(Identities::of_accounts(on, &[])?.is_empty());
            Identities::of_accounts(on, &[2, 9, 1].map(account_id))
        })
        .await;
    let values: Vec<_> = found.into_iter().map(|identity| identity.value).collect();
    assert_eq!(values, [email(1).as_str(), "ann", email(2).as_str(), "zoe"]);
}

async fn only_the_holder_proves_a_key(store: AnyStore) {
    let proofs = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            Identities::claim(on, &address(1, 1))?;
            Ok([
                Identities::prove(on, &address(1, 1).key, account_id(2), at(1))?,
                Identities::prove(on, &address(2, 1).key, account_id(1), at(2))?,
                Identities::prove(on, &address(1, 1).key, account_id(1), at(3))?,
            ])
        })
        .await;
    assert_eq!(proofs, [false, false, true]);
    let found = store
        .read(|on| Identities::find(on, &address(1, 1).key))
        .await
        .unwrap();
    assert_eq!(found.proven_at, Some(at(3)));
}

async fn only_the_holder_releases_a_key(store: AnyStore) {
    let (by_another, by_holder, again) = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            let key = address(1, 1).key;
            Identities::claim(on, &address(1, 1))?;
            Ok((
                Identities::release(on, &key, account_id(2))?,
                Identities::release(on, &key, account_id(1))?,
                Identities::release(on, &key, account_id(1))?,
            ))
        })
        .await;
    assert!(!by_another && by_holder && !again);
}

async fn a_released_key_is_free(store: AnyStore) {
    let (released, claimed, left) = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            Identities::claim(on, &address(1, 1))?;
            Identities::claim(on, &name("ann", 1))?;
            Identities::claim(on, &name("bea", 2))?;
            Ok((
                Identities::release_all(on, account_id(1))?,
                Identities::claim(on, &address(1, 2))?,
                Identities::of_account(on, account_id(1))?.len(),
            ))
        })
        .await;
    assert_eq!((released, claimed, left), (2, true, 0));
    assert_eq!(
        store
            .read(|on| Identities::of_account(on, account_id(2)))
            .await
            .len(),
        2
    );
}

async fn holders_are_counted_once_and_tombstones_never(store: AnyStore) {
    store
        .write(|on| {
            for (nth, state) in (0..).zip(AccountState::ALL) {
                let mut account = new_account(nth);
                account.state = state;
                Accounts::insert(on, &account)?;
                Identities::claim(on, &address(nth, nth))?;
                Identities::claim(on, &address(nth + 100, nth))?;
            }
            Identities::claim(on, &name("ann", 1)).map(drop)
        })
        .await;
    let (addresses, names) = store
        .read(|on| {
            Ok((
                Identities::count_holders(on, IdentityKind::Address)?,
                Identities::count_holders(on, IdentityKind::Name)?,
            ))
        })
        .await;
    assert_eq!((addresses, names), (4, 1));
}
