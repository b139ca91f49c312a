//! Pictures: drawn, uploaded, or elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::json;

use super::{Someone, code};
use crate::harness::{Answer, Server};

/// A red PNG of 3 by 2 pixels, made by another program.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAEElEQVR4nGP4z8AAQQxwFgBB0gX7h/C5SAAAAABJRU5ErkJggg==";

fn set(server: &Server, who: &Someone, avatar: &str) -> Answer {
    let request = server
        .request(Method::PATCH, &who.path())
        .bearer(&who.tokens.access);
    request.json(json!({ "avatar": avatar })).send()
}

/// The picture at the URL that the account shows.
#[track_caller]
fn picture(server: &Server, who: &Someone) -> (String, Answer) {
    let url = who.info(server)["avatar"].as_str().unwrap().to_owned();
    let path = url
        .strip_prefix(&server.url(""))
        .unwrap_or_else(|| panic!("not here: {url}"))
        .to_owned();
    let answer = server.get(&path).send().expect(200);
    (path, answer)
}

#[track_caller]
fn assert_is_harmless_png(answer: &Answer) {
    assert!(answer.body().starts_with(b"\x89PNG\r\n\x1a\n"));
    for (name, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox"),
        ("cache-control", "public, max-age=31536000, immutable"),
    ] {
        assert_eq!(answer.header(name).as_deref(), Some(value), "{name}");
    }
}

#[test]
fn a_new_account_has_a_picture_drawn_from_its_name() {
    let server = Server::start();
    let (ann, bob) = (Someone::new(&server, "ann"), Someone::new(&server, "bob"));
    let (path, drawn) = picture(&server, &ann);
    assert_is_harmless_png(&drawn);
    assert_eq!(server.get(&path).send().body(), drawn.body());
    assert_ne!(picture(&server, &bob).1.body(), drawn.body());
    for bad in [
        "x.png",
        "0123456789ABCDEF.png",
        "0123456789abcdef.jpg",
        "0123456789abcdef",
        "..%2f..%2fetc.png",
    ] {
        assert_eq!(
            code(&server.get(&format!("/web/avatar/{bad}")).send().expect(404)),
            1005,
            "{bad}"
        );
    }
}

#[test]
fn an_uploaded_picture_is_encoded_again_and_served() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let (drawn_path, drawn) = picture(&server, &ann);
    set(&server, &ann, PNG).expect(200);
    let (path, uploaded) = picture(&server, &ann);
    assert_is_harmless_png(&uploaded);
    assert_ne!(path, drawn_path);
    assert_ne!(uploaded.body(), drawn.body());
    assert_ne!(
        uploaded.body(),
        STANDARD.decode(PNG).unwrap(),
        "not what was sent"
    );
    set(&server, &ann, PNG.trim_end_matches('=')).expect(200);
    assert_eq!(picture(&server, &ann).1.body(), uploaded.body());
}

#[test]
fn what_is_no_picture_is_refused() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let before = ann.info(&server)["avatar"].clone();
    let png = STANDARD.decode(PNG).unwrap();
    let mut huge = png.clone();
    huge[16..24].copy_from_slice(&[0, 0, 0x7f, 0xff, 0, 0, 0x7f, 0xff]);
    let encoded = |bytes: &[u8]| STANDARD.encode(bytes);
    for (what, avatar) in [
        ("truncated", encoded(&png[..png.len() - 5])),
        (
            "two files in one",
            encoded(&[&png, b"<script>".as_slice()].concat()),
        ),
        ("a bomb", encoded(&huge)),
        ("SVG", encoded(b"<svg xmlns='http://www.w3.org/2000/svg'/>")),
        (
            "GIF",
            encoded(b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"),
        ),
        ("HTML", encoded(b"<html>")),
        ("no base64", "not base64!".to_owned()),
        ("a script URL", "javascript:alert(1)".to_owned()),
        ("a data URL", format!("data:image/png;base64,{PNG}")),
        ("no host", "https://".to_owned()),
        ("a path", "/web/avatar/x.png".to_owned()),
        ("a long URL", format!("https://example.org/{}", "a".repeat(2048))),
    ] {
        let answer = set(&server, &ann, &avatar);
        assert_eq!(
            (answer.status().as_u16(), code(&answer)),
            (400, 3006),
            "{what}: {answer}"
        );
    }
    assert_eq!(ann.info(&server)["avatar"], before);
}

#[test]
fn a_large_upload_is_read_up_to_the_limit() {
    let server = Server::start();
    let ann = Someone::new(&server, "ann");
    let zeros = STANDARD.encode(vec![0; 5 * 1024 * 1024]);
    let answer = set(&server, &ann, &zeros);
    assert_eq!(
        (answer.status().as_u16(), code(&answer)),
        (400, 3006),
        "read, and no picture"
    );
}
