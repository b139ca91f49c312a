//! GitHub, `LinkedIn`, Spotify and Microsoft: codes from a browser.

use clavis_flows::{Evidence, ProviderRefusal, Providers as _};
use clavis_kernel::Secret;
use serde_json::json;

use crate::world::{Manner, Person, Site, World, ann, client, paths, provider, refusal, told};

const SITES: [Site; 4] = [Site::Github, Site::Linkedin, Site::Spotify, Site::Windowslive];
const BAD_CODE: ProviderRefusal = ProviderRefusal::Rejected("the code is not good");

#[tokio::test]
async fn somebody_comes_back_with_a_browser_and_is_who_the_provider_says() {
    let world = World::new();
    for site in SITES {
        let account = world.by_browser(site, &ann(), |_| {}).await.unwrap();
        assert_eq!(
            account.subject.to_string(),
            format!("{}:{}", provider(site), ann().subject)
        );
        assert_eq!(account.address.unwrap().as_str(), "Ann@example.org", "{site:?}");
        assert_eq!(
            account.address_verified,
            site == Site::Github,
            "only GitHub says so: {site:?}"
        );
        assert_eq!(account.name.as_deref(), Some("Ann Example"), "{site:?}");
        let picture = (site != Site::Windowslive).then_some("https://pictures.example/ann.png");
        assert_eq!(account.picture.as_deref(), picture, "{site:?}");
    }
}

#[tokio::test]
async fn somebody_of_whom_nothing_is_told_is_somebody() {
    let world = World::new();
    for site in SITES {
        let account = world.by_browser(site, &Person::new("7"), |_| {}).await.unwrap();
        assert_eq!(account.subject.subject(), "7");
        assert_eq!(
            (account.address, account.address_verified),
            (None, false),
            "{site:?}"
        );
        // GitHub has a name for everybody.
        let name = (site == Site::Github).then_some("octocat");
        assert_eq!(
            (account.name.as_deref(), account.picture),
            (name, None),
            "{site:?}"
        );
    }
}

#[tokio::test]
async fn an_address_that_github_has_not_verified_is_not_verified() {
    let world = World::new();
    let person = Person::new("7").with_unverified_address("ann@example.org");
    let account = world.by_browser(Site::Github, &person, |_| {}).await.unwrap();
    assert_eq!(account.address.unwrap().as_str(), "ann@example.org");
    assert!(!account.address_verified);
}

#[tokio::test]
async fn of_githubs_addresses_the_first_counts_and_what_is_shown_to_all_does_not() {
    let world = World::new();
    let github = async |emails: serde_json::Value| {
        world
            .providers
            .behave(paths::GITHUB_EMAILS, Manner::Answers(200, emails.to_string()));
        let account = world.by_browser(Site::Github, &ann(), |_| {}).await.unwrap();
        (
            account.address.map(|address| address.as_str().to_owned()),
            account.address_verified,
        )
    };
    let first = json!([
        { "email": "a@example.org", "primary": false, "verified": true },
        { "email": "b@example.org", "primary": true, "verified": false },
    ]);
    assert_eq!(github(first).await, (Some("b@example.org".to_owned()), false));
    let none_first = json!([
        { "email": "a@example.org", "primary": false, "verified": false },
        { "email": "b@example.org", "primary": false, "verified": true },
    ]);
    assert_eq!(github(none_first).await, (Some("b@example.org".to_owned()), true));
    for nobody in [
        json!([]),
        json!([1, "a@example.org", null, { "email": "a@example.org" }]),
    ] {
        assert_eq!(github(nobody).await, (None, false));
    }
    let odd = json!([{ "email": "a@example.org", "primary": true, "verified": "yes" }]);
    assert_eq!(github(odd).await, (Some("a@example.org".to_owned()), false));
}

#[tokio::test]
async fn who_tells_no_address_is_somebody_and_who_cannot_be_asked_is_nobody() {
    let world = World::new();
    for (path, site) in [
        (paths::GITHUB_EMAILS, Site::Github),
        (paths::LINKEDIN_ADDRESS, Site::Linkedin),
    ] {
        world
            .providers
            .behave(path, Manner::Answers(403, "{}".to_owned()));
        let account = world.by_browser(site, &ann(), |_| {}).await.unwrap();
        assert_eq!(
            (account.address, account.address_verified),
            (None, false),
            "{site:?}"
        );
        for manner in [Manner::Answers(500, "{}".to_owned()), Manner::Breaks] {
            world.providers.behave(path, manner);
            let refused = world.by_browser(site, &ann(), |_| {}).await;
            assert!(
                matches!(refused, Err(ProviderRefusal::Unavailable(_))),
                "{refused:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_with_its_own_verifier_and_address() {
    let world = World::new();
    for site in SITES {
        let mut used = None;
        world
            .by_browser(site, &ann(), |evidence| used = Some(evidence.clone()))
            .await
            .unwrap();
        assert_eq!(
            world.identify(site, &used.unwrap()).await,
            Err(BAD_CODE),
            "{site:?}"
        );
        let ann = ann();
        let elsewhere = world.by_browser(site, &ann, |evidence| {
            let Evidence::Code { redirect_uri, .. } = evidence else {
                panic!()
            };
            *redirect_uri = Some("https://evil.test/back".to_owned());
        });
        assert_eq!(elsewhere.await, Err(BAD_CODE), "{site:?}");
        let others = world.by_browser(site, &ann, |evidence| {
            let Evidence::Code { verifier, .. } = evidence else {
                panic!()
            };
            *verifier = Some(Secret::new("another-verifier-another-verifier-another-ve"));
        });
        let is_challenged = matches!(site, Site::Github | Site::Spotify);
        assert_eq!(others.await.is_err(), is_challenged, "{site:?}");
        let googles = world.providers.code(Site::Google, &ann);
        assert_eq!(world.by_code(site, &googles).await, Err(BAD_CODE), "{site:?}");
    }
}

#[tokio::test]
async fn nobody_is_named_without_a_subject() {
    let world = World::new();
    for (path, site) in [
        (paths::GITHUB_USER, Site::Github),
        (paths::LINKEDIN_ME, Site::Linkedin),
        (paths::SPOTIFY_ME, Site::Spotify),
        (paths::WINDOWSLIVE_ME, Site::Windowslive),
    ] {
        for id in [json!(null), json!(""), json!([]), json!("a b")] {
            world.providers.behave(path, Manner::Says(json!({ "id": id })));
            assert_eq!(
                world.by_browser(site, &ann(), |_| {}).await,
                Err(ProviderRefusal::Rejected("nobody is named")),
                "{site:?} {id}"
            );
        }
    }
}

#[tokio::test]
async fn a_browser_is_asked_for_what_the_contract_says_and_no_more() {
    let world = World::new();
    for (site, scope, is_challenged) in [
        (Site::Github, "user:email", true),
        (Site::Linkedin, "r_emailaddress r_liteprofile", false),
        (Site::Spotify, "user-read-email user-read-private", true),
        (Site::Windowslive, "wl.basic wl.emails wl.contacts_emails", false),
    ] {
        let url = world.depart(site).await.unwrap().url;
        let told = |name: &str| told(&url, name);
        assert_eq!(told("scope").as_deref(), Some(scope));
        assert_eq!(told("state").as_deref(), Some("state-1"));
        assert_eq!(told("response_type").as_deref(), Some("code"));
        assert_eq!(
            told("redirect_uri").as_deref(),
            Some("https://id.example.org/back?x=1")
        );
        assert_eq!(told("code_challenge").is_some(), is_challenged, "{site:?}");
        assert!(told("client_secret").is_none() && told("nonce").is_none());
    }
}

#[tokio::test]
async fn other_evidence_shows_nothing() {
    let world = World::new();
    for site in SITES {
        let token = world.providers.access_token(site, &ann());
        assert!(world.by_access_token(site, &token).await.is_err(), "{site:?}");
        assert!(world.by_id_token(site, "a.b.c").await.is_err(), "{site:?}");
    }
}

#[test]
fn half_a_client_is_refused_by_the_settings_name() {
    for (section, name) in [
        ("GITHUB", "github"),
        ("LINKEDIN", "linkedin"),
        ("SPOTIFY", "spotify"),
        ("TWITTER", "twitter"),
        ("WINDOWSLIVE", "windowslive"),
    ] {
        let id = format!("CLAVIS_FEDERATION__{section}__CLIENT_ID");
        let secret = format!("CLAVIS_FEDERATION__{section}__CLIENT_SECRET");
        let without_secret = refusal(&[(&id, "x")]);
        assert_eq!(without_secret.setting, format!("federation.{name}.client_secret"));
        let without_id = refusal(&[(&secret, "hunter2")]);
        assert_eq!(without_id.setting, format!("federation.{name}.client_id"));
        assert!(!without_id.to_string().contains("hunter2"));
    }
    let plain = refusal(&[
        ("CLAVIS_FEDERATION__GITHUB__CLIENT_ID", client::GITHUB_ID),
        ("CLAVIS_FEDERATION__GITHUB__CLIENT_SECRET", client::GITHUB_SECRET),
        (
            "CLAVIS_FEDERATION__GITHUB__TOKEN_URL",
            "http://github.example/token",
        ),
    ]);
    assert_eq!(plain.setting, "federation.github.token_url");
}

#[test]
fn who_is_told_which_providers_take_browsers() {
    let takes = |variables: &[(&str, &str)], site| {
        let settings = crate::world::settings(variables);
        let clock = std::sync::Arc::new(crate::world::now());
        let federation = clavis_federation::Federation::new(&settings, clock).unwrap();
        federation.takes_browsers(&provider(site))
    };
    let ids = ("CLAVIS_FEDERATION__GOOGLE__CLIENT_IDS", "web");
    assert!(!takes(&[ids], Site::Google));
    assert!(takes(
        &[ids, ("CLAVIS_FEDERATION__GOOGLE__CLIENT_SECRET", "s")],
        Site::Google
    ));
    assert!(!takes(
        &[("CLAVIS_FEDERATION__APPLE__CLIENT_ID", "app")],
        Site::Apple
    ));
    assert!(!takes(&[ids], Site::Github));
}

#[tokio::test]
async fn browsers_log_in_at_apple_to_the_services_id_and_devices_to_the_application() {
    let world = World::with(&[("CLAVIS_FEDERATION__APPLE__SERVICES_ID", "org.example.web")]);
    let url = world.depart(Site::Apple).await.unwrap().url;
    assert_eq!(told(&url, "client_id").as_deref(), Some("org.example.web"));
    assert_eq!(told(&url, "scope").as_deref(), Some("name email"));
    assert_eq!(told(&url, "response_mode").as_deref(), Some("form_post"));
    let code = world.providers.code(Site::Apple, &ann());
    world.by_code(Site::Apple, &code).await.unwrap();
}
