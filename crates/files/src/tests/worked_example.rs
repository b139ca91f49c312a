//! The example of the contract, section 11.10, row by row.

use super::{file, object, request, rules, user};
use crate::{Field, FindError, Method, Operation, Place, Resource, Rules, Target, UploadError};

fn example() -> Rules {
    rules(
        r#"
functions:
  signedIn: 'return !!request.auth'
  sameUser:
    params: [id]
    code: "return !!request.auth && request.auth['user-id'] === id"
  hasRole:
    params: [r]
    code: "return !!request.auth && request.auth['allowed-roles'].indexOf(r) >= 0"
  shareLink: 'return !!request.query.token && request.query.token === resource.Metadata.token'
paths:
  /invoices/:customer/:
    list: "sameUser(customer) || hasRole('accountant')"
  /invoices/:customer/:name:
    get: "sameUser(customer) || hasRole('accountant') || shareLink()"
    create: "hasRole('accountant')"
    delete: "hasRole('accountant')"
  /logos/*:
    read: 'true'
    write: "signedIn() && resource.size < 200000"
"#,
    )
}

const INVOICE: &str = "/invoices/c1/jan.pdf";

#[test]
fn an_accountant_stores_an_invoice_once() {
    let rules = example();
    let request = request("POST", INVOICE, Some(user("a", "accountant")));
    let route = rules.route(Method::Post, Target::Content, INVOICE).unwrap();
    let file = file(10);
    assert_eq!(route.upload(&request, None, Some(&file)), Ok(&file));
    let present = object("invoices/c1/jan.pdf", Some("T"));
    assert_eq!(
        route.upload(&request, Some(&present), Some(&file)),
        Err(UploadError::Forbidden)
    );
}

#[test]
fn the_customer_and_whoever_has_the_link_read_it() {
    let rules = example();
    let route = rules.route(Method::Get, Target::Content, INVOICE).unwrap();
    let read = |auth, token: Option<&str>, kept| {
        let mut request = request("GET", INVOICE, auth);
        let field = |token: &str| ("token".to_owned(), Field::Text(token.to_owned()));
        request.query = token.into_iter().map(field).collect();
        let found = route.find(
            Operation::Get,
            &request,
            Some(object("invoices/c1/jan.pdf", kept)),
        );
        found.map(|object| object.key.to_string())
    };
    let given = Ok("invoices/c1/jan.pdf".to_owned());
    assert_eq!(read(Some(user("c1", "user")), None, Some("T")), given);
    assert_eq!(read(Some(user("a", "accountant")), None, Some("T")), given);
    assert_eq!(read(None, Some("T"), Some("T")), given);
    assert_eq!(read(None, Some("U"), Some("T")), Err(FindError::Forbidden));
    assert_eq!(read(None, None, Some("T")), Err(FindError::Forbidden));
    assert_eq!(read(None, None, None), Err(FindError::Forbidden));
    assert_eq!(
        read(Some(user("c2", "user")), None, Some("T")),
        Err(FindError::Forbidden)
    );
}

#[test]
fn the_customer_lists_their_directory() {
    let rules = example();
    let route = rules
        .route(Method::Get, Target::Metadata, "/invoices/c1/")
        .unwrap();
    assert_eq!(route.place(), &Place::Directory("invoices/c1/".to_owned()));
    let asked = |auth| request("GET", "/invoices/c1/", auth);
    let (customer, other) = (asked(Some(user("c1", "user"))), asked(Some(user("c2", "user"))));
    assert!(route.permits(Operation::List, &customer, Resource::Nothing));
    assert!(route.shows(&customer, &object("invoices/c1/jan.pdf", Some("T"))));
    assert!(!route.permits(Operation::List, &other, Resource::Nothing));
    assert!(!route.permits(Operation::List, &asked(None), Resource::Nothing));
}

#[test]
fn missing_is_said_before_forbidden() {
    let rules = example();
    let path = "/invoices/c1/feb.pdf";
    let route = rules.route(Method::Get, Target::Content, path).unwrap();
    let stranger = request("GET", path, Some(user("s", "user")));
    assert_eq!(
        route.find(Operation::Get, &stranger, None),
        Err(FindError::Missing)
    );
}

#[test]
fn a_rule_on_what_deleting_does_not_have_denies() {
    let rules = example();
    let path = "/logos/x.png";
    let route = rules.route(Method::Delete, Target::Content, path).unwrap();
    let found = route.find(
        Operation::Delete,
        &request("DELETE", path, Some(user("u", "user"))),
        Some(object("logos/x.png", None)),
    );
    assert_eq!(found, Err(FindError::Forbidden));
}

#[test]
fn a_logo_is_stored_by_whoever_is_signed_in_up_to_a_size() {
    let rules = example();
    let path = "/logos/x.png";
    let route = rules.route(Method::Post, Target::Content, path).unwrap();
    let upload = |auth, size| {
        route
            .upload(&request("POST", path, auth), None, Some(&file(size)))
            .map(drop)
    };
    assert_eq!(upload(Some(user("u", "user")), 199_999), Ok(()));
    assert_eq!(
        upload(Some(user("u", "user")), 200_000),
        Err(UploadError::Forbidden)
    );
    assert_eq!(upload(None, 1), Err(UploadError::Forbidden));
}

#[test]
fn without_a_pattern_there_is_no_answer() {
    assert!(
        example()
            .route(Method::Get, Target::Content, "/reports/x")
            .is_none()
    );
    assert!(
        example()
            .route(Method::Post, Target::Content, "/invoices/c1")
            .is_none()
    );
    assert!(Rules::none().route(Method::Get, Target::Content, "/a").is_none());
}
