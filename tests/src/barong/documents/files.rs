//! Files as people send them, and as people send them who mean harm.

use std::io::Cursor;
use std::time::{Duration, Instant};

use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage};
use insta::assert_snapshot;

use super::{Form, contents, count, list};
use crate::harness::Server;

const MAX_BYTES: usize = 10 * 1024 * 1024;

/// A picture that is red on the left and blue on the right.
fn picture() -> DynamicImage {
    let half = |x, _| Rgb(if x < 16 { [220, 20, 20] } else { [20, 20, 220] });
    DynamicImage::ImageRgb8(RgbImage::from_fn(32, 16, half))
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("it is a picture");
    bytes.into_inner()
}

pub(crate) fn jpeg() -> Vec<u8> {
    encoded(&picture(), ImageFormat::Jpeg)
}

pub(crate) fn png() -> Vec<u8> {
    encoded(&picture(), ImageFormat::Png)
}

pub(crate) fn pdf() -> Vec<u8> {
    b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n".to_vec()
}

/// A PNG that says it has this many pixels, and has next to no data.
fn flood(width: u32, height: u32) -> Vec<u8> {
    let chunk = |name: &[u8], data: &[u8]| {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        let body = [name, data].concat();
        let checksum = crc(&body).to_be_bytes();
        [length.as_slice(), &body, &checksum].concat()
    };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".as_slice(),
        &chunk(b"IHDR", &header),
        &chunk(b"IDAT", b"\x78\x9c\x03\x00\x00\x00\x00\x01"),
        &chunk(b"IEND", b""),
    ]
    .concat()
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn a_file_is_what_its_content_is_and_nothing_else_is_taken() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    let (jpeg, png, pdf) = (jpeg(), png(), pdf());
    let half = jpeg.len() / 2;
    let refused = [
        (
            "a page",
            "passport.jpg",
            b"<html><script>alert(1)</script>".as_slice(),
        ),
        (
            "a drawing",
            "passport.png",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        ),
        ("a program", "passport.pdf", b"MZ\x90\0"),
        ("a picture called a PDF", "passport.pdf", &png),
        ("a PDF called a picture", "passport.jpg", &pdf),
        ("a GIF", "passport.png", b"GIF89a\x01\0\x01\0\0\0\0;"),
        ("a cut JPEG", "passport.jpg", &jpeg[..half]),
        ("a cut PNG", "passport.png", &png[..png.len() - 10]),
        (
            "a PDF without an end",
            "passport.pdf",
            b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        ),
        ("a beginning of a JPEG", "passport.jpg", b"\xff\xd8\xff"),
        ("a beginning of a PNG", "passport.png", b"\x89PNG\r\n\x1a\n"),
    ];
    for (what, name, content) in refused {
        let answer = Form::passport().file(name, content).send(&server, &access);
        assert_eq!(
            answer.to_string(),
            r#"400 {"error":"Upload is invalid"}"#,
            "{what}"
        );
    }
    assert_snapshot!(
        Form::passport().file("passport.jpg", b"").send(&server, &access),
        @r#"400 {"error":"Upload can't be blank"}"#
    );
    assert_eq!(count(&server, &access), 0);
    assert!(contents::stored(&server).is_empty());
    // A picture of one kind called the other is still a picture.
    Form::passport()
        .file("passport.jpg", &png)
        .send(&server, &access)
        .expect(201);
}

#[test]
fn a_flood_of_pixels_is_refused_soon_and_others_are_served() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    let gray = DynamicImage::ImageLuma8(GrayImage::new(11_000, 11_000));
    let honest_header = encoded(&gray, ImageFormat::Png);
    assert!(honest_header.len() < 1024 * 1024, "it is small on the wire");
    let begun = Instant::now();
    for (what, bomb) in [
        ("many pixels in few bytes", honest_header),
        ("a side too long", flood(60_000, 2)),
        ("sides as long as can be", flood(u32::MAX, u32::MAX)),
        ("no pixel at all", flood(0, 0)),
        ("pixels that do not come", flood(6_000, 6_000)),
    ] {
        let answer = Form::passport()
            .file("passport.png", &bomb)
            .send(&server, &access);
        assert_eq!(
            answer.to_string(),
            r#"400 {"error":"Upload is invalid"}"#,
            "{what}"
        );
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    Form::passport()
        .file("passport.png", &png())
        .send(&server, &access)
        .expect(201);
}

#[test]
fn nothing_but_the_picture_is_kept_of_a_picture() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    let hidden = b"PK\x03\x04<script>alert('polyglot')</script>";
    let behind_png = [png().as_slice(), hidden].concat();
    let behind_jpeg = [jpeg().as_slice(), hidden].concat();
    let plain = jpeg();
    let length = u16::try_from(hidden.len() + 2).unwrap().to_be_bytes();
    let comment = [&plain[..2], b"\xff\xfe", &length, hidden, &plain[2..]].concat();
    for (name, content) in [
        ("a.png", &behind_png),
        ("b.jpg", &behind_jpeg),
        ("c.jpg", &comment),
    ] {
        Form::passport()
            .file(name, content)
            .send(&server, &access)
            .expect(201);
    }
    for index in 0..3 {
        let link = list(&server, &access).at(&format!("/{index}/upload/url"));
        let kept = server.get(&link).send().expect(200);
        assert!(!contents::contains(kept.body(), b"polyglot"), "{link}");
        assert!(image::load_from_memory(kept.body()).is_ok(), "{link}");
    }
}

#[test]
fn a_file_has_at_most_ten_mebibytes() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    let sized = |bytes: usize| {
        let pdf = pdf();
        let (start, end) = pdf.split_at(9);
        [start, &vec![b' '; bytes - pdf.len()], end].concat()
    };
    let most = sized(MAX_BYTES);
    assert_eq!(most.len(), MAX_BYTES);
    Form::passport()
        .file("passport.pdf", &most)
        .send(&server, &access)
        .expect(201);
    assert_snapshot!(
        Form::passport().file("passport.pdf", &sized(MAX_BYTES + 1)).send(&server, &access),
        @r#"400 {"error":"Upload File size should be less than 10 MB"}"#
    );
    // Far more is not even read to its end.
    let length = 200 * 1024 * 1024;
    let head = format!(
        "POST /documents HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {access}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n\
         --b\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"a.pdf\"\r\n\r\n"
    );
    let body = [head.into_bytes(), vec![b'a'; 120 * 1024 * 1024]].concat();
    let answer = server.exchange(&body);
    assert!(
        answer.contains("Request body is too large") || answer.is_empty(),
        "{answer}"
    );
    assert_eq!(count(&server, &access), 1);
}

#[test]
fn only_the_end_of_a_files_name_counts_and_only_plain_letters_are_kept() {
    let server = Server::start();
    let access = server.barong().newcomer("ada").access;
    let picture = jpeg();
    let send = |name: &str| Form::passport().file(name, &picture).send(&server, &access);
    for (given, kept) in [
        ("../../../etc/passwd.jpg", "passwd.jpg"),
        ("C:\\\\Users\\\\ada\\\\scan.JPG", "scan.jpg"),
        (".htaccess.jpg", "htaccess.jpg"),
        ("..jpg", "document.jpg"),
        ("page.html.jpeg", "page.html.jpeg"),
        ("a;b\u{202e}gpj.exe.jpg", "a_b_gpj.exe.jpg"),
        ("паспорт.jpg", "document.jpg"),
        ("%2e%2e%2fx.jpg", "2e_2e_2fx.jpg"),
    ] {
        let answer = send(given);
        assert_eq!(answer.status(), 201, "{given}: {answer}");
        let index = count(&server, &access) - 1;
        let link = list(&server, &access).at(&format!("/{index}/upload/url"));
        assert!(link.contains(&format!("/{kept}?")), "{given}: {link}");
        let file = server.get(&link).send().expect(200);
        let disposition = format!("attachment; filename=\"{kept}\"");
        assert_eq!(file.header("Content-Disposition"), Some(disposition), "{given}");
    }
    assert_snapshot!(
        send("passport.txt"),
        @r#"400 {"error":"Upload You are not allowed to upload \"txt\" files, allowed types: jpg, jpeg, png, pdf and Upload can't be blank"}"#
    );
    assert_snapshot!(
        send("passport.jpg.exe"),
        @r#"400 {"error":"Upload You are not allowed to upload \"exe\" files, allowed types: jpg, jpeg, png, pdf and Upload can't be blank"}"#
    );
    assert_snapshot!(
        send("passport"),
        @r#"400 {"error":"Upload You are not allowed to upload \"\" files, allowed types: jpg, jpeg, png, pdf and Upload can't be blank"}"#
    );
    let long = format!("{}.jpg", "a".repeat(3000));
    assert_eq!(send(&long).status(), 201);
}
