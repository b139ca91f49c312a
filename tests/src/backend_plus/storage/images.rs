//! Images, changed on their way out.

use std::io::Cursor;

use image::{DynamicImage, GenericImageView as _, ImageFormat, Rgb, RgbImage};
use reqwest::Method;

use super::{FORBIDDEN, NOT_FOUND, OPEN, head, put, storage, store};
use crate::harness::{Answer, Server};

fn picture(width: u32, height: u32) -> Vec<u8> {
    let half = |x, _| {
        Rgb(if x < width / 2 {
            [220, 20, 20]
        } else {
            [20, 20, 220]
        })
    };
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, half))
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("it is a picture");
    bytes.into_inner()
}

fn with_picture() -> super::Storage {
    let server = storage(OPEN);
    store(&server, "/storage/o/p.png", "image/png", &picture(64, 32));
    server
}

fn dimensions(answer: &Answer) -> (u32, u32) {
    image::load_from_memory_with_format(answer.body(), ImageFormat::Png)
        .unwrap_or_else(|error| panic!("{error}: {answer}"))
        .dimensions()
}

#[test]
fn an_image_is_resized_blurred_and_rounded() {
    let server = with_picture();
    let get = |query: &str| {
        server
            .get(&format!("/storage/o/p.png?{query}"))
            .send()
            .expect(200)
    };
    assert_eq!(dimensions(&get("w=16")), (16, 8));
    assert_eq!(dimensions(&get("h=16")), (32, 16));
    assert_eq!(dimensions(&get("w=10&h=10")), (10, 10));
    assert_eq!(dimensions(&get("b=0.5&q=50")), (64, 32));
    let round = image::load_from_memory(get("r=full").body())
        .unwrap()
        .into_rgba8();
    assert_eq!(
        (round.get_pixel(0, 0).0[3], round.get_pixel(32, 0).0[3]),
        (0, 255)
    );
    let both = get("w=16&token=7d3c2c1c-0a52-4f39-9d63-0a4b1f0c9f11");
    assert_eq!(dimensions(&both), (16, 8));
    assert_eq!(dimensions(&get("w=&x=1")), (64, 32), "nothing is asked for");
}

#[test]
fn a_changed_image_has_a_tag_of_its_own_and_no_date() {
    let server = with_picture();
    let answer = server.get("/storage/o/p.png?w=16").send();
    let etag = answer.header("etag").unwrap();
    assert!(
        etag.len() == 46 && !etag.contains('/') && etag.starts_with('"'),
        "{etag}"
    );
    assert_eq!(
        head(
            &answer,
            &[
                "content-type",
                "content-disposition",
                "cache-control",
                "last-modified"
            ]
        ),
        "200 | image/png | inline; | public, max-age=31557600 | "
    );
    let again = |request: crate::harness::Request| request.header("if-none-match", &etag).send();
    assert_eq!(again(server.get("/storage/o/p.png?w=16")).to_string(), "304");
    assert_eq!(again(server.get("/storage/o/p.png?w=17")).status(), 200);
    let of_head = server.request(Method::HEAD, "/storage/o/p.png?w=16").send();
    assert_eq!(of_head.to_string(), "200");
    assert_eq!(of_head.header("etag"), Some(etag));
    assert_eq!(
        of_head.header("content-length"),
        Some(answer.body().len().to_string())
    );
}

#[test]
fn a_replaced_image_is_changed_anew() {
    let server = with_picture();
    assert_eq!(dimensions(&server.get("/storage/o/p.png?w=16").send()), (16, 8));
    store(&server, "/storage/o/p.png", "image/png", &picture(64, 64));
    assert_eq!(dimensions(&server.get("/storage/o/p.png?w=16").send()), (16, 16));
}

#[track_caller]
fn check(server: &Server, query: &str, message: &str) {
    let answer = server.get(&format!("/storage/o/p.png?{query}")).send();
    let message = message.replace('"', "\\\"");
    let expected = format!(r#"400 {{"statusCode":400,"error":"Bad Request","message":"{message}"}}"#);
    assert_eq!(answer.to_string(), expected, "{query}");
}

#[test]
fn parameters_are_refused_in_the_contracts_words() {
    let server = with_picture();
    let check = |query, message| check(&server, query, message);
    check("w=8193", r#""w" must be less than or equal to 8192"#);
    check("h=-1", r#""h" must be larger than or equal to 0"#);
    check("w=x", r#""w" must be a number"#);
    check("w=1.5", r#""w" must be an integer"#);
    check("q=101", r#""q" must be less than or equal to 100"#);
    check("b=0.2", r#""b" must be larger than or equal to 0.3"#);
    check("r=round", r#""r" must be one of [number, full]"#);
    check("w=0", r#""w" must be a positive number"#);
    check("w=1&token=x", r#""token" must be a valid GUID"#);
    check("w=1&f=webp", r#""f" is not allowed"#);
    check("w=1&x=1", r#""x" is not allowed"#);
}

#[test]
fn what_is_no_image_is_not_changed() {
    let server = storage(OPEN);
    for (media_type, content) in [
        ("text/plain", b"text".as_slice()),
        ("image/svg+xml", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        ("image/png", b"text"),
        ("image/png", &picture(8, 8)[..60]),
        ("image/jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF"),
        ("image/webp", b"RIFF\x10\0\0\0WEBPVP8 "),
    ] {
        store(&server, "/storage/o/p.png", media_type, content);
        check(&server, "w=8", "The file is not an image");
    }
}

#[test]
fn a_bomb_is_refused_at_once() {
    let server = storage(OPEN);
    let mut bomb = picture(1, 1);
    bomb[16..24].copy_from_slice(&[0, 0, 0x3a, 0x98, 0, 0, 0x3a, 0x98]);
    let checksum = crc(&bomb[12..29]).to_be_bytes();
    bomb[29..33].copy_from_slice(&checksum);
    store(&server, "/storage/o/p.png", "image/png", &bomb);
    check(&server, "w=8", "The image has too many pixels");
    store(&server, "/storage/o/p.png", "image/png", &picture(8, 8));
    check(&server, "w=8192&h=8192", "The image has too many pixels");
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn missing_and_forbidden_are_said_before_what_is_wrong_with_a_parameter() {
    let server = storage("paths:\n  /:x:\n    create: 'true'\n    read: 'false'\n");
    for query in ["w=8", "w=x"] {
        let get = || {
            server
                .get(&format!("/storage/o/p.png?{query}"))
                .send()
                .to_string()
        };
        assert_eq!(get(), NOT_FOUND);
    }
    put(&server, "/storage/o/p.png", "x").send().expect(200);
    for query in ["w=8", "w=x"] {
        let answer = server.get(&format!("/storage/o/p.png?{query}")).send();
        assert_eq!(answer.to_string(), FORBIDDEN);
    }
}
