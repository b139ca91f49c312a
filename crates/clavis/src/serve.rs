use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use clavis_delivery::{
    FileMailer, MailTransport, Mailbox, Mailer, OutboxPolicy, OutboxWorker, Sender, SmtpMailer,
};
use clavis_flows::{Blobs, BreachedPasswords, Objects, Providers, Texts};
use clavis_http::pages::{MailboxReader, Pages};
use clavis_http::{
    App, AppParts, Hasher, MetricsText, PublicUrl, RateLimit, RingHandle, ServerSettings, Site,
    TokenLifetimes, TrustedProxies,
};
use clavis_kernel::Secret;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::blobs::{self, BlobSetup};
use crate::breaches;
use crate::config::{ConfigError, Settings};
use crate::doors::Doors;
use crate::events::EventSetup;
use crate::federation;
use crate::installation::{self, Installation, OpenError};
use crate::mailbox::OutboxFiles;
use crate::{admin, workers};

/// Most mails kept as files.
const OUTBOX_FILES: usize = 10_000;

/// Why the server does not start, or stopped by itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error("{setting} {address}: {source}")]
    Listen {
        setting: &'static str,
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("signals cannot be received: {0}")]
    Signals(std::io::Error),
    #[error("the server stopped: {0}")]
    Server(std::io::Error),
}

/// Serves until SIGTERM or SIGINT, then lets requests in progress end.
pub(crate) async fn run(settings: Settings) -> Result<(), ServeError> {
    let listener = listen("http.listen", settings.http.listen)?;
    let metrics_listener = settings
        .metrics
        .listen
        .map(|at| listen("metrics.listen", at))
        .transpose()?;
    let address = listener.local_addr().map_err(ServeError::Server)?;
    let public_url = public_url(&settings, address)?;
    let mail = MailSetup::new(&settings, &public_url)?;
    let texts = texts(&settings)?;
    let blobs = BlobSetup::new(&settings)?;
    let providers = federation::providers(&settings)?;
    let breached = breaches::passwords(&settings)?;
    let events = EventSetup::new(&settings)?;
    let installation = Arc::new(Installation::open(&settings).await?);
    let (blobs, objects) = blobs.open(&installation)?;
    admin::ensure(&settings, &installation).await?;

    let (stop, stopped) = watch::channel(false);
    let outbox = Arc::new(Notify::new());
    let metrics = metrics()?;
    let site = site(
        &settings,
        &installation,
        &public_url,
        Channels {
            texts,
            blobs: Arc::clone(&blobs) as _,
            objects,
            providers,
            breached,
            outbox: Arc::clone(&outbox),
            mailbox: mail.mailbox(),
        },
        text(metrics.clone()),
    )?;
    let ring = site.app.ring.clone();
    let server_settings = ServerSettings {
        listener,
        metrics_listener,
        workers: settings.http.workers.map_or_else(cores, NonZeroUsize::get),
        drain: Duration::from_secs(settings.http.drain_seconds.into()),
    };
    let (server, metrics_server) = clavis_http::serve(site, server_settings).map_err(ServeError::Server)?;
    let mut background = JoinSet::new();
    background.spawn(workers::keep_keys_fresh(ring, stopped.clone()));
    background.spawn(workers::sum_up_metrics(metrics, stopped.clone()));
    keep_house(&mut background, &installation, &settings, &stopped);
    let contents = blobs.store();
    background.spawn(blobs::warn_if_unavailable(Arc::clone(contents), stopped.clone()));
    background.spawn(blobs::sweep_contents(
        Arc::clone(&installation),
        Arc::clone(contents),
        stopped.clone(),
    ));
    if let Some(events) = events {
        let worker = events.worker(&installation);
        worker.begin().await.map_err(OpenError::from)?;
        background.spawn(worker.run(stopped.clone()));
    }
    background.spawn(mail.worker(&installation).run(stopped, outbox));

    let handles: Vec<_> = [Some(&server), metrics_server.as_ref()]
        .into_iter()
        .flatten()
        .map(actix_web::dev::Server::handle)
        .collect();
    if let Some(metrics) = metrics_server {
        background.spawn(async move {
            if let Err(error) = metrics.await {
                tracing::error!(%error, "the metrics listener stopped");
            }
        });
    }
    let mut signals = Signals::new().map_err(ServeError::Signals)?;
    println!("clavis is ready at {}", public_url.as_str());
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "ready");
    let mut serving = tokio::spawn(server);
    let asked_to_stop = async {
        signals.received().await;
        tracing::info!("stopping: requests in progress are let end");
        for handle in &handles {
            handle.stop(true).await;
        }
    };
    let ended = tokio::select! {
        ended = &mut serving => ended,
        () = asked_to_stop => serving.await,
    };
    let _ = stop.send(true);
    while background.join_next().await.is_some() {}
    ended
        .map_err(|error| ServeError::Server(std::io::Error::other(error)))?
        .map_err(ServeError::Server)?;
    tracing::info!("stopped");
    Ok(())
}

/// What has to be done in every installation from time to time.
fn keep_house(
    background: &mut JoinSet<()>,
    installation: &Arc<Installation>,
    settings: &Settings,
    stopped: &watch::Receiver<bool>,
) {
    background.spawn(workers::rotate_aged_keys(
        Arc::clone(installation),
        installation::key_policy(settings),
        stopped.clone(),
    ));
    background.spawn(workers::sweep(Arc::clone(installation), stopped.clone()));
    background.spawn(workers::recompute_levels(
        Arc::clone(installation),
        stopped.clone(),
    ));
}

/// The signals that end a server.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn listen(setting: &'static str, address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).map_err(|source| ServeError::Listen {
        setting,
        address,
        source,
    })
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

fn public_url(settings: &Settings, address: SocketAddr) -> Result<PublicUrl, ConfigError> {
    match &settings.http.public_url {
        Some(url) => Ok(url.clone()),
        None => format!("http://{address}")
            .parse()
            .map_err(|error| ConfigError::setting("http.public_url", error)),
    }
}

fn site(
    settings: &Settings,
    installation: &Installation,
    public_url: &PublicUrl,
    channels: Channels,
    metrics: MetricsText,
) -> Result<Site, ServeError> {
    let dialects = &settings.dialects;
    let hasuras = dialects
        .backend_plus
        .shared_key()
        .map_err(|error| ConfigError::setting("dialects.backend_plus", error))?;
    let shared_keys = hasuras.into_iter().chain(dialects.jauth.shared_key()).collect();
    let ring = clavis_http::open_ring(
        &installation.signing_keys,
        Arc::clone(&installation.store),
        installation.keys.master.clone(),
        Arc::clone(&installation.clock),
        shared_keys,
        installation::key_policy(settings),
    )
    .map_err(OpenError::from)?;
    let lifetimes = clavis_http::dialects::Lifetimes {
        access: settings
            .tokens
            .access_ttl_seconds
            .map(|seconds| chrono::Duration::seconds(seconds.into())),
        refresh: settings
            .tokens
            .refresh_ttl_seconds
            .map(|seconds| chrono::Duration::seconds(seconds.into())),
    };
    let token_lifetimes = TokenLifetimes {
        jauth: dialects
            .jauth
            .access_lifetime(lifetimes)
            .map_err(|error| ConfigError::setting("dialects.jauth", error))?,
    };
    let app = web::Data::new(app(
        settings,
        installation,
        public_url,
        &channels,
        (ring, token_lifetimes),
    ));
    let doors = Doors::open(&app, settings, lifetimes)?;
    let pages = Pages {
        app: app.clone(),
        doors: doors.mail_doors(),
        mailbox: channels.mailbox,
    };
    Ok(Site {
        app,
        backend_plus: doors.backend_plus,
        barong: doors.barong,
        jauth: doors.jauth,
        pluto: doors.pluto,
        sso: doors.sso,
        pages: web::Data::new(pages),
        metrics,
    })
}

fn app(
    settings: &Settings,
    installation: &Installation,
    public_url: &PublicUrl,
    channels: &Channels,
    (ring, token_lifetimes): (RingHandle, TokenLifetimes),
) -> App {
    let at_once = NonZeroUsize::new(cores()).unwrap_or(NonZeroUsize::MIN);
    App::new(AppParts {
        store: Arc::clone(&installation.store),
        clock: Arc::clone(&installation.clock),
        entropy: Arc::clone(&installation.entropy),
        keys: Arc::clone(&installation.keys),
        limits: Arc::clone(&installation.limits),
        ring,
        hasher: Hasher::new(at_once, settings.password.queue),
        argon2: settings.password.argon2,
        public_url: public_url.clone(),
        trusted_proxies: settings
            .http
            .trusted_proxies
            .iter()
            .copied()
            .collect::<TrustedProxies>(),
        tokens_across: settings.tokens.across,
        token_lifetimes,
        providers: Arc::clone(&channels.providers),
        login_rate: RateLimit::per_minute(settings.limits.login_per_client_ip_per_minute),
        newcomer_rate: RateLimit::per_minute(settings.limits.login_per_client_ip_per_minute),
        texts: Arc::clone(&channels.texts),
        blobs: Arc::clone(&channels.blobs),
        objects: Arc::clone(&channels.objects),
        breached: Arc::clone(&channels.breached),
        outbox: Arc::clone(&channels.outbox),
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Collects what every crate counts.
fn metrics() -> Result<PrometheusHandle, ServeError> {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder)
        .map_err(|_| ServeError::Server(std::io::Error::other("a second metrics recorder")))?;
    Ok(handle)
}

fn text(metrics: PrometheusHandle) -> MetricsText {
    MetricsText::new(move || {
        metrics.run_upkeep();
        metrics.render()
    })
}

/// What handlers reach people and contents through.
struct Channels {
    texts: Arc<dyn Texts>,
    blobs: Arc<dyn Blobs>,
    objects: Arc<dyn Objects>,
    providers: Arc<dyn Providers>,
    breached: Arc<dyn BreachedPasswords>,
    outbox: Arc<Notify>,
    mailbox: Option<Arc<dyn MailboxReader>>,
}

fn texts(settings: &Settings) -> Result<Arc<dyn Texts>, ConfigError> {
    clavis_delivery::texts_from_url(
        settings.sms.url.as_ref().map(Secret::expose),
        &settings.data.dir,
        Arc::new(crate::system::SystemClock),
        Arc::new(crate::system::SystemEntropy),
    )
    .map_err(|error| ConfigError::setting("sms.url", error))
}

/// How mails leave: to an SMTP server, or into files.
struct MailSetup {
    mailer: Arc<dyn Mailer>,
    files: Option<Mailbox>,
}

impl MailSetup {
    fn new(settings: &Settings, public_url: &PublicUrl) -> Result<Self, ConfigError> {
        let sender = Sender::new(settings.mail.from.as_deref(), public_url.as_str())
            .map_err(|error| ConfigError::setting("mail.from", error))?;
        let transport = MailTransport::from_setting(settings.mail.url.as_ref().map(Secret::expose))
            .map_err(|error| ConfigError::setting("mail.url", error))?;
        let folder = settings.data.dir.join("outbox");
        // Texts without a gateway go into the same folder.
        let has_files = matches!(transport, MailTransport::Files) || settings.sms.url.is_none();
        let files = (settings.dev && has_files).then(|| Mailbox::new(&folder));
        match transport {
            MailTransport::Files => {
                let clock = Arc::new(crate::system::SystemClock);
                Ok(Self {
                    mailer: Arc::new(FileMailer::new(folder, sender, clock, Some(OUTBOX_FILES))),
                    files,
                })
            }
            MailTransport::Smtp(server) => {
                let roots = settings
                    .mail
                    .ca_file
                    .as_ref()
                    .map(std::fs::read_to_string)
                    .transpose();
                let roots = roots.map_err(|error| ConfigError::setting("mail.ca_file", error))?;
                let mailer = SmtpMailer::new(
                    server,
                    sender,
                    roots.as_deref(),
                    Arc::new(crate::system::SystemClock),
                )
                .map_err(|error| ConfigError::setting("mail.ca_file", error))?;
                Ok(Self {
                    mailer: Arc::new(mailer),
                    files,
                })
            }
        }
    }

    fn mailbox(&self) -> Option<Arc<dyn MailboxReader>> {
        self.files
            .clone()
            .map(|files| Arc::new(OutboxFiles(files)) as Arc<dyn MailboxReader>)
    }

    fn worker(self, installation: &Installation) -> OutboxWorker {
        OutboxWorker {
            store: Arc::clone(&installation.store),
            master: installation.keys.master.clone(),
            mailer: self.mailer,
            clock: Arc::clone(&installation.clock),
            policy: OutboxPolicy::default(),
        }
    }
}
