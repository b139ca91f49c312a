use clavis_identity::{AccountState, Accounts, ProfileChange};
use clavis_kernel::{AccountNumber, Dialect};

use super::samples::{account_id, at, email, make_account, new_account};
use super::{AnyStore, on_every_store};

on_every_store!(
    an_account_reads_back_as_it_was_made,
    unusual_text_reads_back,
    a_uid_belongs_to_one_account,
    numbers_are_given_in_order,
    an_account_is_found_by_id_and_number,
    an_account_is_found_by_its_uid_to_the_letter,
    many_accounts_come_in_the_order_of_their_numbers,
    a_state_changes_only_from_the_one_expected,
    a_profile_change_leaves_the_rest,
    a_touch_moves_one_time_only,
    an_erased_account_keeps_what_a_tombstone_needs,
    moments_are_noted,
    a_count_leaves_tombstones_out,
    changes_to_nobody_change_nothing,
);

async fn an_account_reads_back_as_it_was_made(store: AnyStore) {
    let made = store.write(|on| make_account(on, 1)).await;
    let read = store.read(|on| Accounts::find(on, account_id(1))).await.unwrap();
    for account in [made, read] {
        let new = new_account(1);
        assert_eq!(
            (account.id, account.uid, account.state),
            (new.id, new.uid, new.state)
        );
        assert_eq!(account.display_name, new.display_name);
        assert!(account.contact == Some(email(1)));
        assert_eq!((account.avatar, account.attributes), (None, new.attributes));
        assert_eq!(account.created_through, Dialect::Pluto);
        assert_eq!((account.created_at, account.updated_at), (at(0), at(0)));
        assert_eq!((account.valid_after, account.last_login_at), (None, None));
    }
}

async fn unusual_text_reads_back(store: AnyStore) {
    let unusual = "\u{1f9d1}\u{200d}\u{1f680} \u{202e}abc' \"; -- \\ %_ \u{10ffff}\u{1}\n\ttail ";
    let made = store
        .write(move |on| {
            let mut account = new_account(1);
            account.display_name = unusual.to_owned();
            account.avatar = Some(unusual.repeat(100));
            // A JSON text may write any character, NUL too, as an escape.
            account
                .attributes
                .insert(unusual.to_owned(), "\"\\u0000\"".to_owned());
            Accounts::insert(on, &account)
        })
        .await;
    let read = store.read(|on| Accounts::find(on, account_id(1))).await;
    for account in [made.unwrap(), read.unwrap()] {
        assert_eq!(account.display_name, unusual);
        assert_eq!(account.avatar, Some(unusual.repeat(100)));
        assert_eq!(account.attributes.get(unusual).unwrap(), "\"\\u0000\"");
    }
}

async fn a_uid_belongs_to_one_account(store: AnyStore) {
    store.write(|on| make_account(on, 1)).await;
    let second = store
        .write(|on| {
            let mut account = new_account(2);
            account.uid = new_account(1).uid;
            Accounts::insert(on, &account)
        })
        .await;
    assert!(second.is_none());
    assert!(store.read(|on| Accounts::find(on, account_id(2))).await.is_none());

    // An id that is taken is no answer to a caller but a fault.
    let same_id = store
        .try_write(|on| {
            let mut account = new_account(1);
            account.uid = new_account(3).uid;
            Accounts::insert(on, &account)
        })
        .await;
    assert!(same_id.is_err());
}

async fn numbers_are_given_in_order(store: AnyStore) {
    let mut last = AccountNumber(0);
    for nth in 1..=5 {
        let made = store.write(move |on| make_account(on, nth)).await;
        assert!(made.number > last);
        last = made.number;
    }
}

async fn an_account_is_found_by_id_and_number(store: AnyStore) {
    let made = store.write(|on| make_account(on, 1)).await;
    store.write(|on| make_account(on, 2)).await;
    let number = made.number;
    let found = store.read(move |on| Accounts::find_by_number(on, number)).await;
    assert_eq!(found.unwrap().id, made.id);
    let locked = store
        .write(|on| Accounts::find_for_update(on, account_id(1)))
        .await;
    assert_eq!(locked.unwrap().number, made.number);

    let unknown = store
        .write(|on| {
            Ok((
                Accounts::find(on, account_id(9))?,
                Accounts::find_for_update(on, account_id(9))?,
                Accounts::find_by_number(on, AccountNumber(-1))?,
            ))
        })
        .await;
    assert!(matches!(unknown, (None, None, None)));
}

async fn an_account_is_found_by_its_uid_to_the_letter(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 1)?;
            let mut account = new_account(2);
            account.uid = "IDabc".parse().unwrap();
            Accounts::insert(on, &account)
        })
        .await;
    for (uid, expected) in [
        ("IDabc", Some(account_id(2))),
        ("IDABC", None),
        ("ID0000000001", Some(account_id(1))),
    ] {
        let found = store.read(move |on| on.find_by_uid(&uid.parse().unwrap())).await;
        assert_eq!(found.map(|account| account.id), expected, "{uid}");
    }
}

async fn many_accounts_come_in_the_order_of_their_numbers(store: AnyStore) {
    let found = store
        .write(|on| {
            for nth in [3, 1, 2, 4] {
                make_account(on, nth)?;
            }
            assert!(on.find_all(&[])?.is_empty());
            on.find_all(&[1, 9, 2, 3, 1].map(account_id))
        })
        .await;
    let ids: Vec<_> = found.into_iter().map(|account| account.id).collect();
    assert_eq!(ids, [3, 1, 2].map(account_id));
}

async fn a_state_changes_only_from_the_one_expected(store: AnyStore) {
    use AccountState::{Active, Banned, Locked};
    store.write(|on| make_account(on, 1)).await;
    let (wrong, right) = store
        .write(|on| {
            Ok((
                Accounts::set_state(on, account_id(1), Banned, Locked, at(5))?,
                Accounts::set_state(on, account_id(1), Active, Locked, at(7))?,
            ))
        })
        .await;
    assert!(!wrong && right);
    let account = store.read(|on| Accounts::find(on, account_id(1))).await.unwrap();
    assert_eq!((account.state, account.updated_at), (Locked, at(7)));
}

async fn a_profile_change_leaves_the_rest(store: AnyStore) {
    store.write(|on| make_account(on, 1)).await;
    let avatar = ProfileChange {
        avatar: Some("/a.png".to_owned()),
        attributes: [("town".to_owned(), "\"Ulm\"".to_owned())].into(),
        ..ProfileChange::default()
    };
    let name = ProfileChange {
        display_name: Some("Bea".to_owned()),
        ..ProfileChange::default()
    };
    store
        .write(move |on| {
            Accounts::set_profile(on, account_id(1), &avatar, at(1))?;
            Accounts::set_profile(on, account_id(1), &name, at(2))
        })
        .await;
    let account = store.read(|on| Accounts::find(on, account_id(1))).await.unwrap();
    assert_eq!(account.display_name, "Bea");
    assert_eq!(account.avatar.as_deref(), Some("/a.png"));
    let attributes: Vec<_> = account
        .attributes
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    assert_eq!(attributes, [("age", "41"), ("town", "\"Ulm\"")]);
    assert!(account.contact == Some(email(1)));
    assert_eq!(account.updated_at, at(2));
}

async fn a_touch_moves_one_time_only(store: AnyStore) {
    store.write(|on| make_account(on, 1)).await;
    store.write(|on| Accounts::touch(on, account_id(1), at(9))).await;
    let account = store.read(|on| Accounts::find(on, account_id(1))).await.unwrap();
    assert_eq!((account.created_at, account.updated_at), (at(0), at(9)));
    assert_eq!(account.last_login_at, None);
}

async fn an_erased_account_keeps_what_a_tombstone_needs(store: AnyStore) {
    let made = store.write(|on| make_account(on, 1)).await;
    store.write(|on| Accounts::erase(on, account_id(1), at(9))).await;
    let account = store.read(|on| Accounts::find(on, account_id(1))).await.unwrap();
    assert_eq!(
        (account.number, account.uid, account.state),
        (made.number, made.uid, made.state)
    );
    assert_eq!((account.created_at, account.updated_at), (at(0), at(9)));
    assert_eq!(account.display_name, "");
    assert!(account.contact.is_none() && account.avatar.is_none() && account.attributes.is_empty());
}

async fn moments_are_noted(store: AnyStore) {
    store.write(|on| make_account(on, 1)).await;
    store
        .write(|on| {
            Accounts::set_valid_after(on, account_id(1), at(3))?;
            Accounts::set_last_login(on, account_id(1), at(4))
        })
        .await;
    let account = store.read(|on| Accounts::find(on, account_id(1))).await.unwrap();
    assert_eq!(
        (account.valid_after, account.last_login_at),
        (Some(at(3)), Some(at(4)))
    );
    assert_eq!(account.updated_at, at(0));
}

async fn a_count_leaves_tombstones_out(store: AnyStore) {
    store
        .write(|on| {
            for (nth, state) in (0..).zip(AccountState::ALL) {
                let mut account = new_account(nth);
                account.state = state;
                Accounts::insert(on, &account)?;
            }
            Ok(())
        })
        .await;
    assert_eq!(store.read(|on| Accounts::count(on)).await, 4);
}

async fn changes_to_nobody_change_nothing(store: AnyStore) {
    use AccountState::{Active, Banned};
    let changed = store
        .write(|on| {
            let nobody = account_id(9);
            Accounts::set_profile(on, nobody, &ProfileChange::default(), at(0))?;
            Accounts::touch(on, nobody, at(0))?;
            Accounts::erase(on, nobody, at(0))?;
            Accounts::set_valid_after(on, nobody, at(0))?;
            Accounts::set_last_login(on, nobody, at(0))?;
            Accounts::set_state(on, nobody, Active, Banned, at(0))
        })
        .await;
    assert!(!changed);
    assert_eq!(store.read(|on| Accounts::count(on)).await, 0);
    assert_eq!(store.revocations(), 0);
}
