//! Heads of requests: credentials that are none, too much of everything, and what is hardly HTTP.

use super::{Owner, complaint, server};
use crate::harness::Server;

/// A protected path of each dialect.
const PROTECTED: [(Owner, &str, &str); 6] = [
    (Owner::BackendPlus, "POST", "/auth/token/revoke"),
    (Owner::Pluto, "GET", "/v1/user/info/1"),
    (Owner::Pluto, "GET", "/v1/user/count"),
    (Owner::Jauth, "GET", "/users/-/self"),
    (Owner::Jauth, "PUT", "/users/email/self/password"),
    (Owner::Sso, "GET", "/api/users/me"),
];

fn credentials() -> Vec<Vec<u8>> {
    vec![
        b"".to_vec(),
        b"Bearer".to_vec(),
        b"Bearer ".to_vec(),
        b"Bearer  x".to_vec(),
        b"Basic YTpi".to_vec(),
        b"Bearer ..".to_vec(),
        b"Bearer a.b.c".to_vec(),
        b"Bearer a.b.c.d.e".to_vec(),
        b"Bearer eyJhbGciOiJub25lIn0.e30.".to_vec(),
        b"Bearer %00".to_vec(),
        b"Bearer \xff\xfe\xfd".to_vec(),
        "Bearer \u{1f600}".as_bytes().to_vec(),
        [b"Bearer ".to_vec(), vec![b'a'; 30_000]].concat(),
        [b"Bearer ".to_vec(), vec![b'.'; 30_000]].concat(),
        [
            b"Bearer eyJ".to_vec(),
            "W1tbW1tb".repeat(3_000).into_bytes(),
            b".e30.e30".to_vec(),
        ]
        .concat(),
    ]
}

/// What stands in every refusal of a dialect.
fn words(owner: Owner) -> &'static str {
    match owner {
        Owner::BackendPlus => "\"statusCode\":4",
        Owner::Pluto => "\"status\":\"error\"",
        Owner::Jauth | Owner::Sso => "\"success\":false",
        Owner::Pages => "<html",
    }
}

/// The status of a raw answer; `None` when there was none.
fn status(raw: &str) -> Option<u16> {
    raw.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

fn body(raw: &str) -> &str {
    raw.split_once("\r\n\r\n")
        .map(|(_, body)| body)
        .unwrap_or_default()
}

fn exchange(server: &Server, method: &str, path: &str, headers: &[u8]) -> String {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: clavis\r\nConnection: close\r\n");
    server.exchange(&[head.as_bytes(), headers, b"\r\n"].concat())
}

#[test]
fn credentials_that_are_none_are_refused_in_the_words_of_the_dialect() {
    let server = server();
    for (owner, method, path) in PROTECTED {
        for credentials in credentials() {
            let header = [b"Authorization: ".as_slice(), &credentials, b"\r\n"].concat();
            let raw = exchange(&server, method, path, &header);
            let shown = String::from_utf8_lossy(&credentials[..credentials.len().min(40)]).into_owned();
            assert!(matches!(status(&raw), Some(401 | 403)), "{path} {shown:?}: {raw}");
            assert!(body(&raw).contains(words(owner)), "{path} {shown:?}: {raw}");
        }
    }
}

#[test]
fn cookies_that_are_none_are_no_credentials() {
    let server = server();
    let cookies = [
        "=",
        ";",
        "refresh_token",
        "refresh_token=",
        "permission_variables=%7B",
        "refresh_token=%00",
        "a=\"",
        "permission_variables=s%3A%7B%22user-id%22%3A%22x%22%7D.AAAA",
        "access_token=a.b.c",
    ];
    for cookie in cookies {
        let answer = server
            .post("/auth/token/refresh")
            .header("cookie", cookie)
            .send()
            .expect(401);
        assert_eq!(complaint(Owner::BackendPlus, &answer), None, "{cookie}");
        let answer = server
            .post("/auth/token/revoke")
            .header("cookie", cookie)
            .send()
            .expect(401);
        assert_eq!(complaint(Owner::BackendPlus, &answer), None, "{cookie}");
        let answer = server.get("/v1/user/info/1").header("cookie", cookie).send();
        assert!(
            [401, 403].contains(&answer.status().as_u16()),
            "{cookie}: {answer}"
        );
        assert_eq!(complaint(Owner::Pluto, &answer), None, "{cookie}");
    }
}

#[test]
fn heads_that_are_too_big_are_answered() {
    let server = server();
    let one = format!("X-Long: {}\r\n", "x".repeat(2_000_000));
    let many = "X-More: 1\r\n".repeat(10_000);
    for (_, method, path) in PROTECTED {
        for headers in [&one, &many] {
            let raw = exchange(&server, method, path, headers.as_bytes());
            assert!(
                status(&raw).is_some_and(|status| (400..500).contains(&status)),
                "{path}: {raw:?}"
            );
        }
    }
    let long = format!("/auth/activate?ticket={}", "x".repeat(2_000_000));
    let raw = exchange(&server, "GET", &long, b"");
    assert!(
        status(&raw).is_some_and(|status| (400..500).contains(&status)),
        "{raw:?}"
    );
    server.get("/healthz").send().expect(200);
}

#[test]
fn what_is_hardly_http_is_answered_and_harms_nobody() {
    let server = server();
    let broken: [&[u8]; 9] = [
        b"\r\n\r\n\r\n\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n",
        b"POST /v1/register HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity, chunked\r\nConnection: close\r\n\r\nzz\r\n",
        b"GET /auth/jwks HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n",
    ];
    for bytes in broken {
        let raw = server.exchange(bytes);
        let fits = status(&raw).is_some_and(|status| (400..500).contains(&status));
        assert!(fits, "{:?}: {raw:?}", String::from_utf8_lossy(bytes));
        assert!(
            !raw.contains("\r\nOK") && raw.matches("HTTP/1.1").count() == 1,
            "one answer: {raw:?}"
        );
    }
    server.get("/healthz").send().expect(200);
}

#[test]
fn bodies_that_break_off_or_lie_about_their_coding_are_bad_requests() {
    let server = server();
    let chunked = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n";
    let gzip = b"Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope";
    for (owner, path) in [
        (Owner::BackendPlus, "/auth/login"),
        (Owner::Pluto, "/v1/login/account"),
        (Owner::Jauth, "/token/email"),
        (Owner::Sso, "/api/auth/token"),
    ] {
        for rest in [chunked.as_slice(), gzip] {
            let head = format!("POST {path} HTTP/1.1\r\nHost: clavis\r\nConnection: close\r\n");
            let raw = server.exchange(&[head.as_bytes(), rest].concat());
            assert!(
                status(&raw).is_some_and(|status| (400..500).contains(&status)),
                "{path}: {raw:?}"
            );
            assert!(body(&raw).contains(words(owner)), "{path}: {raw:?}");
        }
    }
}
