use std::fmt;

use chrono::{DateTime, Utc};
use clavis_kernel::{
    AccountId, ApplicationId, Entropy, EntropyExt as _, OAuthClientId, Secret, SessionId, TokenDigest,
};

use crate::{CodeChallenge, RedirectUri};

/// An authorization code as it travels: a version-4 UUID, 122 random bits.
#[derive(Clone)]
pub struct CodeSecret(Secret);

impl CodeSecret {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(entropy.uuid_v4().to_string()))
    }

    /// One that a client presents.
    pub fn presented(text: &str) -> Self {
        Self(Secret::new(text))
    }

    /// What the store knows it by.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.0.expose())
    }

    /// The code itself, for the answer.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for CodeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeSecret(..)")
    }
}

/// What somebody consented to, to be redeemed once by one client. Only its digest is kept.
#[derive(Debug, Clone)]
pub struct AuthorizationCode {
    /// SHA-256 of the code as it travels.
    pub digest: TokenDigest,
    /// Who may redeem it.
    pub client: OAuthClientId,
    /// Who consented.
    pub account: AccountId,
    /// To what it is an admission.
    pub application: ApplicationId,
    /// Where it was sent.
    pub redirect_uri: RedirectUri,
    /// The scopes consented to, comma-separated.
    pub scopes: String,
    /// What its redeemer must show.
    pub challenge: Option<CodeChallenge>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When it ends unused.
    pub expires_at: DateTime<Utc>,
    /// When it was redeemed.
    pub spent_at: Option<DateTime<Utc>>,
    /// What it was redeemed for.
    pub session: Option<SessionId>,
}
