//! The levels that the settings make, and what a start does when they are others than before.

use serde_json::Value;

use crate::harness::{BARONG_PASSWORD, Server, address, jwt, within};

/// The addresses that an administrator finds under a level.
fn found(server: &Server, access: &str, level: u8) -> Vec<String> {
    let path = format!("/api/v2/admin/users?level={level}");
    let users = server.get(&path).bearer(access).send().expect(200).json();
    let addresses = users.as_array().unwrap().iter().map(|user| user["email"].clone());
    let mut addresses: Vec<_> = addresses
        .filter_map(|address| address.as_str().map(str::to_owned))
        .collect();
    addresses.sort();
    addresses
}

#[test]
fn levels_follow_the_table_that_is_set_now() {
    let mut server = Server::start();
    let (root, ann) = (address("root"), address("ann"));
    let arguments = ["user", "create", "--email", &root, "--password", BARONG_PASSWORD];
    server
        .cli(&[&arguments[..], &["--role", "admin", "--active"]].concat())
        .ok();
    server.barong().sign_up(&ann);
    let level = |server: &Server| {
        let visit = server.barong().log_in(&ann);
        let me = server.barong().me(&visit.access).expect(200).json();
        assert_eq!(me["level"], jwt::payload(&visit.access)["level"]);
        me["level"].clone()
    };
    let access = server.barong().log_in(&root).access;
    assert_eq!(level(&server), Value::from(1));
    assert!(found(&server, &access, 1).contains(&ann));

    server.restart_with(&[("CLAVIS_DIALECTS__BARONG__LEVELS", "phone:verified,email:verified")]);
    assert_eq!(level(&server), Value::from(0));
    assert!(
        within(std::time::Duration::from_secs(10), || {
            found(&server, &access, 0).contains(&ann) && !found(&server, &access, 1).contains(&ann)
        }),
        "what is kept of levels is computed anew"
    );
    let log = server.log();
    assert!(!log.contains("levels could not be computed"), "{log}");
}

#[test]
fn levels_that_make_no_table_are_refused_at_the_start() {
    let refused = crate::harness::fails_to_start(&[("CLAVIS_DIALECTS__BARONG__LEVELS", "email")]);
    let said = refused.stderr.as_str();
    assert!(said.contains("dialects.barong.levels: "), "{said}");
    assert_eq!(said.matches("dialects.barong").count(), 1, "{said}");
}
