use clavis_identity::{
    Account, AccountState, Accounts, FailureCount, RecoveryCode, SecondFactor, SecondFactors, TotpSecret,
    TotpWindow,
};
use clavis_kernel::{AccountId, Answer, Secret, SessionId, StoreError};
use clavis_kyc::{LabelKey, LabelScope, LabelValue};
use clavis_tokens::{ApiKeyHolder, ApiKeys};

use crate::labels::StateEffect;
use crate::{AuditAction, Flows};

/// How a door takes codes that it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRules {
    /// Of which steps.
    pub window: TotpWindow,
    /// What uses a code up.
    pub used_up: UsedUp,
}

/// By what a code is used up. Nobody logs in with one that was, at any door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsedUp {
    /// By whatever it is shown for.
    Anywhere,
    /// By a log-in. The same code may put a second factor in force before and take it away after.
    AtLogIn,
}

/// What a door does when a log-in needs a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorPolicy {
    /// It asks for a code, and takes it by these rules.
    Ask(CodeRules),
    /// It cannot ask, and refuses.
    Refuse,
    /// It cannot ask, and opens a session of reduced assurance: one that opens no other door and has no authority.
    LetInReduced,
}

impl FactorPolicy {
    /// The steps of which a code is taken at this door.
    pub(crate) const fn window(self) -> TotpWindow {
        match self {
            Self::Ask(rules) => rules.window,
            Self::Refuse | Self::LetInReduced => TotpWindow::NEIGHBOURS,
        }
    }

    /// What uses a code up that is shown at this door.
    const fn used_up(self) -> UsedUp {
        match self {
            Self::Ask(rules) => rules.used_up,
            Self::Refuse | Self::LetInReduced => UsedUp::Anywhere,
        }
    }
}

/// Why a second factor was not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BeginFactorError {
    /// One is in force.
    #[error("a second factor is in force")]
    AlreadyEnabled,
    /// The account is gone, or may change nothing.
    #[error("the account may not change")]
    AccountClosed,
}

/// Why a code opened nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// It is not the code, or there is nothing to compare it with.
    #[error("wrong code")]
    Wrong,
    /// It was the code, and was used before.
    #[error("the code was already used")]
    Replayed,
    /// Too many wrong codes lately; told to nobody but the audit trail.
    #[error("locked after too many wrong codes")]
    LockedOut,
}

/// Why a second factor was not put in force, used or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FactorError {
    /// One is in force.
    #[error("a second factor is in force")]
    AlreadyEnabled,
    /// None is in force.
    #[error("no second factor is in force")]
    NotEnabled,
    /// No secret waits for a code of it.
    #[error("no second factor was begun")]
    NotBegun,
    /// The account is gone, or may change nothing.
    #[error("the account may not change")]
    AccountClosed,
    /// The code opened nothing.
    #[error(transparent)]
    Code(#[from] CodeError),
}

impl Flows<'_> {
    /// Whether log-ins to the account need a second factor.
    pub fn has_second_factor(&self, account: AccountId) -> Result<bool, StoreError> {
        Ok(SecondFactors::find(self.ports, account)?.is_some_and(|factor| factor.is_enabled()))
    }

    /// A new secret for an authenticator app, in place of one that waits; it is in force once a code of it was seen.
    pub fn begin_second_factor(&self, account: AccountId) -> Answer<TotpSecret, BeginFactorError> {
        let Some(account) = self.changeable(account)? else {
            return Ok(Err(BeginFactorError::AccountClosed));
        };
        if self.has_second_factor(account.id)? {
            let refusal = BeginFactorError::AlreadyEnabled;
            self.audit_refusal(Some(account.id), AuditAction::BeginSecondFactor, refusal)?;
            return Ok(Err(refusal));
        }
        let secret = TotpSecret::generate(self.entropy);
        let sealed = secret.seal(&self.keys.master, account.id, self.entropy);
        self.ports.put_pending(account.id, &sealed)?;
        self.audit(Some(account.id), AuditAction::BeginSecondFactor)?;
        Ok(Ok(secret))
    }

    /// Puts the secret that waits in force, for who shows a code of it. Every session ends but the one it was done from:
    /// the others were opened without it.
    pub fn enable_second_factor(
        &self,
        account: AccountId,
        session: Option<SessionId>,
        code: &Secret,
    ) -> Answer<(), FactorError> {
        let Some(account) = self.changeable(account)? else {
            return Ok(Err(FactorError::AccountClosed));
        };
        let factor = SecondFactors::find(self.ports, account.id)?;
        if factor.as_ref().is_some_and(SecondFactor::is_enabled) {
            let refusal = FactorError::AlreadyEnabled;
            self.audit_refusal(Some(account.id), AuditAction::EnableSecondFactor, refusal)?;
            return Ok(Err(refusal));
        }
        let Some(pending) = factor.as_ref().and_then(|factor| factor.pending.as_deref()) else {
            let refusal = FactorError::NotBegun;
            self.audit_refusal(Some(account.id), AuditAction::EnableSecondFactor, refusal)?;
            return Ok(Err(refusal));
        };
        let step = match self.step_shown(account.id, Some(pending), code)? {
            Ok(step) => step,
            Err(refusal) => {
                self.audit_refusal(Some(account.id), AuditAction::EnableSecondFactor, refusal)?;
                return Ok(Err(refusal.into()));
            }
        };
        if factor
            .and_then(|factor| factor.last_step)
            .is_some_and(|last| step <= last)
        {
            return self.replayed(account.id);
        }
        let newest_used = match self.door.second_factor.used_up() {
            UsedUp::Anywhere => step,
            // The code itself is left for the first log-in, those before it are not.
            UsedUp::AtLogIn => step - 1,
        };
        if !self.ports.enable(account.id, newest_used, self.now())? {
            return Err(StoreError::conflict(
                "SecondFactors::enable",
                "it was changed meanwhile",
            ));
        }
        self.ports.put_failures(account.id, None)?;
        self.set_private_label(account.id, LabelKey::OTP, LabelValue::ENABLED, None)?;
        self.end_sessions(account.id, session)?;
        self.ports.touch(account.id, self.now())?;
        self.audit(Some(account.id), AuditAction::EnableSecondFactor)?;
        Ok(Ok(()))
    }

    /// Looks at a code of the second factor in force, and uses it up. Only failures are noted.
    pub fn verify_second_factor(&self, account: AccountId, code: &Secret) -> Answer<(), FactorError> {
        self.prove_second_factor(account, code, AuditAction::VerifySecondFactor, Self::show_code)
    }

    /// Takes the second factor away, for who shows a code or a recovery code of it. What needed it stops: the keys of
    /// the account sign no more. Where only a log-in uses codes up, one that was used up for that is good for this still.
    pub fn disable_second_factor(&self, account: AccountId, code: &Secret) -> Answer<(), FactorError> {
        let action = AuditAction::DisableSecondFactor;
        let proven = match self.door.second_factor.used_up() {
            UsedUp::Anywhere => {
                self.prove_second_factor(account, code, action, Self::show_code_or_recovery_code)?
            }
            UsedUp::AtLogIn => self.prove_second_factor(account, code, action, |on, factor, code| {
                let step = on.step_shown(factor.account, factor.secret.as_deref(), code)?;
                Ok(step.map(drop))
            })?,
        };
        if proven.is_ok() {
            self.drop_second_factor(account, None)?;
        }
        Ok(proven)
    }

    /// Takes the second factor away without asking, on somebody's authority or an operator's.
    pub(crate) fn drop_second_factor(
        &self,
        account: AccountId,
        actor: Option<AccountId>,
    ) -> Result<(), StoreError> {
        SecondFactors::remove(self.ports, account)?;
        ApiKeys::deactivate_all(self.ports, ApiKeyHolder::account(account), self.now())?;
        let (key, scope) = (LabelKey::OTP, LabelScope::Private);
        self.take_label(account, &key, scope, actor, StateEffect::Stays)?;
        self.audit_by(actor, Some(account), AuditAction::DisableSecondFactor, "")
    }

    /// New recovery codes in place of those from before, for who shows a code. They are shown this once.
    pub fn create_recovery_codes(
        &self,
        account: AccountId,
        code: &Secret,
    ) -> Answer<Vec<RecoveryCode>, FactorError> {
        let action = AuditAction::CreateRecoveryCodes;
        if let Err(refusal) = self.prove_second_factor(account, code, action, Self::show_code)? {
            return Ok(Err(refusal));
        }
        let codes = RecoveryCode::generate_set(self.entropy);
        let digests: Vec<_> = codes
            .iter()
            .filter_map(|code| RecoveryCode::digest_of(code.as_secret().expose()))
            .collect();
        self.ports.put_recovery_codes(account, &digests)?;
        self.audit(Some(account), action)?;
        Ok(Ok(codes))
    }

    /// How many recovery codes an account has left.
    pub fn count_recovery_codes(&self, account: AccountId) -> Result<u64, StoreError> {
        SecondFactors::count_recovery_codes(self.ports, account)
    }

    /// What an owner who may change things shows of the second factor in force, looked at by `show`.
    fn prove_second_factor(
        &self,
        account: AccountId,
        code: &Secret,
        action: AuditAction,
        show: impl FnOnce(&Self, &SecondFactor, &Secret) -> Answer<(), CodeError>,
    ) -> Answer<(), FactorError> {
        if self.changeable(account)?.is_none() {
            return Ok(Err(FactorError::AccountClosed));
        }
        let Some(factor) = self.factor_in_force(account)? else {
            self.audit_refusal(Some(account), action, FactorError::NotEnabled)?;
            return Ok(Err(FactorError::NotEnabled));
        };
        let shown = show(self, &factor, code)?;
        self.note_code(account, action, shown)?;
        Ok(shown.map_err(FactorError::from))
    }

    /// The second factor in force.
    pub(crate) fn factor_in_force(&self, account: AccountId) -> Result<Option<SecondFactor>, StoreError> {
        Ok(SecondFactors::find(self.ports, account)?.filter(SecondFactor::is_enabled))
    }

    /// The one place where a code counts as right or wrong: wrong ones are counted, a right one is used up.
    pub(crate) fn show_code(&self, factor: &SecondFactor, code: &Secret) -> Answer<(), CodeError> {
        let step = match self.step_shown(factor.account, factor.secret.as_deref(), code)? {
            Ok(step) => step,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if self.ports.spend_step(factor.account, step)? {
            self.ports.put_failures(factor.account, None)?;
            Ok(Ok(()))
        } else {
            Ok(Err(CodeError::Replayed))
        }
    }

    /// As [`Flows::show_code`], and takes a recovery code as well.
    pub(crate) fn show_code_or_recovery_code(
        &self,
        factor: &SecondFactor,
        code: &Secret,
    ) -> Answer<(), CodeError> {
        let Some(digest) = RecoveryCode::digest_of(code.expose()) else {
            return self.show_code(factor, code);
        };
        if self.is_locked_out(factor.account)? {
            return Ok(Err(CodeError::LockedOut));
        }
        if !self
            .ports
            .spend_recovery_code(factor.account, &digest, self.now())?
        {
            self.count_wrong_code(factor.account)?;
            return Ok(Err(CodeError::Wrong));
        }
        self.audit(Some(factor.account), AuditAction::UseRecoveryCode)?;
        Ok(Ok(()))
    }

    /// The step of which a code of this sealed secret is shown; wrong ones are counted. The count ends with a code that
    /// is used up, not with one that is shown again: that one is nobody's proof.
    fn step_shown(&self, account: AccountId, sealed: Option<&[u8]>, code: &Secret) -> Answer<i64, CodeError> {
        let Some(sealed) = sealed else {
            return Ok(Err(CodeError::Wrong));
        };
        if self.is_locked_out(account)? {
            return Ok(Err(CodeError::LockedOut));
        }
        let secret = TotpSecret::open(sealed, &self.keys.master, account)
            .map_err(|error| StoreError::new("TotpSecret::open", error))?;
        let window = self.door.second_factor.window();
        let Some(step) = secret.step_of(code.expose(), self.now(), window) else {
            self.count_wrong_code(account)?;
            return Ok(Err(CodeError::Wrong));
        };
        Ok(Ok(step))
    }

    fn is_locked_out(&self, account: AccountId) -> Result<bool, StoreError> {
        // The lock is what makes the counting exact when codes are tried side by side.
        Accounts::find_for_update(self.ports, account)?;
        let failures = self.ports.failures(account)?;
        Ok(failures.is_some_and(|count| count.locks_out(self.now(), &self.limits.lockout)))
    }

    fn count_wrong_code(&self, account: AccountId) -> Result<(), StoreError> {
        let count = FailureCount::after_failure(
            self.ports.failures(account)?,
            account,
            self.now(),
            &self.limits.lockout,
        );
        self.ports.put_failures(account, Some(count))
    }

    fn replayed<T>(&self, account: AccountId) -> Answer<T, FactorError> {
        self.audit_refusal(
            Some(account),
            AuditAction::ReplaySecondFactor,
            CodeError::Replayed,
        )?;
        Ok(Err(CodeError::Replayed.into()))
    }

    /// Notes what came of a code: wrong ones under the action they were shown for, replayed ones apart.
    pub(crate) fn note_code(
        &self,
        account: AccountId,
        action: AuditAction,
        shown: Result<(), CodeError>,
    ) -> Result<(), StoreError> {
        match shown {
            Ok(()) => Ok(()),
            Err(CodeError::Replayed) => self.audit_refusal(
                Some(account),
                AuditAction::ReplaySecondFactor,
                CodeError::Replayed,
            ),
            Err(refusal @ (CodeError::Wrong | CodeError::LockedOut)) => {
                self.audit_refusal(Some(account), action, refusal)
            }
        }
    }

    /// The account, locked, if its owner may change things: one that is locked, banned or gone is only read.
    pub(crate) fn changeable(&self, account: AccountId) -> Result<Option<Account>, StoreError> {
        let account = Accounts::find_for_update(self.ports, account)?;
        Ok(account.filter(|account| matches!(account.state, AccountState::Pending | AccountState::Active)))
    }
}
