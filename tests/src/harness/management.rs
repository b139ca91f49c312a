//! Servers that the operator trusts, and what they sign.

use std::fmt::Write as _;
use std::fs;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use josekit::jws::{ES256, JwsSigner, RS256};
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Answer, Server, unique};

/// The setting that names the keychain.
pub(crate) const KEYCHAIN_FILE: &str = "CLAVIS_DIALECTS__BARONG__MANAGEMENT_KEYCHAIN_FILE";

/// Who has to sign, by scope, and who may.
pub(crate) type Scopes<'a> = [(&'a str, &'a str, &'a str)];

/// What most tests allow: one server reads alone, the other has to sign whatever is written.
const SCOPES: &Scopes<'static> = &[
    ("tools", "", "applogic, peatio"),
    ("read_users", "", "applogic, peatio"),
    ("write_users", "applogic", "applogic, peatio"),
    ("read_labels", "", "applogic, peatio"),
    ("write_labels", "applogic", "applogic, peatio"),
    ("otp_sign", "applogic", "applogic"),
    ("write_documents", "applogic", "applogic"),
    ("read_phones", "applogic", "applogic"),
    ("write_phones", "applogic", "applogic"),
];

/// A server with a key.
pub(crate) struct Signer {
    name: &'static str,
    algorithm: &'static str,
    key: PKey<Private>,
}

/// The servers of the tests.
pub(crate) struct Signers {
    /// In the keychain, with an RSA key.
    pub(crate) applogic: Signer,
    /// In the keychain, with a key on a curve.
    pub(crate) peatio: Signer,
    /// In no keychain.
    pub(crate) stranger: Signer,
}

/// The same for all tests, since keys take long to make.
pub(crate) fn signers() -> &'static Signers {
    static SIGNERS: OnceLock<Signers> = OnceLock::new();
    SIGNERS.get_or_init(|| Signers {
        applogic: Signer::rs256("applogic"),
        peatio: Signer::es256("peatio"),
        stranger: Signer::es256("stranger"),
    })
}

impl Signer {
    fn rs256(name: &'static str) -> Self {
        let key = Rsa::generate(2048).and_then(PKey::from_rsa).expect("a key");
        Self {
            name,
            algorithm: "RS256",
            key,
        }
    }

    fn es256(name: &'static str) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve");
        let key = EcKey::generate(&group)
            .and_then(PKey::from_ec_key)
            .expect("a key");
        Self {
            name,
            algorithm: "ES256",
            key,
        }
    }

    pub(crate) fn public_pem(&self) -> Vec<u8> {
        self.key.public_key_to_pem().expect("a public key")
    }

    pub(crate) fn private_pem(&self) -> Vec<u8> {
        self.key.private_key_to_pem_pkcs8().expect("a private key")
    }

    /// Its signature over these claims.
    pub(crate) fn sign(&self, claims: &Value) -> Value {
        self.sign_with(&json!({ "alg": self.algorithm }), claims, |message| {
            let signer: Box<dyn JwsSigner> = match self.algorithm {
                "RS256" => Box::new(RS256.signer_from_pem(self.private_pem()).expect("its key")),
                _ => Box::new(ES256.signer_from_pem(self.private_pem()).expect("its key")),
            };
            signer.sign(message).expect("a signature")
        })
    }

    /// What stands in the place of its signature, with another header and made in another way.
    pub(crate) fn sign_with(
        &self,
        protected: &Value,
        claims: &Value,
        sign: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Value {
        let protected = encoded(protected);
        let signature = sign(format!("{protected}.{}", encoded(claims)).as_bytes());
        json!({
            "protected": protected,
            "header": { "kid": self.name },
            "signature": URL_SAFE_NO_PAD.encode(signature),
        })
    }
}

/// A keychain with both servers that are in one, and these scopes.
pub(crate) fn keychain(scopes: &Scopes<'_>) -> String {
    let Signers { applogic, peatio, .. } = signers();
    let mut yaml = "keychain:\n".to_owned();
    for Signer { name, algorithm, key } in [applogic, peatio] {
        let value = STANDARD.encode(key.public_key_to_pem().expect("a public key"));
        let _ = writeln!(yaml, "  {name}:\n    algorithm: {algorithm}\n    value: {value}");
    }
    yaml += "scopes:\n";
    for (scope, mandatory, permitted) in scopes {
        let _ = writeln!(
            yaml,
            "  {scope}:\n    mandatory_signers: [{mandatory}]\n    permitted_signers: [{permitted}]"
        );
    }
    yaml
}

/// Claims in force for a minute, good for one request.
pub(crate) fn claims(data: Value) -> Value {
    let now = now();
    json!({ "iat": now, "exp": now + 60, "jti": format!("request-{}", unique()), "iss": "tests", "data": data })
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "another server looks at its own clock")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a time after 1970").as_secs()
}

/// A request of these claims with these signatures.
pub(crate) fn request(claims: &Value, signatures: &[Value]) -> Value {
    json!({ "payload": encoded(claims), "signatures": signatures })
}

/// As [`request`], signed by these servers.
pub(crate) fn signed(claims: &Value, by: &[&Signer]) -> Value {
    let signatures: Vec<_> = by.iter().map(|signer| signer.sign(claims)).collect();
    request(claims, &signatures)
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// A server with a keychain.
pub(crate) struct Management {
    server: Server,
    /// Where the keychain lies.
    _folder: TempDir,
}

impl Management {
    /// With the scopes of most tests.
    #[track_caller]
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// As [`Management::start`], with these settings.
    #[track_caller]
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        Self::with_scopes(SCOPES, settings)
    }

    #[track_caller]
    pub(crate) fn with_scopes(scopes: &Scopes<'_>, settings: &[(&str, &str)]) -> Self {
        let (folder, path) = in_file(&keychain(scopes));
        let settings = [settings, &[(KEYCHAIN_FILE, &path)]].concat();
        Self {
            server: Server::with(&settings),
            _folder: folder,
        }
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// What `applogic` asks for by POST, below `/api/v2/management`.
    pub(crate) fn post(&self, path: &str, data: Value) -> Answer {
        self.ask(Method::POST, path, data)
    }

    /// As [`Management::post`], with another verb.
    pub(crate) fn ask(&self, method: Method, path: &str, data: Value) -> Answer {
        let body = signed(&claims(data), &[&signers().applogic]);
        self.send(method, &format!("/api/v2/management{path}"), body)
    }

    /// A whole path and a whole body.
    pub(crate) fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        self.server.request(method, path).json(body).send()
    }

    /// The uid of a new account whose password is the tests'.
    #[track_caller]
    pub(crate) fn newcomer(&self, address: &str) -> String {
        let data = json!({ "email": address, "password": super::BARONG_PASSWORD });
        self.post("/users", data).expect(201).at("/uid")
    }

    /// Sets a private label.
    #[track_caller]
    pub(crate) fn label(&self, uid: &str, key: &str, value: &str) {
        let data = json!({ "user_uid": uid, "key": key, "value": value });
        self.post("/labels", data).expect(201);
    }

    /// An account, found by its uid.
    #[track_caller]
    pub(crate) fn user(&self, uid: &str) -> Answer {
        self.post("/users/get", json!({ "uid": uid })).expect(201)
    }
}

/// A text in a file of its own, and the file's path.
pub(crate) fn in_file(text: &str) -> (TempDir, String) {
    let folder = tempfile::Builder::new()
        .prefix("clavis-keychain-")
        .tempdir()
        .expect("a temporary directory");
    let path = folder.path().join("management.yml");
    fs::write(&path, text).expect("the directory is ours");
    let path = path.display().to_string();
    (folder, path)
}
