//! SIGKILL under load: every write that was answered is there after the restart.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{PASSWORD, Server, Tokens, address};

/// How many writes are answered before the end.
const WRITES: usize = 400;

const SETTINGS: [(&str, &str); 1] = [("CLAVIS_DIALECTS__BACKEND_PLUS__AUTO_ACTIVATE_NEW_USERS", "true")];

/// What one thread was told before the connection broke off.
#[derive(Default)]
struct Told {
    registered: Vec<String>,
    registered_at_pluto: Vec<String>,
    /// The tokens of each chain in the order in which they were handed out.
    backend_plus: Vec<String>,
    pluto: Vec<String>,
    logged_in: Vec<Tokens>,
}

#[test]
fn sigkill_under_load_loses_no_write_that_was_answered() {
    let mut server = Server::with(&SETTINGS);
    let users: Vec<String> = (0..5).map(|_| address("user")).collect();
    for user in &users {
        server.backend_plus().register(user).expect(204);
    }
    let answered = AtomicUsize::new(0);
    let told: Vec<Told> = thread::scope(|scope| {
        let (server, answered) = (&server, &answered);
        let mut threads = Vec::new();
        for _ in 0..2 {
            threads.push(scope.spawn(move || register(server, answered)));
            threads.push(scope.spawn(move || register_at_pluto(server, answered)));
        }
        for user in &users[..2] {
            threads.push(scope.spawn(move || refresh(server, user, answered)));
        }
        for user in &users[2..4] {
            threads.push(scope.spawn(move || refresh_at_pluto(server, user, answered)));
        }
        let last = &users[4];
        threads.push(scope.spawn(move || log_in(server, last, answered)));
        let begun = Instant::now();
        while answered.load(Ordering::Relaxed) < WRITES && begun.elapsed() < Duration::from_mins(1) {
            thread::sleep(Duration::from_millis(5));
        }
        server.kill();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(
        answered.load(Ordering::Relaxed) >= WRITES,
        "too slow to show anything"
    );
    server.restart();

    // First, while the window makes up for a last answer that was lost on the way.
    for last in told.iter().filter_map(|told| told.backend_plus.last()) {
        server.backend_plus().refresh(last).expect(200);
    }
    // Pluto has no window: what was spent is spent.
    for (_, spent) in told.iter().filter_map(|told| told.pluto.split_last()) {
        for token in spent {
            server.pluto().refresh(token).expect(403);
        }
    }
    for tokens in told.iter().flat_map(|told| &told.logged_in) {
        server.backend_plus().refresh(&tokens.refresh).expect(200);
    }
    for address in told.iter().flat_map(|told| &told.registered) {
        server.backend_plus().try_log_in(address, PASSWORD).expect(200);
    }
    for address in told.iter().flat_map(|told| &told.registered_at_pluto) {
        // It is there, and awaits its verification.
        assert_eq!(
            server
                .pluto()
                .try_log_in(address, PASSWORD)
                .expect(403)
                .at("/error/code"),
            "2003"
        );
    }
}

#[test]
fn a_spent_tokens_successor_survives_sigkill() {
    let mut server = Server::with(&SETTINGS);
    let ann = address("ann");
    server.backend_plus().register(&ann).expect(204);
    let mut chain = vec![server.pluto().log_in(&ann).refresh];
    for _ in 0..10 {
        let next = Tokens::of_pluto(&server.pluto().refresh(&chain[chain.len() - 1])).refresh;
        chain.push(next);
    }
    server.kill();
    server.restart();
    let (last, spent) = chain.split_last().unwrap();
    for token in spent {
        server.pluto().refresh(token).expect(403);
    }
    server.pluto().refresh(last).expect(200);
}

fn register(server: &Server, answered: &AtomicUsize) -> Told {
    let mut told = Told::default();
    loop {
        let address = address("new");
        let body = serde_json::json!({ "email": address, "password": PASSWORD });
        let Ok(answer) = server.post("/auth/register").json(body).try_send() else {
            return told;
        };
        answer.expect(204);
        told.registered.push(address);
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

fn register_at_pluto(server: &Server, answered: &AtomicUsize) -> Told {
    let mut told = Told::default();
    loop {
        let address = address("new");
        let body = serde_json::json!({ "mail": address, "name": address, "password": PASSWORD });
        let Ok(answer) = server.post("/v1/register").json(body).try_send() else {
            return told;
        };
        answer.expect(200);
        told.registered_at_pluto.push(address);
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

fn refresh(server: &Server, user: &str, answered: &AtomicUsize) -> Told {
    let mut token = server.backend_plus().log_in(user).refresh;
    let mut told = Told {
        backend_plus: vec![token.clone()],
        ..Told::default()
    };
    loop {
        let request = server
            .post("/auth/token/refresh")
            .query(&[("refresh_token", &token)]);
        let Ok(answer) = request.try_send() else {
            return told;
        };
        token = Tokens::of_backend_plus(&answer).refresh;
        told.backend_plus.push(token.clone());
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

fn refresh_at_pluto(server: &Server, user: &str, answered: &AtomicUsize) -> Told {
    let mut token = server.pluto().log_in(user).refresh;
    let mut told = Told {
        pluto: vec![token.clone()],
        ..Told::default()
    };
    loop {
        let body = serde_json::json!({ "refresh_token": token, "app_id": "pluto" });
        let Ok(answer) = server.post("/v1/token/refresh").json(body).try_send() else {
            return told;
        };
        token = Tokens::of_pluto(&answer).refresh;
        told.pluto.push(token.clone());
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

fn log_in(server: &Server, user: &str, answered: &AtomicUsize) -> Told {
    let mut told = Told::default();
    loop {
        let body = serde_json::json!({ "email": user, "password": PASSWORD, "cookie": false });
        let Ok(answer) = server.post("/auth/login").json(body).try_send() else {
            return told;
        };
        told.logged_in.push(Tokens::of_backend_plus(&answer));
        answered.fetch_add(1, Ordering::Relaxed);
    }
}
