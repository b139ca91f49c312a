use serde_json::{Value, json};

use super::*;

fn read(value: Value) -> Result<Settings, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

#[track_caller]
fn refused(value: Value, expected: &str) {
    let error = read(value).unwrap().check().unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn the_contracts_values_are_the_defaults() {
    let settings = read(json!({})).unwrap();
    assert_eq!(settings.check(), Ok(()));
    assert_eq!(settings.profile, Profile::Classic);
    assert_eq!(
        (
            settings.jwt_expire_time,
            settings.documents_limit,
            settings.password_min_entropy,
            settings.api_key_nonce_lifetime_ms
        ),
        (6000, 10, 14, 5000)
    );
    assert!(settings.show_ids && settings.csrf_protection);
    assert!(!settings.verbose_bearer_errors && !settings.strict_2_0_8);
    assert_eq!(settings.level_table().map(|table| table.levels().len()), Ok(3));
    assert_eq!(settings.state_rules(), StateRules::default());
    assert_eq!(settings.gateway_pass.len(), 5);
}

#[test]
fn a_variable_sets_what_the_file_sets_and_an_unknown_name_is_refused() {
    let settings = read(json!({
        "profile": "coded", "mounts": "/api/v2/resource, /kyc/", "levels": "email:verified", "lock_labels": "freeze", "show_ids": "false",
        "documents_limit": "3", "management_keychain_file": "", "data_masking": "false",
    }))
    .unwrap();
    assert_eq!(settings.profile, Profile::Coded);
    assert_eq!(settings.mounts.len(), 2);
    assert_eq!((settings.documents_limit, settings.show_ids), (3, false));
    assert_eq!(settings.management_keychain_file, None);
    assert_eq!(settings.level_table().map(|table| table.levels().len()), Ok(1));
    assert_eq!(settings.state_rules().locked, ["freeze".parse().unwrap()]);
    assert!(!settings.masks(Profile::Coded));
    assert!(read(json!({"documentslimit": 3})).is_err());
    assert_eq!(
        read(json!({"profile": "v2"})).unwrap_err(),
        "expected classic or coded"
    );
    assert!(read(json!({"mounts": "api"})).is_err());
}

#[test]
fn a_coded_mount_is_coded_and_served_even_where_no_other_setting_names_it() {
    let settings = read(json!({"coded_mounts": ["/api/v2/barong/resource", "/new/resource"]})).unwrap();
    let mounts: Vec<_> = settings
        .served_mounts()
        .iter()
        .map(|mount| (mount.path.to_string(), mount.profile))
        .collect();
    assert_eq!(
        mounts,
        [
            ("/api/v2/resource".to_owned(), Profile::Classic),
            ("/api/v2/barong/resource".to_owned(), Profile::Coded),
            ("/new/resource".to_owned(), Profile::Coded),
        ]
    );
    assert_eq!(settings.profile_at_root(), Profile::Classic);
}

#[test]
fn the_root_follows_the_profile_unless_it_is_named() {
    let settings = read(json!({"coded_mounts": "/"})).unwrap();
    assert_eq!(settings.profile_at_root(), Profile::Coded);
    assert_eq!(settings.served_mounts().len(), 2);
    assert_eq!(
        read(json!({"profile": "coded"})).unwrap().profile_at_root(),
        Profile::Coded
    );
    refused(
        json!({"mounts": "/"}),
        "mounts: expected paths below the root, where the documented paths always are",
    );
}

#[test]
fn most_is_hidden_where_the_profile_is_coded() {
    let settings = Settings::default();
    assert!(settings.masks(Profile::Coded) && !settings.masks(Profile::Classic));
}

#[test]
fn what_cannot_be_worked_with_is_refused() {
    refused(
        json!({"jwt_expire_time": 0}),
        "jwt_expire_time: expected 1 to 315360000",
    );
    refused(
        json!({"phone_code_attempts": 0}),
        "phone_code_attempts: expected 1 to 100",
    );
    refused(
        json!({"gateway_pass": "/"}),
        "gateway_pass: expected beginnings of paths, as /api/v2/barong/identity",
    );
    refused(
        json!({"levels": "email:verified, email:pending"}),
        "levels: level 2: a lower level has the same key",
    );
    refused(
        json!({"app_name": "a:b"}),
        "app_name: expected 1 to 64 characters, neither colons nor blanks around them",
    );
    refused(
        json!({"documents_limit": 5000}),
        "documents_limit: expected 1 to 1000",
    );
}
