use clavis_flows::{AuditAction, AuditResult, Avatars};
use clavis_kernel::{Caller, Dialect};

use super::samples::{account_id, at, audit_entry, avatar, make_account};
use super::{AnyStore, on_every_store};

on_every_store!(
    an_entry_reads_back,
    the_newest_entries_come_first_up_to_a_limit,
    a_picture_reads_back_and_is_replaced,
    the_pictures_of_one_account_are_forgotten,
);

async fn an_entry_reads_back(store: AnyStore) {
    store
        .write(|on| {
            on.append(&audit_entry(1, 0))?;
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
