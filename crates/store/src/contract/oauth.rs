use clavis_flows::Ports;
use clavis_identity::{Delegation, Sessions};
use clavis_kernel::{ApplicationId, OAuthClientId, SessionId, StoreError};
use clavis_oauth::{
    AuthorizationCode, AuthorizationCodes, ClientSecretHash, ClientStatus, CodeChallenge, NewOAuthClient,
    OAuthClients,
};
use clavis_rbac::Applications;
use clavis_tokens::RefreshTokens;

use super::samples::{account_id, at, digest, id, make_account, session};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_client_reads_back_pending,
    a_key_is_taken_to_the_letter,
    a_key_is_taken_once_by_many,
    clients_are_listed_in_their_order,
    a_decision_is_kept_and_told_to_who_remembers,
    a_hash_is_replaced_while_it_is_the_one_compared,
    a_code_reads_back,
    a_code_is_spent_once_for_one_session,
    a_code_is_spent_once_by_many,
    an_expired_code_is_not_spent,
    unspent_codes_are_discarded,
    codes_are_swept_when_they_are_over,
    a_delegated_session_reads_back_and_says_so_of_its_tokens,
    sessions_end_with_their_client,
);

const MANY: u32 = 20;

fn new_client(key: &str, owner: u32) -> NewOAuthClient {
    NewOAuthClient {
        key: key.parse().unwrap(),
        secret: ClientSecretHash::new("hash"),
        redirect_uri: Some("https://shop.example/cb".parse().unwrap()),
        owner: account_id(owner),
    }
}

/// Account 1 and its client, with an application.
fn make_client(on: &dyn Ports) -> Result<(OAuthClientId, ApplicationId), StoreError> {
    make_account(on, 1)?;
    let client = OAuthClients::insert(on, &new_client("shop", 1), at(0))?.expect("it is the first");
    let application = Applications::insert(on, &"store".parse().unwrap(), at(0))?.expect("it is the first");
    Ok((client.id, application.id))
}

fn code(nth: u32, (client, application): (OAuthClientId, ApplicationId)) -> AuthorizationCode {
    AuthorizationCode {
        digest: digest(nth),
        client,
        account: account_id(1),
        application,
        redirect_uri: "https://shop.example/cb".parse().unwrap(),
        scopes: "a,b".to_owned(),
        challenge: Some(CodeChallenge::from_digest(digest(99))),
        issued_at: at(0),
        expires_at: at(3600),
        spent_at: None,
        session: None,
    }
}

async fn a_client_reads_back_pending(store: AnyStore) {
    let made = store
        .write(|on| {
            make_account(on, 1)?;
            let mut without = new_client("other", 1);
            without.redirect_uri = None;
            OAuthClients::insert(on, &without, at(0))?;
            OAuthClients::insert(on, &new_client("shop", 1), at(5))
        })
        .await
        .unwrap();
    let (found, by_key, other, unknown) = store
        .read(move |on| {
            Ok((
                OAuthClients::find(on, made.id)?.unwrap(),
                on.find_by_key("shop")?.unwrap(),
                on.find_by_key("other")?.unwrap(),
                on.find_by_key("Shop")?.is_some() || OAuthClients::find(on, OAuthClientId(99))?.is_some(),
            ))
        })
        .await;
    assert_eq!((found.id, found.key.as_str()), (by_key.id, "shop"));
    assert_eq!(
        (found.status, found.secret.as_str()),
        (ClientStatus::Pending, "hash")
    );
    assert_eq!(
        found.redirect_uri.as_ref().map(clavis_oauth::RedirectUri::as_str),
        Some("https://shop.example/cb")
    );
    assert_eq!(
        (found.owner, found.created_at, found.updated_at),
        (account_id(1), at(5), at(5))
    );
    assert!(other.redirect_uri.is_none() && other.id < found.id);
    assert!(!unknown, "to the letter");
}

async fn a_key_is_taken_to_the_letter(store: AnyStore) {
    let made = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            Ok([
                OAuthClients::insert(on, &new_client("shop", 1), at(0))?.is_some(),
                OAuthClients::insert(on, &new_client("shop", 2), at(0))?.is_some(),
                OAuthClients::insert(on, &new_client("Shop", 2), at(0))?.is_some(),
            ])
        })
        .await;
    assert_eq!(made, [true, false, true]);
}

async fn a_key_is_taken_once_by_many(store: AnyStore) {
    store.write(|on| make_account(on, 1)).await;
    let made = store
        .at_once(MANY, |_, on| {
            Ok(OAuthClients::insert(on, &new_client("shop", 1), at(0))?.is_some())
        })
        .await;
    assert_eq!(made.into_iter().filter(|made| *made).count(), 1);
}

async fn clients_are_listed_in_their_order(store: AnyStore) {
    store
        .write(|on| {
            for (key, owner) in [("c", 1), ("a", 2), ("b", 1)] {
                if owner != 1 || key == "c" {
                    make_account(on, owner)?;
                }
                OAuthClients::insert(on, &new_client(key, owner), at(0))?;
            }
            Ok(())
        })
        .await;
    let keys = |owner: Option<u32>, limit| {
        let store = store.clone();
        async move {
            let listed = store
                .read(move |on| OAuthClients::list(on, owner.map(account_id), limit))
                .await;
            listed
                .iter()
                .map(|client| client.key.to_string())
                .collect::<Vec<_>>()
                .join(" ")
        }
    };
    assert_eq!(keys(None, 10).await, "c a b");
    assert_eq!(keys(None, 2).await, "c a");
    assert_eq!(keys(Some(1), 10).await, "c b");
    assert_eq!(keys(Some(9), 10).await, "");
    assert_eq!(store.read(|on| on.count_of_owner(account_id(1))).await, 2);
}

async fn a_decision_is_kept_and_told_to_who_remembers(store: AnyStore) {
    let (client, _) = store.write(make_client).await;
    let before = store.revocations();
    let decided = store
        .write(move |on| {
            Ok([
                OAuthClients::set_status(on, client, ClientStatus::Approved, at(7))?,
                OAuthClients::set_status(on, OAuthClientId(99), ClientStatus::Approved, at(7))?,
            ])
        })
        .await;
    assert_eq!(decided, [true, false]);
    assert!(store.revocations() > before);
    let found = store
        .read(move |on| OAuthClients::find(on, client))
        .await
        .unwrap();
    assert_eq!(
        (found.status, found.created_at, found.updated_at),
        (ClientStatus::Approved, at(0), at(7))
    );
}

async fn a_hash_is_replaced_while_it_is_the_one_compared(store: AnyStore) {
    let (client, _) = store.write(make_client).await;
    let replaced = store
        .write(move |on| {
            let hash = ClientSecretHash::new;
            Ok([
                on.replace_hash(client, &hash("hash"), &hash("better"))?,
                on.replace_hash(client, &hash("hash"), &hash("worse"))?,
            ])
        })
        .await;
    assert_eq!(replaced, [true, false]);
    let found = store
        .read(move |on| OAuthClients::find(on, client))
        .await
        .unwrap();
    assert_eq!(found.secret.as_str(), "better");
}

async fn a_code_reads_back(store: AnyStore) {
    let made = store.write(make_client).await;
    store
        .write(move |on| AuthorizationCodes::insert(on, &code(1, made)))
        .await;
    let (found, unknown) = store
        .read(|on| {
            Ok((
                AuthorizationCodes::find(on, &digest(1))?.unwrap(),
                AuthorizationCodes::find(on, &digest(2))?,
            ))
        })
        .await;
    assert_eq!(
        (found.digest, found.client, found.application),
        (digest(1), made.0, made.1)
    );
    assert_eq!((found.account, found.scopes.as_str()), (account_id(1), "a,b"));
    assert_eq!(found.redirect_uri.as_str(), "https://shop.example/cb");
    assert_eq!(found.challenge.map(CodeChallenge::digest), Some(digest(99)));
    assert_eq!((found.issued_at, found.expires_at), (at(0), at(3600)));
    assert_eq!((found.spent_at, found.session), (None, None));
    assert!(unknown.is_none());
    let again = store
        .try_write(move |on| AuthorizationCodes::insert(on, &code(1, made)))
        .await;
    assert!(again.is_err());
}

async fn a_code_is_spent_once_for_one_session(store: AnyStore) {
    let made = store.write(make_client).await;
    let (first, second, unknown) = store
        .write(move |on| {
            AuthorizationCodes::insert(on, &code(1, made))?;
            let spend = |nth, session, seconds| {
                AuthorizationCodes::spend(on, &digest(nth), SessionId(id(session)), at(seconds))
            };
            Ok((spend(1, 5, 5)?, spend(1, 6, 6)?, spend(2, 6, 6)?))
        })
        .await;
    let first = first.unwrap();
    assert_eq!(
        (first.spent_at, first.session),
        (Some(at(5)), Some(SessionId(id(5))))
    );
    assert!(second.is_none() && unknown.is_none());
    let found = store
        .read(|on| AuthorizationCodes::find(on, &digest(1)))
        .await
        .unwrap();
    assert_eq!(
        (found.spent_at, found.session),
        (Some(at(5)), Some(SessionId(id(5))))
    );
}

async fn a_code_is_spent_once_by_many(store: AnyStore) {
    let made = store.write(make_client).await;
    store
        .write(move |on| AuthorizationCodes::insert(on, &code(1, made)))
        .await;
    let spent = store
        .at_once(MANY, |turn, on| {
            let session = SessionId(id(turn));
            Ok(AuthorizationCodes::spend(on, &digest(1), session, at(1))?.is_some())
        })
        .await;
    assert_eq!(spent.into_iter().filter(|spent| *spent).count(), 1);
}

async fn an_expired_code_is_not_spent(store: AnyStore) {
    let made = store.write(make_client).await;
    let (late, in_time) = store
        .write(move |on| {
            AuthorizationCodes::insert(on, &code(1, made))?;
            let spend = |seconds| AuthorizationCodes::spend(on, &digest(1), SessionId(id(1)), at(seconds));
            Ok((spend(3600)?, spend(3599)?))
        })
        .await;
    assert!(late.is_none() && in_time.is_some());
}

async fn unspent_codes_are_discarded(store: AnyStore) {
    let made = store.write(make_client).await;
    let (discarded, left) = store
        .write(move |on| {
            make_account(on, 2)?;
            for nth in 1..=3 {
                AuthorizationCodes::insert(on, &code(nth, made))?;
            }
            let mut others = code(4, made);
            others.account = account_id(2);
            AuthorizationCodes::insert(on, &others)?;
            AuthorizationCodes::spend(on, &digest(1), SessionId(id(1)), at(1))?;
            let discarded = [
                AuthorizationCodes::discard_all(on, account_id(1))?,
                AuthorizationCodes::discard_all(on, account_id(1))?,
            ];
            let mut left = Vec::new();
            for nth in 1..=4 {
                if AuthorizationCodes::find(on, &digest(nth))?.is_some() {
                    left.push(nth);
                }
            }
            Ok((discarded, left))
        })
        .await;
    assert_eq!((discarded, left), ([2, 0], vec![1, 4]));
}

async fn codes_are_swept_when_they_are_over(store: AnyStore) {
    let made = store.write(make_client).await;
    let swept = store
        .write(move |on| {
            for nth in 1..=3 {
                AuthorizationCodes::insert(on, &code(nth, made))?;
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

async fn a_delegated_session_reads_back_and_says_so_of_its_tokens(store: AnyStore) {
    let (client, _) = store.write(make_client).await;
    store
        .write(move |on| {
            for (nth, consented) in [(1, Some("a,b".to_owned())), (2, None)] {
                let mut session = session(nth, 1);
                session.delegation = Some(Delegation { client, consented });
                Sessions::insert(on, &session)?;
                RefreshTokens::insert(on, &digest(nth), session.id, "", at(0), at(60))?;
            }
            Ok(())
        })
        .await;
    for (nth, consented) in [(1, Some("a,b".to_owned())), (2, None)] {
        let ((session, _), token) = store
            .read(move |on| {
                Ok((
                    on.find_with_account(SessionId(id(nth)))?.unwrap(),
                    RefreshTokens::find(on, &digest(nth))?.unwrap(),
                ))
            })
            .await;
        assert_eq!(session.delegation, Some(Delegation { client, consented }));
        assert_eq!(token.client.client, Some(client));
    }
}

async fn sessions_end_with_their_client(store: AnyStore) {
    let (client, _) = store.write(make_client).await;
    let ended = store
        .write(move |on| {
            let other = OAuthClients::insert(on, &new_client("other", 1), at(0))?
                .unwrap()
                .id;
            for (nth, holder) in [(1, Some(client)), (2, Some(client)), (3, Some(other)), (4, None)] {
                let mut session = session(nth, 1);
                session.delegation = holder.map(|client| Delegation {
                    client,
                    consented: None,
                });
                Sessions::insert(on, &session)?;
            }
            Sessions::revoke(on, SessionId(id(2)), at(1))?;
            Ok([
                on.revoke_all_of_client(client, at(2))?,
                on.revoke_all_of_client(client, at(3))?,
            ])
        })
        .await;
    assert_eq!(ended, [1, 0]);
    for (nth, revoked_at) in [(1, Some(at(2))), (2, Some(at(1))), (3, None), (4, None)] {
        let found = store
            .read(move |on| on.find_with_account(SessionId(id(nth))))
            .await;
        assert_eq!(found.unwrap().0.revoked_at, revoked_at, "session {nth}");
    }
}
