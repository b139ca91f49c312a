use chrono::{DateTime, Utc};
use clavis_identity::{Account, Accounts, Assurance, Session, Sessions};
use clavis_kernel::{AccountId, AccountNumber, Answer, Dialect, OAuthClientId, SessionId, TokenDigest, Uid};

/// Who is behind an access token, as the store says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The account.
    pub account: AccountId,
    /// Its number.
    pub number: AccountNumber,
    /// Its uid.
    pub uid: Uid,
    /// The session the token belongs to; `None` for a token that names none.
    pub session: Option<SessionId>,
    /// The door it came through.
    pub through: Dialect,
    /// What was proven when it was opened.
    pub assurance: Assurance,
    /// The program in whose hands it is; `None` when it is in those of the account's holder.
    pub client: Option<OAuthClientId>,
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
    Ok(standing_in(sessions.find_with_account(session)?, now))
}

/// As [`standing`], of a session by the secret its bearer shows, whatever door it came through.
pub fn standing_by_secret(
    sessions: &dyn Sessions,
    secret: &TokenDigest,
    now: DateTime<Utc>,
) -> Answer<Standing, StandingError> {
    Ok(standing_in(sessions.find_by_secret(secret)?, now))
}

/// Whether a token of an account is worth anything that names no session and was issued, through this door, at that
/// moment. One look-up.
pub fn standing_of_account(
    accounts: &dyn Accounts,
    account: AccountId,
    through: Dialect,
    issued_at: DateTime<Utc>,
) -> Answer<Standing, StandingError> {
    let Some(account) = Accounts::find(accounts, account)? else {
        return Ok(Err(StandingError::SessionEnded));
    };
    if !account.state.may_hold_tokens() {
        return Ok(Err(StandingError::AccountNotActive));
    }
    if account.valid_after.is_some_and(|from| issued_at < from) {
        return Ok(Err(StandingError::SessionEnded));
    }
    Ok(Ok(Standing {
        account: account.id,
        number: account.number,
        uid: account.uid,
        session: None,
        through,
        assurance: Assurance::Full,
        client: None,
    }))
}

fn standing_in(found: Option<(Session, Account)>, now: DateTime<Utc>) -> Result<Standing, StandingError> {
    let (session, account) = found.ok_or(StandingError::SessionEnded)?;
    if !session.is_live(now) {
        return Err(StandingError::SessionEnded);
    }
    if !account.state.may_hold_tokens() {
        return Err(StandingError::AccountNotActive);
    }
    Ok(Standing {
        account: account.id,
        number: account.number,
        uid: account.uid,
        session: Some(session.id),
        through: session.through,
        assurance: session.assurance,
        client: session.delegation.map(|delegation| delegation.client),
    })
}
