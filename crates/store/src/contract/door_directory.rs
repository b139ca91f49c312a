//! The accounts of one door, as the servers behind it look for them.

use clavis_flows::{AttributePart, Direction, DoorDirectory, DoorFilter, DoorOrder, LogInBy, Slice};
use clavis_identity::{
    AccountState, Accounts, Identities, Identity, PasswordCredentials, Provider, ProviderSubject,
};
use clavis_kernel::Dialect;

use super::harness::{AnyStore, on_every_store};
use super::samples::{account_id, at, email, new_account, password_hash};

use Direction::{Ascending, Descending};
use DoorOrder::{Address, CreatedAt, Id, UpdatedAt};

on_every_store!(
    everything_that_is_given_must_hold_of_a_doors_accounts,
    a_part_of_an_attribute_is_compared_by_its_value,
    a_doors_accounts_come_in_every_order_asked_for,
    a_part_of_a_doors_accounts_is_cut_from_the_whole,
    those_with_a_password_are_told_at_once,
);

const ALL: Slice = Slice {
    offset: 0,
    limit: 100,
};

fn provider(name: &str) -> Provider {
    name.parse().unwrap()
}

/// The accounts 1 to 5, all but 5 made through jauth. 1 has a password; 2 has a name that was claimed there; 3 comes from
/// Google and is a tombstone; 4 comes from somewhere else.
async fn five(store: &AnyStore) {
    store
        .write(|on| {
            for nth in 1..=5 {
                let mut account = new_account(nth);
                account.created_through = if nth == 5 { Dialect::Pluto } else { Dialect::Jauth };
                account.state = if nth == 3 {
                    AccountState::Deleted
                } else {
                    AccountState::Active
                };
                account.contact =
                    [Some(email(9)), Some(email(7)), None, Some(email(7)), None][nth as usize - 1].clone();
                account.created_at = at([20, 10, 40, 20, 30][nth as usize - 1]);
                let extra = [
                    r#"{"team":"red","size":1,"tags":["a","b"],"none":null}"#,
                    r#"{"team":"blue","size":1.5,"tags":[],"it's \"odd\"":true}"#,
                    r#"{"team":"1","nul":"\u0000"}"#,
                    r#"{"size":"1","team":{"a":1}}"#,
                    r#"{"team":"red"}"#,
                ][nth as usize - 1];
                account.attributes.insert("extra".to_owned(), extra.to_owned());
                Accounts::insert(on, &account)?;
                Accounts::touch(on, account_id(nth), at(60 + i64::from(nth % 3)))?;
            }
            PasswordCredentials::set(on, account_id(1), &password_hash(1), at(50))?;
            let name = "ann".parse().unwrap();
            Identities::claim(on, &Identity::name(&name, account_id(2), Dialect::Jauth))?;
            for (nth, subject) in [(3, "google:1"), (4, "googleplus:1")] {
                let subject: ProviderSubject = subject.parse().unwrap();
                Identities::claim(on, &Identity::subject(&subject, account_id(nth), Dialect::Jauth))?;
            }
            Ok(())
        })
        .await;
}

async fn found(
    store: &AnyStore,
    filter: DoorFilter,
    orders: &'static [(DoorOrder, Direction)],
    slice: Slice,
) -> (Vec<u32>, u64) {
    let page = store
        .read(move |on| DoorDirectory::page(on, &filter, orders, slice))
        .await;
    let numbers = page
        .items
        .into_iter()
        .map(|account| (1..=9).find(|nth| account_id(*nth) == account.id).unwrap());
    (numbers.collect(), page.total)
}

#[track_caller]
fn with(change: impl FnOnce(&mut DoorFilter)) -> DoorFilter {
    let mut filter = DoorFilter::all(Dialect::Jauth);
    change(&mut filter);
    filter
}

async fn check(store: &AnyStore, filter: DoorFilter, expected: &[u32]) {
    let text = format!("{filter:?}");
    let got = found(store, filter, &[(Id, Ascending)], ALL).await;
    assert_eq!(got, (expected.to_vec(), expected.len() as u64), "{text}");
}

async fn everything_that_is_given_must_hold_of_a_doors_accounts(store: AnyStore) {
    five(&store).await;
    let store = &store;
    check(store, with(|_| ()), &[1, 2, 3, 4]).await;
    check(store, DoorFilter::all(Dialect::Pluto), &[5]).await;
    check(store, DoorFilter::all(Dialect::Sso), &[]).await;
    check(store, with(|f| f.states = vec![AccountState::Active]), &[1, 2, 4]).await;
    check(
        store,
        with(|f| f.states = vec![AccountState::Deleted, AccountState::Active]),
        &[1, 2, 3, 4],
    )
    .await;
    let shouted = email(7).as_str().to_uppercase().parse().unwrap();
    check(store, with(|f| f.addresses = vec![shouted]), &[2, 4]).await;
    check(store, with(|f| f.addresses = vec![email(9), email(8)]), &[1]).await;
    check(store, with(|f| f.log_ins = vec![LogInBy::Password]), &[1, 2]).await;
    check(
        store,
        with(|f| f.log_ins = vec![LogInBy::Provider(provider("google"))]),
        &[3],
    )
    .await;
    let known = || LogInBy::NoneOf(vec![provider("google"), provider("apple")]);
    check(store, with(|f| f.log_ins = vec![known()]), &[4]).await;
    check(
        store,
        with(|f| f.log_ins = vec![known(), LogInBy::Password]),
        &[1, 2, 4],
    )
    .await;
    check(store, with(|f| f.created_from = Some(at(20))), &[1, 3, 4]).await;
    check(store, with(|f| f.created_to = Some(at(20))), &[2]).await;
    check(
        store,
        with(|f| (f.updated_from, f.updated_to) = (Some(at(61)), Some(at(62)))),
        &[1, 4],
    )
    .await;
    check(
        store,
        with(|f| {
            f.addresses = vec![email(7)];
            f.log_ins = vec![LogInBy::Password];
        }),
        &[2],
    )
    .await;
}

fn part(key: &str, value: &str) -> DoorFilter {
    with(|filter| {
        filter.parts = vec![AttributePart {
            attribute: "extra",
            key: key.to_owned(),
            value: value.to_owned(),
        }];
    })
}

async fn a_part_of_an_attribute_is_compared_by_its_value(store: AnyStore) {
    five(&store).await;
    let store = &store;
    check(store, part("team", r#""red""#), &[1]).await;
    check(store, part("size", "1"), &[1]).await;
    check(store, part("size", "1.5"), &[2]).await;
    check(store, part("size", r#""1""#), &[4]).await;
    check(store, part("none", "null"), &[1]).await;
    check(store, part("tags", r#"["a","b"]"#), &[1]).await;
    check(store, part("tags", "[]"), &[2]).await;
    check(store, part("team", r#"{"a":1}"#), &[4]).await;
    check(store, part(r#"it's "odd""#, "true"), &[2]).await;
    for key in ["", "$", "$.team", "team'", "0", "nowhere", "red"] {
        check(store, part(key, r#""red""#), &[]).await;
    }
    let mut both = part("team", r#""red""#);
    both.parts.extend(part("size", "1").parts);
    check(store, both.clone(), &[1]).await;
    both.parts.extend(part("size", "2").parts);
    check(store, both, &[]).await;
}

/// An order, and the accounts in it.
type Case = (&'static [(DoorOrder, Direction)], [u32; 4]);

async fn a_doors_accounts_come_in_every_order_asked_for(store: AnyStore) {
    five(&store).await;
    let orders: [Case; 7] = [
        (&[], [1, 2, 3, 4]),
        (&[(Id, Descending)], [4, 3, 2, 1]),
        (&[(Address, Ascending)], [3, 2, 4, 1]),
        (&[(Address, Descending)], [1, 2, 4, 3]),
        (&[(CreatedAt, Ascending)], [2, 1, 4, 3]),
        (&[(CreatedAt, Ascending), (Id, Descending)], [2, 4, 1, 3]),
        (&[(UpdatedAt, Descending), (Id, Ascending)], [2, 1, 4, 3]),
    ];
    for (order, expected) in orders {
        let got = found(&store, with(|_| ()), order, ALL).await;
        assert_eq!(got, (expected.to_vec(), 4), "{order:?}");
    }
}

async fn a_part_of_a_doors_accounts_is_cut_from_the_whole(store: AnyStore) {
    five(&store).await;
    for (offset, limit, expected) in [
        (0, 2, &[1, 2][..]),
        (1, 9, &[2, 3, 4]),
        (4, 9, &[]),
        (0, 0, &[]),
        (u64::MAX, 9, &[]),
    ] {
        let got = found(&store, with(|_| ()), &[(Id, Ascending)], Slice { offset, limit }).await;
        assert_eq!(got, (expected.to_vec(), 4), "{offset} {limit}");
    }
}

async fn those_with_a_password_are_told_at_once(store: AnyStore) {
    five(&store).await;
    let asked: Vec<_> = [5, 1, 2, 8].map(account_id).into();
    let holders = store
        .read(move |on| PasswordCredentials::with_password(on, &asked))
        .await;
    assert_eq!(holders, [account_id(1)]);
    let nobody = store.read(|on| PasswordCredentials::with_password(on, &[])).await;
    assert_eq!(nobody, []);
}
