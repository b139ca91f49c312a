//! Log-ins on the word of an OpenID provider: Auth0 in the old server's words.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::providers::{Manner, Person, Providers, Site, client, paths};
use crate::harness::{Answer, BARONG_COOKIE, BARONG_PASSWORD, Server, address};

const CLASSIC: &str = "/api/v2/identity/sessions/auth0";
/// Where the coded profile speaks.
const CODED: &str = "/api/v2/barong/identity/sessions/auth0";

/// A server that knows the provider, and speaks both profiles.
fn server(providers: &Providers) -> Server {
    let domain = format!("{}/oidc", providers.base());
    Server::with(&[
        ("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", "/api/v2/barong/resource"),
        ("CLAVIS_DIALECTS__BARONG__AUTH0_DOMAIN", &domain),
        ("CLAVIS_DIALECTS__BARONG__AUTH0_CLIENT_ID", client::OIDC_ID),
    ])
}

fn bring(server: &Server, path: &str, token: &str) -> Answer {
    server.post(path).json(json!({ "id_token": token })).send()
}

/// What both profiles say, one after the other.
fn said(server: &Server, body: &Value) -> [String; 2] {
    [CLASSIC, CODED].map(|path| server.post(path).json(body.clone()).send().to_string())
}

fn alike(status: u16, code: &str) -> [String; 2] {
    [
        format!(r#"{status} {{"error":"{code}"}}"#),
        format!(r#"{status} {{"errors":["{code}"]}}"#),
    ]
}

#[test]
fn clients_are_told_where_to_send_people() {
    let providers = Providers::start();
    let server = server(&providers);
    let told = server.get("/api/v2/public/configs/auth0").send().expect(200);
    assert_eq!(told.at("/auth0_domain"), format!("{}/oidc", providers.base()));
    assert_eq!(told.at("/auth0_client_id"), client::OIDC_ID);
}

#[test]
fn whom_the_provider_vouches_for_is_let_in_and_known_from_then_on() {
    let providers = Providers::start();
    let server = server(&providers);
    let ann = address("ann");
    let token = providers.id_token(Site::Oidc, &Person::new("1").with_address(&ann));
    assert_snapshot!(bring(&server, CLASSIC, &token), @"201 201");
    let answer = bring(&server, CODED, &token).expect(201);
    assert_eq!(answer.at("/email"), ann);
    assert_eq!((&*answer.at("/level"), &*answer.at("/state")), ("1", "active"));
    let cookie = answer.cookie(BARONG_COOKIE);
    assert_eq!(cookie.attributes, ["HttpOnly", "SameSite=Lax", "Path=/"]);
    assert_eq!(Some(answer.at("/csrf_token")), answer.header("x-csrf-token"));
    server
        .barong()
        .knock(&cookie.value, "/api/v2/peatio/x")
        .expect(200);

    let later = providers.id_token(Site::Oidc, &Person::new("1"));
    let again = bring(&server, CODED, &later).expect(201);
    assert_eq!(again.at("/uid"), answer.at("/uid"), "known by the subject");
}

#[test]
fn an_account_with_a_proven_address_is_opened_and_no_other() {
    let providers = Providers::start();
    let server = server(&providers);
    let (ann, bob) = (address("ann"), address("bob"));
    server.barong().sign_up(&ann);
    let anns = providers.id_token(Site::Oidc, &Person::new("1").with_address(&ann));
    let opened = bring(&server, CODED, &anns).expect(201);
    let visit = server.barong().log_in(&ann);
    assert_eq!(opened.at("/uid"), server.barong().me(&visit.access).at("/uid"));

    // Somebody who registered and never confirmed is not shown to be the same.
    let register = server.post("/api/v2/identity/users");
    register
        .json(json!({ "email": bob, "password": BARONG_PASSWORD }))
        .send()
        .expect(201);
    let stranger = alike(401, "identity.session.auth0.invalid_params");
    let bobs = providers.id_token(Site::Oidc, &Person::new("2").with_address(&bob));
    assert_eq!(said(&server, &json!({ "id_token": bobs })), stranger);
    let unverified = Person::new("3").with_unverified_address(&address("eve"));
    let token = providers.id_token(Site::Oidc, &unverified);
    assert_eq!(said(&server, &json!({ "id_token": token })), stranger);
    let nameless = providers.id_token(Site::Oidc, &Person::new("4"));
    assert_eq!(said(&server, &json!({ "id_token": nameless })), stranger);
}

#[test]
fn what_is_not_the_providers_word_opens_nothing() {
    let providers = Providers::start();
    let server = server(&providers);
    let wrong = alike(422, "identity.session.auth0.invalid_params");
    let good = || providers.token(Site::Oidc, &Person::new("1").with_address(&address("ann")));
    for token in [
        "x".to_owned(),
        good().claim("aud", json!("somebody else")).encode(),
        good().claim("iss", json!("https://evil.example/")).encode(),
        good().time("exp", -3600).encode(),
        good().without("sub").encode(),
        providers.id_token(Site::Google, &Person::new("1").with_address(&address("ann"))),
    ] {
        assert_eq!(said(&server, &json!({ "id_token": token })), wrong);
    }
    let [classic, coded] = said(&server, &json!({}));
    assert_snapshot!(classic, @r#"400 {"error":"id_token is missing"}"#);
    assert_snapshot!(coded, @r#"422 {"errors":["identity.session.missing_id_token"]}"#);
}

#[test]
fn a_closed_account_stays_closed_and_a_second_factor_is_asked_for() {
    let providers = Providers::start();
    let server = server(&providers);
    let ann = address("ann");
    let token = providers.id_token(Site::Oidc, &Person::new("1").with_address(&ann));
    let cookie = bring(&server, CLASSIC, &token).cookie(BARONG_COOKIE);
    let totp = server
        .barong()
        .enable_factor(&server.barong().token(&cookie.value));
    let missing = [
        r#"403 {"error":"The account has enabled 2FA but OTP code is missing"}"#,
        r#"401 {"errors":["identity.session.missing_otp"]}"#,
    ];
    assert_eq!(said(&server, &json!({ "id_token": token })), missing);
    let with_code = json!({ "id_token": token, "otp_code": totp.code() });
    server.post(CODED).json(with_code).send().expect(201);
    server.cli(&["user", "set-state", "--email", &ann, "banned"]).ok();
    assert_eq!(
        said(&server, &json!({ "id_token": token })),
        [
            r#"401 {"error":"Your account is not active"}"#,
            r#"401 {"errors":["identity.session.not_active"]}"#
        ]
    );
}

#[test]
fn a_provider_that_does_not_answer_is_told_of_in_time() {
    let providers = Providers::start();
    let server = server(&providers);
    providers.behave(paths::OIDC_DISCOVERY, Manner::Hangs);
    let token = providers.id_token(Site::Oidc, &Person::new("1").with_address(&address("ann")));
    assert_eq!(
        bring(&server, CODED, &token).to_string(),
        r#"422 {"errors":["identity.session.auth0.unavailable"]}"#
    );
    providers.behave(paths::OIDC_DISCOVERY, Manner::Well);
    bring(&server, CODED, &token).expect(201);
}
