//! What people handed in, in reviewers' hands: `/admin/documents`, `/admin/profiles`.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::documents::{Form, pdf};
use super::office::{CLASSIC, CODED, DENIED, Office, Someone, codes, column, fields};
use super::profiles::ada;

fn hand_in(office: &Office, who: &Someone) -> Value {
    let form = Form::passport().file("passport.pdf", &pdf());
    form.send(&office.0, &who.visit.access).expect(201);
    json!(null)
}

/// The ids of the documents that wait.
fn waiting(office: &Office, reviewer: &Someone) -> Vec<String> {
    column(&office.look("/documents", reviewer).expect(200), "id")
}

fn decide(office: &Office, who: &Someone, id: &str, body: Value) -> crate::harness::Answer {
    office.ask(Method::PUT, &format!("/documents/{id}"), who, body)
}

#[test]
fn a_document_waits_is_looked_at_and_approved() {
    let office = Office::open();
    let (admin, reviewer) = (office.hire("admin"), office.hire("compliance"));
    let ann = office.newcomer("ann");
    office.label(&admin, &ann, "phone", "verified").expect(201);
    hand_in(&office, &ann);
    let pending = office.look("/users/documents/pending", &reviewer).expect(200);
    assert_eq!(column(&pending, "uid"), std::slice::from_ref(&ann.uid));
    let queue = office.look("/documents", &reviewer).expect(200);
    assert_eq!(
        (queue.header("Total"), queue.header("Per-Page")),
        (Some("1".to_owned()), Some("100".to_owned()))
    );
    let document = queue.json()[0].clone();
    assert_eq!(fields(&document.to_string()).len(), 17, "{document}");
    assert_eq!(
        (&document["uid"], &document["state"]),
        (&json!(ann.uid), &json!("pending"))
    );
    assert_eq!(document["doc_number"], "AA1234BB");
    assert_eq!(document["reviewer_uid"], Value::Null);

    let id = document["id"].to_string();
    let file = office
        .look(&format!("/documents/{id}/file"), &reviewer)
        .expect(200);
    assert_eq!(file.body(), pdf());
    assert_eq!(
        file.header("content-disposition").as_deref(),
        Some("attachment; filename=\"passport.pdf\"")
    );
    assert_eq!(
        file.header("content-security-policy").as_deref(),
        Some("default-src 'none'; sandbox")
    );
    for (mount, admin_mount) in [("/api/v2/resource", CLASSIC), ("/api/v2/barong/resource", CODED)] {
        let seen = [
            office.0.get(&format!("{admin_mount}/documents?uid={}", ann.uid)),
            office.0.get(&format!("{admin_mount}/documents/?uid={}", ann.uid)),
        ];
        let links = seen.map(|request| request.bearer(&reviewer.visit.access).send().at("/0/upload/url"));
        let whole = office.0.get(&format!("{admin_mount}/users/{}", ann.uid));
        let whole = whole
            .bearer(&admin.visit.access)
            .send()
            .at("/documents/0/upload/url");
        for link in links.into_iter().chain([whole]) {
            assert!(link.starts_with(&format!("{mount}/documents/")), "{link}");
            assert_eq!(
                office.0.get(&link).send().expect(200).body(),
                pdf(),
                "below the same mount"
            );
        }
    }

    let body = json!({
        "state": "verified", "public_comment": "All right.", "private_comment": "Smudged.",
        "version": document["version"],
    });
    let decided = decide(&office, &reviewer, &id, body).expect(200);
    assert_eq!(decided.at("/state"), "verified");
    assert_eq!(decided.at("/reviewer_uid"), reviewer.uid);
    assert_eq!(decided.at("/private_comment"), "Smudged.");
    assert!(waiting(&office, &reviewer).is_empty());
    let of_ann = office.file_of(&ann, &admin);
    assert_eq!(of_ann["level"], 3, "{of_ann}");
    assert_eq!(of_ann["documents"][0]["private_comment"], "Smudged.");
    let mail = office.0.mail_to(&ann.address);
    assert!(
        mail.text.contains("All right.") && !mail.text.contains("Smudged"),
        "{}",
        mail.text
    );
    let verified = office.look("/documents?state=verified", &reviewer).expect(200);
    assert_eq!(column(&verified, "id"), [id]);
}

#[test]
fn a_document_may_be_asked_for_again_or_rejected_for_good() {
    let office = Office::open();
    let (admin, reviewer) = (office.hire("admin"), office.hire("compliance"));
    let ann = office.newcomer("ann");
    hand_in(&office, &ann);
    hand_in(&office, &ann);
    let [first, second] = waiting(&office, &reviewer).try_into().unwrap();
    let again = json!({ "state": "retry", "public_comment": "Too dark." });
    assert_eq!(
        decide(&office, &reviewer, &first, again).expect(200).at("/state"),
        "retry"
    );
    let label = |key: &str| {
        let labels = office.file_of(&ann, &admin)["labels"].clone();
        let labels = labels.as_array().unwrap().clone();
        let found = labels.iter().find(|label| label["key"] == key);
        found.map(|label| label["value"].clone())
    };
    assert_eq!(label("document"), Some(json!("rejected")));
    assert!(office.0.mail_to(&ann.address).text.contains("Too dark."));
    let rejected = decide(&office, &reviewer, &second, json!({ "state": "rejected" })).expect(200);
    assert_eq!(rejected.at("/state"), "rejected");
    let path = format!("/documents/{second}");
    assert_eq!(
        office.said(&Method::PUT, &path, &reviewer, &json!({ "state": "verified" })),
        codes(422, "admin.document.not_pending"),
        "that decision stands"
    );
    decide(&office, &reviewer, &first, json!({ "state": "verified" })).expect(200);
    assert_eq!(label("document"), Some(json!("verified")));
}

#[test]
fn a_decision_that_cannot_be_is_refused() {
    let office = Office::open();
    let reviewer = office.hire("compliance");
    let ann = office.newcomer("ann");
    hand_in(&office, &ann);
    hand_in(&office, &reviewer);
    let [of_ann, own] = waiting(&office, &reviewer).try_into().unwrap();
    let said =
        |id: &str, body: Value| office.said(&Method::PUT, &format!("/documents/{id}"), &reviewer, &body);
    let approve = json!({ "state": "verified" });
    for unknown in ["0", "9223372036854775807", "x", "-1"] {
        assert_eq!(
            said(unknown, approve.clone()),
            codes(404, "admin.document.doesnt_exist"),
            "{unknown}"
        );
    }
    assert_eq!(said(&own, approve), codes(422, "admin.user.update_himself"));
    assert_eq!(
        said(&of_ann, json!({ "state": "verified", "version": 1 })),
        codes(409, "admin.document.changed")
    );
    assert_eq!(
        said(&of_ann, json!({})),
        [
            r#"400 {"error":"state is missing, state is empty"}"#,
            r#"422 {"errors":["admin.document.missing_state","admin.document.empty_state"]}"#
        ]
    );
    for (body, text, code) in [
        (
            json!({ "state": "pending" }),
            "state is invalid",
            "admin.review.invalid_state",
        ),
        (
            json!({ "state": "verified", "public_comment": "a\nb" }),
            "public_comment is invalid",
            "admin.review.invalid_public_comment",
        ),
        (
            json!({ "state": "verified", "private_comment": "x".repeat(1001) }),
            "private_comment is invalid",
            "admin.review.invalid_private_comment",
        ),
        (
            json!({ "state": "verified", "version": "x" }),
            "version is invalid",
            "invalid",
        ),
    ] {
        assert_eq!(
            said(&of_ann, body.clone()),
            [
                format!(r#"400 {{"error":"{text}"}}"#),
                format!(r#"422 {{"errors":["{code}"]}}"#)
            ],
            "{body}"
        );
    }
    for (query, text, code) in [
        ("state=lost", "state is invalid", "admin.review.invalid_state"),
        ("limit=1000000000", "limit is invalid", "invalid_limit"),
        ("after=x", "after is invalid", "invalid"),
    ] {
        for path in ["/documents", "/profiles"] {
            assert_eq!(
                office.said_of(&format!("{path}?{query}"), &reviewer),
                [
                    format!(r#"400 {{"error":"{text}"}}"#),
                    format!(r#"422 {{"errors":["{code}"]}}"#)
                ]
            );
        }
    }
    assert_eq!(
        office.said_of("/documents?uid=IDNOBODY", &reviewer),
        codes(404, "admin.user.doesnt_exist")
    );
    assert_eq!(waiting(&office, &reviewer).len(), 2);
}

#[test]
fn a_queue_is_walked_from_one_to_the_next() {
    let office = Office::open();
    let reviewer = office.hire("compliance");
    let ann = office.newcomer("ann");
    for _ in 0..3 {
        hand_in(&office, &ann);
    }
    let all = waiting(&office, &reviewer);
    let first = office
        .look("/documents?limit=2&state=pending", &reviewer)
        .expect(200);
    assert_eq!(column(&first, "id"), all[..2]);
    assert_eq!(first.header("Total").as_deref(), Some("3"));
    let link = first.header("Link").unwrap();
    let next = link
        .strip_prefix(&format!("<{}", office.0.url(CLASSIC)))
        .and_then(|link| link.strip_suffix(">; rel=\"next\""));
    let next = next.unwrap_or_else(|| panic!("another link: {link}"));
    let second = office.look(next, &reviewer).expect(200);
    assert_eq!(column(&second, "id"), all[2..]);
    assert_eq!(second.header("Link"), None);
    let of_ann = office
        .look(&format!("/documents?uid={}", ann.uid), &reviewer)
        .expect(200);
    assert_eq!(column(&of_ann, "id"), all);
}

#[test]
fn contents_are_for_their_owner_and_reviewers_and_every_look_is_noted() {
    let office = Office::open();
    let (reviewer, clerk) = (office.hire("compliance"), office.hire("support"));
    let (ann, bob) = (office.newcomer("ann"), office.newcomer("bob"));
    hand_in(&office, &ann);
    let id = waiting(&office, &reviewer).remove(0);
    let path = format!("/documents/{id}/file");
    for who in [&ann, &bob, &clerk] {
        assert_eq!(office.said_of(&path, who), DENIED);
    }
    assert_eq!(
        office.said_of("/documents/77/file", &reviewer),
        codes(404, "admin.document.doesnt_exist")
    );
    office.look(&path, &reviewer).expect(200);
    let log = office
        .look(
            &format!("/activities/admin?topic=document&target_uid={}", ann.uid),
            &reviewer,
        )
        .expect(200);
    assert_eq!(column(&log, "action"), ["view"]);
    assert_eq!(log.json()[0]["user"]["uid"], json!(reviewer.uid));
}

#[test]
fn a_profile_waits_and_is_decided_on() {
    let office = Office::open();
    let (admin, reviewer) = (office.hire("admin"), office.hire("compliance"));
    let ann = office.newcomer("ann");
    office.hand_in_profile(&ann);
    let queue = office.look_coded("/profiles", &reviewer).expect(200);
    let profile = queue.json()[0].clone();
    assert_eq!(
        (&profile["uid"], &profile["state"]),
        (&json!(ann.uid), &json!("submitted"))
    );
    assert_eq!(
        (&profile["last_name"], &profile["dob"]),
        (&json!("Lovelace"), &json!("1990-12-10"))
    );
    let own = |field: &str| {
        let request = office.0.get("/api/v2/barong/resource/profiles/me");
        let profiles = request.bearer(&ann.visit.access).send().expect(200).json();
        profiles[0][field].clone()
    };
    let review = |body: Value| office.ask(Method::PUT, "/profiles", &reviewer, body);
    let again = json!({ "uid": ann.uid, "state": "retry", "public_comment": "Which street?" });
    assert_eq!(review(again).expect(200).at("/state"), "retry");
    assert_eq!(own("state"), "drafted");
    assert!(office.0.mail_to(&ann.address).text.contains("Which street?"));
    // The classic profile hands in once more what was sent back.
    office.hand_in_profile(&ann);
    assert_eq!(own("state"), "submitted");
    let outdated = json!({ "id": profile["id"], "state": "verified", "version": profile["version"] });
    assert_eq!(
        office.said(&Method::PUT, "/profiles", &reviewer, &outdated),
        codes(409, "admin.profile.changed")
    );
    let approved = review(json!({ "id": profile["id"], "state": "verified" })).expect(200);
    assert_eq!(approved.at("/reviewer_uid"), reviewer.uid);
    assert_eq!(own("state"), "verified");
    let of_ann = office
        .look(&format!("/profiles?uid={}", ann.uid), &admin)
        .expect(200);
    assert_eq!(column(&of_ann, "state"), ["verified"]);
    let late = json!({ "uid": ann.uid, "state": "rejected" });
    assert_eq!(
        office.said(&Method::PUT, "/profiles", &reviewer, &late),
        codes(422, "admin.profile.not_submitted")
    );
    let unknown = json!({ "id": 77, "state": "rejected" });
    assert_eq!(
        office.said(&Method::PUT, "/profiles", &reviewer, &unknown),
        codes(404, "admin.profile.doesnt_exist")
    );
}

#[test]
fn a_reviewer_enters_and_corrects_a_profile_for_somebody() {
    let office = Office::open();
    let reviewer = office.hire("compliance");
    let (ann, bob) = (office.newcomer("ann"), office.newcomer("bob"));
    let for_whom = |whom: &Someone| {
        let mut body = ada();
        body["uid"] = json!(whom.uid);
        body
    };
    let entered = office
        .ask(Method::POST, "/profiles", &reviewer, for_whom(&ann))
        .expect(201);
    assert_eq!(entered.at("/author_uid"), reviewer.uid);
    assert_eq!(entered.at("/state"), "submitted");
    assert_snapshot!(
        office.ask(Method::POST, "/profiles", &reviewer, for_whom(&ann)),
        @r#"409 {"error":"Profile already exists"}"#
    );
    assert_eq!(
        office.said(&Method::POST, "/profiles", &reviewer, &for_whom(&reviewer)),
        codes(422, "admin.user.update_himself")
    );
    let mut draft = for_whom(&bob);
    draft["confirm"] = json!(false);
    let draft = office.ask_at(CODED, Method::POST, "/profiles", &reviewer, draft);
    assert_eq!(draft.expect(201).at("/state"), "drafted");
    let change = json!({ "uid": bob.uid, "city": "Turin" });
    let changed = office.ask_at(CODED, Method::PUT, "/profiles", &reviewer, change.clone());
    let changed = changed.expect(200);
    assert_eq!(
        (changed.at("/city"), changed.at("/first_name")),
        ("Turin".to_owned(), "Ada".to_owned())
    );
    assert_eq!(changed.at("/state"), "submitted");
    assert_eq!(
        office.said(&Method::PUT, "/profiles", &reviewer, &change),
        codes(404, "admin.profile.doesnt_exist_or_not_editable")
    );
    let mut unfit = for_whom(&office.newcomer("cleo"));
    unfit["country"] = json!("Atlantis");
    assert_snapshot!(
        office.ask(Method::POST, "/profiles", &reviewer, unfit),
        @r#"422 {"error":"Country must have alpha2 or alpha3 format"}"#
    );
    assert_snapshot!(
        office.ask(Method::POST, "/profiles", &reviewer, json!({ "uid": bob.uid })),
        @r#"400 {"error":"first_name is missing, last_name is missing, dob is missing, address is missing, postcode is missing, city is missing, country is missing"}"#
    );
}
