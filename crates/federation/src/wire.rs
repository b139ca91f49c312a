//! Requests to providers, and the little trust that their answers get.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clavis_flows::ProviderRefusal;
use clavis_identity::Provider;
use clavis_kernel::Secret;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Method, RequestBuilder, StatusCode};
use serde_json::{Map, Value};
use tokio::sync::{OnceCell, Semaphore};
use url::Url;

use crate::json;

const JSON: &str = "application/json";
/// Most bytes of an answer that are read; key sets are the largest, with a few kilobytes.
const MAX_ANSWER: usize = 256 * 1024;
/// How many requests to one provider may be on their way at once; one more is refused at once.
const AT_ONCE: usize = 32;
/// How long a connection without a request is kept: shorter than servers keep theirs, so that no request meets one
/// that the other side is just closing.
const IDLE: Duration = Duration::from_secs(15);

/// How long a provider is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Until there is a connection.
    pub(crate) connect: Duration,
    /// For everything that one question to the provider takes.
    pub(crate) total: Duration,
}

/// A client of many servers, made when the first of them is asked: to read all that the system trusts takes longer
/// than a whole start.
#[derive(Clone)]
pub(crate) struct LazyClient(Arc<Recipe>);

struct Recipe {
    patience: Patience,
    authorities: Vec<Certificate>,
    made: OnceCell<Client>,
}

impl LazyClient {
    /// `authority` is a certificate file to trust beside the system's.
    pub(crate) fn new(patience: Patience, authority: Option<&Path>) -> Result<Self, String> {
        let authorities = match authority {
            Some(path) => {
                let pem = std::fs::read(path).map_err(|error| error.to_string())?;
                Certificate::from_pem_bundle(&pem).map_err(|_| "expected certificates in PEM".to_owned())?
            }
            None => Vec::new(),
        };
        Ok(Self(Arc::new(Recipe {
            patience,
            authorities,
            made: OnceCell::new(),
        })))
    }

    /// The client; an error says why this machine has none.
    pub(crate) async fn get(&self) -> Result<&Client, &'static str> {
        const UNUSABLE: &str = "TLS cannot be set up on this machine";
        let making = self.0.made.get_or_try_init(|| async {
            let recipe = Arc::clone(&self.0);
            let made = tokio::task::spawn_blocking(move || recipe.make()).await;
            made.map_err(|_| UNUSABLE)?.map_err(|error| {
                tracing::error!(%error, UNUSABLE);
                UNUSABLE
            })
        });
        making.await
    }
}

impl Recipe {
    fn make(&self) -> reqwest::Result<Client> {
        let builder = Client::builder()
            .connect_timeout(self.patience.connect)
            .timeout(self.patience.total)
            // A question goes where the setting says: not where an answer points, nor through a proxy that the
            // environment names.
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(AT_ONCE)
            .user_agent(concat!("Clavis/", env!("CARGO_PKG_VERSION")));
        let authorities = self.authorities.iter().cloned();
        authorities
            .fold(builder, reqwest::ClientBuilder::add_root_certificate)
            .build()
    }
}

/// The way to one provider. One that hangs holds a bounded number of requests, and none of the others'.
pub(crate) struct Wire {
    client: LazyClient,
    provider: Provider,
    places: Semaphore,
    patience: Patience,
}

/// What a provider answered.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    body: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(client: LazyClient, provider: Provider, patience: Patience) -> Self {
        Self {
            client,
            provider,
            places: Semaphore::new(AT_ONCE),
            patience,
        }
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.provider
    }

    pub(crate) fn patience(&self) -> Patience {
        self.patience
    }

    /// Asks for a document with these parameters.
    pub(crate) async fn get(
        &self,
        url: &Url,
        parameters: &[(&str, &str)],
        bearer: Option<&Secret>,
    ) -> Result<Reply, ProviderRefusal> {
        let mut url = url.clone();
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        let request = self.client().await?.get(url);
        self.ask(match bearer {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        })
        .await
    }

    /// Sends a form, with the name and password that go before it.
    pub(crate) async fn post(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<Reply, ProviderRefusal> {
        // Some answer in a form of their own to who does not say that it is to be JSON.
        let request = self
            .client()
            .await?
            .post(url.clone())
            .header(ACCEPT, JSON)
            .form(form);
        self.ask(match basic {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        })
        .await
    }

    /// Sends a request that is signed by what stands in its header (RFC 5849 §3.5.1). It has no body, and its parameters
    /// stand in the URL.
    pub(crate) async fn signed(
        &self,
        method: Method,
        url: Url,
        authorization: &Secret,
    ) -> Result<Reply, ProviderRefusal> {
        let mut header = HeaderValue::from_str(authorization.expose())
            .map_err(|_| ProviderRefusal::Rejected("what was brought does not fit into a header"))?;
        header.set_sensitive(true);
        let request = self.client().await?.request(method, url);
        let request = request.header(AUTHORIZATION, header);
        // A POST without a body says so: some servers refuse it otherwise.
        self.ask(request.header(CONTENT_LENGTH, 0)).await
    }

    async fn client(&self) -> Result<&Client, ProviderRefusal> {
        self.client.get().await.map_err(ProviderRefusal::Unavailable)
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Reply, ProviderRefusal> {
        let Ok(_place) = self.places.try_acquire() else {
            return Err(ProviderRefusal::Unavailable("too many requests are on their way"));
        };
        let mut response = request.send().await.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(ProviderRefusal::Unavailable("it sends us elsewhere"));
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            if body.len() + piece.len() > MAX_ANSWER {
                return Err(ProviderRefusal::Unavailable("its answer is too long"));
            }
            body.extend_from_slice(&piece);
        }
        Ok(Reply { status, body })
    }

    /// Notes why there was no answer. The URL is left out: it may hold a token.
    fn unreachable(&self, error: reqwest::Error) -> ProviderRefusal {
        let error = error.without_url();
        let timed_out = error.is_timeout();
        let mut cause: &dyn Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        tracing::warn!(provider = %self.provider, timed_out, %cause, "a provider does not answer");
        ProviderRefusal::Unavailable(if timed_out {
            "it is too slow"
        } else {
            "the connection failed"
        })
    }
}

impl Reply {
    /// The answer as an object, whatever the status.
    pub(crate) fn object(&self) -> Option<Map<String, Value>> {
        json::object(&self.body)
    }

    /// The answer as a list, when it is a success.
    pub(crate) fn list(&self) -> Result<Vec<Value>, ProviderRefusal> {
        if self.status != StatusCode::OK {
            return Err(ProviderRefusal::Unavailable("it answers with an error"));
        }
        json::list(&self.body).ok_or(ProviderRefusal::Unavailable(
            "its answer is not JSON that makes sense",
        ))
    }

    /// The answer as a form (RFC 5849 §2.1), when it is a success. A member that is there twice is not there.
    pub(crate) fn form(&self) -> Result<HashMap<String, Secret>, ProviderRefusal> {
        if self.status != StatusCode::OK {
            return Err(ProviderRefusal::Unavailable("it answers with an error"));
        }
        let (mut members, mut repeated) = (HashMap::new(), Vec::new());
        for (name, value) in url::form_urlencoded::parse(&self.body) {
            if members
                .insert(name.clone().into_owned(), Secret::new(value))
                .is_some()
            {
                repeated.push(name);
            }
        }
        for name in repeated {
            members.remove(&*name);
        }
        Ok(members)
    }

    /// The answer as an object, when it is a success: anything else means that the provider is not well.
    pub(crate) fn document(&self) -> Result<Map<String, Value>, ProviderRefusal> {
        if self.status != StatusCode::OK {
            return Err(ProviderRefusal::Unavailable("it answers with an error"));
        }
        self.object().ok_or(ProviderRefusal::Unavailable(
            "its answer is not JSON that makes sense",
        ))
    }

    /// As [`Reply::document`], where a refusal means that what a client brought is not good.
    pub(crate) fn document_for(&self, rejected: &'static str) -> Result<Map<String, Value>, ProviderRefusal> {
        if self.is_refusal() {
            return Err(ProviderRefusal::Rejected(rejected));
        }
        self.document()
    }

    /// Whether the status says that the request was understood and is refused for what it carries.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(
            self.status,
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        )
    }
}
