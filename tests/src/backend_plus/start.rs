//! Settings that cannot be served stop the server before it starts, with one line that names them.

use super::named;
use crate::harness::fails_to_start;

#[track_caller]
fn check_refused(settings: &[(&str, &str)], parts: &[&str]) {
    let settings = named(settings);
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let failure = fails_to_start(&settings);
    assert!(!failure.status.success());
    for part in parts {
        assert!(
            failure.stderr.contains(part),
            "{part:?} is not in {:?}",
            failure.stderr
        );
    }
}

#[test]
fn a_value_that_is_none_is_refused() {
    check_refused(
        &[("PROFILE", "v3")],
        &["BACKEND_PLUS__PROFILE", "expected documented or v2.7"],
    );
    check_refused(
        &[("COOKIE_SAME_SITE", "maybe")],
        &["COOKIE_SAME_SITE", "expected lax, strict or none"],
    );
    check_refused(
        &[("JWT_EXPIRES_IN", "soon")],
        &["JWT_EXPIRES_IN", "expected a whole number"],
    );
    check_refused(
        &[("VERIFY_EMAILS", "1")],
        &["VERIFY_EMAILS", "expected true or false"],
    );
    check_refused(&[("SERVER_URL", "http://x")], &["SERVER_URL"]);
}

#[test]
fn values_that_do_not_go_together_are_refused() {
    check_refused(&[("JWT_EXPIRES_IN", "0")], &["jwt_expires_in", "minutes, from 1"]);
    check_refused(
        &[("COOKIE_SAME_SITE", "none")],
        &["cookie_same_site", "none needs cookie_secure"],
    );
    check_refused(
        &[("JWT_CUSTOM_FIELDS", "company,user_id")],
        &["jwt_custom_fields", "user_id"],
    );
    check_refused(&[("ALLOWED_USER_ROLES", "me")], &["allowed_user_roles", "user"]);
    check_refused(
        &[("REDIRECT_URL_SUCCESS", "welcome")],
        &["redirect_url_success", "absolute URL"],
    );
    check_refused(
        &[("TEMPLATES_DIR", "/nowhere")],
        &["templates_dir", "/nowhere", "expected a directory"],
    );
}

#[test]
fn a_signing_key_that_is_missing_or_unfit_is_refused_and_never_shown() {
    check_refused(
        &[("JWT_ALGORITHM", "HS256")],
        &["jwt_key", "HS256 needs a secret of at least 32 bytes"],
    );
    check_refused(
        &[("JWT_ALGORITHM", "HS512"), ("JWT_KEY", "too short")],
        &["jwt_key", "HS512 needs a secret of at least 64 bytes"],
    );
    check_refused(
        &[("JWT_ALGORITHM", "RS512")],
        &["jwt_key", "only RS256 has a generated key"],
    );
    check_refused(&[("JWT_ALGORITHM", "none")], &["jwt_algorithm", "expected HS256"]);
    let settings = named(&[("JWT_KEY", "hunter2, no PEM")]);
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let failure = fails_to_start(&settings);
    assert!(
        failure.stderr.contains("PEM") && !failure.stderr.contains("hunter2"),
        "{}",
        failure.stderr
    );
}
