//! Paths that mean harm.

use super::{OPEN, put, storage};

const INVALID: &str = r#"{"statusCode":400,"error":"Bad Request","message":"Invalid path"}"#;

/// The request line is sent as it is: clients tidy paths up.
#[test]
fn a_path_that_may_mean_another_place_is_refused_as_it_was_sent() {
    let server = storage(OPEN);
    for path in [
        "/storage/o/../secret",
        "/storage/o/a/../../b",
        "/storage/o/a/./b",
        "/storage/o/%2e%2e/b",
        "/storage/o/a/%2E%2e/b",
        "/storage/o/.%2E/b",
        "/storage/o/a%2fb",
        "/storage/o/a%2F..%2Fb",
        "/storage/o/a%5cb",
        "/storage/o/a%00b",
        "/storage/o//a",
        "/storage/o/a//b",
        "/storage/o/a//",
        "/storage/m/../x",
        "/storage//x",
        "/storage/m/a/../",
    ] {
        for method in ["GET", "POST", "DELETE", "HEAD"] {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let answer = server.exchange(request.as_bytes());
            assert!(answer.starts_with("HTTP/1.1 400 "), "{method} {path}: {answer}");
            assert!(
                method == "HEAD" || answer.ends_with(INVALID),
                "{method} {path}: {answer}"
            );
        }
    }
}

#[test]
fn an_over_long_path_is_refused() {
    let server = storage(OPEN);
    let long = format!("/storage/o/{}", "a".repeat(1025));
    assert_eq!(server.get(&long).send().to_string(), format!("400 {INVALID}"));
    assert_eq!(
        put(&server, &long, "x").send().to_string(),
        format!("400 {INVALID}")
    );
    let segment = format!("/storage/o/{}/{}", "a".repeat(500), "b".repeat(500));
    put(&server, &segment, "kept").send().expect(200);
    assert_eq!(server.get(&segment).send().to_string(), "200 kept");
}

#[test]
fn look_alikes_are_names_like_others() {
    let server = storage(OPEN);
    // Full-width dots and slashes, a right-to-left mark, an accent apart and together, and dots in a name.
    for key in [
        "%EF%BC%8E%EF%BC%8E/x",
        "a%EF%BC%8Fb",
        "%E2%80%AEgpj.exe",
        "e%CC%81",
        "%C3%A9",
        "..x",
        "x..",
        "a..b/c",
        "%252e%252e",
        "CON",
        "caf%c3%a9",
        "~root",
        "-rf",
    ] {
        let path = format!("/storage/o/{key}");
        put(&server, &path, key).send().expect(200);
        assert_eq!(server.get(&path).send().to_string(), format!("200 {key}"));
    }
    let keys = server.get("/storage/m/").send().json();
    assert_eq!(
        keys.as_array().map(Vec::len),
        Some(13),
        "each is another object: {keys}"
    );
}

#[test]
fn keys_that_differ_in_case_are_different_and_patterns_ignore_it() {
    let server = storage("paths:\n  /Logos/:x:\n    read: 'true'\n    write: 'true'\n");
    put(&server, "/storage/o/logos/A", "1").send().expect(200);
    put(&server, "/storage/o/LOGOS/a", "2").send().expect(200);
    assert_eq!(server.get("/storage/o/logos/A").send().to_string(), "200 1");
    assert_eq!(server.get("/storage/o/LOGOS/a").send().to_string(), "200 2");
}

#[test]
fn nothing_of_a_path_reaches_the_file_system() {
    let server = storage(OPEN);
    let before = std::fs::read(server.data_dir().join("clavis.db")).is_ok();
    for path in [
        "/storage/o/clavis.db",
        "/storage/o/data/clavis.db",
        "/storage/o/etc/passwd",
    ] {
        let answer = server.get(path).send();
        assert_eq!(answer.status(), 404, "{path}: {answer}");
    }
    assert!(before || std::env::var_os("CLAVIS_TEST_DATABASE").is_some());
}
