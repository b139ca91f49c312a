use proptest::prelude::*;
use serde_json::json;

use super::super::super::error::Thing;
use super::*;

const TYPE: Option<&str> = Some("multipart/form-data; boundary=xYz");
const NOT_A_FORM: &str = r#"400 {"error":"Request body is not a valid form"}"#;
const TOO_LARGE: &str = r#"413 {"error":"Request body is too large"}"#;

fn part(disposition: &str, content: &str) -> String {
    format!("--xYz\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
}

fn text(name: &str, content: &str) -> String {
    part(&format!("name=\"{name}\""), content)
}

fn file(name: &str, file_name: &str, content: &str) -> String {
    part(&format!("name=\"{name}\"; filename=\"{file_name}\""), content)
}

fn whole(parts: &[String]) -> String {
    format!("{}--xYz--\r\n", parts.concat())
}

async fn read_with(body: impl Into<Bytes>, room: &UploadRoom) -> Result<Params, String> {
    let bounds = Bounds::with_files(FileBounds {
        count: 2,
        bytes_each: 1000,
        room,
    });
    read("/x?q=1", TYPE, body, bounds).await
}

async fn check(parts: &[String], expected: Result<Value, &str>) {
    let got = read_with(whole(parts), &UploadRoom::new(1)).await;
    let got = got.map(|params| shown(&params));
    assert_eq!(got, expected.map_err(str::to_owned), "{parts:?}");
}

#[actix_web::test]
async fn parts_are_texts_and_files() {
    check(
        &[
            text("doc_type", "Passport"),
            text("metadata[a]", "b"),
            file("upload", "me.JPG", "\0\r\n--x\r\n"),
        ],
        Ok(json!({"q": "1", "doc_type": "Passport", "metadata": {"a": "b"}, "upload": "me.JPG:8:8"})),
    )
    .await;
    check(&[], Ok(json!({"q": "1"}))).await;
}

#[actix_web::test]
async fn a_file_keeps_its_own_name_without_a_path_and_its_type() {
    check(
        &[
            file("a", r"C:\\me\\passport.png", "x"),
            file("b", "../../etc/passwd", "x"),
            part("name=\"c\"; filename=\"x\"; filename*=UTF-8''%C3%A9.png", "x"),
        ],
        Ok(json!({"q": "1", "a": "passport.png:1:1", "b": "passwd:1:1", "c": "é.png:1:1"})),
    )
    .await;
    let typed = "--xYz\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.png\"\r\n\
                 Content-Type: image/PNG; a=b\r\n\r\nx\r\n--xYz--\r\n";
    let params = read_with(typed, &UploadRoom::new(1)).await.unwrap();
    let Some(Param::File(file)) = params.get("f") else {
        panic!("a file")
    };
    assert_eq!(format!("{file:?}"), "Upload { length: 1, .. }");
}

#[actix_web::test]
async fn a_place_for_a_file_that_nobody_chose_is_not_sent() {
    check(&[file("upload", "", "")], Ok(json!({"q": "1"}))).await;
    check(
        &[file("upload", "a.png", "")],
        Ok(json!({"q": "1", "upload": "a.png:0:0"})),
    )
    .await;
}

#[actix_web::test]
async fn several_files_come_under_three_names() {
    for (first, second) in [
        ("upload[]", "upload[]"),
        ("attachments[][upload]", "attachments[][upload]"),
        ("attachments[0][upload]", "attachments[1][upload]"),
    ] {
        let body = whole(&[file(first, "1.png", "a"), file(second, "2.png", "b")]);
        let params = read_with(body, &UploadRoom::new(1)).await.unwrap();
        let mut check = Check::of(&params, Thing::Document);
        let files = check.files(Presence::RequiredNonBlank, "upload");
        let names: Vec<_> = files.iter().map(|file| file.name()).collect();
        assert_eq!(names, ["1.png", "2.png"], "{first}");
        assert_eq!(check.finish(), Ok(()));
    }
    let body = whole(&[file("upload[]", "1.png", "a"), text("upload[]", "b")]);
    let params = read_with(body, &UploadRoom::new(1)).await.unwrap();
    let mut check = Check::of(&params, Thing::Document);
    check.files(Presence::RequiredNonBlank, "upload");
    assert_eq!(check.finish().unwrap_err().reason(), "upload is invalid");
}

#[actix_web::test]
async fn of_a_file_that_is_too_long_only_the_length_is_kept() {
    check(
        &[file("f", "a", &"x".repeat(1000))],
        Ok(json!({"q": "1", "f": "a:1000:1000"})),
    )
    .await;
    check(
        &[file("f", "a", &"x".repeat(1001))],
        Ok(json!({"q": "1", "f": "a:1001:0"})),
    )
    .await;
    check(&[file("f", "a", &"x".repeat(200_000))], Err(TOO_LARGE)).await;
}

#[actix_web::test]
async fn texts_and_what_is_between_the_parts_are_bounded() {
    check(&[text("a", &"x".repeat(64 * 1024 + 1))], Err(TOO_LARGE)).await;
    let preamble = format!("{}{}", "x\r\n".repeat(100_000), whole(&[]));
    let room = UploadRoom::new(1);
    assert_eq!(read_with(preamble, &room).await.unwrap_err(), TOO_LARGE);
    let headers = format!("--xYz\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    assert_eq!(read_with(headers, &room).await.unwrap_err(), TOO_LARGE);
    let many = vec![text("a", ""); 257];
    check(
        &many,
        Err(r#"400 {"error":"Request has too many or too deep parameters"}"#),
    )
    .await;
}

#[actix_web::test]
async fn a_file_where_none_is_asked_for_counts_as_text() {
    let body = |bytes: usize| whole(&[file("f", "a", &"x".repeat(bytes))]);
    assert!(read("/x", TYPE, body(60_000), Bounds::FIELDS).await.is_ok());
    let refused = read("/x", TYPE, body(70_000), Bounds::FIELDS).await;
    assert_eq!(refused.unwrap_err(), TOO_LARGE);
}

#[actix_web::test]
async fn files_take_room_and_give_it_back() {
    let room = UploadRoom::new(1);
    let body = || whole(&[file("f", "a", "x")]);
    let first = read_with(body(), &room).await.unwrap();
    assert_eq!(
        read_with(body(), &room).await.unwrap_err(),
        r#"503 {"error":"Server is busy"}"#
    );
    drop(first);
    assert!(read_with(body(), &room).await.is_ok());
}

#[actix_web::test]
async fn a_part_that_nobody_can_read_spoils_no_other() {
    check(
        &[
            text("a", "\0"),
            text("b", "x"),
            text("b[c]", "y"),
            part("name=\"f\"; filename*=UTF-8''nul%00.png", "content"),
            text("c", "1"),
        ],
        Ok(json!({"q": "1", "a": "unreadable", "b": "unreadable", "f": "unreadable", "c": "1"})),
    )
    .await;
}

#[actix_web::test]
async fn a_body_that_is_cut_off_or_no_form_is_refused() {
    let body = whole(&[text("a", "1"), file("f", "a.png", "content")]);
    // Only the line break at the end may be missing.
    for length in 0..body.len() - 2 {
        let cut = body.get(..length).unwrap().to_owned();
        let got = read_with(cut, &UploadRoom::new(1)).await;
        assert_eq!(got.unwrap_err(), NOT_A_FORM, "{length}");
    }
    for odd in [
        "--xYz\r\n\r\nno name\r\n--xYz--\r\n",
        "--xYz\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--xYz--\r\n",
        "{\"a\":1}",
    ] {
        let got = read_with(odd, &UploadRoom::new(1)).await;
        assert_eq!(got.unwrap_err(), NOT_A_FORM, "{odd}");
    }
    let got = read("/x", Some("multipart/form-data"), body, Bounds::FIELDS).await;
    assert_eq!(got.unwrap_err(), NOT_A_FORM);
}

proptest! {
    #[test]
    fn no_body_panics(body in proptest::collection::vec(prop_oneof![
        Just("--xYz".to_owned()), Just("\r\n".to_owned()), Just("--".to_owned()), Just("\r".to_owned()),
        Just("Content-Disposition: form-data; name=\"a[]\"".to_owned()),
        Just("Content-Disposition: form-data; name=\"b\"; filename=\"c\"".to_owned()),
        Just("Content-Length: 3".to_owned()), "\\PC{0,20}",
    ], 0..40)) {
        let reading = async { let _ = read_with(body.concat(), &UploadRoom::new(1)).await; };
        actix_web::rt::System::new().block_on(reading);
    }
}
