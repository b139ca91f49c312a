use clavis_flows::Ports;
use clavis_identity::{FailureCount, SecondFactors};
use clavis_kernel::{AccountId, StoreError};

use super::samples::{account_id, at, digest, make_account};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_secret_waits_until_it_is_confirmed,
    only_what_waits_is_enabled_and_only_where_none_is_in_force,
    a_new_secret_waits_beside_the_one_in_force,
    no_step_is_spent_twice_nor_an_older_one,
    no_step_is_spent_of_a_secret_that_only_waits,
    wrong_codes_are_counted_where_there_is_a_second_factor,
    a_second_factor_goes_with_its_recovery_codes,
    a_recovery_code_is_spent_once_and_by_its_owner,
    new_recovery_codes_replace_the_old_ones,
    those_with_a_second_factor_are_told_from_the_others,
);

const ANN: fn() -> AccountId = || account_id(1);

/// An account of this number with a second factor in force, confirmed by the code of step 100.
fn protected(on: &dyn Ports, nth: u32) -> Result<AccountId, StoreError> {
    let account = make_account(on, nth)?.id;
    on.put_pending(account, &[1, 0, 255])?;
    assert!(on.enable(account, 100, at(5))?);
    Ok(account)
}

async fn a_secret_waits_until_it_is_confirmed(store: AnyStore) {
    let none = store.read(|on| SecondFactors::find(on, ANN())).await;
    assert!(none.is_none());
    store
        .write(|on| {
            make_account(on, 1)?;
            on.put_pending(ANN(), &[7])?;
            on.put_pending(ANN(), &[1, 0, 255])
        })
        .await;
    let waiting = store.read(|on| SecondFactors::find(on, ANN())).await.unwrap();
    assert_eq!((waiting.account, waiting.is_enabled()), (ANN(), false));
    assert_eq!((waiting.secret, waiting.pending), (None, Some(vec![1, 0, 255])));
    assert_eq!((waiting.last_step, waiting.enabled_at), (None, None));

    assert!(store.write(|on| on.enable(ANN(), 100, at(5))).await);
    let in_force = store.read(|on| SecondFactors::find(on, ANN())).await.unwrap();
    assert!(in_force.is_enabled());
    assert_eq!((in_force.secret, in_force.pending), (Some(vec![1, 0, 255]), None));
    assert_eq!(
        (in_force.last_step, in_force.enabled_at),
        (Some(100), Some(at(5)))
    );
}

async fn only_what_waits_is_enabled_and_only_where_none_is_in_force(store: AnyStore) {
    let enabled = store
        .write(|on| {
            let nobody = on.enable(account_id(9), 1, at(1))?;
            protected(on, 1)?;
            let nothing_waits = on.enable(ANN(), 200, at(6))?;
            on.put_pending(ANN(), &[2])?;
            Ok([nobody, nothing_waits, on.enable(ANN(), 200, at(6))?])
        })
        .await;
    assert_eq!(enabled, [false; 3]);
    let kept = store.read(|on| SecondFactors::find(on, ANN())).await.unwrap();
    assert_eq!((kept.last_step, kept.enabled_at), (Some(100), Some(at(5))));
}

async fn a_new_secret_waits_beside_the_one_in_force(store: AnyStore) {
    store
        .write(|on| {
            protected(on, 1)?;
            on.put_pending(ANN(), &[2])
        })
        .await;
    let kept = store.read(|on| SecondFactors::find(on, ANN())).await.unwrap();
    assert_eq!(
        (kept.secret, kept.pending),
        (Some(vec![1, 0, 255]), Some(vec![2]))
    );
}

async fn no_step_is_spent_twice_nor_an_older_one(store: AnyStore) {
    let spent = store
        .write(|on| {
            protected(on, 1)?;
            [99, 100, 101, 101, 100, 103, 102]
                .into_iter()
                .map(|step| on.spend_step(ANN(), step))
                .collect::<Result<Vec<_>, _>>()
        })
        .await;
    assert_eq!(spent, [false, false, true, false, false, true, false]);
}

async fn no_step_is_spent_of_a_secret_that_only_waits(store: AnyStore) {
    let spent = store
        .write(|on| {
            make_account(on, 1)?;
            on.put_pending(ANN(), &[1])?;
            Ok([on.spend_step(ANN(), 1)?, on.spend_step(account_id(9), 1)?])
        })
        .await;
    assert_eq!(spent, [false, false]);
}

async fn wrong_codes_are_counted_where_there_is_a_second_factor(store: AnyStore) {
    let count = |account| FailureCount {
        account,
        failures: 3,
        window_started_at: at(2),
    };
    let (unprotected, before, counted) = store
        .write(move |on| {
            on.put_failures(account_id(9), Some(count(account_id(9))))?;
            protected(on, 1)?;
            let before = on.failures(ANN())?;
            on.put_failures(ANN(), Some(count(ANN())))?;
            Ok((on.failures(account_id(9))?, before, on.failures(ANN())?))
        })
        .await;
    assert_eq!((unprotected, before, counted), (None, None, Some(count(ANN()))));
    store.write(|on| on.put_failures(ANN(), None)).await;
    assert_eq!(store.read(|on| on.failures(ANN())).await, None);
}

async fn a_second_factor_goes_with_its_recovery_codes(store: AnyStore) {
    let removed = store
        .write(|on| {
            protected(on, 1)?;
            on.put_recovery_codes(ANN(), &[digest(1), digest(2)])?;
            let in_force = SecondFactors::remove(on, ANN())?;
            let again = SecondFactors::remove(on, ANN())?;
            on.put_pending(ANN(), &[1])?;
            Ok([in_force, again, SecondFactors::remove(on, ANN())?])
        })
        .await;
    assert_eq!(removed, [true, false, false]);
    let left = store
        .read(|on| {
            Ok((
                SecondFactors::find(on, ANN())?.is_some(),
                on.count_recovery_codes(ANN())?,
            ))
        })
        .await;
    assert_eq!(left, (false, 0));
}

async fn a_recovery_code_is_spent_once_and_by_its_owner(store: AnyStore) {
    let (spent, left) = store
        .write(|on| {
            protected(on, 1)?;
            protected(on, 2)?;
            on.put_recovery_codes(ANN(), &[digest(1), digest(2)])?;
            let spent = [
                on.spend_recovery_code(account_id(2), &digest(1), at(1))?,
                on.spend_recovery_code(ANN(), &digest(9), at(1))?,
                on.spend_recovery_code(ANN(), &digest(1), at(1))?,
                on.spend_recovery_code(ANN(), &digest(1), at(2))?,
            ];
            Ok((spent, on.count_recovery_codes(ANN())?))
        })
        .await;
    assert_eq!((spent, left), ([false, false, true, false], 1));
}

async fn new_recovery_codes_replace_the_old_ones(store: AnyStore) {
    let (counts, spent) = store
        .write(|on| {
            protected(on, 1)?;
            on.put_recovery_codes(ANN(), &[digest(1), digest(2)])?;
            on.spend_recovery_code(ANN(), &digest(1), at(1))?;
            on.put_recovery_codes(ANN(), &[digest(1), digest(3), digest(4)])?;
            let three = on.count_recovery_codes(ANN())?;
            let spent = [1, 2, 3].map(|nth| on.spend_recovery_code(ANN(), &digest(nth), at(1)));
            on.put_recovery_codes(ANN(), &[])?;
            Ok((
                [three, on.count_recovery_codes(ANN())?],
                spent.into_iter().collect::<Result<Vec<_>, _>>()?,
            ))
        })
        .await;
    assert_eq!((counts, spent), ([3, 0], vec![true, false, true]));
}

async fn those_with_a_second_factor_are_told_from_the_others(store: AnyStore) {
    let mut protected = store
        .write(|on| {
            protected(on, 1)?;
            protected(on, 2)?;
            protected(on, 3)?;
            make_account(on, 4)?;
            on.put_pending(account_id(4), &[1])?;
            assert!(on.enabled_among(&[])?.is_empty());
            on.enabled_among(&[4, 2, 9, 1].map(account_id))
        })
        .await;
    protected.sort();
    assert_eq!(protected, [account_id(1), account_id(2)]);
}
