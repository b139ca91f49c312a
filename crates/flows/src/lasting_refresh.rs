//! Refresh tokens that are used many times, and access tokens that name no session.

use chrono::{DateTime, Duration, DurationRound as _, Utc};
use clavis_identity::{Account, Sessions};
use clavis_kernel::{Answer, StoreError};
use clavis_tokens::{RefreshError, RefreshTokenSecret, RefreshTokens};

use crate::{AccountCard, AuditAction, Flows};

/// Somebody who may be given an access token that names no session.
#[derive(Debug, Clone)]
pub struct Entitled {
    /// Who.
    pub card: AccountCard,
    /// From when on the token counts: a whole second, and none in which everything before it was ended.
    pub issued_at: DateTime<Utc>,
}

/// Why a refresh token that lasts was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LastingRefreshError {
    /// The token is good for nothing.
    #[error(transparent)]
    Token(#[from] RefreshError),
    /// The account may hold no tokens.
    #[error("the account is not active")]
    AccountNotActive,
}

impl Flows<'_> {
    /// Uses a refresh token without spending it: it ends when it would have ended, however often it is used.
    pub fn use_refresh_token(&self, presented: &RefreshTokenSecret) -> Answer<Entitled, LastingRefreshError> {
        let refused = |refusal: RefreshError| Ok(Err(refusal.into()));
        let Some(token) = RefreshTokens::find(self.ports, &presented.digest())? else {
            return refused(RefreshError::Unknown);
        };
        if token.client.dialect != self.caller.dialect {
            return refused(RefreshError::WrongClient);
        }
        // Locked until the end: who ends everything meanwhile has done so, or waits.
        let Some(account) = self.ports.find_for_update(token.account)? else {
            return refused(RefreshError::Unknown);
        };
        let now = self.now();
        if token.expires_at <= now || token.family_expires_at <= now {
            return refused(RefreshError::Expired);
        }
        if !account.state.may_hold_tokens() {
            return Ok(Err(LastingRefreshError::AccountNotActive));
        }
        let live = Sessions::find_with_account(self.ports, token.family)?
            .is_some_and(|(session, _)| session.is_live(now));
        if !live || token.spent_at.is_some() {
            return refused(RefreshError::Revoked);
        }
        self.audit(Some(account.id), AuditAction::Refresh)?;
        self.entitle(account).map(Ok)
    }

    /// What an access token needs that names no session. The account was locked in this transaction.
    pub fn entitle(&self, account: Account) -> Result<Entitled, StoreError> {
        let issued_at = countable(self.now(), account.valid_after);
        Ok(Entitled {
            card: self.card_of(account)?,
            issued_at,
        })
    }
}

/// The whole second from which a token counts that is issued now, where everything before `valid_after` was ended: in
/// the second in which that happened tokens from before and after could not be told apart.
pub(crate) fn countable(now: DateTime<Utc>, valid_after: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let second = whole_second(now);
    match valid_after {
        Some(from) if second < from => next_whole_second(from),
        Some(_) | None => second,
    }
}

/// From when on tokens are worth something, when everything is ended now: later than any moment from which a token of
/// before can count.
pub(crate) fn ending_all(now: DateTime<Utc>, before: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let later = before.map(|before| next_whole_second(before) + Duration::microseconds(1));
    later.map_or(now, |later| now.max(later))
}

fn whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(Duration::seconds(1)).unwrap_or(at)
}

/// The first whole second that is not before the moment.
fn next_whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    let second = whole_second(at);
    if second < at {
        second + Duration::seconds(1)
    } else {
        second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(1_600_000_000_000_000 + micros).unwrap()
    }

    #[test]
    fn a_token_counts_from_its_second_or_the_next_one_when_everything_was_ended_in_it() {
        assert_eq!(countable(at(900_000), None), at(0));
        assert_eq!(countable(at(1_900_000), Some(at(500_000))), at(1_000_000));
        assert_eq!(countable(at(900_000), Some(at(500_000))), at(1_000_000));
        assert_eq!(countable(at(900_000), Some(at(0))), at(0), "to the second");
    }

    #[test]
    fn whatever_counts_is_ended_even_within_one_second() {
        let mut valid_after = None;
        for step in 0..40 {
            let issued = countable(at(step * 50_000), valid_after);
            let ended = ending_all(at(step * 50_000 + 10_000), valid_after);
            assert!(issued < ended, "step {step}: {issued} {ended}");
            assert!(countable(at(step * 50_000 + 20_000), Some(ended)) >= ended);
            valid_after = Some(ended);
        }
    }
}
