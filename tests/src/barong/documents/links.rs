//! Who sees the content of a document, and how it is served.

use insta::assert_snapshot;

use super::{DOCUMENTS, Form, jpeg, list, pdf};
use crate::harness::{BARONG_PASSWORD, Server, address};

#[test]
fn a_link_gives_the_file_to_be_saved_and_nothing_a_browser_runs() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    Form::passport()
        .file("passport.jpg", &jpeg())
        .send(&server, &access)
        .expect(201);
    let link = list(&server, &access).at("/0/upload/url");
    let file = server.get(&link).send().expect(200);
    assert!(image::load_from_memory(file.body()).is_ok());
    for (name, value) in [
        ("Content-Type", "image/jpeg"),
        ("Content-Disposition", "attachment; filename=\"passport.jpg\""),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ("Cache-Control", "private, no-store"),
        ("Content-Length", &file.body().len().to_string()),
    ] {
        assert_eq!(file.header(name).as_deref(), Some(value), "{name}");
    }
}

#[test]
fn a_link_is_good_for_its_document_and_its_time_alone() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    for name in ["one.pdf", "two.pdf"] {
        Form::passport()
            .file(name, &pdf())
            .send(&server, &access)
            .expect(201);
    }
    let listed = list(&server, &access);
    let (one, two) = (listed.at("/0/upload/url"), listed.at("/1/upload/url"));
    let (path, query) = one.split_once('?').unwrap();
    let (other_path, _) = two.split_once('?').unwrap();
    let later = query.replace("expires=1", "expires=2");
    assert_ne!(later, query);
    for forged in [
        format!("{other_path}?{query}"),
        format!("{path}?{later}"),
        format!("{path}?{query}0"),
        path.to_owned(),
    ] {
        assert_eq!(
            server.get(&forged).send().to_string(),
            r#"401 {"error":"Permission Denied"}"#
        );
    }
    let renamed = one.replace("/one.pdf", "/two.pdf");
    assert_snapshot!(server.get(&renamed).send(), @r#"404 {"error":"Record is not found"}"#);
    server.get(&one).send().expect(200);
    // At any mount: the same document.
    let at_root = one.replace("/api/v2/resource", "");
    server.get(&at_root).send().expect(200);
}

#[test]
fn without_a_link_the_owner_sees_a_document_and_nobody_learns_of_others() {
    let server = Server::start();
    let (ada, bob) = (
        server.barong().newcomer("ada").access,
        server.barong().newcomer("bob").access,
    );
    Form::passport()
        .file("passport.pdf", &pdf())
        .send(&server, &ada)
        .expect(201);
    let link = list(&server, &ada).at("/0/upload/url");
    let path = link.split_once('?').unwrap().0;
    let see = |path: &str, access: &str| server.get(path).bearer(access).send();
    assert_eq!(see(path, &ada).expect(200).body(), pdf());
    for hidden in [
        path,
        "/documents/999/passport.pdf",
        "/documents/-1/x",
        "/documents/x/y",
    ] {
        assert_eq!(
            see(hidden, &bob).to_string(),
            r#"404 {"error":"Record is not found"}"#
        );
    }
    assert_snapshot!(list(&server, &bob), @"200 []");
}

#[test]
fn who_may_review_sees_everybodys_documents() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    Form::passport()
        .file("passport.pdf", &pdf())
        .send(&server, &access)
        .expect(201);
    let link = list(&server, &access).at("/0/upload/url");
    let path = link.split_once('?').unwrap().0;
    let admin = address("admin");
    let create = [
        "user",
        "create",
        "--email",
        &admin,
        "--password",
        BARONG_PASSWORD,
        "--role",
        "admin",
        "--active",
    ];
    server.cli(&create).ok();
    let reviewer = server.barong().log_in(&admin).access;
    let seen = server.get(path).bearer(&reviewer).send();
    assert_eq!(seen.expect(200).body(), pdf());
}

#[test]
fn links_stay_below_the_public_path() {
    let server = Server::with(&[("CLAVIS_HTTP__PUBLIC_URL", "https://id.example.org/sso")]);
    let address = address("ada");
    server.backend_plus().sign_up(&address);
    let access = server.backend_plus().log_in(&address).access;
    Form::passport()
        .file("passport.pdf", &pdf())
        .send(&server, &access)
        .expect(201);
    let spoofed = server
        .get(DOCUMENTS)
        .bearer(&access)
        .header("X-Forwarded-Host", "evil.example")
        .header("X-Forwarded-Prefix", "/evil")
        .send();
    let link = spoofed.at("/0/upload/url");
    assert!(link.starts_with("/sso/api/v2/resource/documents/"), "{link}");
    let behind_the_proxy = link.trim_start_matches("/sso");
    assert_eq!(server.get(behind_the_proxy).send().expect(200).body(), pdf());
}
