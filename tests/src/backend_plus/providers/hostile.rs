//! Who comes back without having left, too often, with what is another's, or from somewhere else.

use std::thread;

use insta::assert_snapshot;
use serde_json::json;

use super::{
    ALL, DESTINATIONS, ann, arrive, assert_failed, depart, location, request, server_with, session, start,
    told,
};
use crate::backend_plus::with_cookies_of;
use crate::harness::Answer;
use crate::harness::providers::{Manner, Providers, Signing, Site, paths};

#[test]
fn who_did_not_leave_does_not_arrive() {
    let (providers, server) = start();
    for (site, name) in ALL {
        let left = depart(&server, name);
        let back = providers.consent(site, &location(&left), &ann());
        // Another browser: none of its cookies, or those of a journey of its own.
        assert_failed(&request(&server, site, &back).send());
        let others = depart(&server, name);
        assert_failed(&with_cookies_of(request(&server, site, &back), &others).send());
        let answer = with_cookies_of(request(&server, site, &back), &left).send();
        session(&server, &answer);
    }
}

#[test]
fn a_state_is_compared_to_the_letter() {
    let (providers, server) = start();
    let left = depart(&server, "github");
    let back = providers.consent(Site::Github, &location(&left), &ann());
    let state = told(back.as_str(), "state").unwrap();
    let code = told(back.as_str(), "code").unwrap();
    let with = |pairs: &[(&str, &str)]| {
        let request = server.get("/auth/providers/github/callback").query(pairs);
        with_cookies_of(request, &left).send()
    };
    let longer = format!("{state}x");
    let shorter: String = state.chars().take(42).collect();
    let other_case = state.to_uppercase();
    for wrong in ["", "x", &shorter, &longer, &other_case] {
        assert_failed(&with(&[("code", &code), ("state", wrong)]));
    }
    assert_failed(&with(&[("code", &code)]));
    assert_failed(&with(&[("state", &state), ("state", &state), ("code", &code)]));
    assert_failed(&with(&[]));
    session(&server, &with(&[("code", &code), ("state", &state)]));
}

#[test]
fn a_journey_ends_once() {
    let (providers, mut server) = start();
    for (site, name) in ALL {
        let left = depart(&server, name);
        let back = providers.consent(site, &location(&left), &ann());
        let arrive = || with_cookies_of(request(&server, site, &back), &left).send();
        session(&server, &arrive());
        assert_failed(&arrive());
    }
    // Nor with a fresh code, nor after a restart.
    let left = depart(&server, "github");
    session(&server, &arrive(&providers, &server, Site::Github, &left, &ann()));
    assert_failed(&arrive(&providers, &server, Site::Github, &left, &ann()));
    let base = server.url("");
    server.restart();
    let back = providers.consent(Site::Github, &location(&left), &ann());
    assert!(back.as_str().starts_with(&base));
    assert_failed(&with_cookies_of(request(&server, Site::Github, &back), &left).send());
}

#[test]
fn of_many_who_arrive_at_once_one_does() {
    let (providers, server) = start();
    // A provider that takes its codes any number of times.
    let token = providers.access_token(Site::Github, &ann());
    let body = json!({ "access_token": token, "token_type": "bearer" }).to_string();
    providers.behave(paths::GITHUB_TOKEN, Manner::Answers(200, body));
    let left = depart(&server, "github");
    let back = providers.consent(Site::Github, &location(&left), &ann());
    let answers: Vec<Answer> = thread::scope(|scope| {
        let tasks: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| with_cookies_of(request(&server, Site::Github, &back), &left).send()))
            .collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    });
    let arrived = answers
        .iter()
        .filter(|answer| told(&location(answer), "refresh_token").is_some());
    assert_eq!(arrived.count(), 1);
}

#[test]
fn a_journey_to_one_provider_does_not_end_at_another() {
    let (providers, server) = start();
    let left = depart(&server, "github");
    let back = providers.consent(Site::Github, &location(&left), &ann());
    let (code, state) = (
        told(back.as_str(), "code").unwrap(),
        told(back.as_str(), "state").unwrap(),
    );
    for elsewhere in ["google", "spotify", "linkedin", "windowslive", "facebook"] {
        let request = server
            .get(&format!("/auth/providers/{elsewhere}/callback"))
            .query(&[("code", &code), ("state", &state)]);
        assert_failed(&with_cookies_of(request, &left).send());
    }
    assert_eq!(
        providers.asked(paths::SPOTIFY_TOKEN),
        0,
        "nobody was asked with it"
    );
}

#[test]
fn a_code_of_somebody_elses_journey_opens_nothing() {
    let (providers, server) = start();
    for (site, name) in [
        (Site::Github, "github"),
        (Site::Google, "google"),
        (Site::Spotify, "spotify"),
    ] {
        let victims = providers.consent(site, &location(&depart(&server, name)), &ann());
        let stolen = told(victims.as_str(), "code").unwrap();
        // In the attacker's own browser, with the attacker's own state: the challenge was the victim's.
        let left = depart(&server, name);
        let state = told(&location(&left), "state").unwrap();
        let request = server
            .get(&format!("/auth/providers/{name}/callback"))
            .query(&[("code", &stolen), ("state", &state)]);
        assert_failed(&with_cookies_of(request, &left).send());
    }
}

#[test]
fn who_refuses_is_not_logged_in_and_the_journey_is_over() {
    let (providers, server) = start();
    for (site, name) in ALL {
        let left = depart(&server, name);
        let url = location(&left);
        let pairs = match told(&url, "state") {
            Some(state) => vec![("error", "access_denied".to_owned()), ("state", state)],
            None => vec![("denied", told(&url, "oauth_token").unwrap())],
        };
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let path = format!("/auth/providers/{name}/callback");
        let refuse = match site {
            Site::Apple => server.post(&path).form(&pairs),
            _ => server.get(&path).query(&pairs),
        };
        assert_failed(&with_cookies_of(refuse, &left).send());
        assert_failed(&arrive(&providers, &server, site, &left, &ann()));
    }
}

#[test]
fn an_id_token_is_for_us_and_for_this_journey() {
    let (providers, server) = start();
    for (site, name) in [(Site::Google, "google"), (Site::Apple, "apple")] {
        let attempt = |change: &dyn Fn(&str) -> String| {
            let left = depart(&server, name);
            let url = location(&left);
            let (state, nonce) = (told(&url, "state").unwrap(), told(&url, "nonce").unwrap());
            let code = providers.code_for(site, change(&nonce));
            let pairs = [("code", &*code), ("state", &*state)];
            let path = format!("/auth/providers/{name}/callback");
            let request = match site {
                Site::Apple => server.post(&path).form(&pairs),
                _ => server.get(&path).query(&pairs),
            };
            with_cookies_of(request, &left).send()
        };
        let token = || providers.token(site, &ann());
        session(&server, &attempt(&|nonce| token().nonce(nonce).encode()));
        assert_failed(&attempt(&|_| token().encode()));
        assert_failed(&attempt(&|_| token().nonce("another").encode()));
        assert_failed(&attempt(&|nonce| {
            token().nonce(nonce).claim("aud", json!("another-app")).encode()
        }));
        assert_failed(&attempt(&|nonce| {
            token()
                .nonce(nonce)
                .claim("iss", json!("https://evil.test"))
                .encode()
        }));
        assert_failed(&attempt(&|nonce| token().nonce(nonce).without("sub").encode()));
        assert_failed(&attempt(&|nonce| token().nonce(nonce).time("exp", -60).encode()));
        assert_failed(&attempt(&|nonce| {
            token().nonce(nonce).signed_by(Signing::Nobody).encode()
        }));
        assert_failed(&attempt(&|nonce| {
            token().nonce(nonce).signed_by(Signing::Stranger).encode()
        }));
    }
}

#[test]
fn nobody_is_named_without_a_subject() {
    let (providers, server) = start();
    for (site, name, path, subject) in [
        (Site::Github, "github", paths::GITHUB_USER, "id"),
        (Site::Facebook, "facebook", paths::FACEBOOK_ME, "id"),
        (Site::Linkedin, "linkedin", paths::LINKEDIN_ME, "id"),
        (Site::Spotify, "spotify", paths::SPOTIFY_ME, "id"),
        (Site::Twitter, "twitter", paths::TWITTER_ME, "id_str"),
        (Site::Windowslive, "windowslive", paths::WINDOWSLIVE_ME, "id"),
    ] {
        providers.behave(path, Manner::Says(json!({ (subject): "" })));
        let left = depart(&server, name);
        assert_failed(&arrive(&providers, &server, site, &left, &ann()));
    }
}

#[test]
fn nothing_that_a_browser_says_leads_elsewhere() {
    let (providers, server) = start();
    let left = server
        .get("/auth/providers/github")
        .query(&[
            ("redirect_uri", "https://evil.test/"),
            ("success", "https://evil.test/"),
            ("state", "fixed"),
        ])
        .header("x-forwarded-host", "evil.test")
        .header("x-forwarded-proto", "https")
        .header("referer", "https://evil.test/")
        .send()
        .expect(302);
    let url = location(&left);
    assert!(!url.contains("evil.test") && !url.contains("fixed"), "{url}");
    let back = providers.consent(Site::Github, &url, &ann());
    let answer = with_cookies_of(request(&server, Site::Github, &back), &left)
        .query(&[("redirect_uri", "https://evil.test/"), ("next", "//evil.test")])
        .header("x-forwarded-host", "evil.test")
        .send();
    assert!(location(&answer).starts_with("https://app.example/in?from=us&refresh_token="));
}

#[test]
fn apple_comes_back_with_a_form_and_the_others_do_not() {
    let (providers, server) = start();
    let left = depart(&server, "apple");
    let back = providers.consent(Site::Apple, &location(&left), &ann());
    let query = format!("{}?{}", back.path(), back.query().unwrap());
    let nowhere = r#"404 {"statusCode":404,"error":"Not Found","message":"Not Found"}"#;
    assert_eq!(
        with_cookies_of(server.get(&query), &left).send().to_string(),
        nowhere
    );
    let json = json!({ "state": told(back.as_str(), "state"), "code": told(back.as_str(), "code") });
    assert_failed(&with_cookies_of(server.post(back.path()).json(json), &left).send());
    let huge = "x".repeat(40_000);
    let large = server.post(back.path()).form(&[("state", &*huge)]).send();
    assert_snapshot!(
        large,
        @r#"413 {"statusCode":413,"error":"Payload Too Large","message":"Request body is too large"}"#
    );
    session(
        &server,
        &with_cookies_of(request(&server, Site::Apple, &back), &left).send(),
    );
    for (_, name) in ALL.iter().filter(|(site, _)| *site != Site::Apple) {
        let path = format!("/auth/providers/{name}/callback");
        assert_eq!(
            server.post(&path).form(&[("state", "x")]).send().to_string(),
            nowhere,
            "{name}"
        );
    }
}

#[test]
fn strange_things_brought_back_are_refused_in_the_words_of_the_dialect() {
    let providers = Providers::start();
    let server = server_with(&providers, &[]);
    let refused = r#"401 {"statusCode":401,"error":"Unauthorized","message":"Unauthorized"}"#;
    let long = "x".repeat(9000);
    for query in [
        "",
        "state",
        "state=%00&code=%ff",
        "state=x&code=y&error=%E2%80%AE",
        "&&&=&=",
        "a[b]=c",
    ] {
        let answer = server
            .get(&format!("/auth/providers/github/callback?{query}"))
            .send();
        assert_eq!(answer.to_string(), refused, "{query}");
    }
    for cookie in ["", "x", "AAAA", "%00", &long, "\"quoted\""] {
        let answer = server
            .get("/auth/providers/github/callback?state=x&code=y")
            .cookie("clavis_provider", cookie)
            .send();
        assert_eq!(answer.to_string(), refused, "{} bytes", cookie.len());
    }
    for (name, bytes) in [("a form", "state=%ff&code=\u{0}"), ("no form", "{\"state\":1}")] {
        let answer = server
            .post("/auth/providers/apple/callback")
            .raw_body(bytes, "application/x-www-form-urlencoded")
            .send();
        assert_eq!(answer.to_string(), refused, "{name}");
    }
}

#[test]
fn secrets_of_a_journey_are_in_no_log() {
    let providers = Providers::start();
    let mut settings = DESTINATIONS.to_vec();
    settings.push(("MAX_REQUESTS", "0"));
    let server = server_with(&providers, &settings);
    let mut secrets = Vec::new();
    for (site, name) in ALL {
        let left = depart(&server, name);
        let back = providers.consent(site, &location(&left), &ann());
        secrets.extend(back.query_pairs().map(|(_, value)| value.into_owned()));
        secrets.push(left.cookie("clavis_provider").value);
        with_cookies_of(request(&server, site, &back), &left).send();
        with_cookies_of(request(&server, site, &back), &left).send();
    }
    let log = server.log();
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} in {log}");
    }
}
