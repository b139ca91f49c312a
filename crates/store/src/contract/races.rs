//! As [`super::concurrency`], for second factors, keys, labels and phones.

use clavis_flows::Ports;
use clavis_identity::{Accounts, FailureCount, SecondFactors};
use clavis_kernel::{PhoneId, StoreError};
use clavis_kyc::{Documents, KeptLevel, LabelScope, Labels, Levels, Phones, Profiles, ReviewState};
use clavis_tokens::ApiKeys;

use super::samples::{
    account_id, api_key, at, digest, document, label, make_account, phone, phone_code, phone_key, profile,
    review,
};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_step_is_spent_once_by_many,
    of_many_steps_none_is_spent_after_a_newer_one,
    a_second_factor_is_enabled_once_by_many,
    a_recovery_code_is_spent_once_by_many,
    no_wrong_code_is_lost_under_a_lock,
    a_kid_is_taken_once_by_many,
    a_label_is_made_once_by_many,
    a_number_is_added_once_by_many,
    a_phone_code_is_spent_once_by_many,
    no_wrong_try_is_lost,
    a_number_is_verified_by_one_of_many,
    a_number_may_be_verified_while_it_is_given_up,
    a_verdict_is_given_once_by_many,
);

const MANY: u32 = 20;

fn how_many(results: impl IntoIterator<Item = bool>) -> usize {
    results.into_iter().filter(|won| *won).count()
}

/// Account 0 with a second factor in force, confirmed by the code of step 100.
fn protected(on: &dyn Ports) -> Result<(), StoreError> {
    make_account(on, 0)?;
    on.put_pending(account_id(0), &[1])?;
    on.enable(account_id(0), 100, at(0)).map(drop)
}

async fn a_step_is_spent_once_by_many(store: AnyStore) {
    store.write(protected).await;
    let spent = store
        .at_once(MANY, |_, on| on.spend_step(account_id(0), 101))
        .await;
    assert_eq!(how_many(spent), 1);
}

async fn of_many_steps_none_is_spent_after_a_newer_one(store: AnyStore) {
    store.write(protected).await;
    let spent = store
        .at_once(MANY, |turn, on| {
            on.spend_step(account_id(0), 101 + i64::from(turn) % 2)
        })
        .await;
    assert!((1..=2).contains(&how_many(spent)));
    let kept = store.read(|on| SecondFactors::find(on, account_id(0))).await;
    assert_eq!(kept.unwrap().last_step, Some(102));
}

async fn a_second_factor_is_enabled_once_by_many(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 0)?;
            on.put_pending(account_id(0), &[1])
        })
        .await;
    let enabled = store
        .at_once(MANY, |turn, on| on.enable(account_id(0), 100, at(turn.into())))
        .await;
    assert_eq!(how_many(enabled), 1);
}

async fn a_recovery_code_is_spent_once_by_many(store: AnyStore) {
    store
        .write(|on| {
            protected(on)?;
            on.put_recovery_codes(account_id(0), &[digest(1), digest(2)])
        })
        .await;
    let spent = store
        .at_once(MANY, |turn, on| {
            on.spend_recovery_code(account_id(0), &digest(1), at(turn.into()))
        })
        .await;
    assert_eq!(how_many(spent), 1);
    assert_eq!(store.read(|on| on.count_recovery_codes(account_id(0))).await, 1);
}

async fn no_wrong_code_is_lost_under_a_lock(store: AnyStore) {
    store.write(protected).await;
    store
        .at_once(MANY, |_, on| {
            let account = Accounts::find_for_update(on, account_id(0))?
                .expect("it was made")
                .id;
            let failures = on.failures(account)?.map_or(0, |count| count.failures) + 1;
            on.put_failures(
                account,
                Some(FailureCount {
                    account,
                    failures,
                    window_started_at: at(0),
                }),
            )
        })
        .await;
    let count = store.read(|on| on.failures(account_id(0))).await;
    assert_eq!(count.unwrap().failures, MANY);
}

async fn a_kid_is_taken_once_by_many(store: AnyStore) {
    store.write(|on| make_account(on, 0)).await;
    let made = store
        .at_once(MANY, |_, on| Ok(ApiKeys::insert(on, &api_key(1, 0))?.is_some()))
        .await;
    assert_eq!(how_many(made), 1);
}

async fn a_label_is_made_once_by_many(store: AnyStore) {
    store.write(|on| make_account(on, 0)).await;
    let made = store
        .at_once(MANY, |turn, on| {
            let made = Labels::insert(on, &label(0, "email:verified", LabelScope::Private), at(0))?.is_some();
            // Whoever lost works on.
            Levels::put(
                on,
                &KeptLevel {
                    account: account_id(0),
                    level: 1,
                    table: turn.into(),
                },
            )?;
            Ok(made)
        })
        .await;
    assert_eq!(how_many(made), 1);
}

async fn a_number_is_added_once_by_many(store: AnyStore) {
    store.write(|on| make_account(on, 0)).await;
    let made = store
        .at_once(MANY, |_, on| {
            Ok(Phones::insert(on, &phone(1, 0), at(0))?.is_some())
        })
        .await;
    assert_eq!(how_many(made), 1);
}

async fn a_phone_code_is_spent_once_by_many(store: AnyStore) {
    let phone = store
        .write(|on| {
            make_account(on, 0)?;
            Ok(Phones::insert(on, &phone(1, 0), at(0))?.unwrap().id)
        })
        .await;
    let spent = store
        .at_once(MANY, move |_, on| {
            on.spend_code(phone, &phone_code(1).digest, at(-1), 3)
        })
        .await;
    assert_eq!(how_many(spent), 1);
}

async fn no_wrong_try_is_lost(store: AnyStore) {
    let id = store
        .write(|on| {
            make_account(on, 0)?;
            Ok(Phones::insert(on, &phone(1, 0), at(0))?.unwrap().id)
        })
        .await;
    store.at_once(MANY, move |_, on| on.count_wrong_try(id)).await;
    let kept = store
        .read(|on| Phones::find(on, account_id(0), &phone_key(1)))
        .await;
    assert_eq!(kept.unwrap().code.unwrap().wrong_tries, MANY);
}

/// As many accounts with a phone of the same number.
async fn phones(store: &AnyStore, count: u32) -> Vec<PhoneId> {
    store
        .write(move |on| {
            (0..count)
                .map(|nth| {
                    make_account(on, nth)?;
                    Ok(Phones::insert(on, &phone(1, nth), at(0))?.unwrap().id)
                })
                .collect::<Result<Vec<_>, _>>()
        })
        .await
}

async fn a_number_is_verified_by_one_of_many(store: AnyStore) {
    let phones = phones(&store, MANY).await;
    let verified = store
        .at_once(MANY, move |turn, on| {
            let id = phones[turn as usize];
            Ok(on.spend_code(id, &phone_code(1).digest, at(-1), 3)?
                && Phones::verify(on, id, &phone_key(1), at(1))?)
        })
        .await;
    assert_eq!(how_many(verified.iter().copied()), 1);
    let winner = u32::try_from(verified.iter().position(|won| *won).unwrap()).unwrap();
    let holder = store.read(|on| on.verified_holder(&phone_key(1))).await;
    assert_eq!(holder, Some(account_id(winner)));
}

async fn a_number_may_be_verified_while_it_is_given_up(store: AnyStore) {
    let phones = phones(&store, 2).await;
    let first = phones[0];
    store
        .write(move |on| Phones::verify(on, first, &phone_key(1), at(1)))
        .await;
    let second = phones[1];
    let done = store
        .at_once(2, move |turn, on| match turn {
            0 => Phones::remove(on, first),
            _ => Phones::verify(on, second, &phone_key(1), at(2)),
        })
        .await;
    assert!(done[0]);
    let holder = store.read(|on| on.verified_holder(&phone_key(1))).await;
    assert_eq!(holder, done[1].then(|| account_id(1)));
}

async fn a_verdict_is_given_once_by_many(store: AnyStore) {
    use ReviewState::{Approved, Pending, Rejected};
    let (profile, document) = store
        .write(|on| {
            make_account(on, 0)?;
            let profile = Profiles::insert(on, &profile(0), Pending, at(0))?.id;
            Ok((profile, Documents::insert(on, &document(1, 0), at(0))?.id))
        })
        .await;
    let given = store
        .at_once(MANY, move |turn, on| {
            let to = if turn % 2 == 0 { Approved } else { Rejected };
            Ok([
                Profiles::review(on, profile, Pending, to, &review(turn))?,
                Documents::review(on, document, Pending, to, &review(turn))?,
            ])
        })
        .await;
    assert_eq!(how_many(given.iter().map(|[profile, _]| *profile)), 1);
    assert_eq!(how_many(given.iter().map(|[_, document]| *document)), 1);
}
