use serde_json::json;

use super::*;

fn fields(value: Value) -> Fields {
    Fields::parse(value.to_string().as_bytes()).unwrap()
}

/// Every check, in an order of its own.
fn read(mut fields: Fields) -> Result<(), Refusal> {
    let domains = Domains::new(["example.org".to_owned()]);
    if fields.has("email") {
        fields.email("email", &domains)?;
    }
    if fields.has("password") {
        fields.new_password("password", 6)?;
    }
    if fields.has("ticket") {
        fields.ticket("ticket")?;
    }
    fields.flag("all")?;
    fields.texts("roles")?;
    fields.attribute("company")?;
    if let Some(mut nested) = fields.object("user_data")? {
        nested.optional_text("name")?;
        nested.finish()?;
    }
    fields.finish()
}

#[track_caller]
fn check(value: Value, expected: &str) {
    assert_eq!(
        read(fields(value)).err().map(|refusal| refusal.to_string()),
        Some(expected.to_owned())
    );
}

#[test]
fn a_field_that_is_not_as_it_must_be_is_told_in_the_words_of_the_contract() {
    assert_eq!(
        fields(json!({})).ticket("ticket").unwrap_err().to_string(),
        "\"ticket\" is required"
    );
    check(json!({"email": 7}), "\"email\" must be a string");
    check(json!({"email": null}), "\"email\" must be a string");
    check(json!({"email": ""}), "\"email\" is not allowed to be empty");
    check(json!({"email": "ann"}), "\"email\" must be a valid email");
    check(
        json!({"email": "ann@example.com"}),
        "\"email\" is not in an authorised domain",
    );
    check(
        json!({"password": "12345"}),
        "\"password\" length must be at least 6 characters long",
    );
    check(
        json!({"password": "x".repeat(129)}),
        "\"password\" length must be less than or equal to 128 characters long",
    );
    check(json!({"ticket": "x"}), "\"ticket\" must be a valid GUID");
    for code in ["12345", "1234567"] {
        assert_eq!(
            fields(json!({"code": code}))
                .code("code")
                .unwrap_err()
                .to_string(),
            "\"code\" length must be 6 characters long"
        );
    }
    check(json!({"all": "yes"}), "\"all\" must be a boolean");
    check(json!({"all": null}), "\"all\" must be a boolean");
    check(json!({"roles": "user"}), "\"roles\" must be an array");
    check(json!({"roles": ["a", 7]}), "\"roles[1]\" must be a string");
    check(
        json!({"company": null}),
        "\"company\" must be one of [array, string, number, boolean, object]",
    );
    check(
        json!({"company": "x".repeat(2047)}),
        "\"company\" length must be less than or equal to 2048 characters long",
    );
    check(json!({"user_data": 7}), "\"user_data\" must be of type object");
    check(
        json!({"user_data": {"zzz": 1}}),
        "\"user_data.zzz\" is not allowed",
    );
    check(json!({"x": 1}), "\"x\" is not allowed");
}

#[test]
fn only_the_first_failing_field_is_told_and_unknown_ones_last() {
    check(
        json!({"a": 1, "password": "x", "email": "x"}),
        "\"email\" must be a valid email",
    );
    check(json!({"a": 1, "all": 7}), "\"all\" must be a boolean");
}

#[test]
fn booleans_may_be_texts() {
    let flag = |value| fields(json!({"cookie": value})).flag("cookie").unwrap();
    assert_eq!(flag(json!("false")), Some(false));
    assert_eq!(flag(json!("TRUE")), Some(true));
    assert_eq!(flag(json!(false)), Some(false));
    assert_eq!(fields(json!({})).flag("cookie").unwrap(), None);
}

#[test]
fn an_address_is_ascii_below_a_top_level_domain_there_is() {
    for good in [
        "ann@example.org",
        "Ann.Lee+x%y_z@mail.Example.co.uk",
        "a@b.io",
        "a@b.ck",
    ] {
        assert_eq!(
            parse_email(good)
                .map(|email| email.as_str().to_owned())
                .as_deref(),
            Some(good)
        );
    }
    for bad in [
        "a@b.invalidtld",
        "a@localhost",
        "a@b.c0m",
        "a@b.xn--p1ai",
        "a@127.0.0.1",
        "ann!@example.org",
        "änn@example.org",
        "ann@exämple.org",
        " ann@example.org",
        "ann@example.org ",
        "a..b@example.org",
        "ann@@example.org",
        "ann@-example.org",
        "@example.org",
    ] {
        assert!(parse_email(bad).is_none(), "{bad}");
    }
}

#[test]
fn a_ticket_is_a_random_uuid() {
    let lower = "1f0b8d0e-62a5-4b3c-9d0f-2f5f6f7f8f90";
    assert_eq!(parse_uuid_v4(lower).as_deref(), Some(lower));
    assert_eq!(parse_uuid_v4(&lower.to_uppercase()).as_deref(), Some(lower));
    for bad in [
        "1f0b8d0e-62a5-1b3c-9d0f-2f5f6f7f8f90",
        "1f0b8d0e-62a5-4b3c-cd0f-2f5f6f7f8f90",
        "1f0b8d0e62a54b3c9d0f2f5f6f7f8f90",
        "{1f0b8d0e-62a5-4b3c-9d0f-2f5f6f7f8f90}",
        "",
    ] {
        assert_eq!(parse_uuid_v4(bad), None, "{bad}");
    }
}

#[test]
fn a_password_is_measured_as_javascript_does() {
    assert!(password_length("äöüßéè", 6).is_ok());
    assert!(password_length("😀😀😀", 6).is_ok());
    assert!(password_length("😀😀", 6).is_err());
}

#[test]
fn a_body_is_an_object() {
    for (body, message) in [
        ("[]", "\"value\" must be of type object"),
        ("7", "malformed body"),
        ("{", "malformed body"),
        ("\u{feff}{}", "malformed body"),
    ] {
        let refusal = Fields::parse(body.as_bytes()).unwrap_err();
        assert_eq!(refusal.to_string(), message, "{body}");
    }
    assert!(Fields::parse(b"").is_ok());
    assert_eq!(
        Fields::parse(b"{\"a\":\"\xff\"}").unwrap_err(),
        Refusal::MALFORMED
    );
    let deep = "{\"a\":".repeat(5_000) + "1" + &"}".repeat(5_000);
    assert_eq!(Fields::parse(deep.as_bytes()).unwrap_err(), Refusal::MALFORMED);
}
