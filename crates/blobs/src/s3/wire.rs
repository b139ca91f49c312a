use std::time::Duration;

use bytes::Bytes;
use reqwest::header::RANGE;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Method, Response};
use url::Url;

use super::Patience;
use super::fault::Fault;

/// Most of an answer that is read into memory: a list of a thousand objects has a third of it.
const ANSWER_LIMIT: usize = 2 * 1024 * 1024;

/// A request, as often as it is sent.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Signs anew for each attempt: a signature is good for a while only.
    pub(super) sign: &'a (dyn Fn() -> Url + Send + Sync),
    /// Names in lower case.
    pub(super) headers: &'a [(String, String)],
    pub(super) body: Bytes,
    pub(super) range: Option<String>,
    /// Until the answer begins.
    pub(super) time: Duration,
}

/// Sends requests, again where that may help, and waits no longer than it should.
pub(super) struct Wire {
    http: Client,
    patience: Patience,
}

impl Wire {
    pub(super) fn new(authorities: Option<&str>, patience: Patience) -> Result<Self, String> {
        let authorities = authorities.map_or_else(
            || Ok(Vec::new()),
            |pem| Certificate::from_pem_bundle(pem.as_bytes()),
        );
        let authorities = authorities.map_err(|error| error.to_string())?;
        let builder = Client::builder()
            .user_agent(concat!("clavis/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(patience.connect)
            // A signed request is for the server it was signed for.
            .redirect(Policy::none())
            // Settings come from the settings, not from whatever the environment says about proxies.
            .no_proxy();
        let http = authorities
            .into_iter()
            .fold(builder, reqwest::ClientBuilder::add_root_certificate)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { http, patience })
    }

    pub(super) fn patience(&self) -> Patience {
        self.patience
    }

    /// The answer, once it is a success.
    pub(super) async fn response(&self, call: &Call<'_>) -> Result<Response, Fault> {
        self.again_and_again(|_| self.once(call)).await
    }

    /// The text of the answer, once it is a success.
    pub(super) async fn text(&self, call: &Call<'_>) -> Result<String, Fault> {
        self.again_and_again(|_| async {
            let response = self.once(call).await?;
            self.read(response).await
        })
        .await
    }

    /// Tries until it succeeds, or cannot, or was tried often enough. The attempt is told how many there were.
    pub(super) async fn again_and_again<T, F>(&self, mut attempt: impl FnMut(u32) -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let mut pause = self.patience.pause;
        let mut before = 0;
        loop {
            match attempt(before).await {
                Err(fault) if fault.may_pass() && before + 1 < self.patience.attempts => {
                    tracing::debug!(%fault, "S3 is asked again");
                }
                result => return result,
            }
            tokio::time::sleep(pause).await;
            pause *= 4;
            before += 1;
        }
    }

    pub(super) async fn once(&self, call: &Call<'_>) -> Result<Response, Fault> {
        let mut request = self.http.request(call.method.clone(), (call.sign)());
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if let Some(range) = &call.range {
            request = request.header(RANGE, range);
        }
        let sent = request.body(call.body.clone()).send();
        let response = match tokio::time::timeout(call.time, sent).await {
            Ok(sent) => sent.map_err(Fault::unreachable)?,
            Err(_) => return Err(Fault::Slow(call.time)),
        };
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        // The status says enough where the document cannot be had.
        let body = self.read(response).await.unwrap_or_default();
        Err(Fault::refused(status, &body))
    }

    pub(super) async fn read(&self, mut response: Response) -> Result<String, Fault> {
        let reading = async {
            let mut body = Vec::new();
            while let Some(piece) = response.chunk().await.map_err(Fault::unreachable)? {
                body.extend_from_slice(&piece);
                if body.len() > ANSWER_LIMIT {
                    return Err(Fault::Nonsense("of a size that S3 has"));
                }
            }
            String::from_utf8(body).map_err(|_| Fault::Nonsense("a text"))
        };
        let answer = self.patience.answer;
        tokio::time::timeout(answer, reading)
            .await
            .unwrap_or(Err(Fault::Slow(answer)))
    }
}
