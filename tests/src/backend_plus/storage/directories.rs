//! `GET` of a path that ends with a slash.

use std::collections::BTreeMap;

use super::{FORBIDDEN, NOT_FOUND, OPEN, head, put, storage, storage_with, store};
use crate::harness::{Answer, Server};

/// The entries of an archive: read by its list at the end, as programs do.
#[track_caller]
fn unpack(answer: &Answer) -> BTreeMap<String, Vec<u8>> {
    let bytes = answer.body();
    let number = |at: usize, count: usize| {
        let digits = bytes[at..at + count].iter().rev();
        digits.fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    let end = bytes
        .windows(4)
        .rposition(|window| window == b"PK\x05\x06")
        .expect("an archive has an end");
    let mut at = number(end + 16, 4);
    let mut entries = BTreeMap::new();
    for _ in 0..number(end + 10, 2) {
        assert_eq!(&bytes[at..at + 4], b"PK\x01\x02");
        assert_eq!(number(at + 10, 2), 0, "stored as it is");
        let (size, name, extra, comment) = (
            number(at + 24, 4),
            number(at + 28, 2),
            number(at + 30, 2),
            number(at + 32, 2),
        );
        let key = String::from_utf8(bytes[at + 46..at + 46 + name].to_vec()).unwrap();
        let local = number(at + 42, 4);
        let content = local + 30 + number(local + 26, 2) + number(local + 28, 2);
        entries.insert(key, bytes[content..content + size].to_vec());
        at += 46 + name + extra + comment;
    }
    entries
}

fn keys(server: &Server, path: &str) -> Vec<String> {
    let list = server.get(path).send().expect(200).json();
    let list = list.as_array().expect("a list");
    let mut keys: Vec<_> = list
        .iter()
        .map(|entry| entry["key"].as_str().expect("a key").to_owned())
        .collect();
    keys.sort();
    keys
}

#[test]
fn a_directory_is_an_archive_of_what_is_in_it_and_nothing_beside() {
    let server = storage(OPEN);
    for (key, content) in [
        ("user/1/a", "a"),
        ("user/1/b/c%20d", "cd"),
        ("user/10/x", "x"),
        ("user/1", "u"),
    ] {
        put(&server, &format!("/storage/o/{key}"), content)
            .send()
            .expect(200);
    }
    let answer = server.get("/storage/o/user/1/").send();
    assert_eq!(
        head(&answer, &["content-type", "content-disposition"]),
        "200 | application/zip | attachment; filename=\"list.zip\""
    );
    assert_eq!(answer.header("x-frame-options"), None);
    let expected = [("user/1/a", "a"), ("user/1/b/c%20d", "cd")];
    let expected = expected.map(|(key, content)| (key.to_owned(), content.as_bytes().to_vec()));
    assert_eq!(unpack(&answer), BTreeMap::from(expected));
    assert_eq!(
        keys(&server, "/storage/m/user/1/"),
        ["user/1/a", "user/1/b/c%20d"]
    );
    assert_eq!(keys(&server, "/storage/meta/").len(), 4, "everything");
}

#[test]
fn an_empty_directory_is_an_empty_archive_and_an_empty_list() {
    let server = storage(OPEN);
    assert!(unpack(&server.get("/storage/o/nothing/").send().expect(200)).is_empty());
    assert_eq!(server.get("/storage/m/nothing/").send().to_string(), "200 []");
}

#[test]
fn entries_have_their_other_name_too_where_older_clients_look_for_it() {
    let listed = |profile| {
        let server = storage_with(OPEN, &[("PROFILE", profile)]);
        put(&server, "/storage/o/d/x", "x").send().expect(200);
        server.get("/storage/m/d/").send().json()[0]["Key"].clone()
    };
    assert_eq!(listed("documented"), "d/x");
    assert!(listed("v2.7").is_null());
}

#[test]
fn the_directory_must_be_permitted_and_then_each_entry() {
    let rules = "paths:\n  /d/:\n    list: \"request.query.may === '1' && (!resource.Metadata || resource.ContentType === 'text/plain')\"\n  /d/:x:\n    create: 'true'\n  /files/:x:\n    create: 'true'\n";
    let server = storage(rules);
    for (path, media_type) in [("/storage/o/d/a", "text/plain"), ("/storage/o/d/b", "image/png")] {
        store(&server, path, media_type, b"x");
    }
    assert_eq!(server.get("/storage/m/d/").send().to_string(), FORBIDDEN);
    assert_eq!(server.get("/storage/o/d/").send().to_string(), FORBIDDEN);
    assert_eq!(keys(&server, "/storage/m/d/?may=1"), ["d/a"]);
    let archive = server.get("/storage/o/d/?may=1").send();
    assert_eq!(unpack(&archive).into_keys().collect::<Vec<_>>(), ["d/a"]);
    assert_eq!(server.get("/storage/o/files/").send().to_string(), NOT_FOUND);
}

#[test]
fn the_directory_of_a_file_pattern_is_listed_in_the_documented_profile_only() {
    let rules = "paths:\n  /user/:id/:file:\n    read: 'true'\n    create: 'true'\n";
    let listed = |profile| {
        let server = storage_with(rules, &[("PROFILE", profile)]);
        put(&server, "/storage/o/user/1/x", "x").send().expect(200);
        server.get("/storage/m/user/1/").send().status().as_u16()
    };
    assert_eq!(listed("documented"), 200);
    assert_eq!(listed("v2.7"), 404);
}

#[test]
fn a_directory_of_many_pages_is_complete() {
    let server = storage(OPEN);
    for number in 0..230 {
        put(
            &server,
            &format!("/storage/o/many/{number:03}"),
            &number.to_string(),
        )
        .send()
        .expect(200);
    }
    let keys = keys(&server, "/storage/m/many/");
    assert_eq!(keys.len(), 230);
    let archive = unpack(&server.get("/storage/o/many/").send());
    assert_eq!(archive.len(), 230);
    assert_eq!(archive["many/229"], b"229");
}
