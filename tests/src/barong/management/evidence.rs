//! Profiles and documents that other servers hand in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{NOBODY, NOT_FOUND, steady};
use crate::barong::documents::{jpeg, list, pdf};
use crate::harness::management::Management;
use crate::harness::{Answer, BARONG_PASSWORD};

fn profile(uid: &str) -> Value {
    json!({
        "uid": uid, "first_name": "Ada", "last_name": "Lovelace", "dob": "1990-12-10", "address": "12 Main St.",
        "postcode": "AB1 2CD", "city": "London", "country": "GBR", "metadata": { "gender": "female" },
    })
}

fn document(uid: &str, content: &[u8]) -> Value {
    json!({
        "uid": uid, "doc_type": "Passport", "doc_number": "AA1234BB", "filename": "passport", "file_ext": "jpg",
        "upload": STANDARD.encode(content), "doc_expire": "2090-01-22", "metadata": "{\"issuer\":\"Utopia\"}",
    })
}

/// The fields with some changed, or left out where they are null.
fn but(mut data: Value, changes: Value) -> Value {
    let fields = data.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => fields.remove(name),
            value => fields.insert(name.clone(), value.clone()),
        };
    }
    data
}

fn upload(management: &Management, data: Value) -> Answer {
    management.post("/documents", data)
}

/// The bearer token of somebody whose account becomes active.
fn access(management: &Management, uid: &str, address: &str) -> String {
    management.label(uid, "email", "verified");
    management
        .server()
        .barong()
        .log_in_with(address, BARONG_PASSWORD)
        .access
}

fn labels(management: &Management, uid: &str) -> String {
    management
        .post("/labels/list", json!({ "user_uid": uid }))
        .expect(201)
        .text()
}

#[test]
fn a_profile_is_imported_and_waits() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    assert_snapshot!(
        steady(&management.post("/profiles", profile(&uid))),
        @r#"201 {"email":"ada@example.org","uid":"<uid>","role":"member","level":0,"otp":false,"state":"pending","profile":{"first_name":"Ada","last_name":"Lovelace","dob":"1990-12-10","address":"12 Main St.","postcode":"AB1 2CD","city":"London","country":"GBR","metadata":{"gender":"female"}},"created_at":"<time>","updated_at":"<time>"}"#
    );
    assert_snapshot!(
        management.post("/profiles", profile(&uid)),
        @r#"409 {"error":"Profile already exists"}"#
    );
}

#[test]
fn a_profile_that_breaks_the_rules_is_not_imported() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    let import = |data: Value| management.post("/profiles", data).to_string();
    assert_snapshot!(
        import(json!({ "uid": uid })),
        @r#"422 {"error":"first_name is missing, last_name is missing, dob is missing, address is missing, postcode is missing, city is missing, country is missing"}"#
    );
    assert_snapshot!(
        import(but(profile(&uid), json!({ "uid": null, "dob": "soon" }))),
        @r#"422 {"error":"uid is missing, uid is empty, dob is invalid"}"#
    );
    assert_snapshot!(
        import(but(profile(&uid), json!({ "first_name": "", "country": "Utopia" }))),
        @r#"422 {"error":"First name can't be blank and Country must have alpha2 or alpha3 format"}"#
    );
    assert_eq!(import(profile(NOBODY)), NOT_FOUND);
    assert_eq!(management.user(&uid).at("/profile"), "null");
}

#[test]
fn a_document_is_handed_in_and_its_owner_sees_it() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    let access = access(&management, &uid, "ada@example.org");
    assert_snapshot!(upload(&management, document(&uid, &jpeg())), @"201 201");
    assert!(labels(&management, &uid).contains(r#""key":"document","value":"pending""#));
    let listed = list(management.server(), &access);
    let url = listed.at("/0/upload/url");
    assert!(url.contains("/passport.jpg?"), "{url}");
    assert_eq!(
        listed.text().replace(&url, "<url>"),
        r#"[{"upload":{"url":"<url>"},"doc_type":"Passport","doc_number":"AA1234BB","doc_expire":"2090-01-22"}]"#
    );
    assert_eq!(management.server().get(&url).bearer(&access).send().status(), 200);
}

#[test]
fn a_document_leaves_the_label_alone_where_that_is_asked_for() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    let quiet = but(document(&uid, &jpeg()), json!({ "update_labels": false }));
    upload(&management, quiet).expect(201);
    assert_eq!(labels(&management, &uid), "[]");
    let spoken = but(document(&uid, &jpeg()), json!({ "update_labels": "true" }));
    upload(&management, spoken).expect(201);
    assert!(labels(&management, &uid).contains(r#""key":"document","value":"pending""#));
}

#[test]
fn base64_may_have_lines_and_a_name_may_have_its_extension() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    let access = access(&management, &uid, "ada@example.org");
    let text = STANDARD.encode(pdf());
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(60)
        .map(|line| String::from_utf8_lossy(line))
        .collect();
    let data = json!({ "filename": "../bill.PDF", "file_ext": ".pdf", "upload": lines.join("\n") + "\n" });
    upload(&management, but(document(&uid, b""), data)).expect(201);
    let url = list(management.server(), &access).at("/0/upload/url");
    assert!(url.contains("/bill.pdf?"), "{url}");
}

#[test]
fn what_is_wrong_with_a_document_is_told() {
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    let picture = jpeg();
    let refused = |changes: Value| upload(&management, but(document(&uid, &picture), changes)).to_string();
    let names = [
        "uid",
        "doc_type",
        "doc_number",
        "filename",
        "file_ext",
        "upload",
        "doc_expire",
    ];
    let missing: Vec<_> = names
        .iter()
        .map(|name| format!("{name} is missing, {name} is empty"))
        .collect();
    assert_eq!(
        upload(&management, json!({})).to_string(),
        format!(r#"422 {{"error":"{}"}}"#, missing.join(", "))
    );
    assert_snapshot!(
        refused(json!({ "upload": "no base64!", "doc_expire": "soon", "update_labels": "perhaps", "metadata": "{" })),
        @r#"422 {"error":"upload is invalid, doc_expire is invalid, update_labels is invalid, metadata is invalid"}"#
    );
    assert_eq!(refused(json!({ "uid": NOBODY })), NOT_FOUND);
    assert_snapshot!(
        refused(json!({ "doc_type": "Card", "doc_number": "№", "doc_expire": "2020-01-01", "file_ext": "txt" })),
        @r#"422 {"error":"Doc type is not included in the list, Doc number only allows letters and digits, Doc expire is invalid, Upload You are not allowed to upload \"txt\" files, allowed types: jpg, jpeg, png, pdf, and Upload can't be blank"}"#
    );
    // What the file is, its content says.
    assert_snapshot!(
        refused(json!({ "upload": STANDARD.encode(b"<html>") })),
        @r#"422 {"error":"Upload is invalid"}"#
    );
    assert_snapshot!(refused(json!({ "file_ext": "pdf" })), @r#"422 {"error":"Upload is invalid"}"#);
    assert_eq!(labels(&management, &uid), "[]", "nothing was taken");
}

#[test]
fn a_document_of_full_size_is_taken_and_a_longer_one_is_not() {
    const FULL: usize = 10 * 1024 * 1024;
    let management = Management::start();
    let uid = management.newcomer("ada@example.org");
    let padded = |bytes: usize| {
        let pdf = pdf();
        let (head, tail) = pdf.split_at(9);
        [head, &vec![b' '; bytes - pdf.len()], tail].concat()
    };
    let upload_of = |bytes: usize| {
        let data = but(document(&uid, &padded(bytes)), json!({ "file_ext": "pdf" }));
        upload(&management, data)
    };
    assert_snapshot!(upload_of(FULL), @"201 201");
    assert_snapshot!(
        upload_of(FULL + 1),
        @r#"422 {"error":"Upload File size should be less than 10 MB"}"#
    );
    assert_snapshot!(upload_of(FULL * 2), @r#"413 {"error":"Request body is too large"}"#);
}

#[test]
fn an_account_has_so_many_documents_and_no_more() {
    let management = Management::with(&[("CLAVIS_DIALECTS__BARONG__DOCUMENTS_LIMIT", "1")]);
    let uid = management.newcomer("ada@example.org");
    upload(&management, document(&uid, &jpeg())).expect(201);
    assert_snapshot!(
        upload(&management, document(&uid, &jpeg())),
        @r#"400 {"error":"Maximum number of documents was reached"}"#
    );
}
