//! A running server: health, numbers, request ids, and its end.

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::{PASSWORD, Server, address, free_port, within};

#[test]
fn health_and_readiness_are_told() {
    let server = Server::start();
    assert_snapshot!(server.get("/healthz").send(), @"200 OK");
    assert_snapshot!(server.get("/readyz").send(), @r#"200 {"status":"ready"}"#);
    assert_eq!(
        server
            .request(reqwest::Method::HEAD, "/readyz")
            .send()
            .to_string(),
        "200"
    );
}

#[test]
fn numbers_are_told_in_prometheus_text_and_count_by_pattern() {
    let server = Server::start();
    for number in 0..5 {
        server.get(&format!("/v1/user/info/{number}")).send().expect(401);
    }
    server.get("/no/such/path/at/all").send().expect(404);
    let metrics = server.get("/metrics").send().expect(200);
    assert!(
        metrics
            .header("content-type")
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    let text = metrics.text();
    assert!(
        text.contains("# TYPE clavis_http_requests_total counter"),
        "{text}"
    );
    let counted = text
        .lines()
        .find(|line| line.contains("/v1/user/info/{") && line.contains("401"));
    assert!(counted.is_some_and(|line| line.ends_with(" 5")), "{text}");
    assert!(
        !text.contains("/no/such/path"),
        "a client cannot make series: {text}"
    );
}

#[test]
fn numbers_can_have_a_listener_of_their_own() {
    let metrics = format!("127.0.0.1:{}", free_port());
    let server = Server::with(&[("CLAVIS_METRICS__LISTEN", &metrics)]);
    server.get("/metrics").send().expect(404);
    let text = reqwest::blocking::get(format!("http://{metrics}/metrics"))
        .unwrap()
        .text()
        .unwrap();
    assert!(text.contains("clavis_http_requests_total"), "{text}");
    let other = reqwest::blocking::get(format!("http://{metrics}/auth/jwks")).unwrap();
    assert_eq!(other.status(), 404, "nothing else is served there");
}

#[test]
fn every_answer_has_a_request_id_that_the_log_knows() {
    let server = Server::with(&[("CLAVIS_LOG__FILTER", "info,clavis::access=debug")]);
    let paths = [
        "/healthz",
        "/auth/jwks",
        "/auth/nothing",
        "/v1/healthcheck",
        "/v1/nothing",
        "/nowhere",
        "/readyz",
    ];
    let mut ids = HashSet::new();
    for path in paths {
        // A client cannot choose it: two requests of the same id would be one in the log.
        let answer = server.get(path).header("x-request-id", "chosen").send();
        let id = answer
            .header("x-request-id")
            .unwrap_or_else(|| panic!("{path} has no request id"));
        assert_ne!(id, "chosen", "{path}");
        assert!(
            within(Duration::from_secs(5), || server.log().contains(&id)),
            "{path}: {id} is not logged"
        );
        ids.insert(id);
    }
    assert_eq!(ids.len(), paths.len());
}

#[test]
fn logs_can_be_json_lines() {
    let mut server = Server::with(&[("CLAVIS_LOG__FORMAT", "json"), ("CLAVIS_LOG__FILTER", "debug")]);
    server.backend_plus().register(&address("ann")).expect(204);
    server.stop();
    let log = server.log();
    assert!(log.lines().count() > 2, "{log}");
    for line in log.lines() {
        let entry: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(
            entry["level"].is_string() && entry["timestamp"].is_string(),
            "{line}"
        );
    }
}

#[test]
fn a_request_in_progress_ends_well_after_sigterm() {
    let mut server = Server::start();
    let ann = address("ann");
    let body = json!({ "email": ann, "password": PASSWORD }).to_string();
    let mut stream = TcpStream::connect(server.authority()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "POST /auth/register HTTP/1.1\r\nHost: clavis\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Once it asks for the body the request is in progress.
    let asked = read_until(&mut stream, "\r\n\r\n");
    assert!(asked.starts_with("HTTP/1.1 100"), "{asked}");
    server.terminate();
    // It takes no new connections, and so has seen the signal.
    assert!(
        within(Duration::from_secs(10), || TcpStream::connect(server.authority())
            .is_err()),
        "it still listens"
    );

    stream.write_all(body.as_bytes()).unwrap();
    let answer = read_until(&mut stream, "\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    drop(stream);
    server.ended_well();
    server.restart();
    assert_eq!(
        server.backend_plus().register(&ann).expect(400).at("/message"),
        "Account already exists."
    );
}

#[test]
fn an_idle_connection_does_not_hold_up_the_end() {
    let mut server = Server::start();
    server.get("/healthz").send().expect(200);
    let idle = TcpStream::connect(server.authority()).unwrap();
    let begun = std::time::Instant::now();
    server.stop();
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "it took {:?}",
        begun.elapsed()
    );
    drop(idle);
}

#[test]
fn a_full_hashing_queue_is_refused_in_the_words_of_the_dialect_and_soon_over() {
    let server = Server::with(&[
        ("CLAVIS_PASSWORD__QUEUE", "1"),
        ("CLAVIS_PASSWORD__ARGON2", "m=65536,t=4,p=1"),
    ]);
    let ann = address("ann");
    server.backend_plus().sign_up(&ann);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let (server, ann) = (&server, &ann);
        let threads: Vec<_> = (0..24)
            .map(|which| {
                scope.spawn(move || match which % 2 {
                    0 => server.backend_plus().try_log_in(ann, PASSWORD),
                    _ => server.pluto().try_log_in(ann, PASSWORD),
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let busy: Vec<_> = answers.iter().filter(|answer| answer.status() == 503).collect();
    assert!(!busy.is_empty(), "the queue never was full");
    assert_eq!(
        answers.iter().filter(|answer| answer.status() == 200).count(),
        answers.len() - busy.len()
    );
    for answer in busy {
        let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds));
        let fits = [
            r#"503 {"statusCode":503,"error":"Service Unavailable","message":"Server is busy"}"#,
            r#"503 {"status":"error","error":{"code":9002,"message":"Server is busy"}}"#,
        ];
        assert!(fits.contains(&answer.to_string().as_str()), "{answer}");
    }
    // Nothing of it counts as a failed log-in.
    server.backend_plus().log_in(&ann);
}

fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut byte = [0];
    while !text.ends_with(end) && stream.read(&mut byte).expect("it answers in time") == 1 {
        text.push(char::from(byte[0]));
    }
    text
}
