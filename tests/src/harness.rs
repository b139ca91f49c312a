//! A server of one's own, a client that hides nothing, and a mailbox.
//!
//! ```ignore
//! let server = Server::start();
//! let answer = server.post("/auth/login").json(json!({ "email": ann, "password": "wrong" })).send();
//! assert_snapshot!(answer, @r#"401 {"statusCode":401,…}"#);
//! ```

mod barong;
mod breaches;
mod database;
mod doors;
mod http;
mod jauth;
mod mail;
mod process;
mod rabbitmq;
mod s3;
mod server;
mod sms;
mod smtp;
mod texts;
mod totp;

pub(crate) mod jwt;
pub(crate) mod management;
#[expect(dead_code, reason = "the provider crate's own tests use the rest of it")]
pub(crate) mod providers;
pub(crate) mod sso;

pub(crate) use barong::{BARONG_PASSWORD, COOKIE as BARONG_COOKIE, Visit, bearer};
pub(crate) use breaches::BreachServer;
pub(crate) use doors::{Tokens, number};
pub(crate) use http::{Answer, Request};
pub(crate) use mail::Mail;
pub(crate) use process::Process;
pub(crate) use rabbitmq::{EventReader, RabbitMq};
pub(crate) use s3::S3Server;
pub(crate) use server::{Failure, Server, fails_to_start, fails_to_start_from_file, free_port};
pub(crate) use sms::{SmsGateway, SmsManner};
pub(crate) use smtp::SmtpSink;
pub(crate) use totp::Totp;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Good enough for every policy that is on by default.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A number that no other call in this process returns.
pub(crate) fn unique() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// An address that no other call in this process returns, as `ann7@example.org` for `ann`.
pub(crate) fn address(who: &str) -> String {
    format!("{who}{}@example.org", unique())
}

/// A log-in name that no other call in this process returns.
pub(crate) fn name(who: &str) -> String {
    format!("{who}{}", unique())
}

/// Whether something becomes true within a second: asked again and again, the last time when a second is over.
pub(crate) fn within_a_second(holds: impl FnMut() -> bool) -> bool {
    within(Duration::from_secs(1), holds)
}

/// As [`within_a_second`], within another time.
pub(crate) fn within(time: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        let last = begun.elapsed() >= time;
        if holds() {
            return true;
        }
        if last {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
