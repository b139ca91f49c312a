use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jws::{ES256, EdDSA, HS256, JwsSigner, RS256};
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use serde_json::{Map, Value, json};

use super::{Person, Site, client, sites};

/// A pair of keys with a name.
#[derive(Clone)]
pub(crate) struct Key {
    kid: String,
    generation: u32,
    algorithm: &'static str,
    /// With its private members.
    pair: Jwk,
}

/// Who signs a token.
#[derive(Clone)]
pub(crate) enum Signing {
    /// The site, with its newest key.
    Own,
    /// Somebody else, with a key of the same kind, under the name of the site's.
    Stranger,
    /// Another site, with its own key and its name.
    Key(Key),
    /// Nobody: `alg` is `none` and the signature empty.
    Nobody,
    /// Somebody who takes the site's public key, as PEM, for a secret of HS256.
    HmacWithPem,
    /// Somebody who takes the site's public key, as JSON, for a secret of HS256.
    HmacWithJwk,
}

impl Key {
    /// An RSA key. The same site and number are the same key, in one process.
    pub(crate) fn rsa(site: Site, generation: u32) -> Self {
        static MADE: OnceLock<Mutex<HashMap<(Site, u32), Jwk>>> = OnceLock::new();
        let made = MADE.get_or_init(Mutex::default);
        let mut made = made.lock().expect("no test panics while it holds this");
        let pair = made
            .entry((site, generation))
            .or_insert_with(|| Jwk::generate_rsa_key(2048).expect("a key"));
        Self {
            kid: format!("{site:?}-{generation}").to_lowercase(),
            generation,
            algorithm: "RS256",
            pair: pair.clone(),
        }
    }

    /// A key on the curve P-256.
    pub(crate) fn es256(kid: &str) -> Self {
        let pair = Jwk::generate_ec_key(josekit::jwk::alg::ec::EcCurve::P256).expect("a key");
        Self::named(kid, "ES256", pair)
    }

    /// A key for Ed25519.
    pub(crate) fn ed25519(kid: &str) -> Self {
        let pair = Jwk::generate_ed_key(josekit::jwk::alg::ed::EdCurve::Ed25519).expect("a key");
        Self::named(kid, "EdDSA", pair)
    }

    fn named(kid: &str, algorithm: &'static str, pair: Jwk) -> Self {
        Self {
            kid: kid.to_owned(),
            generation: 0,
            algorithm,
            pair,
        }
    }

    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// As it is published.
    pub(crate) fn public(&self) -> Value {
        let mut public = self.pair.to_public_key().expect("it has a public part");
        public.set_key_id(&self.kid);
        public.set_algorithm(self.algorithm);
        public.set_key_use("sig");
        Value::Object(public.as_ref().clone())
    }

    fn signer(&self) -> Box<dyn JwsSigner> {
        match self.algorithm {
            "ES256" => Box::new(ES256.signer_from_jwk(&self.pair).expect("a key for it")),
            "EdDSA" => Box::new(EdDSA.signer_from_jwk(&self.pair).expect("a key for it")),
            _ => Box::new(RS256.signer_from_jwk(&self.pair).expect("a key for it")),
        }
    }

    fn public_pem(&self) -> Vec<u8> {
        let pair = josekit::jwk::alg::rsa::RsaKeyPair::from_jwk(&self.pair).expect("an RSA key");
        josekit::jwk::KeyPair::to_pem_public_key(&pair)
    }
}

/// An ID token before it is signed.
#[derive(Clone)]
pub(crate) struct IdToken {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    /// Written in place of the claims.
    raw_claims: Option<String>,
    raw_header: Option<String>,
    key: Key,
    signing: Signing,
}

impl IdToken {
    pub(crate) fn new(base: &str, site: Site, person: &Person, keys: &[Key]) -> Self {
        let key = keys.first().expect("a site has a key").clone();
        let now = now();
        let mut claims = json!({
            "iss": sites::issuer(base, site),
            "aud": sites::audience(site),
            "sub": person.subject,
            "iat": now,
            "exp": now + 3600,
        });
        if let Some(address) = &person.address {
            claims["email"] = json!(address);
            // Apple says it in a text.
            claims["email_verified"] = match site {
                Site::Apple => json!(person.verified.to_string()),
                _ => json!(person.verified),
            };
        }
        if let (Some(name), false) = (&person.name, site == Site::Apple) {
            claims["name"] = json!(name);
        }
        if let Some(picture) = &person.picture {
            claims["picture"] = json!(picture);
        }
        if site == Site::Google {
            claims["azp"] = json!(client::GOOGLE_IDS[1]);
        }
        let header = json!({ "alg": key.algorithm, "kid": key.kid, "typ": "JWT" });
        Self {
            header: object(header),
            claims: object(claims),
            raw_claims: None,
            raw_header: None,
            key,
            signing: Signing::Own,
        }
    }

    /// With this claim in place of what it was.
    pub(crate) fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims.insert(name.to_owned(), value);
        self
    }

    /// Without this claim.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// With a time that is so many seconds from now.
    pub(crate) fn time(self, name: &str, seconds: i64) -> Self {
        self.claim(name, json!(now() + seconds))
    }

    /// With this nonce.
    pub(crate) fn nonce(self, nonce: &str) -> Self {
        self.claim("nonce", json!(nonce))
    }

    /// With this member of the header in place of what it was.
    pub(crate) fn header(mut self, name: &str, value: Value) -> Self {
        self.header.insert(name.to_owned(), value);
        self
    }

    /// Without this member of the header.
    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// The claims as text, to be changed in a way that no JSON library writes.
    pub(crate) fn rewritten(mut self, change: impl FnOnce(String) -> String) -> Self {
        self.raw_claims = Some(change(Value::Object(self.claims.clone()).to_string()));
        self
    }

    /// The header as text, to be changed in a way that no JSON library writes.
    pub(crate) fn rewritten_header(mut self, change: impl FnOnce(String) -> String) -> Self {
        self.raw_header = Some(change(Value::Object(self.header.clone()).to_string()));
        self
    }

    /// Signed by somebody else.
    pub(crate) fn signed_by(mut self, signing: Signing) -> Self {
        let (algorithm, kid) = match &signing {
            Signing::Own | Signing::Stranger => (self.key.algorithm, self.key.kid.clone()),
            Signing::Key(key) => (key.algorithm, key.kid.clone()),
            Signing::Nobody => ("none", self.key.kid.clone()),
            Signing::HmacWithPem | Signing::HmacWithJwk => ("HS256", self.key.kid.clone()),
        };
        self.signing = signing;
        self.header("alg", json!(algorithm)).header("kid", json!(kid))
    }

    /// The token.
    pub(crate) fn encode(&self) -> String {
        let header = Value::Object(self.header.clone()).to_string();
        let claims = Value::Object(self.claims.clone()).to_string();
        let header = self.raw_header.clone().unwrap_or(header);
        let claims = self.raw_claims.clone().unwrap_or(claims);
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let signature = match &self.signing {
            Signing::Own => self.key.signer().sign(signed.as_bytes()).expect("it signs"),
            Signing::Stranger => stranger().signer().sign(signed.as_bytes()).expect("it signs"),
            Signing::Key(key) => key.signer().sign(signed.as_bytes()).expect("it signs"),
            Signing::Nobody => Vec::new(),
            Signing::HmacWithPem => hmac(&self.key.public_pem(), &signed),
            Signing::HmacWithJwk => hmac(self.key.public().to_string().as_bytes(), &signed),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The key of somebody who is no site.
pub(crate) fn stranger() -> Key {
    Key::rsa(Site::Facebook, 666)
}

/// The key with which the installation under test shows Apple who it is: the private part in PEM, as Apple hands it
/// out, and the public part in PEM.
pub(crate) fn apple_client_key() -> (Vec<u8>, Vec<u8>) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("the curve is there");
    let key = PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key");
    let private = key.private_key_to_pem_pkcs8().expect("a private key");
    (private, key.public_key_to_pem().expect("a public key"))
}

#[expect(clippy::disallowed_methods, reason = "a provider looks at its own clock")]
pub(crate) fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = elapsed.expect("it is later than 1970").as_secs();
    i64::try_from(seconds).expect("it is earlier than the year 292 billion")
}

fn hmac(secret: &[u8], message: &str) -> Vec<u8> {
    let signer = HS256.signer_from_bytes(secret).expect("long enough");
    signer.sign(message.as_bytes()).expect("it signs")
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("no object: {other}"),
    }
}
