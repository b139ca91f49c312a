//! Accounts that back ends make, change and remove, and what users change of their own without being asked for the
//! password again.

use std::fmt;
use std::str::FromStr;

use clavis_identity::{
    Account, AccountState, Accounts, Attributes, Identities, Identity, IdentityKey, PasswordHash,
    PersonNames, Ticket, TicketPurpose, Tickets,
};
use clavis_kernel::{AccountId, Answer, Email, Secret, StoreError, TokenDigest};

use crate::api_client::opaque;
use crate::{
    Activation, ActivationError, Agreement, ApiClient, AuditAction, Flows, Letter, LetterKind, OptIn,
    OptInKey, OptInSource, SignUp, SignUpError,
};

/// A given or family name.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName(String);

/// The text is no person's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 255 characters and no control characters")]
pub struct PersonNameError;

impl PersonName {
    /// As it was given, without surrounding blanks.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PersonName {
    type Err = PersonNameError;

    fn from_str(text: &str) -> Result<Self, PersonNameError> {
        let text = text.trim();
        let fits = (1..=255).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or(PersonNameError)
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(..)")
    }
}

/// A user that a back end makes.
#[derive(Debug, Clone)]
pub struct NewManagedUser {
    /// The log-in address.
    pub address: Email,
    /// The password's hash.
    pub password: PasswordHash,
    /// The given name.
    pub first_name: Option<PersonName>,
    /// The family name.
    pub last_name: Option<PersonName>,
    /// Active at once; else it awaits activation.
    pub active: bool,
}

/// What becomes of a name.
#[derive(Debug, Clone, Default)]
pub enum NameChange {
    /// It stays.
    #[default]
    Stays,
    /// It is taken away.
    Cleared,
    /// It becomes this.
    Set(PersonName),
}

impl NameChange {
    fn applied_to(&self, old: Option<&str>) -> Option<String> {
        match self {
            Self::Stays => old.map(str::to_owned),
            Self::Cleared => None,
            Self::Set(name) => Some(name.as_str().to_owned()),
        }
    }

    const fn changes(&self) -> bool {
        !matches!(self, Self::Stays)
    }
}

/// What is to be changed of a user; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// A new log-in address, which is not proven.
    pub address: Option<Email>,
    /// The hash of a new password.
    pub password: Option<PasswordHash>,
    /// The given name.
    pub first_name: NameChange,
    /// The family name.
    pub last_name: NameChange,
    /// Active, or locked.
    pub active: Option<bool>,
}

/// Why a user was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeUserError {
    /// No such user, or, of one's own account, it may not be used.
    #[error("no such user")]
    UnknownAccount,
    /// Somebody has the address.
    #[error("the address is taken")]
    AddressTaken,
    /// A back end lifts what a back end set, and no ban.
    #[error("the account was banned by an operator")]
    Banned,
}

/// What stands in the way of a change just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangeObstacle {
    /// Somebody else has the address.
    pub address_taken: bool,
    /// The account was banned, and is not to be activated by a back end.
    pub banned: bool,
}

impl Flows<'_> {
    /// Makes a user. Being active proves no address, and no mail is sent.
    pub fn create_user_for_client(
        &self,
        client: &ApiClient,
        user: &NewManagedUser,
    ) -> Answer<AccountId, SignUpError> {
        let names = [&user.first_name, &user.last_name].map(|name| name.as_ref().map(PersonName::as_str));
        let display_name: Vec<_> = names.iter().flatten().copied().collect();
        let command = SignUp {
            address: user.address.clone(),
            name: None,
            display_name: display_name.join(" "),
            attributes: Attributes::new(),
            avatar: None,
            password: Some(user.password.clone()),
            activation: if user.active {
                Activation::AtOnce
            } else {
                Activation::ByOperator
            },
            roles: None,
        };
        let account = match self.sign_up(&command)? {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if names.iter().any(Option::is_some) {
            let [first, last] = names.map(|name| name.map(str::to_owned));
            let names = PersonNames { first, last };
            self.ports.set_person_names(account.id, &names, self.now())?;
        }
        self.note_client(client, account.id)?;
        Ok(Ok(account.id))
    }

    /// Makes a user that awaits activation, notes what they agreed to once they are active, and returns the token by
    /// which the back end activates them. The mailed link, where one is asked for, holds another: it proves the address.
    pub fn register_user_for_client(
        &self,
        client: &ApiClient,
        user: &NewManagedUser,
        mailed: bool,
        opt_ins: &[(OptInKey, OptInSource)],
    ) -> Answer<Secret, SignUpError> {
        let id = match self.create_user_for_client(client, user)? {
            Ok(id) => id,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let now = self.now();
        let Some(account) = Accounts::find(self.ports, id)? else {
            return Err(StoreError::new("Accounts::find", "the account is gone"));
        };
        for (key, source) in opt_ins {
            self.keep_opt_in(&OptIn {
                account: id,
                key: key.clone(),
                agreement: Agreement::Default,
                source: source.clone(),
                awaits_activation: true,
                created_at: now,
            })?;
        }
        if mailed {
            let kind = LetterKind::Activation;
            self.mail_ticket(&account, TicketPurpose::Activate, kind, &user.address)?;
        }
        let secret = Secret::new(opaque(self.entropy));
        Tickets::insert(
            self.ports,
            &Ticket {
                digest: TokenDigest::of(secret.expose()),
                account: id,
                purpose: TicketPurpose::ActivateByClient,
                address: user.address.clone(),
                through: self.caller.dialect,
                issued_at: now,
                expires_at: now + self.door.ticket_lifetime,
                spent_at: None,
            },
        )?;
        Ok(Ok(secret))
    }

    /// Makes the pending account of such a token active. The back end vouches for nothing else.
    pub fn activate_for_client(&self, client: &ApiClient, token: &Secret) -> Answer<(), ActivationError> {
        const PURPOSE: TicketPurpose = TicketPurpose::ActivateByClient;
        let (now, digest) = (self.now(), TokenDigest::of(token.expose()));
        let Some(ticket) = Tickets::spend(self.ports, &digest, PURPOSE, now)? else {
            let known = Tickets::find(self.ports, &digest, PURPOSE)?;
            return Ok(Err(match known {
                Some(ticket) if ticket.spent_at.is_some() => ActivationError::AlreadyActive,
                Some(_) => ActivationError::Expired,
                None => ActivationError::Unknown,
            }));
        };
        let (from, to) = (AccountState::Pending, AccountState::Active);
        if !Accounts::set_state(self.ports, ticket.account, from, to, now)? {
            let account = Accounts::find(self.ports, ticket.account)?;
            let active = account.is_some_and(|account| account.state == AccountState::Active);
            return Ok(Err(if active {
                ActivationError::AlreadyActive
            } else {
                ActivationError::Unknown
            }));
        }
        self.audit(Some(ticket.account), AuditAction::Activate)?;
        self.note_client(client, ticket.account)?;
        Ok(Ok(()))
    }

    /// What would stand in the way of a change just now, all of it: to refuse before the work of hashing. `None` when
    /// there is no such user. The change itself decides.
    pub fn obstacles_to_change(
        &self,
        id: AccountId,
        address: Option<&Email>,
        active: Option<bool>,
    ) -> Result<Option<ChangeObstacle>, StoreError> {
        let Some(account) = Accounts::find(self.ports, id)?.filter(|account| !account.state.is_gone()) else {
            return Ok(None);
        };
        let holder = match address {
            Some(address) => Identities::find(self.ports, &IdentityKey::address(address))?,
            None => None,
        };
        Ok(Some(ChangeObstacle {
            address_taken: holder.is_some_and(|holder| holder.account != id),
            banned: active == Some(true) && account.state == AccountState::Banned,
        }))
    }

    /// Changes a user on a back end's word. All of it, or nothing.
    pub fn change_user_for_client(
        &self,
        client: &ApiClient,
        id: AccountId,
        change: &UserChange,
    ) -> Answer<(), ChangeUserError> {
        let account = Accounts::find_for_update(self.ports, id)?;
        let Some(account) = account.filter(|account| !account.state.is_gone()) else {
            return Ok(Err(ChangeUserError::UnknownAccount));
        };
        if let Err(refusal) = self.change_user(&account, change)? {
            return Ok(Err(refusal));
        }
        self.note_client(client, account.id)?;
        Ok(Ok(()))
    }

    /// Changes one's own account. Whether it is active is nobody's own choice.
    pub fn change_own_user(&self, id: AccountId, change: &UserChange) -> Answer<(), ChangeUserError> {
        let account = Accounts::find_for_update(self.ports, id)?;
        let Some(account) = account.filter(|account| account.state.may_hold_tokens()) else {
            return Ok(Err(ChangeUserError::UnknownAccount));
        };
        let change = UserChange {
            active: None,
            ..change.clone()
        };
        self.change_user(&account, &change)
    }

    /// Deletes a user on a back end's word, in whatever state: address and provider's subject are free again.
    pub fn delete_user_for_client(&self, client: &ApiClient, id: AccountId) -> Result<bool, StoreError> {
        let account = Accounts::find_for_update(self.ports, id)?;
        let Some(account) = account.filter(|account| !account.state.is_gone()) else {
            return Ok(false);
        };
        self.bury(&account)?;
        self.audit(Some(account.id), AuditAction::Delete)?;
        self.note_client(client, account.id)?;
        Ok(true)
    }

    /// What may be refused comes before the first write, since a refusal commits.
    fn change_user(&self, account: &Account, change: &UserChange) -> Answer<(), ChangeUserError> {
        let next = match (change.active, account.state) {
            (Some(true), AccountState::Banned) => {
                let refusal = ChangeUserError::Banned;
                self.audit_refusal(Some(account.id), AuditAction::SetState, refusal)?;
                return Ok(Err(refusal));
            }
            (Some(true), AccountState::Pending | AccountState::Locked) => Some(AccountState::Active),
            (Some(false), AccountState::Active) => Some(AccountState::Locked),
            // Nobody logs in to it as it is; whoever awaits activation goes on awaiting it.
            _ => None,
        };
        if let Some(address) = &change.address
            && !self.readdress(account, address)?
        {
            return Ok(Err(ChangeUserError::AddressTaken));
        }
        if change.first_name.changes() || change.last_name.changes() {
            let first = change.first_name.applied_to(account.first_name.as_deref());
            let last = change.last_name.applied_to(account.last_name.as_deref());
            let names = PersonNames { first, last };
            self.ports.set_person_names(account.id, &names, self.now())?;
            self.audit(Some(account.id), AuditAction::UpdateProfile)?;
        }
        if let Some(hash) = &change.password {
            self.set_password(account.id, hash, None)?;
            self.audit(Some(account.id), AuditAction::SetPassword)?;
        }
        if let Some(next) = next {
            self.change_state(account, next, None)?;
        }
        Ok(Ok(()))
    }

    /// Puts a new log-in address in the old one's place, and tells the old one; `false` when somebody else has it. One's
    /// own in another spelling is written anew and stays as proven as it was.
    fn readdress(&self, account: &Account, address: &Email) -> Result<bool, StoreError> {
        let view = self.view(account.clone())?;
        let key = IdentityKey::address(address);
        if let Some(own) = view.identities.iter().find(|identity| identity.key == key) {
            if own.value != address.as_str() {
                self.ports.release(&key, account.id)?;
                let anew = Identity::address(address, account.id, own.claimed_through);
                let kept = self.ports.claim(&Identity {
                    proven_at: own.proven_at,
                    ..anew
                })?;
                if !kept {
                    return Err(StoreError::conflict(
                        "Identities::claim",
                        "the address was just claimed",
                    ));
                }
                self.audit(Some(account.id), AuditAction::ChangeEmail)?;
            }
            return Ok(true);
        }
        let old = view.log_in_address();
        if !self.exchange_address(account, address)? {
            return Ok(false);
        }
        if let Some(old) = &old {
            self.enqueue(&self.door.letters.compose(&Letter {
                kind: LetterKind::EmailChanged,
                to: old,
                account,
                ticket: None,
            }))?;
        }
        self.audit(Some(account.id), AuditAction::ChangeEmail)?;
        Ok(true)
    }
}
