//! Log-ins at a door that asks for the second factor in a request of its own: whoever has shown everything else is given
//! a ticket, and shows the ticket and a code later.

use clavis_identity::{
    Account, AccountState, Accounts, Assurance, PasswordCredentials, PendingLogIn, PendingLogIns,
};
use clavis_kernel::{AccountId, Answer, EntropyExt as _, Secret, StoreError, TokenDigest};

use crate::log_in::{Checked, LogInError, SessionRequest, usable};
use crate::{Arrival, ArrivalError, AuditAction, CodeError, FactorPolicy, Flows, Grant};

/// How many wrong codes end a ticket: fewer than close the second factor, which is closed for its owner too.
const WRONG_CODES: u32 = 5;

/// What became of a log-in.
#[derive(Debug, Clone)]
pub enum Admission {
    /// A session was opened.
    Session(Box<Grant>),
    /// A second factor is awaited: with this ticket, a version-4 UUID.
    FactorAwaited(Secret),
}

/// Why a log-in that awaited its second factor was not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FinishLogInError {
    /// No such ticket, or it was used, replaced or tried too often, or the account changed since.
    #[error("the ticket is not valid")]
    Ticket,
    /// The account has no second factor any more.
    #[error("no second factor is in force")]
    NotEnabled,
    /// The account may not log in.
    #[error("the account is not active")]
    AccountNotActive,
    /// The code opened nothing.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// No application has that name.
    #[error("no such application")]
    UnknownApplication,
}

impl Flows<'_> {
    /// The third step of a log-in, as [`Flows::log_in`], where a second factor is shown in a request of its own.
    pub fn begin_log_in(&self, checked: &Checked, request: &SessionRequest) -> Answer<Admission, LogInError> {
        match self.prove_password(checked, AuditAction::LogIn)? {
            Ok(account) => self.admit(account, request, AuditAction::LogIn),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// A log-in of somebody the operator vouches for instead of a password. The second factor is asked for all the same,
    /// and the trail tells such sessions apart.
    pub fn impersonate(&self, account: AccountId, request: &SessionRequest) -> Answer<Admission, LogInError> {
        match usable(self.ports.find_for_update(account)?) {
            Ok(account) => self.admit(account, request, AuditAction::Impersonate),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// As [`Flows::log_in_through_provider`], where a second factor is shown in a request of its own. Until it was, a
    /// subject that nobody knows yet is not linked.
    pub fn begin_log_in_through_provider(
        &self,
        arrival: &Arrival,
        request: &SessionRequest,
    ) -> Answer<Admission, ArrivalError> {
        match self.log_in_through_provider(arrival, None, request)? {
            Ok(grant) => Ok(Ok(Admission::Session(Box::new(grant)))),
            Err(ArrivalError::LogIn(refusal @ LogInError::SecondFactorMissing)) => {
                let account = match self.account_at_provider(&arrival.who.subject)? {
                    Some(account) => Some(account),
                    None => match self.to_be_linked(arrival)? {
                        Ok(account) => account,
                        Err(refusal) => return Ok(Err(refusal)),
                    },
                };
                let Some(account) = account else {
                    return Ok(Err(refusal.into()));
                };
                self.await_second_factor(account.id, AuditAction::LogIn).map(Ok)
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Opens a session for somebody who has shown a first factor, or asks for the second.
    pub(crate) fn admit(
        &self,
        account: Account,
        request: &SessionRequest,
        action: AuditAction,
    ) -> Answer<Admission, LogInError> {
        let asks = matches!(self.door.second_factor, FactorPolicy::Ask(_));
        if asks && self.factor_in_force(account.id)?.is_some() {
            return self.await_second_factor(account.id, action).map(Ok);
        }
        let proven = match self.show_second_factor(account, None)? {
            Ok(proven) => proven,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let grant = self.open_session(&proven.account, proven.assurance, request, action)?;
        Ok(grant.map(|grant| Admission::Session(Box::new(grant))))
    }

    /// A ticket with which the second factor may be shown. It takes the place of an earlier one. The trail says what led
    /// to it.
    fn await_second_factor(&self, account: AccountId, after: AuditAction) -> Result<Admission, StoreError> {
        let now = self.now();
        let ticket = Secret::new(self.entropy.uuid_v4().to_string());
        let password = PasswordCredentials::find(self.ports, account)?;
        PendingLogIns::put(
            self.ports,
            &PendingLogIn {
                digest: TokenDigest::of(ticket.expose()),
                account,
                through: self.caller.dialect,
                password_version: password.map(|password| password.version),
                wrong_codes: 0,
                issued_at: now,
                expires_at: now + self.door.ticket_lifetime,
            },
        )?;
        let action = AuditAction::AwaitSecondFactor;
        self.audit_by(None, Some(account), action, after.name())?;
        Ok(Admission::FactorAwaited(ticket))
    }

    /// Opens the session that awaited this code. A wrong code leaves the ticket as good as it was, a few times.
    pub fn finish_log_in(
        &self,
        ticket: &Secret,
        code: &Secret,
        request: &SessionRequest,
    ) -> Answer<Grant, FinishLogInError> {
        let digest = TokenDigest::of(ticket.expose());
        let Some(account) = self.account_of_pending(&digest)? else {
            return Ok(Err(FinishLogInError::Ticket));
        };
        let Some(factor) = self.factor_in_force(account.id)? else {
            return Ok(Err(FinishLogInError::NotEnabled));
        };
        if account.state != AccountState::Active {
            return Ok(Err(FinishLogInError::AccountNotActive));
        }
        let action = AuditAction::LogInWithSecondFactor;
        let shown = self.show_code(&factor, code)?;
        self.note_code(account.id, action, shown)?;
        if let Err(refusal) = shown {
            if refusal == CodeError::Wrong {
                self.ports.count_wrong_code(&digest)?;
            }
            return Ok(Err(refusal.into()));
        }
        if !PendingLogIns::end(self.ports, &digest)? {
            return Err(StoreError::conflict(
                "PendingLogIns::end",
                "the ticket was used by a concurrent transaction",
            ));
        }
        let grant = self.open_session(&account, Assurance::Full, request, action)?;
        Ok(grant.map_err(|_| FinishLogInError::UnknownApplication))
    }

    /// The account, locked, of a ticket that is good still.
    fn account_of_pending(&self, digest: &TokenDigest) -> Result<Option<Account>, StoreError> {
        let Some(seen) = PendingLogIns::find(self.ports, digest)? else {
            return Ok(None);
        };
        let account = Accounts::find_for_update(self.ports, seen.account)?;
        // Looked at again behind the lock, where nobody else counts a wrong code.
        let pending = PendingLogIns::find(self.ports, digest)?;
        let (Some(account), Some(pending)) = (account, pending) else {
            return Ok(None);
        };
        let password = PasswordCredentials::find(self.ports, account.id)?;
        let is_good = pending.through == self.caller.dialect
            && self.now() < pending.expires_at
            && pending.wrong_codes < WRONG_CODES
            && pending.password_version == password.map(|password| password.version)
            && !account.state.is_gone();
        Ok(Some(account).filter(|_| is_good))
    }
}
