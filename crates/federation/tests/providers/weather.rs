//! Providers that are not well, or mean no good.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clavis_flows::ProviderRefusal;
use tokio::task::JoinSet;

use crate::world::{Identified, Manner, Providers, Site, World, ann, paths};

/// Every path, and somebody whose log-in needs it.
const NEEDED: [(&str, Site); 22] = [
    (paths::GOOGLE_KEYS, Site::Google),
    (paths::APPLE_KEYS, Site::Apple),
    (paths::APPLE_TOKEN, Site::Apple),
    (paths::FACEBOOK_DEBUG, Site::Facebook),
    (paths::FACEBOOK_ME, Site::Facebook),
    (paths::KAKAO_INFO, Site::Kakao),
    (paths::KAKAO_ME, Site::Kakao),
    (paths::WECHAT_TOKEN, Site::WeChat),
    (paths::WECHAT_ME, Site::WeChat),
    (paths::OIDC_DISCOVERY, Site::Oidc),
    (paths::OIDC_TOKEN, Site::Oidc),
    (paths::OIDC_KEYS, Site::Oidc),
    (paths::GITHUB_TOKEN, Site::Github),
    (paths::GITHUB_USER, Site::Github),
    (paths::LINKEDIN_TOKEN, Site::Linkedin),
    (paths::LINKEDIN_ME, Site::Linkedin),
    (paths::SPOTIFY_TOKEN, Site::Spotify),
    (paths::SPOTIFY_ME, Site::Spotify),
    (paths::TWITTER_ACCESS, Site::Twitter),
    (paths::TWITTER_ME, Site::Twitter),
    (paths::WINDOWSLIVE_TOKEN, Site::Windowslive),
    (paths::WINDOWSLIVE_ME, Site::Windowslive),
];

const SITES: [Site; 11] = [
    Site::Google,
    Site::Apple,
    Site::Facebook,
    Site::Kakao,
    Site::WeChat,
    Site::Oidc,
    Site::Github,
    Site::Linkedin,
    Site::Spotify,
    Site::Twitter,
    Site::Windowslive,
];

async fn log_in(world: &World, site: Site) -> Identified {
    match site {
        Site::Google => {
            world
                .by_id_token(site, &world.providers.id_token(site, &ann()))
                .await
        }
        Site::Facebook | Site::Kakao => {
            world
                .by_access_token(site, &world.providers.access_token(site, &ann()))
                .await
        }
        Site::Twitter => world.by_request_token(&ann()).await,
        Site::Apple
        | Site::WeChat
        | Site::Oidc
        | Site::Github
        | Site::Linkedin
        | Site::Spotify
        | Site::Windowslive => world.by_code(site, &world.providers.code(site, &ann())).await,
    }
}

#[tokio::test]
async fn every_log_in_works_when_the_weather_is_fine() {
    let world = World::new();
    for (_, site) in NEEDED {
        log_in(&world, site).await.unwrap();
    }
    for (path, _) in NEEDED {
        assert!(world.providers.asked(path) > 0, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_provider_does_it_is_over_soon_and_is_no_log_in() {
    let elsewhere = Providers::start();
    let manners = [
        Manner::Answers(500, String::new()),
        Manner::Answers(500, "{}".to_owned()),
        Manner::Answers(404, "{}".to_owned()),
        Manner::Answers(204, String::new()),
        Manner::Answers(200, String::new()),
        Manner::Answers(200, "<html>".to_owned()),
        Manner::Answers(200, "null".to_owned()),
        Manner::Answers(200, "{\"keys\":[],\"keys\":[]}".to_owned()),
        Manner::Answers(200, "{".repeat(200_000)),
        Manner::Redirects("https://evil.test/".to_owned()),
        Manner::Redirects(format!("{}/google/keys", elsewhere.base())),
        Manner::Floods,
        Manner::Drips,
        Manner::Hangs,
        Manner::Breaks,
    ];
    for manner in manners {
        let world = Arc::new(World::hasty());
        for (path, _) in NEEDED {
            world.providers.behave(path, manner.clone());
        }
        let began = Instant::now();
        let mut tasks = JoinSet::new();
        for site in SITES {
            let world = Arc::clone(&world);
            tasks.spawn(async move { (site, log_in(&world, site).await) });
        }
        while let Some(answer) = tasks.join_next().await {
            let (site, answer) = answer.unwrap();
            assert!(
                matches!(answer, Err(ProviderRefusal::Unavailable(_))),
                "{site:?} {manner:?}: {answer:?}"
            );
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{manner:?}");
    }
    assert_eq!(elsewhere.connections(), 0, "a redirect is not followed");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_of_a_log_in_may_fail() {
    for (path, site) in NEEDED {
        let world = World::new();
        for manner in [
            Manner::Answers(502, "{}".to_owned()),
            Manner::Answers(200, "[]".to_owned()),
            Manner::Breaks,
        ] {
            world.providers.behave(path, manner.clone());
            let answer = log_in(&world, site).await;
            assert!(
                matches!(answer, Err(ProviderRefusal::Unavailable(_))),
                "{path} {manner:?}: {answer:?}"
            );
            world.advance(2);
        }
        world.providers.behave(path, Manner::Well);
        log_in(&world, site).await.unwrap();
    }
}

#[tokio::test]
async fn nobody_is_there() {
    let world = World::with(&[
        ("CLAVIS_FEDERATION__GOOGLE__JWKS_URL", "http://127.0.0.1:1/keys"),
        ("CLAVIS_FEDERATION__WECHAT__TOKEN_URL", "http://127.0.0.1:1/token"),
    ]);
    for site in [Site::Google, Site::WeChat] {
        assert_eq!(
            log_in(&world, site).await,
            Err(ProviderRefusal::Unavailable("the connection failed")),
            "{site:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_holds_a_bounded_number_of_requests_and_no_other_provider() {
    let world = Arc::new(World::hasty());
    world.providers.behave(paths::KAKAO_INFO, Manner::Hangs);
    let began = Instant::now();
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { log_in(&world, Site::Kakao).await })
        })
        .collect();
    log_in(&world, Site::Facebook).await.unwrap();
    let mut turned_away = 0;
    for task in tasks {
        match task.await.unwrap() {
            Err(ProviderRefusal::Unavailable("too many requests are on their way")) => turned_away += 1,
            Err(ProviderRefusal::Unavailable(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(turned_away, 100 - 32);
    assert!(began.elapsed() < Duration::from_secs(10));
    // Their places are free again.
    world.providers.behave(paths::KAKAO_INFO, Manner::Well);
    log_in(&world, Site::Kakao).await.unwrap();
}

#[tokio::test]
async fn connections_are_used_again() {
    let world = World::new();
    for _ in 0..10 {
        log_in(&world, Site::Kakao).await.unwrap();
    }
    assert_eq!(world.providers.connections(), 1);
}
