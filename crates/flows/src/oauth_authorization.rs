//! Whether somebody lets a program act in their place, and what the program gets for it (RFC 6749 §4.1, §4.2).

use chrono::Duration;
use clavis_identity::{Account, Delegation, Session, Sessions};
use clavis_kernel::{Answer, SessionId};
use clavis_oauth::{
    AuthorizationCode, AuthorizationCodes, CodeChallenge, CodeSecret, OAuthClient, RedirectUri,
};
use clavis_rbac::{Application, Applications, Assignments, GrantedScopes};

use crate::oauth_grants::Opening;
use crate::{AuditAction, Flows, OAuthGrant};

/// How long a code can be redeemed.
const CODE_LIFETIME: Duration = Duration::hours(1);

/// What a program asks for by sending somebody to us.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest {
    /// What the program calls itself.
    pub client: String,
    /// Where it wants them sent back to; without, where it registered.
    pub redirect_uri: Option<String>,
    /// The scopes it asks for, comma-separated.
    pub scopes: String,
}

/// What somebody is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which program asks.
    pub client: OAuthClient,
    /// Where they are sent back to.
    pub redirect_uri: RedirectUri,
    /// To what it is an admission.
    pub application: Application,
    /// What it would be allowed there.
    pub scopes: GrantedScopes,
    /// Who is asked.
    pub account: Account,
}

/// What somebody consented to.
#[derive(Debug, Clone, Copy)]
pub enum Consent {
    /// To give the program a code, which only who answers the challenge can redeem.
    Code(Option<CodeChallenge>),
    /// To give the program an access token that lives so long.
    Token(Duration),
}

/// Why nobody is asked, or their consent is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    /// They are not logged in any more.
    #[error("the session has ended")]
    SessionEnded,
    /// No client has this key.
    #[error("no such client")]
    UnknownClient,
    /// No administrator let the client in.
    #[error("the client is not approved")]
    ClientNotApproved,
    /// The client registered another address, or none.
    #[error("not the client's redirect URI")]
    WrongRedirectUri,
    /// They did not log in to an application that there is.
    #[error("no such application")]
    UnknownApplication,
    /// They proved less than their account asks for, and so cannot let others in.
    #[error("a second factor is needed")]
    SecondFactorMissing,
}

impl AuthorizationError {
    /// Whether the program may be told, at the address that it registered: it is known who asks (RFC 6749 §4.1.2.1).
    pub fn may_be_told(self) -> bool {
        match self {
            Self::UnknownApplication | Self::SecondFactorMissing => true,
            Self::SessionEnded | Self::UnknownClient | Self::ClientNotApproved | Self::WrongRedirectUri => {
                false
            }
        }
    }
}

/// What a program gets when somebody consented.
#[derive(Debug, Clone)]
pub enum Authorized {
    /// A code.
    Code(CodeSecret),
    /// What its access token is shaped from.
    Token(Box<OAuthGrant>),
}

impl Flows<'_> {
    /// Which client a request comes from and where its answer goes: what is known before anybody is asked anything.
    pub fn authorizing_client(
        &self,
        request: &AuthorizationRequest,
    ) -> Answer<(OAuthClient, RedirectUri), AuthorizationError> {
        let Some(client) = self.ports.find_by_key(&request.client)? else {
            return Ok(Err(AuthorizationError::UnknownClient));
        };
        if !client.is_approved() {
            return Ok(Err(AuthorizationError::ClientNotApproved));
        }
        let named = request.redirect_uri.as_deref();
        let registered = client.redirect_uri.clone();
        let agreed = registered.filter(|registered| named.is_none_or(|named| registered.is(named)));
        Ok(agreed
            .map(|uri| (client, uri))
            .ok_or(AuthorizationError::WrongRedirectUri))
    }

    /// What somebody logged in is to be asked.
    pub fn ask_for_consent(
        &self,
        session: SessionId,
        request: &AuthorizationRequest,
    ) -> Answer<Asked, AuthorizationError> {
        let found = Sessions::find_with_account(self.ports, session)?;
        let (session, account) = match self.consenting(found) {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.asked(&session, account, request)
    }

    /// What a program gets for the consent of somebody logged in. Everything is looked at again, with the account
    /// locked: who changes the password meanwhile has done so, or finds the code and ends it.
    pub fn consent(
        &self,
        session: SessionId,
        request: &AuthorizationRequest,
        consent: Consent,
    ) -> Answer<(RedirectUri, Authorized), AuthorizationError> {
        let Some((session, account)) = Sessions::find_with_account(self.ports, session)? else {
            return Ok(Err(AuthorizationError::SessionEnded));
        };
        self.ports.find_for_update(account.id)?;
        let found = Sessions::find_with_account(self.ports, session.id)?;
        let (session, account) = match self.consenting(found) {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let asked = match self.asked(&session, account, request)? {
            Ok(asked) => asked,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let key = asked.client.key.as_str();
        self.audit_by(None, Some(asked.account.id), AuditAction::Consent, key)?;
        let scopes = asked.scopes.joined();
        let authorized = match consent {
            Consent::Code(challenge) => {
                let code = CodeSecret::generate(self.entropy);
                let issued_at = self.now();
                AuthorizationCodes::insert(
                    self.ports,
                    &AuthorizationCode {
                        digest: code.digest(),
                        client: asked.client.id,
                        account: asked.account.id,
                        application: asked.application.id,
                        redirect_uri: asked.redirect_uri.clone(),
                        scopes,
                        challenge,
                        issued_at,
                        expires_at: issued_at + CODE_LIFETIME,
                        spent_at: None,
                        session: None,
                    },
                )?;
                Authorized::Code(code)
            }
            Consent::Token(lifetime) => {
                let delegation = Delegation {
                    client: asked.client.id,
                    consented: Some(scopes),
                };
                let opening = Opening {
                    id: self.next_session(),
                    assurance: session.assurance,
                    device: None,
                    delegation: Some(delegation),
                    lifetime,
                    refreshable: false,
                };
                let grant = self.open(&asked.account, asked.application, asked.scopes, opening)?;
                Authorized::Token(Box::new(grant))
            }
        };
        Ok(Ok((asked.redirect_uri, authorized)))
    }

    /// A session whose holder can let others in: their own, in force, with everything shown that their account asks for.
    fn consenting(
        &self,
        found: Option<(Session, Account)>,
    ) -> Result<(Session, Account), AuthorizationError> {
        let (session, account) = found.ok_or(AuthorizationError::SessionEnded)?;
        let live = session.is_live(self.now()) && account.state.may_hold_tokens();
        if live && session.delegation.is_none() {
            Ok((session, account))
        } else {
            Err(AuthorizationError::SessionEnded)
        }
    }

    fn asked(
        &self,
        session: &Session,
        account: Account,
        request: &AuthorizationRequest,
    ) -> Answer<Asked, AuthorizationError> {
        let (client, redirect_uri) = match self.authorizing_client(request)? {
            Ok(known) => known,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if !session.assurance.is_full() {
            return Ok(Err(AuthorizationError::SecondFactorMissing));
        }
        let application = match session.application {
            Some(id) => Applications::find(self.ports, id)?,
            None => None,
        };
        let Some(application) = application else {
            return Ok(Err(AuthorizationError::UnknownApplication));
        };
        let roles = Assignments::of_account(self.ports, account.id, application.id)?;
        let role = self.effective_role(&application, &roles)?;
        let scopes = GrantedScopes::at_refresh(role.as_ref(), &request.scopes, "");
        Ok(Ok(Asked {
            client,
            redirect_uri,
            application,
            scopes,
            account,
        }))
    }
}
