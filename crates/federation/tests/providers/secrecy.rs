//! What is logged of what passes through.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::world::{Manner, Signing, Site, World, ann, client, paths};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_log_tells_the_provider_and_the_reason_and_nothing_of_a_person_or_a_secret() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    // For the whole process: what other tests log must not tell anything either.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let world = World::hasty();
    let token = world
        .providers
        .token(Site::Google, &ann())
        .signed_by(Signing::Stranger)
        .encode();
    let mut secrets = vec![
        token.clone(),
        ann().subject,
        "Ann@example.org".to_owned(),
        "Ann Example".to_owned(),
    ];
    world.by_id_token(Site::Google, &token).await.unwrap_err();
    for manner in [
        Manner::Answers(
            400,
            r#"{"error":"invalid_client","error_description":"access-hidden"}"#.to_owned(),
        ),
        Manner::Answers(500, "access-hidden".to_owned()),
        Manner::Breaks,
        Manner::Drips,
        Manner::Well,
    ] {
        for path in [
            paths::FACEBOOK_DEBUG,
            paths::KAKAO_INFO,
            paths::WECHAT_TOKEN,
            paths::APPLE_TOKEN,
        ] {
            world.providers.behave(path, manner.clone());
        }
        for site in [Site::Facebook, Site::Kakao] {
            let token = world.providers.access_token(site, &ann());
            let _ = world.by_access_token(site, &token).await;
            secrets.push(token);
        }
        for site in [Site::WeChat, Site::Apple, Site::Oidc] {
            let code = world.providers.code(site, &ann());
            let _ = world.by_code(site, &code).await;
            secrets.push(code);
        }
    }
    secrets.extend(
        [
            client::FACEBOOK_SECRET,
            client::WECHAT_SECRET,
            client::KAKAO_SECRET,
            client::OIDC_SECRET,
            client::GOOGLE_SECRET,
            "access-hidden",
        ]
        .map(str::to_owned),
    );
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for expected in [
        "provider=google",
        "provider=apple",
        "the token's signature does not verify",
    ] {
        assert!(log.contains(expected), "{expected} in {log}");
    }
    // What other crates tell at this level is the operator's own choice.
    let ours: String = log
        .lines()
        .filter(|line| line.contains("clavis_federation"))
        .collect();
    for secret in secrets {
        assert!(!ours.contains(&secret), "{secret} in {ours}");
    }
    assert!(!format!("{:?}", world.federation).contains(client::WECHAT_SECRET));
}
