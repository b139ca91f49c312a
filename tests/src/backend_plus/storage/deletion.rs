//! `DELETE /storage/o/…`.

use reqwest::Method;

use super::{FORBIDDEN, NOT_FOUND, put, storage};

#[test]
fn an_object_is_deleted_once() {
    let server = storage(
        "paths:\n  /open/:x:\n    write: 'true'\n    read: 'true'\n  /kept/:x:\n    create: 'true'\n    delete: 'false'\n  /other/:x:\n    read: 'true'\n",
    );
    let delete = |path: &str| server.request(Method::DELETE, path).send().to_string();
    for path in ["/storage/o/open/x", "/storage/o/kept/x"] {
        assert_eq!(delete(path), NOT_FOUND, "missing is said before forbidden");
        put(&server, path, "x").send().expect(200);
    }
    assert_eq!(delete("/storage/o/kept/x"), FORBIDDEN);
    assert_eq!(delete("/storage/open/x"), "204");
    assert_eq!(delete("/storage/open/x"), NOT_FOUND);
    assert_eq!(server.get("/storage/o/open/x").send().to_string(), NOT_FOUND);
    assert_eq!(delete("/storage/o/other/x"), NOT_FOUND);
    assert_eq!(
        delete("/storage/o/open/"),
        NOT_FOUND,
        "a directory is not deleted"
    );
}

#[test]
fn after_a_deletion_the_token_is_another() {
    let server = storage(super::OPEN);
    let token = || put(&server, "/storage/o/x", "x").send().at("/Metadata/token");
    let first = token();
    server.request(Method::DELETE, "/storage/o/x").send().expect(204);
    assert_ne!(token(), first);
}
