//! What each site answers, by its own documentation.

use std::collections::HashMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use josekit::jws::ES256;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use serde_json::{Value, json};

use super::server::Asked;
use super::tokens::{IdToken, now};
use super::{Access, Grant, Key, Site, State, client, paths, social};

type Answer = (u16, Value);

/// How the variables of a site's settings begin.
pub(crate) fn section(site: Site) -> &'static str {
    match site {
        Site::Google => "CLAVIS_FEDERATION__GOOGLE__",
        Site::Apple => "CLAVIS_FEDERATION__APPLE__",
        Site::Facebook => "CLAVIS_FEDERATION__FACEBOOK__",
        Site::Kakao => "CLAVIS_FEDERATION__KAKAO__",
        Site::WeChat => "CLAVIS_FEDERATION__WECHAT__",
        Site::Oidc => "CLAVIS_FEDERATION__OIDC__CORP__",
        Site::Github => "CLAVIS_FEDERATION__GITHUB__",
        Site::Linkedin => "CLAVIS_FEDERATION__LINKEDIN__",
        Site::Spotify => "CLAVIS_FEDERATION__SPOTIFY__",
        Site::Twitter => "CLAVIS_FEDERATION__TWITTER__",
        Site::Windowslive => "CLAVIS_FEDERATION__WINDOWSLIVE__",
    }
}

/// The variables of a server that asks all sites.
pub(crate) fn settings(base: &str, private_key_file: &Path) -> Vec<(&'static str, String)> {
    let at = |path: &str| format!("{base}{path}");
    vec![
        (
            "CLAVIS_FEDERATION__GOOGLE__CLIENT_IDS",
            client::GOOGLE_IDS.join(","),
        ),
        (
            "CLAVIS_FEDERATION__GOOGLE__CLIENT_SECRET",
            client::GOOGLE_SECRET.to_owned(),
        ),
        ("CLAVIS_FEDERATION__GOOGLE__JWKS_URL", at(paths::GOOGLE_KEYS)),
        ("CLAVIS_FEDERATION__GOOGLE__TOKEN_URL", at(paths::GOOGLE_TOKEN)),
        ("CLAVIS_FEDERATION__APPLE__CLIENT_ID", client::APPLE_ID.to_owned()),
        ("CLAVIS_FEDERATION__APPLE__TEAM_ID", client::APPLE_TEAM.to_owned()),
        (
            "CLAVIS_FEDERATION__APPLE__KEY_ID",
            client::APPLE_KEY_ID.to_owned(),
        ),
        (
            "CLAVIS_FEDERATION__APPLE__PRIVATE_KEY_FILE",
            private_key_file.display().to_string(),
        ),
        ("CLAVIS_FEDERATION__APPLE__JWKS_URL", at(paths::APPLE_KEYS)),
        ("CLAVIS_FEDERATION__APPLE__TOKEN_URL", at(paths::APPLE_TOKEN)),
        (
            "CLAVIS_FEDERATION__FACEBOOK__APP_ID",
            client::FACEBOOK_ID.to_owned(),
        ),
        (
            "CLAVIS_FEDERATION__FACEBOOK__APP_SECRET",
            client::FACEBOOK_SECRET.to_owned(),
        ),
        ("CLAVIS_FEDERATION__FACEBOOK__GRAPH_URL", at("/facebook")),
        ("CLAVIS_FEDERATION__KAKAO__APP_ID", client::KAKAO_APP.to_string()),
        ("CLAVIS_FEDERATION__KAKAO__API_URL", at("/kakao")),
        ("CLAVIS_FEDERATION__KAKAO__CLIENT_ID", client::KAKAO_ID.to_owned()),
        (
            "CLAVIS_FEDERATION__KAKAO__CLIENT_SECRET",
            client::KAKAO_SECRET.to_owned(),
        ),
        ("CLAVIS_FEDERATION__KAKAO__TOKEN_URL", at(paths::KAKAO_TOKEN)),
        ("CLAVIS_FEDERATION__WECHAT__APP_ID", client::WECHAT_ID.to_owned()),
        (
            "CLAVIS_FEDERATION__WECHAT__APP_SECRET",
            client::WECHAT_SECRET.to_owned(),
        ),
        ("CLAVIS_FEDERATION__WECHAT__TOKEN_URL", at(paths::WECHAT_TOKEN)),
        ("CLAVIS_FEDERATION__WECHAT__USERINFO_URL", at(paths::WECHAT_ME)),
        ("CLAVIS_FEDERATION__OIDC__CORP__ISSUER", at("/oidc")),
        (
            "CLAVIS_FEDERATION__OIDC__CORP__CLIENT_ID",
            client::OIDC_ID.to_owned(),
        ),
        (
            "CLAVIS_FEDERATION__OIDC__CORP__CLIENT_SECRET",
            client::OIDC_SECRET.to_owned(),
        ),
    ]
}

/// The `iss` of its ID tokens.
pub(crate) fn issuer(base: &str, site: Site) -> String {
    match site {
        Site::Google => "https://accounts.google.com".to_owned(),
        Site::Apple => "https://appleid.apple.com".to_owned(),
        Site::Oidc => format!("{base}/oidc"),
        other => panic!("{other:?} has no ID tokens"),
    }
}

/// The `aud` of its ID tokens: us.
pub(crate) fn audience(site: Site) -> &'static str {
    match site {
        Site::Google => client::GOOGLE_IDS[0],
        Site::Apple => client::APPLE_ID,
        Site::Oidc => client::OIDC_ID,
        other => panic!("{other:?} has no ID tokens"),
    }
}

/// To what a person agrees.
pub(crate) fn scope(site: Site) -> &'static str {
    match site {
        Site::WeChat => "snsapi_userinfo",
        _ => "openid email profile",
    }
}

/// What a site asks of a browser that comes to log somebody in.
#[track_caller]
pub(crate) fn check_authorization(site: Site, asked: &HashMap<String, String>) {
    let client = match site {
        Site::Google => client::GOOGLE_IDS[0],
        Site::Apple => client::APPLE_ID,
        Site::Facebook => client::FACEBOOK_ID,
        Site::Kakao => client::KAKAO_ID,
        Site::WeChat => client::WECHAT_ID,
        Site::Oidc => client::OIDC_ID,
        Site::Github => client::GITHUB_ID,
        Site::Linkedin => client::LINKEDIN_ID,
        Site::Spotify => client::SPOTIFY_ID,
        Site::Windowslive => client::WINDOWSLIVE_ID,
        Site::Twitter => panic!("Twitter is asked with a request token"),
    };
    let id = if site == Site::WeChat {
        "appid"
    } else {
        "client_id"
    };
    assert_eq!(asked[id], client, "{asked:?}");
    assert_eq!(asked["response_type"], "code", "{asked:?}");
    assert!(!asked["state"].is_empty(), "{asked:?}");
    social::check_authorization(site, asked);
    if site == Site::Oidc {
        assert!(
            asked["scope"].split(' ').any(|scope| scope == "openid"),
            "{asked:?}"
        );
        assert_eq!(asked["code_challenge_method"], "S256", "{asked:?}");
    }
}

/// What is answered to whom.
pub(crate) fn answer(asked: &Asked, state: &State) -> Answer {
    match (&*asked.method, &*asked.path) {
        ("GET", paths::GOOGLE_KEYS) => keys(Site::Google, state),
        ("GET", paths::APPLE_KEYS) => keys(Site::Apple, state),
        ("GET", paths::OIDC_KEYS) => keys(Site::Oidc, state),
        ("GET", paths::OIDC_DISCOVERY) => (200, discovery(&state.base)),
        ("POST", paths::GOOGLE_TOKEN) => {
            let is_client = client::GOOGLE_IDS.contains(&asked.parameter("client_id"))
                && asked.parameter("client_secret") == client::GOOGLE_SECRET;
            exchange(Site::Google, asked, state, is_client)
        }
        ("POST", paths::APPLE_TOKEN) => exchange(Site::Apple, asked, state, is_apples_client(asked, state)),
        ("POST", paths::OIDC_TOKEN) => {
            // RFC 6749 §2.3.1: each part is encoded as in a form before they are joined.
            let encode =
                |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", encode(client::OIDC_ID), encode(client::OIDC_SECRET));
            let is_client = asked.authorization == format!("Basic {}", STANDARD.encode(pair));
            exchange(Site::Oidc, asked, state, is_client)
        }
        ("POST", paths::KAKAO_TOKEN) => {
            let is_client = asked.parameter("client_id") == client::KAKAO_ID
                && asked.parameter("client_secret") == client::KAKAO_SECRET;
            exchange(Site::Kakao, asked, state, is_client)
        }
        ("GET", paths::OIDC_USERINFO) => userinfo(asked, state),
        ("POST", paths::SITE_VERIFY) => (200, solved(asked)),
        ("GET", paths::FACEBOOK_DEBUG) => facebook_debug(asked, state),
        ("GET", paths::FACEBOOK_ME) => facebook_me(asked, state),
        ("GET", paths::FACEBOOK_TOKEN) => facebook_token(asked, state),
        ("GET", paths::KAKAO_INFO) => kakao_info(asked, state),
        ("GET", paths::KAKAO_ME) => kakao_me(asked, state),
        ("GET", paths::WECHAT_TOKEN) => wechat_token(asked, state),
        ("GET", paths::WECHAT_ME) => wechat_me(asked, state),
        _ => social::answer(asked, state),
    }
}

fn keys(site: Site, state: &State) -> Answer {
    let sites = state.sites();
    let keys: Vec<Value> = sites.keys[&site].iter().map(Key::public).collect();
    (200, json!({ "keys": keys }))
}

/// Whether a puzzle was solved, for who knows the secret.
fn solved(asked: &Asked) -> Value {
    let code = match (asked.parameter("secret"), asked.parameter("response")) {
        (client::CAPTCHA_SECRET, client::CAPTCHA_SOLUTION) => {
            return json!({ "success": true, "hostname": asked.parameter("remoteip") });
        }
        (client::CAPTCHA_SECRET, _) => "invalid-input-response",
        _ => "invalid-input-secret",
    };
    json!({ "success": false, "error-codes": [code] })
}

fn discovery(base: &str) -> Value {
    json!({
        "issuer": format!("{base}/oidc"),
        "authorization_endpoint": format!("{base}/oidc/authorize?tenant=1"),
        "token_endpoint": format!("{base}{}", paths::OIDC_TOKEN),
        "userinfo_endpoint": format!("{base}{}", paths::OIDC_USERINFO),
        "jwks_uri": format!("{base}{}", paths::OIDC_KEYS),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA"],
        "code_challenge_methods_supported": ["S256"],
    })
}

/// An exchange of a code at a token endpoint (RFC 6749 §4.1.3).
pub(crate) fn exchange(site: Site, asked: &Asked, state: &State, is_client: bool) -> Answer {
    if asked.content_type != "application/x-www-form-urlencoded" {
        return (400, json!({ "error": "invalid_request" }));
    }
    if !is_client {
        return (401, json!({ "error": "invalid_client" }));
    }
    if asked.parameter("grant_type") != "authorization_code" {
        return (400, json!({ "error": "unsupported_grant_type" }));
    }
    let grant = take(site, asked.parameter("code"), state);
    let Some(grant) = grant.filter(|grant| fits(grant, asked)) else {
        return (400, json!({ "error": "invalid_grant" }));
    };
    let access_token = give_access(site, &grant, state);
    let mut answer = json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": 3600 });
    if matches!(site, Site::Google | Site::Apple | Site::Oidc) {
        let keys = state.sites().keys[&site].clone();
        let good = IdToken::new(&state.base, site, &grant.person, &keys);
        let good = match &grant.nonce {
            Some(nonce) => good.nonce(nonce),
            None => good,
        };
        answer["id_token"] = json!(grant.id_token.unwrap_or_else(|| good.encode()));
    }
    (200, answer)
}

/// Takes a code away, which is good once.
fn take(site: Site, code: &str, state: &State) -> Option<Grant> {
    let grant = state.sites().grants.remove(code)?;
    (grant.site == site).then_some(grant)
}

/// Whether the exchange comes from who was sent to log in.
fn fits(grant: &Grant, asked: &Asked) -> bool {
    let redirected = grant.redirect_uri.as_deref();
    let challenged = grant.challenge.as_deref();
    let answer = URL_SAFE_NO_PAD.encode(openssl::sha::sha256(asked.parameter("code_verifier").as_bytes()));
    redirected.is_none_or(|uri| uri == asked.parameter("redirect_uri"))
        && challenged.is_none_or(|challenge| challenge == answer)
}

pub(crate) fn give_access(site: Site, grant: &Grant, state: &State) -> String {
    let mut sites = state.sites();
    let token = sites.fresh("access");
    let access = Access {
        site,
        person: grant.person.clone(),
        is_ours: true,
        is_over: false,
    };
    sites.access_tokens.insert(token.clone(), access);
    token
}

pub(crate) fn access(site: Site, token: &str, state: &State) -> Option<Access> {
    let access = state.sites().access_tokens.get(token).cloned();
    access.filter(|access| access.site == site)
}

/// Whether the client's secret is a token that Apple takes: signed with the installation's key, for Apple, in force,
/// and at most half a year long.
fn is_apples_client(asked: &Asked, state: &State) -> bool {
    let key = state
        .sites()
        .apple_client_key
        .clone()
        .expect("it was made at the start");
    let verifier = ES256.verifier_from_pem(key).expect("a key on P-256");
    let secret = asked.parameter("client_secret");
    let Ok((payload, header)) = josekit::jws::deserialize_compact(secret, &verifier) else {
        return false;
    };
    let claims: Value = serde_json::from_slice(&payload).expect("a signed token holds JSON");
    let (now, issued, expires) = (now(), claims["iat"].as_i64(), claims["exp"].as_i64());
    asked.parameter("client_id") == client::APPLE_ID
        && header.key_id() == Some(client::APPLE_KEY_ID)
        && claims["iss"] == client::APPLE_TEAM
        && claims["sub"] == client::APPLE_ID
        && claims["aud"] == "https://appleid.apple.com"
        && issued.is_some_and(|at| at <= now + 60)
        && expires.is_some_and(|at| now < at && at <= now + 15_777_000)
}

fn userinfo(asked: &Asked, state: &State) -> Answer {
    let Some(access) = access(Site::Oidc, asked.bearer(), state) else {
        return (401, json!({ "error": "invalid_token" }));
    };
    let person = access.person;
    let mut answer = json!({ "sub": person.subject });
    if let Some(address) = person.address {
        answer["email"] = json!(address);
        answer["email_verified"] = json!(person.verified);
    }
    if let Some(name) = person.name {
        answer["name"] = json!(name);
    }
    (200, answer)
}

/// <https://developers.facebook.com/docs/graph-api/reference/debug_token>
fn facebook_debug(asked: &Asked, state: &State) -> Answer {
    let app = format!("{}|{}", client::FACEBOOK_ID, client::FACEBOOK_SECRET);
    if asked.parameter("access_token") != app {
        return (400, graph_error(190, "Invalid OAuth access token."));
    }
    let data = match access(Site::Facebook, asked.parameter("input_token"), state) {
        None => json!({
            "error": { "code": 190, "message": "Invalid OAuth access token." },
            "is_valid": false,
            "scopes": [],
        }),
        Some(access) => json!({
            "app_id": if access.is_ours { client::FACEBOOK_ID } else { "999" },
            "application": "Clavis",
            "expires_at": now() + 3600,
            "is_valid": !access.is_over,
            "scopes": ["email", "public_profile"],
            "type": "USER",
            "user_id": access.person.subject,
        }),
    };
    (200, json!({ "data": data }))
}

fn facebook_me(asked: &Asked, state: &State) -> Answer {
    let token = asked.parameter("access_token");
    let Some(access) = access(Site::Facebook, token, state).filter(|access| !access.is_over) else {
        return (400, graph_error(190, "Invalid OAuth access token."));
    };
    let key = PKey::hmac(client::FACEBOOK_SECRET.as_bytes()).expect("a key");
    let mut signer = Signer::new(MessageDigest::sha256(), &key).expect("HMAC-SHA256");
    let proof = hex::encode(signer.sign_oneshot_to_vec(token.as_bytes()).expect("a digest"));
    if access.is_ours && asked.parameter("appsecret_proof") != proof {
        return (
            400,
            graph_error(100, "Invalid appsecret_proof provided in the API argument"),
        );
    }
    let fields: Vec<&str> = asked.parameter("fields").split(',').collect();
    let person = access.person;
    let picture = person
        .picture
        .map(|url| json!({ "data": { "url": url, "is_silhouette": false } }));
    let mut answer = json!({ "id": person.subject });
    let told = [
        ("name", person.name.map(Value::from)),
        ("email", person.address.map(Value::from)),
        ("picture", picture),
    ];
    for (name, value) in told {
        if let Some(value) = value.filter(|_| fields.contains(&name)) {
            answer[name] = value;
        }
    }
    (200, answer)
}

fn facebook_token(asked: &Asked, state: &State) -> Answer {
    if asked.parameter("client_id") != client::FACEBOOK_ID
        || asked.parameter("client_secret") != client::FACEBOOK_SECRET
    {
        return (400, graph_error(1, "Error validating client secret."));
    }
    match take(Site::Facebook, asked.parameter("code"), state).filter(|grant| fits(grant, asked)) {
        Some(grant) => {
            let token = give_access(Site::Facebook, &grant, state);
            (
                200,
                json!({ "access_token": token, "token_type": "bearer", "expires_in": 3600 }),
            )
        }
        None => (400, graph_error(100, "This authorization code has been used.")),
    }
}

fn graph_error(code: u32, message: &str) -> Value {
    json!({ "error": { "message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A" } })
}

/// <https://developers.kakao.com/docs/latest/en/kakaologin/rest-api#get-token-info>
fn kakao_info(asked: &Asked, state: &State) -> Answer {
    match access(Site::Kakao, asked.bearer(), state).filter(|access| !access.is_over) {
        None => (
            401,
            json!({ "msg": "this access token does not exist", "code": -401 }),
        ),
        Some(access) => {
            let app = if access.is_ours { client::KAKAO_APP } else { 999 };
            (
                200,
                json!({ "id": kakao_id(&access), "expires_in": 7199, "app_id": app }),
            )
        }
    }
}

fn kakao_me(asked: &Asked, state: &State) -> Answer {
    let Some(access) = access(Site::Kakao, asked.bearer(), state).filter(|access| !access.is_over) else {
        return (
            401,
            json!({ "msg": "this access token does not exist", "code": -401 }),
        );
    };
    let mut answer = json!({ "id": kakao_id(&access), "connected_at": "2026-01-01T00:00:00Z" });
    let person = access.person;
    let mut account = json!({ "has_email": person.address.is_some() });
    if let Some(address) = person.address {
        account["is_email_valid"] = json!(true);
        account["is_email_verified"] = json!(person.verified);
        account["email"] = json!(address);
    }
    account["profile"] = json!({ "nickname": person.name, "profile_image_url": person.picture });
    answer["kakao_account"] = account;
    (200, answer)
}

fn kakao_id(access: &Access) -> Value {
    let number = access.person.subject.parse::<u64>();
    number.map_or_else(|_| json!(access.person.subject), |number| json!(number))
}

/// <https://developers.weixin.qq.com/doc/oplatform/en/Mobile_App/WeChat_Login/Development_Guide.html>
fn wechat_token(asked: &Asked, state: &State) -> Answer {
    if asked.parameter("appid") != client::WECHAT_ID {
        return (200, json!({ "errcode": 40013, "errmsg": "invalid appid" }));
    }
    if asked.parameter("secret") != client::WECHAT_SECRET {
        return (200, json!({ "errcode": 40125, "errmsg": "invalid appsecret" }));
    }
    if asked.parameter("grant_type") != "authorization_code" {
        return (200, json!({ "errcode": 40002, "errmsg": "invalid grant_type" }));
    }
    let Some(grant) = take(Site::WeChat, asked.parameter("code"), state) else {
        return (200, json!({ "errcode": 40029, "errmsg": "invalid code" }));
    };
    let token = give_access(Site::WeChat, &grant, state);
    let answer = json!({
        "access_token": token,
        "expires_in": 7200,
        "refresh_token": "REFRESH",
        "openid": format!("openid-of-{}", grant.person.subject),
        "scope": grant.scope,
        "unionid": grant.person.subject,
    });
    (200, answer)
}

fn wechat_me(asked: &Asked, state: &State) -> Answer {
    let Some(access) = access(Site::WeChat, asked.parameter("access_token"), state) else {
        return (200, json!({ "errcode": 40001, "errmsg": "invalid credential" }));
    };
    let person = access.person;
    let openid = format!("openid-of-{}", person.subject);
    if asked.parameter("openid") != openid {
        return (200, json!({ "errcode": 40003, "errmsg": "invalid openid" }));
    }
    let answer = json!({
        "openid": openid,
        "nickname": person.name.unwrap_or_default(),
        "sex": 0,
        "province": "",
        "city": "",
        "country": "",
        "headimgurl": person.picture.unwrap_or_default(),
        "privilege": [],
        "unionid": person.subject,
    });
    (200, answer)
}
