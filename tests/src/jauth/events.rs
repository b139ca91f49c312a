//! What other servers are told of new and changed users.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::{assert_is_id, assert_is_time};
use crate::harness::{PASSWORD, Server, fails_to_start, within};

/// A server that keeps what it is told, and answers with a status.
struct Listener {
    url: String,
    told: Arc<Mutex<Vec<Value>>>,
}

impl Listener {
    fn answering(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!(
            "http://{}/events?of=jauth",
            listener.local_addr().expect("it is bound")
        );
        let told = Arc::new(Mutex::new(Vec::new()));
        let keeps = Arc::clone(&told);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let event = read(stream, status).expect("an event as JSON");
                keeps.lock().unwrap().push(event);
            }
        });
        Self { url, told }
    }

    /// Everything it was told, once it is so much.
    #[track_caller]
    fn told(&self, count: usize) -> Vec<Value> {
        let came = within(Duration::from_secs(10), || {
            self.told.lock().unwrap().len() >= count
        });
        let told = self.told.lock().unwrap().clone();
        assert!(came && told.len() == count, "{count}: {told:?}");
        told
    }
}

fn read(stream: TcpStream, status: u16) -> io::Result<Value> {
    let mut lines = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body)?;
    write!(
        lines.get_mut(),
        "HTTP/1.1 {status} Told\r\nContent-Length: 0\r\n\r\n"
    )?;
    Ok(serde_json::from_slice(&body)?)
}

#[test]
fn servers_are_told_of_new_and_changed_users() {
    let (one, other) = (Listener::answering(200), Listener::answering(500));
    let urls = format!("{}|first token, {}|second|token", one.url, other.url);
    let server = Server::with(&[("CLAVIS_DIALECTS__JAUTH__EVENT_CALLBACK_URLS", &urls)]);
    let ann = server.jauth().newcomer("ann");
    let event = one.told(1).remove(0);
    assert_is_id(event["user__id"].as_str().unwrap());
    assert_is_time(event["issued_at"].as_str().unwrap());
    assert_eq!(
        event,
        json!({
            "issuer": "jauth",
            "issued_at": event["issued_at"],
            "token": "first token",
            "type": "jauth.user.create",
            "user__id": ann.id,
            "user__account": ann.account,
            "user__email": "ann@example.org",
            "user__type": "EMAIL",
            "user__status": "NORMAL",
            "user__extra": {},
            "user__is_email_verified": false,
            "user__created_at": event["user__created_at"],
            "user__modified_at": null,
        })
    );
    assert_eq!(other.told(1)[0]["token"], "second|token");

    let change = json!({ "email": "bea@example.org", "extra": { "team": "red" } });
    server.jauth().update(&ann.tokens.access, change).expect(200);
    let event = one.told(2).remove(1);
    assert_eq!(event["type"], "jauth.user.update");
    assert_eq!(event["user__email"], "bea@example.org");
    assert_eq!(event["user__extra"], json!({ "team": "red" }));
    assert_is_time(event["user__modified_at"].as_str().unwrap());

    server
        .jauth()
        .change_password(&ann.tokens.access, PASSWORD, "another password 7")
        .expect(200);
    assert_eq!(one.told(3)[2]["type"], "jauth.user.update");

    // What is refused changes nothing, and nobody is told.
    server.jauth().register(&ann.account).expect(409);
    server.jauth().update("no token", json!({})).expect(401);
    one.told(3);
    other.told(3);
}

#[test]
fn a_server_that_is_not_there_keeps_nobody_waiting() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/events|token", free.local_addr().expect("it is bound"));
    // It is bound, and nobody ever takes what comes: the worst that a server can do.
    let server = Server::with(&[("CLAVIS_DIALECTS__JAUTH__EVENT_CALLBACK_URLS", &url)]);
    for nth in 0..20 {
        server.jauth().register(&format!("ann{nth}")).expect(200);
    }
}

#[test]
fn a_target_without_a_url_or_a_token_is_refused_at_the_start() {
    for bad in [
        "https://hooks.example/no-token",
        "ftp://hooks.example|token",
        "secret-text",
    ] {
        let failure = fails_to_start(&[("CLAVIS_DIALECTS__JAUTH__EVENT_CALLBACK_URLS", bad)]);
        let refusal = failure.stderr;
        assert!(
            refusal.contains("dialects.jauth.event_callback_urls"),
            "{refusal}"
        );
        assert!(!refusal.contains(bad), "{refusal}");
    }
}
