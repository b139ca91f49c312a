//! GitHub, `LinkedIn`, Spotify, Twitter and Microsoft, by their own documentation.

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::server::Asked;
use super::sites::{access, exchange, give_access};
use super::{Access, Grant, Person, Site, State, client, paths};

type Answer = (u16, Value);

/// The variables of a server that asks them all.
pub(crate) fn settings(base: &str) -> Vec<(&'static str, String)> {
    let at = |path: &str| format!("{base}{path}");
    vec![
        (
            "CLAVIS_FEDERATION__GITHUB__CLIENT_ID",
            client::GITHUB_ID.to_owned(),
        ),
        (
            "CLAVIS_FEDERATION__GITHUB__CLIENT_SECRET",
            client::GITHUB_SECRET.to_owned(),
        ),
        ("CLAVIS_FEDERATION__GITHUB__TOKEN_URL", at(paths::GITHUB_TOKEN)),
        ("CLAVIS_FEDERATION__GITHUB__USER_URL", at(paths::GITHUB_USER)),
        (
            "CLAVIS_FEDERATION__LINKEDIN__CLIENT_ID",
            client::LINKEDIN_ID.to_owned(),
        ),
        (
            "CLAVIS_FEDERATION__LINKEDIN__CLIENT_SECRET",
            client::LINKEDIN_SECRET.to_owned(),
        ),
        (
            "CLAVIS_FEDERATION__LINKEDIN__TOKEN_URL",
            at(paths::LINKEDIN_TOKEN),
        ),
        ("CLAVIS_FEDERATION__LINKEDIN__API_URL", at("/linkedin/v2")),
        (
            "CLAVIS_FEDERATION__SPOTIFY__CLIENT_ID",
            client::SPOTIFY_ID.to_owned(),
        ),
        (
            "CLAVIS_FEDERATION__SPOTIFY__CLIENT_SECRET",
            client::SPOTIFY_SECRET.to_owned(),
        ),
        ("CLAVIS_FEDERATION__SPOTIFY__TOKEN_URL", at(paths::SPOTIFY_TOKEN)),
        ("CLAVIS_FEDERATION__SPOTIFY__ME_URL", at(paths::SPOTIFY_ME)),
        (
            "CLAVIS_FEDERATION__TWITTER__CLIENT_ID",
            client::TWITTER_ID.to_owned(),
        ),
        (
            "CLAVIS_FEDERATION__TWITTER__CLIENT_SECRET",
            client::TWITTER_SECRET.to_owned(),
        ),
        ("CLAVIS_FEDERATION__TWITTER__API_URL", at("/twitter")),
        (
            "CLAVIS_FEDERATION__WINDOWSLIVE__CLIENT_ID",
            client::WINDOWSLIVE_ID.to_owned(),
        ),
        (
            "CLAVIS_FEDERATION__WINDOWSLIVE__CLIENT_SECRET",
            client::WINDOWSLIVE_SECRET.to_owned(),
        ),
        (
            "CLAVIS_FEDERATION__WINDOWSLIVE__TOKEN_URL",
            at(paths::WINDOWSLIVE_TOKEN),
        ),
        (
            "CLAVIS_FEDERATION__WINDOWSLIVE__ME_URL",
            at(paths::WINDOWSLIVE_ME),
        ),
    ]
}

/// What a site asks of a browser that comes to log somebody in, beside what every site does.
#[track_caller]
pub(crate) fn check_authorization(site: Site, asked: &HashMap<String, String>) {
    let scope = match site {
        Site::Github => "user:email",
        Site::Linkedin => "r_emailaddress r_liteprofile",
        Site::Spotify => "user-read-email user-read-private",
        Site::Windowslive => "wl.basic wl.emails wl.contacts_emails",
        _ => return,
    };
    assert_eq!(asked["scope"], scope, "{asked:?}");
    let is_challenged = asked.get("code_challenge_method").map(String::as_str) == Some("S256");
    assert_eq!(
        is_challenged,
        matches!(site, Site::Github | Site::Spotify),
        "{asked:?}"
    );
}

/// What is answered to whom.
pub(crate) fn answer(asked: &Asked, state: &State) -> Answer {
    let is_client = |id: &str, secret: &str| {
        asked.parameter("client_id") == id && asked.parameter("client_secret") == secret
    };
    match (&*asked.method, &*asked.path) {
        ("POST", paths::GITHUB_TOKEN) => {
            let is_client = is_client(client::GITHUB_ID, client::GITHUB_SECRET);
            github_token(asked, state, is_client)
        }
        ("POST", paths::LINKEDIN_TOKEN) => {
            let is_client = is_client(client::LINKEDIN_ID, client::LINKEDIN_SECRET);
            exchange(Site::Linkedin, asked, state, is_client && is_unchallenged(asked))
        }
        ("POST", paths::WINDOWSLIVE_TOKEN) => {
            let is_client = is_client(client::WINDOWSLIVE_ID, client::WINDOWSLIVE_SECRET);
            exchange(
                Site::Windowslive,
                asked,
                state,
                is_client && is_unchallenged(asked),
            )
        }
        ("POST", paths::SPOTIFY_TOKEN) => {
            let pair = format!("{}:{}", client::SPOTIFY_ID, client::SPOTIFY_SECRET);
            let is_client = asked.authorization == format!("Basic {}", STANDARD.encode(pair));
            exchange(Site::Spotify, asked, state, is_client)
        }
        ("GET", paths::GITHUB_USER) => told(Site::Github, asked, state, github_user),
        ("GET", paths::GITHUB_EMAILS) => told(Site::Github, asked, state, github_emails),
        ("GET", paths::LINKEDIN_ME) => told(Site::Linkedin, asked, state, linkedin_me),
        ("GET", paths::LINKEDIN_ADDRESS) => told(Site::Linkedin, asked, state, linkedin_address),
        ("GET", paths::SPOTIFY_ME) => told(Site::Spotify, asked, state, spotify_me),
        ("GET", paths::WINDOWSLIVE_ME) => told(Site::Windowslive, asked, state, windowslive_me),
        ("POST", paths::TWITTER_REQUEST) => twitter_request(asked, state),
        ("POST", paths::TWITTER_ACCESS) => twitter_access(asked, state),
        ("GET", paths::TWITTER_ME) => twitter_me(asked, state),
        _ => (404, json!({ "error": "not_found" })),
    }
}

/// Who was sent no challenge takes a verifier for a mistake.
fn is_unchallenged(asked: &Asked) -> bool {
    asked.parameter("code_verifier").is_empty()
}

/// GitHub refuses with the status of a success, and in a form of its own to who does not ask for JSON.
fn github_token(asked: &Asked, state: &State, is_client: bool) -> Answer {
    if asked.accept != "application/json" {
        return (
            200,
            Value::from("access_token=gho_16C7e42F292c6912E7710c838347Ae178B4a"),
        );
    }
    match exchange(Site::Github, asked, state, is_client) {
        (200, answer) => (200, answer),
        (401, _) => (200, json!({ "error": "incorrect_client_credentials" })),
        (_, _) => (200, json!({ "error": "bad_verification_code" })),
    }
}

fn told(site: Site, asked: &Asked, state: &State, tell: impl Fn(&Asked, &Person) -> Value) -> Answer {
    match access(site, asked.bearer(), state) {
        Some(Access {
            person,
            is_over: false,
            ..
        }) => (200, tell(asked, &person)),
        _ => (401, json!({ "message": "Bad credentials" })),
    }
}

fn github_user(_: &Asked, person: &Person) -> Value {
    let id: u64 = person.subject.parse().expect("a number");
    json!({
        "login": "octocat",
        "id": id,
        "node_id": "MDQ6VXNlcjE=",
        "avatar_url": person.picture,
        "name": person.name,
        // What somebody wants to be seen, not what is theirs.
        "email": "public@example.org",
    })
}

fn github_emails(_: &Asked, person: &Person) -> Value {
    let other = json!({ "email": "other@users.noreply.github.com", "primary": false, "verified": true });
    match &person.address {
        Some(address) => json!([
            other,
            { "email": address, "primary": true, "verified": person.verified, "visibility": null },
        ]),
        None => json!([]),
    }
}

fn linkedin_me(asked: &Asked, person: &Person) -> Value {
    assert!(asked.parameter("projection").contains("localizedFirstName"));
    let (first, last) = match &person.name {
        Some(name) => name.split_once(' ').unwrap_or((name, "")),
        None => ("", ""),
    };
    let mut me = json!({ "id": person.subject, "localizedFirstName": first, "localizedLastName": last });
    if let Some(picture) = &person.picture {
        let image = |url: &str| json!({ "identifiers": [{ "identifier": url }] });
        let elements = json!([image("https://pictures.example/small.png"), image(picture)]);
        me["profilePicture"] = json!({ "displayImage": "urn:li:digitalmediaAsset:1", "displayImage~": { "elements": elements } });
    }
    me
}

fn linkedin_address(asked: &Asked, person: &Person) -> Value {
    assert_eq!(asked.parameter("q"), "members");
    match &person.address {
        Some(address) => {
            json!({ "elements": [{ "handle": "urn:li:emailAddress:1", "handle~": { "emailAddress": address } }] })
        }
        None => json!({ "elements": [] }),
    }
}

fn spotify_me(_: &Asked, person: &Person) -> Value {
    let images: Vec<_> = person
        .picture
        .iter()
        .map(|url| json!({ "url": url, "height": null }))
        .collect();
    json!({
        "id": person.subject,
        "display_name": person.name,
        "email": person.address,
        "images": images,
        "type": "user",
    })
}

fn windowslive_me(_: &Asked, person: &Person) -> Value {
    json!({
        "id": person.subject,
        "name": person.name,
        "emails": { "preferred": person.address, "account": person.address, "personal": null },
    })
}

/// A request token that somebody may agree to.
#[derive(Debug, Clone)]
pub(crate) struct Requested {
    callback: String,
    agreed: Option<(Person, String)>,
}

/// This person opens the page to which a browser was sent with a request token, and agrees: where the browser goes next.
#[track_caller]
pub(crate) fn agree(state: &State, authorization_url: &Url, person: &Person) -> Url {
    let (_, token) = authorization_url
        .query_pairs()
        .find(|(name, _)| name == "oauth_token")
        .expect("a request token");
    let mut sites = state.sites();
    let verifier = sites.fresh("verifier");
    let requested = sites.requested.get_mut(&*token).expect("it was given out");
    requested.agreed = Some((person.clone(), verifier.clone()));
    let mut back = Url::parse(&requested.callback).expect("an absolute URL");
    back.query_pairs_mut()
        .append_pair("oauth_token", &token)
        .append_pair("oauth_verifier", &verifier);
    back
}

fn form(members: &[(&str, &str)]) -> Answer {
    let text = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(members)
        .finish();
    (200, Value::from(text))
}

fn unauthorized() -> Answer {
    (
        401,
        json!({ "errors": [{ "code": 32, "message": "Could not authenticate you." }] }),
    )
}

/// <https://developer.x.com/en/docs/authentication/api-reference/request_token>
fn twitter_request(asked: &Asked, state: &State) -> Answer {
    let signed = signed(asked, state, "");
    let Some(callback) = signed.as_ref().and_then(|signed| signed.get("oauth_callback")) else {
        return unauthorized();
    };
    let mut sites = state.sites();
    let token = sites.fresh("request");
    let requested = Requested {
        callback: callback.clone(),
        agreed: None,
    };
    sites.requested.insert(token.clone(), requested);
    form(&[
        ("oauth_token", &token),
        ("oauth_token_secret", &secret_of(&token)),
        ("oauth_callback_confirmed", "true"),
    ])
}

fn twitter_access(asked: &Asked, state: &State) -> Answer {
    let named = protocol(asked).remove("oauth_token").unwrap_or_default();
    let Some(signed) = signed(asked, state, &secret_of(&named)) else {
        return unauthorized();
    };
    // It is good once, whatever comes of it.
    let requested = state.sites().requested.remove(&named);
    let Some((person, verifier)) = requested.and_then(|requested| requested.agreed) else {
        return unauthorized();
    };
    if signed.get("oauth_verifier") != Some(&verifier) {
        return unauthorized();
    }
    let grant = Grant {
        site: Site::Twitter,
        person: person.clone(),
        id_token: None,
        redirect_uri: None,
        challenge: None,
        nonce: None,
        scope: String::new(),
    };
    let token = give_access(Site::Twitter, &grant, state);
    form(&[
        ("oauth_token", &token),
        ("oauth_token_secret", &secret_of(&token)),
        ("user_id", &person.subject),
        ("screen_name", "ann"),
    ])
}

/// <https://developer.x.com/en/docs/twitter-api/v1/accounts-and-users/manage-account-settings/api-reference/get-account-verify_credentials>
fn twitter_me(asked: &Asked, state: &State) -> Answer {
    let named = protocol(asked).remove("oauth_token").unwrap_or_default();
    let access = access(Site::Twitter, &named, state);
    let Some(access) = access.filter(|_| signed(asked, state, &secret_of(&named)).is_some()) else {
        return unauthorized();
    };
    let person = access.person;
    let mut me = json!({
        "id_str": person.subject,
        "name": person.name,
        "screen_name": "ann",
        "profile_image_url_https": person.picture,
    });
    if asked.parameter("include_email") == "true" {
        // One that is not verified is as if it were not there.
        me["email"] = json!(person.address.filter(|_| person.verified));
    }
    (200, me)
}

fn secret_of(token: &str) -> String {
    format!("secret & of {token}")
}

/// The parameters of the protocol in the header.
fn protocol(asked: &Asked) -> BTreeMap<String, String> {
    let members = asked
        .authorization
        .strip_prefix("OAuth ")
        .unwrap_or_default()
        .split(", ");
    let pairs = members.filter_map(|member| member.split_once('='));
    pairs
        .map(|(name, value)| (decoded(name), decoded(value.trim_matches('"'))))
        .collect()
}

/// The parameters of the protocol, when the request is signed with our secret and this one (RFC 5849 §3.4.2).
fn signed(asked: &Asked, state: &State, token_secret: &str) -> Option<BTreeMap<String, String>> {
    let mut told = protocol(asked);
    let signature = told.remove("oauth_signature")?;
    if told.get("oauth_consumer_key")? != client::TWITTER_ID
        || told.get("oauth_signature_method")? != "HMAC-SHA1"
    {
        return None;
    }
    let is_new = state.sites().nonces.insert(told.get("oauth_nonce")?.clone());
    let mut parameters: Vec<(String, String)> = told
        .iter()
        .chain(&asked.parameters)
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    parameters.sort();
    let parameters: Vec<_> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let place = format!("{}{}", state.base, asked.path);
    let text = [&*asked.method, &place, &parameters.join("&")]
        .map(encoded)
        .join("&");
    let key = format!("{}&{}", encoded(client::TWITTER_SECRET), encoded(token_secret));
    let key = PKey::hmac(key.as_bytes()).expect("a key");
    let mut signer = Signer::new(MessageDigest::sha1(), &key).expect("HMAC-SHA1");
    let expected = STANDARD.encode(signer.sign_oneshot_to_vec(text.as_bytes()).expect("a signature"));
    (is_new && signature == expected).then_some(told)
}

/// RFC 5849 §3.6, which a form's encoding is not.
fn encoded(text: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let parts = text.bytes().map(|byte| {
        if is_plain(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    parts.collect()
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', "%2B");
    let pair = format!("x={text}");
    form_urlencoded::parse(pair.as_bytes())
        .next()
        .expect("a pair")
        .1
        .into_owned()
}
