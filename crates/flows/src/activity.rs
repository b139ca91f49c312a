//! What an account's owner reads of the trail.

use std::fmt;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, StoreError};

use crate::{
    AuditAction, AuditEntry, AuditFilter, AuditLog, AuditResult, BeginFactorError, CodeError, Direction,
    FactorError, Flows, LogInError, Page, PasswordChangeError, RecordedEntry, Slice,
};

/// Which of their entries somebody looks for: those for which everything holds that is given.
#[derive(Debug, Clone, Default)]
pub struct ActivityFilter {
    /// One of these; empty means none.
    pub actions: Vec<AuditAction>,
    /// Refused, or done.
    pub refused: Option<bool>,
    /// At or after this moment.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
}

/// Why something was refused, as far as an account's owner is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActivityRefusal {
    /// A wrong password, or one that was not looked at after too many wrong ones.
    WrongPassword,
    /// The account was not in use.
    NotActive,
    /// A code was needed and not there.
    CodeMissing,
    /// A wrong code, or one that was not looked at after too many wrong ones.
    CodeWrong,
    /// A second factor was in force already.
    FactorInForce,
    /// No second factor was in force.
    NoFactor,
    /// For a reason that is told as it was noted.
    Noted(String),
}

impl ActivityRefusal {
    /// Why the entry was refused; `None` when it was done.
    pub fn of(entry: &AuditEntry) -> Option<Self> {
        let AuditResult::Refused(reason) = &entry.result else {
            return None;
        };
        let is =
            |refusals: &[&dyn fmt::Display]| refusals.iter().any(|refusal| refusal.to_string() == *reason);
        Some(
            if is(&[
                &LogInError::WrongPassword,
                &LogInError::LockedOut,
                &PasswordChangeError::WrongPassword,
            ]) {
                Self::WrongPassword
            } else if is(&[
                &LogInError::NotActivated,
                &LogInError::Suspended,
                &LogInError::UnknownAccount,
            ]) {
                Self::NotActive
            } else if is(&[
                &LogInError::SecondFactorMissing,
                &LogInError::SecondFactorUnsupported,
            ]) {
                Self::CodeMissing
            } else if is(&[
                &LogInError::SecondFactorWrong,
                &FactorError::NotBegun,
                &CodeError::Wrong,
                &CodeError::LockedOut,
            ]) {
                Self::CodeWrong
            } else if is(&[&BeginFactorError::AlreadyEnabled, &FactorError::AlreadyEnabled]) {
                Self::FactorInForce
            } else if is(&[&FactorError::NotEnabled]) {
                Self::NoFactor
            } else {
                Self::Noted(reason.clone())
            },
        )
    }
}

impl Flows<'_> {
    /// What was done to an account by its owner, through every door. Not what programs without a name did, nor what
    /// somebody in authority did.
    pub fn activity(
        &self,
        account: AccountId,
        filter: &ActivityFilter,
        direction: Direction,
        slice: Slice,
    ) -> Result<Page<RecordedEntry>, StoreError> {
        if filter.actions.is_empty() {
            return Ok(Page {
                items: Vec::new(),
                total: 0,
            });
        }
        let filter = AuditFilter {
            account: Some(account),
            by_authority: Some(false),
            actions: filter.actions.clone(),
            refused: filter.refused,
            from: filter.from,
            to: filter.to,
            with_user_agent: true,
            ..AuditFilter::default()
        };
        AuditLog::page(self.ports, &filter, direction, slice)
    }
}
