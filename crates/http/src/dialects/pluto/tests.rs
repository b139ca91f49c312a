//! What depends on the time or on what a running server cannot be brought to: over the in-memory store, with a
//! clock that is moved.

mod links;
mod memory;
mod times;

use std::num::NonZeroUsize;
use std::sync::Arc;

use actix_web::body::to_bytes;
use actix_web::http::header;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App as ActixApp, web};
use chrono::Duration;
use clavis_flows::fake::FakeStore;
use clavis_flows::{Keys, Limits, OutgoingMail, Store};
use clavis_kernel::fake::{FakeClock, FakeEntropy};
use clavis_kernel::{Clock as _, Entropy, MasterKey};
use clavis_tokens::{Algorithm, FreshKey, KeyPolicy};
use serde_json::{Value, json};

use super::claims::OWNER;
use super::*;
use crate::{AppParts, Hasher, RateLimit, TrustedProxies, open_ring};

const PASSWORD: &str = "correct horse";

/// A server in memory, for the application `pluto`.
struct World {
    clock: Arc<FakeClock>,
    store: Arc<FakeStore>,
    master: MasterKey,
    pluto: web::Data<Pluto>,
}

/// What came back.
struct Answer {
    status: u16,
    retry_after: Option<String>,
    text: String,
}

impl Answer {
    /// The status and, of an answer in the envelope, the code.
    fn refusal(&self) -> (u16, Option<u64>) {
        let json: Option<Value> = serde_json::from_str(&self.text).ok();
        (self.status, json.and_then(|json| json["error"]["code"].as_u64()))
    }

    /// The status and the code on a page.
    fn page(&self) -> (u16, Option<u64>) {
        let code = self
            .text
            .split("Error ")
            .nth(1)
            .and_then(|rest| rest.split('<').next());
        (self.status, code.and_then(|code| code.parse().ok()))
    }

    #[track_caller]
    fn at(&self, pointer: &str) -> String {
        let json: Value = serde_json::from_str(&self.text).unwrap();
        json.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{}", self.text))
            .to_owned()
    }
}

impl World {
    async fn new() -> Self {
        Self::with(Settings::default(), MailLinks::Pages, Limits::default()).await
    }

    async fn with(settings: Settings, links: MailLinks, limits: Limits) -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(FakeEntropy::default());
        let (clock, store) = (Arc::new(FakeClock::default()), Arc::new(FakeStore::default()));
        let master = MasterKey::generate(entropy.as_ref());
        let key = FreshKey::generate(OWNER, Algorithm::Rs256).unwrap();
        let key = key.seal(&master, entropy.as_ref(), clock.now(), clock.now());
        let ring = open_ring(
            &[key],
            Arc::clone(&store) as Arc<dyn Store>,
            master.clone(),
            Arc::clone(&clock) as _,
            Vec::new(),
            KeyPolicy::default(),
        );
        let app = web::Data::new(App::new(AppParts {
            store: Arc::clone(&store) as _,
            clock: Arc::clone(&clock) as _,
            entropy,
            keys: Arc::new(Keys::new(master.clone())),
            limits: Arc::new(limits),
            ring: ring.unwrap(),
            hasher: Hasher::new(NonZeroUsize::MIN, 0),
            argon2: "m=8,t=1,p=1".parse().unwrap(),
            public_url: "https://id.example.org/sso".parse().unwrap(),
            trusted_proxies: TrustedProxies::default(),
            tokens_across: true,
            token_lifetimes: crate::TokenLifetimes::default(),
            providers: Arc::new(clavis_flows::fake::FakeProviders::default()),
            login_rate: RateLimit::per_minute(0),
            newcomer_rate: RateLimit::per_minute(0),
            texts: Arc::new(clavis_flows::fake::FakeTexts::default()),
            blobs: Arc::new(clavis_flows::fake::FakeBlobs::default()),
            objects: Arc::new(clavis_flows::fake::FakeObjects::default()),
            breached: Arc::new(clavis_flows::fake::FakeBreaches::default()),
            outbox: Arc::default(),
            version: "1.2.3",
        }));
        let pluto = Pluto::new(app, settings, Lifetimes::default(), links).unwrap();
        let world = Self {
            clock,
            store,
            master,
            pluto: web::Data::new(pluto),
        };
        let founded = world
            .pluto
            .app
            .transaction(&world.pluto.door, Caller::OPERATOR, |on| {
                on.ensure_foundations()?;
                Ok(())
            });
        founded.await.unwrap();
        world
    }

    async fn send(&self, request: TestRequest) -> Answer {
        let app = ActixApp::new().configure(|config| routes(config, self.pluto.clone()));
        let service = init_service(app).await;
        let response = actix_web::test::call_service(&service, request.to_request()).await;
        let retry_after = response.headers().get(header::RETRY_AFTER);
        Answer {
            status: response.status().as_u16(),
            retry_after: retry_after.map(|value| value.to_str().unwrap().to_owned()),
            text: String::from_utf8(to_bytes(response.into_body()).await.unwrap().to_vec()).unwrap(),
        }
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        // Mails are in the order in which they were written.
        self.clock.advance(Duration::milliseconds(1));
        self.send(TestRequest::post().uri(path).set_json(body)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path)).await
    }

    async fn register(&self) -> Answer {
        let body = json!({ "mail": "ann@example.org", "name": "ann", "password": PASSWORD });
        self.post("/v1/register", body).await
    }

    /// Registers and verifies.
    async fn sign_up(&self) {
        assert_eq!(self.register().await.status, 200);
        let token = self.mailed_token().await;
        assert_eq!(self.get(&format!("/web/mail/verify/{token}")).await.status, 200);
    }

    async fn log_in(&self) -> Answer {
        let body = json!({ "account": "ann", "password": PASSWORD, "app_id": "pluto" });
        let answer = self.post("/v1/login/account", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer
    }

    async fn refresh(&self, token: &str) -> Answer {
        self.post(
            "/v1/token/refresh",
            json!({ "refresh_token": token, "app_id": "pluto" }),
        )
        .await
    }

    async fn own_info(&self, access: &str) -> Answer {
        let bearer = (header::AUTHORIZATION, format!("Bearer {access}"));
        self.send(TestRequest::get().uri("/v1/user/info/1").insert_header(bearer))
            .await
    }

    async fn ask_for_reset(&self) -> Answer {
        self.post("/v1/password/reset/mail", json!({ "mail": "ann@example.org" }))
            .await
    }

    async fn ask_for_verification(&self) -> Answer {
        self.post("/v1/register/verify/mail", json!({ "mail": "ann@example.org" }))
            .await
    }

    /// The mails written so far, the oldest first.
    async fn mails(&self) -> Vec<OutgoingMail> {
        let now = self.clock.now();
        let claimed = clavis_flows::write(self.store.as_ref(), move |ports| ports.claim_due(now, now, 100));
        claimed
            .await
            .unwrap()
            .iter()
            .map(|mail| mail.open(&self.master).unwrap())
            .collect()
    }

    /// The link of the newest mail.
    async fn link(&self) -> String {
        let mails = self.mails().await;
        let text = &mails.last().expect("there is a mail").body.text;
        text.split_whitespace()
            .find(|word| word.starts_with("https://"))
            .expect("it has a link")
            .to_owned()
    }

    async fn mailed_token(&self) -> String {
        self.link()
            .await
            .rsplit(['=', '/'])
            .next()
            .expect("a link ends with its token")
            .to_owned()
    }
}
