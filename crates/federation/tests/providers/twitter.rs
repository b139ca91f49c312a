//! Twitter: signed requests, and a token that is fetched before the browser leaves.

use clavis_flows::{Evidence, ProviderRefusal, RequestToken};
use clavis_kernel::Secret;
use serde_json::json;

use crate::world::{Manner, Person, Site, World, ann, client, code, paths, told};

#[tokio::test]
async fn somebody_comes_back_with_a_verifier_and_is_who_twitter_says() {
    let world = World::new();
    let account = world.by_request_token(&ann()).await.unwrap();
    assert_eq!(account.subject.to_string(), "twitter:10769150350006150715");
    assert_eq!(account.address.unwrap().as_str(), "Ann@example.org");
    assert!(account.address_verified, "it tells no other");
    assert_eq!(account.name.as_deref(), Some("Ann Example"));
    assert_eq!(
        account.picture.as_deref(),
        Some("https://pictures.example/ann.png")
    );
    let silent = Person::new("7").with_unverified_address("ann@example.org");
    let account = world.by_request_token(&silent).await.unwrap();
    assert_eq!((account.address, account.address_verified), (None, false));
    assert_eq!(
        account.name.as_deref(),
        Some("ann"),
        "by which everybody sees them"
    );
}

#[tokio::test]
async fn the_browser_sees_the_request_token_and_not_its_secret() {
    let world = World::new();
    let departure = world.depart(Site::Twitter).await.unwrap();
    let token = departure.request_token.unwrap();
    assert!(
        departure
            .url
            .starts_with("https://api.twitter.com/oauth/authenticate?")
    );
    assert_eq!(
        told(&departure.url, "oauth_token").as_deref(),
        Some(token.token.expose())
    );
    assert!(!departure.url.contains("secret"), "{}", departure.url);
    let asked = world.providers.log().join("\n");
    assert!(
        asked.contains("oauth_callback=\"https%3A%2F%2Fid.example.org%2Fback%3Fx%3D1\""),
        "{asked}"
    );
    assert!(!asked.contains(client::TWITTER_SECRET), "{asked}");
}

#[tokio::test]
async fn a_request_token_is_good_once_with_its_own_secret_and_verifier() {
    let world = World::new();
    let rejected = Err(ProviderRefusal::Rejected("the verifier is not good"));
    let bring = async |change: fn(&mut RequestToken, &mut Secret)| {
        let departure = world.depart(Site::Twitter).await.unwrap();
        let back = world.providers.consent(Site::Twitter, &departure.url, &ann());
        let mut token = departure.request_token.unwrap();
        let mut verifier = Secret::new(told(back.as_str(), "oauth_verifier").unwrap());
        change(&mut token, &mut verifier);
        let evidence = Evidence::RequestToken { token, verifier };
        (world.identify(Site::Twitter, &evidence).await, evidence)
    };
    let (first, evidence) = bring(|_, _| {}).await;
    first.unwrap();
    assert_eq!(world.identify(Site::Twitter, &evidence).await, rejected, "twice");
    assert_eq!(
        bring(|_, verifier| *verifier = Secret::new("guessed")).await.0,
        rejected
    );
    assert_eq!(
        bring(|token, _| token.secret = Secret::new("guessed")).await.0,
        rejected
    );
    assert_eq!(
        bring(|token, _| token.token = Secret::new("guessed")).await.0,
        rejected
    );
    // Nobody agreed to it.
    let departure = world.depart(Site::Twitter).await.unwrap();
    let unasked = Evidence::RequestToken {
        token: departure.request_token.unwrap(),
        verifier: Secret::new("verifier-000001"),
    };
    assert_eq!(world.identify(Site::Twitter, &unasked).await, rejected);
    assert!(world.identify(Site::Twitter, &code("a-code")).await.is_err());
}

#[tokio::test]
async fn what_cannot_stand_in_a_header_goes_there_encoded() {
    let world = World::new();
    let departure = world.depart(Site::Twitter).await.unwrap();
    for strange in ["a\r\nX-Evil: 1", "a\"b, oauth_consumer_key=\"x", "ä\u{0}"] {
        let evidence = Evidence::RequestToken {
            token: departure.request_token.clone().unwrap(),
            verifier: Secret::new(strange),
        };
        assert!(world.identify(Site::Twitter, &evidence).await.is_err());
    }
    assert!(!world.providers.log().join("\n").contains("X-Evil: 1"));
}

#[tokio::test]
async fn an_answer_without_what_is_needed_leads_nowhere() {
    let world = World::new();
    for answer in [
        "",
        "oauth_token=a&oauth_token_secret=b",
        "oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed=false",
        "oauth_token_secret=b&oauth_callback_confirmed=true",
        "oauth_token=a&oauth_callback_confirmed=true",
        "oauth_token=a&oauth_token=c&oauth_token_secret=b&oauth_callback_confirmed=true",
        "{\"oauth_token\":\"a\"}",
    ] {
        let manner = Manner::Answers(200, answer.to_owned());
        world.providers.behave(paths::TWITTER_REQUEST, manner);
        let refused = world.depart(Site::Twitter).await;
        assert!(
            matches!(refused, Err(ProviderRefusal::Unavailable(_))),
            "{answer}: {refused:?}"
        );
    }
    for status in [400, 401, 403, 404, 500] {
        world
            .providers
            .behave(paths::TWITTER_REQUEST, Manner::Answers(status, "{}".to_owned()));
        let refused = world.depart(Site::Twitter).await;
        assert!(
            matches!(refused, Err(ProviderRefusal::Unavailable(_))),
            "{status}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn nobody_is_named_without_a_subject() {
    let world = World::new();
    for id in [json!(null), json!(""), json!(12)] {
        world
            .providers
            .behave(paths::TWITTER_ME, Manner::Says(json!({ "id_str": id })));
        assert_eq!(
            world.by_request_token(&ann()).await,
            Err(ProviderRefusal::Rejected("nobody is named")),
            "{id}"
        );
    }
}

#[tokio::test]
async fn another_consumer_is_told_to_leave() {
    let world = World::with(&[("CLAVIS_FEDERATION__TWITTER__CLIENT_SECRET", "another")]);
    let refused = world.depart(Site::Twitter).await;
    assert!(
        matches!(refused, Err(ProviderRefusal::Unavailable(_))),
        "{refused:?}"
    );
}
