use std::sync::Arc;

use actix_web::http::header::HeaderValue;
use chrono::{DateTime, Duration, Utc};
use clavis_kernel::{AccountId, SessionId};

use crate::dialects::barong::claims::Claimant;
use crate::dialects::barong::error::BarongError;
use crate::dialects::barong::{Barong, claims};

/// The longest that one token is handed out again and again, in seconds.
const REUSED_FOR_SECONDS: i64 = 60;
/// Of its lifetime a token may have lost this part when it is handed out.
const PART_OF_LIFETIME: i32 = 10;

/// A token that was signed for somebody, to be handed out again while it says what is so. A copy costs nothing.
#[derive(Clone)]
pub(super) struct Token {
    header: HeaderValue,
    signed_at: DateTime<Utc>,
    account: AccountId,
    says: Arc<Statement>,
}

/// What a token says of who it is for that may change.
#[derive(PartialEq, Eq)]
struct Statement {
    uid: String,
    email: String,
    role: String,
    level: u8,
    state: &'static str,
}

impl Statement {
    fn of(claimant: &Claimant<'_>) -> Self {
        Self {
            uid: claimant.uid.to_owned(),
            email: claimant.email.clone(),
            role: claimant.role.to_owned(),
            level: claimant.level,
            state: claimant.state,
        }
    }
}

impl Token {
    /// As the value of `Authorization`.
    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// Who answers for what is done with it.
    pub(super) const fn account(&self) -> AccountId {
        self.account
    }

    /// In which role.
    pub(super) fn role(&self) -> &str {
        &self.says.role
    }
}

impl Barong {
    /// The token for somebody: the one from before if it still says what is so and is young enough, else a new one.
    pub(super) fn token_for(
        &self,
        claimant: &Claimant<'_>,
        account: AccountId,
        session: Option<SessionId>,
        before: Option<&Token>,
        now: DateTime<Utc>,
    ) -> Result<Token, BarongError> {
        let says = Statement::of(claimant);
        if let Some(token) = before
            && *token.says == says
            && (Duration::zero()..self.reused_for()).contains(&(now - token.signed_at))
        {
            return Ok(token.clone());
        }
        let ring = self.app.ring.get();
        let entropy = self.app.entropy.as_ref();
        let signed = claims::sign(claimant, session, self.access_lifetime, &ring, entropy, now)?;
        let mut header =
            HeaderValue::try_from(format!("Bearer {signed}")).map_err(|_| BarongError::INTERNAL)?;
        header.set_sensitive(true);
        Ok(Token {
            header,
            signed_at: now,
            account,
            says: Arc::new(says),
        })
    }

    fn reused_for(&self) -> Duration {
        Duration::seconds(REUSED_FOR_SECONDS).min(self.access_lifetime / PART_OF_LIFETIME)
    }
}
