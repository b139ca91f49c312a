use clavis_identity::{
    Account, AccountState, Accounts, Attributes, Identities, Identity, IdentityKey, Name, NewAccount,
    PasswordHash, TicketPurpose,
};
use clavis_kernel::{AccountId, Answer, Email, EntropyExt as _, StoreError, Uid};

use crate::{AuditAction, Flows, LetterKind};

/// A uid has forty random bits: at a million accounts one in a million is taken.
const UID_ATTEMPTS: usize = 8;

/// A new account, as a dialect asks for it. The password was hashed outside the transaction.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// The log-in address.
    pub address: Email,
    /// The log-in name, where the dialect has one.
    pub name: Option<Name>,
    /// How people will call the account.
    pub display_name: String,
    /// Free attributes.
    pub attributes: Attributes,
    /// A picture's address.
    pub avatar: Option<String>,
    /// The password's hash; `None` for an account that logs in otherwise.
    pub password: Option<PasswordHash>,
    /// Whether and how the account is to be activated.
    pub activation: Activation,
    /// The roles it gets in the application of this name; the first is its first choice.
    pub roles: Option<(String, Vec<String>)>,
}

/// How a new account becomes active. Being active proves no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// It is at once.
    AtOnce,
    /// By a ticket mailed to its address.
    ByMail,
    /// By an operator.
    ByOperator,
}

/// Why an account was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignUpError {
    /// The address is an account's.
    #[error("the address is taken")]
    AddressTaken,
    /// The address is that of an account not activated yet.
    #[error("the address is taken by an account that awaits activation")]
    AddressAwaitsActivation,
    /// The log-in name is an account's.
    #[error("the name is taken")]
    NameTaken,
}

impl Flows<'_> {
    /// Whether an account with this address and name could be made just now: to refuse before the work of
    /// hashing. [`Flows::sign_up`] decides.
    pub fn may_sign_up(&self, address: &Email, name: Option<&Name>) -> Answer<(), SignUpError> {
        if let Some(holder) = Identities::find(self.ports, &IdentityKey::address(address))? {
            return self.address_taken_by(holder.account).map(Err);
        }
        if let Some(name) = name
            && (Identities::find(self.ports, &IdentityKey::name(name))?.is_some()
                || self.is_strange_address(name, None, Some(address))?)
        {
            return Ok(Err(SignUpError::NameTaken));
        }
        Ok(Ok(()))
    }

    /// The account that somebody says has led them here; `None` when nobody may say so of it.
    pub fn referrer(&self, said: &Uid) -> Result<Option<Account>, StoreError> {
        let referrer = self.ports.find_by_uid(said)?;
        Ok(referrer.filter(|referrer| !referrer.state.is_gone()))
    }

    /// Makes an account with its identities, password and roles, and mails an activation where one is needed.
    pub fn sign_up(&self, command: &SignUp) -> Answer<Account, SignUpError> {
        if let Err(refusal) = self.may_sign_up(&command.address, command.name.as_ref())? {
            return Ok(Err(refusal));
        }
        let account = self.insert_account(command)?;
        let dialect = self.caller.dialect;
        if !self
            .ports
            .claim(&Identity::address(&command.address, account.id, dialect))?
        {
            return self.withdraw_sign_up(&account, SignUpError::AddressTaken);
        }
        if let Some(name) = &command.name
            && !self.ports.claim(&Identity::name(name, account.id, dialect))?
        {
            return self.withdraw_sign_up(&account, SignUpError::NameTaken);
        }
        if let Some(hash) = &command.password {
            self.ports.set(account.id, hash, self.now())?;
        }
        if let Some((application, roles)) = &command.roles {
            self.assign_roles(account.id, application, roles)?;
        }
        if command.activation == Activation::ByMail {
            self.mail_ticket(
                &account,
                TicketPurpose::Activate,
                LetterKind::Activation,
                &command.address,
            )?;
        }
        self.audit(Some(account.id), AuditAction::SignUp)?;
        Ok(Ok(account))
    }

    fn insert_account(&self, command: &SignUp) -> Result<Account, StoreError> {
        let state = if command.activation == Activation::AtOnce {
            AccountState::Active
        } else {
            AccountState::Pending
        };
        self.keep_account(NewAccount {
            avatar: command.avatar.clone(),
            attributes: command.attributes.clone(),
            ..self.blank_account(state, &command.display_name)
        })
    }

    /// An account as it is made through this door, with nothing but a name.
    pub(crate) fn blank_account(&self, state: AccountState, display_name: &str) -> NewAccount {
        let now = self.now();
        NewAccount {
            id: AccountId(self.entropy.uuid_v7(now)),
            uid: Uid::generate(self.entropy),
            state,
            display_name: display_name.to_owned(),
            contact: None,
            avatar: None,
            attributes: Attributes::new(),
            created_through: self.caller.dialect,
            created_at: now,
        }
    }

    /// Keeps a new account; when its uid is taken, with another.
    pub(crate) fn keep_account(&self, mut account: NewAccount) -> Result<Account, StoreError> {
        for _ in 0..UID_ATTEMPTS {
            if let Some(account) = Accounts::insert(self.ports, &account)? {
                return Ok(account);
            }
            account.uid = Uid::generate(self.entropy);
        }
        Err(StoreError::new("Accounts::insert", "no free uid was found"))
    }

    /// Somebody claimed the address or name between the look-up and the claim: what was made so far becomes a
    /// tombstone that holds nothing, since a refusal commits.
    fn withdraw_sign_up(&self, account: &Account, refusal: SignUpError) -> Answer<Account, SignUpError> {
        self.ports.release_all(account.id)?;
        self.ports
            .set_state(account.id, account.state, AccountState::Deleted, self.now())?;
        self.ports.erase(account.id, self.now())?;
        Ok(Err(refusal))
    }

    fn address_taken_by(&self, holder: AccountId) -> Result<SignUpError, StoreError> {
        let holder = Accounts::find(self.ports, holder)?;
        let pending = holder.is_some_and(|account| account.state == AccountState::Pending);
        Ok(if pending {
            SignUpError::AddressAwaitsActivation
        } else {
            SignUpError::AddressTaken
        })
    }

    pub(crate) fn assign_roles(
        &self,
        account: AccountId,
        application: &str,
        roles: &[String],
    ) -> Result<(), StoreError> {
        let Some(application) = self.ports.find_by_name(application)? else {
            return Err(StoreError::new(
                "Applications::find_by_name",
                "a dialect's own application is missing",
            ));
        };
        let ids: Result<Vec<_>, _> = roles
            .iter()
            .map(|name| self.ports.ensure_role(application.id, name).map(|role| role.id))
            .collect();
        self.ports.replace(account, application.id, &ids?)
    }
}
