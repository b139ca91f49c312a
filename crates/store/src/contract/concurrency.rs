use std::collections::{BTreeMap, BTreeSet};

use clavis_identity::{
    AccountState, Accounts, FailureCount, Identities, LoginFailures, PasswordCredentials, ProfileChange,
    Sessions, TicketPurpose, Tickets,
};
use clavis_rbac::{Applications, Assignments};
use clavis_tokens::{RefreshTokens, SigningKeys};

use super::samples::{
    account_id, at, digest, mail, make_account, make_session, name, new_account, password_hash, session,
    signing_key, ticket,
};
use super::{AnyStore, on_every_store};

on_every_store!(
    one_of_many_claims_gets_the_key,
    keys_claimed_crosswise_go_to_one_account_each,
    one_of_many_takes_a_uid,
    a_ticket_is_spent_once_by_fifty,
    a_refresh_token_is_spent_once_by_fifty,
    a_session_is_revoked_once_by_many,
    a_state_changes_once_by_many,
    no_two_workers_claim_one_mail,
    no_failure_is_lost_under_a_lock,
    no_password_is_lost_in_the_count,
    no_attribute_is_lost,
    roles_are_replaced_as_a_whole,
    a_role_is_made_once_by_many,
    an_applications_name_is_taken_once_by_many,
    keys_are_made_once_under_a_lock,
);

fn how_many(results: impl IntoIterator<Item = bool>) -> usize {
    results.into_iter().filter(|won| *won).count()
}

async fn accounts(store: &AnyStore, count: u32) {
    store
        .write(move |on| (0..count).try_for_each(|nth| make_account(on, nth).map(drop)))
        .await;
}

async fn one_of_many_claims_gets_the_key(store: AnyStore) {
    accounts(&store, 20).await;
    let won = store
        .at_once(20, |turn, on| Identities::claim(on, &name("ann", turn)))
        .await;
    assert_eq!(how_many(won.iter().copied()), 1);
    let winner = u32::try_from(won.iter().position(|won| *won).unwrap()).unwrap();
    let holder = store
        .read(|on| Identities::find(on, &name("ann", 0).key))
        .await
        .unwrap();
    assert_eq!(holder.account, account_id(winner));
}

/// Each takes both keys, in its own order: on PostgreSQL some run into a deadlock and are run again.
/// Each pair is a deadlock, which PostgreSQL takes a second to find: with many of them some would be told to come
/// back. Use cases claim in one order.
async fn keys_claimed_crosswise_go_to_one_account_each(store: AnyStore) {
    accounts(&store, 4).await;
    let won = store
        .at_once(4, |turn, on| {
            let mut names = ["ann", "bea"];
            names.rotate_left(turn as usize % 2);
            let [first, second] = names.map(|text| name(text, turn));
            Ok([Identities::claim(on, &first)?, Identities::claim(on, &second)?])
        })
        .await;
    assert_eq!(how_many(won.into_iter().flatten()), 2);
}

async fn one_of_many_takes_a_uid(store: AnyStore) {
    let made = store
        .at_once(20, |turn, on| {
            let mut account = new_account(turn);
            account.uid = new_account(0).uid;
            Ok(Accounts::insert(on, &account)?.is_some())
        })
        .await;
    assert_eq!(how_many(made), 1);
    assert_eq!(store.read(|on| Accounts::count(on)).await, 1);
}

async fn a_ticket_is_spent_once_by_fifty(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 1)?;
            Tickets::insert(on, &ticket(1, 1))
        })
        .await;
    let spent = store
        .at_once(50, |turn, on| {
            Ok(Tickets::spend(on, &digest(1), TicketPurpose::Activate, at(turn.into()))?.is_some())
        })
        .await;
    assert_eq!(how_many(spent), 1);
}

async fn a_refresh_token_is_spent_once_by_fifty(store: AnyStore) {
    store
        .write(|on| {
            let family = make_session(on, 1)?;
            RefreshTokens::insert(on, &digest(1), family, "", at(0), at(9))
        })
        .await;
    let spent = store
        .at_once(50, |turn, on| {
            RefreshTokens::spend(on, &digest(1), at(turn.into()))
        })
        .await;
    assert_eq!(how_many(spent), 1);
}

async fn a_session_is_revoked_once_by_many(store: AnyStore) {
    store.write(|on| make_session(on, 1)).await;
    let ended = store
        .at_once(20, |turn, on| {
            Sessions::revoke(on, session(1, 1).id, at(turn.into()))
        })
        .await;
    assert_eq!(how_many(ended), 1);
}

async fn a_state_changes_once_by_many(store: AnyStore) {
    use AccountState::{Active, Locked};
    accounts(&store, 1).await;
    let changed = store
        .at_once(20, |turn, on| {
            Accounts::set_state(on, account_id(0), Active, Locked, at(turn.into()))
        })
        .await;
    assert_eq!(how_many(changed), 1);
}

async fn no_two_workers_claim_one_mail(store: AnyStore) {
    const MAILS: u32 = 60;
    store
        .write(|on| (0..MAILS).try_for_each(|nth| on.enqueue(&mail(nth))))
        .await;
    let mut claimed = Vec::new();
    // On PostgreSQL a worker passes over what another one holds, so a round may leave some for the next.
    while claimed.len() < MAILS as usize {
        let round = store
            .at_once(20, |_, on| on.claim_due(at(1000), at(2000), 3))
            .await;
        let before = claimed.len();
        claimed.extend(round.into_iter().flatten().map(|mail| mail.id));
        assert!(claimed.len() > before);
    }
    assert_eq!(claimed.len(), MAILS as usize);
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>().len(), MAILS as usize);
}

async fn no_failure_is_lost_under_a_lock(store: AnyStore) {
    accounts(&store, 1).await;
    store
        .at_once(50, |_, on| {
            let account = Accounts::find_for_update(on, account_id(0))?
                .expect("it was made")
                .id;
            let failures = LoginFailures::find(on, account)?.map_or(0, |count| count.failures) + 1;
            LoginFailures::put(
                on,
                &FailureCount {
                    account,
                    failures,
                    window_started_at: at(0),
                },
            )
        })
        .await;
    let count = store.read(|on| LoginFailures::find(on, account_id(0))).await;
    assert_eq!(count.unwrap().failures, 50);
}

async fn no_password_is_lost_in_the_count(store: AnyStore) {
    accounts(&store, 1).await;
    store
        .at_once(20, |turn, on| {
            PasswordCredentials::set(on, account_id(0), &password_hash(turn), at(turn.into()))
        })
        .await;
    let credential = store
        .read(|on| PasswordCredentials::find(on, account_id(0)))
        .await
        .unwrap();
    assert_eq!(credential.version, 20);
    // Hash and moment are of one and the same call.
    let of_turn: BTreeMap<_, _> = (0..20)
        .map(|turn| (at(turn.into()), password_hash(turn)))
        .collect();
    assert!(of_turn[&credential.changed_at] == credential.hash);
}

async fn no_attribute_is_lost(store: AnyStore) {
    accounts(&store, 1).await;
    store
        .at_once(20, |turn, on| {
            let change = ProfileChange {
                attributes: [(format!("attribute {turn}"), turn.to_string())].into(),
                ..ProfileChange::default()
            };
            Accounts::set_profile(on, account_id(0), &change, at(0))
        })
        .await;
    let account = store.read(|on| Accounts::find(on, account_id(0))).await.unwrap();
    assert_eq!(account.attributes.len(), 1 + 20);
}

async fn roles_are_replaced_as_a_whole(store: AnyStore) {
    accounts(&store, 1).await;
    let application = store
        .write(|on| {
            Ok(Applications::insert(on, &"shop".parse().unwrap(), at(0))?
                .expect("its name is free")
                .id)
        })
        .await;
    store
        .at_once(20, move |turn, on| {
            let role = on.ensure_role(application, &format!("role {turn}"))?;
            on.replace(account_id(0), application, &[role.id])
        })
        .await;
    let held = store
        .read(move |on| Assignments::of_account(on, account_id(0), application))
        .await;
    assert_eq!(held.len(), 1);
}

async fn a_role_is_made_once_by_many(store: AnyStore) {
    let application = store
        .write(|on| {
            Ok(Applications::insert(on, &"shop".parse().unwrap(), at(0))?
                .expect("its name is free")
                .id)
        })
        .await;
    let made = store
        .at_once(20, move |_, on| {
            Ok((
                on.ensure_role(application, "clerk")?.id,
                on.ensure_scope(application, "sell")?.id,
            ))
        })
        .await;
    assert_eq!(made.into_iter().collect::<BTreeSet<_>>().len(), 1);
}

async fn an_applications_name_is_taken_once_by_many(store: AnyStore) {
    let made = store
        .at_once(20, |_, on| {
            Ok(Applications::insert(on, &"shop".parse().unwrap(), at(0))?.is_some())
        })
        .await;
    assert_eq!(how_many(made), 1);
}

async fn keys_are_made_once_under_a_lock(store: AnyStore) {
    let made = store
        .at_once(20, |turn, on| {
            SigningKeys::lock(on)?;
            let none = SigningKeys::all(on)?.is_empty();
            if none {
                SigningKeys::insert(on, &signing_key(&format!("key {turn}"), 0))?;
            }
            Ok(none)
        })
        .await;
    assert_eq!(how_many(made), 1);
    assert_eq!(store.read(|on| SigningKeys::all(on)).await.len(), 1);
}
