//! A disk that is full, and a bucket that does not answer.

use super::{NOT_FOUND, OPEN, form, put, storage, storage_with};
use crate::harness::S3Server;

const INTERNAL: &str =
    r#"500 {"statusCode":500,"error":"Internal Server Error","message":"An internal server error occurred"}"#;

#[test]
fn on_a_full_disk_an_upload_fails_and_leaves_what_was_there() {
    let mut server = storage(OPEN);
    put(&server, "/storage/o/x", "before").send().expect(200);
    // The database is larger than the file that is stored here.
    server.server.restart_with_file_limit(Some(4096));
    let content = vec![b'x'; 6 * 1024 * 1024];
    let answer = form(server.post("/storage/o/x"), "file", "x", "text/plain", &content).send();
    assert_eq!(answer.to_string(), INTERNAL);
    let new = form(server.post("/storage/o/new"), "file", "x", "text/plain", &content).send();
    assert_eq!(new.to_string(), INTERNAL);
    assert!(server.log().contains("could not be written"), "{}", server.log());
    server.server.restart_with_file_limit(None);
    assert_eq!(server.get("/storage/o/x").send().to_string(), "200 before");
    assert_eq!(server.get("/storage/o/new").send().to_string(), NOT_FOUND);
}

#[test]
fn a_bucket_keeps_files_as_a_folder_does() {
    let bucket = S3Server::start();
    let url = bucket.url();
    let server = {
        let (folder, path) = super::rules_file(OPEN);
        let rules = super::super::setting("STORAGE_RULES");
        let settings = [(rules.as_str(), path.as_str()), ("CLAVIS_BLOBS__URL", &url)];
        super::Storage {
            server: crate::harness::Server::with(&settings),
            _folder: folder,
        }
    };
    let stored = put(&server, "/storage/o/d/a.txt", "content").send().expect(200);
    assert_eq!(server.get("/storage/o/d/a.txt").send().to_string(), "200 content");
    let part = server
        .get("/storage/o/d/a.txt")
        .header("range", "bytes=-4")
        .send();
    assert_eq!(part.to_string(), "206 tent");
    assert_eq!(server.get("/storage/m/d/a.txt").send().json(), stored.json());
    let list = server.get("/storage/m/d/").send();
    assert_eq!(list.at("/0/Metadata/token"), stored.at("/Metadata/token"));
    drop(bucket);
    for path in [
        "/storage/o/d/a.txt",
        "/storage/m/d/a.txt",
        "/storage/o/d/",
        "/storage/m/d/",
    ] {
        assert_eq!(server.get(path).send().to_string(), INTERNAL, "{path}");
    }
    assert_eq!(put(&server, "/storage/o/d/y", "y").send().to_string(), INTERNAL);
    assert!(server.log().contains("the store of"), "{}", server.log());
    assert_eq!(server.get("/auth/jwks").send().status(), 200, "all else goes on");
}

#[test]
fn a_folder_for_uploads_that_is_not_there_is_a_fault() {
    let server = storage_with(OPEN, &[("STORAGE_UPLOAD_DIR", "/nonexistent/uploads")]);
    assert_eq!(put(&server, "/storage/o/x", "x").send().to_string(), INTERNAL);
}
