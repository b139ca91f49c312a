//! The keys with which programs sign requests in their owners' place. Whoever changes them shows a code of their second
//! factor each time: a stolen token alone makes no key.

use clavis_kernel::{AccountId, Answer, Secret, StoreError};
use clavis_tokens::{
    ApiKey, ApiKeyAlgorithm, ApiKeyHolder, ApiKeyId, ApiKeyScopes, ApiKeyScopesError, ApiKeySecret,
    ApiKeyState, ApiKeyStateError, ApiKeys, NewApiKey,
};

use crate::{AuditAction, CodeError, Flows, Page, Slice};

/// How many keys an account, or a service account, has at most, in whatever state.
pub const MAX_API_KEYS: u64 = 100;
/// How many ids are tried until one is free: of 64 random bits, the first is.
const KID_ATTEMPTS: usize = 4;

/// What somebody wants to do with the keys of their account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKeyErrand {
    /// To make one.
    Create,
    /// To set what is noted about one.
    Update,
    /// To remove one.
    Remove,
}

impl ApiKeyErrand {
    const fn action(self) -> AuditAction {
        match self {
            Self::Create => AuditAction::CreateApiKey,
            Self::Update => AuditAction::UpdateApiKey,
            Self::Remove => AuditAction::RemoveApiKey,
        }
    }
}

/// The proof that somebody showed a code and may change the keys of their account, or of a service account of theirs,
/// once; or that a server may whose word counts for theirs.
#[derive(Debug)]
pub struct ApiKeyPass {
    pub(crate) holder: ApiKeyHolder,
}

/// Why nobody gets to the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyGateError {
    /// The account is gone, or may change nothing.
    #[error("the account may not change")]
    AccountClosed,
    /// The account has no second factor in force.
    #[error("no second factor is in force")]
    NoSecondFactor,
    /// No code was shown.
    #[error("no code was shown")]
    CodeMissing,
    /// The code opened nothing.
    #[error(transparent)]
    Code(#[from] CodeError),
}

/// A key that is asked for.
#[derive(Debug, Clone)]
pub struct ApiKeyRequest {
    /// How it is to sign; `None` when that is no way that the door takes.
    pub algorithm: Option<ApiKeyAlgorithm>,
    /// What its owner notes it is for, with commas between.
    pub scope: Option<String>,
}

/// What is to be noted about a key.
#[derive(Debug, Clone)]
pub struct ApiKeyChange {
    /// What it is for, with commas between. Always set: left out, the key is for nothing any more.
    pub scope: Option<String>,
    /// Its state; left out, it stays.
    pub state: Option<String>,
}

/// A new key with its secret, which is told this once.
#[derive(Debug)]
pub struct MadeApiKey {
    /// The key.
    pub key: ApiKey,
    /// Its secret.
    pub secret: ApiKeySecret,
}

/// A rule that a key would break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKeyViolation {
    /// It cannot sign that way.
    Algorithm,
    /// The text is no list of scopes.
    Scope(ApiKeyScopesError),
    /// The text is no state.
    State(ApiKeyStateError),
}

/// Why a key was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateApiKeyError {
    /// It would break rules.
    #[error("the key breaks rules")]
    Invalid(Vec<ApiKeyViolation>),
    /// The account has as many as it may have.
    #[error("an account has at most {MAX_API_KEYS} keys")]
    TooMany,
}

/// Why a key was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpdateApiKeyError {
    /// The account has no key with this id.
    #[error("no such key")]
    Unknown,
    /// It would break rules.
    #[error("the key breaks rules")]
    Invalid(Vec<ApiKeyViolation>),
}

/// Why a key was not removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RemoveApiKeyError {
    /// The account has no key with this id.
    #[error("no such key")]
    Unknown,
}

impl Flows<'_> {
    /// Asks for a code before the keys are shown, at doors where that takes one. Who may change nothing may still read.
    pub fn ask_to_read_api_keys(
        &self,
        account: AccountId,
        code: Option<&Secret>,
    ) -> Answer<(), ApiKeyGateError> {
        self.api_key_gate(account, code, AuditAction::ReadApiKeys)
    }

    /// Asks for a code before the keys are changed. The code is used up, whatever becomes of the errand.
    pub fn ask_to_change_api_keys(
        &self,
        account: AccountId,
        code: Option<&Secret>,
        errand: ApiKeyErrand,
    ) -> Answer<ApiKeyPass, ApiKeyGateError> {
        // The lock makes the count of keys exact: two requests of one account go one after the other.
        if self.changeable(account)?.is_none() {
            return Ok(Err(ApiKeyGateError::AccountClosed));
        }
        let opened = self.api_key_gate(account, code, errand.action())?;
        let holder = ApiKeyHolder::account(account);
        Ok(opened.map(|()| ApiKeyPass { holder }))
    }

    /// A part of the holder's keys, in the order they were made.
    pub fn api_keys(&self, holder: ApiKeyHolder, slice: Slice) -> Result<Page<ApiKey>, StoreError> {
        Ok(Page {
            items: ApiKeys::of_holder(self.ports, holder, slice.offset, slice.limit)?,
            total: ApiKeys::count_of_holder(self.ports, holder)?,
        })
    }

    /// Makes a key. Its id and its secret are of our making, and it signs at once.
    pub fn create_api_key(
        &self,
        pass: ApiKeyPass,
        request: &ApiKeyRequest,
    ) -> Answer<MadeApiKey, CreateApiKeyError> {
        let mut violations = Vec::new();
        if request.algorithm.is_none() {
            violations.push(ApiKeyViolation::Algorithm);
        }
        let scopes = scopes(request.scope.as_deref(), &mut violations);
        let Some(algorithm) = request.algorithm.filter(|_| violations.is_empty()) else {
            return Ok(Err(CreateApiKeyError::Invalid(violations)));
        };
        if ApiKeys::count_of_holder(self.ports, pass.holder)? >= MAX_API_KEYS {
            return Ok(Err(CreateApiKeyError::TooMany));
        }
        let secret = ApiKeySecret::generate(self.entropy);
        for _ in 0..KID_ATTEMPTS {
            let kid = ApiKeyId::generate(self.entropy);
            let key = NewApiKey {
                holder: pass.holder,
                algorithm,
                scopes: scopes.clone(),
                state: ApiKeyState::active(),
                sealed_secret: secret.seal(&kid, &self.keys.master, self.entropy),
                created_at: self.now(),
                kid,
            };
            if let Some(key) = ApiKeys::insert(self.ports, &key)? {
                self.audit_key(&pass, AuditAction::CreateApiKey, &key.kid)?;
                return Ok(Ok(MadeApiKey { key, secret }));
            }
        }
        Err(StoreError::new("ApiKeys::insert", "no free id was found"))
    }

    /// Sets what is noted about a key of the holder. Another's key is as good as none.
    pub fn update_api_key(
        &self,
        pass: ApiKeyPass,
        kid: &str,
        change: &ApiKeyChange,
    ) -> Answer<ApiKey, UpdateApiKeyError> {
        let Some(key) = self.key_of(&pass, kid)? else {
            return Ok(Err(UpdateApiKeyError::Unknown));
        };
        let mut violations = Vec::new();
        let scopes = scopes(change.scope.as_deref(), &mut violations);
        let state = match change.state.as_deref().map(str::parse::<ApiKeyState>).transpose() {
            Ok(state) => state,
            Err(error) => {
                violations.push(ApiKeyViolation::State(error));
                None
            }
        };
        if !violations.is_empty() {
            return Ok(Err(UpdateApiKeyError::Invalid(violations)));
        }
        let now = self.now();
        if !ApiKeys::update(self.ports, &key.kid, &scopes, state.as_ref(), now)? {
            return Ok(Err(UpdateApiKeyError::Unknown));
        }
        self.audit_key(&pass, AuditAction::UpdateApiKey, &key.kid)?;
        Ok(Ok(ApiKey {
            scopes,
            state: state.unwrap_or_else(|| key.state.clone()),
            updated_at: now,
            ..key
        }))
    }

    /// Removes a key of the holder: it signs no more.
    pub fn remove_api_key(&self, pass: ApiKeyPass, kid: &str) -> Answer<(), RemoveApiKeyError> {
        let Some(key) = self.key_of(&pass, kid)? else {
            return Ok(Err(RemoveApiKeyError::Unknown));
        };
        if !ApiKeys::remove(self.ports, &key.kid, pass.holder)? {
            return Ok(Err(RemoveApiKeyError::Unknown));
        }
        self.audit_key(&pass, AuditAction::RemoveApiKey, &key.kid)?;
        Ok(Ok(()))
    }

    fn api_key_gate(
        &self,
        account: AccountId,
        code: Option<&Secret>,
        action: AuditAction,
    ) -> Answer<(), ApiKeyGateError> {
        let Some(factor) = self.factor_in_force(account)? else {
            return Ok(Err(ApiKeyGateError::NoSecondFactor));
        };
        let Some(code) = code else {
            return Ok(Err(ApiKeyGateError::CodeMissing));
        };
        let shown = self.show_code(&factor, code)?;
        self.note_code(account, action, shown)?;
        Ok(shown.map_err(ApiKeyGateError::from))
    }

    fn key_of(&self, pass: &ApiKeyPass, kid: &str) -> Result<Option<ApiKey>, StoreError> {
        let Ok(kid) = kid.parse::<ApiKeyId>() else {
            return Ok(None);
        };
        let key = ApiKeys::find(self.ports, &kid)?;
        Ok(key.filter(|key| key.holder == pass.holder))
    }

    fn audit_key(&self, pass: &ApiKeyPass, action: AuditAction, kid: &ApiKeyId) -> Result<(), StoreError> {
        self.audit_by(None, Some(pass.holder.account), action, kid.as_str())
    }
}

fn scopes(text: Option<&str>, violations: &mut Vec<ApiKeyViolation>) -> ApiKeyScopes {
    text.unwrap_or_default().parse().unwrap_or_else(|error| {
        violations.push(ApiKeyViolation::Scope(error));
        ApiKeyScopes::default()
    })
}
