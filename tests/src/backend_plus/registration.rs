use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{post, server_with};
use crate::harness::{PASSWORD, Server, address, jwt};

#[track_caller]
fn register(server: &Server, body: Value) -> String {
    post(server, "/auth/register", body).to_string()
}

#[test]
fn success_is_empty_and_sets_no_cookies() {
    let server = Server::start();
    let answer = server.backend_plus().register(&address("ann"));
    assert_snapshot!(answer, @"204");
    assert!(answer.cookies().is_empty());
}

#[test]
fn the_first_field_that_fails_is_told() {
    let server = Server::start();
    let ann = address("ann");
    let full = |field: &str, value: Value| {
        let mut body = json!({ "email": ann, "password": PASSWORD });
        body[field] = value;
        register(&server, body)
    };
    assert_snapshot!(register(&server, json!({})), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" is required"}"#);
    assert_snapshot!(full("email", json!(7)), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" must be a string"}"#);
    assert_snapshot!(full("email", json!("")), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" is not allowed to be empty"}"#);
    assert_snapshot!(full("email", json!("ann@b.invalidtld")), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" must be a valid email"}"#);
    assert_snapshot!(register(&server, json!({ "email": ann, "x": 1 })), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"password\" is required"}"#);
    assert_snapshot!(full("password", json!("12345")), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"password\" length must be at least 6 characters long"}"#);
    assert_snapshot!(full("user_data", json!({ "zzz": 1 })), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"user_data.zzz\" is not allowed"}"#);
    assert_snapshot!(full("register_options", json!({ "zzz": 1 })), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"register_options.zzz\" is not allowed"}"#);
    assert_snapshot!(full("cookie", json!("perhaps")), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"cookie\" must be a boolean"}"#);
    assert_snapshot!(full("x", json!(1)), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"x\" is not allowed"}"#);
    // Nothing of all that made an account.
    server.backend_plus().register(&ann).expect(204);
}

#[test]
fn an_address_is_registered_once_whatever_its_case() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let taken = r#"400 {"statusCode":400,"error":"Bad Request","message":"Account already exists."}"#;
    assert_eq!(server.backend_plus().register(&ann).to_string(), taken);
    let ticket = server.mail_to(&ann).query("ticket");
    server.backend_plus().activate(&ticket).expect(204);
    let louder = ann.replace("ann", "ANN");
    assert_eq!(server.backend_plus().register(&louder).to_string(), taken);
}

#[test]
fn only_allowed_domains_and_those_below_them_register() {
    let server = server_with(&[("ALLOWED_EMAIL_DOMAINS", "Example.org, example.com")]);
    let refused = r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" is not in an authorised domain"}"#;
    assert_eq!(
        register(
            &server,
            json!({ "email": "ann@evilexample.org", "password": PASSWORD })
        ),
        refused
    );
    assert_eq!(
        post(
            &server,
            "/auth/login",
            json!({ "email": "ann@example.net", "password": "x" })
        )
        .to_string(),
        refused
    );
    let reset = json!({ "email": "ann@example.net" });
    assert_eq!(
        post(&server, "/auth/change-password/request", reset).to_string(),
        refused
    );
    for good in ["ann@example.org", "ann@mail.example.com"] {
        assert_eq!(
            register(&server, json!({ "email": good, "password": PASSWORD })),
            "204"
        );
    }
}

#[test]
fn roles_are_checked_after_everything_else() {
    let server = server_with(&[
        ("AUTO_ACTIVATE_NEW_USERS", "true"),
        ("DEFAULT_ALLOWED_USER_ROLES", "user,me"),
        ("ALLOWED_USER_ROLES", "user,me,editor"),
    ]);
    let ann = address("ann");
    let with = |options: Value| {
        register(
            &server,
            json!({ "email": ann, "password": PASSWORD, "register_options": options }),
        )
    };
    let not_part = r#"400 {"statusCode":400,"error":"Bad Request","message":"Default role must be part of allowed roles."}"#;
    assert_eq!(with(json!({ "default_role": "editor" })), not_part);
    assert_eq!(with(json!({ "allowed_roles": [] })), not_part);
    assert_snapshot!(
        with(json!({ "allowed_roles": ["user", "admin"] })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"allowed roles must be a subset of ALLOWED_ROLES"}"#
    );
    assert_eq!(
        with(json!({ "default_role": "editor", "allowed_roles": ["user", "editor"] })),
        "204"
    );
    assert_snapshot!(
        with(json!({ "allowed_roles": ["admin"] })),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account already exists."}"#
    );

    let claims = jwt::payload(&server.backend_plus().log_in(&ann).access);
    let claims = &claims["https://hasura.io/jwt/claims"];
    assert_eq!(claims["x-hasura-default-role"], "editor");
    assert_eq!(claims["x-hasura-allowed-roles"], json!(["editor", "user"]));

    let bob = address("bob");
    server.backend_plus().register(&bob).expect(204);
    let claims = jwt::payload(&server.backend_plus().log_in(&bob).access);
    let claims = &claims["https://hasura.io/jwt/claims"];
    assert_eq!(claims["x-hasura-default-role"], "user");
    assert_eq!(claims["x-hasura-allowed-roles"], json!(["user", "me"]));
}

#[test]
fn custom_fields_are_kept_and_become_claims_and_cookie_entries() {
    let server = server_with(&[
        ("AUTO_ACTIVATE_NEW_USERS", "true"),
        (
            "REGISTRATION_CUSTOM_FIELDS",
            "display_name,avatar_url,company_id,flags,tags,extra",
        ),
        (
            "JWT_CUSTOM_FIELDS",
            "company_id,flags,tags,extra,display_name,missing",
        ),
    ]);
    let ann = address("ann");
    let data = json!({
        "display_name": "Ann Lee", "avatar_url": "https://example.org/ann.png", "company_id": 7, "flags": true,
        "tags": ["a", "b"], "extra": { "a": 1 },
    });
    assert_eq!(
        register(
            &server,
            json!({ "email": ann, "password": PASSWORD, "user_data": data })
        ),
        "204"
    );
    let session = server.backend_plus().try_log_in(&ann, PASSWORD).expect(200);
    assert_eq!(session.at("/user/display_name"), "Ann Lee");
    assert_eq!(session.at("/user/avatar_url"), "https://example.org/ann.png");
    let claims = jwt::payload(&session.at("/jwt_token"))["https://hasura.io/jwt/claims"].clone();
    assert_eq!(
        claims,
        json!({
            "x-hasura-user-id": session.at("/user/id"),
            "x-hasura-allowed-roles": ["user"],
            "x-hasura-default-role": "user",
            "x-hasura-company-id": "7",
            "x-hasura-flags": "true",
            "x-hasura-tags": "{\"a\",\"b\"}",
            "x-hasura-extra": "{\"a\":1}",
            "x-hasura-display-name": "Ann Lee",
            "x-hasura-missing": "null",
        })
    );
    let cookie = super::cookies::permissions(&super::log_in_with_cookies(&server, &ann));
    assert_eq!(cookie["company-id"], "7");
    assert_eq!(cookie["missing"], "null");
}

#[test]
fn custom_fields_are_bounded_in_kind_and_length() {
    let server = server_with(&[("REGISTRATION_CUSTOM_FIELDS", "display_name,avatar_url,company")]);
    let with = |data: Value| {
        register(
            &server,
            json!({ "email": address("ann"), "password": PASSWORD, "user_data": data }),
        )
    };
    assert_snapshot!(with(json!("x")), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"user_data\" must be of type object"}"#);
    assert_snapshot!(with(json!({ "company": null })), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"user_data.company\" must be one of [array, string, number, boolean, object]"}"#);
    assert_snapshot!(with(json!({ "company": "x".repeat(3000) })), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"user_data.company\" length must be less than or equal to 2048 characters long"}"#);
    assert_snapshot!(with(json!({ "company": "a\0b" })), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"user_data.company\" must not contain NUL characters"}"#);
    assert_snapshot!(with(json!({ "display_name": "x".repeat(256) })), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"user_data.display_name\" length must be less than or equal to 255 characters long"}"#);
    assert_snapshot!(with(json!({ "avatar_url": "javascript:alert(1)" })), @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"user_data.avatar_url\" must be a valid uri"}"#);
    assert_eq!(with(json!({ "company": [1, "x", { "y": 2 }] })), "204");
}

#[test]
fn without_mail_nothing_is_registered_that_could_not_be_activated() {
    let mut server = server_with(&[("EMAILS_ENABLED", "false")]);
    let ann = address("ann");
    let internal = r#"500 {"statusCode":500,"error":"Internal Server Error","message":"An internal server error occurred"}"#;
    assert_eq!(server.backend_plus().register(&ann).to_string(), internal);
    server.restart_with(&[(&super::setting("VERIFY_EMAILS"), "false")]);
    server.backend_plus().register(&ann).expect(204);
}

#[test]
fn an_account_that_nobody_verifies_is_activated_by_an_operator() {
    let server = server_with(&[("VERIFY_EMAILS", "false")]);
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(400);
    server.cli(&["user", "set-state", "--email", &ann, "active"]).ok();
    server.backend_plus().log_in(&ann);
    assert!(server.mails().is_empty());
}

#[test]
fn an_account_is_active_at_once_when_the_operator_says_so() {
    let server = server_with(&[("AUTO_ACTIVATE_NEW_USERS", "true")]);
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    server.backend_plus().log_in(&ann);
    assert!(server.mails().is_empty());
}
