//! Google, Apple, Facebook, Kakao, `WeChat`, an OpenID provider and those that Backend Plus knows, as far as a server that asks them sees them: they
//! speak the real protocols over loopback, check what they are sent as the real ones do, and can be told to misbehave.
//!
//! ```ignore
//! let providers = Providers::start();
//! let server = Server::with(&providers.settings());
//! let ann = Person::new("10769150350006150715113082367").with_address("ann@gmail.com").named("Ann");
//! let token = providers.id_token(Site::Google, &ann);      // what an app sends after a log-in with Google or Apple
//! let token = providers.access_token(Site::Facebook, &ann); // Facebook, Kakao
//! let code = providers.code(Site::WeChat, &ann);            // Apple, WeChat, and each where a browser comes back
//! let forged = providers.token(Site::Google, &ann).claim("aud", json!("another-app")).signed_by(Signing::Own);
//! providers.behave(paths::GOOGLE_KEYS, Manner::Answers(500, String::new()));
//! assert_eq!(providers.asked(paths::GOOGLE_KEYS), 1);
//! ```
//!
//! `crates/federation` tests itself against it too; so nothing in here knows the rest of the harness.

// With their paths, because two crates name this file from different places.
#[path = "providers/server.rs"]
mod server;
#[path = "providers/sites.rs"]
mod sites;
#[path = "providers/social.rs"]
mod social;
#[path = "providers/tokens.rs"]
mod tokens;

use std::collections::{HashMap, HashSet};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;
use url::Url;

pub(crate) use tokens::{IdToken, Key, Signing};

/// What the installation under test is called at each site, and what proves that it is itself.
pub(crate) mod client {
    /// `federation.google.client_ids`: the second is an app on a phone.
    pub(crate) const GOOGLE_IDS: [&str; 2] = [
        "web.apps.googleusercontent.test",
        "phone.apps.googleusercontent.test",
    ];
    pub(crate) const GOOGLE_SECRET: &str = "google-client-secret-0f1e2d";
    pub(crate) const APPLE_ID: &str = "org.example.clavis";
    pub(crate) const APPLE_TEAM: &str = "TEAM123456";
    pub(crate) const APPLE_KEY_ID: &str = "KEY7654321";
    pub(crate) const FACEBOOK_ID: &str = "1122334455667788";
    pub(crate) const FACEBOOK_SECRET: &str = "facebook-app-secret-3c4b5a";
    pub(crate) const KAKAO_APP: u64 = 424_242;
    pub(crate) const KAKAO_ID: &str = "kakao-rest-key-99";
    pub(crate) const KAKAO_SECRET: &str = "kakao-client-secret-778899";
    pub(crate) const WECHAT_ID: &str = "wx0123456789abcdef";
    pub(crate) const WECHAT_SECRET: &str = "wechat-app-secret-6d7e8f";
    pub(crate) const GITHUB_ID: &str = "Iv1.github-client";
    pub(crate) const GITHUB_SECRET: &str = "github-client-secret-1a2b3c";
    pub(crate) const LINKEDIN_ID: &str = "linkedin-client";
    pub(crate) const LINKEDIN_SECRET: &str = "linkedin-client-secret-4d5e6f";
    pub(crate) const SPOTIFY_ID: &str = "spotify-client";
    pub(crate) const SPOTIFY_SECRET: &str = "spotify-client-secret-7a8b9c";
    pub(crate) const TWITTER_ID: &str = "twitter-consumer";
    pub(crate) const TWITTER_SECRET: &str = "twitter & consumer + secret";
    pub(crate) const WINDOWSLIVE_ID: &str = "000000004C123456";
    pub(crate) const WINDOWSLIVE_SECRET: &str = "windowslive-client-secret-0d1e2f";
    /// The OpenID provider is called this in the settings: `federation.oidc.corp`.
    pub(crate) const OIDC_NAME: &str = "corp";
    pub(crate) const OIDC_ID: &str = "clavis at corp";
    pub(crate) const OIDC_SECRET: &str = "corp:client/secret+a1b2 c3";
    pub(crate) const CAPTCHA_SECRET: &str = "captcha-secret-3e4f5a";
    /// What a page gets for the solution of a puzzle.
    pub(crate) const CAPTCHA_SOLUTION: &str = "03AGdBq27 solved+it";
}

/// The paths that are served, for [`Providers::behave`] and [`Providers::asked`].
pub(crate) mod paths {
    pub(crate) const GOOGLE_KEYS: &str = "/google/keys";
    pub(crate) const GOOGLE_TOKEN: &str = "/google/token";
    pub(crate) const APPLE_KEYS: &str = "/apple/keys";
    pub(crate) const APPLE_TOKEN: &str = "/apple/token";
    pub(crate) const FACEBOOK_ME: &str = "/facebook/me";
    pub(crate) const FACEBOOK_DEBUG: &str = "/facebook/debug_token";
    pub(crate) const FACEBOOK_TOKEN: &str = "/facebook/oauth/access_token";
    pub(crate) const KAKAO_INFO: &str = "/kakao/v1/user/access_token_info";
    pub(crate) const KAKAO_ME: &str = "/kakao/v2/user/me";
    pub(crate) const KAKAO_TOKEN: &str = "/kakao/oauth/token";
    pub(crate) const WECHAT_TOKEN: &str = "/wechat/sns/oauth2/access_token";
    pub(crate) const WECHAT_ME: &str = "/wechat/sns/userinfo";
    pub(crate) const GITHUB_TOKEN: &str = "/github/login/oauth/access_token";
    pub(crate) const GITHUB_USER: &str = "/github/user";
    pub(crate) const GITHUB_EMAILS: &str = "/github/user/emails";
    pub(crate) const LINKEDIN_TOKEN: &str = "/linkedin/oauth/v2/accessToken";
    pub(crate) const LINKEDIN_ME: &str = "/linkedin/v2/me";
    pub(crate) const LINKEDIN_ADDRESS: &str = "/linkedin/v2/emailAddress";
    pub(crate) const SPOTIFY_TOKEN: &str = "/spotify/api/token";
    pub(crate) const SPOTIFY_ME: &str = "/spotify/v1/me";
    pub(crate) const TWITTER_REQUEST: &str = "/twitter/oauth/request_token";
    pub(crate) const TWITTER_ACCESS: &str = "/twitter/oauth/access_token";
    pub(crate) const TWITTER_ME: &str = "/twitter/1.1/account/verify_credentials.json";
    pub(crate) const WINDOWSLIVE_TOKEN: &str = "/windowslive/oauth20_token.srf";
    pub(crate) const WINDOWSLIVE_ME: &str = "/windowslive/v5.0/me";
    pub(crate) const OIDC_DISCOVERY: &str = "/oidc/.well-known/openid-configuration";
    pub(crate) const OIDC_KEYS: &str = "/oidc/keys";
    pub(crate) const OIDC_TOKEN: &str = "/oidc/token";
    pub(crate) const OIDC_USERINFO: &str = "/oidc/userinfo";
    /// Says whether a puzzle was solved, as reCAPTCHA does.
    pub(crate) const SITE_VERIFY: &str = "/recaptcha/api/siteverify";
}

/// Whose log-in it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Site {
    Google,
    Apple,
    Facebook,
    Kakao,
    WeChat,
    /// The OpenID provider: `federation.oidc.corp`.
    Oidc,
    Github,
    Linkedin,
    Spotify,
    Twitter,
    Windowslive,
}

/// Somebody who has an account at a site.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// `sub` at OpenID providers, `id` at Facebook and Kakao (a number there), `unionid` at `WeChat`.
    pub(crate) subject: String,
    pub(crate) address: Option<String>,
    /// Whether the site calls the address verified; Facebook and `WeChat` say nothing of the kind.
    pub(crate) verified: bool,
    pub(crate) name: Option<String>,
    pub(crate) picture: Option<String>,
}

impl Person {
    /// Somebody of whom the site tells nothing else.
    pub(crate) fn new(subject: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            address: None,
            verified: false,
            name: None,
            picture: None,
        }
    }

    /// With an address that the site calls verified.
    pub(crate) fn with_address(self, address: &str) -> Self {
        Self {
            address: Some(address.to_owned()),
            verified: true,
            ..self
        }
    }

    /// With an address that the site does not call verified.
    pub(crate) fn with_unverified_address(self, address: &str) -> Self {
        Self {
            verified: false,
            ..self.with_address(address)
        }
    }

    /// With a name.
    pub(crate) fn named(self, name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            ..self
        }
    }

    /// With a picture.
    pub(crate) fn pictured(self, url: &str) -> Self {
        Self {
            picture: Some(url.to_owned()),
            ..self
        }
    }
}

/// How a path is answered from now on.
#[derive(Debug, Clone)]
pub(crate) enum Manner {
    /// As the protocol says.
    Well,
    /// With this status and this text as JSON.
    Answers(u16, String),
    /// As the protocol says, but with these members instead, at the top of the JSON; `null` takes one away.
    Says(Value),
    /// With a redirect to this URL.
    Redirects(String),
    /// With a body that does not end.
    Floods,
    /// With a body that comes byte by byte and does not end.
    Drips,
    /// Not at all, but the connection stays.
    Hangs,
    /// With the first half of a body, and then the connection is closed.
    Breaks,
}

/// The sites, on one port of 127.0.0.1 until the test's process ends.
pub(crate) struct Providers {
    state: Arc<State>,
    settings: Vec<(&'static str, String)>,
    /// Holds Apple's private key.
    _folder: TempDir,
}

/// What all connections share.
pub(crate) struct State {
    pub(crate) base: String,
    sites: Mutex<Sites>,
}

#[derive(Default)]
pub(crate) struct Sites {
    /// The published keys; the first signs.
    pub(crate) keys: HashMap<Site, Vec<Key>>,
    pub(crate) grants: HashMap<String, Grant>,
    pub(crate) access_tokens: HashMap<String, Access>,
    /// Twitter's request tokens, and the nonces of signed requests.
    pub(crate) requested: HashMap<String, social::Requested>,
    pub(crate) nonces: HashSet<String>,
    pub(crate) manners: HashMap<String, Manner>,
    pub(crate) asked: HashMap<String, usize>,
    /// The targets of all requests, with what they carried, in order.
    pub(crate) log: Vec<String>,
    pub(crate) connections: usize,
    pub(crate) issued: usize,
    /// What checks the installation's signature at Apple.
    pub(crate) apple_client_key: Option<Vec<u8>>,
}

/// What a code stands for.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) site: Site,
    pub(crate) person: Person,
    /// The ID token that it is exchanged for; `None`: a good one.
    pub(crate) id_token: Option<String>,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) scope: String,
}

/// What an access token stands for.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) site: Site,
    pub(crate) person: Person,
    /// For whose application it was issued: ours, or another's.
    pub(crate) is_ours: bool,
    pub(crate) is_over: bool,
}

impl State {
    pub(crate) fn sites(&self) -> MutexGuard<'_, Sites> {
        self.sites.lock().expect("no test panics while it holds this")
    }
}

impl Sites {
    /// A text that was not given out before.
    pub(crate) fn fresh(&mut self, what: &str) -> String {
        self.issued += 1;
        format!("{what}-{:06}", self.issued)
    }
}

impl Providers {
    /// Listens, with fresh keys and nobody logged in.
    #[track_caller]
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("it is bound"));
        let folder = tempfile::Builder::new().prefix("clavis-providers-").tempdir();
        let folder = folder.expect("a temporary directory");
        let (private, public) = tokens::apple_client_key();
        let private_key_file = folder.path().join("AuthKey.p8");
        std::fs::write(&private_key_file, private).expect("the directory is ours");
        let mut sites = Sites {
            apple_client_key: Some(public),
            ..Sites::default()
        };
        for site in [Site::Google, Site::Apple, Site::Oidc] {
            sites.keys.insert(site, vec![Key::rsa(site, 1)]);
        }
        let state = Arc::new(State {
            base: base.clone(),
            sites: Mutex::new(sites),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || server::listen(&listener, &shared));
        let mut settings = sites::settings(&base, &private_key_file);
        settings.extend(social::settings(&base));
        Self {
            state,
            settings,
            _folder: folder,
        }
    }

    /// `http://127.0.0.1:port`.
    pub(crate) fn base(&self) -> &str {
        &self.state.base
    }

    /// The settings of a server that asks them all: variables and their values.
    pub(crate) fn settings(&self) -> Vec<(&str, &str)> {
        let settings = self.settings.iter();
        settings.map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// The settings of a server that asks this one only.
    pub(crate) fn settings_of(&self, site: Site) -> Vec<(&str, &str)> {
        let section = sites::section(site);
        let settings = self.settings().into_iter();
        settings.filter(|(name, _)| name.starts_with(section)).collect()
    }

    /// An ID token as an app gets it when this person logs in there: Google, Apple, OpenID.
    pub(crate) fn id_token(&self, site: Site, person: &Person) -> String {
        self.token(site, person).encode()
    }

    /// An ID token to be changed before it is signed; as it comes, it is good.
    pub(crate) fn token(&self, site: Site, person: &Person) -> IdToken {
        let sites = self.state.sites();
        IdToken::new(&self.state.base, site, person, &sites.keys[&site])
    }

    /// A code as an app or a browser gets it when this person logs in there. Good once.
    pub(crate) fn code(&self, site: Site, person: &Person) -> String {
        self.grant(Grant {
            site,
            person: person.clone(),
            id_token: None,
            redirect_uri: None,
            challenge: None,
            nonce: None,
            scope: sites::scope(site).to_owned(),
        })
    }

    /// A code that is exchanged for this ID token, whatever it says.
    pub(crate) fn code_for(&self, site: Site, id_token: String) -> String {
        self.grant(Grant {
            site,
            person: Person::new("0"),
            id_token: Some(id_token),
            redirect_uri: None,
            challenge: None,
            nonce: None,
            scope: sites::scope(site).to_owned(),
        })
    }

    /// A code at `WeChat` to which the person agreed with this scope only.
    pub(crate) fn code_with_scope(&self, person: &Person, scope: &str) -> String {
        self.grant(Grant {
            site: Site::WeChat,
            person: person.clone(),
            id_token: None,
            redirect_uri: None,
            challenge: None,
            nonce: None,
            scope: scope.to_owned(),
        })
    }

    /// This person opens the address that a browser was sent to, logs in and agrees: where the browser goes next. The
    /// code in there is good with the same `redirect_uri` and the verifier of the challenge, and its ID token has the
    /// nonce.
    #[track_caller]
    pub(crate) fn consent(&self, site: Site, authorization_url: &str, person: &Person) -> Url {
        let asked = Url::parse(authorization_url).expect("an absolute URL");
        if site == Site::Twitter {
            return social::agree(&self.state, &asked, person);
        }
        let asked: HashMap<String, String> = asked.query_pairs().into_owned().collect();
        sites::check_authorization(site, &asked);
        let redirect_uri = asked["redirect_uri"].clone();
        let code = self.grant(Grant {
            site,
            person: person.clone(),
            id_token: None,
            redirect_uri: Some(redirect_uri.clone()),
            challenge: asked.get("code_challenge").cloned(),
            nonce: asked.get("nonce").cloned(),
            scope: sites::scope(site).to_owned(),
        });
        let mut back = Url::parse(&redirect_uri).expect("an absolute URL");
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &asked["state"]);
        back
    }

    /// An access token as an app gets it when this person logs in there: Facebook, Kakao.
    pub(crate) fn access_token(&self, site: Site, person: &Person) -> String {
        self.access(site, person, true, false)
    }

    /// An access token that was issued for another application.
    pub(crate) fn access_token_of_another_app(&self, site: Site, person: &Person) -> String {
        self.access(site, person, false, false)
    }

    /// An access token that was good once.
    pub(crate) fn expired_access_token(&self, site: Site, person: &Person) -> String {
        self.access(site, person, true, true)
    }

    /// The site signs with a new key from now on, and no longer publishes the old.
    pub(crate) fn rotate(&self, site: Site) {
        let mut sites = self.state.sites();
        let generation = sites.keys[&site].iter().map(Key::generation).max().unwrap_or(0) + 1;
        sites.keys.insert(site, vec![Key::rsa(site, generation)]);
    }

    /// The site signs with this key from now on, and publishes it before the others.
    pub(crate) fn sign_with(&self, site: Site, key: Key) {
        let mut sites = self.state.sites();
        sites.keys.entry(site).or_default().insert(0, key);
    }

    /// How a path is answered from now on.
    pub(crate) fn behave(&self, path: &str, manner: Manner) {
        self.state.sites().manners.insert(path.to_owned(), manner);
    }

    /// How often a path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.state.sites().asked.get(path).copied().unwrap_or(0)
    }

    /// Everything that was asked so far: method, target, authorization and body of each request.
    pub(crate) fn log(&self) -> Vec<String> {
        self.state.sites().log.clone()
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.state.sites().connections
    }

    fn grant(&self, grant: Grant) -> String {
        let mut sites = self.state.sites();
        let code = sites.fresh("code");
        sites.grants.insert(code.clone(), grant);
        code
    }

    fn access(&self, site: Site, person: &Person, is_ours: bool, is_over: bool) -> String {
        let mut sites = self.state.sites();
        let token = sites.fresh("access");
        let access = Access {
            site,
            person: person.clone(),
            is_ours,
            is_over,
        };
        sites.access_tokens.insert(token.clone(), access);
        token
    }
}
