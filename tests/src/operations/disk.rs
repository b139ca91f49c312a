//! A disk that takes no more: refusals in the words of the dialect, and nothing lost that was answered.

use serde_json::json;

use crate::harness::{PASSWORD, Server, address};

/// Enough to start with, and soon used up.
const KIBIBYTES: u32 = 1_024;

#[test]
fn a_full_disk_refuses_writes_in_the_words_of_the_dialect_and_loses_nothing() {
    let mut server = Server::with(&[("CLAVIS_DIALECTS__BACKEND_PLUS__AUTO_ACTIVATE_NEW_USERS", "true")]);
    if !server.data_dir().join("clavis.db").exists() {
        // The disk is the database server's: what it does when that is full is not ours to test here.
        return;
    }
    server.restart_with_file_limit(Some(KIBIBYTES));
    let mut kept = Vec::new();
    let refused = loop {
        let address = address("ann");
        let answer = server.backend_plus().register(&address);
        if answer.status() != 204 {
            break answer;
        }
        kept.push(address);
        assert!(kept.len() < 20_000, "the disk never was full");
    };
    assert!(!kept.is_empty(), "{refused}");
    let busy = r#"503 {"statusCode":503,"error":"Service Unavailable","message":"Server is busy"}"#;
    assert_eq!(refused.to_string(), busy, "until somebody makes room");
    assert!(refused.header("retry-after").is_some());
    let name = address("bob");
    let body = json!({ "mail": name, "name": name, "password": PASSWORD });
    let refused = server.post("/v1/register").json(body).send();
    assert_eq!(
        refused.to_string(),
        r#"503 {"status":"error","error":{"code":9002,"message":"Server is busy"}}"#
    );
    assert!(
        server.log().contains("disk"),
        "the operator is told why: {}",
        server.log()
    );
    // What only reads goes on, and so does the process.
    assert_eq!(
        server
            .backend_plus()
            .register(&kept[0])
            .expect(400)
            .at("/message"),
        "Account already exists."
    );
    server.get("/auth/jwks").send().expect(200);

    server.restart_with_file_limit(None);
    for address in &kept {
        server.backend_plus().log_in(address);
    }
    assert_eq!(
        server
            .pluto()
            .try_log_in(&name, PASSWORD)
            .expect(403)
            .at("/error/code"),
        "2002",
        "half an account"
    );
    server.backend_plus().register(&address("later")).expect(204);
}
