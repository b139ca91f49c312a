use clavis_identity::{
    Account, AccountState, Accounts, Assurance, FailureCount, Identities, IdentityKey, LoginFailures, Name,
    PasswordCredential, PasswordCredentials, PasswordHash, Verdict,
};
use clavis_kernel::{AccountId, Answer, Email, Secret};
use clavis_rbac::{Assignments, GrantedScopes};

use crate::context::SessionStart;
use crate::{AuditAction, CodeError, FactorPolicy, Flows, Grant};

/// By what somebody logs in.
#[derive(Debug, Clone)]
pub enum LoginName {
    /// A log-in address.
    Address(Email),
    /// A log-in name.
    Name(Name),
}

/// An account whose password is to be checked: the first of the three steps of a log-in.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Whose.
    pub account: AccountId,
    /// What to compare with, outside any transaction.
    pub credential: PasswordCredential,
}

/// A candidate whose password was checked: the second step.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Who.
    pub candidate: Candidate,
    /// What the comparison said.
    pub verdict: Verdict,
    /// A new hash of the same password, when the stored one is outdated.
    pub rehash: Option<PasswordHash>,
}

/// What a log-in is to give.
#[derive(Debug, Clone)]
pub struct SessionRequest {
    /// The application logged in to, by its name.
    pub application: String,
    /// What the client calls its device.
    pub device: Option<String>,
}

/// Why a log-in was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogInError {
    /// No account has this address or name, or only a tombstone.
    #[error("no such account")]
    UnknownAccount,
    /// The account awaits activation.
    #[error("the account is not activated")]
    NotActivated,
    /// An operator locked or banned the account.
    #[error("the account is suspended")]
    Suspended,
    /// The account has no password.
    #[error("the account has no password")]
    NoPassword,
    /// The password is another.
    #[error("wrong password")]
    WrongPassword,
    /// Too many wrong passwords lately; told to nobody but the audit trail.
    #[error("locked after too many failures")]
    LockedOut,
    /// No application has that name.
    #[error("no such application")]
    UnknownApplication,
    /// The password is right; a code is needed as well.
    #[error("a second factor is needed")]
    SecondFactorMissing,
    /// The password is right, the code is not.
    #[error("wrong second factor")]
    SecondFactorWrong,
    /// The password is right, and the code was used before.
    #[error("the code was already used")]
    SecondFactorReplayed,
    /// The password is right; a second factor is needed, and this door cannot ask for it.
    #[error("a second factor is needed that this door cannot ask for")]
    SecondFactorUnsupported,
}

/// Somebody who has proven what their account asks for.
pub(crate) struct Proven {
    /// Who.
    pub(crate) account: Account,
    /// Whether that was everything.
    pub(crate) assurance: Assurance,
    /// How the log-in stands in the audit trail.
    pub(crate) action: AuditAction,
}

impl Flows<'_> {
    /// The first step of a log-in, in a transaction that only reads: who it would be, and what to compare the
    /// password with.
    pub fn candidate(&self, login: &LoginName) -> Answer<Candidate, LogInError> {
        let key = match login {
            LoginName::Address(address) => IdentityKey::address(address),
            LoginName::Name(name) => IdentityKey::name(name),
        };
        let Some(identity) = Identities::find(self.ports, &key)? else {
            return Ok(Err(LogInError::UnknownAccount));
        };
        self.candidate_of(identity.account)
    }

    /// As [`Flows::candidate`], of an account that is known already.
    pub fn candidate_of(&self, account: AccountId) -> Answer<Candidate, LogInError> {
        let account = Accounts::find(self.ports, account)?;
        let account = match usable(account) {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let credential = PasswordCredentials::find(self.ports, account.id)?;
        Ok(credential
            .map(|credential| Candidate {
                account: account.id,
                credential,
            })
            .ok_or(LogInError::NoPassword))
    }

    /// The third step: decides again on what holds now, counts a failure or opens a session. `code` is what the client
    /// sent of a second factor, at a door that asks for one.
    pub fn log_in(
        &self,
        checked: &Checked,
        code: Option<&Secret>,
        request: &SessionRequest,
    ) -> Answer<Grant, LogInError> {
        let proven = match self.prove(checked, code)? {
            Ok(proven) => proven,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.open_session(&proven.account, proven.assurance, request, proven.action)
    }

    /// Password and, where the account has one, second factor: what every log-in at every door passes.
    pub(crate) fn prove(&self, checked: &Checked, code: Option<&Secret>) -> Answer<Proven, LogInError> {
        let account = match self.prove_password(checked, AuditAction::LogIn)? {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.show_second_factor(account, code)
    }

    /// The second factor of somebody who has shown a first one.
    pub(crate) fn show_second_factor(
        &self,
        account: Account,
        code: Option<&Secret>,
    ) -> Answer<Proven, LogInError> {
        let Some(factor) = self.factor_in_force(account.id)? else {
            return Ok(Ok(Proven {
                account,
                assurance: Assurance::Full,
                action: AuditAction::LogIn,
            }));
        };
        let action = AuditAction::LogInWithSecondFactor;
        let refusal = match (self.door.second_factor, code) {
            (FactorPolicy::LetInReduced, _) => {
                return Ok(Ok(Proven {
                    account,
                    assurance: Assurance::Reduced,
                    action: AuditAction::LogIn,
                }));
            }
            (FactorPolicy::Refuse, _) => LogInError::SecondFactorUnsupported,
            (FactorPolicy::Ask(_), None) => LogInError::SecondFactorMissing,
            (FactorPolicy::Ask(_), Some(code)) => match self.show_code_or_recovery_code(&factor, code)? {
                Ok(()) => {
                    return Ok(Ok(Proven {
                        account,
                        assurance: Assurance::Full,
                        action,
                    }));
                }
                Err(CodeError::Wrong | CodeError::LockedOut) => LogInError::SecondFactorWrong,
                Err(refusal @ CodeError::Replayed) => {
                    self.note_code(account.id, action, Err(refusal))?;
                    return Ok(Err(LogInError::SecondFactorReplayed));
                }
            },
        };
        self.audit_refusal(Some(account.id), action, refusal)?;
        Ok(Err(refusal))
    }

    /// Opens the first session of an account that was made active in this transaction.
    pub fn log_in_after_sign_up(
        &self,
        account: &Account,
        request: &SessionRequest,
    ) -> Answer<Grant, LogInError> {
        match usable(Some(account.clone())) {
            Ok(account) => self.open_session(&account, Assurance::Full, request, AuditAction::LogIn),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// The one place where a password counts as right or wrong, at every door. The comparison was made outside
    /// the transaction, so the account's state, its lockout and the credential's version are looked at again.
    pub(crate) fn prove_password(
        &self,
        checked: &Checked,
        action: AuditAction,
    ) -> Answer<Account, LogInError> {
        let now = self.now();
        let Candidate {
            account: id,
            credential,
        } = &checked.candidate;
        let account = match usable(self.ports.find_for_update(*id)?) {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let failures = LoginFailures::find(self.ports, *id)?;
        let policy = &self.limits.lockout;
        if failures.is_some_and(|count| count.locks_out(now, policy)) {
            self.audit_refusal(Some(*id), action, LogInError::LockedOut)?;
            return Ok(Err(LogInError::LockedOut));
        }
        let current = PasswordCredentials::find(self.ports, *id)?;
        let same_password = current.is_some_and(|current| current.version == credential.version);
        if !same_password || !checked.verdict.is_right() {
            LoginFailures::put(
                self.ports,
                &FailureCount::after_failure(failures, *id, now, policy),
            )?;
            self.audit_refusal(Some(*id), action, LogInError::WrongPassword)?;
            return Ok(Err(LogInError::WrongPassword));
        }
        if failures.is_some() {
            self.ports.clear(*id)?;
        }
        if let Some(hash) = &checked.rehash {
            self.ports.rehash(*id, credential.version, hash)?;
        }
        Ok(Ok(account))
    }

    /// A session, its first refresh token and what goes with them.
    pub(crate) fn open_session(
        &self,
        account: &Account,
        assurance: Assurance,
        request: &SessionRequest,
        action: AuditAction,
    ) -> Answer<Grant, LogInError> {
        let Some(application) = self.application(&request.application)? else {
            return Ok(Err(LogInError::UnknownApplication));
        };
        let roles = Assignments::of_account(self.ports, account.id, application.id)?;
        let role = self.effective_role(&application, &roles)?;
        // A session of less than full assurance has no authority.
        let scopes = GrantedScopes::at_login(role.as_ref().filter(|_| assurance.is_full()));
        let session = self.begin_session(
            account.id,
            SessionStart {
                assurance,
                application: Some(application.id),
                device: request.device.as_deref(),
                secret: None,
                delegation: None,
                lifetime: self.limits.session_lifetime,
            },
        )?;
        let refresh_token = self
            .tokens()
            .begin_family(session.id, &scopes.joined(), session.expires_at)?;
        self.ports.set_last_login(account.id, self.now())?;
        self.audit(Some(account.id), action)?;
        let account = self.view(account.clone())?;
        let roles = roles.into_iter().map(|assigned| assigned.role.name).collect();
        Ok(Ok(Grant {
            account,
            session: session.id,
            refresh_token,
            application,
            scopes,
            roles,
        }))
    }
}

/// The account, if its state lets anybody log in to it.
pub(crate) fn usable(account: Option<Account>) -> Result<Account, LogInError> {
    let account = account.ok_or(LogInError::UnknownAccount)?;
    match account.state {
        AccountState::Active => Ok(account),
        AccountState::Pending => Err(LogInError::NotActivated),
        AccountState::Locked | AccountState::Banned => Err(LogInError::Suspended),
        AccountState::Deleted | AccountState::Withdrawn => Err(LogInError::UnknownAccount),
    }
}
