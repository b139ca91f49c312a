//! What else is told without a token, what a registration may carry, and the label of a second factor.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::office::{Office, codes};
use crate::harness::{Answer, BARONG_PASSWORD, address, jwt};

const BASES: [&str; 2] = ["/api/v2", "/api/v2/barong"];

#[test]
fn nobody_from_outside_decides_who_somebody_is() {
    let office = Office::open();
    let said = BASES.map(|base| {
        let request = office.0.post(&format!("{base}/public/kyc"));
        request.json(json!({ "any": "thing" })).send().to_string()
    });
    assert_eq!(said, codes(422, "public.kyc.local"));
    let read = office.0.get("/api/v2/public/kyc").send();
    assert_snapshot!(read, @r#"404 {"error":"Route is not found"}"#);
}

#[test]
fn there_is_no_auth0_to_be_sent_to() {
    let office = Office::open();
    for base in BASES {
        let answer = office.0.get(&format!("{base}/public/configs/auth0")).send();
        assert_eq!(
            answer.to_string(),
            r#"200 {"auth0_domain":null,"auth0_client_id":null}"#
        );
    }
    let elsewhere = office.0.get("/api/v2/identity/configs/auth0").send();
    assert_snapshot!(elsewhere, @r#"404 {"error":"Route is not found"}"#);
}

fn register(office: &Office, base: &str, extra: &Value) -> Answer {
    let mut body = json!({ "email": address("new"), "password": BARONG_PASSWORD });
    for (name, value) in extra.as_object().expect("an object") {
        body[name] = value.clone();
    }
    office.0.post(&format!("{base}/identity/users")).json(body).send()
}

#[test]
fn a_registration_may_bring_data_along() {
    let office = Office::open();
    let made = register(&office, BASES[1], &json!({ "data": "{\"theme\":\"dark\"}" })).expect(201);
    assert_eq!(made.at("/data"), "{\"theme\":\"dark\"}");
    register(&office, BASES[1], &json!({ "data": "" })).expect(201);
    for data in ["{theme}".to_owned(), format!("\"{}\"", "x".repeat(1024))] {
        let extra = json!({ "data": data });
        assert_eq!(
            register(&office, BASES[1], &extra).to_string(),
            r#"422 {"errors":["data.invalid_format"]}"#
        );
        // 2.0.8 knows no such parameter.
        register(&office, BASES[0], &extra).expect(201);
    }
}

#[test]
fn a_registration_may_name_who_led_there() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    let made = register(&office, BASES[1], &json!({ "refid": ann.uid })).expect(201);
    assert_eq!(made.at("/referral_uid"), ann.uid);
    let found = office
        .look(&format!("/users/{}", made.at("/uid")), &admin)
        .expect(200);
    assert_eq!(found.at("/referral_uid"), ann.uid);
    let address = made.at("/email");
    let activate = ["user", "set-state", "--email", &address, "active"];
    office.0.cli(&activate).ok();
    let token = office.0.barong().log_in(&address).access;
    let number = office.0.barong().me(&ann.visit.access).at("/id");
    assert_eq!(jwt::payload(&token)["referral_id"].to_string(), number);
    assert_eq!(jwt::payload(&ann.visit.access).get("referral_id"), None);
    for (refid, code) in [
        ("no uid!", "identity.user.invalid_referral_format"),
        ("ID0000000000", "identity.user.referral_doesnt_exist"),
    ] {
        let extra = json!({ "refid": refid });
        assert_eq!(
            register(&office, BASES[1], &extra).to_string(),
            format!(r#"422 {{"errors":["{code}"]}}"#)
        );
        // 2.0.8 knows no such parameter.
        register(&office, BASES[0], &extra).expect(201);
    }
    register(&office, BASES[1], &json!({ "refid": "" })).expect(201);
}

#[test]
fn a_label_tells_whether_there_is_a_second_factor() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    let label = || {
        let file = office.file_of(&ann, &admin);
        let labels = file["labels"].as_array().expect("labels").clone();
        let found = labels.into_iter().find(|label| label["key"] == "otp");
        (
            found.map(|label| (label["value"].clone(), label["scope"].clone())),
            file["level"].clone(),
        )
    };
    assert_eq!(label(), (None, json!(1)));
    let app = office.0.barong().enable_factor(&ann.visit.access);
    assert_eq!(label(), (Some((json!("enabled"), json!("private"))), json!(1)));
    let code = app.code();
    office
        .0
        .barong()
        .otp("disable", &ann.visit.access, &code)
        .expect(200);
    assert_eq!(label(), (None, json!(1)));
}

#[test]
fn the_leeway_is_how_far_a_clock_may_be_off() {
    let settings = |leeway: &'static str| {
        [
            ("CLAVIS_DIALECTS__BARONG__JWT_EXPIRE_TIME", "1"),
            ("CLAVIS_DIALECTS__BARONG__JWT_DEFAULT_LEEWAY", leeway),
        ]
    };
    let mut office = Office::with(&settings("300"));
    let ann = office.0.barong().newcomer("ann");
    let expires_at = jwt::payload(&ann.access)["exp"].as_i64().unwrap();
    let now = || office.0.get("/api/v2/identity/time").send().json()["time"].as_i64();
    while now().is_none_or(|now| now <= expires_at) {
        std::thread::yield_now();
    }
    assert!(office.0.barong().opens(&ann.access), "it ended a moment ago");
    office.0.restart_with(&settings("0"));
    assert!(!office.0.barong().opens(&ann.access));
}
