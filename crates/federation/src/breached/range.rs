use std::error::Error;
use std::path::Path;
use std::time::Duration;

use reqwest::StatusCode;
use tokio::sync::Semaphore;
use url::Url;

use crate::settings::is_safe_for_secrets;
use crate::wire::{LazyClient, Patience};

/// Most bytes of an answer: those of Pwned Passwords have some forty thousand.
const MAX_ANSWER: usize = 512 * 1024;
/// How many questions may be on their way at once.
const AT_ONCE: usize = 32;
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(2),
    total: Duration::from_secs(3),
};
/// How many digits of a hash are told.
const TOLD: usize = 5;

/// A server that speaks the range API of Pwned Passwords.
pub(super) struct RangeServer {
    client: LazyClient,
    /// Ends with a slash.
    base: Url,
    places: Semaphore,
}

impl RangeServer {
    pub(super) fn new(url: &str, authority: Option<&Path>) -> Result<Self, String> {
        let with_slash = format!("{}/", url.trim_end_matches('/'));
        let base = Url::parse(&with_slash)
            .ok()
            .filter(|url| is_safe_for_secrets(url) && url.query().is_none() && url.fragment().is_none())
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .ok_or(
                "expected an https URL such as https://api.pwnedpasswords.com/range, or an http URL of this machine",
            )?;
        Ok(Self {
            client: LazyClient::new(PATIENCE, authority)?,
            base,
            places: Semaphore::new(AT_ONCE),
        })
    }

    /// Whether the server knows the hash. It is asked with padding, so that the length of the answer tells nothing.
    pub(super) async fn contains(&self, digest: &[u8; 20]) -> Result<bool, &'static str> {
        let Ok(_place) = self.places.try_acquire() else {
            return Err("too many requests are on their way");
        };
        let hash = hex::encode_upper(digest);
        let (told, rest) = hash.split_at_checked(TOLD).ok_or("a hash is too short")?;
        let url = self.base.join(told).map_err(|_| "the URL takes no path")?;
        let answer = tokio::time::timeout(PATIENCE.total, self.ask(url)).await;
        let answer = answer.map_err(|_| "the server is too slow")??;
        seen_in(&answer, rest)
    }

    async fn ask(&self, url: Url) -> Result<String, &'static str> {
        let request = self.client.get().await?.get(url).header("Add-Padding", "true");
        let mut response = request.send().await.map_err(unreachable)?;
        if response.status() != StatusCode::OK {
            return Err("the server answers with an error");
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(unreachable)? {
            if body.len() + piece.len() > MAX_ANSWER {
                return Err("the server's answer is too long");
            }
            body.extend_from_slice(&piece);
        }
        String::from_utf8(body).map_err(|_| "the server's answer makes no sense")
    }
}

/// Notes why there was no answer. The URL is left out: it holds a part of a hash.
fn unreachable(error: reqwest::Error) -> &'static str {
    let error = error.without_url();
    let mut cause: &dyn Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    tracing::warn!(%cause, "the server that knows breached passwords does not answer");
    "the connection failed"
}

/// Whether the rest of a hash is among the lines `REST:COUNT`. Padding was seen zero times.
fn seen_in(answer: &str, wanted: &str) -> Result<bool, &'static str> {
    const SENSELESS: &str = "the server's answer makes no sense";
    let mut seen = false;
    for line in answer.lines().filter(|line| !line.trim().is_empty()) {
        let (rest, count) = line.trim().split_once(':').ok_or(SENSELESS)?;
        let is_hash = rest.len() == wanted.len() && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let count: u64 = count.trim().parse().map_err(|_| SENSELESS)?;
        if !is_hash {
            return Err(SENSELESS);
        }
        seen |= count > 0 && rest.eq_ignore_ascii_case(wanted);
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";

    #[test]
    fn a_hash_was_seen_when_its_rest_is_listed_and_not_as_padding() {
        let other = "0018A45C4D1DEF81644B54AB7F969B88D65";
        for (answer, expected) in [
            (format!("{other}:1\r\n{REST}:3\r\n"), Ok(true)),
            (format!("{}:3", REST.to_lowercase()), Ok(true)),
            (format!("{REST}:0\r\n{other}:5"), Ok(false)),
            (format!("{other}:1"), Ok(false)),
            (String::new(), Ok(false)),
        ] {
            assert_eq!(seen_in(&answer, REST), expected, "{answer:?}");
        }
    }

    #[test]
    fn an_answer_of_another_kind_says_nothing() {
        for answer in [
            "<html>",
            "abc:1",
            &format!("{REST}:many"),
            &format!("{REST}:-1"),
            REST,
        ] {
            assert!(seen_in(answer, REST).is_err(), "{answer}");
        }
    }

    #[test]
    fn a_hash_is_told_to_no_server_that_others_can_listen_to() {
        for (url, good) in [
            ("https://api.pwnedpasswords.com/range/", true),
            ("https://api.pwnedpasswords.com/range", true),
            ("http://127.0.0.1:8081/range", true),
            ("http://api.pwnedpasswords.com/range", false),
            ("https://user:secret@example.org/range", false),
            ("https://example.org/range?x=", false),
            ("range", false),
        ] {
            assert_eq!(RangeServer::new(url, None).is_ok(), good, "{url}");
        }
    }
}
