//! Accounts that administrators look for and look at: `/admin/users`, `/admin/api_keys`.

use reqwest::Method;
use serde_json::{Value, json};

use super::office::{Office, Someone, codes, column, fields};

const PAGE_HEADERS: [&str; 3] = ["Page", "Per-Page", "Total"];

#[test]
fn a_list_shows_accounts_and_where_one_is_in_it() {
    let office = Office::open();
    let admin = office.hire("admin");
    let ann = office.newcomer("ann");
    let all = office.look("/users", &admin).expect(200);
    assert_eq!(column(&all, "uid"), [admin.uid.clone(), ann.uid.clone()]);
    let headers = PAGE_HEADERS.map(|name| all.header(name).unwrap());
    assert_eq!(headers, ["1", "1000", "2"]);
    let second = office.look("/users?page=2&limit=1", &admin).expect(200);
    assert_eq!(column(&second, "uid"), std::slice::from_ref(&ann.uid));
    let link = second.header("Link").unwrap();
    assert!(
        link.contains("/api/v2/admin/users?page=1&limit=1>; rel=\"first\""),
        "{link}"
    );
    let one = &second.json()[0];
    assert_eq!(
        fields(&one.to_string()).len(),
        12,
        "nobody is shown whole unless it is asked for: {one}"
    );
    assert_eq!(
        (&one["email"], &one["role"]),
        (&json!(ann.address), &json!("member"))
    );
    assert_eq!((&one["level"], &one["otp"]), (&json!(1), &json!(false)));
    assert_eq!(one["labels"][0]["key"], "email");

    let extended = office
        .look("/users?extended=true&page=2&limit=1", &admin)
        .expect(200);
    let one = &extended.json()[0];
    for there in ["phones", "profiles", "data_storages"] {
        assert_eq!(one[there], json!([]), "{there}");
    }
}

#[test]
fn accounts_are_found_by_everything_that_is_known_of_them() {
    let office = Office::open();
    let (admin, clerk) = (office.hire("admin"), office.hire("support"));
    let (ann, bob) = (office.newcomer("ann"), office.newcomer("bob"));
    office.hand_in_profile(&ann);
    let banned = json!({ "uid": bob.uid, "state": "banned" });
    office.ask(Method::PUT, "/users", &admin, banned).expect(200);
    let found = |query: &str| {
        let mut found = column(
            &office.look(&format!("/users?{query}"), &admin).expect(200),
            "uid",
        );
        found.sort();
        found
    };
    let sorted = |people: &[&Someone]| {
        let mut uids: Vec<_> = people.iter().map(|one| one.uid.clone()).collect();
        uids.sort();
        uids
    };
    assert_eq!(found(&format!("uid={}", ann.uid)), sorted(&[&ann]));
    assert_eq!(
        found(&format!("email={}", ann.address.to_uppercase())),
        sorted(&[&ann])
    );
    assert_eq!(found("role=member"), sorted(&[&ann, &bob]));
    assert_eq!(found("role=support"), sorted(&[&clerk]));
    assert_eq!(found("state=banned"), sorted(&[&bob]));
    assert_eq!(found("level=1&state=active"), sorted(&[&admin, &clerk, &ann]));
    for country in ["GBR", "gbr", "GB", "gb", "Gb"] {
        assert_eq!(found(&format!("country={country}")), sorted(&[&ann]), "{country}");
    }
    assert_eq!(found("from=4000000000"), sorted(&[]));
    assert_eq!(
        found("range=created&from=0&to=4000000000&role=admin"),
        sorted(&[&admin])
    );
    assert_eq!(found("range=updated&to=1"), sorted(&[]));
    for nobody in [
        "uid=x'--",
        "uid=IDNOBODY",
        "email=nobody",
        "email=nobody@example.org",
        "role=emperor",
        "country=%25",
    ] {
        assert!(found(nobody).is_empty(), "{nobody}");
    }
}

#[test]
fn accounts_are_ordered_as_asked() {
    let office = Office::open();
    let admin = office.hire("admin");
    let (ann, bob) = (office.newcomer("ann"), office.newcomer("bob"));
    let ordered = |query: &str| {
        column(
            &office.look(&format!("/users?{query}"), &admin).expect(200),
            "uid",
        )
    };
    let made = [&admin, &ann, &bob].map(|one| one.uid.clone());
    let mut backwards = made.clone();
    backwards.reverse();
    assert_eq!(ordered("order_by=id"), made);
    assert_eq!(ordered("ordering=desc"), backwards);
    assert_eq!(ordered("order_by=created_at&ordering=desc"), backwards);
    let mut by_uid = made.clone();
    by_uid.sort();
    assert_eq!(ordered("order_by=uid&ordering=asc"), by_uid);
    for order in ["level", "state", "updated_at"] {
        assert_eq!(ordered(&format!("order_by={order}")).len(), 3);
    }
}

#[test]
fn behind_the_end_of_every_list_there_is_nothing() {
    let office = Office::open();
    let admin = office.hire("admin");
    for path in [
        "/users",
        "/users/documents/pending",
        "/users/labels?key=email",
        "/activities",
        "/activities/admin",
        "/permissions",
        "/restrictions",
    ] {
        let separator = if path.contains('?') { '&' } else { '?' };
        for page in ["1000000", "1000000000", "9223372036854775807"] {
            let path = format!("{path}{separator}page={page}");
            assert_eq!(office.said_of(&path, &admin), ["200 []", "200 []"], "{path}");
        }
    }
}

#[test]
fn a_search_that_cannot_be_is_refused() {
    let office = Office::open();
    let admin = office.hire("admin");
    for (query, text, code) in [
        (
            "order_by=email",
            "order_by is invalid",
            "admin.user.invalid_order_by",
        ),
        (
            "order_by=id;--",
            "order_by is invalid",
            "admin.user.invalid_order_by",
        ),
        (
            "ordering=up",
            "ordering is invalid",
            "admin.user.invalid_ordering",
        ),
        ("state=asleep", "state is invalid", "admin.user.invalid_state"),
        ("range=seen", "range is invalid", "admin.user.invalid_range"),
        ("level=-1", "level is invalid", "admin.user.invalid_level"),
        ("level=x", "level is invalid", "invalid"),
        ("from=x", "from is invalid", "invalid"),
        ("to=9223372036854775807", "to is invalid", "invalid"),
        ("extended=perhaps", "extended is invalid", "invalid"),
        ("page=0", "page is invalid", "non_positive_page"),
        ("page=x", "page is invalid", "non_integer_page"),
        ("limit=0", "limit is invalid", "invalid_limit"),
        ("limit=1000000000", "limit is invalid", "invalid_limit"),
        ("extended=1&limit=101", "limit is invalid", "invalid_limit"),
    ] {
        assert_eq!(
            office.said_of(&format!("/users?{query}"), &admin),
            [
                format!(r#"400 {{"error":"{text}"}}"#),
                format!(r#"422 {{"errors":["{code}"]}}"#)
            ],
            "{query}"
        );
    }
}

#[test]
fn one_account_is_shown_whole() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    let path = format!("/users/{}", ann.uid);
    let whole = office.look(&path, &admin).expect(200);
    let mut names = fields(&whole.text());
    names.sort();
    let mut expected = [
        "email",
        "uid",
        "role",
        "level",
        "otp",
        "state",
        "referral_uid",
        "data",
        "username",
        "labels",
        "phones",
        "profiles",
        "data_storages",
        "documents",
        "comments",
        "created_at",
        "updated_at",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(whole.at("/email"), ann.address);
    for nobody in ["IDNOBODY", "x", "..%2f", "%27%20OR%201=1"] {
        assert_eq!(
            office.said_of(&format!("/users/{nobody}"), &admin),
            codes(404, "admin.user.doesnt_exist"),
            "{nobody}"
        );
    }
}

#[test]
fn documents_and_unmasked_data_are_for_reviewers() {
    let office = Office::open();
    let (admin, clerk) = (office.hire("admin"), office.hire("support"));
    let ann = office.newcomer("ann");
    office.hand_in_profile(&ann);
    let of = |reader: &Someone| {
        office
            .look_coded(&format!("/users/{}", ann.uid), reader)
            .expect(200)
            .json()
    };
    let (full, masked) = (of(&admin), of(&clerk));
    assert_eq!(full["profiles"][0]["last_name"], "Lovelace");
    assert_eq!(full["profiles"][0]["dob"], "1990-12-10");
    assert_eq!(full["profiles"][0]["state"], "submitted");
    assert_eq!(full["profiles"][0]["author_uid"], json!(ann.uid));
    assert_eq!(full["profiles"][0]["private_comment"], Value::Null);
    assert_eq!(full["documents"], json!([]));
    assert_eq!(masked["profiles"][0]["last_name"], "L*******");
    assert_eq!(masked["profiles"][0]["dob"], "1990-12-**");
    assert!(masked.get("documents").is_none(), "{masked}");
    assert!(masked["profiles"][0].get("private_comment").is_none(), "{masked}");
    let listed = |reader: &Someone| {
        let answer = office.look_coded(&format!("/users?extended=true&uid={}", ann.uid), reader);
        answer.expect(200).json()[0]["profiles"][0]["last_name"].clone()
    };
    assert_eq!(
        (listed(&admin), listed(&clerk)),
        (json!("Lovelace"), json!("L*******"))
    );
}

#[test]
fn keys_are_shown_without_their_secrets() {
    let office = Office::open();
    let (admin, ann) = (office.hire("admin"), office.newcomer("ann"));
    let app = office.0.barong().enable_factor(&ann.visit.access);
    let key = json!({ "algorithm": "HS256", "scope": "trade", "totp_code": app.code() });
    let made = office.0.post("/api/v2/resource/api_keys").json(key);
    let made = made.bearer(&ann.visit.access).send().expect(201);
    let path = format!("/api_keys?uid={}", ann.uid);
    let shown = office.look(&path, &admin).expect(200);
    assert_eq!(column(&shown, "kid"), [made.at("/kid")]);
    assert_eq!(
        fields(&shown.json()[0].to_string()).len(),
        6,
        "no secret: {shown}"
    );
    assert!(!shown.text().contains(&made.at("/secret")));
    assert_eq!(shown.header("Total").as_deref(), Some("1"));
    assert_eq!(
        office.said_of("/api_keys?uid=IDNOBODY", &admin),
        codes(404, "admin.user.doesnt_exist")
    );
    assert_eq!(
        office.said_of("/api_keys", &admin)[0],
        r#"400 {"error":"uid is missing, uid is empty"}"#
    );
}
