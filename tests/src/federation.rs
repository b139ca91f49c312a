//! Providers, through the doors that take their word.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::providers::{Manner, Person, Providers, Signing, Site, client, paths};
use crate::harness::{Answer, Server, fails_to_start};

fn google(server: &Server, token: &str) -> Answer {
    let body = json!({ "id_token": token, "app_id": "pluto" });
    server.post("/v1/login/google/mobile").json(body).send()
}

#[test]
fn half_a_provider_is_refused_at_the_start_by_the_settings_name() {
    #[track_caller]
    fn check(variables: &[(&str, &str)], setting: &str) {
        let failure = fails_to_start(variables);
        assert!(!failure.status.success());
        let stderr = failure.stderr;
        assert!(
            stderr.contains(setting) && stderr.contains("expected"),
            "{stderr}"
        );
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
    check(
        &[("CLAVIS_FEDERATION__GOOGLE__CLIENT_SECRET", "hunter2")],
        "federation.google.client_ids",
    );
    check(
        &[("CLAVIS_FEDERATION__WECHAT__APP_SECRET", "hunter2")],
        "federation.wechat.app_id",
    );
    check(
        &[
            ("CLAVIS_FEDERATION__GOOGLE__CLIENT_IDS", "web"),
            (
                "CLAVIS_FEDERATION__GOOGLE__JWKS_URL",
                "http://hunter2.example.org/",
            ),
        ],
        "federation.google.jwks_url",
    );
    check(
        &[
            (
                "CLAVIS_FEDERATION__OIDC__CORP__ISSUER",
                "https://login.example.org",
            ),
            ("CLAVIS_FEDERATION__OIDC__CORP__CLIENT_SECRET", "hunter2"),
        ],
        "federation.oidc.corp.client_id",
    );
}

#[test]
fn an_apple_key_that_cannot_be_read_is_refused_at_the_start() {
    let failure = fails_to_start(&[
        ("CLAVIS_FEDERATION__APPLE__CLIENT_ID", client::APPLE_ID),
        ("CLAVIS_FEDERATION__APPLE__TEAM_ID", client::APPLE_TEAM),
        ("CLAVIS_FEDERATION__APPLE__KEY_ID", client::APPLE_KEY_ID),
        (
            "CLAVIS_FEDERATION__APPLE__PRIVATE_KEY_FILE",
            "/nowhere/AuthKey.p8",
        ),
    ]);
    let stderr = failure.stderr;
    assert!(
        stderr.contains("federation.apple.private_key_file: /nowhere/AuthKey.p8 cannot be read"),
        "{stderr}"
    );
}

#[test]
fn an_unknown_setting_of_a_provider_is_refused_at_the_start() {
    let failure = fails_to_start(&[("CLAVIS_FEDERATION__GOOGLE__CLIENT_ID", "hunter2")]);
    assert!(
        failure.stderr.contains("CLAVIS_FEDERATION__GOOGLE__CLIENT_ID"),
        "{}",
        failure.stderr
    );
    assert!(failure.stderr.contains("client_ids"), "{}", failure.stderr);
}

#[test]
fn a_server_starts_while_its_providers_are_down() {
    let providers = Providers::start();
    providers.behave(paths::OIDC_DISCOVERY, Manner::Hangs);
    let _server = Server::with(&providers.settings());
    assert_eq!(
        providers.connections(),
        0,
        "nobody is asked before somebody comes"
    );
}

#[test]
fn keys_rotate_at_the_provider_and_the_server_goes_on() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let ann = Person::new("1").named("Ann");
    assert_eq!(
        google(&server, &providers.id_token(Site::Google, &ann)).status(),
        200
    );
    let old = providers.id_token(Site::Google, &ann);
    providers.rotate(Site::Google);
    assert_eq!(
        google(&server, &providers.id_token(Site::Google, &ann)).status(),
        200
    );
    assert_eq!(google(&server, &old).status(), 403);
    assert_eq!(providers.asked(paths::GOOGLE_KEYS), 2);
}

#[test]
fn what_providers_were_asked_is_counted_and_nothing_of_it_logged() {
    let providers = Providers::start();
    let server = Server::with(&providers.settings());
    let ann = Person::new("10769150350006150715").with_address("ann@gmail.test");
    let good = providers.id_token(Site::Google, &ann);
    let bad = providers
        .token(Site::Google, &ann)
        .signed_by(Signing::Stranger)
        .encode();
    assert_eq!(google(&server, &good).status(), 200);
    assert_eq!(google(&server, &bad).status(), 403);
    let metrics = server.get("/metrics").send().text();
    for outcome in ["identified", "rejected"] {
        let line = metrics.lines().find(|line| {
            line.starts_with("clavis_federation_total")
                && line.contains("provider=\"google\"")
                && line.contains(outcome)
        });
        assert!(
            line.is_some_and(|line| line.ends_with(" 1")),
            "{outcome}: {metrics}"
        );
    }
    let log = server.log();
    for secret in [&*good, &bad, &ann.subject, "ann@gmail.test"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[test]
fn a_provider_that_hangs_holds_nobody_up_for_long() {
    let providers = Providers::start();
    let mut settings = providers.settings();
    settings.push(("CLAVIS_FEDERATION__TIMEOUT_SECONDS", "1"));
    let server = Server::with(&settings);
    providers.behave(paths::GOOGLE_KEYS, Manner::Hangs);
    let began = Instant::now();
    let answer = google(&server, &providers.id_token(Site::Google, &Person::new("1")));
    assert_eq!(answer.status(), 500, "{answer}");
    assert!(began.elapsed() < Duration::from_secs(5));
}
