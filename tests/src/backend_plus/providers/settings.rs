//! What switches a provider on, and what it needs.

use insta::assert_snapshot;

use super::{ALL, ann, depart, location, log_in, session};
use crate::backend_plus::{named, server_with as plain_server_with, setting};
use crate::harness::providers::{Providers, Site, client, paths};
use crate::harness::{Server, fails_to_start};

#[test]
fn a_provider_that_is_switched_off_or_unknown_is_not_there() {
    let nowhere = r#"404 {"statusCode":404,"error":"Not Found","message":"Not Found"}"#;
    let hidden = r#"500 {"statusCode":500,"error":"Internal Server Error","message":"An internal server error occurred"}"#;
    let documented = Server::start();
    let old = plain_server_with(&[("PROFILE", "v2.7")]);
    for (site, name) in ALL {
        for path in [
            format!("/auth/providers/{name}"),
            format!("/auth/providers/{name}/callback"),
        ] {
            let request = |server: &Server| match site {
                Site::Apple if path.ends_with("callback") => server.post(&path),
                _ => server.get(&path),
            };
            assert_eq!(request(&documented).send().to_string(), nowhere, "{path}");
            assert_eq!(request(&old).send().to_string(), hidden, "{path}");
        }
    }
    for server in [&documented, &old] {
        for path in [
            "kakao",
            "GitHub",
            "github/callback/x",
            "%00",
            "..",
            "github%2fcallback",
        ] {
            let answer = server.get(&format!("/auth/providers/{path}")).send();
            assert_eq!(answer.to_string(), nowhere, "{path}");
        }
    }
    let none = plain_server_with(&[("AUTH_ENABLED", "false"), ("PROFILE", "v2.7")]);
    assert_eq!(none.get("/auth/providers/github").send().to_string(), nowhere);
}

#[test]
fn the_contracts_own_names_are_enough() {
    let providers = Providers::start();
    let base = providers.base();
    let server = plain_server_with(&[
        ("GITHUB_ENABLE", "true"),
        ("GITHUB_CLIENT_ID", client::GITHUB_ID),
        ("GITHUB_CLIENT_SECRET", client::GITHUB_SECRET),
        (
            "GITHUB_AUTHORIZATION_URL",
            "https://github.corp.example/login/oauth/authorize",
        ),
        ("GITHUB_TOKEN_URL", &format!("{base}{}", paths::GITHUB_TOKEN)),
        (
            "GITHUB_USER_PROFILE_URL",
            &format!("{base}{}", paths::GITHUB_USER),
        ),
        ("PROVIDER_SUCCESS_REDIRECT", "https://app.example/in"),
    ]);
    let url = location(&depart(&server, "github"));
    assert!(
        url.starts_with("https://github.corp.example/login/oauth/authorize?client_id="),
        "{url}"
    );
    let ann = ann();
    let session = session(
        &server,
        &log_in(&providers, &server, (Site::Github, "github"), &ann),
    );
    assert_eq!(session.at("/user/email"), ann.address.unwrap());
    assert_eq!(server.get("/auth/providers/google").send().status(), 404);
}

#[test]
fn a_provider_that_cannot_be_asked_is_refused_at_the_start() {
    #[track_caller]
    fn check(settings: &[(&str, &str)], parts: &[&str]) {
        let named = named(settings);
        let named: Vec<_> = named
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let failure = fails_to_start(&named);
        assert!(!failure.status.success());
        for part in parts {
            assert!(
                failure.stderr.contains(part),
                "{part:?} is not in {:?}",
                failure.stderr
            );
        }
        assert!(!failure.stderr.contains("hunter2"), "{}", failure.stderr);
    }
    check(
        &[("GITHUB_ENABLED", "true")],
        &["github_enabled", "github_client_id"],
    );
    check(
        &[("GOOGLE_ENABLED", "true"), ("GOOGLE_CLIENT_ID", "web")],
        &["google_enabled", "google_client_secret"],
    );
    check(
        &[("SPOTIFY_ENABLED", "true"), ("SPOTIFY_CLIENT_SECRET", "hunter2")],
        &["federation.spotify.client_id"],
    );
    check(
        &[("APPLE_ENABLED", "true"), ("APPLE_CLIENT_ID", "org.example.web")],
        &["apple_enabled", "federation.apple"],
    );
    check(
        &[
            ("GITHUB_ENABLED", "true"),
            ("GITHUB_CLIENT_ID", "x"),
            ("GITHUB_CLIENT_SECRET", "hunter2"),
            ("GITHUB_TOKEN_URL", "http://hunter2.example/token"),
        ],
        &["federation.github.token_url"],
    );
    check(
        &[("PROVIDER_SUCCESS_REDIRECT", "/in")],
        &["provider_success_redirect"],
    );
    check(&[("KAKAO_ENABLED", "true")], &["KAKAO_ENABLED"]);
    let twice = fails_to_start(&[
        ("CLAVIS_FEDERATION__SPOTIFY__CLIENT_ID", "one"),
        ("CLAVIS_FEDERATION__SPOTIFY__CLIENT_SECRET", "hunter2"),
        (&setting("SPOTIFY_ENABLED"), "true"),
        (&setting("SPOTIFY_CLIENT_ID"), "another"),
    ]);
    assert!(
        twice.stderr.contains("federation.spotify.client_id"),
        "{}",
        twice.stderr
    );
}

#[test]
fn in_the_older_profile_a_log_in_leads_somewhere() {
    let providers = Providers::start();
    let mut settings = providers.settings();
    let more = named(&[("PROFILE", "v2.7"), ("GITHUB_ENABLED", "true")]);
    settings.extend(more.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let server = Server::with(&settings);
    assert_snapshot!(
        server.get("/auth/providers/github").send(),
        @r#"500 {"statusCode":500,"error":"Internal Server Error","message":"An internal server error occurred"}"#
    );
    assert_snapshot!(
        server.get("/auth/providers/github/callback").send(),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Not logged in"}"#
    );
}

#[test]
fn providers_stay_where_passwords_are_switched_off() {
    let providers = Providers::start();
    let mut settings = providers.settings();
    let more = named(&[("AUTH_LOCAL_USERS_ENABLED", "false"), ("GITHUB_ENABLED", "true")]);
    settings.extend(more.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let server = Server::with(&settings);
    log_in(&providers, &server, (Site::Github, "github"), &ann()).expect(200);
}
