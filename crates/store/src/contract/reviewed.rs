use clavis_kernel::{DocumentId, ProfileId};
use clavis_kyc::{Documents, Profile, Profiles, ReviewState};

use super::samples::{account_id, at, document, make_account, profile, review};
use super::{AnyStore, on_every_store};

use ReviewState::{Approved, Drafted, Pending, Rejected, RetryRequested};

on_every_store!(
    a_profile_reads_back_as_it_was_made,
    profiles_of_an_account_come_the_oldest_first,
    a_profile_changes_only_from_the_state_expected,
    a_profile_is_decided_on_only_from_the_state_expected,
    profiles_wait_in_the_order_they_came,
    a_document_reads_back_as_it_was_handed_in,
    a_blob_belongs_to_one_document,
    documents_of_an_account_come_the_oldest_first,
    a_document_is_decided_on_only_from_the_state_expected,
    documents_wait_in_the_order_they_came,
);

async fn a_profile_reads_back_as_it_was_made(store: AnyStore) {
    let (made, bare) = store
        .write(|on| {
            make_account(on, 1)?;
            let made = Profiles::insert(on, &profile(1), Drafted, at(3))?;
            let mut bare = profile(1);
            (bare.country, bare.metadata, bare.author) = (None, None, account_id(2));
            Ok((made, Profiles::insert(on, &bare, Pending, at(4))?))
        })
        .await;
    let id = made.id;
    let read = store.read(move |on| Profiles::find(on, id)).await.unwrap();
    let new = profile(1);
    for profile in [made, read] {
        assert_eq!(
            (profile.content.account, profile.content.author),
            (account_id(1), account_id(1))
        );
        assert_eq!(
            (profile.content.sealed, profile.content.country),
            (new.sealed.clone(), new.country.clone())
        );
        assert_eq!(
            (profile.content.metadata, profile.state),
            (new.metadata.clone(), Drafted)
        );
        assert!(profile.review.is_none());
        assert_eq!((profile.created_at, profile.updated_at), (at(3), at(3)));
    }
    assert_eq!((bare.content.country, bare.content.metadata), (None, None));
    assert_eq!((bare.content.author, bare.state), (account_id(2), Pending));
    assert!(
        store
            .read(|on| Profiles::find(on, ProfileId(i64::MAX)))
            .await
            .is_none()
    );
}

async fn profiles_of_an_account_come_the_oldest_first(store: AnyStore) {
    let made = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            let mut made = Vec::new();
            for account in [2, 1, 2, 1] {
                made.push(Profiles::insert(on, &profile(account), Pending, at(0))?.id);
            }
            for _ in 0..110 {
                Profiles::insert(on, &profile(1), Pending, at(0))?;
            }
            Ok(made)
        })
        .await;
    let ids = |profiles: Vec<Profile>| profiles.into_iter().map(|profile| profile.id).collect::<Vec<_>>();
    let of_two = store
        .read(|on| Profiles::of_accounts(on, &[2, 9].map(account_id)))
        .await;
    assert_eq!(ids(of_two), [made[0], made[2]]);
    let of_one = ids(store.read(|on| Profiles::of_account(on, account_id(1))).await);
    assert_eq!((of_one.len(), &of_one[..2]), (100, &[made[1], made[3]][..]));
    assert!(of_one.is_sorted());
}

async fn a_profile_changes_only_from_the_state_expected(store: AnyStore) {
    let (id, changed) = store
        .write(|on| {
            make_account(on, 1)?;
            let id = Profiles::insert(on, &profile(1), Drafted, at(0))?.id;
            let mut content = profile(1);
            content.sealed = vec![9];
            (content.country, content.metadata, content.author) = (None, None, account_id(7));
            let changed = [
                Profiles::update(on, id, &content, Pending, Approved, at(4))?,
                Profiles::update(on, ProfileId(i64::MAX), &content, Drafted, Pending, at(4))?,
                Profiles::update(on, id, &content, Drafted, Pending, at(5))?,
                Profiles::update(on, id, &profile(1), Drafted, Pending, at(6))?,
            ];
            Ok((id, changed))
        })
        .await;
    assert_eq!(changed, [false, false, true, false]);
    let kept = store.read(move |on| Profiles::find(on, id)).await.unwrap();
    assert_eq!(
        (kept.content.sealed, kept.content.country, kept.content.metadata),
        (vec![9], None, None)
    );
    assert_eq!(
        (kept.content.account, kept.content.author),
        (account_id(1), account_id(7))
    );
    assert_eq!(
        (kept.state, kept.created_at, kept.updated_at),
        (Pending, at(0), at(5))
    );
}

async fn a_profile_is_decided_on_only_from_the_state_expected(store: AnyStore) {
    let (id, decided) = store
        .write(|on| {
            make_account(on, 1)?;
            let id = Profiles::insert(on, &profile(1), Pending, at(0))?.id;
            let decided = [
                Profiles::review(on, id, Drafted, Approved, &review(7))?,
                Profiles::review(on, ProfileId(i64::MAX), Pending, Approved, &review(7))?,
                Profiles::review(on, id, Pending, RetryRequested, &review(8))?,
                Profiles::review(on, id, Pending, Rejected, &review(9))?,
            ];
            Ok((id, decided))
        })
        .await;
    assert_eq!(decided, [false, false, true, false]);
    let kept = store.read(move |on| Profiles::find(on, id)).await.unwrap();
    assert_eq!(
        (kept.state, kept.created_at, kept.updated_at),
        (RetryRequested, at(0), at(60))
    );
    assert!(kept.review == Some(review(8)));
    let anew = store
        .write(move |on| {
            let mut bare = review(9);
            (bare.public_comment, bare.private_comment) = (None, None);
            Profiles::review(on, id, RetryRequested, Approved, &bare)?;
            Profiles::find(on, id)
        })
        .await
        .unwrap();
    let decision = anew.review.unwrap();
    assert_eq!(
        (decision.by, decision.public_comment, decision.private_comment),
        (account_id(9), None, None)
    );
}

async fn profiles_wait_in_the_order_they_came(store: AnyStore) {
    let made = store
        .write(|on| {
            make_account(on, 1)?;
            let states = [Pending, Drafted, Pending, Pending, Approved];
            let made =
                states.map(|state| Profiles::insert(on, &profile(1), state, at(0)).map(|made| made.id));
            made.into_iter().collect::<Result<Vec<_>, _>>()
        })
        .await;
    let queue = |state, after, limit| {
        let found = store.read(move |on| Profiles::queue(on, state, after, limit));
        async move {
            let (profiles, total) = found.await;
            (
                profiles.into_iter().map(|profile| profile.id).collect::<Vec<_>>(),
                total,
            )
        }
    };
    assert_eq!(
        queue(Pending, None, 9).await,
        (vec![made[0], made[2], made[3]], 3)
    );
    assert_eq!(queue(Pending, None, 2).await, (vec![made[0], made[2]], 3));
    assert_eq!(queue(Pending, Some(made[0]), 1).await, (vec![made[2]], 3));
    assert_eq!(queue(Pending, Some(made[3]), 9).await, (vec![], 3));
    assert_eq!(queue(Rejected, None, 9).await, (vec![], 0));
}

async fn a_document_reads_back_as_it_was_handed_in(store: AnyStore) {
    let (made, bare) = store
        .write(|on| {
            make_account(on, 1)?;
            let made = Documents::insert(on, &document(1, 1), at(3))?;
            let mut bare = document(2, 1);
            (bare.sealed_number, bare.expires_on, bare.category) = (None, None, None);
            (bare.group, bare.metadata, bare.sealed_address) = (None, None, None);
            Ok((made, Documents::insert(on, &bare, at(4))?))
        })
        .await;
    let id = made.id;
    let read = store.read(move |on| Documents::find(on, id)).await.unwrap();
    for document in [made, read] {
        let (content, new) = (document.content, self::document(1, 1));
        assert_eq!((content.account, content.doc_type), (new.account, new.doc_type));
        assert_eq!(
            (content.sealed_number, content.expires_on),
            (new.sealed_number, new.expires_on)
        );
        assert_eq!(
            (content.category, content.group, content.metadata),
            (new.category, new.group, new.metadata)
        );
        assert_eq!(content.sealed_address, new.sealed_address);
        assert_eq!(
            (content.file.blob, content.file.size),
            (new.file.blob, new.file.size)
        );
        assert_eq!(
            (content.file.sealed_key, content.file.name),
            (new.file.sealed_key, new.file.name)
        );
        assert_eq!(content.file.media_type, new.file.media_type);
        assert!(document.state == Pending && document.review.is_none());
        assert_eq!((document.created_at, document.updated_at), (at(3), at(3)));
    }
    assert_eq!(
        (
            bare.content.sealed_number,
            bare.content.expires_on,
            bare.content.category
        ),
        (None, None, None)
    );
    assert_eq!((bare.content.group, bare.content.metadata), (None, None));
    assert!(
        store
            .read(|on| Documents::find(on, DocumentId(i64::MAX)))
            .await
            .is_none()
    );
}

async fn a_blob_belongs_to_one_document(store: AnyStore) {
    let blob = |nth| document(nth, 1).file.blob;
    let mut owned = store
        .write(move |on| {
            make_account(on, 1)?;
            for nth in [1, 2, 3] {
                Documents::insert(on, &document(nth, 1), at(0))?;
            }
            assert!(on.owned(&[])?.is_empty());
            on.owned(&[blob(3), blob(9), blob(1)])
        })
        .await;
    owned.sort();
    assert_eq!(owned, [blob(1), blob(3)]);
    let again = store
        .try_write(|on| Documents::insert(on, &document(1, 1), at(0)))
        .await;
    assert!(again.is_err());
}

async fn documents_of_an_account_come_the_oldest_first(store: AnyStore) {
    let (first, third) = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            let first = Documents::insert(on, &document(1, 1), at(0))?.id;
            Documents::insert(on, &document(2, 2), at(0))?;
            Ok((first, Documents::insert(on, &document(3, 1), at(0))?.id))
        })
        .await;
    let (documents, counts) = store
        .read(|on| {
            let counts = [1, 2, 9].map(|nth| Documents::count_of_account(on, account_id(nth)));
            let counts = counts.into_iter().collect::<Result<Vec<_>, _>>()?;
            Ok((Documents::of_account(on, account_id(1))?, counts))
        })
        .await;
    let ids: Vec<_> = documents.into_iter().map(|document| document.id).collect();
    assert_eq!((ids, counts), (vec![first, third], vec![2, 1, 0]));
}

async fn a_document_is_decided_on_only_from_the_state_expected(store: AnyStore) {
    let (id, decided) = store
        .write(|on| {
            make_account(on, 1)?;
            let id = Documents::insert(on, &document(1, 1), at(0))?.id;
            let decided = [
                Documents::review(on, id, RetryRequested, Approved, &review(7))?,
                Documents::review(on, DocumentId(i64::MAX), Pending, Approved, &review(7))?,
                Documents::review(on, id, Pending, Rejected, &review(8))?,
                Documents::review(on, id, Pending, Approved, &review(9))?,
            ];
            Ok((id, decided))
        })
        .await;
    assert_eq!(decided, [false, false, true, false]);
    let kept = store.read(move |on| Documents::find(on, id)).await.unwrap();
    assert_eq!(
        (kept.state, kept.created_at, kept.updated_at),
        (Rejected, at(0), at(60))
    );
    assert!(kept.review == Some(review(8)));
}

async fn documents_wait_in_the_order_they_came(store: AnyStore) {
    let made = store
        .write(|on| {
            make_account(on, 1)?;
            let made =
                [1, 2, 3, 4].map(|nth| Documents::insert(on, &document(nth, 1), at(0)).map(|made| made.id));
            let made = made.into_iter().collect::<Result<Vec<_>, _>>()?;
            Documents::review(on, made[1], Pending, Approved, &review(7))?;
            Ok(made)
        })
        .await;
    let queue = |state, after, limit| {
        let found = store.read(move |on| Documents::queue(on, state, after, limit));
        async move {
            let (documents, total) = found.await;
            (
                documents
                    .into_iter()
                    .map(|document| document.id)
                    .collect::<Vec<_>>(),
                total,
            )
        }
    };
    assert_eq!(
        queue(Pending, None, 9).await,
        (vec![made[0], made[2], made[3]], 3)
    );
    assert_eq!(queue(Pending, Some(made[0]), 1).await, (vec![made[2]], 3));
    assert_eq!(queue(Approved, None, 9).await, (vec![made[1]], 1));
    assert_eq!(queue(Rejected, None, 9).await, (vec![], 0));
}
