//! Bodies that are no JSON, too much of it, or the wrong kind.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{Endpoint, Owner, complaint, endpoints, server};
use crate::harness::{PASSWORD, address};

const JSON: &str = "application/json";

/// Texts that are no JSON.
fn malformed() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("an open brace", b"{".to_vec()),
        ("no value", br#"{"email":}"#.to_vec()),
        ("a trailing comma", br#"{"email":"a@example.org",}"#.to_vec()),
        ("two values", b"{} {}".to_vec()),
        ("half a word", b"nul".to_vec()),
        ("single quotes", b"{'email':'a@example.org'}".to_vec()),
        (
            "bad UTF-8",
            b"{\"email\":\"\xff\xfe@example.org\",\"mail\":\"\xc3\x28\"}".to_vec(),
        ),
        ("an overlong NUL", b"{\"email\":\"\xc0\x80\"}".to_vec()),
        ("a raw NUL", b"{\"email\":\"a\0b@example.org\"}".to_vec()),
        (
            "UTF-16",
            "{\"email\":1}"
                .encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect(),
        ),
        (
            "half a surrogate pair",
            br#"{"email":"\ud800","mail":"\udc00\ud800"}"#.to_vec(),
        ),
        ("a bad escape", br#"{"email":"\x41"}"#.to_vec()),
        ("NaN", br#"{"email":NaN}"#.to_vec()),
        (
            "a number without an end",
            format!("{{\"email\":{}}}", "9".repeat(50_000)).into_bytes(),
        ),
        ("1e999999", br#"{"email":1e999999}"#.to_vec()),
        ("deep arrays", [vec![b'['; 20_000], vec![b']'; 20_000]].concat()),
        (
            "deep objects",
            format!("{}1{}", "{\"email\":".repeat(5_000), "}".repeat(5_000)).into_bytes(),
        ),
        ("only open brackets", vec![b'['; 50_000]),
    ]
}

/// JSON that is no object, or a strange one.
fn strange() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("nothing", Vec::new()),
        ("blanks", b" \n\t ".to_vec()),
        ("null", b"null".to_vec()),
        ("true", b"true".to_vec()),
        ("a number", b"12".to_vec()),
        ("a text", br#""email""#.to_vec()),
        ("an array", br#"["email"]"#.to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        ("an empty name", br#"{"":1}"#.to_vec()),
        ("a NUL for a name", br#"{"\u0000":1}"#.to_vec()),
        (
            "the same name twice",
            br#"{"email":"a@example.org","email":1,"mail":"a@b","mail":[]}"#.to_vec(),
        ),
        (
            "__proto__",
            br#"{"__proto__":{"email":"a@example.org"},"constructor":1}"#.to_vec(),
        ),
        ("ten thousand names", many_names()),
    ]
}

fn many_names() -> Vec<u8> {
    let names: Vec<String> = (0..10_000).map(|n| format!("\"n{n}\":0")).collect();
    format!("{{{}}}", names.join(",")).into_bytes()
}

/// What a text field may be given instead of a text.
fn no_texts() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(1),
        json!(-1.5),
        json!(1e308),
        json!(u64::MAX),
        json!([]),
        json!(["a@example.org"]),
        json!({}),
        json!({ "$ne": null }),
    ]
}

/// Texts that are hard to keep, to compare or to show.
fn texts() -> Vec<Value> {
    let long = "x".repeat(60_000);
    [
        "",
        " ",
        "\0",
        "a\0b",
        "a\0b@example.org",
        "\u{feff}",
        "\u{202e}gro.elpmaxe@nna",
        "\u{1f600}",
        "e\u{301}@example.org",
        "\r\nBcc: everybody@example.org",
        "ann@example.org\r\nBcc: everybody@example.org",
        "' OR 1=1 --",
        "%00",
        "%",
        "../../etc/passwd",
        "<script>alert(1)</script>",
        "00000000-0000-0000-0000-000000000000",
        "18446744073709551616",
        &long,
    ]
    .map(Value::from)
    .to_vec()
}

#[track_caller]
fn report(complaints: &[String]) {
    assert!(
        complaints.is_empty(),
        "{} bad answers:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

fn line(endpoint: &Endpoint, what: &str, complaint: &str) -> String {
    format!("{} {}, {what}: {complaint}", endpoint.method, endpoint.path)
}

#[test]
fn what_is_no_json_is_a_bad_request_in_the_words_of_the_dialect() {
    let server = server();
    let mut complaints = Vec::new();
    for endpoint in endpoints(&server) {
        for (what, body) in malformed() {
            let answer = endpoint.request(&server).raw_body(body, JSON).send();
            // Backend Plus's contract names no refusal for a body where none is read.
            let may_ignore = endpoint.body.as_object().is_some_and(serde_json::Map::is_empty);
            let fits = answer.status() == 400 || may_ignore;
            let complaint =
                complaint(endpoint.owner, &answer).or_else(|| (!fits).then(|| answer.to_string()));
            complaints.extend(complaint.map(|complaint| line(&endpoint, what, &complaint)));
        }
    }
    report(&complaints);
}

#[test]
fn malformed_json_has_the_answer_of_the_contract() {
    let server = server();
    let send = |path: &str| server.post(path).raw_body("{", JSON).send();
    assert_snapshot!(send("/auth/login"), @r#"400 {"statusCode":400,"error":"Bad Request"}"#);
    assert_snapshot!(
        send("/v1/login/account"),
        @r#"400 {"status":"error","error":{"code":1001,"message":"Bad Request"}}"#
    );
}

#[test]
fn json_that_is_no_object_is_never_a_fault() {
    let server = server();
    let mut complaints = Vec::new();
    for endpoint in endpoints(&server) {
        for (what, body) in strange() {
            for kind in [
                JSON,
                "application/json; charset=utf-16",
                "text/plain",
                "multipart/form-data",
                "",
            ] {
                let answer = endpoint.request(&server).raw_body(body.clone(), kind).send();
                let complaint = complaint(endpoint.owner, &answer);
                complaints.extend(
                    complaint.map(|complaint| line(&endpoint, &format!("{what} as {kind:?}"), &complaint)),
                );
            }
        }
    }
    report(&complaints);
}

#[test]
fn a_field_of_the_wrong_type_is_a_bad_request() {
    let server = server();
    let mut complaints = Vec::new();
    for endpoint in endpoints(&server) {
        for field in endpoint.body.as_object().unwrap().keys() {
            for value in no_texts() {
                let mut body = endpoint.body.clone();
                body[field] = value.clone();
                let answer = endpoint.request(&server).json(body).send();
                let what = format!("{field} = {value}");
                let fits = answer.status() == 400 || !endpoint.required.contains(&field.as_str());
                let complaint =
                    complaint(endpoint.owner, &answer).or_else(|| (!fits).then(|| answer.to_string()));
                complaints.extend(complaint.map(|complaint| line(&endpoint, &what, &complaint)));
            }
        }
    }
    report(&complaints);
}

#[test]
fn a_field_with_a_strange_text_is_never_a_fault() {
    let server = server();
    let mut complaints = Vec::new();
    for endpoint in endpoints(&server) {
        for field in endpoint.body.as_object().unwrap().keys() {
            for value in texts() {
                let mut body = endpoint.body.clone();
                body[field] = value.clone();
                let answer = endpoint.request(&server).json(body).send();
                let what = format!("{field} = {:.60}", value.to_string());
                let complaint = complaint(endpoint.owner, &answer);
                complaints.extend(complaint.map(|complaint| line(&endpoint, &what, &complaint)));
            }
        }
    }
    report(&complaints);
}

#[test]
fn forms_and_queries_with_strange_texts_are_never_a_fault() {
    let server = server();
    let mut complaints = Vec::new();
    for endpoint in endpoints(&server)
        .iter()
        .filter(|endpoint| endpoint.owner == Owner::Pluto)
    {
        for field in endpoint.body.as_object().unwrap().keys() {
            for value in texts()
                .iter()
                .filter_map(Value::as_str)
                .filter(|text| text.len() < 10_000)
            {
                let answer = endpoint
                    .request(&server)
                    .json(endpoint.body.clone())
                    .query(&[(field, value)])
                    .send();
                let complaint_of_query = complaint(endpoint.owner, &answer);
                let answer = endpoint.request(&server).form(&[(field, value)]).send();
                let both = [complaint_of_query, complaint(endpoint.owner, &answer)];
                let what = format!("{field} = {value:?}");
                complaints.extend(
                    both.into_iter()
                        .flatten()
                        .map(|complaint| line(endpoint, &what, &complaint)),
                );
            }
        }
        for raw in [
            "%ff%fe=%c3%28",
            "&&&===",
            "%",
            "%zz=%0",
            "app_id=%00&app_id=%00",
            "a=b;c=d",
        ] {
            let form = "application/x-www-form-urlencoded";
            let answer = endpoint.request(&server).raw_body(raw, form).send();
            let complaint = complaint(endpoint.owner, &answer);
            complaints.extend(complaint.map(|complaint| line(endpoint, raw, &complaint)));
        }
    }
    report(&complaints);
}

#[test]
fn a_body_past_the_limit_is_refused_in_the_words_of_the_dialect() {
    let server = server();
    for endpoint in endpoints(&server) {
        // A field as long as no limit allows, and a body that says nothing for as long.
        for body in [
            format!("{{\"email\":\"{}\"}}", "x".repeat(20_000_000)),
            " ".repeat(20_000_000),
        ] {
            let answer = endpoint.request(&server).raw_body(body, JSON).send();
            let may_ignore = endpoint.body.as_object().is_some_and(serde_json::Map::is_empty);
            if !may_ignore {
                assert_eq!(
                    answer.status(),
                    413,
                    "{} {}: {answer}",
                    endpoint.method,
                    endpoint.path
                );
            }
            assert_eq!(
                complaint(endpoint.owner, &answer),
                None,
                "{} {}",
                endpoint.method,
                endpoint.path
            );
        }
    }
    let body = "x".repeat(200_000);
    assert_snapshot!(
        server.post("/auth/login").raw_body(body.clone(), JSON).send(),
        @r#"413 {"statusCode":413,"error":"Payload Too Large","message":"Request body is too large"}"#
    );
    let body = "x".repeat(20_000_000);
    assert_snapshot!(
        server.post("/v1/login/account").raw_body(body, JSON).send(),
        @r#"413 {"status":"error","error":{"code":9004,"message":"Request body is too large"}}"#
    );
}

#[test]
fn the_longest_password_is_bounded_and_a_long_one_still_works() {
    let server = server();
    let ann = address("ann");
    let longest = "ä".repeat(64);
    let register = |email: &str, password: &str| {
        server
            .post("/auth/register")
            .json(json!({ "email": email, "password": password }))
            .send()
    };
    register(&ann, &longest).expect(204);
    server.backend_plus().try_log_in(&ann, &longest).expect(200);
    server.pluto().try_log_in(&ann, &longest).expect(200);
    server.pluto().try_log_in(&ann, &"ä".repeat(63)).expect(403);
    assert_snapshot!(
        register(&address("bob"), &"a".repeat(129)),
        @r#"400 {"statusCode":400,"error":"Bad Request","message":"\"password\" length must be less than or equal to 128 characters long"}"#
    );
    // What a log-in is given is bounded too, and told apart from nothing.
    server.pluto().try_log_in(&ann, &"x".repeat(90_000)).expect(403);
    server.pluto().try_log_in(&ann, PASSWORD).expect(403);
}
