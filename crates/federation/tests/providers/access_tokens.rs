use clavis_flows::ProviderRefusal;
use serde_json::{Value, json};

use crate::world::{Manner, Person, Site, World, ann, paths};

fn is_rejected(answer: &crate::world::Identified) -> bool {
    matches!(answer, Err(ProviderRefusal::Rejected(_)))
}

fn is_unavailable(answer: &crate::world::Identified) -> bool {
    matches!(answer, Err(ProviderRefusal::Unavailable(_)))
}

#[tokio::test]
async fn somebody_is_who_facebook_says() {
    let world = World::new();
    let token = world.providers.access_token(Site::Facebook, &ann());
    let account = world.by_access_token(Site::Facebook, &token).await.unwrap();
    assert_eq!(account.subject.to_string(), "facebook:10769150350006150715");
    assert_eq!(account.address.unwrap().as_str(), "Ann@example.org");
    assert!(!account.address_verified, "Facebook does not say");
    assert_eq!(account.name.as_deref(), Some("Ann Example"));
    assert_eq!(
        account.picture.as_deref(),
        Some("https://pictures.example/ann.png")
    );
}

#[tokio::test]
async fn somebody_is_who_kakao_says() {
    let world = World::new();
    let token = world.providers.access_token(Site::Kakao, &ann());
    let account = world.by_access_token(Site::Kakao, &token).await.unwrap();
    assert_eq!(account.subject.to_string(), "kakao:10769150350006150715");
    assert_eq!(account.address.unwrap().as_str(), "Ann@example.org");
    assert!(account.address_verified);
    assert_eq!(account.name.as_deref(), Some("Ann Example"));
    let unproven = Person::new("8").with_unverified_address("ann@example.org");
    let token = world.providers.access_token(Site::Kakao, &unproven);
    let account = world.by_access_token(Site::Kakao, &token).await.unwrap();
    assert!(account.address.is_some() && !account.address_verified);
    assert_eq!((account.name, account.picture), (None, None));
}

#[tokio::test]
async fn a_token_of_another_application_is_refused() {
    let world = World::new();
    for site in [Site::Facebook, Site::Kakao] {
        let token = world.providers.access_token_of_another_app(site, &ann());
        assert_eq!(
            world.by_access_token(site, &token).await,
            Err(ProviderRefusal::Rejected(
                "the access token is for another application"
            ))
        );
    }
    assert_eq!(
        world.providers.asked(paths::FACEBOOK_ME),
        0,
        "nobody is asked with it"
    );
    assert_eq!(world.providers.asked(paths::KAKAO_ME), 0);
}

#[tokio::test]
async fn a_token_that_is_over_or_nobodys_is_refused() {
    let world = World::new();
    for site in [Site::Facebook, Site::Kakao] {
        let over = world.providers.expired_access_token(site, &ann());
        let others = world.providers.access_token(Site::Oidc, &ann());
        for token in [&*over, &others, "nobodys", "", "a b&c=d#e\n"] {
            let refused = world.by_access_token(site, token).await;
            assert!(
                is_rejected(&refused) || token.contains('\n'),
                "{site:?} {token:?}: {refused:?}"
            );
            assert!(refused.is_err());
        }
    }
}

#[tokio::test]
async fn two_answers_about_different_people_are_about_nobody() {
    let world = World::new();
    for (site, path) in [
        (Site::Facebook, paths::FACEBOOK_ME),
        (Site::Kakao, paths::KAKAO_ME),
    ] {
        let token = world.providers.access_token(site, &Person::new("11"));
        for id in [
            json!("12"),
            json!(12),
            json!(""),
            json!(null),
            json!(-11),
            json!(11.0),
            json!([11]),
        ] {
            world.providers.behave(path, Manner::Says(json!({ "id": id })));
            assert_eq!(
                world.by_access_token(site, &token).await,
                Err(ProviderRefusal::Rejected("nobody is named")),
                "{site:?} {id}"
            );
        }
        world.providers.behave(path, Manner::Well);
        world.by_access_token(site, &token).await.unwrap();
    }
}

#[tokio::test]
async fn what_facebook_says_about_a_token_must_be_complete() {
    let world = World::new();
    let token = world.providers.access_token(Site::Facebook, &ann());
    let good =
        json!({ "app_id": "1122334455667788", "is_valid": true, "type": "USER", "user_id": ann().subject });
    let with = |name: &str, value: Value| {
        let mut data = good.clone();
        data[name] = value;
        json!({ "data": data }).to_string()
    };
    let ask = async |body: String| {
        world
            .providers
            .behave(paths::FACEBOOK_DEBUG, Manner::Answers(200, body));
        world.by_access_token(Site::Facebook, &token).await
    };
    ask(with("extra", json!(1))).await.unwrap();
    for (name, value) in [
        ("is_valid", json!("true")),
        ("is_valid", json!(1)),
        ("is_valid", json!(null)),
        ("app_id", json!(null)),
        ("app_id", json!("")),
        ("app_id", json!(["1122334455667788"])),
        ("type", json!("PAGE")),
        ("type", json!("APP")),
        ("user_id", json!(null)),
        ("user_id", json!("")),
    ] {
        let refused = ask(with(name, value.clone())).await;
        assert!(is_rejected(&refused), "{name} {value}: {refused:?}");
    }
    for body in [
        "{}",
        r#"{"data":[]}"#,
        r#"{"data":{"is_valid":false,"is_valid":true}}"#,
    ] {
        assert!(is_unavailable(&ask(body.to_owned()).await), "{body}");
    }
}

#[tokio::test]
async fn what_is_not_the_tokens_fault_is_no_refusal() {
    let world = World::new();
    let facebooks = world.providers.access_token(Site::Facebook, &ann());
    let kakaos = world.providers.access_token(Site::Kakao, &ann());
    let limit = r#"{"error":{"code":4,"message":"Application request limit reached"}}"#;
    for (path, status, body) in [
        (
            paths::FACEBOOK_DEBUG,
            400,
            r#"{"error":{"code":190,"message":"Invalid app token"}}"#,
        ),
        (paths::FACEBOOK_DEBUG, 500, "{}"),
        (paths::FACEBOOK_ME, 400, limit),
        (paths::FACEBOOK_ME, 403, limit),
        (paths::FACEBOOK_ME, 503, ""),
        (paths::FACEBOOK_ME, 200, "[]"),
    ] {
        world
            .providers
            .behave(path, Manner::Answers(status, body.to_owned()));
        let answer = world.by_access_token(Site::Facebook, &facebooks).await;
        assert!(is_unavailable(&answer), "{path} {status}: {answer:?}");
        world.providers.behave(path, Manner::Well);
    }
    for (path, status) in [
        (paths::KAKAO_INFO, 500),
        (paths::KAKAO_INFO, 429),
        (paths::KAKAO_ME, 502),
    ] {
        world
            .providers
            .behave(path, Manner::Answers(status, "{}".to_owned()));
        let answer = world.by_access_token(Site::Kakao, &kakaos).await;
        assert!(is_unavailable(&answer), "{path} {status}: {answer:?}");
        world.providers.behave(path, Manner::Well);
    }
}

#[tokio::test]
async fn a_browser_comes_back_from_facebook_and_kakao_with_a_code() {
    let world = World::new();
    for site in [Site::Facebook, Site::Kakao] {
        let account = world.by_browser(site, &ann(), |_| {}).await.unwrap();
        assert_eq!(account.subject.subject(), ann().subject, "{site:?}");
        let code = world.providers.code(site, &ann());
        world.by_code(site, &code).await.unwrap();
        assert!(is_rejected(&world.by_code(site, &code).await), "{site:?}");
    }
    let world = World::with(&[("CLAVIS_FEDERATION__KAKAO__CLIENT_ID", "")]);
    let code = world.providers.code(Site::Kakao, &ann());
    assert_eq!(
        world.by_code(Site::Kakao, &code).await,
        Err(ProviderRefusal::NotConfigured)
    );
    assert_eq!(
        world.by_browser(Site::Kakao, &ann(), |_| {}).await,
        Err(ProviderRefusal::NotConfigured)
    );
}
