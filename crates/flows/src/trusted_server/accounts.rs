//! Accounts that servers make, bring along and change.

use clavis_identity::{Account, Attributes, PasswordHash, ProfileChange};
use clavis_kernel::{Answer, Dialect, Email, StoreError, Uid};
use clavis_kyc::{CheckedProfile, PhoneNumber, ProfileContent, Profiles, ReviewState};
use clavis_rbac::{Applications, Assignments};

use super::TrustedServer;
use crate::authority::BARONG_ROLES;
use crate::{Activation, AuditAction, Flows, Person, SignUp, SignUpError};

/// An account as another system kept it.
#[derive(Debug, Clone)]
pub struct ImportedPerson {
    /// Its log-in address.
    pub address: Email,
    /// The hash of its password.
    pub password: PasswordHash,
    /// Its phone, which counts as verified.
    pub phone: Option<PhoneNumber>,
    /// Who it belongs to.
    pub profile: Option<CheckedProfile>,
}

/// Why an account was not imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Somebody has the address.
    #[error("the address is taken")]
    AddressTaken,
    /// Somebody has verified the phone number.
    #[error("the phone number is taken")]
    PhoneTaken,
}

/// Why a server did not change an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServerChangeError {
    /// No such account.
    #[error("no such account")]
    UnknownAccount,
    /// The role is none of Barong's.
    #[error("no such role")]
    UnknownRole,
    /// The role, or the one that the account has, comes with authority over people: people give and take it.
    #[error("people give and take authority, not servers")]
    Authority,
}

impl Flows<'_> {
    /// A new account; it awaits activation by a label.
    pub fn sign_up_for_server(
        &self,
        server: &TrustedServer,
        address: &Email,
        password: PasswordHash,
    ) -> Answer<Person, SignUpError> {
        let command = SignUp {
            address: address.clone(),
            name: None,
            display_name: String::new(),
            attributes: Attributes::new(),
            avatar: None,
            password: Some(password),
            activation: Activation::ByOperator,
            roles: None,
        };
        let account = match self.sign_up(&command)? {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.note_server(server, account.id)?;
        self.person_of(account).map(Ok)
    }

    /// An account that another system kept: the phone counts as verified, the profile waits for a reviewer. All of it,
    /// or nothing.
    pub fn import_for_server(
        &self,
        server: &TrustedServer,
        imported: &ImportedPerson,
    ) -> Answer<Person, ImportError> {
        if let Some(number) = &imported.phone
            && self.ports.verified_holder(&self.phone_key(number))?.is_some()
        {
            return Ok(Err(ImportError::PhoneTaken));
        }
        let person = match self.sign_up_for_server(server, &imported.address, imported.password.clone())? {
            Ok(person) => person,
            Err(
                SignUpError::AddressTaken | SignUpError::AddressAwaitsActivation | SignUpError::NameTaken,
            ) => return Ok(Err(ImportError::AddressTaken)),
        };
        let account = person.account().id;
        if let Some(number) = &imported.phone {
            match self.keep_verified_phone(account, number)? {
                Ok(()) => {}
                // Looked at above, so it was verified in the meantime.
                Err(_) => {
                    return Err(StoreError::conflict(
                        "Phones::verify",
                        "the number was just verified",
                    ));
                }
            }
        }
        if let Some(profile) = &imported.profile {
            let content = ProfileContent {
                account,
                sealed: self.seal_profile(account, profile.fields()),
                country: profile.fields().country.clone(),
                metadata: None,
                author: account,
            };
            let kept = Profiles::insert(self.ports, &content, ReviewState::Pending, self.now())?;
            let detail = kept.id.to_string();
            self.audit_by(None, Some(account), AuditAction::SubmitProfile, &detail)?;
        }
        let person = self.person(account)?;
        person
            .map(Ok)
            .ok_or_else(|| StoreError::new("Accounts::find", "the account is gone"))
    }

    /// Sets role and free data of an account; what is left out stays.
    pub fn update_for_server(
        &self,
        server: &TrustedServer,
        uid: &Uid,
        role: Option<&str>,
        data: Option<(&str, &str)>,
    ) -> Answer<Person, ServerChangeError> {
        let Some(account) = self.served_account(uid)? else {
            return Ok(Err(ServerChangeError::UnknownAccount));
        };
        if let Some(role) = role
            && let Err(refusal) = self.set_harmless_role(&account, role)?
        {
            return Ok(Err(refusal));
        }
        if let Some((name, text)) = data {
            let change = ProfileChange {
                attributes: [(name.to_owned(), text.to_owned())].into(),
                ..ProfileChange::default()
            };
            self.ports.set_profile(account.id, &change, self.now())?;
            self.audit(Some(account.id), AuditAction::UpdateProfile)?;
        }
        if role.is_some() || data.is_some() {
            self.note_server(server, account.id)?;
        }
        let person = self.person(account.id)?;
        Ok(person.ok_or(ServerChangeError::UnknownAccount))
    }

    /// Gives a role that comes with no authority, in place of one that comes with none.
    fn set_harmless_role(&self, account: &Account, role: &str) -> Answer<(), ServerChangeError> {
        if !BARONG_ROLES.iter().any(|(known, _)| *known == role) {
            return Ok(Err(ServerChangeError::UnknownRole));
        }
        let application = self.application_of(Dialect::Barong)?;
        let role = Applications::ensure_role(self.ports, application.id, role)?;
        let held = Assignments::of_account(self.ports, account.id, application.id)?;
        let held = held.into_iter().map(|assigned| assigned.role);
        for role in held.chain([role.clone()]) {
            let scopes = self.ports.role_scopes(role.id)?;
            if scopes.is_some_and(|role| !role.scopes.is_empty()) {
                let refusal = ServerChangeError::Authority;
                self.audit_refusal(Some(account.id), AuditAction::SetRole, refusal)?;
                return Ok(Err(refusal));
            }
        }
        Assignments::replace(self.ports, account.id, application.id, &[role.id])?;
        self.ports.touch(account.id, self.now())?;
        self.audit_by(None, Some(account.id), AuditAction::SetRole, &role.name)?;
        Ok(Ok(()))
    }
}
