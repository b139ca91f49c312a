//! Which client calls: its Basic authentication, and what is remembered of it.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clavis_flows::ClientError;
use clavis_identity::{PasswordHash, Verdict};
use clavis_kernel::{Caller, MasterKey, OAuthClientId, Purpose, Secret, SubKey};

use super::Pluto;
use super::error::PlutoError;
use crate::memory::{Asked, BELIEVED_FOR, Memory};

/// Most secrets and applications that are remembered at once.
const MAX_REMEMBERED: u64 = 10_000;
/// How long a comparison is remembered of a client that does not call.
const IDLE: Duration = Duration::from_mins(10);
/// Longest header that is looked at.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// A key and a secret, as a client shows them.
struct Credentials {
    key: String,
    secret: Secret,
}

/// Clients whose secret was compared lately: a comparison costs as much as a log-in's. A secret never changes; whether
/// its client may still be used is asked again when it was asked too long ago, or when anything was revoked since.
pub(super) struct ClientGate {
    known: Memory<[u8; 32], OAuthClientId>,
    applications: moka::sync::Cache<String, ()>,
    key: SubKey,
}

impl ClientGate {
    pub(super) fn new(master: &MasterKey) -> Self {
        let applications = moka::sync::Cache::builder()
            .max_capacity(MAX_REMEMBERED)
            .time_to_live(BELIEVED_FOR)
            .build();
        Self {
            known: Memory::new(MAX_REMEMBERED, IDLE),
            applications,
            key: master.derive(Purpose::ClientSecrets),
        }
    }

    /// By what right credentials are remembered: says nothing of the secret to who does not hold the server's key. A
    /// key has no NUL.
    fn mark(&self, credentials: &Credentials) -> [u8; 32] {
        let secret = credentials.secret.expose().as_bytes();
        self.key.hmac(&[credentials.key.as_bytes(), b"\0", secret])
    }
}

impl Pluto {
    /// Whether a client says at all who it is.
    pub(super) fn shows_credentials(request: &HttpRequest) -> bool {
        credentials(request).is_some()
    }

    /// The client that calls, approved and with the right secret. What is told of its status comes before what is told
    /// of its secret; the comparison is made in any case, so that time tells nothing more.
    pub(super) async fn authenticate_client(
        &self,
        request: &HttpRequest,
        caller: Caller,
    ) -> Result<OAuthClientId, PlutoError> {
        let credentials = credentials(request).ok_or(PlutoError::UNKNOWN_CLIENT)?;
        let mark = self.clients.mark(&credentials);
        let (memory, revocations) = (&self.clients.known, self.app.store.revocations());
        let asked = Asked::now(revocations);
        if let Some(known) = memory.any(&mark) {
            let client = known.value;
            if known.is_fresh(revocations) {
                return Ok(client);
            }
            let usable = self.app.look_up(&self.door, caller, move |on| {
                Ok(on.usable_client(client)?.map(|client| client.id))
            });
            return Ok(memory.remember(mark, usable.await??, asked).value);
        }
        self.app
            .login_rate
            .check(caller.ip)
            .map_err(PlutoError::too_many_requests)?;
        let client = self.compare(credentials, caller).await?;
        Ok(memory.remember(mark, client, asked).value)
    }

    async fn compare(&self, shown: Credentials, caller: Caller) -> Result<OAuthClientId, PlutoError> {
        let (key, secret) = (shown.key, shown.secret);
        let app = &self.app;
        let candidate = app.look_up(&self.door, caller.clone(), move |on| on.client_candidate(&key));
        let Some(candidate) = candidate.await? else {
            app.check_decoy(secret).await?;
            return Err(ClientError::Unknown.into());
        };
        let (params, entropy) = (app.argon2, std::sync::Arc::clone(&app.entropy));
        let hash = candidate.hash.clone();
        let compared = app.hasher.run(move || {
            let verdict = hash.verify(&secret, params);
            let rehash = (verdict == Verdict::RightButOutdated)
                .then(|| PasswordHash::generate(&secret, params, entropy.as_ref()));
            (verdict, rehash)
        });
        let (verdict, rehash) = compared.await.map_err(crate::Fault::from)?;
        let (client, approved) = (candidate.client, candidate.approved);
        if verdict != Verdict::Right {
            app.transaction(&self.door, caller, move |on| {
                on.note_client_secret(&candidate, verdict, rehash.as_ref())
            })
            .await?;
        }
        if !approved {
            return Err(ClientError::NotApproved.into());
        }
        if !verdict.is_right() {
            return Err(ClientError::WrongSecret.into());
        }
        Ok(client)
    }

    /// Refuses an application that there is not.
    pub(super) async fn must_be_application(&self, name: &str, caller: Caller) -> Result<(), PlutoError> {
        if self.clients.applications.contains_key(name) {
            return Ok(());
        }
        let name = name.to_owned();
        let known = self.app.look_up(&self.door, caller, {
            let name = name.clone();
            move |on| on.is_application(&name)
        });
        if !known.await? {
            return Err(PlutoError::UNKNOWN_APPLICATION);
        }
        self.clients.applications.insert(name, ());
        Ok(())
    }
}

/// What stands in `Authorization: Basic` (RFC 7617): the key ends at the first colon.
fn credentials(request: &HttpRequest) -> Option<Credentials> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let header = headers.next()?.to_str().ok()?;
    if headers.next().is_some() || header.len() > MAX_HEADER_BYTES {
        return None;
    }
    let mut words = header.split_whitespace();
    let (scheme, encoded) = (words.next()?, words.next()?);
    if !scheme.eq_ignore_ascii_case("basic") || words.next().is_some() {
        return None;
    }
    let plain = Secret::new(String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?);
    let (key, secret) = plain.expose().split_once(':')?;
    (!key.contains('\0')).then(|| Credentials {
        key: key.to_owned(),
        secret: Secret::new(secret),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[track_caller]
    fn check(authorization: &str, expected: Option<(&str, &str)>) {
        let request = TestRequest::default().insert_header((header::AUTHORIZATION, authorization));
        let shown = credentials(&request.to_http_request());
        assert_eq!(
            shown
                .as_ref()
                .map(|shown| (shown.key.as_str(), shown.secret.expose())),
            expected,
            "{authorization}"
        );
    }

    #[test]
    fn a_client_shows_key_and_secret() {
        check("Basic c2hvcDpwYTpzcw==", Some(("shop", "pa:ss")));
        check("bAsIc   c2hvcDpwYTpzcw==", Some(("shop", "pa:ss")));
        check("Basic c2hvcDo=", Some(("shop", "")));
        check("Basic c2hvcA==", None);
        check("Basic c2hvcDpwYTpzcw", None);
        check("Basic", None);
        check("Basic *", None);
        check("Basic /w==", None);
        check("Basic YQBiOmM=", None);
        check("Bearer c2hvcDpwYTpzcw==", None);
        check("Basic c2hvcDpwYTpzcw== x", None);
        let twice = TestRequest::default()
            .append_header((header::AUTHORIZATION, "Basic c2hvcDpwYTpzcw=="))
            .append_header((header::AUTHORIZATION, "Basic c2hvcDpwYTpzcw=="));
        assert!(credentials(&twice.to_http_request()).is_none());
    }
}
