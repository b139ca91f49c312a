use chrono::{DateTime, Utc};
use clavis_identity::{Assurance, Sessions};
use clavis_kernel::{AccountId, AccountNumber, Answer, Dialect, SessionId, Uid};

/// Who is behind an access token, as the store says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The account.
    pub account: AccountId,
    /// Its number.
    pub number: AccountNumber,
    /// Its uid.
    pub uid: Uid,
    /// The session the token belongs to.
    pub session: SessionId,
    /// The door the session came through.
    pub through: Dialect,
    /// What was proven when it was opened.
    pub assurance: Assurance,
}

/// Why an access token opens nothing, although its signature is right and its time not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StandingError {
    /// Its session is unknown or ended.
    #[error("the session has ended")]
    SessionEnded,
    /// Its account may hold no tokens.
    #[error("the account is not active")]
    AccountNotActive,
}

/// Whether tokens of a session are worth anything at this moment. One look-up.
pub fn standing(
    sessions: &dyn Sessions,
    session: SessionId,
    now: DateTime<Utc>,
) -> Answer<Standing, StandingError> {
    let Some((session, account)) = sessions.find_with_account(session)? else {
        return Ok(Err(StandingError::SessionEnded));
    };
    if !session.is_live(now) {
        return Ok(Err(StandingError::SessionEnded));
    }
    if !account.state.may_hold_tokens() {
        return Ok(Err(StandingError::AccountNotActive));
    }
    Ok(Ok(Standing {
        account: account.id,
        number: account.number,
        uid: account.uid,
        session: session.id,
        through: session.through,
        assurance: session.assurance,
    }))
}
