//! How users are listed: whatever the order, out of one index that has all that is asked of those passed over.

use clavis_flows::{AdminTokens, Direction, OptIns, Roster, Slice, UserAttributes, UserFilter, UserOrder};
use clavis_identity::{Accounts, PersonNames};
use clavis_kernel::{AccountId, TokenDigest};
use diesel::connection::SimpleConnection as _;
use uuid::Uuid;

use super::{DateTime, Explained, Plan};

/// Accounts of which the first half is active and nobody is gone.
const ACCOUNTS: &str = "
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
    INSERT INTO accounts (id, uid, state, display_name, attributes, created_through, created_at, updated_at)
        SELECT unhex(printf('%032x', i)), 'ID' || i, CASE WHEN i % 2 THEN 'active' ELSE 'pending' END, '', '{}',
            'sso', i, i FROM n;";

fn orders() -> impl Iterator<Item = (UserOrder, &'static str)> {
    UserOrder::ALL.into_iter().map(|order| {
        let index = match order {
            UserOrder::CreatedAt => "accounts_listed_created",
            UserOrder::Address => "accounts_listed_address",
            UserOrder::FirstName => "accounts_listed_first_name",
            UserOrder::LastName => "accounts_listed_last_name",
            UserOrder::LastLoginAt => "accounts_listed_last_login",
            UserOrder::ActivatedAt => "accounts_listed_activated",
        };
        (order, index)
    })
}

/// How the total, the ids of the page and its accounts are found.
fn page(
    explained: &mut Explained,
    filter: &UserFilter,
    order: UserOrder,
    direction: Direction,
    offset: u64,
) -> [Plan; 3] {
    let slice = Slice { offset, limit: 10 };
    let plans = explained.plans(|on| Roster::page(on, filter, order, direction, slice).map(drop));
    plans.try_into().ok().unwrap()
}

fn filled() -> Explained {
    let mut explained = Explained::fresh();
    explained.conn.batch_execute(ACCOUNTS).unwrap();
    explained
}

#[test]
fn users_are_read_off_an_index_in_every_order_from_either_end() {
    let mut explained = filled();
    for (order, index) in orders() {
        for (direction, offset) in [
            (Direction::Ascending, 0),
            (Direction::Descending, 5_000),
            (Direction::Ascending, 11_990),
        ] {
            let [total, ids, accounts] =
                page(&mut explained, &UserFilter::default(), order, direction, offset);
            let tallies = "SEARCH account_tallies USING PRIMARY KEY (state=?)";
            assert_eq!(total.steps, [tallies], "{}", total.sql);
            assert_eq!(ids.steps, [format!("SCAN accounts USING COVERING INDEX {index}")]);
            assert!(
                accounts.steps[0].starts_with("SEARCH accounts USING INDEX"),
                "{:?}",
                accounts.steps
            );
        }
    }
}

#[test]
fn many_of_one_state_are_passed_in_order_and_few_are_found() {
    let mut explained = filled();
    for active in [true, false] {
        let filter = UserFilter {
            active: Some(active),
            ..UserFilter::default()
        };
        for (order, index) in orders() {
            let [_, ids, _] = page(&mut explained, &filter, order, Direction::Descending, 100);
            assert_eq!(ids.steps, [format!("SCAN accounts USING COVERING INDEX {index}")]);
        }
    }
    let most = "UPDATE accounts SET state = 'active' WHERE state = 'pending' AND number > 100";
    explained.conn.batch_execute(most).unwrap();
    let few = UserFilter {
        active: Some(false),
        ..UserFilter::default()
    };
    let [_, ids, _] = page(
        &mut explained,
        &few,
        UserOrder::CreatedAt,
        Direction::Ascending,
        0,
    );
    assert!(
        ids.steps[0].starts_with("SEARCH accounts USING INDEX accounts_state (state=?)"),
        "{:?}",
        ids.steps
    );
}

#[test]
fn whoever_is_looked_for_is_found_by_an_index() {
    let mut explained = filled();
    let names = "UPDATE accounts SET first_name = 'Ann', last_name = 'Lee', address_key = 'ann@example.org'
        WHERE number < 20";
    explained.conn.batch_execute(names).unwrap();
    let nth = |nth: u128| Some(AccountId(Uuid::from_u128(nth)));
    for (filter, index) in [
        (
            UserFilter {
                id: nth(7),
                ..UserFilter::default()
            },
            "sqlite_autoindex_accounts_1 (id=?)",
        ),
        (
            UserFilter {
                address: "ann@example.org".parse().ok(),
                ..UserFilter::default()
            },
            "accounts_listed_address (address_key=?)",
        ),
        (
            UserFilter {
                first_name: Some("Ann".to_owned()),
                ..UserFilter::default()
            },
            "accounts_listed_first_name (first_name=?)",
        ),
        (
            UserFilter {
                last_name: Some("Lee".to_owned()),
                active: Some(true),
                ..UserFilter::default()
            },
            "accounts_listed_last_name (last_name=?",
        ),
    ] {
        for (order, _) in orders() {
            let [total, ids, _] = page(&mut explained, &filter, order, Direction::Ascending, 0);
            for plan in [total, ids] {
                let first = &plan.steps[0];
                assert!(
                    first.starts_with("SEARCH accounts") && first.contains(index),
                    "{first}: {}",
                    plan.sql
                );
            }
        }
    }
}

#[test]
fn a_page_past_the_end_is_not_looked_for() {
    let mut explained = filled();
    let slice = Slice {
        offset: 10_000_000_000,
        limit: 10,
    };
    let plans = explained.plans(|on| {
        let (order, direction) = (UserOrder::CreatedAt, Direction::Ascending);
        Roster::page(on, &UserFilter::default(), order, direction, slice).map(drop)
    });
    assert_eq!(plans.len(), 1, "nothing but the total");
}

#[test]
fn tokens_and_what_is_kept_about_users_are_found_by_an_index() {
    let (digest, account, at) = (TokenDigest::of(""), AccountId(Uuid::nil()), DateTime::UNIX_EPOCH);
    let plans = Explained::fresh().plans(|on| {
        AdminTokens::find(on, &digest)?;
        AdminTokens::revoke(on, &"a".parse().unwrap(), at)?;
        AdminTokens::note_use(on, &digest, at)?;
        on.set_person_names(account, &PersonNames::default(), at)?;
        UserAttributes::of_account(on, account)?;
        UserAttributes::remove(on, account, &"a".parse().unwrap())?;
        UserAttributes::remove_all(on, account)?;
        OptIns::of_account(on, account)?;
        OptIns::remove(on, account, &"a".parse().unwrap())?;
        OptIns::remove_all(on, account)
    });
    assert_eq!(plans.len(), 10);
    for Plan { sql, steps } in plans {
        assert!(
            steps.iter().all(|step| step.starts_with("SEARCH")),
            "{steps:?}: {sql}"
        );
    }
}
