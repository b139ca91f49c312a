use std::sync::Arc;

use clavis_federation::{Federation, Settings};
use clavis_flows::{ProviderRefusal, Providers as _};
use clavis_identity::Provider;
use serde_json::json;

use crate::world::{Site, World, client, code, now, provider, refusal, settings};

#[tokio::test]
async fn a_provider_is_known_when_it_is_configured() {
    let world = World::new();
    let known = |name: &str| world.federation.knows(&name.parse::<Provider>().unwrap());
    assert!(
        [
            "google", "apple", "facebook", "kakao", "wechat", "corp", "github", "twitter"
        ]
        .into_iter()
        .all(known)
    );
    assert!(!known("myspace"));
    let only_kakao = settings(&world.providers.settings_of(Site::Kakao));
    let only_kakao = Federation::new(&only_kakao, Arc::new(now())).unwrap();
    assert!(only_kakao.knows(&provider(Site::Kakao)) && !only_kakao.knows(&provider(Site::Google)));
    let nobody = Federation::new(&Settings::default(), Arc::new(now())).unwrap();
    let google: Provider = "google".parse().unwrap();
    assert!(!nobody.knows(&google));
    assert_eq!(
        nobody.identify(&google, &code("x")).await,
        Err(ProviderRefusal::NotConfigured)
    );
    // Sections without settings are as if they were not there.
    let empty =
        json!({"google": {}, "apple": {}, "facebook": {}, "kakao": {}, "wechat": {}, "oidc": {"x": {}}});
    let empty: Settings = serde_json::from_value(empty).unwrap();
    assert!(
        !Federation::new(&empty, Arc::new(now()))
            .unwrap()
            .knows(&"x".parse().unwrap())
    );
}

#[test]
fn half_of_what_is_needed_is_refused_by_name() {
    #[track_caller]
    fn check(variable: &str, value: &str, setting: &str, expected: &str) {
        let refusal = refusal(&[(&format!("CLAVIS_FEDERATION__{variable}"), value)]);
        assert_eq!((&*refusal.setting, &*refusal.problem), (setting, expected));
    }
    check(
        "GOOGLE__CLIENT_SECRET",
        "s",
        "federation.google.client_ids",
        "expected the client ids of the applications whose log-ins are taken",
    );
    check(
        "APPLE__TEAM_ID",
        "T",
        "federation.apple.client_id",
        "expected the application's bundle id",
    );
    check(
        "FACEBOOK__APP_ID",
        "1",
        "federation.facebook.app_secret",
        "expected the application's secret",
    );
    check(
        "FACEBOOK__APP_SECRET",
        "s",
        "federation.facebook.app_id",
        "expected the application's id",
    );
    check(
        "KAKAO__CLIENT_ID",
        "k",
        "federation.kakao.app_id",
        "expected the application's number",
    );
    check(
        "KAKAO__APP_ID",
        "12x",
        "federation.kakao.app_id",
        "expected the application's number",
    );
    check(
        "WECHAT__APP_ID",
        "wx",
        "federation.wechat.app_secret",
        "expected the application's secret",
    );
    check(
        "OIDC__CORP__CLIENT_ID",
        "c",
        "federation.oidc.corp.issuer",
        "expected the provider's URL",
    );
    check(
        "OIDC__CORP__ISSUER",
        "https://login.example.org",
        "federation.oidc.corp.client_id",
        "expected the client's id there",
    );
    check(
        "OIDC__GOOGLE__CLIENT_ID",
        "c",
        "federation.oidc.google",
        "expected another name: this one has settings of its own",
    );
    check(
        "TIMEOUT_SECONDS",
        "0",
        "federation.timeout_seconds",
        "expected 1 to 60 seconds",
    );
    check(
        "CONNECT_TIMEOUT_SECONDS",
        "61",
        "federation.connect_timeout_seconds",
        "expected 1 to 60 seconds",
    );
    let unnamed = refusal(&[("CLAVIS_FEDERATION__OIDC__MY CORP__CLIENT_ID", "c")]);
    assert_eq!(unnamed.setting, "federation.oidc.my corp");
}

#[test]
fn a_url_that_others_could_listen_on_is_refused() {
    let google = ("CLAVIS_FEDERATION__GOOGLE__CLIENT_IDS", "web");
    for bad in [
        "http://www.googleapis.com/keys",
        "http://localhost.evil.test/keys",
        "http://10.0.0.1/keys",
        "ftp://127.0.0.1/keys",
        "https://user:secret@example.org/keys",
        "https://example.org/keys#fragment",
        "www.googleapis.com/keys",
        "https://",
    ] {
        let refusal = refusal(&[google, ("CLAVIS_FEDERATION__GOOGLE__JWKS_URL", bad)]);
        assert_eq!(refusal.setting, "federation.google.jwks_url", "{bad}");
        assert!(!refusal.to_string().contains("secret"), "{refusal}");
    }
    for good in [
        "https://example.org/keys?v=3",
        "http://127.0.0.1:9/keys",
        "http://localhost/keys",
    ] {
        let settings = settings(&[google, ("CLAVIS_FEDERATION__GOOGLE__JWKS_URL", good)]);
        assert!(Federation::new(&settings, Arc::new(now())).is_ok(), "{good}");
    }
    let corp = ("CLAVIS_FEDERATION__OIDC__CORP__CLIENT_ID", "c");
    for bad in [
        "login",
        "http://login.example.org",
        "https://login.example.org?tenant=1",
    ] {
        let refusal = refusal(&[corp, ("CLAVIS_FEDERATION__OIDC__CORP__ISSUER", bad)]);
        assert_eq!(refusal.setting, "federation.oidc.corp.issuer", "{bad}");
    }
}

#[test]
fn apples_key_is_read_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let rsa = openssl_rsa();
    let files = [
        folder.path().join("none.p8").display().to_string(),
        folder.path().display().to_string(),
        file("empty.p8", b""),
        file("text.p8", b"hunter2"),
        file("binary.p8", &[0xff; 64]),
        file("rsa.p8", &rsa),
    ];
    for file in &files {
        let refusal = refusal(&[
            ("CLAVIS_FEDERATION__APPLE__CLIENT_ID", client::APPLE_ID),
            ("CLAVIS_FEDERATION__APPLE__TEAM_ID", client::APPLE_TEAM),
            ("CLAVIS_FEDERATION__APPLE__KEY_ID", client::APPLE_KEY_ID),
            ("CLAVIS_FEDERATION__APPLE__PRIVATE_KEY_FILE", file),
        ]);
        assert_eq!(refusal.setting, "federation.apple.private_key_file", "{file}");
        assert!(
            refusal.problem.contains(file) && !refusal.problem.contains("hunter2"),
            "{refusal}"
        );
    }
    let half = refusal(&[
        ("CLAVIS_FEDERATION__APPLE__CLIENT_ID", client::APPLE_ID),
        ("CLAVIS_FEDERATION__APPLE__KEY_ID", client::APPLE_KEY_ID),
    ]);
    assert_eq!(half.setting, "federation.apple.team_id");
}

fn openssl_rsa() -> Vec<u8> {
    let key = openssl::rsa::Rsa::generate(2048).unwrap();
    let key = openssl::pkey::PKey::from_rsa(key).unwrap();
    key.private_key_to_pem_pkcs8().unwrap()
}

#[test]
fn values_are_read_with_their_type_and_as_text_and_never_repeated() {
    let good = json!({
        "timeout_seconds": 7,
        "google": { "client_ids": ["a", "b"] },
        "kakao": { "app_id": 123 },
        "facebook": { "app_id": 456, "app_secret": "s" },
    });
    let good: Settings = serde_json::from_value(good).unwrap();
    assert!(Federation::new(&good, Arc::new(now())).is_ok());
    for bad in [
        json!({ "google": { "client_ids": 7 } }),
        json!({ "google": { "client_secret": ["hunter2"] } }),
        json!({ "google": { "client_id": "hunter2" } }),
        json!({ "timeout_seconds": "hunter2" }),
        json!({ "kakao": { "app_id": ["hunter2"] } }),
    ] {
        let refused = serde_json::from_value::<Settings>(bad.clone())
            .unwrap_err()
            .to_string();
        assert!(!refused.contains("hunter2"), "{bad}: {refused}");
    }
    let secret = json!({ "wechat": { "app_secret": "hunter2" } });
    let secret: Settings = serde_json::from_value(secret).unwrap();
    assert!(!format!("{secret:?}").contains("hunter2"));
}
