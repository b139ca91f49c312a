//! Proofs of an address: `/addresses`.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::documents::{Form, list, pdf, png};
use super::office::{Office, Someone};
use crate::harness::{Answer, Server};

const MOUNTS: [&str; 2] = ["/api/v2/resource", "/api/v2/barong/resource"];

fn home() -> Form {
    Form::new()
        .text("country", "GBR")
        .text("address", "12 Main St.")
        .text("city", "London")
        .text("postcode", "AB1 2CD")
}

fn send(server: &Server, form: Form, access: &str) -> Answer {
    form.send_to(server, "/api/v2/resource/addresses", access)
}

/// What both profiles say, one after the other.
fn said(office: &Office, who: &Someone, form: &Form) -> [String; 2] {
    MOUNTS.map(|mount| {
        let form = form.clone();
        form.send_to(&office.0, &format!("{mount}/addresses"), &who.visit.access)
            .to_string()
    })
}

/// The private label of this key.
fn label(office: &Office, reader: &Someone, whom: &Someone, key: &str) -> Option<String> {
    let file = office.file_of(whom, reader);
    let labels = file["labels"].as_array().expect("labels");
    let found = labels
        .iter()
        .find(|label| label["key"] == key && label["scope"] == "private")?;
    Some(found["value"].as_str()?.to_owned())
}

#[test]
fn a_proof_of_an_address_waits_for_a_reviewer_like_a_document() {
    let office = Office::open();
    let (admin, reviewer) = (office.hire("admin"), office.hire("compliance"));
    let ann = office.newcomer("ann");
    let form = home()
        .file_as("upload[]", "bill.pdf", &pdf())
        .file_as("upload[]", "letter.png", &png());
    assert_snapshot!(send(&office.0, form, &ann.visit.access), @"201 201");
    assert_eq!(
        label(&office, &admin, &ann, "address").as_deref(),
        Some("pending")
    );
    assert_eq!(label(&office, &admin, &ann, "document"), None);
    let own = list(&office.0, &ann.visit.access).json();
    let own: Vec<_> = own.as_array().unwrap().iter().collect();
    assert_eq!(own.len(), 2);
    assert!(
        own.iter()
            .all(|one| one["doc_type"] == "Address" && one["doc_number"].is_null())
    );

    let queue = office.look("/documents", &reviewer).expect(200).json();
    let first = queue[0].clone();
    assert_eq!(
        first["address"],
        json!({ "country": "GBR", "address": "12 Main St.", "city": "London", "postcode": "AB1 2CD" })
    );
    assert_eq!(
        (&first["doc_type"], &first["doc_expire"]),
        (&json!("Address"), &Value::Null)
    );
    let decided = office.ask(
        Method::PUT,
        &format!("/documents/{}", first["id"]),
        &reviewer,
        json!({ "state": "verified" }),
    );
    decided.expect(200);
    assert_eq!(
        label(&office, &admin, &ann, "address").as_deref(),
        Some("verified")
    );
    assert_eq!(office.file_of(&ann, &admin)["level"], 1, "it raises no level");
    let mail = office.0.mail_to(&ann.address);
    assert!(mail.text.contains("proof of address"), "{}", mail.text);
    // What was found right stays so when more comes.
    send(&office.0, home().file("more.pdf", &pdf()), &ann.visit.access).expect(201);
    assert_eq!(
        label(&office, &admin, &ann, "address").as_deref(),
        Some("verified")
    );
    let stored = String::from_utf8_lossy(&office.0.stored()).into_owned();
    assert!(!stored.contains("12 Main St.") && !stored.contains(&hex::encode("12 Main St.")));
}

#[test]
fn what_is_wrong_with_a_proof_is_told() {
    let office = Office::open();
    let ann = office.newcomer("ann");
    let said = |form: &Form| said(&office, &ann, form);
    assert_eq!(
        said(&Form::new().text("city", " ").text("upload", "text")),
        [
            r#"400 {"error":"country is missing, country is empty, address is missing, address is empty, city is empty, postcode is missing, postcode is empty, upload is invalid"}"#,
            r#"422 {"errors":["resource.address.missing_country","resource.address.empty_country","resource.address.missing_address","resource.address.empty_address","resource.address.empty_city","resource.address.missing_postcode","resource.address.empty_postcode","invalid"]}"#
        ]
    );
    let elsewhere = Form::new()
        .text("country", "Nowhere")
        .text("address", "12 Main <St>")
        .text("city", "London")
        .text("postcode", "A")
        .file("bill.pdf", &pdf());
    assert_eq!(
        said(&elsewhere),
        [
            r#"422 {"error":"Address is invalid, Postcode is too short (minimum is 2 characters), and Country must have alpha2 or alpha3 format"}"#,
            r#"422 {"errors":["address.invalid","postcode.too_short","country.must have alpha2 or alpha3 format"]}"#
        ]
    );
    assert_eq!(
        said(&home().file("bill.txt", b"text")),
        [
            r#"400 {"error":"Upload You are not allowed to upload \"txt\" files, allowed types: jpg, jpeg, png, pdf and Upload can't be blank"}"#,
            r#"422 {"errors":["upload.invalid","upload.blank"]}"#
        ]
    );
    assert_eq!(
        said(&home().file("bill.pdf", b"<html>")),
        [
            r#"400 {"error":"Upload is invalid"}"#,
            r#"422 {"errors":["upload.invalid"]}"#
        ]
    );
    assert_eq!(list(&office.0, &ann.visit.access).text(), "[]", "all or none");
}

#[test]
fn proofs_count_among_the_documents() {
    let office = Office::with(&[("CLAVIS_DIALECTS__BARONG__DOCUMENTS_LIMIT", "2")]);
    let ann = office.newcomer("ann");
    let passport = Form::passport().file("passport.pdf", &pdf());
    passport.send(&office.0, &ann.visit.access).expect(201);
    let two = home()
        .file_as("upload[]", "a.pdf", &pdf())
        .file_as("upload[]", "b.pdf", &pdf());
    assert_eq!(
        said(&office, &ann, &two),
        [
            r#"400 {"error":"Maximum number of documents was reached"}"#,
            r#"400 {"errors":["resource.documents.limit_will_be_reached"]}"#
        ]
    );
    let one = home().file("a.pdf", &pdf());
    send(&office.0, one.clone(), &ann.visit.access).expect(201);
    assert_eq!(
        said(&office, &ann, &one),
        [
            r#"400 {"error":"Maximum number of documents was reached"}"#,
            r#"400 {"errors":["resource.documents.limit_reached"]}"#
        ]
    );
}

#[test]
fn nobody_calls_a_document_a_proof_of_an_address() {
    let office = Office::open();
    let ann = office.newcomer("ann");
    let form = Form::new()
        .text("doc_type", "Address")
        .text("doc_number", "1")
        .text("doc_expire", "2090-01-22")
        .file("bill.pdf", &pdf());
    assert_snapshot!(
        form.send(&office.0, &ann.visit.access),
        @r#"400 {"error":"Doc type is not included in the list"}"#
    );
}

#[test]
fn it_takes_a_token() {
    let office = Office::open();
    let nobody = MOUNTS.map(|mount| {
        let request = office.0.post(&format!("{mount}/addresses"));
        request.send().to_string()
    });
    assert_eq!(
        nobody,
        [
            r#"401 {"error":"Permission Denied"}"#,
            r#"401 {"errors":["jwt.decode_and_verify"]}"#
        ]
    );
}
