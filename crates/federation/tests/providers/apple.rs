use clavis_flows::{Evidence, ProviderRefusal};
use serde_json::json;

use crate::world::{Manner, Person, Signing, Site, World, ann, client, id_token, paths};

#[tokio::test]
async fn an_identity_token_is_verified_with_apples_keys() {
    let world = World::new();
    let token = || world.providers.token(Site::Apple, &ann());
    let account = world.by_id_token(Site::Apple, &token().encode()).await.unwrap();
    assert_eq!(account.subject.to_string(), "apple:10769150350006150715");
    assert!(account.address.is_some() && account.address_verified);
    let nonced = id_token(&token().nonce("n").encode(), Some("n"));
    world.identify(Site::Apple, &nonced).await.unwrap();
    for bad in [
        token().claim("aud", json!("another.bundle")),
        token().claim("iss", json!("https://accounts.google.com")),
        token().time("exp", -3600),
        token().without("sub"),
        token().header("kid", json!("unknown")),
        token().signed_by(Signing::Nobody),
        token().signed_by(Signing::HmacWithPem),
        token().signed_by(Signing::Stranger),
        world.providers.token(Site::Google, &ann()),
    ] {
        let refused = world.by_id_token(Site::Apple, &bad.encode()).await;
        assert!(
            matches!(refused, Err(ProviderRefusal::Rejected(_))),
            "{refused:?}"
        );
    }
    assert!(
        world
            .identify(Site::Apple, &id_token(&token().encode(), Some("n")))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_code_is_exchanged_once_by_who_signs_that_it_is_the_application() {
    let world = World::new();
    let code = world.providers.code(Site::Apple, &ann());
    let account = world.by_code(Site::Apple, &code).await.unwrap();
    assert_eq!(account.subject.subject(), ann().subject);
    assert_eq!(account.name, None, "Apple tells the name to the device only");
    let used = Err(ProviderRefusal::Rejected("the code is not good"));
    assert_eq!(world.by_code(Site::Apple, &code).await, used);
    assert_eq!(world.by_code(Site::Apple, "c0.0.nobody").await, used);
    assert_eq!(world.by_code(Site::Apple, "").await, used);
    let googles = world.providers.code(Site::Google, &ann());
    assert_eq!(world.by_code(Site::Apple, &googles).await, used);
}

#[tokio::test]
async fn somebody_without_an_address_is_somebody() {
    let world = World::new();
    let code = world.providers.code(Site::Apple, &Person::new("000123.abc.0456"));
    let account = world.by_code(Site::Apple, &code).await.unwrap();
    assert_eq!((account.address, account.address_verified), (None, false));
}

#[tokio::test]
async fn a_code_for_another_application_is_refused() {
    let world = World::new();
    for (bad, why) in [
        (
            world
                .providers
                .token(Site::Apple, &ann())
                .claim("aud", json!("another.bundle")),
            "the token was issued for somebody else",
        ),
        (
            world
                .providers
                .token(Site::Apple, &ann())
                .signed_by(Signing::Stranger),
            "the token's signature does not verify",
        ),
        (
            world.providers.token(Site::Apple, &ann()).without("sub"),
            "nobody is named",
        ),
    ] {
        let code = world.providers.code_for(Site::Apple, bad.encode());
        assert_eq!(
            world.by_code(Site::Apple, &code).await,
            Err(ProviderRefusal::Rejected(why))
        );
    }
}

#[tokio::test]
async fn what_is_our_own_fault_is_no_refusal_of_the_code() {
    let world = World::new();
    let ask = async || {
        world
            .by_code(Site::Apple, &world.providers.code(Site::Apple, &ann()))
            .await
    };
    for error in ["invalid_client", "unauthorized_client"] {
        let body = format!(r#"{{"error":"{error}"}}"#);
        world
            .providers
            .behave(paths::APPLE_TOKEN, Manner::Answers(400, body));
        assert!(
            matches!(ask().await, Err(ProviderRefusal::Unavailable(_))),
            "{error}"
        );
    }
    for body in [
        "",
        "[]",
        r#"{"error":7}"#,
        r#"{"error":"invalid_grant"}"#,
        r#"{"error":"invalid_request"}"#,
    ] {
        world
            .providers
            .behave(paths::APPLE_TOKEN, Manner::Answers(400, body.to_owned()));
        assert!(matches!(ask().await, Err(ProviderRefusal::Rejected(_))), "{body}");
    }
    world
        .providers
        .behave(paths::APPLE_TOKEN, Manner::Says(json!({ "id_token": null })));
    assert_eq!(
        ask().await,
        Err(ProviderRefusal::Unavailable("it gave no ID token for the code"))
    );
}

#[tokio::test]
async fn without_a_private_key_identity_tokens_are_still_good() {
    let world = World::with(&[
        ("CLAVIS_FEDERATION__APPLE__TEAM_ID", ""),
        ("CLAVIS_FEDERATION__APPLE__KEY_ID", ""),
        ("CLAVIS_FEDERATION__APPLE__PRIVATE_KEY_FILE", ""),
    ]);
    let token = world.providers.id_token(Site::Apple, &ann());
    world.by_id_token(Site::Apple, &token).await.unwrap();
    let code = world.providers.code(Site::Apple, &ann());
    assert_eq!(
        world.by_code(Site::Apple, &code).await,
        Err(ProviderRefusal::NotConfigured)
    );
    assert_eq!(world.providers.asked(paths::APPLE_TOKEN), 0);
}

#[tokio::test]
async fn a_devices_code_takes_the_address_of_the_settings_along() {
    let world = World::with(&[(
        "CLAVIS_FEDERATION__APPLE__REDIRECT_URI",
        "https://id.example.org/apple",
    )]);
    let code = world.providers.code(Site::Apple, &ann());
    world.by_code(Site::Apple, &code).await.unwrap();
    let log = world.providers.log().join("\n");
    assert!(
        log.contains("redirect_uri=https%3A%2F%2Fid.example.org%2Fapple"),
        "{log}"
    );
    assert!(log.contains(&format!("client_id={}", client::APPLE_ID)), "{log}");
}

#[tokio::test]
async fn a_browser_comes_back_from_apple_with_a_code() {
    let world = World::new();
    world.by_browser(Site::Apple, &ann(), |_| {}).await.unwrap();
    let elsewhere = world
        .by_browser(Site::Apple, &ann(), |evidence| {
            let Evidence::Code { redirect_uri, .. } = evidence else {
                panic!("a code")
            };
            *redirect_uri = Some("https://evil.test/back".to_owned());
        })
        .await;
    assert_eq!(elsewhere, Err(ProviderRefusal::Rejected("the code is not good")));
}
