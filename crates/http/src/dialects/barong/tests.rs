//! What depends on the time, or on how often the store is asked: over the in-memory store, with a clock that is moved.

mod gateway;
mod mails;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::body::to_bytes;
use actix_web::http::header;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App as ActixApp, web};
use async_trait::async_trait;
use chrono::Duration;
use clavis_flows::fake::FakeStore;
use clavis_flows::{Job, Keys, Limits, Store};
use clavis_kernel::fake::{FakeClock, FakeEntropy};
use clavis_kernel::{Clock as _, Entropy, MasterKey};
use clavis_tokens::{Algorithm, FreshKey, KeyPolicy};
use serde_json::{Value, json};

use super::claims::OWNER;
use super::*;
use crate::{AppParts, Hasher, RateLimit, TrustedProxies, open_ring};

const PASSWORD: &str = "Kal31ewwqXrew";
const ANN: &str = "ann@example.org";

/// A store that counts how often it is asked.
#[derive(Default)]
struct CountingStore {
    store: FakeStore,
    reads: AtomicUsize,
    writes: AtomicUsize,
}

#[async_trait]
impl Store for CountingStore {
    async fn write(&self, job: Job) -> Result<(), StoreError> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.store.write(job).await
    }

    async fn read(&self, job: Job) -> Result<(), StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.store.read(job).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }

    fn revocations(&self) -> u64 {
        self.store.revocations()
    }

    fn commits(&self) -> Option<u64> {
        self.store.commits()
    }
}

/// A server in memory.
struct World {
    clock: Arc<FakeClock>,
    store: Arc<CountingStore>,
    master: MasterKey,
    barong: web::Data<Barong>,
}

/// What came back.
struct Answer {
    status: u16,
    cookie: Option<String>,
    authorization: Option<String>,
    text: String,
}

impl World {
    async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(FakeEntropy::default());
        let (clock, store) = (Arc::new(FakeClock::default()), Arc::new(CountingStore::default()));
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
            limits: Arc::new(Limits::default()),
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
        let barong = Barong::new(app, settings, Lifetimes::default(), None).unwrap();
        let world = Self {
            clock,
            store,
            master,
            barong: web::Data::new(barong),
        };
        let founded = world
            .barong
            .app
            .transaction(&world.barong.door, Caller::OPERATOR, |on| {
                on.ensure_foundations()?;
                Ok(())
            });
        founded.await.unwrap();
        world
    }

    async fn send(&self, request: TestRequest) -> Answer {
        let app = ActixApp::new().configure(|config| routes(config, self.barong.clone()));
        let service = init_service(app).await;
        let response = actix_web::test::call_service(&service, request.to_request()).await;
        let header = |name| {
            let value = response.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let cookie = header(header::SET_COOKIE).map(|line| line.split(';').next().unwrap().to_owned());
        Answer {
            status: response.status().as_u16(),
            cookie,
            authorization: header(header::AUTHORIZATION),
            text: String::from_utf8(to_bytes(response.into_body()).await.unwrap().to_vec()).unwrap(),
        }
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        // Mails are in the order in which they were written.
        self.clock.advance(Duration::milliseconds(1));
        let path = format!("/api/v2/identity{path}");
        self.send(TestRequest::post().uri(&path).set_json(body)).await
    }

    async fn register(&self) {
        let body = json!({ "email": ANN, "password": PASSWORD });
        let answer = self.post("/users", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }

    async fn sign_up(&self) {
        self.register().await;
        let token = self.mailed_token().await;
        assert_eq!(self.confirm(&token).await.status, 201);
    }

    async fn confirm(&self, token: &str) -> Answer {
        self.post("/users/email/confirm_code", json!({ "token": token }))
            .await
    }

    /// The cookie of a log-in.
    async fn log_in(&self) -> String {
        let answer = self
            .post("/sessions", json!({ "email": ANN, "password": PASSWORD }))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.cookie.unwrap()
    }

    /// The token of the newest mail.
    async fn mailed_token(&self) -> String {
        let now = self.clock.now();
        let claimed = clavis_flows::write(self.store.as_ref(), move |ports| ports.claim_due(now, now, 100));
        let mails = claimed.await.unwrap();
        let mail = mails.last().unwrap().open(&self.master).unwrap();
        let rest = mail.body.text.split("token=").nth(1).unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    }

    fn reads(&self) -> usize {
        self.store.reads.load(Ordering::SeqCst)
    }

    fn writes(&self) -> usize {
        self.store.writes.load(Ordering::SeqCst)
    }
}
