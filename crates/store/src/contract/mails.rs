use clavis_flows::{Outbox, QueuedMail};
use clavis_kernel::MailId;

use super::samples::{at, id, mail};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_mail_reads_back,
    due_mails_come_oldest_first_up_to_a_limit,
    a_claimed_mail_is_not_claimed_again_before_its_time,
    a_sent_mail_is_gone,
    a_failed_mail_comes_back_when_it_is_due,
    a_dead_mail_does_not_wait,
);

fn ids(mails: &[QueuedMail]) -> Vec<MailId> {
    mails.iter().map(|mail| mail.id).collect()
}

fn expected(numbers: &[u32]) -> Vec<MailId> {
    numbers.iter().map(|nth| MailId(id(*nth))).collect()
}

async fn queued(store: &AnyStore, numbers: &'static [u32]) {
    store
        .write(move |on| numbers.iter().try_for_each(|nth| on.enqueue(&mail(*nth))))
        .await;
}

async fn claim(store: &AnyStore, now: i64, until: i64) -> Vec<QueuedMail> {
    store.write(move |on| on.claim_due(at(now), at(until), 10)).await
}

async fn a_mail_reads_back(store: AnyStore) {
    queued(&store, &[1]).await;
    let [found] = &claim(&store, 100, 200).await[..] else {
        panic!("one mail is due")
    };
    assert_eq!((found.id, &found.sealed), (MailId(id(1)), &mail(1).sealed));
    assert_eq!((found.attempts, found.created_at), (0, at(1)));
}

async fn due_mails_come_oldest_first_up_to_a_limit(store: AnyStore) {
    queued(&store, &[4, 2, 9, 3]).await;
    let first = store.write(|on| on.claim_due(at(4), at(100), 2)).await;
    assert_eq!(ids(&first), expected(&[2, 3]));
    // The ninth is not due yet.
    assert_eq!(ids(&claim(&store, 4, 100).await), expected(&[4]));
}

async fn a_claimed_mail_is_not_claimed_again_before_its_time(store: AnyStore) {
    queued(&store, &[1]).await;
    assert_eq!(claim(&store, 10, 20).await.len(), 1);
    assert_eq!(claim(&store, 19, 30).await.len(), 0);
    assert_eq!(store.read(|on| on.depth()).await, 1);
    assert_eq!(claim(&store, 20, 30).await.len(), 1);
}

async fn a_sent_mail_is_gone(store: AnyStore) {
    queued(&store, &[1, 2]).await;
    for _ in 0..2 {
        store.write(|on| on.sent(MailId(id(1)))).await;
    }
    assert_eq!(store.read(|on| on.depth()).await, 1);
    assert_eq!(ids(&claim(&store, 10, 20).await), expected(&[2]));
}

async fn a_failed_mail_comes_back_when_it_is_due(store: AnyStore) {
    queued(&store, &[1]).await;
    claim(&store, 10, 500).await;
    store
        .write(|on| Outbox::failed(on, MailId(id(1)), 3, Some(at(50))))
        .await;
    assert_eq!(claim(&store, 49, 500).await.len(), 0);
    let again = claim(&store, 50, 500).await;
    assert_eq!((ids(&again), again[0].attempts), (expected(&[1]), 3));
}

async fn a_dead_mail_does_not_wait(store: AnyStore) {
    queued(&store, &[1, 2]).await;
    store.write(|on| Outbox::failed(on, MailId(id(1)), 9, None)).await;
    assert_eq!(store.read(|on| on.depth()).await, 1);
    assert_eq!(ids(&claim(&store, 1_000_000, 2_000_000).await), expected(&[2]));
}
