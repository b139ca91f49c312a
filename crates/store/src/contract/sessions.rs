use clavis_identity::{Assurance, Sessions};
use clavis_kernel::{ApplicationId, Dialect, SessionId};
use clavis_tokens::{ClientBinding, RefreshTokens};

use super::samples::{account_id, at, digest, id, make_account, make_session, session};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_session_reads_back_with_its_account,
    a_session_is_found_by_its_secret,
    a_secret_belongs_to_one_session,
    a_session_is_extended_until_it_is_ended,
    a_session_is_revoked_once,
    revoking_all_spares_one,
    a_refresh_token_reads_back_with_its_session,
    a_refresh_token_is_spent_once,
    a_family_is_revoked_once_and_its_tokens_say_so,
);

async fn a_session_reads_back_with_its_account(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 1)?;
            Sessions::insert(on, &session(1, 1))?;
            let mut bare = session(2, 1);
            (bare.device, bare.ip, bare.user_agent) = (None, None, None);
            bare.application = Some(ApplicationId(7));
            (bare.assurance, bare.secret) = (Assurance::Reduced, Some(digest(2)));
            Sessions::insert(on, &bare)
        })
        .await;
    let find = |nth| store.read(move |on| Sessions::find_with_account(on, SessionId(id(nth))));
    let (found, account) = find(1).await.unwrap();
    assert_eq!(
        (found.id, found.account, account.id),
        (SessionId(id(1)), account_id(1), account_id(1))
    );
    assert_eq!((found.through, found.application), (Dialect::Pluto, None));
    assert_eq!((found.assurance, found.secret), (Assurance::Full, None));
    assert_eq!((found.device, found.ip, found.user_agent), {
        let made = session(1, 1);
        (made.device, made.ip, made.user_agent)
    });
    assert_eq!(
        (found.created_at, found.expires_at, found.revoked_at),
        (at(0), at(3600), None)
    );

    let (bare, _) = find(2).await.unwrap();
    assert_eq!((bare.device, bare.ip, bare.user_agent), (None, None, None));
    assert_eq!(bare.application, Some(ApplicationId(7)));
    assert_eq!(
        (bare.assurance, bare.secret),
        (Assurance::Reduced, Some(digest(2)))
    );
    assert!(find(3).await.is_none());
}

async fn a_session_is_found_by_its_secret(store: AnyStore) {
    store
        .write(|on| {
            make_session(on, 1)?;
            make_account(on, 2)?;
            let mut with_secret = session(2, 2);
            with_secret.secret = Some(digest(7));
            Sessions::insert(on, &with_secret)?;
            Sessions::revoke(on, with_secret.id, at(5)).map(drop)
        })
        .await;
    let (found, account) = store.read(|on| on.find_by_secret(&digest(7))).await.unwrap();
    assert_eq!((found.id, account.id), (SessionId(id(2)), account_id(2)));
    // What that means is the domain's business.
    assert_eq!(found.revoked_at, Some(at(5)));
    assert!(store.read(|on| on.find_by_secret(&digest(8))).await.is_none());
}

async fn a_secret_belongs_to_one_session(store: AnyStore) {
    let again = store
        .try_write(|on| {
            make_account(on, 1)?;
            // Any number of sessions have none.
            Sessions::insert(on, &session(1, 1))?;
            Sessions::insert(on, &session(2, 1))?;
            for nth in [3, 4] {
                let mut with_secret = session(nth, 1);
                with_secret.secret = Some(digest(7));
                Sessions::insert(on, &with_secret)?;
            }
            Ok(())
        })
        .await;
    assert!(again.is_err());
}

async fn a_session_is_extended_until_it_is_ended(store: AnyStore) {
    let extended = store
        .write(|on| {
            let session = make_session(on, 1)?;
            let first = Sessions::extend(on, session, at(7200))?;
            let unknown = Sessions::extend(on, SessionId(id(9)), at(7200))?;
            Sessions::revoke(on, session, at(1))?;
            Ok([first, unknown, Sessions::extend(on, session, at(9999))?])
        })
        .await;
    assert_eq!(extended, [true, false, false]);
    let (found, _) = store
        .read(|on| Sessions::find_with_account(on, SessionId(id(1))))
        .await
        .unwrap();
    assert_eq!((found.created_at, found.expires_at), (at(0), at(7200)));
}

async fn a_session_is_revoked_once(store: AnyStore) {
    let ended = store
        .write(|on| {
            let session = make_session(on, 1)?;
            Ok([
                Sessions::revoke(on, session, at(1))?,
                Sessions::revoke(on, session, at(2))?,
                Sessions::revoke(on, SessionId(id(9)), at(2))?,
            ])
        })
        .await;
    assert_eq!(ended, [true, false, false]);
    let (found, _) = store
        .read(|on| Sessions::find_with_account(on, SessionId(id(1))))
        .await
        .unwrap();
    assert_eq!(found.revoked_at, Some(at(1)));
}

async fn revoking_all_spares_one(store: AnyStore) {
    let ended = store
        .write(|on| {
            make_session(on, 1)?;
            for nth in 2..=4 {
                Sessions::insert(on, &session(nth, 1))?;
            }
            make_session(on, 5)?;
            Sessions::revoke(on, SessionId(id(4)), at(1))?;
            Ok([
                Sessions::revoke_all(on, account_id(1), Some(SessionId(id(2))), at(2))?,
                Sessions::revoke_all(on, account_id(1), None, at(3))?,
                Sessions::revoke_all(on, account_id(1), None, at(4))?,
            ])
        })
        .await;
    assert_eq!(ended, [2, 1, 0]);
    for (nth, revoked_at) in [(1, Some(at(2))), (2, Some(at(3))), (4, Some(at(1))), (5, None)] {
        let found = store
            .read(move |on| Sessions::find_with_account(on, SessionId(id(nth))))
            .await;
        assert_eq!(found.unwrap().0.revoked_at, revoked_at, "session {nth}");
    }
}

async fn a_refresh_token_reads_back_with_its_session(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 1)?;
            let mut session = session(1, 1);
            session.application = Some(ApplicationId(7));
            Sessions::insert(on, &session)?;
            RefreshTokens::insert(on, &digest(1), session.id, "a,b", at(1), at(60))
        })
        .await;
    let found = store
        .read(|on| RefreshTokens::find(on, &digest(1)))
        .await
        .unwrap();
    assert_eq!(
        (found.digest, found.family, found.account),
        (digest(1), SessionId(id(1)), account_id(1))
    );
    let client = ClientBinding {
        dialect: Dialect::Pluto,
        application: Some(ApplicationId(7)),
        client: None,
    };
    assert_eq!((found.client, &*found.scopes), (client, "a,b"));
    assert_eq!(
        (found.issued_at, found.expires_at, found.family_expires_at),
        (at(1), at(60), at(3600))
    );
    assert_eq!((found.spent_at, found.revoked_at), (None, None));
    assert!(
        store
            .read(|on| RefreshTokens::find(on, &digest(2)))
            .await
            .is_none()
    );
}

async fn a_refresh_token_is_spent_once(store: AnyStore) {
    let spent = store
        .write(|on| {
            let family = make_session(on, 1)?;
            RefreshTokens::insert(on, &digest(1), family, "", at(1), at(60))?;
            Ok([
                RefreshTokens::spend(on, &digest(1), at(2))?,
                RefreshTokens::spend(on, &digest(1), at(3))?,
                RefreshTokens::spend(on, &digest(9), at(3))?,
            ])
        })
        .await;
    assert_eq!(spent, [true, false, false]);
    let found = store
        .read(|on| RefreshTokens::find(on, &digest(1)))
        .await
        .unwrap();
    assert_eq!(found.spent_at, Some(at(2)));
}

async fn a_family_is_revoked_once_and_its_tokens_say_so(store: AnyStore) {
    let ended = store
        .write(|on| {
            let family = make_session(on, 1)?;
            RefreshTokens::insert(on, &digest(1), family, "", at(1), at(60))?;
            RefreshTokens::insert(on, &digest(2), family, "", at(1), at(60))?;
            Ok([
                RefreshTokens::revoke_family(on, family, at(5))?,
                RefreshTokens::revoke_family(on, family, at(6))?,
            ])
        })
        .await;
    assert_eq!(ended, [true, false]);
    for nth in [1, 2] {
        let found = store
            .read(move |on| RefreshTokens::find(on, &digest(nth)))
            .await
            .unwrap();
        assert_eq!(found.revoked_at, Some(at(5)));
    }
}
