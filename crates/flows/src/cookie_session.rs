//! Sessions whose bearer shows a secret in a cookie, at doors that hand out no refresh tokens.

use chrono::{DateTime, Duration, Utc};
use clavis_identity::{
    AccountState, Accounts, Identities, IdentityKey, PasswordCredentials, Session, Sessions, TicketPurpose,
    Tickets,
};
use clavis_kernel::{AccountId, Answer, Dialect, Email, Secret, StoreError, TokenDigest};

use crate::context::SessionStart;
use crate::log_in::{Candidate, Checked, LogInError, Proven};
use crate::{Arrival, ArrivalError, AuditAction, Flows, Person};

/// Who somebody that logs in by an address would be.
#[derive(Debug, Clone)]
pub enum Applicant {
    /// No account has the address.
    Nobody,
    /// The account may not be logged in to, whatever the password.
    Closed(AccountId, AccountState),
    /// The account has no password.
    WithoutPassword,
    /// The password is to be checked.
    Candidate(Candidate),
}

/// What a log-in is to give: the digest of the secret that goes into the cookie, and how the session lasts.
#[derive(Debug, Clone)]
pub struct CookieRequest {
    /// The digest of the new session's secret.
    pub secret: TokenDigest,
    /// How long the session lasts without a request.
    pub lifetime: Duration,
    /// The secret of the session that the client has shown, which ends: nobody goes on with a session that was
    /// there before they logged in.
    pub replaces: Option<TokenDigest>,
}

/// A session that is shown by a cookie, and who it belongs to.
#[derive(Debug, Clone)]
pub struct CookieSession {
    /// The session.
    pub session: Session,
    /// Whose.
    pub person: Person,
}

impl CookieSession {
    /// Until when the session is to last from now on, if that is worth noting: not before a quarter of its time
    /// went by, and never past the longest that a session lasts.
    pub fn extension(
        &self,
        now: DateTime<Utc>,
        lifetime: Duration,
        longest: Duration,
    ) -> Option<DateTime<Utc>> {
        extension(&self.session, now, lifetime, longest)
    }
}

fn extension(
    session: &Session,
    now: DateTime<Utc>,
    lifetime: Duration,
    longest: Duration,
) -> Option<DateTime<Utc>> {
    let end = (now + lifetime).min(session.created_at + longest);
    let gained = end - session.expires_at;
    (session.is_live(now) && gained > Duration::zero() && gained >= lifetime / 4).then_some(end)
}

impl Flows<'_> {
    /// The first step of a log-in, in a transaction that only reads.
    pub fn applicant(&self, address: &Email) -> Result<Applicant, StoreError> {
        let Some(identity) = Identities::find(self.ports, &IdentityKey::address(address))? else {
            return Ok(Applicant::Nobody);
        };
        let Some(account) = Accounts::find(self.ports, identity.account)? else {
            return Ok(Applicant::Nobody);
        };
        if account.state != AccountState::Active {
            return Ok(Applicant::Closed(account.id, account.state));
        }
        let credential = PasswordCredentials::find(self.ports, account.id)?;
        Ok(credential.map_or(Applicant::WithoutPassword, |credential| {
            Applicant::Candidate(Candidate {
                account: account.id,
                credential,
            })
        }))
    }

    /// Notes that somebody tried to log in to an account that is not in use.
    pub fn refuse_closed(&self, account: AccountId, state: AccountState) -> Result<(), StoreError> {
        let refusal = match state {
            AccountState::Pending => LogInError::NotActivated,
            AccountState::Locked | AccountState::Banned => LogInError::Suspended,
            AccountState::Deleted | AccountState::Withdrawn => LogInError::UnknownAccount,
            AccountState::Active => return Ok(()),
        };
        self.audit_refusal(Some(account), AuditAction::LogIn, refusal)
    }

    /// The third step of a log-in: decides again on what holds now, counts a failure or opens a session.
    pub fn log_in_with_cookie(
        &self,
        checked: &Checked,
        code: Option<&Secret>,
        request: &CookieRequest,
    ) -> Answer<CookieSession, LogInError> {
        match self.prove(checked, code)? {
            Ok(proven) => self.open_cookie_session(proven, request).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Opens a session for somebody who comes with a provider's word. `code` is what the client sent of a second factor.
    pub fn log_in_through_provider_with_cookie(
        &self,
        arrival: &Arrival,
        code: Option<&Secret>,
        request: &CookieRequest,
    ) -> Answer<CookieSession, ArrivalError> {
        match self.arrive(arrival, code)? {
            Ok(proven) => self.open_cookie_session(proven, request).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    fn open_cookie_session(
        &self,
        proven: Proven,
        request: &CookieRequest,
    ) -> Result<CookieSession, StoreError> {
        if let Some(replaced) = &request.replaces
            && let Some((session, _)) = self.ports.find_by_secret(replaced)?
        {
            Sessions::revoke(self.ports, session.id, self.now())?;
        }
        let application = self.application_of(self.caller.dialect)?;
        let session = self.begin_session(
            proven.account.id,
            SessionStart {
                assurance: proven.assurance,
                application: Some(application.id),
                device: None,
                secret: Some(request.secret),
                delegation: None,
                lifetime: request.lifetime.min(self.limits.session_lifetime),
            },
        )?;
        self.ports.set_last_login(proven.account.id, self.now())?;
        self.audit(Some(proven.account.id), proven.action)?;
        Ok(CookieSession {
            session,
            person: self.person_of(proven.account)?,
        })
    }

    /// The session of a cookie, in whatever state it and its account are; `None` when there is none.
    pub fn cookie_session(&self, secret: &TokenDigest) -> Result<Option<CookieSession>, StoreError> {
        let Some((session, account)) = self.ports.find_by_secret(secret)? else {
            return Ok(None);
        };
        if session.through != self.caller.dialect {
            return Ok(None);
        }
        Ok(Some(CookieSession {
            session,
            person: self.person_of(account)?,
        }))
    }

    /// Moves the end of a session that is in use; `false` when it was ended meanwhile.
    pub fn extend_cookie_session(&self, session: &Session, until: DateTime<Utc>) -> Result<bool, StoreError> {
        Sessions::extend(self.ports, session.id, until)
    }

    /// Ends the session of a cookie; `false` when there was none in force.
    pub fn log_out_cookie(&self, secret: &TokenDigest) -> Result<bool, StoreError> {
        let Some((session, account)) = self.ports.find_by_secret(secret)? else {
            return Ok(false);
        };
        if session.through != self.caller.dialect
            || !session.is_live(self.now())
            || !Sessions::revoke(self.ports, session.id, self.now())?
        {
            return Ok(false);
        }
        self.audit(Some(account.id), AuditAction::LogOut)?;
        Ok(true)
    }

    /// Notes that the holder of a reset ticket chose a password that the rules do not let through.
    pub fn refuse_reset(&self, ticket: &Secret, reason: &str) -> Result<(), StoreError> {
        let digest = TokenDigest::of(ticket.expose());
        match Tickets::find(self.ports, &digest, TicketPurpose::ResetPassword)? {
            Some(ticket) => self.audit_refusal(Some(ticket.account), AuditAction::ResetPassword, reason),
            None => Ok(()),
        }
    }

    /// Through which dialect a ticket was mailed; `None` when there is no such ticket.
    pub fn mailed_through(
        &self,
        ticket: &Secret,
        purpose: TicketPurpose,
    ) -> Result<Option<Dialect>, StoreError> {
        let digest = TokenDigest::of(ticket.expose());
        Ok(Tickets::find(self.ports, &digest, purpose)?.map(|ticket| ticket.through))
    }
}
