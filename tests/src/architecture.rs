//! The table of use cases in `ARCHITECTURE.md` names paths that are mounted, each with its method.

use crate::harness::Server;

const DOCUMENT: &str = include_str!("../../ARCHITECTURE.md");

const RULES: &str = "paths:\n  /any:\n    read: 'true'\n    create: 'true'\n    delete: 'false'\n";

/// Stores the object that stands for any.
fn store_any(server: &Server) {
    let body =
        "--e\r\nContent-Disposition: form-data; name=\"file\"; filename=\"any\"\r\n\r\nany\r\n--e--\r\n";
    server
        .post("/storage/o/any")
        .raw_body(body, "multipart/form-data; boundary=e")
        .send()
        .expect(200);
}

/// Method and path of every cell of the table: `POST /auth/login` between backticks.
fn named_routes() -> Vec<(&'static str, String)> {
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    let rows = DOCUMENT
        .lines()
        .filter(|line| line.starts_with('|') || line.starts_with("Ours,"));
    rows.flat_map(|row| row.split('`'))
        .filter_map(|cell| {
            let (method, path) = cell.split_once(' ')?;
            let method = methods.into_iter().find(|known| *known == method)?;
            path.starts_with('/').then(|| {
                (
                    method,
                    path.replace("{id}", "1")
                        .replace("{token}", "x")
                        .replace("{path}", "any"),
                )
            })
        })
        .collect()
}

#[test]
fn every_route_of_the_table_is_mounted() {
    // Changing an address at once is there only where addresses are not verified.
    // Files are there only where rules speak of them.
    let folder = tempfile::tempdir().expect("a temporary directory");
    let rules = folder.path().join("rules.yaml");
    std::fs::write(&rules, RULES).expect("the directory is ours");
    let server = Server::with(&[
        ("CLAVIS_DIALECTS__BACKEND_PLUS__VERIFY_EMAILS", "false"),
        ("CLAVIS_DIALECTS__BACKEND_PLUS__MAGIC_LINK_ENABLED", "true"),
        ("CLAVIS_DIALECTS__BACKEND_PLUS__GITHUB_ENABLED", "true"),
        ("CLAVIS_DIALECTS__BACKEND_PLUS__GITHUB_CLIENT_ID", "client"),
        ("CLAVIS_DIALECTS__BACKEND_PLUS__GITHUB_CLIENT_SECRET", "secret"),
        (
            "CLAVIS_DIALECTS__BACKEND_PLUS__STORAGE_RULES",
            &rules.display().to_string(),
        ),
    ]);
    store_any(&server);
    // Barong tells whether there is a path only to who may ask.
    let access = server.barong().newcomer("reader").access;
    let routes = named_routes();
    assert!(routes.len() > 30, "the table was not read: {routes:?}");
    for (method, path) in routes {
        let method_name: reqwest::Method = method.parse().unwrap();
        let request = server.request(method_name, &path);
        let of_others = ["/auth", "/v1", "/web"]
            .iter()
            .any(|prefix| path.starts_with(prefix));
        let request = if of_others {
            request
        } else {
            request.bearer(&access)
        };
        let answer = request.send();
        let text = answer.text();
        let unmounted = answer.status() == 405
            || text.contains("Not Found")
            || text.contains("Path not found")
            || text.contains("Route is not found")
            || text.contains("not_found");
        assert!(!unmounted, "{method} {path}: {answer}");
    }
}

#[test]
fn a_route_that_is_not_there_is_told_apart() {
    let server = Server::start();
    for path in ["/auth/nowhere", "/v1/nowhere", "/nowhere"] {
        let answer = server.get(path).send();
        assert_eq!(answer.status(), 404, "{path}: {answer}");
    }
}
