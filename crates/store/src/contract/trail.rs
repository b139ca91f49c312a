use clavis_flows::{AuditAction, AuditFilter, AuditLog, AuditResult, Avatars, Direction, Slice};
use clavis_kernel::{Caller, Dialect};

use super::samples::{account_id, at, audit_entry, avatar, make_account};
use super::{AnyStore, on_every_store};

on_every_store!(
    an_entry_reads_back,
    the_newest_entries_come_first_up_to_a_limit,
    entries_are_found_by_everything_that_is_given,
    a_part_is_cut_from_the_trail,
    a_picture_reads_back_and_is_replaced,
    the_pictures_of_one_account_are_forgotten,
);

async fn an_entry_reads_back(store: AnyStore) {
    store
        .write(|on| {
            let mut entry = audit_entry(1, 0);
            entry.actor = Some(account_id(7));
            entry.detail = Some("email:verified".to_owned());
            on.append(&entry)?;
            let mut bare = audit_entry(2, 0);
            (bare.result, bare.caller) = (AuditResult::Succeeded, Caller::OPERATOR);
            on.append(&bare)?;
            bare.account = None;
            on.append(&bare)
        })
        .await;
    let latest = |account| store.read(move |on| on.latest(account_id(account), 9));
    let found = latest(1).await.pop().unwrap();
    assert_eq!(
        (found.at, found.account, found.action),
        (at(0), Some(account_id(1)), AuditAction::LogIn)
    );
    assert_eq!(found.result, audit_entry(1, 0).result);
    assert_eq!(
        (found.actor, found.detail.as_deref()),
        (Some(account_id(7)), Some("email:verified"))
    );
    let (caller, made) = (found.caller, audit_entry(1, 0).caller);
    assert_eq!((caller.dialect, caller.ip), (made.dialect, made.ip));
    assert_eq!(
        (caller.user_agent, caller.request_id),
        (made.user_agent, made.request_id)
    );

    let [bare] = &latest(2).await[..] else {
        panic!("one entry is about this account")
    };
    assert_eq!(
        (&bare.result, bare.caller.dialect),
        (&AuditResult::Succeeded, Dialect::Operator)
    );
    assert_eq!((&bare.actor, &bare.detail), (&None, &None));
    assert!(bare.caller.ip.is_none() && bare.caller.user_agent.is_none() && bare.caller.request_id.is_none());
}

async fn the_newest_entries_come_first_up_to_a_limit(store: AnyStore) {
    // What was written later is newer, whatever the clock said.
    for seconds in [5, 1, 9, 9, 3] {
        store
            .write(move |on| {
                on.append(&audit_entry(1, seconds))?;
                on.append(&audit_entry(2, 0))
            })
            .await;
    }
    let newest = store.read(|on| on.latest(account_id(1), 3)).await;
    let three: Vec<_> = newest.iter().map(|entry| entry.at).collect();
    assert_eq!(three, [at(3), at(9), at(9)]);
}

/// Entries by their place, the first has 1.
async fn places(
    store: &AnyStore,
    filter: AuditFilter,
    direction: Direction,
    slice: Slice,
) -> (Vec<usize>, u64) {
    let all = store
        .read(|on| AuditLog::page(on, &AuditFilter::default(), Direction::Ascending, ALL))
        .await;
    let page = store
        .read(move |on| AuditLog::page(on, &filter, direction, slice))
        .await;
    let place = |id| all.items.iter().position(|entry| entry.id == id).unwrap() + 1;
    (
        page.items.into_iter().map(|entry| place(entry.id)).collect(),
        page.total,
    )
}

const ALL: Slice = Slice {
    offset: 0,
    limit: 100,
};

/// 1: account 1 fails to log in. 2: account 1 does, without naming its user agent. 3: account 7 sets a label of
/// account 1. 4: account 7 looks for accounts. 5: account 7 changes its own profile. 6: the operator makes a key.
async fn six(store: &AnyStore) {
    store
        .write(|on| {
            let mut entry = audit_entry(1, 50);
            on.append(&entry)?;
            (entry.at, entry.result, entry.caller.user_agent) = (at(10), AuditResult::Succeeded, None);
            on.append(&entry)?;
            entry.caller.user_agent = Some("tests".to_owned());
            (entry.at, entry.action, entry.actor) = (at(20), AuditAction::SetLabel, Some(account_id(7)));
            on.append(&entry)?;
            (entry.account, entry.action) = (None, AuditAction::ReadAccounts);
            on.append(&entry)?;
            (entry.at, entry.account, entry.actor) = (at(30), Some(account_id(7)), None);
            entry.action = AuditAction::UpdateProfile;
            on.append(&entry)?;
            (entry.account, entry.action, entry.caller) = (None, AuditAction::CreateKey, Caller::OPERATOR);
            on.append(&entry)
        })
        .await;
}

/// The filter that this makes of one to which every entry fits.
fn with(change: impl FnOnce(&mut AuditFilter)) -> AuditFilter {
    let mut filter = AuditFilter::default();
    change(&mut filter);
    filter
}

async fn entries_are_found_by_everything_that_is_given(store: AnyStore) {
    six(&store).await;
    let check = |filter: AuditFilter, expected: &'static [usize]| {
        let store = &store;
        async move {
            let text = format!("{filter:?}");
            let found = places(store, filter, Direction::Ascending, ALL).await;
            assert_eq!(found, (expected.to_vec(), expected.len() as u64), "{text}");
        }
    };
    let (one, seven) = (Some(account_id(1)), Some(account_id(7)));
    check(AuditFilter::default(), &[1, 2, 3, 4, 5, 6]).await;
    check(with(|f| f.account = one), &[1, 2, 3]).await;
    check(with(|f| f.actor = one), &[1, 2]).await;
    check(with(|f| f.actor = seven), &[3, 4, 5]).await;
    check(
        with(|f| {
            f.account = one;
            f.actor = seven;
        }),
        &[3],
    )
    .await;
    check(with(|f| f.by_authority = Some(true)), &[3, 4]).await;
    check(with(|f| f.by_authority = Some(false)), &[1, 2, 5, 6]).await;
    let actions = vec![AuditAction::LogIn, AuditAction::ReadAccounts];
    check(with(|f| f.actions = actions), &[1, 2, 4]).await;
    check(with(|f| f.refused = Some(true)), &[1]).await;
    check(with(|f| f.refused = Some(false)), &[2, 3, 4, 5, 6]).await;
    check(with(|f| f.from = Some(at(30))), &[1, 5, 6]).await;
    check(with(|f| f.to = Some(at(30))), &[2, 3, 4]).await;
    check(
        with(|f| {
            f.from = Some(at(20));
            f.to = Some(at(50));
        }),
        &[3, 4, 5, 6],
    )
    .await;
    check(with(|f| f.with_user_agent = true), &[1, 3, 4, 5]).await;
    let several = with(|f| {
        (f.actor, f.by_authority, f.refused) = (seven, Some(true), Some(false));
        f.actions = vec![AuditAction::SetLabel];
    });
    check(several, &[3]).await;
}

async fn a_part_is_cut_from_the_trail(store: AnyStore) {
    six(&store).await;
    let refused_not = with(|f| f.refused = Some(false));
    for (direction, offset, limit, expected) in [
        (Direction::Ascending, 0, 2, &[2, 3][..]),
        (Direction::Descending, 0, 2, &[6, 5]),
        (Direction::Descending, 3, 9, &[3, 2]),
        (Direction::Ascending, u64::MAX, 9, &[]),
    ] {
        let part = places(&store, refused_not.clone(), direction, Slice { offset, limit }).await;
        assert_eq!(part, (expected.to_vec(), 5));
    }
}

async fn a_picture_reads_back_and_is_replaced(store: AnyStore) {
    const NAME: &str = "00112233445566ff";
    for png in [vec![0_u8, 1, 255], vec![7; 100_000]] {
        let kept = png.clone();
        store
            .write(move |on| {
                if Avatars::find(on, &NAME.parse().unwrap())?.is_none() {
                    make_account(on, 1)?;
                }
                Avatars::put(on, &avatar(NAME, 1, &kept))
            })
            .await;
        let found = store
            .read(|on| Avatars::find(on, &NAME.parse().unwrap()))
            .await
            .unwrap();
        assert_eq!(
            (found.name.as_str(), found.account, found.created_at),
            (NAME, account_id(1), at(0))
        );
        assert!(found.png == png);
    }
    let unknown = store
        .read(|on| Avatars::find(on, &"ffffffffffffffff".parse().unwrap()))
        .await;
    assert!(unknown.is_none());
}

async fn the_pictures_of_one_account_are_forgotten(store: AnyStore) {
    let left = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            let names = ["0000000000000001", "0000000000000002", "0000000000000003"];
            for (name, account) in names.into_iter().zip([1, 1, 2]) {
                Avatars::put(on, &avatar(name, account, &[1]))?;
            }
            Avatars::remove_all(on, account_id(1))?;
            names
                .into_iter()
                .map(|name| Ok(Avatars::find(on, &name.parse().unwrap())?.is_some()))
                .collect::<Result<Vec<_>, _>>()
        })
        .await;
    assert_eq!(left, [false, false, true]);
}
