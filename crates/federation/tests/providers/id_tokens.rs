use clavis_flows::ProviderRefusal;
use clavis_kernel::Clock as _;
use serde_json::{Value, json};

use crate::world::{Key, Person, Signing, Site, World, ann, client, id_token, paths};

const FOREIGN: ProviderRefusal = ProviderRefusal::Rejected("the token was issued for somebody else");

#[tokio::test]
async fn somebody_is_who_googles_token_says() {
    let world = World::new();
    let token = world.providers.id_token(Site::Google, &ann());
    let account = world.by_id_token(Site::Google, &token).await.unwrap();
    assert_eq!(account.subject.to_string(), "google:10769150350006150715");
    assert_eq!(account.address.unwrap().as_str(), "Ann@example.org");
    assert!(account.address_verified);
    assert_eq!(account.name.as_deref(), Some("Ann Example"));
    assert_eq!(
        account.picture.as_deref(),
        Some("https://pictures.example/ann.png")
    );
}

#[tokio::test]
async fn a_token_that_tells_only_who_it_is_about_is_enough() {
    let world = World::new();
    let token = world.providers.id_token(Site::Google, &Person::new("7"));
    let account = world.by_id_token(Site::Google, &token).await.unwrap();
    assert_eq!(account.subject.subject(), "7");
    assert!(account.address.is_none() && !account.address_verified);
    assert!(account.name.is_none() && account.picture.is_none());
}

#[tokio::test]
async fn whether_an_address_is_verified_is_told_by_a_flag_or_its_text() {
    let world = World::new();
    for (told, verified) in [
        (json!(true), true),
        (json!("true"), true),
        (json!(false), false),
        (json!("false"), false),
        (json!("yes"), false),
        (json!(1), false),
        (json!(null), false),
    ] {
        let token = world
            .providers
            .token(Site::Google, &ann())
            .claim("email_verified", told.clone());
        let account = world.by_id_token(Site::Google, &token.encode()).await.unwrap();
        assert_eq!(account.address_verified, verified, "{told}");
    }
    let token = world
        .providers
        .token(Site::Google, &ann())
        .without("email_verified");
    assert!(
        !world
            .by_id_token(Site::Google, &token.encode())
            .await
            .unwrap()
            .address_verified
    );
}

#[tokio::test]
async fn a_token_for_somebody_else_is_refused() {
    let world = World::new();
    let [web, phone] = client::GOOGLE_IDS;
    let token = || world.providers.token(Site::Google, &ann());
    for good in [
        token().claim("aud", json!(phone)),
        token().claim("aud", json!([web])),
        token().claim("aud", json!([web, phone])),
        token().without("azp"),
        token().claim("azp", json!(web)),
    ] {
        world.by_id_token(Site::Google, &good.encode()).await.unwrap();
    }
    for bad in [
        token().claim("aud", json!("another-app")),
        token().claim("aud", json!("")),
        token().claim("aud", json!(format!("{web} "))),
        token().claim("aud", json!(web.to_uppercase())),
        token().claim("aud", json!([])),
        token().claim("aud", json!([web, "another-app"])),
        token().claim("aud", json!(["another-app", web])),
        token().claim("aud", json!([[web]])),
        token().claim("aud", json!({ "0": web })),
        token().claim("aud", json!(null)),
        token().without("aud"),
    ] {
        assert_eq!(world.by_id_token(Site::Google, &bad.encode()).await, Err(FOREIGN));
    }
    for bad in [
        token().claim("azp", json!("another-app")),
        token().claim("azp", json!([web])),
        token().claim("azp", json!(null)),
        token().claim("aud", json!([web, phone])).without("azp"),
    ] {
        assert_eq!(
            world.by_id_token(Site::Google, &bad.encode()).await,
            Err(ProviderRefusal::Rejected("the token was issued to somebody else"))
        );
    }
}

#[tokio::test]
async fn another_issuers_token_is_refused() {
    let world = World::new();
    let token = || world.providers.token(Site::Google, &ann());
    let good = token().claim("iss", json!("accounts.google.com"));
    world.by_id_token(Site::Google, &good.encode()).await.unwrap();
    for bad in [
        token().claim("iss", json!("https://accounts.google.com/")),
        token().claim("iss", json!("http://accounts.google.com")),
        token().claim("iss", json!("https://accounts.google.com.evil.test")),
        token().claim("iss", json!("")),
        token().claim("iss", json!(["https://accounts.google.com"])),
        token().without("iss"),
    ] {
        assert_eq!(
            world.by_id_token(Site::Google, &bad.encode()).await,
            Err(ProviderRefusal::Rejected("the token is another issuer's"))
        );
    }
}

#[tokio::test]
async fn a_token_is_good_from_when_it_was_issued_until_it_is_over() {
    let world = World::new();
    let now = world.clock.now().timestamp();
    let token = |name: &str, value: Value| {
        let token = world.providers.token(Site::Google, &ann());
        let token = token.claim("iat", json!(now)).claim("exp", json!(now + 3600));
        token.claim(name, value).encode()
    };
    for (name, value) in [
        ("exp", json!(now + 1)),
        ("exp", json!(9e9)),
        ("exp", json!(4_000_000_000_u64)),
        ("iat", json!(now + 60)),
        ("iat", json!(0)),
        ("nbf", json!(now + 60)),
        ("nbf", json!(now - 60)),
    ] {
        let token = token(name, value.clone());
        let answer = world.by_id_token(Site::Google, &token).await;
        assert!(answer.is_ok(), "{name} {value}: {answer:?}");
    }
    for (name, value) in [
        ("exp", json!(now)),
        ("exp", json!(now - 3600)),
        ("exp", json!("9999999999")),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("exp", json!(u64::MAX)),
        ("exp", json!(true)),
        ("exp", json!(null)),
        ("iat", json!(now + 61)),
        ("iat", json!(now + 4000)),
        ("iat", json!("now")),
        ("iat", json!(null)),
        ("nbf", json!(now + 61)),
        ("nbf", json!("later")),
    ] {
        let answer = world.by_id_token(Site::Google, &token(name, value.clone())).await;
        assert!(
            matches!(answer, Err(ProviderRefusal::Rejected(_))),
            "{name} {value}: {answer:?}"
        );
    }
    for name in ["exp", "iat"] {
        let token = world.providers.token(Site::Google, &ann()).without(name);
        let answer = world.by_id_token(Site::Google, &token.encode()).await;
        assert!(
            matches!(answer, Err(ProviderRefusal::Rejected(_))),
            "{name}: {answer:?}"
        );
    }
    let token = token("exp", json!(now + 3600));
    world.by_id_token(Site::Google, &token).await.unwrap();
    world.advance(3600);
    assert_eq!(
        world.by_id_token(Site::Google, &token).await,
        Err(ProviderRefusal::Rejected("the token is over"))
    );
}

#[tokio::test]
async fn a_nonce_that_is_expected_must_be_there() {
    let world = World::new();
    let token = || world.providers.token(Site::Google, &ann());
    let good = id_token(&token().nonce("n-1").encode(), Some("n-1"));
    world.identify(Site::Google, &good).await.unwrap();
    // Where none is expected, one does no harm.
    world
        .by_id_token(Site::Google, &token().nonce("n-1").encode())
        .await
        .unwrap();
    for bad in [
        token().nonce("n-2"),
        token().nonce("n-1 "),
        token().nonce(""),
        token(),
        token().claim("nonce", json!(["n-1"])),
    ] {
        assert_eq!(
            world
                .identify(Site::Google, &id_token(&bad.encode(), Some("n-1")))
                .await,
            Err(ProviderRefusal::Rejected("the token is for another request"))
        );
    }
    // A caller that expects nothing in particular does not thereby expect nothing at all.
    let bad = id_token(&token().nonce("").encode(), Some(""));
    assert!(world.identify(Site::Google, &bad).await.is_err());
}

#[tokio::test]
async fn only_the_providers_own_key_signs() {
    let world = World::new();
    let token = || world.providers.token(Site::Google, &ann());
    let own = Key::rsa(Site::Google, 1);
    let apples = Key::rsa(Site::Apple, 1);
    let stranger = Key::rsa(Site::Kakao, 9);
    let refused = [
        ("no signature", token().signed_by(Signing::Nobody)),
        (
            "no signature, in capitals",
            token().signed_by(Signing::Nobody).header("alg", json!("NONE")),
        ),
        (
            "no signature, said to be RS256",
            token().signed_by(Signing::Nobody).header("alg", json!("RS256")),
        ),
        (
            "HS256 with the public key as PEM",
            token().signed_by(Signing::HmacWithPem),
        ),
        (
            "HS256 with the public key as JSON",
            token().signed_by(Signing::HmacWithJwk),
        ),
        (
            "HS256 said to be RS256",
            token()
                .signed_by(Signing::HmacWithPem)
                .header("alg", json!("RS256")),
        ),
        ("a stranger's key", token().signed_by(Signing::Stranger)),
        (
            "a stranger's key in the header",
            token()
                .signed_by(Signing::Stranger)
                .header("jwk", stranger.public()),
        ),
        (
            "a stranger's key in the header and no name",
            token()
                .signed_by(Signing::Stranger)
                .header("jwk", stranger.public())
                .without_header("kid"),
        ),
        (
            "a place to find a stranger's key",
            token().signed_by(Signing::Stranger).header(
                "jku",
                json!(format!("{}{}", world.providers.base(), paths::APPLE_KEYS)),
            ),
        ),
        (
            "another provider's key",
            token().signed_by(Signing::Key(apples.clone())),
        ),
        (
            "another provider's key under Google's name",
            token()
                .signed_by(Signing::Key(apples))
                .header("kid", json!(own.kid())),
        ),
        ("a key that nobody has", token().header("kid", json!("nobodys"))),
        ("a key whose name is a number", token().header("kid", json!(1))),
        (
            "another algorithm of the same key",
            token().header("alg", json!("RS512")),
        ),
        ("no algorithm", token().without_header("alg")),
        (
            "an extension that must be understood",
            token().header("crit", json!(["b64"])),
        ),
        (
            "a token of another type",
            token().header("typ", json!("logout+jwt")),
        ),
        ("a type that is no text", token().header("typ", json!(["JWT"]))),
    ];
    for (what, bad) in refused {
        let refused = world.by_id_token(Site::Google, &bad.encode()).await;
        assert!(
            matches!(refused, Err(ProviderRefusal::Rejected(_))),
            "{what}: {refused:?}"
        );
    }
    // What is in a header is not looked at, so it does not hurt either; and one key needs no name.
    for good in [
        token(),
        token().header("jku", json!("https://evil.test/keys")),
        token().without_header("kid"),
        token().without_header("typ"),
        token().header("typ", json!("jwt")),
    ] {
        world.by_id_token(Site::Google, &good.encode()).await.unwrap();
    }
}

#[tokio::test]
async fn a_token_about_nobody_is_refused() {
    let world = World::new();
    let token = || world.providers.token(Site::Google, &ann());
    for bad in [
        token().without("sub"),
        token().claim("sub", json!("")),
        token().claim("sub", json!(" ")),
        token().claim("sub", json!("\u{a0}")),
        token().claim("sub", json!("1\u{0}")),
        token().claim("sub", json!(null)),
        token().claim("sub", json!(["1"])),
        token().claim("sub", json!("1".repeat(256))),
    ] {
        assert_eq!(
            world.by_id_token(Site::Google, &bad.encode()).await,
            Err(ProviderRefusal::Rejected("nobody is named"))
        );
    }
}

#[tokio::test]
async fn a_token_that_says_a_thing_twice_is_refused() {
    let world = World::new();
    let token = || world.providers.token(Site::Google, &ann());
    let bad = [
        token().rewritten(|claims| claims.replacen('{', r#"{"sub":"1","#, 1)),
        token().rewritten(|claims| claims.replacen('{', r#"{"\u0073ub":"1","#, 1)),
        token().rewritten(|claims| format!("{claims}{claims}")),
        token().rewritten(|_| "[]".to_owned()),
        token().rewritten(|_| String::new()),
        token().rewritten(|_| "[".repeat(8000)),
        token().rewritten_header(|header| header.replacen('{', r#"{"alg":"none","#, 1)),
        token().rewritten_header(|header| header.replacen('{', r#"{"kid":"x","#, 1)),
    ];
    for bad in bad {
        let refused = world.by_id_token(Site::Google, &bad.encode()).await;
        assert!(
            matches!(refused, Err(ProviderRefusal::Rejected(_))),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn what_is_no_token_is_refused_without_asking_anybody() {
    let world = World::new();
    let good = world.providers.id_token(Site::Google, &ann());
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    let bad = [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        "....".to_owned(),
        payload.to_owned(),
        format!("{header}.{payload}"),
        format!("{good}.{signature}"),
        format!("{good}="),
        format!("{good}\n"),
        format!(" {good}"),
        good.replace('.', " . "),
        "x".repeat(16 * 1024 + 1),
        format!("{header}.{}.{signature}", "A".repeat(1 << 20)),
        "\u{1f511}.\u{1f511}.\u{1f511}".to_owned(),
    ];
    for bad in bad {
        let refused = world.by_id_token(Site::Google, &bad).await;
        assert!(
            matches!(refused, Err(ProviderRefusal::Rejected(_))),
            "{refused:?}"
        );
    }
    assert_eq!(world.providers.asked(paths::GOOGLE_KEYS), 0);
}

#[tokio::test]
async fn a_browser_comes_back_from_google_with_a_code() {
    let world = World::new();
    let account = world.by_browser(Site::Google, &ann(), |_| {}).await.unwrap();
    assert_eq!(account.subject.subject(), ann().subject);
    // A code of a device has nothing that ties it to a browser.
    let code = world.providers.code(Site::Google, &ann());
    world.by_code(Site::Google, &code).await.unwrap();
    assert_eq!(
        world.by_code(Site::Google, &code).await,
        Err(ProviderRefusal::Rejected("the code is not good"))
    );
    let forged = world
        .providers
        .token(Site::Google, &ann())
        .signed_by(Signing::Stranger)
        .encode();
    let code = world.providers.code_for(Site::Google, forged);
    assert!(world.by_code(Site::Google, &code).await.is_err());
}

#[tokio::test]
async fn evidence_of_a_kind_that_a_provider_has_not_is_refused() {
    let world = World::new();
    let refused = Err(ProviderRefusal::Rejected(
        "the provider knows no evidence of this kind",
    ));
    for site in [Site::Google, Site::Apple, Site::WeChat, Site::Oidc] {
        assert_eq!(
            world.by_access_token(site, "access-000001").await,
            refused,
            "{site:?}"
        );
    }
    for site in [Site::Facebook, Site::Kakao, Site::WeChat] {
        let token = world.providers.id_token(Site::Google, &ann());
        assert_eq!(world.by_id_token(site, &token).await, refused, "{site:?}");
    }
}
