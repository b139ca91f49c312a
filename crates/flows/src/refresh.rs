use clavis_identity::Sessions;
use clavis_kernel::{AccountId, Answer, Dialect, SessionId, StoreError};
use clavis_rbac::{Application, AssignedRole, Assignments, GrantedScopes, RoleScopes};
use clavis_tokens::{ClientBinding, IssuedRefreshToken, RefreshError, RefreshTokenSecret, RefreshTokens};

use crate::{AccountView, AuditAction, Flows};

/// The application to which nobody is admitted by a default role.
pub const ADMIN_APPLICATION: &str = "pluto";

/// What somebody was given by a log-in or a refresh: what a dialect shapes its tokens from.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Who.
    pub account: AccountView,
    /// The log-in it all comes from.
    pub session: SessionId,
    /// The refresh token to hand out.
    pub refresh_token: IssuedRefreshToken,
    /// The application logged in to.
    pub application: Application,
    /// The scopes granted.
    pub scopes: GrantedScopes,
    /// The names of the roles held in the application, the first choice first.
    pub roles: Vec<String>,
}

/// Why a refresh was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefreshFlowError {
    /// No application has that name.
    #[error("no such application")]
    UnknownApplication,
    /// The account may hold no tokens.
    #[error("the account is not active")]
    AccountNotActive,
    /// The token is not good for this.
    #[error(transparent)]
    Token(#[from] RefreshError),
}

impl Flows<'_> {
    /// Exchanges a refresh token for its successor, with the scopes asked for (comma-separated) as far as the
    /// account's role in the application has them now.
    pub fn refresh(
        &self,
        presented: &RefreshTokenSecret,
        application: &str,
        asked_scopes: &str,
    ) -> Answer<Grant, RefreshFlowError> {
        let Some(application) = self.application(application)? else {
            return Ok(Err(RefreshFlowError::UnknownApplication));
        };
        let client = ClientBinding {
            dialect: self.caller.dialect,
            application: Some(application.id),
            client: None,
        };
        let tokens = self.tokens();
        let token = match tokens.examine(presented, client)? {
            Ok(token) => token,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let Some((session, account)) = Sessions::find_with_account(self.ports, token.family)?
            .filter(|(_, account)| account.state.may_hold_tokens())
        else {
            return Ok(Err(RefreshFlowError::AccountNotActive));
        };
        let roles = Assignments::of_account(self.ports, account.id, application.id)?;
        let role = self.effective_role(&application, &roles)?;
        let role = role.filter(|_| session.assurance.is_full());
        let scopes = GrantedScopes::at_refresh(role.as_ref(), asked_scopes, &token.scopes);
        let rotation = match tokens.rotate(presented, &token, &scopes.joined())? {
            Ok(rotation) => rotation,
            Err(refusal) => {
                self.audit_refusal(Some(account.id), AuditAction::Refresh, refusal)?;
                return Ok(Err(refusal.into()));
            }
        };
        if !rotation.repeated {
            self.audit(Some(account.id), AuditAction::Refresh)?;
        }
        Ok(Ok(Grant {
            account: self.view(account)?,
            session: token.family,
            refresh_token: rotation.successor,
            application,
            scopes: GrantedScopes::from_joined(&rotation.scopes),
            roles: roles.into_iter().map(|assigned| assigned.role.name).collect(),
        }))
    }

    /// Ends the session that a refresh token comes from. Idempotent; an unknown token ends nothing. Returns
    /// whose it was when the token was good until now: a spent one ends its own session, and is no proof that
    /// its holder may end others.
    pub fn log_out(&self, presented: &RefreshTokenSecret) -> Result<Option<AccountId>, StoreError> {
        let Some(token) = RefreshTokens::find(self.ports, &presented.digest())? else {
            return Ok(None);
        };
        if token.client.dialect != self.caller.dialect || token.expires_at <= self.now() {
            return Ok(None);
        }
        let ended = self.ports.revoke_family(token.family, self.now())?;
        if ended {
            self.audit(Some(token.account), AuditAction::LogOut)?;
        }
        Ok((ended && token.spent_at.is_none()).then_some(token.account))
    }

    /// Ends every session of an account and returns how many there were.
    pub fn revoke_sessions(&self, account: AccountId) -> Result<usize, StoreError> {
        let ended = self.end_sessions(account, None)?;
        self.ports.end_all(account)?;
        self.audit(Some(account), AuditAction::RevokeAll)?;
        Ok(ended)
    }

    /// The application a client names. Another dialect's own is none of its.
    pub(crate) fn application(&self, name: &str) -> Result<Option<Application>, StoreError> {
        if self.is_another_dialects(name) {
            Ok(None)
        } else {
            self.ports.find_by_name(name)
        }
    }

    pub(crate) fn is_another_dialects(&self, application: &str) -> bool {
        Dialect::RESERVED_NAMES.contains(&application) && application != self.caller.dialect.name()
    }

    /// The role that counts in an application: the one held, else the application's default. In the application
    /// of administrators a default counts for nothing.
    pub(crate) fn effective_role(
        &self,
        application: &Application,
        held: &[AssignedRole],
    ) -> Result<Option<RoleScopes>, StoreError> {
        let default = application
            .default_role
            .filter(|_| application.name != ADMIN_APPLICATION);
        match held.first().map(|assigned| assigned.role.id).or(default) {
            Some(role) => self.ports.role_scopes(role),
            None => Ok(None),
        }
    }
}
