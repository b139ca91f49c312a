//! What people show to prove who they are: `/documents`.

mod contents;
mod files;
mod links;

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Request, Server, unique};
pub(super) use files::{jpeg, pdf, png};

const DOCUMENTS: &str = "/api/v2/resource/documents";
const CODED: &str = "/api/v2/coded/resource/documents";
const CODED_MOUNT: (&str, &str) = ("CLAVIS_DIALECTS__BARONG__CODED_MOUNTS", "/api/v2/coded/resource");

/// A form in parts that is being put together.
#[derive(Clone)]
pub(super) struct Form {
    boundary: String,
    body: Vec<u8>,
}

impl Form {
    pub(super) fn new() -> Self {
        Self {
            boundary: format!("clavis-{}", unique()),
            body: Vec::new(),
        }
    }

    /// A passport without its file.
    pub(super) fn passport() -> Self {
        Self::new()
            .text("doc_type", "Passport")
            .text("doc_number", "AA1234BB")
            .text("doc_expire", "2090-01-22")
    }

    pub(super) fn text(mut self, name: &str, value: &str) -> Self {
        let head = format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n",
            self.boundary
        );
        self.body.extend(head.as_bytes());
        self
    }

    pub(super) fn file(self, file_name: &str, content: &[u8]) -> Self {
        self.file_as("upload", file_name, content)
    }

    pub(super) fn file_as(mut self, name: &str, file_name: &str, content: &[u8]) -> Self {
        let head = format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n",
            self.boundary
        );
        self.body.extend(head.as_bytes());
        self.body.extend(content);
        self.body.extend(b"\r\n");
        self
    }

    fn onto(mut self, request: Request) -> Request {
        self.body.extend(format!("--{}--\r\n", self.boundary).as_bytes());
        let content_type = format!("multipart/form-data; boundary={}", self.boundary);
        request.raw_body(self.body, &content_type)
    }

    pub(super) fn send(self, server: &Server, access: &str) -> Answer {
        self.send_to(server, DOCUMENTS, access)
    }

    pub(super) fn send_to(self, server: &Server, path: &str, access: &str) -> Answer {
        self.onto(server.post(path)).bearer(access).send()
    }
}

pub(super) fn list(server: &Server, access: &str) -> Answer {
    server.get(DOCUMENTS).bearer(access).send().expect(200)
}

/// How many documents there are of somebody.
fn count(server: &Server, access: &str) -> usize {
    let listed = list(server, access).json();
    listed.as_array().map_or(0, Vec::len)
}

#[test]
fn a_document_is_handed_in_and_listed() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    assert_snapshot!(list(&server, &access), @"200 []");
    let metadata = |form: Form| form.text("metadata[issuer]", "Utopia");
    let form = metadata(Form::passport()).file("passport.jpg", &jpeg());
    assert_snapshot!(form.send(&server, &access), @"201 201");
    let second = Form::new()
        .text("doc_type", "Utility Bill")
        .text("doc_number", "12-b 7")
        .text("doc_expire", "2090-01-23")
        .file("bill.PDF", &pdf());
    assert_snapshot!(second.onto(server.post("/documents/")).bearer(&access).send(), @"201 201");

    let listed = list(&server, &access);
    let text = listed.text();
    let url = |pointer: &str| listed.at(pointer);
    let (first, second) = (url("/0/upload/url"), url("/1/upload/url"));
    assert!(first.starts_with("/api/v2/resource/documents/") && first.contains("/passport.jpg?"));
    assert!(second.contains("/bill.pdf?"));
    assert_snapshot!(
        text.replace(&first, "<passport>").replace(&second, "<bill>"),
        @r#"[{"upload":{"url":"<passport>"},"doc_type":"Passport","doc_number":"AA1234BB","doc_expire":"2090-01-22"},{"upload":{"url":"<bill>"},"doc_type":"Utility Bill","doc_number":"12-b 7","doc_expire":"2090-01-23"}]"#
    );
}

#[test]
fn parameters_are_looked_at_first_and_in_their_order() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    let refused = |form: Form| form.send(&server, &access).to_string();
    assert_snapshot!(
        refused(Form::new().text("other", "x")),
        @r#"400 {"error":"doc_expire is missing, doc_expire is empty, doc_type is missing, doc_type is empty, doc_number is missing, doc_number is empty, upload is missing, upload is empty"}"#
    );
    assert_snapshot!(
        refused(Form::new().text("doc_expire", " ").text("doc_type", "").text("doc_number", "\t").text("upload", "")),
        @r#"400 {"error":"doc_expire is empty, doc_type is empty, doc_number is empty, upload is empty"}"#
    );
    assert_snapshot!(refused(Form::passport()), @r#"400 {"error":"upload is missing, upload is empty"}"#);
    assert_snapshot!(
        refused(Form::passport().file("", b"")),
        @r#"400 {"error":"upload is missing, upload is empty"}"#
    );
    assert_snapshot!(
        refused(Form::passport().text("upload", "passport.jpg")),
        @r#"400 {"error":"upload is invalid"}"#
    );
    for impossible in ["2090-02-30", "tomorrow", "2090-13-01", "0000-00-00"] {
        let form = Form::new()
            .text("doc_type", "Passport")
            .text("doc_number", "A1")
            .text("doc_expire", impossible)
            .file("passport.jpg", &jpeg());
        assert_eq!(refused(form), r#"400 {"error":"doc_expire is invalid"}"#);
    }
    let json =
        json!({ "doc_type": "Passport", "doc_number": "A1", "doc_expire": "2090-01-01", "upload": "x" });
    assert_snapshot!(
        server.post(DOCUMENTS).json(json).bearer(&access).send(),
        @r#"400 {"error":"upload is invalid"}"#
    );
    assert_eq!(count(&server, &access), 0);
}

#[test]
fn what_is_wrong_with_a_document_is_told_in_sentences_with_400() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    let form = |doc_type, doc_number: &str, doc_expire| {
        Form::new()
            .text("doc_type", doc_type)
            .text("doc_number", doc_number)
            .text("doc_expire", doc_expire)
            .file("passport.jpg", &jpeg())
            .send(&server, &access)
            .to_string()
    };
    assert_snapshot!(
        form("Library card", "A1", "2090-01-01"),
        @r#"400 {"error":"Doc type is not included in the list"}"#
    );
    assert_snapshot!(
        form("Passport", "№ 1", "2090-01-01"),
        @r#"400 {"error":"Doc number only allows letters and digits"}"#
    );
    assert_snapshot!(
        form("Passport", &"A".repeat(129), "2090-01-01"),
        @r#"400 {"error":"Doc number is too long (maximum is 128 characters)"}"#
    );
    assert_snapshot!(form("Passport", "A1", "2020-01-22"), @r#"400 {"error":"Doc expire is invalid"}"#);
    assert_snapshot!(
        form("passport", "№", "2020-01-22"),
        @r#"400 {"error":"Doc type is not included in the list, Doc number only allows letters and digits, and Doc expire is invalid"}"#
    );
    let yesterday_and_today = [("yesterday", -1, 400), ("today", 0, 201)];
    for (name, days, status) in yesterday_and_today {
        let day = day_from_now(&server, days);
        let form = Form::new()
            .text("doc_type", "Passport")
            .text("doc_number", "A1")
            .text("doc_expire", &day);
        let answer = form.file("passport.jpg", &jpeg()).send(&server, &access);
        assert_eq!(answer.status(), status, "{name}: {answer}");
    }
}

/// A day as `2026-11-21`, so many after the server's today.
fn day_from_now(server: &Server, days: i64) -> String {
    let now = server.get("/api/v2/identity/time").send().expect(200).at("/time");
    let now: i64 = now.parse().expect("seconds");
    let day = mail_parser::DateTime::from_timestamp(now + days * 86_400);
    format!("{:04}-{:02}-{:02}", day.year, day.month, day.day)
}

#[test]
fn ten_documents_are_taken_and_the_eleventh_is_not() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    let picture = png();
    for _ in 0..10 {
        Form::passport()
            .file("passport.png", &picture)
            .send(&server, &access)
            .expect(201);
    }
    let eleventh = Form::passport().file("passport.png", &picture);
    assert_snapshot!(
        eleventh.send(&server, &access),
        @r#"400 {"error":"Maximum number of documents was reached"}"#
    );
    // Whatever else is wrong with it.
    let unfit = Form::new()
        .text("doc_type", "x")
        .text("doc_number", "№")
        .text("doc_expire", "2020-01-01")
        .file("x.exe", b"x");
    assert_snapshot!(
        unfit.send(&server, &access),
        @r#"400 {"error":"Maximum number of documents was reached"}"#
    );
    assert_eq!(
        Form::passport().send(&server, &access).text(),
        r#"{"error":"upload is missing, upload is empty"}"#
    );
    assert_eq!(count(&server, &access), 10);
    let bob = server.barong().newcomer("bob").access;
    Form::passport()
        .file("passport.png", &picture)
        .send(&server, &bob)
        .expect(201);
}

#[test]
fn the_last_place_is_given_once() {
    let server = Server::with(&[("CLAVIS_DIALECTS__BARONG__DOCUMENTS_LIMIT", "2")]);
    let access = server.barong().newcomer("ada").access;
    let picture = png();
    Form::passport()
        .file("passport.png", &picture)
        .send(&server, &access)
        .expect(201);
    let mut statuses: Vec<_> = std::thread::scope(|scope| {
        let racing: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let form = Form::passport().file("passport.png", &picture);
                    form.send(&server, &access).status().as_u16()
                })
            })
            .collect();
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400, 400, 400]);
    assert_eq!(count(&server, &access), 2);
    assert_eq!(
        contents::stored(&server).len(),
        2,
        "nothing is left of those refused"
    );
}

#[test]
fn every_file_of_a_batch_becomes_a_document_or_none_does() {
    let server = Server::with(&[CODED_MOUNT, ("CLAVIS_DIALECTS__BARONG__DOCUMENTS_LIMIT", "4")]);
    let access = server.barong().newcomer("ada").access;
    let both = Form::passport()
        .file_as("upload[]", "front.jpg", &jpeg())
        .file_as("upload[]", "back.png", &png());
    assert_snapshot!(both.clone().send(&server, &access), @"201 201");
    assert_eq!(count(&server, &access), 2);
    let older = Form::passport().file_as("attachments[][upload]", "third.pdf", &pdf());
    assert_snapshot!(older.send(&server, &access), @"201 201");
    let one_bad = Form::passport()
        .file_as("upload[]", "front.jpg", &jpeg())
        .file_as("upload[]", "back.txt", &png());
    assert_eq!(one_bad.send(&server, &access).status(), 400);
    assert_snapshot!(
        both.clone().send(&server, &access),
        @r#"400 {"error":"Maximum number of documents was reached"}"#
    );
    assert_snapshot!(
        both.clone().send_to(&server, CODED, &access),
        @r#"400 {"errors":["resource.documents.limit_will_be_reached"]}"#
    );
    Form::passport()
        .file("fourth.jpg", &jpeg())
        .send(&server, &access)
        .expect(201);
    assert_snapshot!(
        both.send_to(&server, CODED, &access),
        @r#"400 {"errors":["resource.documents.limit_reached"]}"#
    );
    assert_eq!(contents::stored(&server).len(), 4);
}

#[test]
fn the_coded_profile_says_its_refusals_in_codes() {
    let server = Server::with(&[CODED_MOUNT]);
    let access = server.barong().newcomer("ada").access;
    let refused = |form: Form| form.send_to(&server, CODED, &access).to_string();
    assert_snapshot!(
        refused(Form::new().text("doc_type", "Passport").text("doc_number", "")),
        @r#"422 {"errors":["resource.document.missing_doc_expire","resource.document.empty_doc_expire","resource.document.empty_doc_number","resource.document.missing_upload","resource.document.empty_upload"]}"#
    );
    let with = |doc_type, doc_number, doc_expire| {
        Form::new()
            .text("doc_type", doc_type)
            .text("doc_number", doc_number)
            .text("doc_expire", doc_expire)
    };
    let picture = jpeg();
    assert_snapshot!(
        refused(with("Passport", "A1", "soon").file("a.jpg", &picture)),
        @r#"422 {"errors":["resource.documents.expire_not_a_date"]}"#
    );
    assert_snapshot!(
        refused(with("Passport", "A1", "2020-01-01").file("a.jpg", &picture)),
        @r#"422 {"errors":["resource.documents.already_expired"]}"#
    );
    assert_snapshot!(
        refused(with("Card", "№", "2090-01-01").file("a.txt", &picture)),
        @r#"422 {"errors":["doc_type.inclusion","doc_number.invalid","upload.invalid","upload.blank"]}"#
    );
    assert_snapshot!(
        refused(Form::passport().text("doc_category", "top").file("a.jpg", &picture)),
        @r#"422 {"errors":["invalid"]}"#
    );
    let form = Form::passport()
        .text("doc_category", "front_side")
        .text("identificator", "7f")
        .file("a.jpg", &picture);
    assert_snapshot!(form.send_to(&server, CODED, &access), @"201 201");
    let listed = server.get(CODED).bearer(&access).send().expect(200);
    assert_eq!(listed.at("/0/doc_number"), "AA****BB");
    assert!(
        listed
            .at("/0/upload/url")
            .starts_with("/api/v2/coded/resource/documents/")
    );
}

#[test]
fn a_document_waits_by_its_label_and_the_level_stays() {
    let server = Server::with(&[(
        "CLAVIS_DIALECTS__BARONG__LEVELS",
        "email:verified,document:pending",
    )]);
    let access = server.barong().newcomer("ada").access;
    assert_eq!(server.barong().me(&access).at("/level"), "1");
    Form::passport()
        .file("passport.jpg", &jpeg())
        .send(&server, &access)
        .expect(201);
    assert_eq!(server.barong().me(&access).at("/level"), "2");
}

#[test]
fn without_a_token_nothing_is_taken_and_nobody_learns_whether_there_is_a_route() {
    let server = Server::start();
    let form = Form::passport().file("passport.jpg", &jpeg());
    assert_snapshot!(form.onto(server.post(DOCUMENTS)).send(), @r#"401 {"error":"Permission Denied"}"#);
    for path in [
        DOCUMENTS,
        "/documents/1/passport.jpg",
        "/documents/x/y",
        "/documents/1",
    ] {
        assert_eq!(
            server.get(path).send().to_string(),
            r#"401 {"error":"Permission Denied"}"#
        );
    }
    let access = server.barong().newcomer("ada").access;
    let routes = [
        server.request(Method::DELETE, DOCUMENTS),
        server.post("/documents/1/passport.jpg"),
        server.get("/documents/1"),
        server.get("/documents/1/a/b"),
    ];
    for request in routes {
        assert_eq!(
            request.bearer(&access).send().to_string(),
            r#"404 {"error":"Route is not found"}"#
        );
    }
}

#[test]
fn a_banned_account_reads_its_documents_and_hands_in_none() {
    let server = Server::start();
    let address = crate::harness::address("ada");
    server.barong().sign_up(&address);
    let access = server.barong().log_in(&address).access;
    let form = Form::passport().file("passport.jpg", &jpeg());
    form.clone().send(&server, &access).expect(201);
    server
        .cli(&["user", "set-state", "--email", &address, "banned"])
        .ok();
    let listed = list(&server, &access);
    server.get(&listed.at("/0/upload/url")).send().expect(200);
    assert_snapshot!(form.send(&server, &access), @r#"401 {"error":"Permission Denied"}"#);
}
