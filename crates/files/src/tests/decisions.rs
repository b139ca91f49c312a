use std::collections::BTreeMap;

use super::{file, object, request, rules, user};
use crate::{
    Auth, Field, FindError, Method, ObjectKeyError, Operation, Parents, Place, Request, Resource, Rules,
    Target, UploadError,
};

/// What a rule says to a request for an object.
fn says(rule: &str, request: &Request, resource: Resource<'_>) -> bool {
    let rules = rules(&format!("paths:\n  /u/:id/:file?:\n    read: \"{rule}\"\n"));
    let route = rules.route(Method::Get, Target::Content, &request.path).unwrap();
    route.permits(Operation::Get, request, resource)
}

#[track_caller]
fn true_of(rule: &str, resource: Resource<'_>) {
    let auth = Some(user("7", "user").with("x-hasura-company-id", Field::Text("c".to_owned())));
    let mut request = request("GET", "/u/a%20b", auth);
    let list = Field::List(vec!["x".to_owned(), "y".to_owned()]);
    request.query = BTreeMap::from([
        ("q".to_owned(), Field::Text("v".to_owned())),
        ("l".to_owned(), list),
    ]);
    assert!(says(rule, &request, resource), "{rule}");
}

#[test]
fn a_rule_sees_the_request() {
    for rule in [
        "request.path === '/u/a%20b'",
        "request.method === 'GET'",
        "request.query.q === 'v'",
        "request.query.l.length === 2 && request.query.l[1] === 'y'",
        "request.auth['user-id'] === '7' && request.auth['x-hasura-user-id'] === '7'",
        "request.auth['default-role'] === 'user' && request.auth['x-hasura-default-role'] === 'user'",
        "request.auth['allowed-roles'].includes('user') && request.auth['x-hasura-allowed-roles'][0] === 'user'",
        "request.auth['company-id'] === 'c' && request.auth['x-hasura-company-id'] === 'c'",
        "id === 'a b' && file === undefined",
        "request == request && request.query === request.query",
    ] {
        true_of(rule, Resource::Nothing);
    }
}

#[test]
fn a_rule_sees_what_is_asked_for() {
    let stored = object("u/a", Some("T"));
    for rule in [
        "resource.key === 'u/a' && resource.AcceptRanges === 'bytes'",
        "resource.ContentType === 'text/plain' && resource.ContentLength === 1234",
        "resource.ETag.length === 5 && resource.LastModified === '1970-01-01T00:00:00.000Z'",
        "resource.Metadata.token === 'T' && resource.size === undefined",
    ] {
        true_of(rule, Resource::Stored(&stored));
    }
    let file = file(9);
    let rule = "resource.name === 'x.png' && resource.size === 9 && resource.mimetype === 'image/png' && resource.md5.length === 32";
    true_of(rule, Resource::Uploaded(&file));
    true_of(
        "resource.Metadata === undefined && typeof resource === 'object'",
        Resource::Nothing,
    );
}

#[test]
fn nobody_has_no_session() {
    let anonymous = request("GET", "/u/1", None);
    assert!(says("request.auth === undefined", &anonymous, Resource::Nothing));
    assert!(!says(
        "request.auth['user-id'] !== '1'",
        &anonymous,
        Resource::Nothing
    ));
}

#[test]
fn a_custom_field_does_not_replace_who_asks() {
    let text = |text: &str| Field::Text(text.to_owned());
    let auth = Auth::new("7", "user", &[])
        .with("user-id", text("1"))
        .with("x-hasura-user-id", text("1"));
    let request = request("GET", "/u/1", Some(auth));
    assert!(says(
        "request.auth['user-id'] === '7'",
        &request,
        Resource::Nothing
    ));
}

#[test]
fn either_rule_of_a_row_suffices_and_no_other() {
    let rows = [
        (Operation::Get, Method::Get, ["get", "read"]),
        (Operation::List, Method::Get, ["list", "read"]),
        (Operation::Create, Method::Post, ["create", "write"]),
        (Operation::Update, Method::Post, ["update", "write"]),
        (Operation::Delete, Method::Delete, ["delete", "write"]),
    ];
    for word in ["get", "read", "list", "create", "update", "write", "delete"] {
        let rules = rules(&format!("paths:\n  /a:\n    {word}: 'true'\n"));
        for (operation, method, words) in rows {
            let route = rules.route(method, Target::Content, "/a");
            let permitted = route
                .is_some_and(|route| route.permits(operation, &request("", "/a", None), Resource::Nothing));
            assert_eq!(permitted, words.contains(&word), "{word} {operation:?}");
        }
    }
}

#[test]
fn a_rule_that_fails_leaves_the_other_one() {
    let rules = rules("paths:\n  /a:\n    get: nothing.at.all\n    read: 'true'\n");
    let route = rules.route(Method::Get, Target::Content, "/a").unwrap();
    assert!(route.permits(Operation::Get, &request("GET", "/a", None), Resource::Nothing));
}

#[test]
fn the_first_path_that_answers_the_method_decides() {
    let rules =
        rules("paths:\n  /a/:x:\n    write: 'true'\n  /a/*:\n    get: 'false'\n  /*:\n    read: 'true'\n");
    let pattern = |method| {
        rules
            .route(method, Target::Content, "/a/b")
            .map(|route| route.pattern().to_owned())
    };
    assert_eq!(pattern(Method::Post).as_deref(), Some("/a/:x"));
    assert_eq!(pattern(Method::Get).as_deref(), Some("/a/*"));
    assert_eq!(pattern(Method::Delete).as_deref(), Some("/a/:x"));
    let route = rules.route(Method::Get, Target::Content, "/a/b").unwrap();
    assert!(!route.permits(Operation::Get, &request("GET", "/a/b", None), Resource::Nothing));
}

#[test]
fn metadata_has_rules_of_its_own_where_there_are_some() {
    let rules =
        rules("paths:\n  /a:\n    read: 'true'\n    meta:\n      write: 'true'\n  /b:\n    read: 'true'\n");
    let answers = |method, target, path| rules.route(method, target, path).is_some();
    assert!(answers(Method::Get, Target::Content, "/a"));
    assert!(!answers(Method::Get, Target::Metadata, "/a"));
    assert!(answers(Method::Post, Target::Metadata, "/a"));
    assert!(!answers(Method::Post, Target::Content, "/a"));
    assert!(answers(Method::Get, Target::Metadata, "/b"));
}

#[test]
fn uploads_are_refused_in_this_order() {
    let rules = rules("paths:\n  /a/:x:\n    create: resource.size < 10\n    update: 'request.query.ok'\n");
    let route = |path| rules.route(Method::Post, Target::Content, path).unwrap();
    let asked = request("POST", "/a/b", None);
    let mut allowed = asked.clone();
    allowed.query.insert("ok".to_owned(), Field::Text("1".to_owned()));
    let (present, small, large) = (object("a/b", None), file(1), file(10));
    assert_eq!(
        route("/a/b/").upload(&asked, None, None),
        Err(UploadError::Directory)
    );
    assert_eq!(
        route("/a/b").upload(&asked, None, None),
        Err(UploadError::Nothing)
    );
    assert_eq!(
        route("/a/b").upload(&asked, None, Some(&large)),
        Err(UploadError::Forbidden)
    );
    assert_eq!(route("/a/b").upload(&asked, None, Some(&small)), Ok(&small));
    assert_eq!(
        route("/a/b").upload(&asked, Some(&present), None),
        Err(UploadError::Forbidden)
    );
    assert_eq!(
        route("/a/b").upload(&allowed, Some(&present), None),
        Err(UploadError::NoFile)
    );
    assert_eq!(
        route("/a/b").upload(&allowed, Some(&present), Some(&large)),
        Ok(&large)
    );
}

#[test]
fn the_directory_of_a_pattern_of_files_is_listed_where_parents_are() {
    let yaml = "paths:\n  /user/:id/:file:\n    read: \"request.auth['user-id'] === id\"\n";
    let hidden = Rules::parse(yaml, Parents::Hidden).unwrap();
    assert!(hidden.route(Method::Get, Target::Content, "/user/1/").is_none());
    let listed = Rules::parse(yaml, Parents::Listed).unwrap();
    for path in ["/user/1", "/user/1/"] {
        let route = listed.route(Method::Get, Target::Content, path).unwrap();
        assert_eq!(route.place(), &Place::Directory("user/1/".to_owned()));
        let owner = request("GET", path, Some(user("1", "user")));
        assert!(route.permits(Operation::List, &owner, Resource::Nothing));
        assert!(route.shows(&owner, &object("user/1/a", None)));
        assert!(!route.shows(&owner, &object("user/1/a/b", None)));
        assert!(!route.permits(
            Operation::List,
            &request("GET", path, Some(user("2", "user"))),
            Resource::Nothing
        ));
    }
    assert!(listed.route(Method::Post, Target::Content, "/user/1/").is_none());
    assert!(listed.route(Method::Get, Target::Content, "/user/").is_none());
}

#[test]
fn a_path_that_takes_the_request_comes_before_any_parent() {
    let yaml = "paths:\n  /a/:file:\n    read: 'true'\n  /a/:\n    list: 'false'\n";
    let rules = Rules::parse(yaml, Parents::Listed).unwrap();
    let route = rules.route(Method::Get, Target::Content, "/a/").unwrap();
    assert_eq!(route.pattern(), "/a/");
    assert!(!route.permits(Operation::List, &request("GET", "/a/", None), Resource::Nothing));
}

#[test]
fn patterns_that_match_more_than_a_file_have_no_parent() {
    for pattern in ["/a/*", "/a/:x*", "/a*", "/b/a*"] {
        let rules = Rules::parse(
            &format!("paths:\n  {pattern}:\n    read: 'true'\n"),
            Parents::Listed,
        )
        .unwrap();
        assert!(
            rules.route(Method::Get, Target::Content, "/").is_none(),
            "{pattern}"
        );
        assert!(
            rules.route(Method::Get, Target::Content, "/b/").is_none(),
            "{pattern}"
        );
    }
}

#[test]
fn metadata_is_evaluated_and_what_is_falsy_or_fails_is_left_out() {
    for section in ["metadata:", "meta: {values:"] {
        let end = if section.ends_with("s:") { "}}" } else { "}" };
        let yaml = format!(
            "paths:\n  /:id/a:\n    write: 'true'\n    {section} {{owner: id, size: resource.size, big: resource.size > 5, \
             none: \"''\", missing: request.query.t, fails: a.b, roles: \"['a','b']\", object: '({{}})', lines: '\"a\\nb\"'{end}\n"
        );
        let rules = rules(&yaml);
        let route = rules.route(Method::Post, Target::Content, "/7/a").unwrap();
        let kept = route.metadata(&request("POST", "/7/a", None), Resource::Uploaded(&file(9)));
        let kept: Vec<_> = kept
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        assert_eq!(
            kept,
            [("big", "true"), ("owner", "7"), ("roles", "a,b"), ("size", "9")]
        );
    }
}

#[test]
fn an_object_that_is_not_permitted_is_not_given() {
    let rules = rules("paths:\n  /a:\n    read: 'false'\n");
    let route = rules.route(Method::Get, Target::Content, "/a").unwrap();
    let asked = request("GET", "/a", None);
    assert_eq!(
        route.find(Operation::Get, &asked, Some(object("a", None))),
        Err(FindError::Forbidden)
    );
    assert_eq!(route.find(Operation::Get, &asked, None), Err(FindError::Missing));
}

#[test]
fn an_entry_of_a_directory_opens_by_its_own_path_too() {
    #[track_caller]
    fn check(rules: &Rules, target: Target, directory: &str, entry: &str, expected: bool) {
        let asked = request("GET", directory, None);
        let route = rules.route(Method::Get, target, directory).unwrap();
        assert!(route.permits(Operation::List, &asked, Resource::Nothing));
        assert_eq!(
            route.shows(&asked, &object(entry, None)),
            expected,
            "{target:?} {entry}"
        );
    }
    let rules = Rules::parse(
        "paths:\n  /docs/:id:\n    read: 'true'\n  /docs/:id/:file:\n    read: '!!request.auth'\n  /den/:file:\n    get: 'false'\n    list: 'true'\n  /all/:id/:\n    list: 'true'\n",
        Parents::Listed,
    )
    .unwrap();
    for target in [Target::Content, Target::Metadata] {
        check(&rules, target, "/docs/1/", "docs/1/private", false);
        // Where no other path decides, the directory's own does.
        check(&rules, target, "/all/1/", "all/1/x", true);
    }
    check(&rules, Target::Content, "/den/", "den/x", false);
    check(&rules, Target::Metadata, "/den/", "den/x", true);
}

#[test]
fn a_path_that_may_mean_another_place_leads_nowhere() {
    for path in [
        "/../x",
        "/a/../b",
        "/a/%2e%2E/b",
        "/a/./b",
        "/.%2e",
        "/a//b",
        "//a",
        "/a//",
        "/a%2fb",
        "/a%5Cb",
        "/a%00",
        "//",
        "",
        "a",
    ] {
        assert!(Place::of(path).is_err(), "{path}");
    }
    assert_eq!(
        Place::of(&format!("/{}", "a".repeat(1025))),
        Err(ObjectKeyError::Length)
    );
    let directory = |prefix: &str| Ok(Place::Directory(prefix.to_owned()));
    assert_eq!(Place::of("/"), directory(""));
    assert_eq!(Place::of("/a/"), directory("a/"));
    for key in ["a", "a%20b/c..d", "%EF%BC%8E%EF%BC%8E/a"] {
        let object = Ok(Place::Object(key.parse().unwrap()));
        assert_eq!(Place::of(&format!("/{key}")), object, "{key}");
    }
}
