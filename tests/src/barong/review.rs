//! People decide on documents and profiles: what follows of it, who may, and who is told.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::documents::{Form, list, pdf};
use super::profiles::ada;
use crate::harness::{Answer, BARONG_PASSWORD, Server, address};

const ADMIN: &str = "/api/v2/admin";
/// Levels that are reached without a phone.
const LEVELS: (&str, &str) = (
    "CLAVIS_DIALECTS__BARONG__LEVELS",
    "email:verified,document:verified",
);

/// Somebody who may review, made by the operator: a bearer token.
#[track_caller]
fn reviewer(server: &Server) -> String {
    let address = address("reviewer");
    let create = [
        "user",
        "create",
        "--email",
        &address,
        "--password",
        BARONG_PASSWORD,
        "--role",
        "admin",
        "--active",
    ];
    server.cli(&create).ok();
    server.barong().log_in(&address).access
}

/// Somebody with a proven address.
struct Applicant {
    address: String,
    access: String,
}

fn applicant(server: &Server) -> Applicant {
    let address = address("ada");
    server.barong().sign_up(&address);
    let access = server.barong().log_in(&address).access;
    Applicant { address, access }
}

fn hand_in(server: &Server, access: &str) {
    Form::passport()
        .file("passport.pdf", &pdf())
        .send(server, access)
        .expect(201);
}

fn level(server: &Server, access: &str) -> String {
    server.barong().me(access).at("/level")
}

/// The documents that wait, the oldest first.
#[track_caller]
fn waiting(server: &Server, reviewer: &str, what: &str) -> Vec<Value> {
    let queue = server.get(&format!("{ADMIN}/{what}")).bearer(reviewer).send();
    let queue = queue.expect(200).json();
    queue.as_array().cloned().unwrap_or_default()
}

fn decide(server: &Server, reviewer: &str, id: &Value, decision: Value) -> Answer {
    server
        .request(Method::PUT, &format!("{ADMIN}/documents/{id}"))
        .json(decision)
        .bearer(reviewer)
        .send()
}

fn decide_on_profile(server: &Server, reviewer: &str, decision: Value) -> Answer {
    server
        .request(Method::PUT, &format!("{ADMIN}/profiles"))
        .json(decision)
        .bearer(reviewer)
        .send()
}

#[test]
fn an_approved_document_lifts_the_level_and_its_owner_is_told() {
    let server = Server::with(&[LEVELS]);
    let (reviewer, ada) = (reviewer(&server), applicant(&server));
    hand_in(&server, &ada.access);
    assert_eq!(level(&server, &ada.access), "1");
    let queue = waiting(&server, &reviewer, "documents");
    let [document] = queue.as_slice() else {
        panic!("one waits: {queue:?}");
    };
    let decision = json!({
        "state": "verified", "public_comment": "Thank you <3 & welcome", "private_comment": "checked twice",
    });
    decide(&server, &reviewer, &document["id"], decision).expect(200);
    assert_eq!(level(&server, &ada.access), "2");
    assert!(waiting(&server, &reviewer, "documents").is_empty());
    let mail = server.mail_to(&ada.address);
    assert!(mail.text.contains("Thank you <3 & welcome"), "{}", mail.text);
    assert!(
        mail.html.contains("Thank you &lt;3 &amp; welcome"),
        "{}",
        mail.html
    );
    for form in [&mail.text, &mail.html, &mail.subject] {
        assert!(!form.contains("checked twice"), "{form}");
    }
    let stored = String::from_utf8_lossy(&server.stored()).into_owned();
    for action in ["document.submit", "document.review", "label.set", "level.change"] {
        assert!(stored.contains(action), "{action}");
    }
}

#[test]
fn a_document_sent_back_leaves_room_for_another_and_a_decision_stands() {
    let server = Server::with(&[LEVELS]);
    let (reviewer, ada) = (reviewer(&server), applicant(&server));
    hand_in(&server, &ada.access);
    hand_in(&server, &ada.access);
    let queue = waiting(&server, &reviewer, "documents");
    decide(&server, &reviewer, &queue[0]["id"], json!({ "state": "retry" })).expect(200);
    assert_eq!(level(&server, &ada.access), "1");
    decide(
        &server,
        &reviewer,
        &queue[1]["id"],
        json!({ "state": "verified" }),
    )
    .expect(200);
    assert_eq!(level(&server, &ada.access), "2");
    // One right document is enough, whatever becomes of the others.
    decide(
        &server,
        &reviewer,
        &queue[0]["id"],
        json!({ "state": "rejected" }),
    )
    .expect(200);
    assert_eq!(level(&server, &ada.access), "2");
    for document in &queue {
        for state in ["verified", "retry", "rejected"] {
            let again = decide(&server, &reviewer, &document["id"], json!({ "state": state }));
            assert_eq!(
                again.to_string(),
                r#"422 {"error":"admin.document.not_pending"}"#,
                "{state}"
            );
        }
    }
    hand_in(&server, &ada.access);
    assert_eq!(waiting(&server, &reviewer, "documents").len(), 1);
}

#[test]
fn a_profile_is_approved_sent_back_or_refused_for_good() {
    let server = Server::start();
    let reviewer = reviewer(&server);
    for (state, may_try_again) in [("verified", 409), ("retry", 201), ("rejected", 409)] {
        let ada = applicant(&server);
        let post = || {
            let request = server.post("/profiles").json(super::profiles::ada());
            request.bearer(&ada.access).send()
        };
        post().expect(201);
        let uid = server.barong().me(&ada.access).at("/uid");
        let decision = json!({ "uid": uid, "state": state, "public_comment": "Seen." });
        decide_on_profile(&server, &reviewer, decision).expect(200);
        let mail = server.mail_to(&ada.address);
        assert!(mail.text.contains("Seen."), "{state}: {}", mail.text);
        assert_eq!(post().status(), may_try_again, "{state}");
    }
    assert_eq!(
        waiting(&server, &reviewer, "profiles").len(),
        1,
        "the one handed in again"
    );
}

#[test]
fn of_two_reviewers_at_once_one_decides() {
    let server = Server::with(&[LEVELS]);
    let (one, another, ada) = (reviewer(&server), reviewer(&server), applicant(&server));
    for _ in 0..3 {
        hand_in(&server, &ada.access);
    }
    for document in waiting(&server, &one, "documents") {
        let race = |access: &str, state: &str| {
            let decision = json!({ "state": state });
            decide(&server, access, &document["id"], decision)
                .status()
                .as_u16()
        };
        let (first, second) = std::thread::scope(|scope| {
            let first = scope.spawn(|| race(&one, "verified"));
            let second = scope.spawn(|| race(&another, "rejected"));
            (first.join().unwrap(), second.join().unwrap())
        });
        let mut statuses = [first, second];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422]);
    }
}

#[test]
fn nobody_reviews_what_is_their_own() {
    let server = Server::with(&[LEVELS]);
    let reviewer = reviewer(&server);
    hand_in(&server, &reviewer);
    let document = waiting(&server, &reviewer, "documents").remove(0);
    assert_snapshot!(
        decide(&server, &reviewer, &document["id"], json!({ "state": "verified" })),
        @r#"422 {"error":"admin.user.update_himself"}"#
    );
    server
        .post("/profiles")
        .json(ada())
        .bearer(&reviewer)
        .send()
        .expect(201);
    let uid = server.barong().me(&reviewer).at("/uid");
    assert_snapshot!(
        decide_on_profile(&server, &reviewer, json!({ "uid": uid, "state": "verified" })),
        @r#"422 {"error":"admin.user.update_himself"}"#
    );
    assert_eq!(level(&server, &reviewer), "1");
}

#[test]
fn a_profile_that_changed_since_it_was_seen_is_not_decided_on() {
    let server = Server::start();
    let (reviewer, ada) = (reviewer(&server), applicant(&server));
    let post = |profile: Value| {
        let request = server.post("/profiles").json(profile);
        request.bearer(&ada.access).send().expect(201)
    };
    post(super::profiles::ada());
    let seen = waiting(&server, &reviewer, "profiles").remove(0);
    let id = &seen["id"];
    decide_on_profile(&server, &reviewer, json!({ "id": id, "state": "retry" })).expect(200);
    let mut other = super::profiles::ada();
    other["last_name"] = json!("Byron");
    post(other);
    let decision = json!({ "id": id, "state": "verified", "version": seen["version"] });
    let outdated = decide_on_profile(&server, &reviewer, decision);
    assert!(outdated.text().contains("admin.profile.changed"), "{outdated}");
    let seen = waiting(&server, &reviewer, "profiles").remove(0);
    let decision = json!({ "id": id, "state": "verified", "version": seen["version"] });
    decide_on_profile(&server, &reviewer, decision).expect(200);
}

#[test]
fn a_comment_is_one_line_of_a_thousand_characters() {
    let server = Server::start();
    let (reviewer, ada) = (reviewer(&server), applicant(&server));
    hand_in(&server, &ada.access);
    let document = waiting(&server, &reviewer, "documents").remove(0);
    let decide = |name: &str, comment: String| {
        let decision = json!({ "state": "verified", name: comment });
        decide(&server, &reviewer, &document["id"], decision)
    };
    for name in ["public_comment", "private_comment"] {
        for bad in [
            "é".repeat(1001),
            "two\nlines".to_owned(),
            "\u{1b}[31mred".to_owned(),
        ] {
            let answer = decide(name, bad);
            assert_eq!(
                answer.to_string(),
                format!(r#"400 {{"error":"{name} is invalid"}}"#)
            );
        }
    }
    assert_eq!(waiting(&server, &reviewer, "documents").len(), 1);
    decide("public_comment", "é".repeat(1000)).expect(200);
}

#[test]
fn only_who_may_review_decides_or_sees_what_waits() {
    let server = Server::with(&[LEVELS]);
    let (ada, bob) = (applicant(&server), applicant(&server));
    hand_in(&server, &ada.access);
    hand_in(&server, &bob.access);
    let refused = |answer: Answer| answer.to_string();
    assert_snapshot!(
        refused(decide(&server, &bob.access, &json!(1), json!({ "state": "verified" }))),
        @r#"401 {"error":"admin.access.denied"}"#
    );
    assert_snapshot!(
        refused(decide_on_profile(&server, &bob.access, json!({ "uid": "ID1", "state": "verified" }))),
        @r#"401 {"error":"admin.access.denied"}"#
    );
    assert_snapshot!(
        refused(server.get(&format!("{ADMIN}/documents")).bearer(&bob.access).send()),
        @r#"401 {"error":"admin.access.denied"}"#
    );
    assert_snapshot!(
        refused(server.get(&format!("{ADMIN}/documents/1/file")).bearer(&bob.access).send()),
        @r#"401 {"error":"admin.access.denied"}"#
    );
    assert_eq!(level(&server, &ada.access), "1");
}

#[test]
fn every_look_at_a_document_is_in_the_trail() {
    let server = Server::start();
    let (reviewer, ada) = (reviewer(&server), applicant(&server));
    hand_in(&server, &ada.access);
    let looks = || {
        String::from_utf8_lossy(&server.stored())
            .matches("document.view")
            .count()
    };
    assert_eq!(looks(), 0);
    let link = list(&server, &ada.access).at("/0/upload/url");
    server.get(&link).send().expect(200);
    let own = looks();
    assert!(own > 0);
    let queued = waiting(&server, &reviewer, "documents").remove(0);
    let link = queued["upload"]["url"].as_str().unwrap_or_default().to_owned();
    assert_eq!(server.get(&link).send().expect(200).body(), pdf());
    assert!(looks() > own);
}

#[test]
fn what_is_sent_back_may_be_changed_once_more_and_goes_through_all_again() {
    let server = Server::start();
    let (reviewer, ada) = (reviewer(&server), applicant(&server));
    let request = |method: Method, body: Value| {
        let request = server.request(method, "/profiles").json(body);
        request.bearer(&ada.access).send()
    };
    request(Method::POST, super::profiles::ada()).expect(201);
    let id = waiting(&server, &reviewer, "profiles").remove(0)["id"].clone();
    decide_on_profile(&server, &reviewer, json!({ "id": id, "state": "retry" })).expect(200);
    assert!(waiting(&server, &reviewer, "profiles").is_empty());
    request(Method::PUT, json!({ "city": "Paris" })).expect(200);
    let waiting = waiting(&server, &reviewer, "profiles");
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0]["id"], id, "the same profile");
    assert_eq!(waiting[0]["city"], "Paris");
    assert_eq!(request(Method::PUT, json!({ "city": "Rome" })).status(), 404);
}
