use serde_json::{Value, json};

use super::*;

fn read(value: Value) -> Result<Settings, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

#[test]
fn every_name_reads_from_text() {
    let settings = read(json!({
        "profile": "v2.7", "jwt_expires_in": "5", "verify_emails": "false", "jwt_custom_fields": "a, b",
        "cookie_secret": "", "emails_enable": "false", "allowed_user_roles": "",
    }))
    .unwrap();
    assert_eq!(settings.profile, Profile::V2_7);
    assert_eq!(settings.jwt_expires_in, 5);
    assert!(!settings.verify_emails && !settings.emails_enabled);
    assert_eq!(settings.jwt_custom_fields, ["a", "b"]);
    assert!(settings.cookie_secret.is_none() && settings.allowed_user_roles.is_none());
}

#[test]
fn an_unknown_name_is_refused() {
    assert!(
        read(json!({"server_url": "http://x"}))
            .unwrap_err()
            .starts_with("unknown field `server_url`")
    );
    assert_eq!(
        read(json!({"profile": "v3"})).unwrap_err(),
        "expected documented or v2.7"
    );
}

#[test]
fn the_signing_key_fits_its_algorithm() {
    #[track_caller]
    fn check(algorithm: &str, key: &str, expected: Result<bool, &str>) {
        let settings = read(json!({"jwt_algorithm": algorithm, "jwt_key": key})).unwrap();
        let got = settings
            .shared_key()
            .map(|key| key.is_some())
            .map_err(|error| error.to_string());
        assert_eq!(got, expected.map_err(str::to_owned), "{algorithm}");
    }
    check("RS256", "", Ok(false));
    check("RS256", "a PEM", Ok(true));
    check("HS512", &"x".repeat(64), Ok(true));
    check(
        "HS512",
        &"x".repeat(63),
        Err("jwt_key: HS512 needs a secret of at least 64 bytes"),
    );
    check(
        "HS256",
        "",
        Err("jwt_key: HS256 needs a secret of at least 32 bytes"),
    );
    check(
        "RS384",
        "",
        Err("jwt_key: RS384 needs an RSA private key in PEM; only RS256 has a generated key"),
    );
    for other in ["ES256", "none", "hs256"] {
        check(
            other,
            "x",
            Err("jwt_algorithm: expected HS256, HS384, HS512, RS256, RS384 or RS512"),
        );
    }
}
