use chrono::{DateTime, Utc};
use clavis_identity::{Account, TicketPurpose};
use clavis_kernel::{Email, Entropy, EntropyExt as _, Secret};
use clavis_tokens::{KeyError, KeyRing, TokenHeader};
use serde::Serialize;

use crate::dialects::barong::Barong;
use crate::dialects::barong::claims::{AUDIENCE, ISSUER, OWNER};
use crate::dialects::barong::error::BarongError;

/// What the token in a mail says, in the order in which it is written. It is good because its digest is known; what it
/// says is for clients to read.
#[derive(Serialize)]
struct MailClaims<'a> {
    iat: i64,
    exp: i64,
    sub: &'static str,
    iss: &'static str,
    aud: [&'static str; 2],
    jti: String,
    email: &'a str,
    uid: &'a str,
}

/// By which a token in a mail is told from others, and from those that open the API.
const fn subject(purpose: TicketPurpose) -> &'static str {
    match purpose {
        TicketPurpose::Activate | TicketPurpose::ActivateByClient => "confirmation",
        TicketPurpose::ResetPassword => "reset",
        TicketPurpose::ChangeEmail => "email",
        TicketPurpose::LogInByLink | TicketPurpose::RegisterByLink => "log_in",
    }
}

/// A token to be mailed.
pub(super) fn sign(
    purpose: TicketPurpose,
    account: &Account,
    address: &Email,
    (issued_at, expires_at): (DateTime<Utc>, DateTime<Utc>),
    ring: &KeyRing,
    entropy: &dyn Entropy,
) -> Result<Secret, KeyError> {
    let claims = MailClaims {
        iat: issued_at.timestamp(),
        exp: expires_at.timestamp(),
        sub: subject(purpose),
        iss: ISSUER,
        aud: AUDIENCE,
        jti: hex::encode(entropy.bytes::<10>()),
        email: address.as_str(),
        uid: account.uid.as_str(),
    };
    let payload = serde_json::to_vec(&claims).expect("claims are texts and numbers under text keys");
    ring.sign(OWNER, TokenHeader::Bare, &payload, issued_at)
        .map(Secret::new)
}

impl Barong {
    /// What is wrong with a token that is worth nothing: it is over, it was used or replaced, or it is none of ours.
    pub(in crate::dialects::barong) async fn bad_mail_token(
        &self,
        token: &Secret,
        purpose: TicketPurpose,
    ) -> BarongError {
        let Ok(signed) = self.app.verify(token.expose()).await else {
            return BarongError::MAIL_TOKEN_UNREADABLE;
        };
        if signed.owner != OWNER || signed.text("sub") != Some(subject(purpose)) {
            return BarongError::MAIL_TOKEN_UNREADABLE;
        }
        match signed.moment("exp") {
            Some(end) if end > self.app.clock.now() => BarongError::MAIL_TOKEN_SPENT,
            Some(_) => BarongError::MAIL_TOKEN_EXPIRED,
            None => BarongError::MAIL_TOKEN_UNREADABLE,
        }
    }
}
