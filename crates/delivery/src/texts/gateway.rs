use std::error::Error;
use std::time::Duration;

use clavis_flows::TextError;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::sync::Semaphore;

use super::TextUrlError;
use crate::outgoing::{Patience, client};

/// Most bytes of an answer that are read.
const MAX_ANSWER: usize = 16 * 1024;

/// What a gateway may cost.
#[derive(Debug, Clone, Copy)]
pub struct TextLimits {
    /// How long connecting may take.
    pub connect: Duration,
    /// How long one text may take from beginning to end.
    pub total: Duration,
    /// How many texts may be on their way at once; one more is refused at once.
    pub at_once: usize,
}

impl Default for TextLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(10),
            at_once: 32,
        }
    }
}

/// Somebody's server that brings texts, and the little trust it gets.
///
/// A gateway that hangs holds a bounded number of requests for a bounded time; everybody else is refused at once.
pub(super) struct Gateway {
    client: Client,
    places: Semaphore,
}

/// What a gateway answered.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    /// The beginning of what it said, where it refused.
    pub(super) body: Vec<u8>,
}

impl Gateway {
    pub(super) fn new(limits: TextLimits) -> Result<Self, TextUrlError> {
        let patience = Patience {
            connect: limits.connect,
            total: limits.total,
        };
        let client = client(patience).map_err(|_| TextUrlError::Tls)?;
        Ok(Self {
            client,
            places: Semaphore::new(limits.at_once),
        })
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends the request, once.
    pub(super) async fn ask(&self, request: RequestBuilder) -> Result<Reply, TextError> {
        let Ok(_place) = self.places.try_acquire() else {
            tracing::warn!("a text was not sent: too many are on their way");
            return Err(TextError::Unavailable);
        };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let body = if status.is_success() {
            Vec::new()
        } else {
            beginning(response).await
        };
        Ok(Reply { status, body })
    }
}

/// As much of the body as came, at most so many bytes. That the rest did not come changes nothing: the status is
/// the verdict.
async fn beginning(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MAX_ANSWER.saturating_sub(body.len());
        body.extend(chunk.iter().take(room));
        if chunk.len() >= room {
            break;
        }
    }
    body
}

/// Notes why there was no answer. The URL is left out: it may hold a password.
fn unreachable(error: reqwest::Error) -> TextError {
    let error = error.without_url();
    let timed_out = error.is_timeout();
    let mut cause: &dyn Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    tracing::warn!(timed_out, %cause, "a text was not sent: the gateway does not answer");
    TextError::Unavailable
}

/// What a refusal means by its status alone: whether the gateway is not well, or does not want this.
pub(super) fn meaning(status: StatusCode) -> TextError {
    let later = status.is_server_error()
        || matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
        );
    if later {
        TextError::Unavailable
    } else {
        TextError::Unexpected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_is_not_well_differs_from_one_that_refuses() {
        for (status, expected) in [
            (500, TextError::Unavailable),
            (503, TextError::Unavailable),
            (429, TextError::Unavailable),
            (408, TextError::Unavailable),
            (400, TextError::Unexpected),
            (401, TextError::Unexpected),
            (302, TextError::Unexpected),
            (304, TextError::Unexpected),
        ] {
            assert_eq!(
                meaning(StatusCode::from_u16(status).unwrap()),
                expected,
                "{status}"
            );
        }
    }
}
