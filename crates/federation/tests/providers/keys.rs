//! The keys that providers publish, and how often they are asked for them.

use std::time::Duration;

use clavis_flows::ProviderRefusal;
use serde_json::{Value, json};

use crate::world::{Identified, Key, Manner, Person, Site, World, ann, paths};

async fn google(world: &World) -> Identified {
    let token = world.providers.token(Site::Google, &ann()).time("exp", 3_000_000);
    world.by_id_token(Site::Google, &token.encode()).await
}

fn is_unavailable(answer: &Identified) -> bool {
    matches!(answer, Err(ProviderRefusal::Unavailable(_)))
}

#[tokio::test]
async fn keys_are_fetched_once_and_kept_for_a_while() {
    let world = World::new();
    for _ in 0..20 {
        google(&world).await.unwrap();
    }
    assert_eq!(world.providers.asked(paths::GOOGLE_KEYS), 1);
    world.advance(3599);
    google(&world).await.unwrap();
    assert_eq!(world.providers.asked(paths::GOOGLE_KEYS), 1);
    world.advance(2);
    google(&world).await.unwrap();
    assert_eq!(world.providers.asked(paths::GOOGLE_KEYS), 2);
}

#[tokio::test]
async fn a_new_key_is_found_at_once_and_an_old_one_no_longer() {
    let world = World::new();
    google(&world).await.unwrap();
    let old = world.providers.id_token(Site::Google, &ann());
    world.providers.rotate(Site::Google);
    google(&world).await.unwrap();
    assert_eq!(world.providers.asked(paths::GOOGLE_KEYS), 2);
    assert_eq!(
        world.by_id_token(Site::Google, &old).await,
        Err(ProviderRefusal::Rejected(
            "the token was signed with an unknown key"
        ))
    );
    // The next one must wait, for seconds.
    world.providers.rotate(Site::Google);
    assert!(google(&world).await.is_err());
    world.advance(5);
    google(&world).await.unwrap();
}

#[tokio::test]
async fn a_thousand_unknown_keys_do_not_make_the_provider_busy() {
    let world = World::new();
    for number in 0..1000 {
        let token = world.providers.token(Site::Google, &ann());
        let token = token.header("kid", json!(format!("unknown-{number}"))).encode();
        assert_eq!(
            world.by_id_token(Site::Google, &token).await,
            Err(ProviderRefusal::Rejected(
                "the token was signed with an unknown key"
            ))
        );
    }
    let asked = world.providers.asked(paths::GOOGLE_KEYS);
    assert!(asked <= 3, "asked {asked} times");
    google(&world).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_share_one_fetch() {
    let world = std::sync::Arc::new(World::new());
    let tasks: Vec<_> = (0..50)
        .map(|number| {
            let world = std::sync::Arc::clone(&world);
            tokio::spawn(async move {
                let token = world
                    .providers
                    .id_token(Site::Google, &Person::new(&number.to_string()));
                world.by_id_token(Site::Google, &token).await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(world.providers.asked(paths::GOOGLE_KEYS), 1);
}

#[tokio::test]
async fn keys_outlive_a_provider_that_is_down_for_a_day() {
    let world = World::new();
    google(&world).await.unwrap();
    world
        .providers
        .behave(paths::GOOGLE_KEYS, Manner::Answers(503, String::new()));
    world.advance(23 * 3600);
    for _ in 0..20 {
        google(&world).await.unwrap();
    }
    assert_eq!(
        world.providers.asked(paths::GOOGLE_KEYS),
        2,
        "it is asked again only so often"
    );
    world.advance(6);
    google(&world).await.unwrap();
    assert_eq!(world.providers.asked(paths::GOOGLE_KEYS), 3);
    world.advance(3600);
    assert!(is_unavailable(&google(&world).await));
    world.providers.behave(paths::GOOGLE_KEYS, Manner::Well);
    world.advance(2);
    google(&world).await.unwrap();
}

#[tokio::test]
async fn a_provider_that_comes_back_is_believed_again_soon() {
    let world = World::new();
    world
        .providers
        .behave(paths::GOOGLE_KEYS, Manner::Answers(500, String::new()));
    for _ in 0..20 {
        assert!(is_unavailable(&google(&world).await));
    }
    assert_eq!(world.providers.asked(paths::GOOGLE_KEYS), 1);
    world.providers.behave(paths::GOOGLE_KEYS, Manner::Well);
    world.advance(1);
    google(&world).await.unwrap();
}

#[tokio::test]
async fn a_provider_that_hangs_is_waited_for_by_one_while_older_keys_serve_the_others() {
    let world = World::hasty();
    google(&world).await.unwrap();
    world.providers.behave(paths::GOOGLE_KEYS, Manner::Hangs);
    world.advance(7200);
    let began = std::time::Instant::now();
    let (first, second, third) = tokio::join!(google(&world), google(&world), google(&world));
    first.unwrap();
    second.unwrap();
    third.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(world.providers.asked(paths::GOOGLE_KEYS), 2);
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_stop_anything() {
    let world = World::new();
    google(&world).await.unwrap();
    world.providers.rotate(Site::Google);
    world.advance(-3000);
    let token = world.providers.token(Site::Google, &ann()).time("iat", -4000);
    world.by_id_token(Site::Google, &token.encode()).await.unwrap();
}

/// Whether a token is taken when the provider publishes this.
async fn with_keys(world: &World, document: Value) -> Identified {
    // So much later that nothing is left of what it was before.
    world.advance(25 * 3600);
    world
        .providers
        .behave(paths::GOOGLE_KEYS, Manner::Answers(200, document.to_string()));
    google(world).await
}

fn own() -> Value {
    Key::rsa(Site::Google, 1).public()
}

fn own_with(name: &str, value: Value) -> Value {
    let mut key = own();
    key[name] = value;
    key
}

#[tokio::test]
async fn keys_that_cannot_be_used_do_not_spoil_the_others() {
    let world = World::new();
    let others = [
        json!(null),
        json!("key"),
        json!({}),
        json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "google-1", "alg": "HS256" }),
        json!({ "kty": "RSA", "kid": "google-1", "n": "AQAB", "e": "AQAB" }),
        json!({ "kty": "RSA", "kid": "google-1", "n": "!!", "e": "AQAB" }),
        json!({ "kty": "RSA", "kid": "google-1", "n": "A".repeat(100_000), "e": "AQAB" }),
        json!({ "kty": "RSA", "kid": "google-1" }),
        json!({ "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA", "kid": "google-1" }),
        json!({ "kty": "OKP", "crv": "X25519", "x": "AA", "kid": "google-1" }),
        json!({ "kty": "PQ", "kid": "google-1" }),
    ];
    let keys: Vec<Value> = others.iter().cloned().chain([own()]).collect();
    with_keys(&world, json!({ "keys": keys })).await.unwrap();
    for good in [
        own_with("key_ops", json!(["verify"])),
        own_with("x5c", json!(["MIIC"])),
    ] {
        with_keys(&world, json!({ "keys": [good] })).await.unwrap();
    }
    for unusable in [
        json!({}),
        json!({ "keys": {} }),
        json!({ "keys": [] }),
        json!({ "keys": others }),
        json!({ "keys": [own_with("use", json!("enc"))] }),
        json!({ "keys": [own_with("alg", json!("RS512"))] }),
        json!({ "keys": [own_with("alg", json!("HS256"))] }),
        json!({ "keys": [own_with("key_ops", json!(["encrypt"]))] }),
        json!({ "keys": [own_with("kid", json!(7))] }),
        json!({ "keys": vec![json!({}); 100].into_iter().chain([own()]).collect::<Vec<_>>() }),
    ] {
        let answer = with_keys(&world, unusable.clone()).await;
        assert!(is_unavailable(&answer), "{unusable}: {answer:?}");
    }
    let renamed = with_keys(&world, json!({ "keys": [own_with("kid", json!("another"))] })).await;
    assert!(
        matches!(renamed, Err(ProviderRefusal::Rejected(_))),
        "{renamed:?}"
    );
}
