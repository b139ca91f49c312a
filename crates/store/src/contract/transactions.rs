use std::sync::mpsc;

use clavis_flows::{Avatars, Ports};
use clavis_identity::{
    AccountState, Accounts, FailureCount, Identities, LoginFailures, PasswordCredentials, ProfileChange,
    SecondFactors, Sessions, TicketPurpose, Tickets,
};
use clavis_kernel::{MailId, StoreError, StoreErrorKind};
use clavis_kyc::{Documents, KeptLevel, LabelScope, Labels, Levels, Phones, Profiles, ReviewState};
use clavis_rbac::{Applications, Assignments};
use clavis_tokens::{ApiKeyHolder, ApiKeyState, ApiKeys, RefreshTokens, SigningKeys};

use super::samples::{
    account_id, address, api_key, at, audit_entry, avatar, digest, document, id, label, mail, make_account,
    make_session, password_hash, phone, profile, session, signing_key, ticket,
};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_fault_rolls_everything_back,
    a_refusal_is_committed,
    a_transaction_sees_its_own_writes,
    a_read_cannot_write,
    a_read_sees_one_moment,
    the_store_answers,
    what_takes_worth_from_tokens_counts,
    what_takes_no_worth_does_not_count,
    what_was_rolled_back_does_not_count,
    every_commit_counts_where_nobody_else_commits,
);

async fn a_fault_rolls_everything_back(store: AnyStore) {
    let fault = store
        .try_write(|on| {
            make_session(on, 1)?;
            Identities::claim(on, &address(1, 1))?;
            on.enqueue(&mail(1))?;
            on.append(&audit_entry(1, 0))?;
            Err::<(), _>(StoreError::new("a test", "on purpose"))
        })
        .await
        .unwrap_err();
    assert_eq!(
        (fault.kind(), &*fault.to_string()),
        (StoreErrorKind::Fault, "a test: on purpose")
    );
    let left = store
        .read(|on| {
            Ok((
                Accounts::count(on)?,
                Identities::find(on, &address(1, 1).key)?.is_some(),
                on.depth()?,
                on.latest(account_id(1), 9)?.len(),
            ))
        })
        .await;
    assert_eq!(left, (0, false, 0, 0));
}

async fn a_refusal_is_committed(store: AnyStore) {
    let refused = store
        .write(|on| {
            on.append(&audit_entry(1, 0))?;
            Ok(Err::<(), _>("wrong password"))
        })
        .await;
    assert_eq!(refused, Err("wrong password"));
    assert_eq!(store.read(|on| on.latest(account_id(1), 9)).await.len(), 1);
}

async fn a_transaction_sees_its_own_writes(store: AnyStore) {
    let (before, after) = store
        .write(|on| {
            let before = Accounts::count(on)?;
            make_account(on, 1)?;
            Ok((before, Accounts::count(on)?))
        })
        .await;
    assert_eq!((before, after), (0, 1));
}

/// A change, as a function: in a read it is a fault.
type Change = fn(&dyn Ports) -> Result<(), StoreError>;

async fn a_read_cannot_write(store: AnyStore) {
    store
        .write(|on| {
            let family = make_session(on, 1)?;
            RefreshTokens::insert(on, &digest(1), family, "", at(0), at(9))?;
            Tickets::insert(on, &ticket(1, 1))?;
            ApiKeys::insert(on, &api_key(1, 1))?;
            Labels::insert(on, &label(1, "email:verified", LabelScope::Private), at(0))?;
            Phones::insert(on, &phone(1, 1), at(0))?;
            Profiles::insert(on, &profile(1), ReviewState::Pending, at(0))?;
            SecondFactors::put_pending(on, account_id(1), &[1])?;
            on.enqueue(&mail(1))
        })
        .await;
    let before = store.revocations();
    let changes: &[Change] = &[
        |on| make_account(on, 2).map(drop),
        |on| Accounts::touch(on, account_id(1), at(1)),
        |on| Identities::claim(on, &address(1, 1)).map(drop),
        |on| PasswordCredentials::set(on, account_id(1), &password_hash(1), at(1)),
        |on| {
            let (account, failures, window_started_at) = (account_id(1), 1, at(1));
            LoginFailures::put(
                on,
                &FailureCount {
                    account,
                    failures,
                    window_started_at,
                },
            )
        },
        |on| Tickets::spend(on, &digest(1), TicketPurpose::Activate, at(1)).map(drop),
        |on| Sessions::revoke_all(on, account_id(1), None, at(1)).map(drop),
        |on| RefreshTokens::spend(on, &digest(1), at(1)).map(drop),
        |on| SigningKeys::insert(on, &signing_key("a", 1)).map(drop),
        |on| Applications::insert(on, &"shop".parse().unwrap(), at(1)).map(drop),
        |on| Assignments::remove_all(on, account_id(1)),
        |on| SecondFactors::put_pending(on, account_id(1), &[1]),
        |on| SecondFactors::enable(on, account_id(1), 1, at(1)).map(drop),
        |on| Sessions::extend(on, session(1, 1).id, at(1)).map(drop),
        |on| ApiKeys::remove(on, &api_key(1, 1).kid, ApiKeyHolder::account(account_id(1))).map(drop),
        |on| Labels::insert(on, &label(1, "phone:verified", LabelScope::Private), at(1)).map(drop),
        |on| Levels::put(on, &level(1)),
        |on| Profiles::insert(on, &profile(1), ReviewState::Pending, at(1)).map(drop),
        |on| Phones::insert(on, &phone(2, 1), at(1)).map(drop),
        |on| Documents::insert(on, &document(1, 1), at(1)).map(drop),
        |on| on.append(&audit_entry(1, 1)),
        |on| on.claim_due(at(9), at(10), 1).map(drop),
        |on| Avatars::put(on, &avatar("0000000000000001", 1, &[1])),
        |on| on.sweep(at(9999), 10).map(drop),
    ];
    for (nth, change) in changes.iter().enumerate() {
        let error = store.try_read(change).await.expect_err(&format!("change {nth}"));
        assert_eq!(error.kind(), StoreErrorKind::Fault, "change {nth}: {error}");
    }
    assert_eq!(store.revocations(), before);
    let unspent = store
        .write(|on| RefreshTokens::spend(on, &digest(1), at(1)))
        .await;
    assert!(unspent && store.read(|on| Accounts::count(on)).await == 1);
}

/// What is committed meanwhile is not seen by half of a look-up.
async fn a_read_sees_one_moment(store: AnyStore) {
    let (looked, first_look) = mpsc::channel();
    let (committed, go_on) = mpsc::channel();
    let reading = tokio::spawn({
        let store = store.clone();
        async move {
            // A thread of its own: the fake looks at once, on the thread that asks.
            let (looked, go_on) = (looked, go_on);
            tokio::task::spawn_blocking(move || {
                let runtime = tokio::runtime::Handle::current();
                runtime.block_on(store.read(move |on| {
                    let before = Accounts::count(on)?;
                    looked.send(()).unwrap();
                    go_on.recv().unwrap();
                    Ok((before, Accounts::count(on)?))
                }))
            })
            .await
            .unwrap()
        }
    });
    tokio::task::spawn_blocking(move || first_look.recv())
        .await
        .unwrap()
        .unwrap();
    store.write(|on| make_account(on, 1)).await;
    committed.send(()).unwrap();
    assert_eq!(reading.await.unwrap(), (0, 0));
    assert_eq!(store.read(|on| Accounts::count(on)).await, 1);
}

async fn the_store_answers(store: AnyStore) {
    store.0.ping().await.unwrap();
}

/// An account, its password, a session, a refresh token and a role.
fn somebody(on: &dyn Ports) -> Result<(), StoreError> {
    make_account(on, 1)?;
    PasswordCredentials::set(on, account_id(1), &password_hash(1), at(0))?;
    let application = Applications::insert(on, &"shop".parse().unwrap(), at(0))?.expect("its name is free");
    let role = on.ensure_role(application.id, "clerk")?;
    on.replace(account_id(1), application.id, &[role.id])?;
    Labels::insert(on, &label(1, "email:verified", LabelScope::Private), at(0))?;
    Levels::put(on, &level(1))?;
    SecondFactors::put_pending(on, account_id(1), &[1])?;
    let session = session(1, 1);
    Sessions::insert(on, &session)?;
    ApiKeys::insert(on, &api_key(1, 1))?;
    ApiKeys::insert(on, &api_key(2, 1))?;
    RefreshTokens::insert(on, &digest(1), session.id, "", at(0), at(9))
}

fn level(level: u8) -> KeptLevel {
    KeptLevel {
        account: account_id(1),
        level,
        table: 7,
    }
}

const WORTH_LESS: &[Change] = &[
    |on| {
        Accounts::set_state(
            on,
            account_id(1),
            AccountState::Active,
            AccountState::Banned,
            at(1),
        )
        .map(drop)
    },
    |on| Accounts::set_valid_after(on, account_id(1), at(1)),
    |on| Accounts::erase(on, account_id(1), at(1)),
    |on| PasswordCredentials::set(on, account_id(1), &password_hash(2), at(1)),
    |on| PasswordCredentials::remove(on, account_id(1)),
    |on| Sessions::revoke(on, session(1, 1).id, at(1)).map(drop),
    |on| {
        Sessions::insert(on, &session(2, 1))
            .and_then(|()| Sessions::revoke_all(on, account_id(1), None, at(1)).map(drop))
    },
    |on| {
        let application = on.find_by_name("shop")?.expect("it was made");
        on.replace(account_id(1), application.id, &[])
    },
    // Whoever held no role is given one, and loses it.
    |on| {
        let application = on.find_by_name("shop")?.expect("it was made");
        let role = on.ensure_role(application.id, "owner")?;
        on.replace(account_id(1), application.id, &[role.id])
    },
    |on| {
        let application = on.find_by_name("shop")?.expect("it was made");
        let role = on.ensure_role(application.id, "clerk")?;
        on.replace(account_id(1), application.id, &[role.id])?;
        Assignments::remove_all(on, account_id(1))
    },
    |on| SecondFactors::enable(on, account_id(1), 1, at(1)).map(drop),
    |on| on.put_recovery_codes(account_id(1), &[digest(1)]),
    |on| {
        SecondFactors::put_pending(on, account_id(1), &[1])?;
        SecondFactors::remove(on, account_id(1)).map(drop)
    },
    |on| {
        let inactive = ApiKeyState::inactive();
        let key = api_key(1, 1);
        ApiKeys::update(on, &key.kid, &key.scopes, Some(&inactive), at(1)).map(drop)
    },
    |on| {
        on.deactivate_all(ApiKeyHolder::account(account_id(1)), at(1))
            .map(drop)
    },
    |on| ApiKeys::remove(on, &api_key(2, 1).kid, ApiKeyHolder::account(account_id(1))).map(drop),
    |on| Labels::insert(on, &label(1, "phone:verified", LabelScope::Private), at(1)).map(drop),
    |on| Labels::update(on, &label(1, "email:replaced", LabelScope::Private), at(1)).map(drop),
    |on| {
        let label = label(1, "email:verified", LabelScope::Private);
        Labels::remove(on, account_id(1), &label.key, label.scope).map(drop)
    },
    |on| Levels::put(on, &level(2)),
];

async fn what_takes_worth_from_tokens_counts(store: AnyStore) {
    store.write(somebody).await;
    for (nth, change) in WORTH_LESS.iter().enumerate() {
        let before = store.revocations();
        store.write(change).await;
        assert!(store.revocations() > before, "change {nth}");
    }
    store.write(|on| make_session(on, 3)).await;
    let before = store.revocations();
    store
        .write(|on| RefreshTokens::revoke_family(on, session(3, 3).id, at(1)))
        .await;
    assert!(store.revocations() > before);
}

async fn what_takes_no_worth_does_not_count(store: AnyStore) {
    // Nothing was given out to somebody who is new.
    store.write(somebody).await;
    store
        .write(|on| {
            Accounts::touch(on, account_id(1), at(1))?;
            Accounts::set_last_login(on, account_id(1), at(1))?;
            Accounts::set_profile(on, account_id(1), &ProfileChange::default(), at(1))?;
            Accounts::set_state(
                on,
                account_id(1),
                AccountState::Banned,
                AccountState::Active,
                at(1),
            )?;
            PasswordCredentials::rehash(on, account_id(1), 1, &password_hash(2))?;
            PasswordCredentials::remove(on, account_id(9))?;
            Sessions::revoke_all(on, account_id(9), None, at(1))?;
            Sessions::extend(on, session(1, 1).id, at(7200))?;
            Assignments::remove_all(on, account_id(9))?;
            SecondFactors::put_pending(on, account_id(1), &[2])?;
            SecondFactors::spend_step(on, account_id(1), 9)?;
            SecondFactors::remove(on, account_id(9))?;
            on.spend_recovery_code(account_id(1), &digest(1), at(1))?;
            on.deactivate_all(ApiKeyHolder::account(account_id(9)), at(1))?;
            ApiKeys::insert(on, &api_key(3, 1))?;
            ApiKeys::remove(on, &api_key(1, 1).kid, ApiKeyHolder::account(account_id(9)))?;
            Labels::insert(on, &label(1, "email:rejected", LabelScope::Private), at(1))?;
            Labels::update(on, &label(1, "email:verified", LabelScope::Public), at(1))?;
            RefreshTokens::spend(on, &digest(1), at(1))?;
            on.enqueue(&mail(1))?;
            on.sent(MailId(id(1)))
        })
        .await;
    assert_eq!(store.revocations(), 0);
}

async fn what_was_rolled_back_does_not_count(store: AnyStore) {
    store.write(somebody).await;
    for change in WORTH_LESS {
        let change: Change = *change;
        let rolled_back = store
            .try_write(move |on| {
                change(on)?;
                Err::<(), _>(StoreError::new("a test", "on purpose"))
            })
            .await;
        assert!(rolled_back.is_err());
    }
    assert_eq!(store.revocations(), 0);
}

async fn every_commit_counts_where_nobody_else_commits(store: AnyStore) {
    store.write(somebody).await;
    let before = store.commits();
    store.read(|on| Accounts::count(on)).await;
    let rolled_back = store.try_write(|on| {
        make_account(on, 2)?;
        Err::<(), _>(StoreError::new("a test", "on purpose"))
    });
    assert!(rolled_back.await.is_err());
    let between = store.commits();
    store.write(|on| on.enqueue(&mail(1))).await;
    // Others may commit in front of a server's back: there no count says that nothing has changed.
    let moved = before.zip(between).zip(store.commits());
    assert_eq!(moved.is_some(), before.is_some());
    assert!(moved.is_none_or(|((before, between), after)| before <= between && between < after));
}
