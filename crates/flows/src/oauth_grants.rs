//! What programs are given of people's sessions, and what they show for it (RFC 6749 §4, §6).

use chrono::Duration;
use clavis_identity::{Account, Assurance, Delegation, Sessions};
use clavis_kernel::{AccountNumber, Answer, OAuthClientId, Secret, SessionId, StoreError};
use clavis_oauth::{AuthorizationCode, AuthorizationCodes, CodeChallenge, CodeSecret, OAuthClients};
use clavis_rbac::{Application, Applications, Assignments, GrantedScopes};
use clavis_tokens::{ClientBinding, IssuedRefreshToken, RefreshError, RefreshTokenSecret, RefreshTokens};

use crate::context::SessionStart;
use crate::{AuditAction, Checked, ClientError, Flows, LogInError, SessionRequest};

/// What tokens are shaped from that are given to a program, or set as a page's cookie.
#[derive(Debug, Clone)]
pub struct OAuthGrant {
    /// Whose session it is.
    pub account: AccountNumber,
    /// Which.
    pub session: SessionId,
    /// The name of the application it is an admission to.
    pub application: String,
    /// The scopes granted.
    pub scopes: GrantedScopes,
    /// By what it is refreshed, if it is.
    pub refresh_token: Option<IssuedRefreshToken>,
}

/// What a program shows to redeem a code.
#[derive(Debug, Clone)]
pub struct CodePresented {
    /// The code.
    pub code: CodeSecret,
    /// Where it says the code was sent.
    pub redirect_uri: String,
    /// What it promised to show.
    pub verifier: Option<Secret>,
    /// What it calls the device.
    pub device: String,
}

/// Why a code was not redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedeemCodeError {
    /// The program is not served.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Never issued, to another client, or worth nothing any more.
    #[error("no such code")]
    Unknown,
    /// It was redeemed before: what it was redeemed for is ended (RFC 6749 §4.1.2).
    #[error("the code was redeemed before")]
    Replayed,
    /// It was sent elsewhere.
    #[error("not where the code was sent")]
    WrongRedirectUri,
    /// Its time is over.
    #[error("the code has expired")]
    Expired,
    /// Not what was promised to be shown.
    #[error("wrong code verifier")]
    WrongVerifier,
}

/// Why a program got no session for a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DelegatedLogInError {
    /// The program is not served.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The log-in was refused.
    #[error(transparent)]
    LogIn(#[from] LogInError),
}

/// Why a program's refresh was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DelegatedRefreshError {
    /// The program is not served.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The token is not good for this.
    #[error(transparent)]
    Token(#[from] RefreshError),
    /// It is an admission to another application.
    #[error("the refresh token was issued for another application")]
    WrongApplication,
    /// The account may hold no tokens.
    #[error("the account is not active")]
    AccountNotActive,
}

/// How a session begins that somebody else opens, or a page.
pub(crate) struct Opening<'a> {
    /// What it will be called.
    pub(crate) id: SessionId,
    /// What was proven.
    pub(crate) assurance: Assurance,
    /// What the client calls its device.
    pub(crate) device: Option<&'a str>,
    /// In whose hands it is.
    pub(crate) delegation: Option<Delegation>,
    /// How long it lasts.
    pub(crate) lifetime: Duration,
    /// Whether there is a refresh token with it.
    pub(crate) refreshable: bool,
}

impl Flows<'_> {
    /// Whether a client may name this application.
    pub fn is_application(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.application(name)?.is_some())
    }

    /// The third step of a log-in on a page: a session of the person's own that ends by itself and is not refreshed.
    pub fn log_in_on_page(
        &self,
        checked: &Checked,
        application: &str,
        lifetime: Duration,
    ) -> Answer<OAuthGrant, LogInError> {
        let proven = match self.prove(checked, None)? {
            Ok(proven) => proven,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Some(application) = self.application(application)? else {
            return Ok(Err(LogInError::UnknownApplication));
        };
        let roles = Assignments::of_account(self.ports, proven.account.id, application.id)?;
        let role = self.effective_role(&application, &roles)?;
        let scopes = GrantedScopes::at_login(role.as_ref().filter(|_| proven.assurance.is_full()));
        let opening = Opening {
            id: self.next_session(),
            assurance: proven.assurance,
            device: None,
            delegation: None,
            lifetime,
            refreshable: false,
        };
        self.audit(Some(proven.account.id), proven.action)?;
        self.open(&proven.account, application, scopes, opening).map(Ok)
    }

    /// Redeems a code. It stays good until a program shows everything that belongs to it.
    pub fn redeem_code(
        &self,
        client: OAuthClientId,
        presented: &CodePresented,
    ) -> Answer<OAuthGrant, RedeemCodeError> {
        if let Err(refusal) = self.usable_client(client)? {
            return Ok(Err(refusal.into()));
        }
        let digest = presented.code.digest();
        let code = AuthorizationCodes::find(self.ports, &digest)?.filter(|code| code.client == client);
        let Some(code) = code else {
            return Ok(Err(RedeemCodeError::Unknown));
        };
        if code.spent_at.is_some() {
            return self.end_replayed(&code).map(Err);
        }
        if !code.redirect_uri.is(&presented.redirect_uri) {
            return Ok(Err(RedeemCodeError::WrongRedirectUri));
        }
        let now = self.now();
        // What was consented to before the client was decided upon last is over: it may have been denied in between.
        let decided_at = OAuthClients::find(self.ports, client)?.map(|client| client.updated_at);
        if code.expires_at <= now || decided_at.is_none_or(|decided_at| code.issued_at < decided_at) {
            return Ok(Err(RedeemCodeError::Expired));
        }
        if !CodeChallenge::is_met(code.challenge, presented.verifier.as_ref()) {
            let refusal = RedeemCodeError::WrongVerifier;
            self.audit_refusal(Some(code.account), AuditAction::Delegate, refusal)?;
            return Ok(Err(refusal));
        }
        let account = self.ports.find_for_update(code.account)?;
        let account = account.filter(|account| account.state.may_hold_tokens());
        let application = Applications::find(self.ports, code.application)?;
        let (Some(account), Some(application)) = (account, application) else {
            return Ok(Err(RedeemCodeError::Unknown));
        };
        let id = self.next_session();
        let Some(code) = AuthorizationCodes::spend(self.ports, &digest, id, now)? else {
            // Somebody was faster: another redeemer, or a change that ended the code.
            return match AuthorizationCodes::find(self.ports, &digest)? {
                Some(code) => self.end_replayed(&code).map(Err),
                None => Ok(Err(RedeemCodeError::Unknown)),
            };
        };
        let scopes = GrantedScopes::from_joined(&code.scopes);
        let opening = Opening {
            id,
            // Nobody consents who has shown less than their account asks for.
            assurance: Assurance::Full,
            device: Some(&presented.device),
            delegation: Some(Delegation {
                client,
                consented: Some(code.scopes),
            }),
            lifetime: self.limits.session_lifetime,
            refreshable: true,
        };
        self.audit(Some(account.id), AuditAction::Delegate)?;
        self.open(&account, application, scopes, opening).map(Ok)
    }

    /// A code shown twice is held by two parties, and one of them is a thief.
    fn end_replayed(&self, code: &AuthorizationCode) -> Result<RedeemCodeError, StoreError> {
        let refusal = RedeemCodeError::Replayed;
        if let Some(session) = code.session {
            Sessions::revoke(self.ports, session, self.now())?;
        }
        self.audit_refusal(Some(code.account), AuditAction::Delegate, refusal)?;
        Ok(refusal)
    }

    /// Gives a program a session for somebody's password, which was compared before, with the scopes asked for
    /// (comma-separated) as far as the account's role has them.
    pub fn log_in_for_program(
        &self,
        client: OAuthClientId,
        checked: &Checked,
        request: &SessionRequest,
        asked_scopes: &str,
    ) -> Answer<OAuthGrant, DelegatedLogInError> {
        if let Err(refusal) = self.usable_client(client)? {
            return Ok(Err(refusal.into()));
        }
        let proven = match self.prove(checked, None)? {
            Ok(proven) => proven,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let Some(application) = self.application(&request.application)? else {
            return Ok(Err(LogInError::UnknownApplication.into()));
        };
        let roles = Assignments::of_account(self.ports, proven.account.id, application.id)?;
        let role = self.effective_role(&application, &roles)?;
        let role = role.filter(|_| proven.assurance.is_full());
        let scopes = GrantedScopes::at_refresh(role.as_ref(), asked_scopes, "");
        let opening = Opening {
            id: self.next_session(),
            assurance: proven.assurance,
            device: request.device.as_deref(),
            delegation: Some(Delegation {
                client,
                consented: None,
            }),
            lifetime: self.limits.session_lifetime,
            refreshable: true,
        };
        self.audit(Some(proven.account.id), proven.action)?;
        self.open(&proven.account, application, scopes, opening).map(Ok)
    }

    /// As [`Flows::refresh`], of a session in a program's hands: whose it is comes before everything else, so that
    /// what one program does harms no other. Nothing is granted that its account's holder did not consent to.
    pub fn refresh_for_program(
        &self,
        client: OAuthClientId,
        presented: &RefreshTokenSecret,
        application: &str,
        asked_scopes: &str,
    ) -> Answer<OAuthGrant, DelegatedRefreshError> {
        let refused = |refusal: RefreshError| Ok(Err(refusal.into()));
        if let Err(refusal) = self.usable_client(client)? {
            return Ok(Err(refusal.into()));
        }
        let Some(found) = RefreshTokens::find(self.ports, &presented.digest())? else {
            return refused(RefreshError::Unknown);
        };
        if found.client.client != Some(client) {
            return refused(RefreshError::WrongClient);
        }
        let binding = ClientBinding {
            dialect: self.caller.dialect,
            ..found.client
        };
        let tokens = self.tokens();
        let token = match tokens.examine(presented, binding)? {
            Ok(token) => token,
            Err(refusal) => return refused(refusal),
        };
        let named = self.application(application)?;
        let Some(application) = named.filter(|named| Some(named.id) == token.client.application) else {
            return Ok(Err(DelegatedRefreshError::WrongApplication));
        };
        let Some((session, account)) = Sessions::find_with_account(self.ports, token.family)?
            .filter(|(_, account)| account.state.may_hold_tokens())
        else {
            return Ok(Err(DelegatedRefreshError::AccountNotActive));
        };
        let roles = Assignments::of_account(self.ports, account.id, application.id)?;
        let role = self.effective_role(&application, &roles)?;
        let role = role.filter(|_| session.assurance.is_full());
        let wanted = GrantedScopes::at_refresh(role.as_ref(), asked_scopes, &token.scopes);
        let consented = session.delegation.and_then(|delegation| delegation.consented);
        let scopes = within(wanted, consented.as_deref(), &token.scopes);
        let rotation = match tokens.rotate(presented, &token, &scopes.joined())? {
            Ok(rotation) => rotation,
            Err(refusal) => {
                self.audit_refusal(Some(account.id), AuditAction::Refresh, refusal)?;
                return refused(refusal);
            }
        };
        if !rotation.repeated {
            self.audit(Some(account.id), AuditAction::Refresh)?;
        }
        Ok(Ok(OAuthGrant {
            account: account.number,
            session: token.family,
            application: application.name,
            scopes: GrantedScopes::from_joined(&rotation.scopes),
            refresh_token: Some(rotation.successor),
        }))
    }

    pub(crate) fn open(
        &self,
        account: &Account,
        application: Application,
        scopes: GrantedScopes,
        opening: Opening<'_>,
    ) -> Result<OAuthGrant, StoreError> {
        let start = SessionStart {
            assurance: opening.assurance,
            application: Some(application.id),
            device: opening.device,
            secret: None,
            delegation: opening.delegation,
            lifetime: opening.lifetime.min(self.limits.session_lifetime),
        };
        let session = self.begin_session_as(opening.id, account.id, start)?;
        let refresh_token = if opening.refreshable {
            let tokens = self.tokens();
            Some(tokens.begin_family(session.id, &scopes.joined(), session.expires_at)?)
        } else {
            None
        };
        self.ports.set_last_login(account.id, self.now())?;
        Ok(OAuthGrant {
            account: account.number,
            session: session.id,
            application: application.name,
            scopes,
            refresh_token,
        })
    }
}

/// What is granted of what is wanted where somebody consented to some scopes only: if nothing, then what was granted
/// before, which they consented to.
fn within(wanted: GrantedScopes, consented: Option<&str>, before: &str) -> GrantedScopes {
    let Some(consented) = consented else {
        return wanted;
    };
    let consented = GrantedScopes::from_joined(consented);
    let names: Vec<_> = wanted
        .names()
        .iter()
        .filter(|name| consented.names().contains(name))
        .map(String::as_str)
        .collect();
    if names.is_empty() {
        GrantedScopes::from_joined(before)
    } else {
        GrantedScopes::from_joined(&names.join(","))
    }
}
