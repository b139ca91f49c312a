//! Whose account a provider's word opens, and which it makes.

use insta::assert_snapshot;
use serde_json::json;

use super::{
    ALL, DESTINATIONS, ann, assert_failed, location, log_in, request, server_with, session, start, told,
};
use crate::backend_plus::{somebody, with_cookies_of};
use crate::harness::providers::{Manner, Person, Providers, Site, paths};
use crate::harness::{PASSWORD, address, jwt, unique};

const GITHUB: (Site, &str) = (Site::Github, "github");

/// Somebody at a provider who has this address, verified.
fn with_address(address: &str) -> Person {
    Person::new(&unique().to_string()).with_address(address)
}

#[test]
fn a_new_account_is_active_and_has_what_the_provider_tells_and_no_password() {
    let (providers, server) = start();
    let ann = ann();
    let answer = session(&server, &log_in(&providers, &server, GITHUB, &ann));
    let address = ann.address.unwrap();
    assert_eq!(answer.at("/user/display_name"), "Ann Example");
    assert_eq!(answer.at("/user/email"), address);
    assert_eq!(answer.at("/user/avatar_url"), "https://pictures.example/ann.png");
    let claims = jwt::payload(&answer.at("/jwt_token"));
    let claims = &claims["https://hasura.io/jwt/claims"];
    assert_eq!(claims["x-hasura-allowed-roles"], json!(["user"]));
    assert_eq!(claims["x-hasura-default-role"], "user");
    for password in ["", " ", PASSWORD] {
        let refused = server.backend_plus().try_log_in(&address, password);
        assert!(matches!(refused.status().as_u16(), 400 | 401), "{refused}");
    }
    assert_snapshot!(
        server.backend_plus().try_log_in(&address, PASSWORD),
        @r#"401 {"statusCode":401,"error":"Unauthorized","message":"Password does not match."}"#
    );
    assert_snapshot!(
        server.backend_plus().register(&address),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account already exists."}"#
    );
    // It is a proven address, so a password may be asked for by mail.
    server
        .post("/auth/change-password/request")
        .json(json!({ "email": address }))
        .send()
        .expect(204);
    let ticket = server.mail_to(&address).header("x-ticket");
    let change = json!({ "ticket": ticket, "new_password": PASSWORD });
    server
        .post("/auth/change-password/change")
        .json(change)
        .send()
        .expect(204);
    server.backend_plus().log_in(&address);
}

#[test]
fn an_account_is_called_by_its_address_where_nothing_else_is_told() {
    let (providers, server) = start();
    let nameless = Person::new("1").with_address("nameless@example.org");
    let answer = session(
        &server,
        &log_in(&providers, &server, (Site::Google, "google"), &nameless),
    );
    assert_eq!(answer.at("/user/display_name"), "nameless@example.org");
    assert!(answer.json()["user"].get("avatar_url").is_none(), "{answer}");
    let nobody = session(
        &server,
        &log_in(&providers, &server, (Site::Google, "google"), &Person::new("2")),
    );
    assert_eq!(nobody.json()["user"]["email"], json!(null));
}

#[test]
fn apple_tells_a_name_to_the_browser_only() {
    let (providers, server) = start();
    let left = super::depart(&server, "apple");
    let back = providers.consent(Site::Apple, &location(&left), &ann());
    let (state, code) = (
        told(back.as_str(), "state").unwrap(),
        told(back.as_str(), "code").unwrap(),
    );
    let user = r#"{"name":{"firstName":"Ann","lastName":"Lee\u202e"},"email":"evil@example.org"}"#;
    let form = server
        .post(back.path())
        .form(&[("state", &*state), ("code", &code), ("user", user)]);
    let answer = session(&server, &with_cookies_of(form, &left).send());
    assert_eq!(answer.at("/user/display_name"), "Ann Lee");
    assert_ne!(
        answer.at("/user/email"),
        "evil@example.org",
        "only what Apple signed counts"
    );
}

#[test]
fn an_address_that_is_proven_on_both_sides_links() {
    let (providers, server) = start();
    let address = somebody(&server);
    let id = server
        .backend_plus()
        .try_log_in(&address, PASSWORD)
        .at("/user/id");
    for provider in [
        GITHUB,
        (Site::Google, "google"),
        (Site::Apple, "apple"),
        (Site::Twitter, "twitter"),
    ] {
        let person = with_address(&address.to_uppercase());
        let linked = session(&server, &log_in(&providers, &server, provider, &person));
        assert_eq!(linked.at("/user/id"), id, "{provider:?}");
        assert_eq!(linked.at("/user/email"), address);
        // From now on it is the subject that counts.
        let moved = Person {
            address: None,
            ..person
        };
        let again = session(&server, &log_in(&providers, &server, provider, &moved));
        assert_eq!(again.at("/user/id"), id, "{provider:?}");
    }
    server.backend_plus().log_in(&address);
}

#[test]
fn an_address_that_the_provider_does_not_vouch_for_opens_nobodys_account() {
    let (providers, server) = start();
    let address = somebody(&server);
    let unverified = || Person::new(&unique().to_string()).with_unverified_address(&address);
    for provider in [GITHUB, (Site::Google, "google"), (Site::Apple, "apple")] {
        assert_failed(&log_in(&providers, &server, provider, &unverified()));
    }
    // These never say.
    for name in ["facebook", "linkedin", "spotify", "windowslive"] {
        let provider = *ALL.iter().find(|(_, known)| *known == name).unwrap();
        assert_failed(&log_in(&providers, &server, provider, &with_address(&address)));
    }
    // Nor does one that is verified speak for another address of the same person.
    let emails = json!([
        { "email": address, "primary": true, "verified": false },
        { "email": "other@example.org", "primary": false, "verified": true },
    ]);
    providers.behave(paths::GITHUB_EMAILS, Manner::Answers(200, emails.to_string()));
    assert_failed(&log_in(
        &providers,
        &server,
        GITHUB,
        &Person::new(&unique().to_string()),
    ));
}

#[test]
fn an_address_that_only_somebody_typed_here_is_not_adopted() {
    let providers = Providers::start();
    let server = server_with(&providers, &[("AUTO_ACTIVATE_NEW_USERS", "true")]);
    // An attacker registers the victim's address, with a password of the attacker's own.
    let victim = address("victim");
    server.backend_plus().register(&victim).expect(204);
    assert_snapshot!(
        log_in(&providers, &server, GITHUB, &with_address(&victim)),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"Account already exists."}"#
    );
    // The same while it awaits its activation.
    let server = server_with(&providers, &DESTINATIONS);
    server.backend_plus().register(&victim).expect(204);
    assert_failed(&log_in(&providers, &server, GITHUB, &with_address(&victim)));
    server
        .backend_plus()
        .activate(&server.mail_to(&victim).query("ticket"))
        .expect(204);
    session(
        &server,
        &log_in(&providers, &server, GITHUB, &with_address(&victim)),
    );
}

#[test]
fn an_account_in_another_state_is_not_opened() {
    let providers = Providers::start();
    let server = server_with(&providers, &[]);
    let ann = ann();
    log_in(&providers, &server, GITHUB, &ann).expect(200);
    let address = ann.address.clone().unwrap();
    for state in ["locked", "banned"] {
        server
            .cli(&["user", "set-state", state, "--email", &address])
            .ok();
        assert_eq!(
            log_in(&providers, &server, GITHUB, &ann).to_string(),
            r#"400 {"statusCode":400,"error":"Bad Request","message":"Account is not activated."}"#,
            "{state}"
        );
        // Nor by another provider's word for the same address.
        assert_eq!(
            log_in(
                &providers,
                &server,
                (Site::Google, "google"),
                &with_address(&address)
            )
            .to_string(),
            r#"400 {"statusCode":400,"error":"Bad Request","message":"Account already exists."}"#,
            "{state}"
        );
    }
    server
        .cli(&["user", "set-state", "active", "--email", &address])
        .ok();
    log_in(&providers, &server, GITHUB, &ann).expect(200);
}

#[test]
fn an_address_that_nobody_vouches_for_stays_free() {
    let (providers, server) = start();
    let ann = ann();
    let address = ann.address.clone().unwrap();
    let facebook = (Site::Facebook, "facebook");
    let first = session(&server, &log_in(&providers, &server, facebook, &ann));
    assert_eq!(first.at("/user/email"), address);
    // Whoever has it registers it.
    server.backend_plus().sign_up(&address);
    let owner = server.backend_plus().try_log_in(&address, PASSWORD).expect(200);
    assert_ne!(owner.at("/user/id"), first.at("/user/id"));
    let again = session(&server, &log_in(&providers, &server, facebook, &ann));
    assert_eq!(again.at("/user/id"), first.at("/user/id"));
}

#[test]
fn who_left_comes_back_as_somebody_new() {
    let (providers, server) = start();
    let ann = ann();
    let first = session(&server, &log_in(&providers, &server, GITHUB, &ann));
    server
        .post("/auth/delete")
        .bearer(&first.at("/jwt_token"))
        .send()
        .expect(204);
    let again = session(&server, &log_in(&providers, &server, GITHUB, &ann));
    assert_ne!(again.at("/user/id"), first.at("/user/id"));
    assert_eq!(again.at("/user/email"), ann.address.unwrap());
}

#[test]
fn only_addresses_of_the_domains_that_may_be_used_become_somebodys() {
    let providers = Providers::start();
    let server = server_with(&providers, &[("ALLOWED_EMAIL_DOMAINS", "example.com")]);
    let refused = r#"400 {"statusCode":400,"error":"Bad Request","message":"\"email\" is not in an authorised domain"}"#;
    let elsewhere = with_address("ann@example.org");
    assert_eq!(
        log_in(&providers, &server, GITHUB, &elsewhere).to_string(),
        refused
    );
    let unverified = Person::new("3").with_unverified_address("ann@example.com");
    assert_eq!(
        log_in(&providers, &server, GITHUB, &unverified).to_string(),
        refused
    );
    assert_eq!(
        log_in(&providers, &server, GITHUB, &Person::new("4")).to_string(),
        refused
    );
    log_in(&providers, &server, GITHUB, &with_address("ann@example.com")).expect(200);
}

#[test]
fn a_second_factor_is_asked_for_all_the_same() {
    let (providers, server) = start();
    let ann = ann();
    let first = session(&server, &log_in(&providers, &server, GITHUB, &ann));
    let access = first.at("/jwt_token");
    let totp = server.backend_plus().enable_factor(&access);
    let answer = log_in(&providers, &server, GITHUB, &ann);
    let url = location(&answer);
    assert!(
        url.starts_with("https://app.example/in?from=us&mfa_ticket="),
        "{url}"
    );
    assert!(
        url.ends_with("#top") && told(&url, "refresh_token").is_none(),
        "{url}"
    );
    let names: Vec<_> = answer.cookies().into_iter().map(|cookie| cookie.name).collect();
    assert_eq!(names, ["clavis_provider"]);
    let ticket = told(&url, "mfa_ticket").unwrap();
    let body = json!({ "ticket": ticket, "code": totp.code_at(0), "cookie": false });
    let session = server.post("/auth/mfa/totp").json(body).send().expect(200);
    assert_eq!(session.at("/user/id"), first.at("/user/id"));
}

#[test]
fn an_account_made_at_one_door_is_the_same_at_another() {
    let (providers, server) = start();
    let ann = ann();
    let here = session(
        &server,
        &log_in(&providers, &server, (Site::Google, "google"), &ann),
    );
    let token = providers.id_token(Site::Google, &ann);
    let body = json!({ "id_token": token, "app_id": "pluto", "device_id": "phone" });
    let there = server
        .post("/v1/login/google/mobile")
        .json(body)
        .send()
        .expect(200);
    let access = there.at("/body/access_token");
    assert!(server.backend_plus().opens(&access));
    assert_eq!(
        jwt::payload(&here.at("/jwt_token"))["sub"],
        json!(here.at("/user/id"))
    );
    let left = super::depart(&server, "google");
    let back = providers.consent(Site::Google, &location(&left), &ann);
    let again = with_cookies_of(request(&server, Site::Google, &back), &left).send();
    assert_eq!(session(&server, &again).at("/user/id"), here.at("/user/id"));
}
