use clavis_identity::{TicketPurpose, Tickets};
use clavis_kernel::Dialect;

use super::samples::{account_id, at, digest, email, make_account, ticket};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_ticket_reads_back,
    a_ticket_is_good_for_its_purpose_only,
    a_ticket_is_spent_once,
    an_expired_ticket_is_not_spent,
    a_discarded_ticket_is_worthless_and_counts_as_issued,
    tickets_are_counted_from_a_moment_on,
);

async fn a_ticket_reads_back(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 1)?;
            Tickets::insert(on, &ticket(1, 1))
        })
        .await;
    let found = store
        .read(|on| Tickets::find(on, &digest(1), TicketPurpose::Activate))
        .await
        .unwrap();
    assert_eq!(
        (found.digest, found.account, found.purpose),
        (digest(1), account_id(1), TicketPurpose::Activate)
    );
    assert!(found.address == email(1));
    assert_eq!(found.through, Dialect::BackendPlus);
    assert_eq!(
        (found.issued_at, found.expires_at, found.spent_at),
        (at(0), at(3600), None)
    );
}

async fn a_ticket_is_good_for_its_purpose_only(store: AnyStore) {
    let (found, spent) = store
        .write(|on| {
            make_account(on, 1)?;
            Tickets::insert(on, &ticket(1, 1))?;
            Ok((
                Tickets::find(on, &digest(1), TicketPurpose::ResetPassword)?,
                Tickets::spend(on, &digest(1), TicketPurpose::ResetPassword, at(1))?,
            ))
        })
        .await;
    assert!(found.is_none() && spent.is_none());
}

async fn a_ticket_is_spent_once(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 1)?;
            Tickets::insert(on, &ticket(1, 1))
        })
        .await;
    let spend =
        |seconds| store.write(move |on| Tickets::spend(on, &digest(1), TicketPurpose::Activate, at(seconds)));
    let first = spend(5).await.unwrap();
    assert_eq!((first.account, first.spent_at), (account_id(1), Some(at(5))));
    assert!(spend(6).await.is_none());
    let found = store
        .read(|on| Tickets::find(on, &digest(1), TicketPurpose::Activate))
        .await
        .unwrap();
    assert_eq!(found.spent_at, Some(at(5)));
}

async fn an_expired_ticket_is_not_spent(store: AnyStore) {
    let (late, in_time) = store
        .write(|on| {
            make_account(on, 1)?;
            Tickets::insert(on, &ticket(1, 1))?;
            let late = Tickets::spend(on, &digest(1), TicketPurpose::Activate, at(3600))?;
            let in_time = Tickets::spend(on, &digest(1), TicketPurpose::Activate, at(3599))?;
            Ok((late, in_time))
        })
        .await;
    assert!(late.is_none() && in_time.is_some());
}

async fn a_discarded_ticket_is_worthless_and_counts_as_issued(store: AnyStore) {
    let discarded = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            Tickets::insert(on, &ticket(1, 1))?;
            Tickets::insert(on, &ticket(2, 1))?;
            Tickets::insert(on, &ticket(3, 2))?;
            let mut other_purpose = ticket(4, 1);
            other_purpose.purpose = TicketPurpose::ResetPassword;
            Tickets::insert(on, &other_purpose)?;
            Tickets::spend(on, &digest(2), TicketPurpose::Activate, at(1))?;
            Ok([
                Tickets::discard(on, account_id(1), TicketPurpose::Activate)?,
                Tickets::discard(on, account_id(1), TicketPurpose::Activate)?,
            ])
        })
        .await;
    assert_eq!(discarded, [1, 0]);
    let (gone, others, issued) = store
        .write(|on| {
            Ok((
                Tickets::spend(on, &digest(1), TicketPurpose::Activate, at(2))?,
                [
                    Tickets::spend(on, &digest(3), TicketPurpose::Activate, at(2))?.is_some(),
                    Tickets::spend(on, &digest(4), TicketPurpose::ResetPassword, at(2))?.is_some(),
                ],
                Tickets::count_issued(on, account_id(1), at(0))?,
            ))
        })
        .await;
    assert!(gone.is_none());
    assert_eq!((others, issued), ([true, true], 3));
}

async fn tickets_are_counted_from_a_moment_on(store: AnyStore) {
    let counts = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            for nth in 0..5 {
                let mut issued = ticket(nth, 1);
                issued.issued_at = at(nth.into());
                Tickets::insert(on, &issued)?;
            }
            [(1, 0), (1, 3), (1, 5), (2, 0)]
                .into_iter()
                .map(|(account, since)| Tickets::count_issued(on, account_id(account), at(since)))
                .collect::<Result<Vec<_>, _>>()
        })
        .await;
    assert_eq!(counts, [5, 2, 0, 0]);
}
