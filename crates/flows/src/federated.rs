//! Log-ins on a provider's word.

use chrono::{DateTime, Utc};
use clavis_identity::{
    Account, AccountState, Accounts, Assurance, Attributes, Identities, Identity, IdentityKey, Name,
    NewAccount, ProfileChange, ProviderJourneys, ProviderSubject,
};
use clavis_kernel::{Answer, Email, EntropyExt as _, Secret, StoreError, TokenDigest};

use crate::log_in::{LogInError, Proven, usable};
use crate::{AuditAction, Flows, Grant, ProviderAccount, SessionRequest};

/// Whether a provider's word opens an account that was made otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linking {
    /// Never: whoever the provider calls so is somebody of their own.
    Never,
    /// When the provider says that the address is verified, and it is the proven log-in address of an active account.
    /// Somebody unknown whose address is otherwise taken is refused: whoever typed it here first has not shown to be
    /// the same person.
    ProvenAddress,
}

/// How an account is made of somebody whom nobody knows yet.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// A log-in name to claim; when it is taken, with `_` and five random letters behind it.
    pub name: Option<Name>,
    /// How people will call the account.
    pub display_name: String,
    /// A picture's address.
    pub avatar: Option<String>,
    /// Free attributes.
    pub attributes: Attributes,
    /// Whether an address that the provider calls verified becomes the log-in address, if it is free.
    pub claims_address: bool,
    /// The roles it gets in the application of this name; the first is its first choice.
    pub roles: Option<(String, Vec<String>)>,
}

/// What a log-in changes of an account that is known already.
#[derive(Debug, Clone, Default)]
pub struct Returning {
    /// A log-in name in place of the one claimed through this door; made free as a newcomer's.
    pub name: Option<Name>,
    /// Whether the address that the provider tells becomes the contact address.
    pub takes_contact: bool,
}

/// Somebody who comes with a provider's word.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Who, as the provider says.
    pub who: ProviderAccount,
    /// Whether that opens accounts made otherwise.
    pub linking: Linking,
    /// How an account is made of somebody unknown; `None` refuses them.
    pub newcomer: Option<Newcomer>,
    /// What changes of somebody known.
    pub returning: Returning,
}

/// Why an arrival was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArrivalError {
    /// Nobody is known by this subject, and none is made.
    #[error("no account has this subject")]
    Unknown,
    /// Nobody is known by this subject, and the address that the provider tells is somebody's log-in address.
    #[error("the address is somebody else's")]
    AddressTaken,
    /// The log-in was refused as any other.
    #[error(transparent)]
    LogIn(LogInError),
}

/// How many random endings of a taken name are tried.
const NAME_ATTEMPTS: usize = 8;

impl From<LogInError> for ArrivalError {
    fn from(refusal: LogInError) -> Self {
        Self::LogIn(refusal)
    }
}

impl Flows<'_> {
    /// Ends the journey of a browser to a provider, named by the secret that it comes back with; `false` when it ended
    /// before. Whoever brings the same secret again is somebody else, or shows nothing new.
    pub fn end_provider_journey(
        &self,
        secret: &Secret,
        expires_at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        ProviderJourneys::end(self.ports, &TokenDigest::of(secret.expose()), expires_at)
    }

    /// Whose subject it is: an account in whatever state, but not a tombstone.
    pub fn account_at_provider(&self, subject: &ProviderSubject) -> Result<Option<Account>, StoreError> {
        let Some(identity) = Identities::find(self.ports, &IdentityKey::subject(subject))? else {
            return Ok(None);
        };
        let account = self.ports.find_for_update(identity.account)?;
        Ok(account.filter(|account| !account.state.is_gone()))
    }

    /// Opens a session for somebody who comes with a provider's word. `code` is what the client sent of a second
    /// factor, at a door that asks for one. A refusal leaves no new account behind.
    pub fn log_in_through_provider(
        &self,
        arrival: &Arrival,
        code: Option<&Secret>,
        request: &SessionRequest,
    ) -> Answer<Grant, ArrivalError> {
        if self.application(&request.application)?.is_none() {
            return Ok(Err(LogInError::UnknownApplication.into()));
        }
        let proven = match self.arrive(arrival, code)? {
            Ok(proven) => proven,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let grant = self.open_session(&proven.account, proven.assurance, request, proven.action)?;
        Ok(grant.map_err(ArrivalError::LogIn))
    }

    /// The active account of somebody who comes with a provider's word: known by the subject, linked, or made. Nothing is
    /// changed of an account before its second factor was shown.
    pub(crate) fn arrive(&self, arrival: &Arrival, code: Option<&Secret>) -> Answer<Proven, ArrivalError> {
        let (account, is_linked) = match self.account_at_provider(&arrival.who.subject)? {
            Some(account) => (Some(account), true),
            None => match self.to_be_linked(arrival)? {
                Ok(account) => (account, false),
                Err(refusal) => return Ok(Err(refusal)),
            },
        };
        let Some(account) = account else {
            let Some(newcomer) = &arrival.newcomer else {
                return Ok(Err(ArrivalError::Unknown));
            };
            return Ok(Ok(Proven {
                account: self.take_in(&arrival.who, newcomer)?,
                assurance: Assurance::Full,
                action: AuditAction::LogIn,
            }));
        };
        let account = match usable(Some(account)) {
            Ok(account) => account,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let proven = match self.show_second_factor(account, code)? {
            Ok(proven) => proven,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        if !is_linked {
            self.link(&proven.account, &arrival.who.subject)?;
        }
        Ok(Ok(Proven {
            account: self.welcome_back(proven.account, arrival)?,
            ..proven
        }))
    }

    /// The account that the provider's word opens although it was made otherwise.
    pub(crate) fn to_be_linked(&self, arrival: &Arrival) -> Answer<Option<Account>, ArrivalError> {
        let who = &arrival.who;
        let (Linking::ProvenAddress, Some(address)) = (arrival.linking, &who.address) else {
            return Ok(Ok(None));
        };
        let Some(identity) = Identities::find(self.ports, &IdentityKey::address(address))? else {
            return Ok(Ok(None));
        };
        let proven_on_both_sides = who.address_verified && identity.proven_at.is_some();
        let account = self.ports.find_for_update(identity.account)?;
        let account = account.filter(|account| proven_on_both_sides && account.state == AccountState::Active);
        // One of each provider: an address that was given to somebody else there does not open the account to them too.
        let has_another = match &account {
            Some(account) => self
                .view(account.clone())?
                .providers()
                .contains(who.subject.provider()),
            None => false,
        };
        let account = account.filter(|_| !has_another);
        if account.is_none() {
            let action = AuditAction::LinkProvider;
            self.audit_refusal(Some(identity.account), action, ArrivalError::AddressTaken)?;
        }
        Ok(account.map(Some).ok_or(ArrivalError::AddressTaken))
    }

    /// From now on the subject opens the account.
    fn link(&self, account: &Account, subject: &ProviderSubject) -> Result<(), StoreError> {
        self.claim_subject(account, subject)?;
        let (action, provider) = (AuditAction::LinkProvider, subject.provider().as_str());
        self.audit_by(None, Some(account.id), action, provider)
    }

    /// Makes an account of somebody whom nobody knows yet.
    pub(crate) fn take_in(&self, who: &ProviderAccount, newcomer: &Newcomer) -> Result<Account, StoreError> {
        let account = self.keep_account(NewAccount {
            contact: who.address.clone(),
            avatar: newcomer.avatar.clone(),
            attributes: newcomer.attributes.clone(),
            ..self.blank_account(AccountState::Active, &newcomer.display_name)
        })?;
        self.claim_subject(&account, &who.subject)?;
        let verified = who.address.as_ref().filter(|_| who.address_verified);
        if let Some(address) = verified.filter(|_| newcomer.claims_address) {
            let identity = Identity::address(address, account.id, self.caller.dialect);
            if self.ports.claim(&identity)? {
                self.prove_address_of(account.id, address)?;
            }
        }
        if let Some(name) = &newcomer.name {
            self.claim_some_name(&account, name)?;
        }
        if let Some((application, roles)) = &newcomer.roles {
            self.assign_roles(account.id, application, roles)?;
        }
        let provider = who.subject.provider().as_str();
        self.audit_by(None, Some(account.id), AuditAction::SignUp, provider)?;
        Ok(account)
    }

    fn welcome_back(&self, account: Account, arrival: &Arrival) -> Result<Account, StoreError> {
        let name = match &arrival.returning.name {
            Some(name) => self.take_name(&account, name)?,
            None => None,
        };
        let contact = arrival
            .who
            .address
            .clone()
            .filter(|_| arrival.returning.takes_contact)
            .filter(|address| account.contact.as_ref().map(Email::as_str) != Some(address.as_str()));
        if name.is_none() && contact.is_none() {
            return Ok(account);
        }
        let change = ProfileChange {
            display_name: name.map(|name| name.as_str().to_owned()),
            contact,
            ..ProfileChange::default()
        };
        self.ports.set_profile(account.id, &change, self.now())?;
        Ok(Accounts::find(self.ports, account.id)?.unwrap_or(account))
    }

    /// Puts a name in the place of the one claimed through this door; `None` when it is the same.
    fn take_name(&self, account: &Account, name: &Name) -> Result<Option<Name>, StoreError> {
        let view = self.view(account.clone())?;
        let old = view
            .name(self.caller.dialect)
            .and_then(|old| old.parse::<Name>().ok());
        if let Some(old) = old {
            if old.as_str() == name.as_str() || has_random_ending(&old, name) {
                return Ok(None);
            }
            self.ports.release(&IdentityKey::name(&old), account.id)?;
        }
        self.claim_some_name(account, name).map(Some)
    }

    fn claim_subject(&self, account: &Account, subject: &ProviderSubject) -> Result<(), StoreError> {
        let identity = Identity::subject(subject, account.id, self.caller.dialect);
        if self.ports.claim(&identity)? {
            return Ok(());
        }
        // Two first log-ins at once: the second, tried again, finds the account that the first has made.
        Err(StoreError::conflict(
            "Identities::claim",
            "the subject was claimed by a concurrent transaction",
        ))
    }

    /// Claims a name, or the name with a random ending when it is taken or reads like an address that is not theirs.
    fn claim_some_name(&self, account: &Account, wanted: &Name) -> Result<Name, StoreError> {
        let mut name = wanted.clone();
        for _ in 0..NAME_ATTEMPTS {
            let is_strange = self.is_strange_address(&name, Some(account.id), None)?;
            let identity = Identity::name(&name, account.id, self.caller.dialect);
            if !is_strange && self.ports.claim(&identity)? {
                return Ok(name);
            }
            name = self.with_random_ending(wanted);
        }
        Err(StoreError::new("Identities::claim", "no free name was found"))
    }

    /// The name with `_` and five letters behind it.
    fn with_random_ending(&self, name: &Name) -> Name {
        let ending: String = self
            .entropy
            .bytes::<5>()
            .iter()
            .map(|byte| char::from(b'a' + byte % 26))
            .collect();
        format!("{}_{ending}", stem(name))
            .parse()
            .unwrap_or_else(|_| name.clone())
    }
}

/// What is left of a name before a random ending: a name with an ending is a name still.
fn stem(name: &Name) -> String {
    name.as_str().chars().take(Name::MAX_CHARS - 6).collect()
}

/// Whether one name is the other with an ending of [`Flows::with_random_ending`].
fn has_random_ending(name: &Name, wanted: &Name) -> bool {
    name.as_str()
        .strip_prefix(&stem(wanted))
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|ending| ending.len() == 5 && ending.bytes().all(|byte| byte.is_ascii_lowercase()))
}
