use chrono::Duration;
use clavis_flows::Outbox;
use clavis_identity::{FailureCount, LoginFailures, Sessions, TicketPurpose, Tickets};
use clavis_tokens::RefreshTokens;

use super::samples::{account_id, at, digest, mail, make_account, make_session, session, ticket};
use super::{AnyStore, on_every_store};

on_every_store!(
    only_what_is_over_is_swept,
    a_sweep_ends_at_its_limit,
    refresh_tokens_go_with_their_session,
);

const DAY: i64 = 24 * 3600;

async fn only_what_is_over_is_swept(store: AnyStore) {
    // Of each kind one that is over at this moment and one that is over a microsecond later.
    let now = at(30 * DAY);
    let just_not = now + Duration::microseconds(1);
    store
        .write(move |on| {
            for (nth, end) in [(1, now), (2, just_not)] {
                make_account(on, nth)?;
                let mut session = session(nth, nth);
                session.expires_at = just_not + Duration::days(1);
                Sessions::insert(on, &session)?;
                RefreshTokens::insert(on, &digest(nth), session.id, "", at(0), end)?;
                session.id = clavis_kernel::SessionId(super::samples::id(nth + 10));
                session.expires_at = end;
                Sessions::insert(on, &session)?;
                let mut ticket = ticket(nth, nth);
                ticket.expires_at = end;
                Tickets::insert(on, &ticket)?;
                // What failed more than a day ago, and mails that were dead and written more than a week ago.
                let end = end - Duration::microseconds(1);
                let window_started_at = end - Duration::days(1);
                LoginFailures::put(
                    on,
                    &FailureCount {
                        account: account_id(nth),
                        failures: 1,
                        window_started_at,
                    },
                )?;
                let mut mail = mail(nth);
                mail.created_at = end - Duration::days(7);
                on.enqueue(&mail)?;
                Outbox::failed(on, mail.id, 9, None)?;
            }
            // However old, it may still be sent.
            on.enqueue(&mail(3))
        })
        .await;

    assert_eq!(store.write(move |on| on.sweep(now, 100)).await, 5);
    assert_eq!(store.write(move |on| on.sweep(now, 100)).await, 0);
    let left = store
        .read(|on| {
            let mut left = Vec::new();
            for nth in [1, 2] {
                let late_session = clavis_kernel::SessionId(super::samples::id(nth + 10));
                left.push([
                    RefreshTokens::find(on, &digest(nth))?.is_some(),
                    Sessions::find_with_account(on, session(nth, nth).id)?.is_some(),
                    Sessions::find_with_account(on, late_session)?.is_some(),
                    Tickets::find(on, &digest(nth), TicketPurpose::Activate)?.is_some(),
                    LoginFailures::find(on, account_id(nth))?.is_some(),
                ]);
            }
            Ok(left)
        })
        .await;
    assert_eq!(left, [[false, true, false, false, false], [true; 5]]);
    assert_eq!(store.read(|on| on.depth()).await, 1);
    assert_eq!(store.write(move |on| on.sweep(just_not, 100)).await, 5);
}

async fn a_sweep_ends_at_its_limit(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 0)?;
            for nth in 0..5 {
                Tickets::insert(on, &ticket(nth, 0))?;
                Sessions::insert(on, &session(nth, 0))?;
            }
            Ok(())
        })
        .await;
    for expected in [4, 4, 2, 0] {
        assert_eq!(store.write(|on| on.sweep(at(3600), 2)).await, expected);
    }
}

async fn refresh_tokens_go_with_their_session(store: AnyStore) {
    store
        .write(|on| {
            let family = make_session(on, 1)?;
            for nth in 0..5 {
                RefreshTokens::insert(on, &digest(nth), family, "", at(0), at(99_999))?;
            }
            Ok(())
        })
        .await;
    let swept = store
        .write(|on| {
            let mut swept = 0;
            while let more @ 1.. = on.sweep(at(3600), 2)? {
                swept += more;
            }
            Ok(swept)
        })
        .await;
    assert_eq!(swept, 1 + 5);
    let left = store.read(|on| RefreshTokens::find(on, &digest(4))).await;
    assert!(left.is_none());
}
