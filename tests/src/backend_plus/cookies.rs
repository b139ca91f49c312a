use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{log_in_with_cookies, post, server_with, somebody, with_cookies_of};
use crate::harness::{Answer, PASSWORD, Server};

const COOKIE_SECRET: (&str, &str) = ("COOKIE_SECRET", "tobiiscool");
const CLEARED: [&str; 2] = [
    "refresh_token=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "permission_variables=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
];

fn decoded(value: &str) -> String {
    let (decoded, _) = url::form_urlencoded::parse(value.as_bytes()).next().unwrap();
    decoded.into_owned()
}

/// What the second cookie says.
#[track_caller]
pub(super) fn permissions(answer: &Answer) -> Value {
    let value = decoded(&answer.cookie("permission_variables").value);
    let (json, _) = value.strip_prefix("s:").unwrap().rsplit_once('.').unwrap();
    serde_json::from_str(json).unwrap()
}

#[track_caller]
pub(super) fn assert_cleared(answer: &Answer) {
    assert_eq!(answer.headers("set-cookie"), CLEARED, "{answer}");
}

/// Whether the request is known by the cookies that an answer set, one or both.
fn known_by(server: &Server, answer: &Answer) -> bool {
    let request = with_cookies_of(server.post("/auth/change-email/request").json(json!({})), answer);
    match request.send().status().as_u16() {
        400 => true,
        401 => false,
        other => panic!("neither in nor out: {other}"),
    }
}

#[test]
fn both_are_set_with_the_attributes_of_the_contract_the_refresh_token_first() {
    let server = Server::start();
    let ann = somebody(&server);
    let answer = log_in_with_cookies(&server, &ann);
    let names: Vec<_> = answer.cookies().into_iter().map(|cookie| cookie.name).collect();
    assert_eq!(names, ["refresh_token", "permission_variables"]);
    for cookie in answer.cookies() {
        assert_eq!(cookie.attributes.len(), 5, "{cookie:?}");
        assert_eq!(cookie.attribute("path"), Some("/"));
        assert_eq!(cookie.attribute("max-age"), Some("2592000"));
        assert!(cookie.attribute("expires").unwrap().ends_with(" GMT"));
        assert_eq!(cookie.attribute("httponly"), Some(""));
        assert_eq!(cookie.attribute("samesite"), Some("Lax"));
    }
    let cookie = permissions(&answer);
    assert_eq!(cookie["user-id"], json!(answer.at("/user/id")));
    assert_eq!(cookie["allowed-roles"], json!(["user"]));
    assert_eq!(cookie["default-role"], "user");
    assert_eq!(
        answer.cookie("refresh_token").value.len(),
        36,
        "a plain UUID without a secret"
    );
}

#[test]
fn they_are_as_secure_as_the_settings_say() {
    let server = server_with(&[
        ("COOKIE_SECURE", "true"),
        ("COOKIE_SAME_SITE", "none"),
        ("CORS_ALLOWED_ORIGINS", "https://app.example.org"),
        ("JWT_REFRESH_EXPIRES_IN", "10"),
    ]);
    let ann = somebody(&server);
    for cookie in log_in_with_cookies(&server, &ann).cookies() {
        assert_eq!(cookie.attribute("secure"), Some(""));
        assert_eq!(cookie.attribute("samesite"), Some("None"));
        assert_eq!(cookie.attribute("max-age"), Some("600"));
    }
}

#[test]
fn with_a_secret_both_are_signed_as_express_does() {
    let server = server_with(&[COOKIE_SECRET]);
    let ann = somebody(&server);
    let answer = log_in_with_cookies(&server, &ann);
    for cookie in answer.cookies() {
        assert!(cookie.value.starts_with("s%3A"), "{cookie:?}");
        let value = decoded(&cookie.value);
        let (text, signature) = value.strip_prefix("s:").unwrap().rsplit_once('.').unwrap();
        let key = openssl::pkey::PKey::hmac(b"tobiiscool").unwrap();
        let mut signer = openssl::sign::Signer::new(openssl::hash::MessageDigest::sha256(), &key).unwrap();
        let mac = openssl::base64::encode_block(&signer.sign_oneshot_to_vec(text.as_bytes()).unwrap());
        assert_eq!(signature, mac.trim_end_matches('='));
    }
    assert!(known_by(&server, &answer));
    with_cookies_of(server.post("/auth/token/refresh"), &answer)
        .send()
        .expect(200);
}

#[test]
fn an_unsigned_or_changed_cookie_is_as_if_it_were_not_there() {
    let server = server_with(&[COOKIE_SECRET]);
    let ann = somebody(&server);
    let answer = log_in_with_cookies(&server, &ann);
    let signed = decoded(&answer.cookie("refresh_token").value);
    let (plain, _) = signed.strip_prefix("s:").unwrap().rsplit_once('.').unwrap();
    let refused =
        r#"401 {"statusCode":401,"error":"Unauthorized","message":"Invalid or expired refresh token."}"#;
    for value in [plain.to_owned(), format!("s:{plain}"), format!("s:{plain}.AAAA")] {
        let refresh = server.post("/auth/token/refresh").cookie("refresh_token", &value);
        assert_eq!(refresh.send().to_string(), refused, "{value}");
    }
    let permissions = answer.cookie("permission_variables").value;
    let changed = permissions.replace("user", "admin");
    let revoke = |value: &str| {
        server
            .post("/auth/token/revoke")
            .cookie("permission_variables", value)
            .send()
    };
    assert_snapshot!(revoke(&changed), @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Unauthorized"}"#);
    revoke(&permissions).expect(204);
}

#[test]
fn a_cookie_signed_by_another_installation_is_worth_nothing() {
    let (server, other) = (Server::start(), Server::start());
    let ann = somebody(&server);
    let answer = log_in_with_cookies(&server, &ann);
    assert!(known_by(&server, &answer) && !known_by(&other, &answer));
}

#[test]
fn without_cookies_asked_for_older_ones_are_cleared() {
    let server = Server::start();
    let ann = somebody(&server);
    assert_cleared(&server.backend_plus().try_log_in(&ann, PASSWORD).expect(200));
}

#[test]
fn a_cookie_dies_with_its_session() {
    let server = Server::start();
    let end = |how: &dyn Fn(&Answer)| {
        let ann = somebody(&server);
        let answer = log_in_with_cookies(&server, &ann);
        assert!(known_by(&server, &answer));
        how(&answer);
        assert!(!known_by(&server, &answer));
    };
    end(&|answer| {
        with_cookies_of(server.post("/auth/token/revoke"), answer)
            .send()
            .expect(204);
    });
    end(&|answer| {
        with_cookies_of(server.post("/auth/logout"), answer)
            .send()
            .expect(204);
    });
    end(&|answer| {
        with_cookies_of(server.post("/auth/delete"), answer)
            .send()
            .expect(204);
    });
    end(&|answer| {
        server
            .cli(&["user", "set-state", "--id", &answer.at("/user/id"), "banned"])
            .ok();
    });
}

#[test]
fn a_refresh_keeps_the_session_of_the_older_cookie() {
    let server = Server::start();
    let ann = somebody(&server);
    let first = log_in_with_cookies(&server, &ann);
    let second = with_cookies_of(server.post("/auth/token/refresh"), &first)
        .send()
        .expect(200);
    assert!(known_by(&server, &first) && known_by(&server, &second));
    assert_eq!(permissions(&first)["sid"], permissions(&second)["sid"]);
}

#[test]
fn the_cookie_wins_over_the_token() {
    let server = Server::start();
    let (ann, bob) = (somebody(&server), somebody(&server));
    let cookies = log_in_with_cookies(&server, &ann);
    let token = server.backend_plus().log_in(&bob);
    with_cookies_of(server.post("/auth/token/revoke"), &cookies)
        .bearer(&token.access)
        .send()
        .expect(204);
    assert!(
        !known_by(&server, &cookies) && server.backend_plus().opens(&token.access),
        "it was Ann who revoked"
    );
    // Now that the cookie is worth nothing, the token counts.
    with_cookies_of(server.post("/auth/token/revoke"), &cookies)
        .bearer(&token.access)
        .send()
        .expect(204);
    assert!(!server.backend_plus().opens(&token.access));
}

#[test]
fn a_bad_token_is_ignored_where_none_is_needed() {
    let server = Server::start();
    let ann = somebody(&server);
    let body = json!({ "email": ann, "password": PASSWORD, "cookie": false });
    let log_in = server
        .post("/auth/login")
        .json(body)
        .bearer("nonsense")
        .cookie("permission_variables", "s%3Ax.y");
    log_in.send().expect(200);
    post(&server, "/auth/change-password/request", json!({ "email": ann })).expect(204);
}
