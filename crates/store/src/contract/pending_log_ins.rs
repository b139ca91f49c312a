use clavis_identity::{PendingLogIn, PendingLogIns};
use clavis_kernel::Dialect;

use super::samples::{account_id, at, digest, make_account};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_pending_log_in_reads_back_with_its_wrong_codes,
    a_new_one_takes_the_place_of_the_one_at_the_same_door,
    a_pending_log_in_ends_once,
    those_of_an_account_end_together,
    those_whose_time_is_over_are_swept,
);

fn pending(nth: u32, account: u32, through: Dialect) -> PendingLogIn {
    PendingLogIn {
        digest: digest(nth),
        account: account_id(account),
        through,
        password_version: Some(3),
        wrong_codes: 0,
        issued_at: at(0),
        expires_at: at(3600),
    }
}

async fn a_pending_log_in_reads_back_with_its_wrong_codes(store: AnyStore) {
    let (found, without_password, unknown) = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            PendingLogIns::put(on, &pending(1, 1, Dialect::BackendPlus))?;
            let mut other = pending(2, 2, Dialect::BackendPlus);
            other.password_version = None;
            PendingLogIns::put(on, &other)?;
            on.count_wrong_code(&digest(1))?;
            on.count_wrong_code(&digest(1))?;
            on.count_wrong_code(&digest(9))?;
            let find = |nth| PendingLogIns::find(on, &digest(nth));
            Ok((find(1)?.unwrap(), find(2)?.unwrap(), find(9)?))
        })
        .await;
    assert_eq!((found.digest, found.account), (digest(1), account_id(1)));
    assert_eq!(found.through, Dialect::BackendPlus);
    assert_eq!((found.password_version, found.wrong_codes), (Some(3), 2));
    assert_eq!((found.issued_at, found.expires_at), (at(0), at(3600)));
    assert_eq!(
        (without_password.password_version, without_password.wrong_codes),
        (None, 0)
    );
    assert!(unknown.is_none());
}

async fn a_new_one_takes_the_place_of_the_one_at_the_same_door(store: AnyStore) {
    let found = store
        .write(|on| {
            make_account(on, 1)?;
            PendingLogIns::put(on, &pending(1, 1, Dialect::BackendPlus))?;
            PendingLogIns::put(on, &pending(2, 1, Dialect::Pluto))?;
            on.count_wrong_code(&digest(1))?;
            PendingLogIns::put(on, &pending(3, 1, Dialect::BackendPlus))?;
            let wrong_codes = |nth| {
                PendingLogIns::find(on, &digest(nth)).map(|found| found.map(|pending| pending.wrong_codes))
            };
            Ok([wrong_codes(1)?, wrong_codes(2)?, wrong_codes(3)?])
        })
        .await;
    assert_eq!(found, [None, Some(0), Some(0)]);
}

async fn a_pending_log_in_ends_once(store: AnyStore) {
    let ended = store
        .write(|on| {
            make_account(on, 1)?;
            PendingLogIns::put(on, &pending(1, 1, Dialect::BackendPlus))?;
            Ok([
                PendingLogIns::end(on, &digest(1))?,
                PendingLogIns::end(on, &digest(1))?,
            ])
        })
        .await;
    assert_eq!(ended, [true, false]);
}

async fn those_of_an_account_end_together(store: AnyStore) {
    let (ended, left) = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            PendingLogIns::put(on, &pending(1, 1, Dialect::BackendPlus))?;
            PendingLogIns::put(on, &pending(2, 1, Dialect::Pluto))?;
            PendingLogIns::put(on, &pending(3, 2, Dialect::BackendPlus))?;
            let ended = [on.end_all(account_id(1))?, on.end_all(account_id(1))?];
            Ok((ended, PendingLogIns::find(on, &digest(3))?))
        })
        .await;
    assert_eq!(ended, [2, 0]);
    assert!(left.is_some());
}

async fn those_whose_time_is_over_are_swept(store: AnyStore) {
    let swept = store
        .write(|on| {
            for nth in 1..=3 {
                make_account(on, nth)?;
                PendingLogIns::put(on, &pending(nth, nth, Dialect::BackendPlus))?;
            }
            Ok([
                on.sweep(at(3599), 10)?,
                on.sweep(at(3600), 2)?,
                on.sweep(at(3600), 2)?,
            ])
        })
        .await;
    assert_eq!(swept, [0, 2, 1]);
}
