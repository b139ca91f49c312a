//! Service accounts: their owners look at them and make keys for them, and programs sign requests in their place.

mod keys;
mod servers;
mod signing;

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::management::steady;
use crate::harness::management::Management;
use crate::harness::{Answer, Totp};

const CLASSIC: &str = "/api/v2/resource";
/// Where the coded profile speaks.
const CODED: &str = "/api/v2/barong/resource";

/// Who signs what where service accounts are made.
const SCOPES: &crate::harness::management::Scopes<'static> = &[
    ("read_users", "", "applogic"),
    ("write_users", "applogic", "applogic"),
    ("write_labels", "applogic", "applogic"),
    ("read_service_accounts", "applogic", "applogic"),
    ("write_service_accounts", "applogic", "applogic"),
    ("write_apikeys", "applogic", "applogic"),
];

/// A server that speaks both profiles and obeys another server.
fn firm() -> Management {
    firm_with(&[])
}

fn firm_with(settings: &[(&str, &str)]) -> Management {
    let coded = ("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", CODED);
    Management::with_scopes(SCOPES, &[settings, &[coded]].concat())
}

/// Somebody with a second factor, and three codes of it less one.
struct Owner<'a> {
    firm: &'a Management,
    address: String,
    uid: String,
    access: String,
    totp: Totp,
}

impl<'a> Owner<'a> {
    fn new(firm: &'a Management) -> Self {
        let access = firm.server().barong().newcomer("ann").access;
        let me = firm.server().barong().me(&access).expect(200);
        let totp = firm.server().barong().enable_factor(&access);
        Self {
            firm,
            address: me.at("/email"),
            uid: me.at("/uid"),
            access,
            totp,
        }
    }

    /// The uid of a new service account of theirs.
    fn service(&self) -> String {
        let data = json!({ "owner_uid": self.uid, "service_account_role": "service_account" });
        self.firm
            .post("/service_accounts/create", data)
            .expect(201)
            .at("/uid")
    }

    fn ask(&self, method: Method, mount: &str, path: &str, body: &Value) -> Answer {
        let path = format!("{mount}/service_accounts{path}");
        let request = self.firm.server().request(method, &path);
        request.bearer(&self.access).json(body.clone()).send()
    }

    /// As [`Owner::ask`], with a fresh code.
    fn ask_with_code(&self, method: Method, mount: &str, path: &str, mut body: Value) -> Answer {
        body["totp_code"] = json!(self.totp.code());
        self.ask(method, mount, path, &body)
    }

    /// A new key of a service account.
    fn key(&self, service: &str) -> Answer {
        let body = json!({ "service_account_uid": service, "algorithm": "HS256", "scope": "trade" });
        self.ask_with_code(Method::POST, CLASSIC, "/api_keys", body)
            .expect(201)
    }

    /// The keys of a service account as the coded profile shows them, which asks for no code.
    fn keys(&self, service: &str) -> Value {
        let body = json!({ "service_account_uid": service });
        self.ask(Method::GET, CODED, "/api_keys", &body)
            .expect(200)
            .json()
    }
}

#[test]
fn owners_see_their_service_accounts_in_the_order_they_were_made() {
    let firm = firm();
    let (ann, bob) = (Owner::new(&firm), Owner::new(&firm));
    assert_snapshot!(ann.ask(Method::GET, CLASSIC, "", &json!({})), @"200 []");
    let first = ann.service();
    bob.service();
    let second = ann.service();
    for mount in [CLASSIC, CODED] {
        let listed = ann.ask(Method::GET, mount, "/", &json!({})).expect(200);
        assert_eq!(listed.at("/0/uid"), first);
        assert_eq!(listed.at("/1/uid"), second);
        assert_eq!(listed.header("total").as_deref(), Some("2"));
    }
    let page = ann.ask(Method::GET, CLASSIC, "?page=2&limit=1", &json!({}));
    assert_eq!(page.at("/0/uid"), second);
    assert!(second.starts_with("SI") && second.len() == 12, "{second}");
    assert_eq!(
        steady(&page)
            .replace(&second.to_lowercase(), "<uid>")
            .replace(&ann.address, "<address>"),
        concat!(
            r#"200 [{"email":"<uid>@service.invalid","uid":"<uid>","role":"service_account","level":1,"#,
            r#""state":"active","user":{"email":"<address>","uid":"<uid>","role":"member","level":1,"otp":true,"#,
            r#""state":"active","referral_uid":null,"data":null,"username":null,"created_at":"<time>","#,
            r#""updated_at":"<time>"},"created_at":"<time>","updated_at":"<time>"}]"#
        )
    );
}

#[test]
fn nobody_sees_service_accounts_without_a_token() {
    let firm = firm();
    let ask = |method: Method, mount: &str, path: &str| {
        let path = format!("{mount}/service_accounts{path}");
        firm.server().request(method, &path).send().to_string()
    };
    let kid = "/api_keys/0123456789abcdef";
    for (method, path) in [
        (Method::GET, ""),
        (Method::GET, "/api_keys"),
        (Method::POST, "/api_keys"),
        (Method::PUT, kid),
        (Method::DELETE, kid),
    ] {
        assert_eq!(
            ask(method.clone(), CLASSIC, path),
            r#"401 {"error":"Permission Denied"}"#
        );
        assert_eq!(
            ask(method, CODED, path),
            r#"401 {"errors":["jwt.decode_and_verify"]}"#
        );
    }
}

#[test]
fn what_is_no_route_of_service_accounts_is_told() {
    let firm = firm();
    let ann = Owner::new(&firm);
    let kid = "/api_keys/0123456789abcdef";
    for (method, path) in [
        (Method::POST, ""),
        (Method::DELETE, ""),
        (Method::GET, "/SI0000000000"),
        (Method::PUT, "/api_keys"),
        (Method::GET, kid),
        (Method::POST, kid),
        (Method::PATCH, kid),
    ] {
        assert_eq!(
            ann.ask(method.clone(), CLASSIC, path, &json!({})).to_string(),
            r#"404 {"error":"Route is not found"}"#,
            "{method} {path}"
        );
    }
    let at_root = firm.server().get("/service_accounts").bearer(&ann.access).send();
    at_root.expect(404);
}
