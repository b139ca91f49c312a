//! Who administers, and whom they may touch.

use clavis_identity::{Account, Accounts, Assurance};
use clavis_kernel::{AccountId, Answer, Dialect, SessionId, StoreError, Uid};
use clavis_rbac::{Authority, Denied, Permission};

use super::AdministrationError;
use crate::authority::AUTHORITIES;
use crate::{AuditAction, Flows, SUPERADMIN_ROLE, standing};

impl Flows<'_> {
    /// Lets an account use an authority: the account must be in use now, the session behind the token, if there is
    /// one, must stand, and in it everything must have been proven. A refusal is in the trail.
    pub fn administrator<A: Authority>(
        &self,
        account: &Account,
        session: Option<SessionId>,
        assurance: Assurance,
    ) -> Answer<Permission<A>, Denied> {
        let proven = self.proven_now(account, session, assurance)?;
        let permission = match proven {
            Some(assurance) => self.authorize::<A>(account.id, assurance)?,
            None => Err(Denied),
        };
        if permission.is_err() {
            let reason = "nobody may who does not hold the scope";
            self.audit_refusal_by(None, Some(account.id), AuditAction::Denied, A::SCOPE, reason)?;
        }
        Ok(permission)
    }

    /// The scopes of Barong that an account may use, in the order there is; an account without any is denied, as by
    /// [`Flows::administrator`].
    pub fn abilities(
        &self,
        account: &Account,
        session: Option<SessionId>,
        assurance: Assurance,
    ) -> Answer<Vec<&'static str>, Denied> {
        let mut held = Vec::new();
        let proven = self.proven_now(account, session, assurance)?;
        if proven.is_some_and(Assurance::is_full) {
            for (application, scope) in AUTHORITIES {
                if *application == Dialect::Barong.name()
                    && self.ports.has_scope(account.id, application, scope)?
                {
                    held.push(*scope);
                }
            }
        }
        if held.is_empty() {
            self.audit_refusal(Some(account.id), AuditAction::Denied, Denied)?;
            return Ok(Err(Denied));
        }
        Ok(Ok(held))
    }

    /// What is proven at this moment; `None` where the account or the session is not in use.
    pub(crate) fn proven_now(
        &self,
        account: &Account,
        session: Option<SessionId>,
        assurance: Assurance,
    ) -> Result<Option<Assurance>, StoreError> {
        if !account.state.may_hold_tokens() {
            return Ok(None);
        }
        let Some(session) = session else {
            return Ok(Some(assurance));
        };
        let standing = standing(self.ports, session, self.now())?.ok();
        let standing = standing.filter(|standing| standing.account == account.id);
        Ok(standing.map(|standing| standing.assurance))
    }

    /// The account, locked, if this administrator may touch it: superadmins touch everybody but themselves, the others
    /// nobody who holds authority that they do not.
    pub(crate) fn administrable(&self, actor: AccountId, uid: &Uid) -> Answer<Account, AdministrationError> {
        match self.ports.find_by_uid(uid)? {
            Some(account) => self.administrable_id(actor, account.id),
            None => Ok(Err(AdministrationError::UnknownAccount)),
        }
    }

    /// As [`Flows::administrable`], by the id.
    pub(crate) fn administrable_id(
        &self,
        actor: AccountId,
        target: AccountId,
    ) -> Answer<Account, AdministrationError> {
        let Some(account) = Accounts::find_for_update(self.ports, target)? else {
            return Ok(Err(AdministrationError::UnknownAccount));
        };
        let refusal = if account.id == actor {
            AdministrationError::Oneself
        } else if self.is_superadmin(actor)? {
            return Ok(Ok(account));
        } else if self.is_superadmin(account.id)? {
            AdministrationError::Superadmin
        } else if self.holds_more(account.id, actor)? {
            AdministrationError::MoreThanOneself
        } else {
            return Ok(Ok(account));
        };
        self.note_presumption(actor, Some(account.id), refusal)?;
        Ok(Err(refusal))
    }

    pub(crate) fn is_superadmin(&self, account: AccountId) -> Result<bool, StoreError> {
        let roles = self.role_names(account, Dialect::Barong.name())?;
        Ok(roles.iter().any(|role| role == SUPERADMIN_ROLE))
    }

    /// Whether an account holds authority that another does not, at any door: whoever could change its address could
    /// reset its password, and would hold that authority too.
    fn holds_more(&self, account: AccountId, other: AccountId) -> Result<bool, StoreError> {
        for (application, scope) in AUTHORITIES {
            if self.ports.has_scope(account, application, scope)?
                && !self.ports.has_scope(other, application, scope)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
