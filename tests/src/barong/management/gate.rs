//! What is looked at before anybody is believed, in its order.

use reqwest::Method;
use serde_json::json;

use crate::harness::Server;
use crate::harness::management::{Management, claims, signed, signers};

const MOUNTS: [&str; 2] = ["/api/v2/management", "/api/v2/barong/management"];
const CODED: (&str, &str) = ("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", "/api/v2/barong/resource");

#[test]
fn only_post_and_put_are_verbs() {
    // A mount that speaks in codes elsewhere keeps its texts here.
    let server = Server::with(&[CODED]);
    for mount in MOUNTS {
        for method in [Method::GET, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            for path in ["/users/get", "/labels", "/nowhere?a=1", ""] {
                let answer = server.request(method.clone(), &format!("{mount}{path}")).send();
                assert_eq!(answer.header("allow").as_deref(), Some("POST, PUT"));
                assert_eq!(
                    answer.to_string(),
                    r#"405 {"error":"Only POST and PUT verbs are allowed."}"#
                );
            }
        }
        let head = server.request(Method::HEAD, &format!("{mount}/timestamp")).send();
        assert_eq!(head.status(), 405);
    }
}

#[test]
fn a_query_is_refused_before_everything_in_the_body() {
    let server = Server::with(&[CODED]);
    for mount in MOUNTS {
        for path in ["/users/get?uid=ID1", "/nowhere?a", "/timestamp/?a=1&b=2"] {
            let answer = server
                .post(&format!("{mount}{path}"))
                .raw_body("x", "text/plain")
                .send();
            assert_eq!(
                answer.to_string(),
                r#"400 {"error":"Query parameters are not allowed."}"#
            );
        }
    }
}

#[test]
fn the_content_type_is_json_and_nothing_beside_it() {
    let server = Server::with(&[CODED]);
    for mount in MOUNTS {
        for content_type in [
            "",
            "text/plain",
            "application/json; charset=utf-8",
            "Application/JSON",
            "application/jose+json",
            "application/x-www-form-urlencoded",
        ] {
            for path in ["/users/get", "/nowhere"] {
                let request = server.post(&format!("{mount}{path}"));
                let answer = request.raw_body("{", content_type).send();
                assert_eq!(
                    answer.to_string(),
                    r#"400 {"error":"Only JSON body is accepted."}"#
                );
            }
        }
    }
}

#[test]
fn what_is_no_route_is_told_to_everybody() {
    let server = Server::with(&[CODED]);
    for mount in MOUNTS {
        for path in [
            "",
            "/",
            "/nowhere",
            "/users/get/more",
            "/users//get",
            "/timestamp//",
            "/service_accounts/nowhere",
        ] {
            let answer = server
                .post(&format!("{mount}{path}"))
                .raw_body("{", "application/json")
                .send();
            assert_eq!(answer.to_string(), r#"404 {"error":"Route is not found"}"#);
        }
        for path in ["/users/get", "/users", "/timestamp", "/labels/delete"] {
            let request = server.request(Method::PUT, &format!("{mount}{path}"));
            let answer = request.raw_body("{", "application/json").send();
            assert_eq!(answer.to_string(), r#"404 {"error":"Route is not found"}"#);
        }
    }
    // The documented paths are at the root, too; these are not.
    let answer = server
        .post("/management/timestamp")
        .raw_body("{", "application/json")
        .send();
    assert_eq!(answer.to_string(), r#"404 {"error":"not_found"}"#);
}

#[test]
fn every_mount_has_it_with_and_without_a_slash_at_the_end() {
    let management = Management::with(&[(
        "CLAVIS_DIALECTS__BARONG__MOUNTS",
        "/api/v2/resource,/api/v2/barong/resource,/management/resource,/elsewhere",
    )]);
    let timestamp = |path: &str| {
        let body = signed(&claims(json!({})), &[&signers().applogic]);
        management.send(Method::POST, path, body)
    };
    for mount in [MOUNTS[0], MOUNTS[1], "/management/management"] {
        for slash in ["", "/"] {
            let answer = timestamp(&format!("{mount}/timestamp{slash}"));
            let told = answer.at("/timestamp");
            assert_eq!(answer.to_string(), format!(r#"200 {{"timestamp":{told}}}"#));
            let told: u64 = told.parse().expect("seconds");
            assert!(told.abs_diff(crate::harness::management::now()) < 60, "{told}");
            assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"));
        }
    }
    // Beside what is no `/resource` there is nothing.
    assert_eq!(timestamp("/elsewhere/management/timestamp").status(), 401);
    assert_eq!(timestamp("/management/timestamp").status(), 404);
}

#[test]
fn a_body_that_is_no_json_cannot_be_read() {
    let management = Management::with(&[CODED]);
    for mount in MOUNTS {
        for body in [
            "",
            " ",
            "{",
            "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
            "{\"payload\":\"\"",
            "\u{0}",
        ] {
            let request = management.server().post(&format!("{mount}/timestamp"));
            let answer = request.raw_body(body, "application/json").send();
            assert_eq!(answer.to_string(), r#"400 {"error":"Couldn't parse JWT."}"#);
        }
        let deep = "[".repeat(100_000);
        let request = management.server().post(&format!("{mount}/timestamp"));
        let answer = request.raw_body(deep, "application/json").send();
        assert_eq!(answer.to_string(), r#"400 {"error":"Couldn't parse JWT."}"#);
    }
}

#[test]
fn json_of_another_form_does_not_verify() {
    let management = Management::start();
    let good = signed(&claims(json!({})), &[&signers().applogic]);
    let without = |name: &str| {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let signature = |name: &str, value: serde_json::Value| {
        let mut body = good.clone();
        body["signatures"][0][name] = value;
        body
    };
    for body in [
        json!({}),
        json!([]),
        json!("text"),
        json!(null),
        without("payload"),
        without("signatures"),
        json!({ "payload": good["payload"], "signatures": {} }),
        json!({ "payload": 1, "signatures": good["signatures"] }),
        json!({ "payload": good["payload"], "signatures": [1] }),
        signature("header", json!({})),
        signature("header", json!({ "kid": 1 })),
        signature("protected", json!("")),
        signature("protected", json!("e30")),
        signature("signature", json!(null)),
        signature("signature", json!("")),
        signature("signature", json!("!")),
        json!({ "payload": good["payload"], "signatures": vec![good["signatures"][0].clone(); 17] }),
    ] {
        let answer = management.send(Method::POST, "/api/v2/management/timestamp", body);
        assert_eq!(answer.to_string(), r#"401 {"error":"Failed to verify JWT."}"#);
    }
}

#[test]
fn a_body_is_bounded() {
    let management = Management::start();
    let padded = |bytes: usize| {
        let body = signed(
            &claims(json!({ "padding": "x".repeat(bytes) })),
            &[&signers().applogic],
        );
        management.send(Method::POST, "/api/v2/management/timestamp", body)
    };
    assert_eq!(padded(150 * 1024).status(), 200);
    assert_eq!(
        padded(256 * 1024).to_string(),
        r#"413 {"error":"Request body is too large"}"#
    );
}

#[test]
fn parameters_are_bounded() {
    let management = Management::start();
    let many: serde_json::Map<_, _> = (0..2000).map(|index| (format!("a{index}"), json!(1))).collect();
    assert_eq!(
        management.post("/users/get", json!(many)).to_string(),
        r#"400 {"error":"Request has too many or too deep parameters"}"#
    );
    assert_eq!(
        management
            .post("/users/get", json!({ "uid": "\u{0}" }))
            .to_string(),
        r#"422 {"error":"uid is invalid"}"#
    );
    assert_eq!(
        management
            .post("/users/list", json!({ "junk": "\u{0}", "\u{0}": 1 }))
            .status(),
        200
    );
}
