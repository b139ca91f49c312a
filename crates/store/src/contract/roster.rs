//! The accounts that are not gone, in every order, from either end.

use clavis_flows::{Direction, Roster, Slice, UserFilter, UserOrder};
use clavis_identity::{AccountState, Accounts, Identities, IdentityKey, PersonNames, ProfileChange};

use super::harness::{AnyStore, on_every_store};
use super::samples::{account_id, address, at, email, new_account};

on_every_store!(
    users_come_in_the_order_asked_for_and_what_is_missing_first,
    whoever_is_gone_is_not_listed,
    everything_that_is_given_must_hold_of_users,
    every_page_is_cut_from_the_same_list,
    an_address_is_that_which_is_shown,
    the_first_activation_is_kept,
    the_total_follows_every_change_of_state,
);

const ALL: Slice = Slice {
    offset: 0,
    limit: 100,
};

/// The accounts 1 to 5. 1 is pending and has a name; 2, 3 and 4 are active; 5 is a tombstone.
async fn five(store: &AnyStore) {
    store
        .write(|on| {
            use AccountState::{Active, Deleted, Pending};
            for (nth, state) in (1..).zip([Pending, Active, Active, Active, Deleted]) {
                let mut account = new_account(nth);
                (account.state, account.contact) = (state, None);
                account.created_at = at([50, 10, 20, 20, 30][nth as usize - 1]);
                Accounts::insert(on, &account)?;
            }
            for (nth, first, last) in [
                (1, Some("Zoe"), None),
                (3, Some("ann"), Some("Lee")),
                (4, Some("Ann"), Some("Lee")),
            ] {
                let [first, last] = [first, last].map(|name| name.map(str::to_owned));
                on.set_person_names(account_id(nth), &PersonNames { first, last }, at(60))?;
            }
            for (account, nth) in [(1, 9), (2, 8), (4, 7), (5, 6)] {
                Identities::claim(on, &address(nth, account))?;
            }
            on.set_last_login(account_id(3), at(90))?;
            on.set_last_login(account_id(2), at(91))
        })
        .await;
}

async fn ids(
    store: &AnyStore,
    filter: UserFilter,
    order: UserOrder,
    direction: Direction,
    slice: Slice,
) -> (Vec<u32>, u64) {
    let page = store
        .read(move |on| Roster::page(on, &filter, order, direction, slice))
        .await;
    let numbers = page
        .items
        .into_iter()
        .map(|account| (1..=200).find(|nth| account_id(*nth) == account.id).unwrap());
    (numbers.collect(), page.total)
}

/// The filter that this makes of one that every user fits.
fn with(change: impl FnOnce(&mut UserFilter)) -> UserFilter {
    let mut filter = UserFilter::default();
    change(&mut filter);
    filter
}

async fn users_come_in_the_order_asked_for_and_what_is_missing_first(store: AnyStore) {
    five(&store).await;
    for (order, expected) in [
        (UserOrder::CreatedAt, [2, 3, 4, 1]),
        (UserOrder::Address, [3, 4, 2, 1]),
        (UserOrder::FirstName, [2, 4, 1, 3]),
        (UserOrder::LastName, [1, 2, 3, 4]),
        (UserOrder::LastLoginAt, [1, 4, 3, 2]),
        (UserOrder::ActivatedAt, [1, 2, 3, 4]),
    ] {
        let mut expected = expected.to_vec();
        let ascending = ids(&store, UserFilter::default(), order, Direction::Ascending, ALL).await;
        assert_eq!(ascending, (expected.clone(), 4), "{order:?}");
        expected.reverse();
        let descending = ids(&store, UserFilter::default(), order, Direction::Descending, ALL).await;
        assert_eq!(descending, (expected, 4), "{order:?}");
    }
}

async fn whoever_is_gone_is_not_listed(store: AnyStore) {
    five(&store).await;
    let gone = with(|filter| filter.id = Some(account_id(5)));
    let found = ids(&store, gone, UserOrder::CreatedAt, Direction::Ascending, ALL).await;
    assert_eq!(found, (Vec::new(), 0));
}

async fn everything_that_is_given_must_hold_of_users(store: AnyStore) {
    five(&store).await;
    let shouted = email(7).as_str().to_uppercase();
    for (filter, expected) in [
        (with(|filter| filter.id = Some(account_id(3))), &[3][..]),
        (with(|filter| filter.address = shouted.parse().ok()), &[4]),
        (with(|filter| filter.address = Some(email(5))), &[]),
        (with(|filter| filter.first_name = Some("Ann".to_owned())), &[4]),
        (with(|filter| filter.first_name = Some(String::new())), &[]),
        (with(|filter| filter.last_name = Some("Lee".to_owned())), &[3, 4]),
        (with(|filter| filter.active = Some(true)), &[2, 3, 4]),
        (with(|filter| filter.active = Some(false)), &[1]),
        (
            with(|filter| (filter.last_name, filter.active) = (Some("Lee".to_owned()), Some(false))),
            &[],
        ),
        (
            with(|filter| (filter.id, filter.active) = (Some(account_id(2)), Some(true))),
            &[2],
        ),
    ] {
        for order in UserOrder::ALL {
            let (mut found, total) = ids(&store, filter.clone(), order, Direction::Ascending, ALL).await;
            found.sort_unstable();
            assert_eq!(
                (found.as_slice(), total),
                (expected, expected.len() as u64),
                "{filter:?}"
            );
        }
    }
}

async fn every_page_is_cut_from_the_same_list(store: AnyStore) {
    const COUNT: u32 = 23;
    store
        .write(|on| {
            for nth in 1..=COUNT {
                let mut account = new_account(nth);
                account.created_at = at(i64::from(nth % 7));
                Accounts::insert(on, &account)?;
            }
            Ok(())
        })
        .await;
    for direction in [Direction::Ascending, Direction::Descending] {
        let order = UserOrder::CreatedAt;
        let (whole, _) = ids(&store, UserFilter::default(), order, direction, ALL).await;
        assert_eq!(whole.len(), COUNT as usize);
        let mut joined = Vec::new();
        for page in 0..5 {
            let slice = Slice {
                offset: page * 5,
                limit: 5,
            };
            let (part, total) = ids(&store, UserFilter::default(), order, direction, slice).await;
            assert_eq!(total, u64::from(COUNT));
            joined.extend(part);
        }
        assert_eq!(joined, whole);
        for offset in [25, 10_000_000_000, u64::MAX] {
            let past = Slice { offset, limit: 5 };
            let nobody = ids(&store, UserFilter::default(), order, direction, past).await;
            assert_eq!(nobody, (Vec::new(), u64::from(COUNT)));
        }
    }
}

async fn an_address_is_that_which_is_shown(store: AnyStore) {
    store
        .write(|on| Accounts::insert(on, &new_account(1)).map(drop))
        .await;
    let fits = |nth| {
        let filter = with(|filter| filter.address = Some(email(nth)));
        let found = ids(&store, filter, UserOrder::Address, Direction::Ascending, ALL);
        async move { found.await.1 == 1 }
    };
    assert!(fits(1).await, "the contact address, for want of another");
    store
        .write(|on| Identities::claim(on, &address(2, 1)).map(drop))
        .await;
    assert!(fits(2).await && !fits(1).await, "a log-in address goes first");
    store
        .write(|on| Identities::claim(on, &address(3, 1)).map(drop))
        .await;
    assert!(fits(2).await && !fits(3).await, "the one claimed first");
    store
        .write(|on| {
            on.release(&IdentityKey::address(&email(2)), account_id(1))
                .map(drop)
        })
        .await;
    assert!(fits(3).await);
    store.write(|on| on.release_all(account_id(1)).map(drop)).await;
    assert!(fits(1).await, "the contact address again");
    store
        .write(|on| {
            let contact = Some(email(4));
            let change = ProfileChange {
                contact,
                ..ProfileChange::default()
            };
            on.set_profile(account_id(1), &change, at(1))
        })
        .await;
    assert!(fits(4).await);
    store.write(|on| on.erase(account_id(1), at(2))).await;
    assert!(!fits(4).await);
}

async fn the_first_activation_is_kept(store: AnyStore) {
    use AccountState::{Active, Locked, Pending};
    store
        .write(|on| {
            let mut pending = new_account(1);
            pending.state = Pending;
            Accounts::insert(on, &pending)?;
            Accounts::insert(on, &new_account(2)).map(drop)
        })
        .await;
    let activated = |nth| {
        let found = store.read(move |on| Accounts::find(on, account_id(nth)));
        async move { found.await.unwrap().activated_at }
    };
    assert_eq!(activated(1).await, None);
    assert_eq!(activated(2).await, Some(at(0)), "it was made active");
    for (from, to, when) in [(Pending, Active, 5), (Active, Locked, 6), (Locked, Active, 7)] {
        store
            .write(move |on| on.set_state(account_id(1), from, to, at(when)).map(drop))
            .await;
        assert_eq!(activated(1).await, Some(at(5)));
    }
}

async fn the_total_follows_every_change_of_state(store: AnyStore) {
    use AccountState::{Active, Banned, Deleted, Locked};
    let totals = || {
        let total = |active| {
            let filter = with(|filter| filter.active = active);
            ids(&store, filter, UserOrder::CreatedAt, Direction::Ascending, ALL)
        };
        let (all, active, inactive) = (total(None), total(Some(true)), total(Some(false)));
        async move { (all.await.1, active.await.1, inactive.await.1) }
    };
    assert_eq!(totals().await, (0, 0, 0));
    five(&store).await;
    assert_eq!(totals().await, (4, 3, 1));
    for (from, to, expected) in [
        (Active, Locked, (4, 2, 2)),
        (Locked, Banned, (4, 2, 2)),
        (Banned, Banned, (4, 2, 2)),
        (Banned, Active, (4, 3, 1)),
        (Active, Deleted, (3, 2, 1)),
    ] {
        store
            .write(move |on| on.set_state(account_id(2), from, to, at(1)).map(drop))
            .await;
        assert_eq!(totals().await, expected, "{from} {to}");
    }
    let rolled_back = store.try_write(|on| {
        Accounts::insert(on, &new_account(7))?;
        Err::<(), _>(clavis_kernel::StoreError::new("a test", "no"))
    });
    rolled_back.await.unwrap_err();
    assert_eq!(totals().await, (3, 2, 1));
}
