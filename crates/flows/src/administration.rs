//! What administrators do to accounts. Nobody does it to themselves, and nobody gives or takes what they do not have.

mod access;
mod dossiers;
mod labels;
mod reading;

use clavis_identity::{Account, AccountState, Identities, IdentityKey};
use clavis_kernel::{AccountId, Answer, Dialect, Email, StoreError, Uid};
use clavis_rbac::{Applications, Assignments, Permission};

use crate::authority::BARONG_ROLES;
use crate::{AuditAction, Flows, Letter, LetterKind, ManageAccounts, SUPERADMIN_ROLE};

pub use dossiers::{CaseFile, CorrectProfileError, EnterProfileError, Owned, WhichProfile};
pub use labels::{AdminLabelError, Existing, WantedLabel};
pub use reading::{AccountNumbers, Activities};

/// What an administrator changes of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountChange {
    /// Its state.
    State(AccountState),
    /// Whether log-ins need a second factor: it can only be taken away.
    SecondFactor(SecondFactorSwitch),
    /// Its log-in address; nobody has shown to receive mail there.
    Address(Email),
    /// Its role in the application `barong`.
    Role(String),
}

/// Which way a second factor is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactorSwitch {
    /// In force.
    On,
    /// Away.
    Off,
}

/// Why an account was not changed by an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdministrationError {
    /// No such account.
    #[error("no such account")]
    UnknownAccount,
    /// Administrators do not change themselves.
    #[error("administrators do not change themselves")]
    Oneself,
    /// Only a superadmin changes one, and makes one.
    #[error("only a superadmin changes a superadmin")]
    Superadmin,
    /// It is so already.
    #[error("it is so already")]
    Unchanged,
    /// Only its owner puts a second factor in force.
    #[error("only its owner puts a second factor in force")]
    EnablesFactor,
    /// A tombstone stays one.
    #[error("a deleted account stays so")]
    Gone,
    /// The role is none of Barong's.
    #[error("no such role")]
    UnknownRole,
    /// The account, or the role it is to have, holds authority that the administrator does not.
    #[error("nobody gives or takes authority that they do not have")]
    MoreThanOneself,
    /// Somebody else has the address.
    #[error("the address is taken")]
    AddressTaken,
}

impl Flows<'_> {
    /// Changes one thing of somebody else's account.
    pub fn administer(
        &self,
        permission: &Permission<ManageAccounts>,
        uid: &Uid,
        change: &AccountChange,
    ) -> Answer<(), AdministrationError> {
        let actor = permission.holder();
        let target = match self.administrable(actor, uid)? {
            Ok(target) => target,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let done = match change {
            AccountChange::State(state) => self.administer_state(actor, &target, *state)?,
            AccountChange::SecondFactor(switch) => self.administer_factor(actor, &target, *switch)?,
            AccountChange::Address(address) => self.administer_address(actor, &target, address)?,
            AccountChange::Role(role) => self.administer_role(actor, &target, role)?,
        };
        if let Err(refusal) = done {
            self.note_presumption(actor, Some(target.id), refusal)?;
        }
        Ok(done)
    }

    fn administer_state(
        &self,
        actor: AccountId,
        target: &Account,
        state: AccountState,
    ) -> Answer<(), AdministrationError> {
        if target.state == state {
            return Ok(Err(AdministrationError::Unchanged));
        }
        if !target.state.may_become(state) {
            return Ok(Err(AdministrationError::Gone));
        }
        self.change_state(target, state, Some(actor))?;
        Ok(Ok(()))
    }

    fn administer_factor(
        &self,
        actor: AccountId,
        target: &Account,
        switch: SecondFactorSwitch,
    ) -> Answer<(), AdministrationError> {
        let enabled = self.has_second_factor(target.id)?;
        match (switch, enabled) {
            (SecondFactorSwitch::Off, true) => {
                self.drop_second_factor(target.id, Some(actor))?;
                Ok(Ok(()))
            }
            (SecondFactorSwitch::On, false) => Ok(Err(AdministrationError::EnablesFactor)),
            (SecondFactorSwitch::Off, false) | (SecondFactorSwitch::On, true) => {
                Ok(Err(AdministrationError::Unchanged))
            }
        }
    }

    /// The old address is told, as whenever an address is replaced.
    fn administer_address(
        &self,
        actor: AccountId,
        target: &Account,
        address: &Email,
    ) -> Answer<(), AdministrationError> {
        if target.state.is_gone() {
            return Ok(Err(AdministrationError::Gone));
        }
        let holder = Identities::find(self.ports, &IdentityKey::address(address))?;
        match holder {
            Some(holder) if holder.account == target.id => {
                return Ok(Err(AdministrationError::Unchanged));
            }
            Some(_) => return Ok(Err(AdministrationError::AddressTaken)),
            None => {}
        }
        let old = self.view(target.clone())?.log_in_address();
        if !self.exchange_address(target, address)? {
            return Ok(Err(AdministrationError::AddressTaken));
        }
        if let Some(old) = &old {
            let letter = Letter {
                kind: LetterKind::EmailChanged,
                to: old,
                account: target,
                ticket: None,
            };
            self.enqueue(&self.door.letters.compose(&letter))?;
        }
        self.audit_by(Some(actor), Some(target.id), AuditAction::ChangeEmail, "")?;
        Ok(Ok(()))
    }

    fn administer_role(
        &self,
        actor: AccountId,
        target: &Account,
        role: &str,
    ) -> Answer<(), AdministrationError> {
        if target.state.is_gone() {
            return Ok(Err(AdministrationError::Gone));
        }
        if !BARONG_ROLES.iter().any(|(known, _)| *known == role) {
            return Ok(Err(AdministrationError::UnknownRole));
        }
        if self.role_name(target.id, Dialect::Barong.name())?.as_deref() == Some(role) {
            return Ok(Err(AdministrationError::Unchanged));
        }
        if role == SUPERADMIN_ROLE && !self.is_superadmin(actor)? {
            return Ok(Err(AdministrationError::Superadmin));
        }
        let application = self.application_of(Dialect::Barong)?;
        let role = Applications::ensure_role(self.ports, application.id, role)?;
        let Some(wanted) = self.ports.role_scopes(role.id)? else {
            return Ok(Err(AdministrationError::UnknownRole));
        };
        for scope in &wanted.scopes {
            if !self.ports.has_scope(actor, &application.name, &scope.name)? {
                return Ok(Err(AdministrationError::MoreThanOneself));
            }
        }
        Assignments::replace(self.ports, target.id, application.id, &[role.id])?;
        self.ports.touch(target.id, self.now())?;
        self.audit_by(Some(actor), Some(target.id), AuditAction::SetRole, &role.name)?;
        Ok(Ok(()))
    }

    /// Notes that an administrator tried what nobody of their kind may.
    fn note_presumption(
        &self,
        actor: AccountId,
        target: Option<AccountId>,
        refusal: AdministrationError,
    ) -> Result<(), StoreError> {
        if matches!(
            refusal,
            AdministrationError::Superadmin
                | AdministrationError::MoreThanOneself
                | AdministrationError::Oneself
        ) {
            self.audit_refusal_by(Some(actor), target, AuditAction::Denied, "", refusal)?;
        }
        Ok(())
    }
}
