use chrono::NaiveDate;
use serde_json::json;

use super::super::super::error::Thing;
use super::*;

fn params(object: Value) -> Params {
    let Value::Object(object) = object else {
        panic!("parameters are an object")
    };
    Params::of_object(object).unwrap()
}

/// What an endpoint says that declares a document's parameters.
#[track_caller]
fn document(object: Value, classic: &str, coded: &str) {
    let params = params(object);
    let mut check = Check::of(&params, Thing::Document);
    let expires = check.date(Presence::RequiredNonBlank, "doc_expire");
    let doc_type = check.required_nb("doc_type");
    let files = check.files(Presence::RequiredNonBlank, "upload");
    assert!(files.is_empty());
    check.object(Presence::Optional, "metadata");
    let error = check.finish_with(expires.map(|day| (day, doc_type))).unwrap_err();
    let body = |voice| error.body(voice).to_string();
    assert_eq!(body(Voice::Classic), format!(r#"{{"error":"{classic}"}}"#));
    assert_eq!(body(Voice::Coded), format!(r#"{{"errors":[{coded}]}}"#));
}

#[test]
fn what_is_wrong_is_told_together_in_the_order_of_the_declaration() {
    document(
        json!({}),
        "doc_expire is missing, doc_expire is empty, doc_type is missing, doc_type is empty, \
         upload is missing, upload is empty",
        r#""resource.document.missing_doc_expire","resource.document.empty_doc_expire","resource.document.missing_doc_type","resource.document.empty_doc_type","resource.document.missing_upload","resource.document.empty_upload""#,
    );
    document(
        json!({"upload": "text", "doc_type": " \t", "doc_expire": "2023-02-29", "metadata": "x"}),
        "doc_expire is invalid, doc_type is empty, upload is invalid, metadata is invalid",
        r#""resource.documents.expire_not_a_date","resource.document.empty_doc_type","invalid","metadata.invalid_format""#,
    );
    document(
        json!({"upload": "", "doc_type": null, "doc_expire": "", "metadata": ""}),
        "doc_expire is empty, doc_type is empty, upload is empty",
        r#""resource.document.empty_doc_expire","resource.document.empty_doc_type","resource.document.empty_upload""#,
    );
}

#[test]
fn a_required_parameter_that_may_be_blank_is_only_missing() {
    let given = params(json!({"first_name": " ", "dob": ""}));
    let mut check = Check::of(&given, Thing::Profile);
    assert_eq!(check.required("first_name"), "");
    assert_eq!(check.date(Presence::Required, "dob"), None);
    assert_eq!(check.finish(), Ok(()));

    let given = params(json!({}));
    let mut check = Check::of(&given, Thing::Profile);
    check.required("first_name");
    check.date(Presence::Required, "dob");
    let error = check.finish().unwrap_err();
    assert_eq!(error.reason(), "first_name is missing, dob is missing");
}

#[test]
fn an_optional_parameter_that_must_not_be_blank_is_empty_or_not_there() {
    let given = params(json!({"scope": " "}));
    let mut check = Check::of(&given, Thing::ApiKey);
    assert_eq!(check.optional_nb("scope"), None);
    assert_eq!(check.optional_nb("kid"), None);
    assert_eq!(check.optional("state"), None);
    assert_eq!(
        said(&check.finish().unwrap_err()),
        r#"400 {"error":"scope is empty"}"#
    );
}

#[test]
fn values_are_read_as_they_are_declared() {
    let given = params(json!({
        "text": " kept ", "number": 447_418, "flag": "1", "off": false, "count": "12",
        "object": {"k": [1]}, "json": "{\"k\":\"v\"}", "day": "1990-12-10", "truth": true,
    }));
    let mut check = Check::of(&given, Thing::User);
    assert_eq!(check.required_nb("text"), " kept ");
    assert_eq!(check.required_nb("number"), "447418");
    assert_eq!(check.required_nb("truth"), "true");
    assert_eq!(check.flag(Presence::Required, "flag"), Some(true));
    assert_eq!(check.flag(Presence::Required, "off"), Some(false));
    assert_eq!(check.integer(Presence::Required, "count"), Some(12));
    assert_eq!(check.integer(Presence::Required, "number"), Some(447_418));
    let object = |check: &mut Check<'_>, name| check.object(Presence::Required, name).map(Value::Object);
    assert_eq!(object(&mut check, "object"), Some(json!({"k": [1]})));
    assert_eq!(object(&mut check, "json"), Some(json!({"k": "v"})));
    assert_eq!(
        check.date(Presence::Required, "day"),
        NaiveDate::from_ymd_opt(1990, 12, 10)
    );
    assert_eq!(check.finish(), Ok(()));
}

#[test]
fn a_value_of_another_type_is_invalid() {
    let given = params(json!({
        "text": {"a": 1}, "flag": "yes", "count": 1.5, "day": 19_901_210, "object": [1], "deep": format!("{}1{}", "[".repeat(50), "]".repeat(50)),
        "nul": "{\"a\":\"\\u0000\"}",
    }));
    let mut check = Check::of(&given, Thing::User);
    check.required_nb("text");
    check.flag(Presence::Required, "flag");
    check.integer(Presence::Required, "count");
    check.date(Presence::Required, "day");
    check.object(Presence::Required, "object");
    check.object(Presence::Required, "deep");
    check.object(Presence::Required, "nul");
    assert_eq!(
        check.finish().unwrap_err().reason(),
        "text is invalid, flag is invalid, count is invalid, day is invalid, object is invalid, deep is invalid, \
         nul is invalid"
    );
}

#[test]
fn what_nobody_can_read_is_invalid_where_it_is_declared_and_nothing_elsewhere() {
    let given = params(json!({
        "junk": "\0", "text": "\0", "flag": {"k": "\0"}, "count": ["\0"], "object": {"\0": 1}, "day": "\0",
    }));
    let mut check = Check::of(&given, Thing::User);
    check.date(Presence::Optional, "day");
    check.required_nb("text");
    check.optional("flag");
    check.integer(Presence::Optional, "count");
    check.object(Presence::Optional, "object");
    let error = check.finish().unwrap_err();
    assert_eq!(
        said(&error),
        r#"400 {"error":"day is invalid, text is invalid, flag is invalid, count is invalid, object is invalid"}"#
    );
    assert_eq!(
        error.body(Voice::Coded).to_string(),
        r#"{"errors":["invalid","invalid","invalid","invalid","invalid"]}"#
    );
    assert_eq!(given.text("text"), None);
}

#[test]
fn a_value_that_cannot_be_is_refused_with_its_own_code() {
    let given = params(json!({"channel": "pigeon"}));
    let mut check = Check::of(&given, Thing::Phone);
    check.refuse("channel", "resource.phone.invalid_channel");
    let error = check.finish_with(Some(())).unwrap_err();
    assert_eq!(
        error.body(Voice::Coded).to_string(),
        r#"{"errors":["resource.phone.invalid_channel"]}"#
    );
}

#[test]
fn a_text_can_be_looked_at_before_anything_is_declared() {
    let given = params(json!({"totp_code": "012345", "blank": " ", "list": []}));
    assert_eq!(given.text("totp_code").as_deref(), Some("012345"));
    assert_eq!(given.text("blank"), None);
    assert_eq!(given.text("list"), None);
    assert_eq!(given.text("none"), None);
}
