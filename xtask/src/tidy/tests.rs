//! Each test plants violations in a small tree and sees them reported, and nothing else.

use super::*;
use crate::deny::SAMPLE;

#[track_caller]
fn check_tree(tree: &[(&str, &str)], expected: &[&str]) {
    let files: Vec<File> = tree
        .iter()
        .map(|(path, text)| File {
            path: (*path).into(),
            text: (*text).into(),
        })
        .collect();
    let violations = check(&files, &Policy::parse(SAMPLE).unwrap(), &|_| true).unwrap();
    assert_eq!(
        violations.iter().map(Violation::to_string).collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn an_arrow_in_a_manifest_points_only_up() {
    let tokens = "[package]\nname = \"clavis-tokens\"\n[dependencies]\nclavis-kernel.workspace = true\n";
    check_tree(&[("crates/tokens/Cargo.toml", tokens)], &[]);
    check_tree(
        &[(
            "crates/tokens/Cargo.toml",
            &format!("{tokens}clavis-identity = {{ workspace = true }}\n"),
        )],
        &[
            "crates/tokens/Cargo.toml:5: `clavis-tokens` may not depend on `clavis-identity`: arrows point only up",
        ],
    );
    check_tree(
        &[(
            "crates/http/Cargo.toml",
            "[package]\nname = \"clavis-http\"\n[dev-dependencies.clavis-store]\n",
        )],
        &["crates/http/Cargo.toml:3: `clavis-http` may not depend on `clavis-store`: arrows point only up"],
    );
    check_tree(
        &[(
            "crates/delivery/Cargo.toml",
            "[package]\nname = \"clavis-delivery\"\n[target.'cfg(unix)'.dependencies]\ndb = { package = \"clavis-store\" }\n",
        )],
        &[
            "crates/delivery/Cargo.toml:4: `clavis-delivery` may not depend on `clavis-store`: arrows point only up",
        ],
    );
    check_tree(
        &[(
            "tests/Cargo.toml",
            "[package]\nname = \"clavis-tests\"\n[dependencies]\nclavis-kernel = \"0\"\n",
        )],
        &["tests/Cargo.toml:4: `clavis-tests` may not depend on `clavis-kernel`: arrows point only up"],
    );
}

#[test]
fn a_new_crate_is_given_a_layer() {
    check_tree(
        &[("crates/misc/Cargo.toml", "[package]\nname = \"clavis-misc\"\n")],
        &["crates/misc/Cargo.toml:2: `clavis-misc` is in no layer: give it one in xtask/src/tidy/layers.rs"],
    );
}

#[test]
fn domain_crates_do_no_io() {
    check_tree(
        &[
            (
                "crates/flows/Cargo.toml",
                "[package]\nname = \"clavis-flows\"\n[dependencies]\ntokio = \"1\"\n",
            ),
            (
                "crates/store/Cargo.toml",
                "[package]\nname = \"clavis-store\"\n[dependencies]\ntokio = \"1\"\n",
            ),
        ],
        &["crates/flows/Cargo.toml:4: `clavis-flows` may not depend on `tokio`: I/O is an adapter's affair"],
    );
    check_tree(
        &[
            (
                "crates/http/src/lib.rs",
                "use actix_web::web;\nuse diesel as sql;\nfn f() { ::r2d2::Pool::new() }",
            ),
            (
                "crates/store/src/lib.rs",
                "use diesel::prelude::*;\nfn f() { actix_web::rt::spawn() }",
            ),
            (
                "crates/clavis/src/main.rs",
                "use actix_web::web;\nuse tokio::net;\n",
            ),
            (
                "crates/identity/src/lib.rs",
                "// use tokio::fs;\nconst S: &str = \"tokio::fs\";\nuse crate::tokio::x;\n",
            ),
            ("tests/src/lib.rs", "use reqwest::blocking::Client;"),
        ],
        &[
            "crates/http/src/lib.rs:2: `http` may not use `diesel`: I/O is an adapter's affair",
            "crates/http/src/lib.rs:3: `http` may not use `r2d2`: I/O is an adapter's affair",
            "crates/store/src/lib.rs:2: `store` may not use `actix_web`: I/O is an adapter's affair",
        ],
    );
}

#[test]
fn an_arrow_in_the_code_points_only_up() {
    check_tree(
        &[
            (
                "crates/http/src/app.rs",
                "use clavis_flows::Flows;\nfn f(store: clavis_store::Store) {}",
            ),
            (
                "crates/rbac/src/lib.rs",
                "pub use clavis_identity::AccountId;\nuse clavis_kernel::Email;",
            ),
            ("crates/store/tests/contract.rs", "use clavis_store::Store;"),
            ("tests/src/lib.rs", "use clavis_kernel::Email;"),
        ],
        &[
            "crates/http/src/app.rs:2: `http` may not use `clavis_store`: arrows point only up",
            "crates/rbac/src/lib.rs:1: `rbac` may not use `clavis_identity`: arrows point only up",
            "tests/src/lib.rs:1: `tests` may not use `clavis_kernel`: arrows point only up",
        ],
    );
}

#[test]
fn decisions_read_no_clock_and_no_environment_and_spawn_nothing() {
    let text = "fn f() {\n  Utc::now();\n  std::env::var(\"X\");\n  thread\n    ::spawn(f);\n}";
    check_tree(
        &[("crates/flows/src/a.rs", text), ("crates/clavis/src/a.rs", text)],
        &[
            "crates/flows/src/a.rs:2: time comes from the Clock port",
            "crates/flows/src/a.rs:3: settings are read once, in the binary's configuration",
            "crates/flows/src/a.rs:4: a decision spawns nothing",
        ],
    );
}

#[test]
fn lints_are_expected_and_tests_are_run() {
    check_tree(
        &[(
            "crates/store/src/a.rs",
            "#![allow(dead_code)]\n#[allow(unused)]\n#[expect(unused, reason = \"#[allow(x)]\")]\n#[ignore = \"slow\"]\nfn f() { todo!() }",
        )],
        &[
            "crates/store/src/a.rs:1: `#![allow]`: use `#![expect(…, reason = \"…\")]`",
            "crates/store/src/a.rs:2: `#[allow]`: use `#[expect(…, reason = \"…\")]`",
            "crates/store/src/a.rs:4: `#[ignore]`: a test runs or does not exist",
            "crates/store/src/a.rs:5: unfinished: do it, or open an issue",
        ],
    );
}

#[test]
fn nothing_is_left_for_later() {
    let (first, second) = (concat!("TO", "DO"), concat!("FIX", "ME"));
    check_tree(
        &[
            (
                "crates/store/src/a.rs",
                &format!("\n// {first}: later\nstruct {first}List;"),
            ),
            ("migrations/sqlite/1/down.sql", &format!("-- {second}")),
        ],
        &[
            &format!("crates/store/src/a.rs:2: `{first}`: do it, or open an issue"),
            &format!("migrations/sqlite/1/down.sql:1: `{second}`: do it, or open an issue"),
        ],
    );
}

#[test]
fn a_long_file_is_split_unless_it_is_a_test() {
    let (full, long) = ("\n".repeat(500), "\n".repeat(501));
    check_tree(
        &[
            ("crates/store/src/full.rs", &full),
            ("crates/store/src/long.rs", &long),
            ("crates/store/src/tests.rs", &long),
            ("crates/store/src/tests/long.rs", &long),
            ("crates/store/tests/long.rs", &long),
            ("tests/src/long.rs", &long),
        ],
        &["crates/store/src/long.rs:501: 501 lines; past 500 a file is split by idea"],
    );
}

#[test]
fn both_databases_have_the_same_migrations() {
    check_tree(
        &[
            ("migrations/sqlite/0001_accounts/up.sql", ""),
            ("migrations/postgres/0001_accounts/up.sql", ""),
            ("migrations/sqlite/0002_tokens/up.sql", ""),
            ("migrations/postgres/0003_roles/up.sql", ""),
        ],
        &[
            "migrations/postgres/0003_roles/up.sql:1: migrations/sqlite has no `0003_roles`",
            "migrations/sqlite/0002_tokens/up.sql:1: migrations/postgres has no `0002_tokens`",
        ],
    );
}

#[test]
fn no_dialect_uses_another() {
    check_tree(
        &[
            (
                "crates/http/src/dialects/pluto.rs",
                "mod routes;\nuse super::jauth;",
            ),
            (
                "crates/http/src/dialects/pluto/routes.rs",
                "use crate::dialects::jauth::wire;\nuse super::wire;",
            ),
            (
                "crates/http/src/dialects/sso/routes.rs",
                "use super::super::{\n    sso::wire,\n    pluto::{self, jauth},\n};\nfn f(s: Settings) { s.dialects.jauth.enabled }",
            ),
            ("crates/http/src/dialects/jauth.rs", "use super::super::app::App;"),
            (
                "crates/http/src/dialects.rs",
                "mod jauth; mod pluto; use self::jauth::routes;",
            ),
        ],
        &[
            "crates/http/src/dialects/pluto.rs:2: a dialect may not use another: `jauth`",
            "crates/http/src/dialects/pluto/routes.rs:1: a dialect may not use another: `jauth`",
            "crates/http/src/dialects/sso/routes.rs:3: a dialect may not use another: `pluto`",
        ],
    );
}

const LOCK: &str =
    "version = 4\n\n[[package]]\nname = \"fine\"\n\n[[package]]\nname = \"ring\"\nversion = \"0.17.0\"\n";

#[test]
fn a_second_crypto_stack_is_banned() {
    check_tree(
        &[("Cargo.lock", LOCK)],
        &["Cargo.lock:7: `ring` is banned: a second crypto stack"],
    );
}

#[test]
fn what_is_locked_and_never_built_is_not_banned() {
    let lock = File {
        path: "Cargo.lock".into(),
        text: LOCK.into(),
    };
    let policy = Policy::parse(SAMPLE).unwrap();
    assert_eq!(check(&[lock], &policy, &|package| package == "fine").unwrap(), []);
}

#[test]
fn every_dependency_has_a_reason() {
    check_tree(
        &[(
            "Cargo.toml",
            "[workspace.dependencies]\nclavis-kernel = { path = \"crates/kernel\" }\n\n# Text encodings.\nbase64 = \"0.22\"\nhex = \"0.4\"\n\nurl = \"2.5\"\n\n[profile.dev]\ndebug = false\n",
        )],
        &["Cargo.toml:8: a comment above `url` says what it is here for"],
    );
}

#[test]
fn what_does_not_parse_is_reported() {
    check_tree(
        &[("crates/store/src/a.rs", "fn f() {\n")],
        &["crates/store/src/a.rs:1: this is no Rust"],
    );
}
