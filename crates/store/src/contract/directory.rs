use clavis_flows::{AccountFilter, AccountOrder, Direction, Directory, Slice};
use clavis_identity::{AccountState, Accounts, Identities};
use clavis_kernel::Email;
use clavis_kyc::{KeptLevel, LabelScope, Labels, Levels, Profiles, ReviewState};
use clavis_rbac::Applications;

use super::samples::{account_id, address, at, email, label, new_account, profile};
use super::{AnyStore, on_every_store};

use AccountOrder::{CreatedAt, Level, Number, State, Uid, UpdatedAt};
use Direction::{Ascending, Descending};

on_every_store!(
    everything_that_is_given_must_hold,
    a_range_includes_its_begin_and_not_its_end,
    accounts_come_in_the_order_asked_for,
    a_part_is_cut_from_the_whole,
    an_account_is_listed_once_however_often_it_fits,
);

const ALL: Slice = Slice {
    offset: 0,
    limit: 100,
};

/// The accounts 1 to 5, their numbers in the order of their own numbers, uids against it:
/// 1 is pending; 2 is on level 2 and twice from Ukraine; 3 is an admin; 4 is on level 2, an admin of another
/// application, and labelled; 5 is a tombstone, labelled in public.
async fn five(store: &AnyStore) {
    store
        .write(|on| {
            use AccountState::{Active, Deleted, Pending};
            let states = [Pending, Active, Active, Active, Deleted];
            for (nth, state) in (1..).zip(states) {
                let mut account = new_account(nth);
                account.state = state;
                // Capitals come before small letters, whatever the server's language.
                account.uid = ["IDe", "IDd", "IDC", "IDb", "IDA"][nth as usize - 1]
                    .parse()
                    .unwrap();
                account.created_at = at([50, 10, 20, 20, 30][nth as usize - 1]);
                Accounts::insert(on, &account)?;
                Accounts::touch(on, account_id(nth), at(60 + i64::from(nth % 3)))?;
                Identities::claim(on, &address(nth, nth))?;
            }
            for (account, level) in [(2, 2), (3, 0), (4, 2)] {
                Levels::put(
                    on,
                    &KeptLevel {
                        account: account_id(account),
                        level,
                        table: 1,
                    },
                )?;
            }
            for account in [2, 2, 4] {
                let mut content = profile(account);
                content.country = Some(if account == 2 { "UA" } else { "ua" }.to_owned());
                Profiles::insert(on, &content, ReviewState::Pending, at(0))?;
            }
            for (application, account) in [("barong", 3), ("shop", 4)] {
                let application = Applications::insert(on, &application.parse().unwrap(), at(0))?.unwrap();
                let roles = [
                    on.ensure_role(application.id, "admin")?.id,
                    on.ensure_role(application.id, "member")?.id,
                ];
                on.replace(account_id(account), application.id, &roles)?;
            }
            for (account, text, scope) in [
                (4, "email:verified", LabelScope::Private),
                (4, "phone:verified", LabelScope::Private),
                (2, "email:pending", LabelScope::Private),
                (5, "email:verified", LabelScope::Public),
            ] {
                Labels::insert(on, &label(account, text, scope), at(0))?;
            }
            Ok(())
        })
        .await;
}

async fn ids(
    store: &AnyStore,
    filter: AccountFilter,
    order: AccountOrder,
    direction: Direction,
    slice: Slice,
) -> (Vec<u32>, u64) {
    let page = store
        .read(move |on| Directory::page(on, &filter, order, direction, slice))
        .await;
    let numbers = page
        .items
        .into_iter()
        .map(|account| (1..=9).find(|nth| account_id(*nth) == account.id).unwrap());
    (numbers.collect(), page.total)
}

/// The filter that this makes of one to which every account fits.
fn with(change: impl FnOnce(&mut AccountFilter)) -> AccountFilter {
    let mut filter = AccountFilter::default();
    change(&mut filter);
    filter
}

fn labelled(key: &str, values: &[&str]) -> (String, Vec<String>) {
    let values = values.iter().map(|value| (*value).to_owned());
    (key.to_owned(), values.collect())
}

async fn everything_that_is_given_must_hold(store: AnyStore) {
    five(&store).await;
    let check = |filter: AccountFilter, expected: &'static [u32]| {
        let store = &store;
        async move {
            let text = format!("{filter:?}");
            let found = ids(store, filter, Number, Ascending, ALL).await;
            assert_eq!(found, (expected.to_vec(), expected.len() as u64), "{text}");
        }
    };
    let role = |application: &str, role: &str| Some((application.to_owned(), role.to_owned()));
    let shouted: Email = email(2).as_str().to_uppercase().parse().unwrap();
    check(AccountFilter::default(), &[1, 2, 3, 4, 5]).await;
    check(with(|f| f.uid = "IDC".parse().ok()), &[3]).await;
    check(with(|f| f.uid = "IDc".parse().ok()), &[]).await;
    check(with(|f| f.address = Some(shouted)), &[2]).await;
    check(with(|f| f.address = Some(email(9))), &[]).await;
    check(with(|f| f.state = Some(AccountState::Active)), &[2, 3, 4]).await;
    check(with(|f| f.state = Some(AccountState::Deleted)), &[5]).await;
    check(with(|f| f.level = Some(2)), &[2, 4]).await;
    check(with(|f| f.level = Some(0)), &[1, 3, 5]).await;
    let of = |spellings: &[&str]| {
        let spellings = spellings.iter().map(|&spelling| spelling.to_owned()).collect();
        with(|f| f.country = Some(spellings))
    };
    check(of(&["UA"]), &[2]).await;
    check(of(&["GB", "UA"]), &[2]).await;
    check(of(&[]), &[]).await;
    check(with(|f| f.role = role("barong", "admin")), &[3]).await;
    check(with(|f| f.role = role("shop", "member")), &[4]).await;
    check(with(|f| f.role = role("shop", "nobody")), &[]).await;
    let no_role_but = |application: &str, named: &str| with(|f| f.no_role_but = role(application, named));
    check(no_role_but("barong", "admin"), &[1, 2, 4, 5]).await;
    check(no_role_but("nowhere", "member"), &[1, 2, 3, 4, 5]).await;
    check(with(|f| f.label = Some(labelled("email", &["verified"]))), &[4]).await;
    check(
        with(|f| f.label = Some(labelled("email", &["verified", "pending"]))),
        &[2, 4],
    )
    .await;
    check(with(|f| f.label = Some(labelled("email", &[]))), &[]).await;
    check(with(|f| f.label = Some(labelled("' OR 1=1; --", &["%"]))), &[]).await;
    let on_level_two = |also: fn(&mut AccountFilter)| {
        with(|f| {
            (f.level, f.state) = (Some(2), Some(AccountState::Active));
            also(f);
        })
    };
    check(
        on_level_two(|f| f.label = Some(labelled("phone", &["verified"]))),
        &[4],
    )
    .await;
    check(on_level_two(|f| f.address = Some(email(3))), &[]).await;
}

async fn a_range_includes_its_begin_and_not_its_end(store: AnyStore) {
    five(&store).await;
    let check = |filter: AccountFilter, expected: &'static [u32]| {
        let found = ids(&store, filter, Number, Ascending, ALL);
        async move { assert_eq!(found.await.0, expected) }
    };
    check(with(|f| f.created_from = Some(at(20))), &[1, 3, 4, 5]).await;
    check(with(|f| f.created_to = Some(at(20))), &[2]).await;
    check(
        with(|f| {
            f.created_from = Some(at(20));
            f.created_to = Some(at(50));
        }),
        &[3, 4, 5],
    )
    .await;
    check(with(|f| f.updated_from = Some(at(61))), &[1, 2, 4, 5]).await;
    check(with(|f| f.updated_to = Some(at(61))), &[3]).await;
    check(
        with(|f| {
            f.updated_from = Some(at(61));
            f.updated_to = Some(at(62));
        }),
        &[1, 4],
    )
    .await;
}

async fn accounts_come_in_the_order_asked_for(store: AnyStore) {
    five(&store).await;
    for (order, expected) in [
        (Number, [1, 2, 3, 4, 5]),
        (Uid, [5, 3, 4, 2, 1]),
        (State, [2, 3, 4, 5, 1]),
        (Level, [1, 3, 5, 2, 4]),
        (CreatedAt, [2, 3, 4, 5, 1]),
        (UpdatedAt, [3, 1, 4, 2, 5]),
    ] {
        let mut expected = expected.to_vec();
        let ascending = ids(&store, AccountFilter::default(), order, Ascending, ALL).await;
        assert_eq!(ascending, (expected.clone(), 5), "{order:?}");
        expected.reverse();
        let descending = ids(&store, AccountFilter::default(), order, Descending, ALL).await;
        assert_eq!(descending, (expected, 5), "{order:?}");
    }
}

async fn a_part_is_cut_from_the_whole(store: AnyStore) {
    five(&store).await;
    let active = with(|f| f.state = Some(AccountState::Active));
    for (offset, limit, expected) in [
        (0, 2, &[2, 3][..]),
        (1, 9, &[3, 4]),
        (3, 9, &[]),
        (u64::MAX, 9, &[]),
        (0, 0, &[]),
    ] {
        let part = ids(&store, active.clone(), Number, Ascending, Slice { offset, limit }).await;
        assert_eq!(part, (expected.to_vec(), 3), "{offset} {limit}");
    }
    let last = ids(&store, active, Number, Descending, Slice { offset: 2, limit: 1 }).await;
    assert_eq!(last, (vec![2], 3));
}

async fn an_account_is_listed_once_however_often_it_fits(store: AnyStore) {
    five(&store).await;
    let filter = with(|f| f.country = Some(vec!["UA".to_owned()]));
    assert_eq!(ids(&store, filter, Level, Descending, ALL).await, (vec![2], 1));
}
