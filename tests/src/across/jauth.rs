//! jauth beside its neighbours: one account, one namespace of names, one worth of tokens.

use serde_json::{Value, json};

use super::worth::assert_worthless_soon;
use crate::harness::{BARONG_PASSWORD, PASSWORD, Server, Tokens, address, jwt, name, within_a_second};

const SECRET: (&str, &str) = (
    "CLAVIS_DIALECTS__JAUTH__JWT_SECRET",
    "a secret that the API gateway knows too, of good length",
);

#[test]
fn an_account_made_at_jauth_logs_in_at_pluto_by_its_name() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let tokens = server.pluto().log_in(&ann.account.to_uppercase());
    assert!(server.jauth().opens(&tokens.access));
    assert_eq!(server.jauth().own(&tokens.access).at("/result/id"), ann.id);
}

#[test]
fn an_account_made_at_pluto_logs_in_at_jauth_by_name_and_by_address() {
    let server = Server::start();
    let (ann, called) = (address("ann"), name("called"));
    server.pluto().sign_up_as(&ann, &called);
    for account in [called.clone(), called.to_uppercase(), ann.to_uppercase()] {
        let tokens = server.jauth().log_in(&account);
        let own = server.jauth().own(&tokens.access).expect(200);
        assert_eq!(
            own.at("/result/account"),
            called,
            "Pluto's name stands for jauth's"
        );
        assert_eq!(own.at("/result/email"), ann);
        assert_eq!(own.at("/result/type"), "1");
    }
    server.jauth().register(&called).expect(409);
}

#[test]
fn a_name_of_jauth_is_taken_at_pluto() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let answer = server
        .pluto()
        .register_as(&address("bob"), &ann.account.to_uppercase());
    assert_eq!(answer.expect(403).json()["error"]["code"], 2006);
}

#[test]
fn a_name_taken_at_pluto_beside_jauths_replaces_neither() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let tokens = server.pluto().log_in(&ann.account);
    let plutos = name("plutos");
    let change = server
        .request(reqwest::Method::PUT, "/v1/user/info")
        .bearer(&tokens.access);
    change.json(json!({ "name": plutos })).send().expect(200);
    assert_eq!(server.jauth().show(&ann.id).at("/result/account"), ann.account);
    for account in [&ann.account, &plutos] {
        server.jauth().try_log_in(account, PASSWORD).expect(200);
        server.pluto().try_log_in(account, PASSWORD).expect(200);
    }
}

#[test]
fn a_token_of_jauth_opens_the_other_doors_and_theirs_open_its() {
    let server = Server::start();
    let ann = address("ann");
    server.barong().sign_up(&ann);
    let jauth = Tokens::of_jauth(&server.jauth().try_log_in(&ann, BARONG_PASSWORD));
    assert!(server.backend_plus().opens(&jauth.access));
    assert!(server.pluto().opens(&jauth.access));
    let me = server.get("/users/me").bearer(&jauth.access).send().expect(200);
    assert_eq!(me.at("/email"), ann);
    let id = jwt::payload(&jauth.access)["id"].clone();
    let barong = server.barong().log_in(&ann).access;
    let pluto = Tokens::of_pluto(&server.pluto().try_log_in(&ann, BARONG_PASSWORD)).access;
    for access in [barong, pluto] {
        let own = server.jauth().own(&access).expect(200);
        assert_eq!(Value::from(own.at("/result/id")), id);
    }
}

#[test]
fn under_a_secret_that_others_know_a_token_opens_its_own_door_only() {
    let server = Server::with(&[SECRET]);
    let ann = server.jauth().newcomer("ann");
    assert!(server.jauth().opens(&ann.tokens.access));
    assert!(!server.pluto().opens(&ann.tokens.access));
    assert!(!server.backend_plus().opens(&ann.tokens.access));
    server
        .get("/users/me")
        .bearer(&ann.tokens.access)
        .send()
        .expect(401);
    let pluto = server.pluto().log_in(&ann.account);
    assert!(
        server.jauth().opens(&pluto.access),
        "nobody else can make Pluto's"
    );
}

#[test]
fn with_crossing_off_each_token_opens_its_own_door_only() {
    let server = Server::with(&[("CLAVIS_TOKENS__ACROSS", "false")]);
    let ann = server.jauth().newcomer("ann");
    let pluto = server.pluto().log_in(&ann.account);
    assert!(server.jauth().opens(&ann.tokens.access));
    assert!(!server.pluto().opens(&ann.tokens.access));
    assert!(!server.jauth().opens(&pluto.access));
}

#[test]
fn a_password_changed_elsewhere_ends_the_tokens_of_jauth() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let jauth = server.jauth().log_in(&ann);
    let backend_plus = server.backend_plus().log_in(&ann);
    assert!(server.jauth().opens(&jauth.access) && server.pluto().opens(&jauth.access));
    let change = json!({ "old_password": PASSWORD, "new_password": "a new password" });
    let request = server.post("/auth/change-password").json(change);
    request.bearer(&backend_plus.access).send().expect(204);

    assert!(within_a_second(|| !server.jauth().opens(&jauth.access)));
    assert_worthless_soon(&server, &jauth.access);
    server.jauth().refresh(&jauth.refresh).expect(404);
    server.jauth().try_log_in(&ann, PASSWORD).expect(403);
    // The session that it was changed from goes on.
    assert!(server.jauth().opens(&backend_plus.access));
}

#[test]
fn a_password_changed_at_jauth_ends_the_sessions_elsewhere_but_the_one_that_did_it() {
    let server = Server::start();
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let (one, other) = (server.pluto().log_in(&ann), server.pluto().log_in(&ann));
    let jauth = server.jauth().log_in(&ann);
    server
        .jauth()
        .change_password(&one.access, PASSWORD, "a new password")
        .expect(200);
    assert!(within_a_second(|| !server.pluto().opens(&other.access)));
    assert!(within_a_second(|| !server.jauth().opens(&jauth.access)));
    assert!(server.pluto().opens(&one.access));
    server.pluto().refresh(&other.refresh).expect(403);
}

#[test]
fn what_is_revoked_elsewhere_is_worth_nothing_at_jauth() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    server
        .post("/auth/token/revoke")
        .bearer(&ann.tokens.access)
        .send()
        .expect(204);
    assert!(within_a_second(|| !server.jauth().opens(&ann.tokens.access)));
    server.jauth().refresh(&ann.tokens.refresh).expect(404);
    // The next one is good at once, in the same second, too.
    let fresh = server.jauth().log_in(&ann.account);
    assert!(server.jauth().opens(&fresh.access));
    assert!(server.pluto().opens(&fresh.access));
}

#[test]
fn failures_are_counted_over_all_doors() {
    let server = Server::with(&[("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "4")]);
    let ann = address("ann");
    server.pluto().sign_up(&ann);
    for _ in 0..2 {
        server.jauth().try_log_in(&ann, "wrong").expect(403);
        server.pluto().try_log_in(&ann, "wrong").expect(403);
    }
    server.jauth().try_log_in(&ann, PASSWORD).expect(403);
    server.pluto().try_log_in(&ann, PASSWORD).expect(403);
    server.backend_plus().try_log_in(&ann, PASSWORD).expect(401);
}

#[test]
fn a_refresh_token_of_jauth_is_no_other_doors() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    server.pluto().refresh(&ann.tokens.refresh).expect(403);
    server.backend_plus().refresh(&ann.tokens.refresh).expect(401);
    server.jauth().refresh(&ann.tokens.refresh).expect(200);
}

#[test]
fn one_who_is_deleted_elsewhere_is_shown_without_what_was_theirs() {
    let server = Server::start();
    let ann = server.jauth().newcomer("ann");
    let deleted = server.post("/auth/delete").bearer(&ann.tokens.access).send();
    deleted.expect(204);
    let shown = server.jauth().show(&ann.id).expect(200);
    assert_eq!(shown.at("/result/status"), "1");
    assert_eq!(shown.at("/result/email"), "");
    assert!(within_a_second(|| server
        .jauth()
        .own(&ann.tokens.access)
        .status()
        == 404));
    // The name is free again: whoever deletes an account there leaves nothing.
    server.jauth().register(&ann.account).expect(200);
}

#[test]
fn who_knows_the_shared_secret_resets_nobodys_password() {
    let server = Server::with(&[SECRET]);
    let ann = server.jauth().newcomer("ann");
    let signer = josekit::jws::HS256.signer_from_bytes(SECRET.1).unwrap();
    let header = json!({ "typ": "JWT", "alg": "HS256" });
    for (path, issuer) in [
        ("/users/email/self/password:reset", "jauth-temp-password-reset"),
        ("/users/-/self:verify", "jauth-temp-email"),
    ] {
        let claims = json!({
            "exp": 4_102_444_800_u32,
            "iss": issuer,
            "id": ann.id,
            "version": 1,
            "email": "ann@example.org",
        });
        let forged = jwt::forge(&header, &claims, |signed| {
            josekit::jws::JwsSigner::sign(&signer, signed.as_bytes()).unwrap()
        });
        let body = json!({ "temp_token": forged, "new_password": "a forged password" });
        let answer = server.post(path).json(body).send();
        assert_eq!(
            answer.to_string(),
            r#"401 {"success":false,"result":"","reason":"invalid token"}"#,
            "{path}"
        );
    }
    server.jauth().log_in(&ann.account);
}

#[test]
fn nobody_is_called_by_an_address_that_is_not_theirs() {
    let server = Server::start();
    let (boss, evil) = (address("boss"), address("evil"));
    server.pluto().sign_up(&boss);
    let wide = boss.replacen('b', "\u{ff42}", 1);
    let nobodys = address("nobody");
    for name in [boss.as_str(), &boss.to_uppercase(), &wide, &nobodys] {
        let refused = server.pluto().register_as(&evil, name).expect(403);
        assert_eq!(refused.json()["error"]["code"], 2006, "{name}");
    }
    // One's own is nobody else's.
    server.pluto().sign_up_as(&evil, &evil);
    let tokens = server.pluto().log_in(&evil);
    for name in [&wide, &nobodys] {
        let change = server.request(reqwest::Method::PUT, "/v1/user/info");
        let refused = change.bearer(&tokens.access).json(json!({ "name": name })).send();
        assert_eq!(refused.expect(403).json()["error"]["code"], 2006, "{name}");
    }
    server.jauth().log_in(&boss);
}

#[test]
fn an_address_given_up_is_no_name_either() {
    let server = Server::start();
    let (old, new) = (address("old"), address("new"));
    server.pluto().sign_up_as(&old, &old);
    let account = server
        .jauth()
        .own(&server.jauth().log_in(&old).access)
        .at("/result/id");
    server.sso().change(&account, json!({ "email": new })).expect(200);
    server.jauth().try_log_in(&old, PASSWORD).expect(404);
    server.jauth().log_in(&new);
}

#[test]
fn whether_an_address_is_taken_is_not_told_to_who_asks_for_a_name() {
    let server = Server::start();
    let ann = address("ann");
    server.pluto().sign_up(&ann);
    for asked in [ann, address("nobody")] {
        let refused = server.jauth().register(&asked).expect(400);
        assert_eq!(
            refused.at("/reason"),
            format!("{asked} is invalid account format")
        );
    }
}
