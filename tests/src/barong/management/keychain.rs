//! The file in which the operator names whom to trust.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::harness::management::{KEYCHAIN_FILE, claims, in_file, keychain, signed, signers};
use crate::harness::{Server, fails_to_start};

/// One line on stderr that names the setting and the file, and says this.
#[track_caller]
fn refused(yaml: &str, reason: &str) {
    let (_folder, path) = in_file(yaml);
    refused_file(&path, reason);
}

#[track_caller]
fn refused_file(path: &str, reason: &str) {
    let failure = fails_to_start(&[(KEYCHAIN_FILE, path)]);
    let stderr = failure.stderr.trim_end();
    assert!(!failure.status.success());
    assert!(!stderr.contains('\n'), "not one line: {stderr}");
    for part in ["dialects.barong.management_keychain_file", path, reason] {
        assert!(stderr.contains(part), "it does not say {part:?}: {stderr}");
    }
}

#[test]
fn without_a_keychain_no_signer_is_known() {
    let server = Server::start();
    let answer = |path: &str| {
        let body = signed(&claims(json!({})), &[&signers().applogic]);
        server
            .post(&format!("/api/v2/management/{path}"))
            .json(body)
            .send()
    };
    for path in [
        "timestamp",
        "users/list",
        "users",
        "labels",
        "otp/sign",
        "documents",
    ] {
        assert_eq!(
            answer(path).to_string(),
            r#"401 {"error":"Not enough signatures for the action."}"#
        );
    }
    assert_eq!(
        answer("nowhere").to_string(),
        r#"404 {"error":"Route is not found"}"#
    );
    let garbage = server
        .post("/api/v2/management/timestamp")
        .raw_body("x", "application/json");
    assert_eq!(
        garbage.send().to_string(),
        r#"400 {"error":"Couldn't parse JWT."}"#
    );
}

#[test]
fn a_keychain_that_cannot_be_read_is_refused_at_the_start() {
    refused_file("/nowhere/management.yml", "No such file");
    refused("keychain: [", "line 2: while parsing a node");
    refused("keychain: {}\nkeychain: {}\n", "line 2: the name is given twice");
    refused(
        "keychain: &a {}\nscopes: *a\n",
        "line 1: anchors and tags are not allowed",
    );
    refused("keys: {}\n", "keys: the sections are keychain and scopes");
}

#[test]
fn a_key_that_proves_nothing_is_refused_at_the_start() {
    let with_key = |algorithm: &str, pem: &[u8]| {
        let value = STANDARD.encode(pem);
        format!("keychain:\n  applogic:\n    algorithm: {algorithm}\n    value: {value}\n")
    };
    let applogic = &signers().applogic;
    refused(
        &with_key("HS256", b"secret"),
        "keychain.applogic: the algorithm is one of RS256",
    );
    refused(
        &with_key("none", b"x"),
        "keychain.applogic: the algorithm is one of RS256",
    );
    refused(
        &with_key("ES256", &applogic.public_pem()),
        "keychain.applogic: the key does not fit its algorithm",
    );
    refused(
        &with_key("RS256", b"no pem"),
        "keychain.applogic: the value is not a public key",
    );
    refused(
        &with_key("RS256", &applogic.private_pem()),
        "keychain.applogic: the value is a private key",
    );
}

#[test]
fn a_scope_with_a_slip_is_refused_at_the_start() {
    let sound = keychain(&[("read_users", "", "applogic")]);
    refused(
        &sound.replace("permitted_signers: [applogic]", "permitted_signers: [aplogic]"),
        "scopes.read_users: the signer aplogic is not in the keychain",
    );
    refused(
        &sound.replace("mandatory_signers", "mandatory_signer"),
        "scopes.read_users.mandatory_signers",
    );
    refused(
        &sound.replace("permitted_signers: [applogic]", "permitted_signers: applogic"),
        "scopes.read_users.permitted_signers: a list of signers' names belongs here",
    );
}

#[test]
fn no_key_is_in_a_refusal_or_in_the_log() {
    let private = STANDARD.encode(signers().applogic.private_pem());
    let yaml = format!("keychain:\n  applogic:\n    algorithm: RS256\n    value: {private}\n");
    let (_folder, path) = in_file(&yaml);
    let failure = fails_to_start(&[(KEYCHAIN_FILE, &path)]);
    assert!(
        !failure.stderr.contains(private.get(..24).unwrap()),
        "{}",
        failure.stderr
    );
}
