//! A start that cannot work ends at once, with one line that says what to change.

use std::net::TcpListener;

use crate::harness::{Failure, Server, fails_to_start, fails_to_start_from_file, free_port};

/// One line on stderr, a failure as the exit status, and in the line what the operator needs.
#[track_caller]
fn check(failure: &Failure, parts: &[&str]) {
    let stderr = failure.stderr.trim_end();
    assert!(
        failure.status.code().is_some_and(|code| code != 0),
        "{:?}: {stderr}",
        failure.status
    );
    assert!(
        stderr.starts_with("clavis: ") && !stderr.contains('\n'),
        "not one line: {stderr}"
    );
    for part in parts {
        assert!(stderr.contains(part), "it does not say {part:?}: {stderr}");
    }
    assert!(
        !stderr.contains("panicked") && !stderr.contains("Error {"),
        "not for people: {stderr}"
    );
}

#[test]
fn an_unknown_setting_in_the_file_is_refused_with_file_key_and_what_there_is() {
    check(
        &fails_to_start_from_file("[http]\nlissen = \"127.0.0.1:1\"\n"),
        &[
            "clavis.toml",
            "http.lissen",
            "no such setting",
            "listen",
            "public_url",
        ],
    );
    check(
        &fails_to_start_from_file("[htp]\nlisten = \"127.0.0.1:1\"\n"),
        &["clavis.toml", "htp", "http"],
    );
    check(
        &fails_to_start_from_file("[dialects.pluto]\nacces_token_expire = 1\n"),
        &[
            "clavis.toml",
            "dialects.pluto.acces_token_expire",
            "access_token_expire",
        ],
    );
}

#[test]
fn a_file_that_is_no_toml_is_refused_by_name() {
    check(&fails_to_start_from_file("[http\n"), &["clavis.toml"]);
}

#[test]
fn an_unknown_variable_is_refused_by_name() {
    check(
        &fails_to_start(&[("CLAVIS_HTTP__LISEN", "x")]),
        &["CLAVIS_HTTP__LISEN", "listen"],
    );
    check(
        &fails_to_start(&[("CLAVIS_LISTEN", "x")]),
        &["CLAVIS_LISTEN", "http"],
    );
    check(
        &fails_to_start(&[("CLAVIS_DIALECTS__BACKEND_PLUS__JWT_KEYS", "x")]),
        &["CLAVIS_DIALECTS__BACKEND_PLUS__JWT_KEYS", "jwt_key"],
    );
    check(
        &fails_to_start(&[("CLAVIS_DIALECTS__PLUTTO__ENABLED", "true")]),
        &["CLAVIS_DIALECTS__PLUTTO", "pluto"],
    );
}

#[test]
fn a_bad_value_is_refused_with_what_was_expected() {
    for (name, value, expected) in [
        ("CLAVIS_HTTP__LISTEN", "eighty", "address"),
        ("CLAVIS_HTTP__PUBLIC_URL", "id.example.org", "http"),
        ("CLAVIS_HTTP__TRUSTED_PROXIES", "0.0.0.0/0", "not everybody"),
        ("CLAVIS_DEV", "perhaps", "true or false"),
        ("CLAVIS_PASSWORD__ARGON2", "m=1", "m=<KiB>"),
        ("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "-1", "expected"),
        ("CLAVIS_DIALECTS__BACKEND_PLUS__PROFILE", "v3", "documented"),
        ("CLAVIS_DIALECTS__PLUTO__ACCESS_TOKEN_EXPIRE", "soon", "expected"),
    ] {
        check(&fails_to_start(&[(name, value)]), &[name, expected]);
    }
    check(
        &fails_to_start(&[("CLAVIS_MAIL__URL", "mailto:ann@example.org")]),
        &["mail.url", "smtp://"],
    );
    check(
        &fails_to_start(&[("CLAVIS_DATABASE__URL", "mysql://x")]),
        &["database", "postgres://"],
    );
    check(
        &fails_to_start(&[("CLAVIS_DIALECTS__BACKEND_PLUS__JWT_ALGORITHM", "HS256")]),
        &["dialects.backend_plus", "jwt_key", "HS256"],
    );
}

#[test]
fn a_refused_secret_is_not_shown() {
    let failure = fails_to_start(&[("CLAVIS_SECRETS__MASTER_KEY", "hunter2")]);
    check(&failure, &["master_key"]);
    assert!(!failure.stderr.contains("hunter2"), "{}", failure.stderr);
    let failure = fails_to_start(&[("CLAVIS_MAIL__URL", "smtp://me:hunter2@mail.example.org/path")]);
    check(&failure, &["mail.url"]);
    assert!(!failure.stderr.contains("hunter2"), "{}", failure.stderr);
}

#[test]
fn the_names_of_the_older_server_are_refused_with_a_pointer() {
    check(
        &fails_to_start(&[("CLAVIS_DIALECTS__BACKEND_PLUS__SMTP_HOST", "mx.example.org")]),
        &["SMTP_HOST", "mail.url"],
    );
    check(
        &fails_to_start_from_file("[dialects.backend_plus]\nsmtp_pass = \"x\"\n"),
        &["clavis.toml", "smtp_pass", "mail.url"],
    );
    check(
        &fails_to_start(&[("CLAVIS_DIALECTS__BACKEND_PLUS__S3_BUCKET", "b")]),
        &["S3_BUCKET", "blobs.url"],
    );
}

#[test]
fn a_taken_port_is_refused_by_its_address() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    check(
        &fails_to_start(&[("CLAVIS_HTTP__LISTEN", &address)]),
        &["http.listen", &address, "in use"],
    );
    check(
        &fails_to_start(&[("CLAVIS_METRICS__LISTEN", &address)]),
        &["metrics.listen", &address, "in use"],
    );
}

#[test]
fn a_data_folder_that_cannot_be_written_is_refused_by_its_path() {
    // Below a file no folder can be made, whoever asks: root is not stopped by permissions.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("data")] {
        let path = path.display().to_string();
        check(
            &fails_to_start(&[("CLAVIS_DATA__DIR", &path)]),
            &["data.dir", &path],
        );
    }
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_not_touched() {
    let mut server = Server::start();
    server.stop();
    server.execute_sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231235959')");
    check(&server.fails_to_restart(&[]), &["database", "newer"]);
    let migrate = server.cli(&["migrate"]);
    assert!(migrate.refused().contains("newer"));

    server.execute_sql("DELETE FROM __diesel_schema_migrations WHERE version = '99991231235959'");
    server.restart();
    server.get("/readyz").send().expect(200);
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clavis.db");
    std::fs::write(&file, "this is a letter, and no database at all. ".repeat(100)).unwrap();
    let url = format!("sqlite://{}", file.display());
    check(&fails_to_start(&[("CLAVIS_DATABASE__URL", &url)]), &["database"]);
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .starts_with("this is a letter"),
        "it is as it was"
    );
}

#[test]
fn an_unreachable_postgresql_is_refused_without_its_password() {
    let url = format!("postgres://clavis:hunter2@127.0.0.1:{}/clavis", free_port());
    let failure = fails_to_start(&[("CLAVIS_DATABASE__URL", &url)]);
    check(&failure, &["database"]);
    assert!(!failure.stderr.contains("hunter2"), "{}", failure.stderr);
}

#[test]
fn another_master_key_or_none_is_refused() {
    let (mut server, other) = (Server::start(), Server::for_the_first_time(&[]));
    server.stop();
    let key = server.data_dir().join("master.key");
    let own = std::fs::read(&key).unwrap();

    std::fs::copy(other.data_dir().join("master.key"), &key).unwrap();
    check(
        &server.fails_to_restart(&[]),
        &["another master key", "master.key"],
    );
    std::fs::remove_file(&key).unwrap();
    check(&server.fails_to_restart(&[]), &["master.key", "missing"]);
    assert!(!key.exists(), "a new key would hide that the old one is gone");
    std::fs::write(&key, "not a key").unwrap();
    check(&server.fails_to_restart(&[]), &["master.key"]);

    std::fs::write(&key, own).unwrap();
    server.restart();
}

#[test]
fn an_unknown_command_or_argument_is_refused_with_the_usage() {
    let server = Server::start();
    for arguments in [
        &["frobnicate"][..],
        &["user", "create"],
        &["user", "create", "--email", "no address", "--password", "x"],
        &["user", "set-state", "active"],
        &["user", "set-state", "--email", "a@example.org", "sleeping"],
        &["app", "create", "--name", ""],
        &["keys", "rotate", "--owner", "nobody"],
    ] {
        let cli = server.cli(arguments);
        assert_eq!(cli.status.code(), Some(2), "{arguments:?}: {}", cli.stderr);
        assert!(cli.stderr.contains("--help"), "{arguments:?}: {}", cli.stderr);
    }
}
