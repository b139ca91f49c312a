//! Google, as far as ID tokens need it: its keys, on loopback, and tokens under them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::OnceLock;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use data_encoding::BASE64URL_NOPAD;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use reqwest::blocking::Client;
use serde_json::{Value, json};

use crate::server::Server;

const ISSUER: &str = "https://accounts.google.com";
const CLIENT: &str = "bench.apps.example.org";
const KEY_ID: &str = "bench";
/// jauth's number of Google.
const USER_TYPE: u8 = 2;

/// The stand-in: one for the whole run.
pub(crate) struct Provider {
    address: SocketAddr,
    key: Rsa<Private>,
}

impl Provider {
    /// The stand-in, which is started when it is first asked for.
    pub(crate) fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Provider> = OnceLock::new();
        if let Some(provider) = SHARED.get() {
            return Ok(provider);
        }
        let started = Self::start()?;
        Ok(SHARED.get_or_init(|| started))
    }

    fn start() -> Result<Self> {
        let key = Rsa::generate(2048)?;
        let number = |number: Vec<u8>| BASE64URL_NOPAD.encode(&number);
        let keys = json!({ "keys": [{
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": KEY_ID,
            "n": number(key.n().to_vec()), "e": number(key.e().to_vec()),
        }] });
        let listener = TcpListener::bind("127.0.0.1:0").context("no port for the provider")?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // Who hangs up asks again.
                let _ = serve(stream, &keys.to_string());
            }
        });
        Ok(Self { address, key })
    }

    /// The settings of a server that believes it.
    pub(crate) fn settings(&self) -> [(&'static str, String); 2] {
        [
            ("CLAVIS_FEDERATION__GOOGLE__CLIENT_IDS", CLIENT.to_owned()),
            (
                "CLAVIS_FEDERATION__GOOGLE__JWKS_URL",
                format!("http://{}/keys", self.address),
            ),
        ]
    }

    /// Makes accounts of so many people, and returns a token of each, which logs them in.
    pub(crate) fn people(
        &self,
        client: &Client,
        server: &Server,
        prefix: &str,
        count: u32,
    ) -> Result<Vec<String>> {
        let tokens = (0..count).map(|index| {
            let body = body(&self.id_token(&format!("{prefix}-{index}"))?);
            let request = client.post(server.at("/users/third_party")).json(&body);
            let answer = request.send()?;
            let status = answer.status();
            ensure!(
                status.is_success(),
                "nobody was made by a third party: {status} {}",
                answer.text().unwrap_or_default()
            );
            Ok(body.to_string())
        });
        tokens.collect()
    }

    #[expect(clippy::disallowed_methods, reason = "a token is issued now")]
    fn id_token(&self, subject: &str) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let header = json!({ "alg": "RS256", "kid": KEY_ID, "typ": "JWT" });
        let claims = json!({
            "iss": ISSUER, "aud": CLIENT, "sub": subject, "iat": now, "exp": now + 3600,
            "email": format!("{subject}@bench.example.org"), "email_verified": true,
        });
        let [header, claims] =
            [header, claims].map(|part: Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes()));
        let signed = format!("{header}.{claims}");
        let key = PKey::from_rsa(self.key.clone())?;
        let signature = Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(signed.as_bytes())?;
        Ok(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature)))
    }
}

/// What a client sends of a token.
fn body(token: &str) -> Value {
    json!({ "user_type": USER_TYPE, "third_party_token": token })
}

/// Answers one request, whatever it asks for.
fn serve(mut stream: TcpStream, keys: &str) -> Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let length = keys.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{keys}"
    )?;
    Ok(())
}
