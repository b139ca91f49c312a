//! Providers that are not well.

use std::time::{Duration, Instant};

use insta::assert_snapshot;

use super::{ALL, DESTINATIONS, ann, arrive, assert_failed, depart, log_in, server_with, session, start};
use crate::harness::Server;
use crate::harness::providers::{Manner, Providers, Site, paths};

/// Where each is asked once a browser came back.
const ASKED: [(Site, &str, &str); 8] = [
    (Site::Apple, "apple", paths::APPLE_TOKEN),
    (Site::Facebook, "facebook", paths::FACEBOOK_ME),
    (Site::Github, "github", paths::GITHUB_USER),
    (Site::Google, "google", paths::GOOGLE_TOKEN),
    (Site::Linkedin, "linkedin", paths::LINKEDIN_ME),
    (Site::Spotify, "spotify", paths::SPOTIFY_ME),
    (Site::Twitter, "twitter", paths::TWITTER_ACCESS),
    (Site::Windowslive, "windowslive", paths::WINDOWSLIVE_TOKEN),
];

#[test]
fn whatever_a_provider_does_the_browser_is_sent_on_soon_and_nobody_is_logged_in() {
    let providers = Providers::start();
    let server = {
        let mut settings = providers.settings();
        settings.push(("CLAVIS_FEDERATION__TIMEOUT_SECONDS", "1"));
        let mut short = DESTINATIONS.to_vec();
        let switches = ALL.map(|(_, name)| format!("{}_ENABLED", name.to_uppercase()));
        short.extend(switches.iter().map(|switch| (switch.as_str(), "true")));
        let named = crate::backend_plus::named(&short);
        settings.extend(named.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        Server::with(&settings)
    };
    for manner in [
        Manner::Answers(500, "{}".to_owned()),
        Manner::Answers(200, "<html>".to_owned()),
        Manner::Redirects("https://evil.test/".to_owned()),
        Manner::Breaks,
        Manner::Floods,
        Manner::Drips,
        Manner::Hangs,
    ] {
        for (site, name, path) in ASKED {
            providers.behave(path, manner.clone());
            let left = depart(&server, name);
            let began = Instant::now();
            let answer = arrive(&providers, &server, site, &left, &ann());
            assert_failed(&answer);
            assert!(began.elapsed() < Duration::from_secs(5), "{name} {manner:?}");
            providers.behave(path, Manner::Well);
        }
    }
    for (site, name, _) in ASKED {
        session(&server, &log_in(&providers, &server, (site, name), &ann()));
    }
}

#[test]
fn without_a_place_to_go_to_it_is_told_that_the_provider_does_not_answer() {
    let providers = Providers::start();
    let server = server_with(&providers, &[]);
    providers.behave(paths::GITHUB_USER, Manner::Answers(500, "{}".to_owned()));
    let answer = log_in(&providers, &server, (Site::Github, "github"), &ann());
    assert_snapshot!(answer, @r#"502 {"statusCode":502,"error":"Bad Gateway","message":"The provider does not answer."}"#);
    providers.behave(paths::TWITTER_REQUEST, Manner::Breaks);
    let answer = server.get("/auth/providers/twitter").send();
    assert_snapshot!(answer, @r#"502 {"statusCode":502,"error":"Bad Gateway","message":"The provider does not answer."}"#);
}

#[test]
fn a_browser_does_not_leave_for_a_provider_that_gives_no_request_token() {
    let (providers, server) = start();
    providers.behave(paths::TWITTER_REQUEST, Manner::Answers(401, "{}".to_owned()));
    let answer = server.get("/auth/providers/twitter").send();
    assert_failed(&answer);
    assert!(answer.cookies().is_empty());
}

#[test]
fn every_log_in_is_counted_by_provider_and_outcome() {
    let (providers, server) = start();
    log_in(&providers, &server, (Site::Spotify, "spotify"), &ann());
    providers.behave(paths::SPOTIFY_ME, Manner::Answers(500, "{}".to_owned()));
    log_in(&providers, &server, (Site::Spotify, "spotify"), &ann());
    let metrics = server.get("/metrics").send().text();
    for line in [
        r#"clavis_federation_total{provider="spotify",outcome="identified"} 1"#,
        r#"clavis_federation_total{provider="spotify",outcome="unavailable"} 1"#,
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
}
