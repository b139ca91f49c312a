//! Sessions that back ends open for their users: the user's token is the session's secret and says nothing.

use chrono::Duration;
use clavis_identity::{Account, Accounts, Assurance, Sessions};
use clavis_kernel::{AccountId, Answer, Dialect, Secret, StoreError, TokenDigest};

use crate::api_client::opaque;
use crate::context::SessionStart;
use crate::log_in::{Checked, LogInError, usable};
use crate::{ApiClient, AuditAction, Flows};

/// A user's token before it is handed out, and how long its session lasts.
#[derive(Debug, Clone)]
pub struct OpaqueRequest {
    /// The token.
    pub token: Secret,
    /// How long it is good.
    pub lifetime: Duration,
}

impl OpaqueRequest {
    /// A new token: 256 random bits.
    pub fn generate(entropy: &dyn clavis_kernel::Entropy, lifetime: Duration) -> Self {
        Self {
            token: Secret::new(opaque(entropy)),
            lifetime,
        }
    }
}

impl Flows<'_> {
    /// The third step of a log-in through a back end: decides again on what holds now, counts a failure or opens a
    /// session.
    pub fn log_in_for_client(
        &self,
        client: &ApiClient,
        checked: &Checked,
        request: &OpaqueRequest,
    ) -> Answer<AccountId, LogInError> {
        let proven = match self.prove(checked, None)? {
            Ok(proven) => proven,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.open_opaque(&proven.account, proven.assurance, request)?;
        self.audit(Some(proven.account.id), proven.action)?;
        self.note_client(client, proven.account.id)?;
        Ok(Ok(proven.account.id))
    }

    /// Opens a session for a user on a back end's word alone. Nothing was proven, so it opens no other door and has no
    /// authority: a back end gives nobody what it does not have itself.
    pub fn vouch_for_client(
        &self,
        client: &ApiClient,
        account: AccountId,
        request: &OpaqueRequest,
    ) -> Answer<AccountId, LogInError> {
        let account = match usable(Accounts::find_for_update(self.ports, account)?) {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.open_opaque(&account, Assurance::Reduced, request)?;
        self.audit(Some(account.id), AuditAction::Impersonate)?;
        self.note_client(client, account.id)?;
        Ok(Ok(account.id))
    }

    /// Ends the session of a user's token; `false` when there was none in force.
    pub fn revoke_for_client(&self, client: &ApiClient, token: &Secret) -> Result<bool, StoreError> {
        let Some((session, account)) = self.ports.find_by_secret(&TokenDigest::of(token.expose()))? else {
            return Ok(false);
        };
        if session.through != Dialect::Sso
            || !session.is_live(self.now())
            || !Sessions::revoke(self.ports, session.id, self.now())?
        {
            return Ok(false);
        }
        self.audit(Some(account.id), AuditAction::LogOut)?;
        self.note_client(client, account.id)?;
        Ok(true)
    }

    fn open_opaque(
        &self,
        account: &Account,
        assurance: Assurance,
        request: &OpaqueRequest,
    ) -> Result<(), StoreError> {
        let application = self.application_of(self.caller.dialect)?;
        self.begin_session(
            account.id,
            SessionStart {
                assurance,
                application: Some(application.id),
                device: None,
                secret: Some(TokenDigest::of(request.token.expose())),
                delegation: None,
                lifetime: request.lifetime.min(self.limits.session_lifetime),
            },
        )?;
        self.ports.set_last_login(account.id, self.now())
    }
}
