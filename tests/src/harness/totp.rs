//! An authenticator app.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use totp_lite::{Sha1, totp_custom};

use super::Answer;
use super::barong::Barong;
use super::doors::BackendPlus;

const STEP_SECONDS: u64 = 30;
/// A code of the step before may be past when it arrives, unless the present step still lasts this long.
const TO_ARRIVE: u64 = 6;

/// An authenticator app that was shown a secret. Codes of three steps are good at any moment, each once and in their
/// order, so that three are there without waiting.
pub(crate) struct Totp {
    secret: Vec<u8>,
    last: Cell<u64>,
}

impl Totp {
    /// Takes the secret out of the answer of `/otp/generate_qrcode`.
    #[track_caller]
    pub(crate) fn scan(answer: &Answer) -> Self {
        assert_eq!(answer.status(), 201, "{answer}");
        let url = url::Url::parse(&answer.at("/data/url")).expect("a URL");
        let secret = url.query_pairs().find(|(name, _)| name == "secret");
        let (_, secret) = secret.unwrap_or_else(|| panic!("no secret: {url}"));
        Self {
            secret: data_encoding::BASE32_NOPAD
                .decode(secret.as_bytes())
                .expect("base32"),
            last: Cell::new(0),
        }
    }

    /// Takes the secret as text.
    #[track_caller]
    pub(crate) fn of_base32(secret: &str) -> Self {
        Self {
            secret: data_encoding::BASE32_NOPAD
                .decode(secret.as_bytes())
                .expect("base32"),
            last: Cell::new(0),
        }
    }

    /// Waits until the present step lasts long enough for a few requests.
    pub(crate) fn settle() {
        let past = now() % STEP_SECONDS;
        if past >= STEP_SECONDS - TO_ARRIVE {
            thread::sleep(Duration::from_secs(STEP_SECONDS - past));
        }
    }

    /// The code of the present step, or of one so many steps later; it may have been used.
    pub(crate) fn code_at(&self, steps: i64) -> String {
        let present = now() / STEP_SECONDS;
        self.of(present.checked_add_signed(steps).expect("a time after 1970"))
    }

    /// A code that was not used before; waits where all that are good now were.
    pub(crate) fn code(&self) -> String {
        let step = loop {
            let seconds = now();
            let present = seconds / STEP_SECONDS;
            let past = seconds % STEP_SECONDS;
            let first = if past < STEP_SECONDS - TO_ARRIVE {
                present - 1
            } else {
                present
            };
            let next = first.max(self.last.get() + 1);
            if next <= present + 1 {
                break next;
            }
            thread::sleep(Duration::from_secs(STEP_SECONDS - past));
        };
        self.last.set(step);
        self.of(step)
    }

    /// The code that [`Totp::code`] gave last.
    pub(crate) fn same_code(&self) -> String {
        self.of(self.last.get())
    }

    /// A code that was never good and will not be during the test: of a step an hour ago.
    pub(crate) fn old_code(&self) -> String {
        let present = now() / STEP_SECONDS;
        let near: Vec<String> = (present - 2..=present + 20).map(|step| self.of(step)).collect();
        (1..100)
            .map(|back| self.of(present - 120 - back))
            .find(|code| !near.contains(code))
            .expect("one of many differs")
    }

    fn of(&self, step: u64) -> String {
        totp_custom::<Sha1>(STEP_SECONDS, 6, &self.secret, step * STEP_SECONDS)
    }
}

#[expect(clippy::disallowed_methods, reason = "an app has a clock of its own")]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a time after 1970").as_secs()
}

impl BackendPlus<'_> {
    /// A secret that waits to be confirmed.
    #[track_caller]
    pub(crate) fn generate_factor(self, access: &str) -> Totp {
        let request = self.server().post("/auth/mfa/generate").json(json!({}));
        Totp::of_base32(&request.bearer(access).send().expect(200).at("/otp_secret"))
    }

    /// Puts a second factor in force. The codes of this step and the one before are left for log-ins.
    #[track_caller]
    pub(crate) fn enable_factor(self, access: &str) -> Totp {
        let totp = self.generate_factor(access);
        Totp::settle();
        let body = json!({ "code": totp.code_at(-1) });
        let request = self.server().post("/auth/mfa/enable").json(body);
        request.bearer(access).send().expect(204);
        totp
    }
}

impl Barong<'_> {
    /// Puts a second factor in force, with the first of its codes.
    #[track_caller]
    pub(crate) fn enable_factor(self, access: &str) -> Totp {
        let totp = Totp::scan(&self.generate_qrcode(access));
        self.otp("enable", access, &totp.code()).expect(201);
        totp
    }

    pub(crate) fn generate_qrcode(self, access: &str) -> Answer {
        let server = self.server();
        server
            .post("/api/v2/resource/otp/generate_qrcode")
            .bearer(access)
            .send()
    }

    /// Shows a code to one of the endpoints below `/otp`.
    pub(crate) fn otp(self, endpoint: &str, access: &str, code: &str) -> Answer {
        let path = format!("/api/v2/resource/otp/{endpoint}");
        let body = json!({ "code": code });
        self.server().post(&path).bearer(access).json(body).send()
    }
}
