use proptest::prelude::*;
use serde_json::json;

use super::*;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
const JSON: Option<&str> = Some("application/json; charset=utf-8");
const TOO_MANY: &str = r#"400 {"error":"Request has too many or too deep parameters"}"#;

async fn body(content_type: Option<&str>, body: &str) -> Result<Value, String> {
    let params = read("/x", content_type, body.to_owned(), Bounds::FIELDS).await;
    params.map(|params| shown(&params))
}

#[test]
fn names_say_where_their_values_lie() {
    #[track_caller]
    fn check(text: &str, expected: Value) {
        assert_eq!(query(text), Ok(expected), "{text}");
    }
    check("a=1&b=x+y%21", json!({"a": "1", "b": "x y!"}));
    check("a=1&a=2", json!({"a": "2"}));
    check("a&b=", json!({"a": "", "b": ""}));
    check("m[k]=1&m[l]=2", json!({"m": {"k": "1", "l": "2"}}));
    check("m%5Bk%5D=1", json!({"m": {"k": "1"}}));
    check("m[a][b]=1", json!({"m": {"a": {"b": "1"}}}));
    check("l[]=1&l[]=2", json!({"l": ["1", "2"]}));
    check(
        "l[][a]=1&l[][b]=2&l[][a]=3",
        json!({"l": [{"a": "1", "b": "2"}, {"a": "3"}]}),
    );
    check("l[][]=1&l[][]=2", json!({"l": [["1"], ["2"]]}));
    check("m[0][a]=1", json!({"m": {"0": {"a": "1"}}}));
    for odd in ["a[b", "[a]", "a[b]c", "a[b[c]]", "]a["] {
        check(&format!("{odd}=1"), json!({ odd: "1" }));
    }
    check("", json!({}));
    check("&&", json!({}));
}

#[test]
fn names_that_contradict_each_other_leave_nothing_to_be_read_and_nothing_else_suffers() {
    for text in [
        "a=1&a[b]=2",
        "a[b]=1&a=2",
        "a[]=1&a[b]=2",
        "a[b]=1&a[]=2",
        "a=1&a[]=2",
        "a=1&a[b]=2&a=3",
        "a[b]=1&a[b][c]=2",
    ] {
        let expected = json!({"a": "unreadable", "c": "1"});
        assert_eq!(query(&format!("{text}&c=1")), Ok(expected), "{text}");
    }
}

#[test]
fn bad_utf_8_and_nul_leave_nothing_to_be_read_and_nothing_else_suffers() {
    for text in ["a=%FF", "a=%00", "a[%FF]=1", "a[%00]=1", "a=1&a=%C3%28"] {
        let expected = json!({"a": "unreadable", "c": "1"});
        assert_eq!(query(&format!("{text}&c=1")), Ok(expected), "{text}");
    }
    for text in ["%FF=1", "a%00=1", "a%FF[b]=1"] {
        let read = query(&format!("{text}&c=1")).unwrap();
        assert_eq!((&read["a"], &read["c"]), (&Value::Null, &json!("1")), "{text}");
    }
}

#[test]
fn parameters_are_bounded_in_number_and_depth() {
    let many = |count: usize| (0..count).map(|n| format!("a{n}=")).collect::<Vec<_>>().join("&");
    assert!(query(&many(1000)).is_ok());
    assert_eq!(query(&many(1001)), Err(TOO_MANY.to_owned()));
    let odd = vec!["a=1&a[b]=%FF"; 501].join("&");
    assert_eq!(query(&odd), Err(TOO_MANY.to_owned()));
    let deep = |depth: usize| format!("a{}=1", "[b]".repeat(depth - 1));
    let unreadable = Ok(json!({"a": "unreadable"}));
    assert_ne!(query(&deep(8)), unreadable);
    assert_eq!(query(&deep(9)), unreadable);
    assert_eq!(query(&format!("a{}=1", "[]".repeat(5000))), unreadable);
}

#[actix_web::test]
async fn json_is_bounded_as_forms_are() {
    let deep = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let unreadable = Ok(json!({"a": "unreadable"}));
    assert_ne!(body(JSON, &deep(8)).await, unreadable);
    assert_eq!(body(JSON, &deep(9)).await, unreadable);
    let not_json = r#"400 {"error":"Request body is not valid JSON"}"#;
    assert_eq!(body(JSON, &deep(1000)).await, Err(not_json.to_owned()));
    assert_eq!(body(JSON, r#"{"a":"b""#).await, Err(not_json.to_owned()));
    let many = format!("[{}]", vec!["1"; 1000].join(","));
    assert_eq!(
        body(JSON, &format!(r#"{{"a":{many}}}"#)).await,
        Err(TOO_MANY.to_owned())
    );
    for nul in [
        r#"{"a":"\u0000"}"#,
        r#"{"a":{"\u0000":1}}"#,
        r#"{"a":["\u0000"]}"#,
    ] {
        assert_eq!(body(JSON, nul).await, unreadable, "{nul}");
    }
    assert_eq!(
        body(JSON, r#"{"b\u0000":1,"a":"\u0000","c":1}"#).await,
        Ok(json!({"b\0": 1, "a": "unreadable", "c": 1}))
    );
}

#[actix_web::test]
async fn a_body_may_have_64_kib() {
    let long = |bytes: usize| format!("a={}", "x".repeat(bytes - 2));
    assert!(body(FORM, &long(64 * 1024)).await.is_ok());
    let too_large = r#"413 {"error":"Request body is too large"}"#;
    assert_eq!(body(FORM, &long(64 * 1024 + 1)).await, Err(too_large.to_owned()));
}

#[actix_web::test]
async fn a_body_is_read_by_its_type_and_without_one_by_its_look() {
    let object = json!({"a": "1"});
    assert_eq!(body(FORM, "a=1").await, Ok(object.clone()));
    assert_eq!(body(JSON, r#"{"a":"1"}"#).await, Ok(object.clone()));
    assert_eq!(body(None, r#" {"a":"1"}"#).await, Ok(object.clone()));
    assert_eq!(body(Some("text/plain"), r#"{"a":"1"}"#).await, Ok(object.clone()));
    assert_eq!(
        body(Some("application/vnd.api+json"), r#"{"a":"1"}"#).await,
        Ok(object)
    );
    assert_eq!(body(Some("text/plain"), "a=1").await, Ok(json!({})));
    for empty in ["", " ", "null", "[]", "7"] {
        assert_eq!(body(JSON, empty).await, Ok(json!({})), "{empty}");
    }
    assert_eq!(
        body(
            JSON,
            r#"{"t":"x","n":4.5,"f":true,"z":null,"l":[1],"o":{"k":"v"}}"#
        )
        .await,
        Ok(json!({"t": "x", "n": 4.5, "f": true, "z": null, "l": [1], "o": {"k": "v"}}))
    );
}

#[actix_web::test]
async fn query_and_body_are_one_set_and_the_body_counts() {
    let params = read("/x?a=query&b=query", FORM, "b=body&c=body", Bounds::FIELDS).await;
    assert_eq!(
        shown(&params.unwrap()),
        json!({"a": "query", "b": "body", "c": "body"})
    );
    let params = read("/x?a=%FF&b=%FF", FORM, "b=body", Bounds::FIELDS).await;
    assert_eq!(shown(&params.unwrap()), json!({"a": "unreadable", "b": "body"}));
}

#[test]
fn secrets_are_not_printed() {
    let request = TestRequest::with_uri("/?password=hunter2").to_http_request();
    let params = Params::of_query(&request).unwrap();
    assert_eq!(
        format!("{params:?} {:?}", params.get("password")),
        "Params(..) Some(Text(..))"
    );
}

proptest! {
    #[test]
    fn no_query_panics(text in "[\\[\\]a-c&=%0-9+]{0,200}") {
        let _ = query(&text);
    }

    #[test]
    fn no_name_panics(name in "\\PC{0,40}") {
        let mut fields = Fields::default();
        let _ = form::insert(&mut fields, &name, Param::Null, &mut Budget::default());
    }
}
