//! Back ends' tokens, and what back ends keep about users.

use clavis_flows::{AdminToken, AdminTokens, Agreement, OptIn, OptIns, Slice, UserAttribute, UserAttributes};
use clavis_kernel::TokenDigest;

use super::harness::{AnyStore, on_every_store};
use super::samples::{account_id, at, make_account};

on_every_store!(
    a_back_ends_token_reads_back,
    name_and_digest_of_a_token_are_its_own,
    a_token_is_taken_back_once_and_that_counts_as_a_revocation,
    attributes_are_put_listed_and_removed,
    opt_ins_are_put_listed_and_removed,
);

fn token(name: &str, secret: &str) -> AdminToken {
    AdminToken {
        name: name.parse().unwrap(),
        digest: TokenDigest::of(secret),
        created_at: at(0),
        expires_at: Some(at(100)),
        last_used_at: None,
        revoked_at: None,
    }
}

fn shape(token: &AdminToken) -> (String, TokenDigest, [Option<chrono::DateTime<chrono::Utc>>; 4]) {
    let times = [
        Some(token.created_at),
        token.expires_at,
        token.last_used_at,
        token.revoked_at,
    ];
    (token.name.to_string(), token.digest, times)
}

async fn a_back_ends_token_reads_back(store: AnyStore) {
    let made = store
        .write(|on| AdminTokens::insert(on, &token("shop", "secret")))
        .await;
    assert!(made);
    let find = |secret: &'static str| store.read(move |on| AdminTokens::find(on, &TokenDigest::of(secret)));
    assert!(find("another").await.is_none());
    let found = find("secret").await.unwrap();
    assert_eq!(shape(&found), shape(&token("shop", "secret")));
    store
        .write(|on| on.note_use(&TokenDigest::of("secret"), at(7)))
        .await;
    assert_eq!(find("secret").await.unwrap().last_used_at, Some(at(7)));
}

async fn name_and_digest_of_a_token_are_its_own(store: AnyStore) {
    let insert = |name: &'static str, secret: &'static str| {
        store.write(move |on| AdminTokens::insert(on, &token(name, secret)))
    };
    assert!(insert("b", "1").await);
    assert!(!insert("b", "2").await, "the name is taken");
    assert!(!insert("c", "1").await, "the token is taken");
    assert!(insert("a", "2").await);
    let names = store.read(|on| AdminTokens::all(on)).await;
    let names: Vec<_> = names.iter().map(|token| token.name.to_string()).collect();
    assert_eq!(names, ["a", "b"]);
}

async fn a_token_is_taken_back_once_and_that_counts_as_a_revocation(store: AnyStore) {
    store
        .write(|on| AdminTokens::insert(on, &token("shop", "secret")).map(drop))
        .await;
    let before = store.revocations();
    let revoke = |name: &'static str, when| {
        store.write(move |on| AdminTokens::revoke(on, &name.parse().unwrap(), at(when)))
    };
    assert!(!revoke("nobody", 1).await);
    assert_eq!(store.revocations(), before);
    assert!(revoke("shop", 2).await);
    assert!(store.revocations() > before);
    assert!(!revoke("shop", 3).await);
    let found = store
        .read(|on| AdminTokens::find(on, &TokenDigest::of("secret")))
        .await;
    assert_eq!(found.unwrap().revoked_at, Some(at(2)));
}

fn attribute(account: u32, name: &str, value: &str) -> UserAttribute {
    UserAttribute {
        account: account_id(account),
        name: name.parse().unwrap(),
        value: value.parse().unwrap(),
    }
}

async fn attributes_are_put_listed_and_removed(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            for one in [
                attribute(2, "size", "L"),
                attribute(1, "shoe", "41"),
                attribute(1, "Shoe", "42"),
                attribute(2, "size", "XL\nmore"),
            ] {
                UserAttributes::put(on, &one, at(0))?;
            }
            Ok(())
        })
        .await;
    let page = |offset, limit| store.read(move |on| UserAttributes::page(on, Slice { offset, limit }));
    let all = page(0, 10).await;
    let expected = [
        attribute(1, "Shoe", "42"),
        attribute(1, "shoe", "41"),
        attribute(2, "size", "XL\nmore"),
    ];
    assert_eq!((all.items.as_slice(), all.total), (&expected[..], 3));
    let second = page(1, 1).await;
    assert_eq!((second.items.as_slice(), second.total), (&expected[1..2], 3));
    assert!(page(u64::MAX, 1).await.items.is_empty());
    let removed = store.write(|on| {
        let name = "shoe".parse().unwrap();
        Ok([
            UserAttributes::remove(on, account_id(1), &name)?,
            UserAttributes::remove(on, account_id(1), &name)?,
            UserAttributes::remove(on, account_id(2), &name)?,
        ])
    });
    assert_eq!(removed.await, [true, false, false]);
    store
        .write(|on| UserAttributes::remove_all(on, account_id(1)))
        .await;
    let of = |nth| store.read(move |on| UserAttributes::of_account(on, account_id(nth)));
    assert!(of(1).await.is_empty());
    assert_eq!(of(2).await, expected[2..]);
}

fn opt_in(key: &str, agreement: Agreement, created_at: i64) -> OptIn {
    OptIn {
        account: account_id(1),
        key: key.parse().unwrap(),
        agreement,
        source: "checkout".parse().unwrap(),
        awaits_activation: agreement == Agreement::Default,
        created_at: at(created_at),
    }
}

async fn opt_ins_are_put_listed_and_removed(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 1)?;
            OptIns::put(on, &opt_in("news", Agreement::Default, 1))?;
            OptIns::put(on, &opt_in("ads", Agreement::Auto, 2))?;
            OptIns::put(on, &opt_in("news", Agreement::Auto, 3))
        })
        .await;
    let all = || store.read(|on| OptIns::of_account(on, account_id(1)));
    let expected = [
        opt_in("ads", Agreement::Auto, 2),
        opt_in("news", Agreement::Auto, 3),
    ];
    assert_eq!(all().await, expected);
    let removed = store.write(|on| {
        let key = "ads".parse().unwrap();
        Ok([
            OptIns::remove(on, account_id(1), &key)?,
            OptIns::remove(on, account_id(1), &key)?,
        ])
    });
    assert_eq!(removed.await, [true, false]);
    assert_eq!(all().await, expected[1..]);
    store.write(|on| OptIns::remove_all(on, account_id(1))).await;
    assert!(all().await.is_empty());
}
