//! The ways to log in to one account, and adding and removing them.

use clavis_identity::{
    Account, Assurance, Identities, Identity, IdentityKey, Provider, TicketPurpose, Tickets,
};
use clavis_kernel::{AccountId, Answer, Email, StoreError};
use clavis_kyc::{LabelKey, LabelScope};

use crate::email_change::EmailChangeRequestError;
use crate::labels::StateEffect;
use crate::{AccountView, AuditAction, Flows, Letter, LetterKind, ProviderAccount};

/// A way to log in, besides a log-in name with its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// By the log-in address.
    Address,
    /// On a provider's word.
    Provider(Provider),
}

/// Why a way to log in was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// The account may not log in.
    #[error("the account is not active")]
    AccountNotActive,
    /// The session was opened with less than the account asks for.
    #[error("the second factor was not shown")]
    ReducedSession,
    /// The account has one of this kind, or somebody has this very one.
    #[error("it is bound already")]
    AlreadyBound,
    /// Enough mails were sent lately.
    #[error("too many mails")]
    TooManyMails,
}

/// Why a way to log in was not removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnbindError {
    /// The account may not log in.
    #[error("the account is not active")]
    AccountNotActive,
    /// The session was opened with less than the account asks for.
    #[error("the second factor was not shown")]
    ReducedSession,
    /// The account has none of this kind.
    #[error("there is none of this kind")]
    NotBound,
    /// There is no other.
    #[error("it is the last one")]
    LastOne,
}

impl AccountView {
    /// The providers whose word opens the account, in the order in which they came to.
    pub fn providers(&self) -> Vec<Provider> {
        let subjects = self.identities.iter().filter_map(Identity::as_subject);
        subjects.map(|subject| subject.provider().clone()).collect()
    }

    /// The ways to log in: the address first, then those of these providers that the account has.
    pub fn bindings(&self, known: &[Provider]) -> Vec<Binding> {
        let address = self.log_in_address().map(|_| Binding::Address);
        let mut providers = self.providers();
        providers.retain(|provider| known.contains(provider));
        address
            .into_iter()
            .chain(providers.into_iter().map(Binding::Provider))
            .collect()
    }
}

impl Flows<'_> {
    /// Mails a ticket to the address that shall become the log-in address of an account that has none. Until somebody
    /// follows it the address is nobody's: who binds an address they do not receive mail at keeps nobody from it, and
    /// has nobody else let in to their account.
    pub fn bind_address(
        &self,
        account: AccountId,
        assurance: Assurance,
        address: &Email,
    ) -> Answer<(), BindError> {
        let view = match self.binder(account, assurance)? {
            Ok(view) => view,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if view.log_in_address().is_some() {
            return Ok(Err(BindError::AlreadyBound));
        }
        let asked = self.request_email_change(account, address)?;
        Ok(asked.map_err(|refusal| match refusal {
            EmailChangeRequestError::AddressTaken => BindError::AlreadyBound,
            EmailChangeRequestError::AccountNotActive => BindError::AccountNotActive,
            EmailChangeRequestError::TooManyMails => BindError::TooManyMails,
        }))
    }

    /// Lets a provider's word open an account from now on. Somebody logged in to the account and has just shown to be
    /// who the provider knows.
    pub fn bind_provider(
        &self,
        account: AccountId,
        assurance: Assurance,
        who: &ProviderAccount,
    ) -> Answer<(), BindError> {
        let view = match self.binder(account, assurance)? {
            Ok(view) => view,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let provider = who.subject.provider();
        if view.providers().contains(provider) {
            return Ok(Err(BindError::AlreadyBound));
        }
        let identity = Identity::subject(&who.subject, account, self.caller.dialect);
        if !self.ports.claim(&identity)? {
            return Ok(Err(BindError::AlreadyBound));
        }
        self.ports.touch(account, self.now())?;
        self.audit_by(None, Some(account), AuditAction::LinkProvider, provider.as_str())?;
        Ok(Ok(()))
    }

    /// Takes a way to log in from an account, unless it is the last of those that count: the address, and these
    /// providers.
    pub fn unbind(
        &self,
        account: AccountId,
        assurance: Assurance,
        binding: &Binding,
        known: &[Provider],
    ) -> Answer<(), UnbindError> {
        let view = match self.binder(account, assurance)? {
            Ok(view) => view,
            Err(BindError::ReducedSession) => return Ok(Err(UnbindError::ReducedSession)),
            Err(BindError::AccountNotActive | BindError::AlreadyBound | BindError::TooManyMails) => {
                return Ok(Err(UnbindError::AccountNotActive));
            }
        };
        let bindings = view.bindings(known);
        if !bindings.contains(binding) {
            return Ok(Err(UnbindError::NotBound));
        }
        if bindings.iter().all(|other| other == binding) {
            return Ok(Err(UnbindError::LastOne));
        }
        match binding {
            Binding::Address => self.give_up_address(&view)?,
            Binding::Provider(provider) => self.give_up_provider(&view, provider)?,
        }
        self.ports.touch(account, self.now())?;
        Ok(Ok(()))
    }

    /// The account whose ways to log in somebody changes; nobody else changes it meanwhile.
    fn binder(&self, account: AccountId, assurance: Assurance) -> Answer<AccountView, BindError> {
        // Whoever has not shown everything must not make themselves a way that asks for less.
        if !assurance.is_full() {
            return Ok(Err(BindError::ReducedSession));
        }
        let account: Option<Account> = self.ports.find_for_update(account)?;
        match account.filter(|account| account.state.may_hold_tokens()) {
            Some(account) => self.view(account).map(Ok),
            None => Ok(Err(BindError::AccountNotActive)),
        }
    }

    /// As an exchange of the address, for none; it is told the same way.
    fn give_up_address(&self, view: &AccountView) -> Result<(), StoreError> {
        let account = &view.account;
        let Some(old) = view.log_in_address() else {
            return Ok(());
        };
        self.release_address(&old, account.id)?;
        for purpose in [
            TicketPurpose::ResetPassword,
            TicketPurpose::Activate,
            TicketPurpose::ChangeEmail,
        ] {
            Tickets::discard(self.ports, account.id, purpose)?;
        }
        self.take_label(
            account.id,
            &LabelKey::EMAIL,
            LabelScope::Private,
            None,
            StateEffect::Stays,
        )?;
        let letter = Letter {
            kind: LetterKind::EmailChanged,
            to: &old,
            account,
            ticket: None,
        };
        self.enqueue(&self.door.letters.compose(&letter))?;
        self.audit(Some(account.id), AuditAction::RemoveAddress)
    }

    /// A provider's word opens the account no more.
    pub(crate) fn give_up_provider(&self, view: &AccountView, provider: &Provider) -> Result<(), StoreError> {
        let subjects = view.identities.iter().filter_map(Identity::as_subject);
        for subject in subjects.filter(|subject| subject.provider() == provider) {
            let key = IdentityKey::subject(&subject);
            Identities::release(self.ports, &key, view.account.id)?;
        }
        let id = Some(view.account.id);
        self.audit_by(None, id, AuditAction::UnlinkProvider, provider.as_str())
    }
}
