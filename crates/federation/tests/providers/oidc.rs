use clavis_flows::{Evidence, ProviderRefusal};
use clavis_kernel::Secret;
use serde_json::{Value, json};

use crate::world::{Identified, Key, Manner, Person, Signing, Site, World, ann, client, id_token, paths};

fn is_unavailable(answer: &Identified) -> bool {
    matches!(answer, Err(ProviderRefusal::Unavailable(_)))
}

/// Changes the code that a browser brought.
fn tamper(
    evidence: &mut Evidence,
    with: impl FnOnce(&mut Option<String>, &mut Option<Secret>, &mut Option<String>),
) {
    match evidence {
        Evidence::Code {
            redirect_uri,
            verifier,
            nonce,
            ..
        } => with(redirect_uri, verifier, nonce),
        other => panic!("no code: {other:?}"),
    }
}

#[tokio::test]
async fn a_browser_comes_back_from_any_provider_with_a_code() {
    let world = World::new();
    let account = world.by_browser(Site::Oidc, &ann(), |_| {}).await.unwrap();
    assert_eq!(account.subject.to_string(), "corp:10769150350006150715");
    assert_eq!(account.address.unwrap().as_str(), "Ann@example.org");
    assert!(account.address_verified);
    assert_eq!(account.name.as_deref(), Some("Ann Example"));
    assert_eq!(
        world.providers.asked(paths::OIDC_USERINFO),
        0,
        "the token told everything"
    );
}

#[tokio::test]
async fn a_code_is_good_for_the_browser_only_that_was_sent_for_it() {
    let world = World::new();
    let bad_code = Err(ProviderRefusal::Rejected("the code is not good"));
    let another_verifier = world
        .by_browser(Site::Oidc, &ann(), |evidence| {
            tamper(evidence, |_, verifier, _| {
                *verifier = Some(Secret::new("another"));
            });
        })
        .await;
    assert_eq!(another_verifier, bad_code);
    let no_verifier = world
        .by_browser(Site::Oidc, &ann(), |evidence| {
            tamper(evidence, |_, verifier, _| *verifier = None);
        })
        .await;
    assert_eq!(no_verifier, bad_code);
    let another_place = world
        .by_browser(Site::Oidc, &ann(), |evidence| {
            tamper(evidence, |place, _, _| {
                *place = Some("https://evil.test".to_owned());
            });
        })
        .await;
    assert_eq!(another_place, bad_code);
    let another_nonce = world
        .by_browser(Site::Oidc, &ann(), |evidence| {
            tamper(evidence, |_, _, nonce| *nonce = Some("another".to_owned()));
        })
        .await;
    assert_eq!(
        another_nonce,
        Err(ProviderRefusal::Rejected("the token is for another request"))
    );
}

#[tokio::test]
async fn who_is_not_told_in_the_token_is_asked_for_and_must_be_the_same() {
    let world = World::new();
    let bare = || {
        let token = world.providers.token(Site::Oidc, &ann());
        token
            .without("email")
            .without("email_verified")
            .without("name")
            .encode()
    };
    world.providers.behave(
        paths::OIDC_USERINFO,
        Manner::Answers(
            200,
            json!({ "sub": ann().subject, "email": "ann@corp.example", "email_verified": true, "name": "Ann" })
                .to_string(),
        ),
    );
    let code = world.providers.code_for(Site::Oidc, bare());
    let account = world.by_code(Site::Oidc, &code).await.unwrap();
    assert_eq!(account.address.unwrap().as_str(), "ann@corp.example");
    assert!(account.address_verified);
    assert_eq!(account.name.as_deref(), Some("Ann"));
    for sub in [
        json!("somebody else"),
        json!(""),
        json!(null),
        json!(7),
        json!(["10769150350006150715"]),
    ] {
        let body = json!({ "sub": sub, "email": "ann@corp.example", "email_verified": true });
        world
            .providers
            .behave(paths::OIDC_USERINFO, Manner::Answers(200, body.to_string()));
        let code = world.providers.code_for(Site::Oidc, bare());
        assert_eq!(
            world.by_code(Site::Oidc, &code).await,
            Err(ProviderRefusal::Rejected("userinfo is about somebody else")),
            "{sub}"
        );
    }
    world
        .providers
        .behave(paths::OIDC_USERINFO, Manner::Answers(500, String::new()));
    let code = world.providers.code_for(Site::Oidc, bare());
    assert!(is_unavailable(&world.by_code(Site::Oidc, &code).await));
    // By its own protocol it knows whose access token it is.
    world.providers.behave(paths::OIDC_USERINFO, Manner::Well);
    let code = world.providers.code(Site::Oidc, &Person::new("9"));
    assert_eq!(world.by_code(Site::Oidc, &code).await.unwrap().address, None);
    // Whoever verified the address speaks for that one only.
    let body = json!({ "sub": ann().subject, "email": "other@corp.example" });
    world
        .providers
        .behave(paths::OIDC_USERINFO, Manner::Answers(200, body.to_string()));
    let token = world.providers.token(Site::Oidc, &ann()).without("email");
    let code = world.providers.code_for(Site::Oidc, token.encode());
    assert!(!world.by_code(Site::Oidc, &code).await.unwrap().address_verified);
}

#[tokio::test]
async fn three_algorithms_are_taken_and_no_shared_secret_is_one() {
    let world = World::new();
    for key in [Key::es256("elliptic"), Key::ed25519("edwards")] {
        world.providers.sign_with(Site::Oidc, key);
        let token = world.providers.id_token(Site::Oidc, &ann());
        world.by_id_token(Site::Oidc, &token).await.unwrap();
        world.advance(6);
    }
    let rsa = world.providers.token(Site::Oidc, &ann());
    let rsa = rsa.signed_by(Signing::Key(Key::rsa(Site::Oidc, 1)));
    world.by_id_token(Site::Oidc, &rsa.encode()).await.unwrap();
    for bad in [
        rsa.clone().signed_by(Signing::HmacWithJwk),
        rsa.clone().signed_by(Signing::Nobody),
        rsa.clone().header("alg", json!("ES256")),
        rsa.clone()
            .header("alg", json!("EdDSA"))
            .header("kid", json!("edwards")),
        rsa.clone().header("alg", json!("PS256")),
        // More than one key fits now.
        rsa.clone().signed_by(Signing::Stranger).without_header("kid"),
    ] {
        let refused = world.by_id_token(Site::Oidc, &bad.encode()).await;
        assert!(
            matches!(refused, Err(ProviderRefusal::Rejected(_))),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn other_providers_tokens_do_not_open_this_one() {
    let world = World::new();
    for site in [Site::Google, Site::Apple] {
        let token = world.providers.id_token(site, &ann());
        assert!(world.by_id_token(Site::Oidc, &token).await.is_err(), "{site:?}");
    }
    let token = world.providers.token(Site::Oidc, &ann()).nonce("n").encode();
    world
        .identify(Site::Oidc, &id_token(&token, Some("n")))
        .await
        .unwrap();
    assert!(
        world
            .identify(Site::Oidc, &id_token(&token, Some("m")))
            .await
            .is_err()
    );
}

impl World {
    /// What becomes of a log-in when the discovery document has these members instead.
    async fn with_discovery(&self, twist: Value) -> Identified {
        // So much later that nothing is left of what it was before.
        self.advance(25 * 3600);
        self.providers.behave(paths::OIDC_DISCOVERY, Manner::Says(twist));
        let token = self.providers.token(Site::Oidc, &ann());
        let token = token.claim("exp", json!(4_000_000_000_u64)).encode();
        let code = self.providers.code_for(Site::Oidc, token);
        self.by_code(Site::Oidc, &code).await
    }
}

#[tokio::test]
async fn a_provider_calls_itself_as_the_settings_do() {
    let world = World::new();
    let issuer = format!("{}/oidc", world.providers.base());
    for name in [
        json!(format!("{issuer}/")),
        json!("https://login.example.org"),
        json!(null),
        json!([issuer]),
    ] {
        world.providers.behave(
            paths::OIDC_DISCOVERY,
            Manner::Says(json!({ "issuer": name.clone() })),
        );
        let token = world.providers.id_token(Site::Oidc, &ann());
        let answer = world.by_id_token(Site::Oidc, &token).await;
        assert_eq!(
            answer,
            Err(ProviderRefusal::Unavailable("it calls itself by another name")),
            "{name}"
        );
        world.advance(2);
    }
    world.providers.behave(paths::OIDC_DISCOVERY, Manner::Well);
    let token = world.providers.id_token(Site::Oidc, &ann());
    world.by_id_token(Site::Oidc, &token).await.unwrap();
}

#[tokio::test]
async fn only_addresses_that_are_safe_are_asked() {
    let world = World::new();
    for place in [
        "http://login.example.org/token",
        "https://127.0.0.2/token",
        "https://10.0.0.1/token",
        "https://169.254.169.254/latest",
        "https://[::1]/token",
        "https://[fd00::1]/token",
        "https://[::ffff:10.0.0.1]/token",
        "https://localhost/token",
        "file:///etc/passwd",
        "https://user:secret@login.example.org/token",
        "/token",
        "",
    ] {
        for name in [
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
            "authorization_endpoint",
        ] {
            if place.is_empty() && name == "userinfo_endpoint" {
                continue;
            }
            let mut twist = json!({});
            twist[name] = json!(place);
            let answer = world.with_discovery(twist).await;
            assert!(is_unavailable(&answer), "{name} {place}: {answer:?}");
        }
    }
    for name in ["token_endpoint", "jwks_uri", "authorization_endpoint"] {
        let mut twist = json!({});
        twist[name] = json!(null);
        assert!(is_unavailable(&world.with_discovery(twist).await), "{name}");
    }
    world
        .with_discovery(json!({ "userinfo_endpoint": null }))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_secret_goes_where_the_token_endpoint_takes_it() {
    let world = World::new();
    let code = world.providers.code(Site::Oidc, &ann());
    world.by_code(Site::Oidc, &code).await.unwrap();
    assert!(!world.providers.log().join("\n").contains("client_secret="));

    for (methods, is_sent) in [
        (json!(["client_secret_post", "private_key_jwt"]), true),
        (json!(["none"]), true),
    ] {
        let world = World::new();
        let twist = json!({ "token_endpoint_auth_methods_supported": methods });
        world.providers.behave(paths::OIDC_DISCOVERY, Manner::Says(twist));
        // The stand-in wants the header; what matters is what it was sent.
        let code = world.providers.code(Site::Oidc, &ann());
        assert!(world.by_code(Site::Oidc, &code).await.is_err());
        let log = world.providers.log().join("\n");
        assert_eq!(
            log.contains("client_secret=corp%3Aclient%2Fsecret%2Ba1b2+c3"),
            is_sent,
            "{log}"
        );
        assert!(!log.contains("Basic "), "{log}");
    }
    let refused = world
        .with_discovery(json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }))
        .await;
    assert_eq!(
        refused,
        Err(ProviderRefusal::Unavailable("its token endpoint takes no secret"))
    );
}

#[tokio::test]
async fn the_document_is_fetched_when_it_is_needed_and_kept_for_a_while() {
    let world = World::new();
    assert_eq!(world.providers.asked(paths::OIDC_DISCOVERY), 0);
    for _ in 0..3 {
        let token = world.providers.id_token(Site::Oidc, &ann());
        world.by_id_token(Site::Oidc, &token).await.unwrap();
    }
    assert_eq!(world.providers.asked(paths::OIDC_DISCOVERY), 1);
    world.advance(3601);
    let token = world
        .providers
        .token(Site::Oidc, &ann())
        .time("exp", 7200)
        .encode();
    world.by_id_token(Site::Oidc, &token).await.unwrap();
    assert_eq!(world.providers.asked(paths::OIDC_DISCOVERY), 2);
}

#[tokio::test]
async fn a_client_asks_for_the_scopes_of_the_settings() {
    let world = World::with(&[("CLAVIS_FEDERATION__OIDC__CORP__SCOPES", "email, groups")]);
    let request = clavis_flows::AuthorizationRequest {
        redirect_uri: "https://id.example.org/back".to_owned(),
        state: Secret::new("s"),
        nonce: "n".to_owned(),
        challenge: "c".to_owned(),
    };
    let provider = crate::world::provider(Site::Oidc);
    let url = clavis_flows::Providers::authorization_url(&world.federation, &provider, &request).await;
    let url = url.unwrap().url;
    let expected = format!(
        "{}/oidc/authorize?tenant=1&client_id={}&redirect_uri=https%3A%2F%2Fid.example.org%2Fback&response_type=code\
         &scope=openid+email+groups&state=s&nonce=n&code_challenge=c&code_challenge_method=S256",
        world.providers.base(),
        client::OIDC_ID.replace(' ', "+"),
    );
    assert_eq!(url, expected);
}
