//! Accounts of people who said nothing of themselves, and what becomes of them when they do.

use clavis_identity::{
    Account, AccountState, Accounts, Assurance, Identities, Identity, PasswordCredentials, ProfileChange,
    TicketPurpose,
};
use clavis_kernel::{AccountId, Answer, StoreError};

use crate::log_in::{LogInError, SessionRequest};
use crate::{Activation, AuditAction, Flows, Grant, LetterKind, SignUp, SignUpError};

/// How an account is called whose holder gave no name.
const ANONYMOUS_NAME: &str = "Anonymous user";

impl Flows<'_> {
    /// Makes an account that has one role and nothing to log in with, and opens its only session: one of reduced
    /// assurance, which opens no other door and has no authority, since nothing was proven.
    pub fn enter_anonymously(&self, role: &str, request: &SessionRequest) -> Answer<Grant, LogInError> {
        if self.application(&request.application)?.is_none() {
            return Ok(Err(LogInError::UnknownApplication));
        }
        let account = self.keep_account(self.blank_account(AccountState::Active, ANONYMOUS_NAME))?;
        self.assign_roles(account.id, &request.application, &[role.to_owned()])?;
        self.audit(Some(account.id), AuditAction::SignUp)?;
        self.open_session(&account, Assurance::Reduced, request, AuditAction::LogIn)
    }

    /// Makes an account; or, when it is asked for by the holder of an anonymous one, gives that one the address, the
    /// password, the roles and the name of the command. It keeps its id, and its sessions end: whoever is somebody now
    /// logs in as that.
    pub fn register(&self, anonymous: Option<AccountId>, command: &SignUp) -> Answer<Account, SignUpError> {
        let account = match anonymous {
            Some(account) => self.anonymous_account(account)?,
            None => None,
        };
        match account {
            Some(account) => self.upgrade(&account, command),
            None => self.sign_up(command),
        }
    }

    /// The account, locked, if it is in use and nobody can log in to it.
    fn anonymous_account(&self, account: AccountId) -> Result<Option<Account>, StoreError> {
        let account = self.ports.find_for_update(account)?;
        let Some(account) = account.filter(|account| account.state == AccountState::Active) else {
            return Ok(None);
        };
        let has_a_way_in = !Identities::of_account(self.ports, account.id)?.is_empty()
            || PasswordCredentials::find(self.ports, account.id)?.is_some();
        let is_of_this_door = account.created_through == self.caller.dialect;
        Ok(Some(account).filter(|_| is_of_this_door && !has_a_way_in))
    }

    fn upgrade(&self, account: &Account, command: &SignUp) -> Answer<Account, SignUpError> {
        if let Err(refusal) = self.may_sign_up(&command.address, None)? {
            return Ok(Err(refusal));
        }
        let (id, now) = (account.id, self.now());
        let identity = Identity::address(&command.address, id, self.caller.dialect);
        if !self.ports.claim(&identity)? {
            return Ok(Err(SignUpError::AddressTaken));
        }
        if let Some(hash) = &command.password {
            self.ports.set(id, hash, now)?;
        }
        if let Some((application, roles)) = &command.roles {
            self.assign_roles(id, application, roles)?;
        }
        let change = ProfileChange {
            display_name: Some(command.display_name.clone()),
            avatar: command.avatar.clone(),
            contact: None,
            attributes: command.attributes.clone(),
        };
        self.ports.set_profile(id, &change, now)?;
        self.end_sessions(id, None)?;
        if command.activation != Activation::AtOnce {
            let (from, to) = (AccountState::Active, AccountState::Pending);
            self.ports.set_state(id, from, to, now)?;
        }
        if command.activation == Activation::ByMail {
            let (purpose, kind) = (TicketPurpose::Activate, LetterKind::Activation);
            self.mail_ticket(account, purpose, kind, &command.address)?;
        }
        self.audit(Some(id), AuditAction::Upgrade)?;
        let account = Accounts::find(self.ports, id)?;
        account
            .map(Ok)
            .ok_or_else(|| StoreError::new("Accounts::find", "an account vanished while it was upgraded"))
    }
}
