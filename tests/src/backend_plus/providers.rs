//! Log-ins through GitHub, Google, Facebook, Twitter, `LinkedIn`, Apple, Microsoft and Spotify.

mod accounts;
mod hostile;
mod settings;
mod weather;

use insta::assert_snapshot;
use url::Url;

use super::{named, with_cookies_of};
use crate::harness::providers::{Person, Providers, Site};
use crate::harness::{Answer, Request, Server, address};

/// Every provider, as it is called in paths.
const ALL: [(Site, &str); 8] = [
    (Site::Apple, "apple"),
    (Site::Facebook, "facebook"),
    (Site::Github, "github"),
    (Site::Google, "google"),
    (Site::Linkedin, "linkedin"),
    (Site::Spotify, "spotify"),
    (Site::Twitter, "twitter"),
    (Site::Windowslive, "windowslive"),
];
const SUCCESS: &str = "https://app.example/in?from=us#top";
const FAILURE: &str = "https://app.example/sorry";
const DESTINATIONS: [(&str, &str); 2] = [
    ("PROVIDER_SUCCESS_REDIRECT", SUCCESS),
    ("PROVIDER_FAILURE_REDIRECT", FAILURE),
];

/// A server on which every provider is switched on, with these settings of the dialect.
#[track_caller]
fn server_with(providers: &Providers, settings: &[(&str, &str)]) -> Server {
    let switches = ALL.map(|(_, name)| format!("{}_ENABLED", name.to_uppercase()));
    let mut settings = settings.to_vec();
    settings.extend(switches.iter().map(|switch| (switch.as_str(), "true")));
    let named = named(&settings);
    let named = named.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let all: Vec<_> = providers.settings().into_iter().chain(named).collect();
    Server::with(&all)
}

/// Providers, and a server that sends browsers on afterwards.
#[track_caller]
fn start() -> (Providers, Server) {
    let providers = Providers::start();
    let server = server_with(&providers, &DESTINATIONS);
    (providers, server)
}

/// A browser leaves.
#[track_caller]
fn depart(server: &Server, name: &str) -> Answer {
    server.get(&format!("/auth/providers/{name}")).send().expect(302)
}

fn location(answer: &Answer) -> String {
    answer
        .header("location")
        .unwrap_or_else(|| panic!("it leads nowhere: {answer}"))
}

/// What the URL says under this name.
fn told(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).expect("an absolute URL");
    let mut pairs = url.query_pairs();
    pairs
        .find(|(told, _)| told == name)
        .map(|(_, value)| value.into_owned())
}

/// The request of a browser that comes back to this URL, without its cookies.
fn request(server: &Server, site: Site, back: &Url) -> Request {
    let path = back.path();
    let pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    match site {
        Site::Apple => server.post(path).form(&pairs),
        _ => server.get(path).query(&pairs),
    }
}

/// This person agrees, and their browser comes back.
#[track_caller]
fn arrive(providers: &Providers, server: &Server, site: Site, left: &Answer, person: &Person) -> Answer {
    let back = providers.consent(site, &location(left), person);
    with_cookies_of(request(server, site, &back), left).send()
}

/// There and back again.
#[track_caller]
fn log_in(providers: &Providers, server: &Server, (site, name): (Site, &str), person: &Person) -> Answer {
    arrive(providers, server, site, &depart(server, name), person)
}

/// The session that a browser was sent on with.
#[track_caller]
fn session(server: &Server, answer: &Answer) -> Answer {
    let refresh_token = told(&location(answer), "refresh_token");
    let refresh_token = refresh_token.unwrap_or_else(|| panic!("no session: {}", location(answer)));
    server.backend_plus().refresh(&refresh_token).expect(200)
}

#[track_caller]
fn assert_failed(answer: &Answer) {
    assert_eq!(answer.status(), 302, "{answer}");
    assert_eq!(location(answer), FAILURE);
    let names: Vec<_> = answer.cookies().into_iter().map(|cookie| cookie.name).collect();
    assert!(!names.contains(&"refresh_token".to_owned()), "{names:?}");
}

/// Somebody who was never here.
fn ann() -> Person {
    Person::new(&crate::harness::unique().to_string())
        .with_address(&address("ann"))
        .named("Ann Example")
        .pictured("https://pictures.example/ann.png")
}

#[test]
fn a_browser_goes_to_each_provider_and_comes_back_with_a_session() {
    let (providers, server) = start();
    for (site, name) in ALL {
        let ann = ann();
        let answer = log_in(&providers, &server, (site, name), &ann);
        let location = location(&answer);
        let (front, back) = location
            .split_once("refresh_token=")
            .unwrap_or_else(|| panic!("{name}: {location}"));
        assert_eq!(front, "https://app.example/in?from=us&", "{name}");
        let (token, fragment) = back.split_once('#').unwrap();
        assert_eq!((token.len(), fragment), (36, "top"), "{name}");
        let names: Vec<_> = answer.cookies().into_iter().map(|cookie| cookie.name).collect();
        assert_eq!(
            names,
            ["refresh_token", "permission_variables", "clavis_provider"],
            "{name}"
        );
        assert_eq!(answer.cookie("refresh_token").value, token, "{name}");
        let session = session(&server, &answer);
        assert_eq!(session.at("/user/email"), ann.address.unwrap(), "{name}");
    }
}

#[test]
fn whoever_comes_back_is_the_same_person() {
    let (providers, server) = start();
    for provider in ALL {
        let ann = ann();
        let id =
            |person: &Person| session(&server, &log_in(&providers, &server, provider, person)).at("/user/id");
        let first = id(&ann);
        let moved = Person {
            address: Some(address("moved")),
            name: None,
            ..ann
        };
        assert_eq!(id(&moved), first, "{provider:?}");
        assert_ne!(id(&self::ann()), first, "{provider:?}");
    }
}

#[test]
fn providers_do_not_speak_for_each_other() {
    let (providers, server) = start();
    let somebody = Person::new("4711");
    let mut ids: Vec<_> = ALL
        .iter()
        .map(|provider| session(&server, &log_in(&providers, &server, *provider, &somebody)).at("/user/id"))
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), ALL.len());
}

#[test]
fn a_browser_leaves_with_a_state_and_what_else_the_provider_knows() {
    let (_providers, server) = start();
    for (name, place, scope, is_challenged, has_nonce) in [
        (
            "apple",
            "https://appleid.apple.com/auth/authorize",
            "name email",
            false,
            true,
        ),
        (
            "facebook",
            "https://www.facebook.com/v5.0/dialog/oauth",
            "email,public_profile",
            true,
            false,
        ),
        (
            "github",
            "https://github.com/login/oauth/authorize",
            "user:email",
            true,
            false,
        ),
        (
            "google",
            "https://accounts.google.com/o/oauth2/v2/auth",
            "openid email profile",
            true,
            true,
        ),
        (
            "linkedin",
            "https://www.linkedin.com/oauth/v2/authorization",
            "r_emailaddress r_liteprofile",
            false,
            false,
        ),
        (
            "spotify",
            "https://accounts.spotify.com/authorize",
            "user-read-email user-read-private",
            true,
            false,
        ),
        (
            "windowslive",
            "https://login.live.com/oauth20_authorize.srf",
            "wl.basic wl.emails wl.contacts_emails",
            false,
            false,
        ),
    ] {
        let left = depart(&server, name);
        let url = location(&left);
        assert_eq!(url.split_once('?').unwrap().0, place);
        assert_eq!(told(&url, "scope").as_deref(), Some(scope), "{name}");
        assert_eq!(told(&url, "response_type").as_deref(), Some("code"), "{name}");
        let callback = server.url(&format!("/auth/providers/{name}/callback"));
        assert_eq!(told(&url, "redirect_uri"), Some(callback), "{name}");
        assert_eq!(told(&url, "state").unwrap().len(), 43, "{name}");
        assert_eq!(
            told(&url, "code_challenge").map(|text| text.len()),
            is_challenged.then_some(43),
            "{name}"
        );
        assert_eq!(
            told(&url, "code_challenge_method").as_deref(),
            is_challenged.then_some("S256"),
            "{name}"
        );
        assert_eq!(told(&url, "nonce").is_some(), has_nonce, "{name}");
        assert_ne!(
            told(&location(&depart(&server, name)), "state"),
            told(&url, "state"),
            "{name}"
        );
        assert!(left.body().is_empty(), "{name}");
        assert!(
            left.header("cache-control").unwrap().contains("no-store"),
            "{name}"
        );
    }
    let url = location(&depart(&server, "twitter"));
    assert!(
        url.starts_with("https://api.twitter.com/oauth/authenticate?oauth_token="),
        "{url}"
    );
}

#[test]
fn what_the_browser_carries_is_sealed_and_for_this_server_and_a_few_minutes() {
    let (_providers, server) = start();
    for (_, name) in ALL {
        let left = depart(&server, name);
        let cookie = left.cookie("clavis_provider");
        assert_eq!(
            cookie.attributes,
            ["Max-Age=600", "Path=/", "HttpOnly", "SameSite=Lax"],
            "{name}"
        );
        if let Some(state) = told(&location(&left), "state") {
            assert!(!cookie.value.contains(&state), "{name}");
        }
        assert_eq!(left.cookies().len(), 1, "{name}");
    }
}

#[test]
fn over_https_the_cookie_is_the_hosts_own_and_reaches_apples_form() {
    let providers = Providers::start();
    let server = {
        let mut settings = providers.settings();
        let named = named(&[("APPLE_ENABLED", "true"), ("GITHUB_ENABLED", "true")]);
        settings.extend(named.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        settings.push(("CLAVIS_HTTP__PUBLIC_URL", "https://id.example.org"));
        Server::with(&settings)
    };
    let github = depart(&server, "github");
    let cookie = github.cookie("__Host-clavis_provider");
    assert_eq!(
        cookie.attributes,
        ["Max-Age=600", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"]
    );
    assert_eq!(
        told(&location(&github), "redirect_uri").as_deref(),
        Some("https://id.example.org/auth/providers/github/callback")
    );
    let apple = depart(&server, "apple").cookie("__Host-clavis_provider");
    assert_eq!(
        apple.attributes,
        ["Max-Age=600", "Path=/", "HttpOnly", "Secure", "SameSite=None"]
    );
}

#[test]
fn the_journeys_cookie_is_taken_back_however_it_ends() {
    let (providers, server) = start();
    let left = depart(&server, "github");
    let arrived = arrive(&providers, &server, Site::Github, &left, &ann());
    let refused = server
        .get("/auth/providers/github/callback?state=x&code=y")
        .send();
    for answer in [arrived, refused] {
        let cookie = answer.cookie("clavis_provider");
        assert_eq!(
            (cookie.value.as_str(), cookie.attribute("max-age")),
            ("", Some("0"))
        );
    }
}

#[test]
fn without_a_place_to_go_to_the_session_is_the_answer() {
    let providers = Providers::start();
    let server = server_with(&providers, &[]);
    let ann = ann();
    let answer = log_in(&providers, &server, (Site::Github, "github"), &ann).expect(200);
    assert_eq!(answer.at("/user/email"), ann.address.unwrap());
    assert!(answer.json().get("refresh_token").is_none(), "{answer}");
    assert_eq!(answer.cookie("refresh_token").value.len(), 36);
    let refused = server.get("/auth/providers/github/callback").send();
    assert_snapshot!(refused, @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Unauthorized"}"#);
}

#[test]
fn the_places_after_an_activation_stand_in_for_those_that_are_not_set() {
    let providers = Providers::start();
    let server = server_with(
        &providers,
        &[
            ("REDIRECT_URL_SUCCESS", "https://app.example/welcome"),
            ("REDIRECT_URL_ERROR", FAILURE),
        ],
    );
    let answer = log_in(&providers, &server, (Site::Spotify, "spotify"), &ann());
    assert!(location(&answer).starts_with("https://app.example/welcome?refresh_token="));
    assert_failed(&server.get("/auth/providers/spotify/callback").send());
}

#[test]
fn a_request_without_consequences_logs_nobody_in_and_ends_nothing() {
    let (providers, server) = start();
    let left = depart(&server, "github");
    let back = providers.consent(Site::Github, &location(&left), &ann());
    let head = server.request(reqwest::Method::HEAD, back.path()).query(&[
        ("code", &*told(back.as_str(), "code").unwrap()),
        ("state", &told(back.as_str(), "state").unwrap()),
    ]);
    let looked = with_cookies_of(head, &left).send();
    assert_eq!(location(&looked), FAILURE);
    assert!(looked.cookies().is_empty());
    let answer = with_cookies_of(request(&server, Site::Github, &back), &left).send();
    session(&server, &answer);
    let left = server
        .request(reqwest::Method::HEAD, "/auth/providers/github")
        .send();
    assert_eq!(left.status(), 302);
}
