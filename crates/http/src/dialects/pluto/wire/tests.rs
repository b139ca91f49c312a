use super::*;

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct Wanted {
    mail: Text,
    app_id: Text,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.0, f)
    }
}

const JSON: &str = "application/json; charset=utf-8";
const FORM: &str = "application/x-www-form-urlencoded";

#[track_caller]
fn check(content_type: &str, body: &[u8], query: &str, expected: Option<(&str, &str)>) {
    let decoded = merge::<Wanted>(content_type, body, query, Repeated::TheLastCounts);
    let decoded = decoded.as_ref().map(|wanted| (&*wanted.mail, &*wanted.app_id));
    assert_eq!(
        decoded,
        expected,
        "{content_type} {} ?{query}",
        String::from_utf8_lossy(body)
    );
}

#[test]
fn the_body_is_read_by_its_content_type() {
    check(JSON, br#"{"mail":"a@b","other":[1]}"#, "", Some(("a@b", "")));
    check(
        FORM,
        b"mail=a%40b&app_id=my+shop&x=1",
        "",
        Some(("a@b", "my shop")),
    );
    check("", br#"{"mail":"a@b"}"#, "", Some(("", "")));
    check("text/plain", b"mail=a%40b", "", Some(("", "")));
}

#[test]
fn the_query_string_wins() {
    check(
        JSON,
        br#"{"mail":"a@b","app_id":"x"}"#,
        "mail=c@d",
        Some(("c@d", "x")),
    );
    check(FORM, b"mail=a@b", "mail=c@d&mail=e@f", Some(("e@f", "")));
    check("", b"", "mail=c%40d", Some(("c@d", "")));
    check(JSON, br#"{"mail":"a@b"}"#, "mail=", Some(("", "")));
}

#[test]
fn what_does_not_convert_is_refused() {
    check(JSON, br#"{"mail":5}"#, "", None);
    check(JSON, br#"{"mail":5}"#, "mail=a@b", None);
    check(JSON, br#"{"mail":["a@b"]}"#, "", None);
    check(JSON, br#"{"mail":"a@b""#, "", None);
    check(JSON, br#"{"mail":"a@b"} x"#, "", None);
    check(JSON, b"[]", "", None);
    check(JSON, b"\"a@b\"", "", None);
    check(JSON, b"{\"mail\":\"\xff\"}", "", None);
    check(FORM, b"mail=%ff", "", None);
    check("", b"", "mail=%ff", None);
    check("", b"", "mail=a%00b", None);
    check(JSON, &b"[".repeat(100_000), "", None);
}

#[test]
fn null_and_nothing_are_fields_that_were_not_sent() {
    check(JSON, br#"{"mail":null,"app_id":"x"}"#, "", Some(("", "x")));
    check(JSON, b"null", "", Some(("", "")));
    check(JSON, b" ", "app_id=x", Some(("", "x")));
    assert!(Text("  ".to_owned()).required().is_err());
}

#[test]
fn forms_may_use_the_web_pages_spellings() {
    check(FORM, b"appID=shop", "", Some(("", "shop")));
    check(FORM, b"appID=shop", "app_id=pluto", Some(("", "pluto")));
}

#[track_caller]
fn check_mail(text: &str, expected: Result<&str, &str>) {
    let mail = match Mail::parse(text) {
        Some(Mail::Address(address)) => Ok(address.as_str().to_owned()),
        Some(Mail::Nobodys) => Err("nobody's"),
        None => Err("none"),
    };
    assert_eq!(mail.as_deref(), expected.as_ref().map(|text| *text), "{text:?}");
}

#[test]
fn a_mail_is_what_html_takes_for_one() {
    check_mail("ann@example.org", Ok("ann@example.org"));
    check_mail(" Ann+tag@Example.ORG ", Ok("Ann+tag@Example.ORG"));
    check_mail("root@localhost", Ok("root@localhost"));
    check_mail(".a..b.@example.org", Ok(".a..b.@example.org"));
    check_mail(&format!("{}@example.org", "a".repeat(65)), Err("nobody's"));
    for none in [
        "ann",
        "@example.org",
        "ann@",
        "ann@-x.org",
        "ann@x-.org",
        "ann@x..org",
        "an n@example.org",
        "ann@b@example.org",
        "änn@example.org",
        "ann@exämple.org",
        "ann@example.org\r\nBcc: eve@example.org",
    ] {
        check_mail(none, Err("none"));
    }
}

#[test]
fn a_request_of_oauth_has_no_parameter_twice() {
    let read = |content_type, body: &[u8], query| {
        merge::<Wanted>(content_type, body, query, Repeated::AreRefused).is_some()
    };
    assert!(read(FORM, b"mail=a", "app_id=b"));
    assert!(!read(FORM, b"mail=a&mail=a", ""));
    assert!(!read(FORM, b"", "appID=a&app_id=b"));
    assert!(!read(JSON, b"{}", "mail=a&app_id=c&mail=b"));
}
