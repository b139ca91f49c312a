//! Back ends that administer users: each is known by a token of its own, which the operator hands out. None of them is
//! a user.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Duration, Utc};
use clavis_kernel::{AccountId, Answer, EntropyExt as _, Secret, StoreError, TokenDigest};

use crate::{AdminTokens, AuditAction, Flows};

/// How often the last use of a token is noted at most.
const NOTED_EVERY: Duration = Duration::minutes(10);
/// What a token of ours begins with, so that programs which look for leaked secrets know it.
const PREFIX: &str = "clavis_admin_";

/// What the operator calls a back end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientName(String);

/// The text is no name of a back end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 64 ASCII letters, digits, dots, hyphens and underscores")]
pub struct ClientNameError;

impl ClientName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientName {
    type Err = ClientNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        fits.then(|| Self(text.to_owned())).ok_or(ClientNameError)
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A token as another server handed it out, to be taken over to the letter.
#[derive(Debug, Clone)]
pub struct ImportedToken(Secret);

/// The text cannot be a back end's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token has 16 to 1024 visible ASCII characters and no blanks")]
pub struct ImportedTokenError;

impl FromStr for ImportedToken {
    type Err = ImportedTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (16..=1024).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(Secret::new(text))).ok_or(ImportedTokenError)
    }
}

/// A back end's token, as it is kept: without the token itself.
#[derive(Debug, Clone)]
pub struct AdminToken {
    /// Whose.
    pub name: ClientName,
    /// SHA-256 of the token.
    pub digest: TokenDigest,
    /// When it was made or taken over.
    pub created_at: DateTime<Utc>,
    /// When it ends; `None` for one without end.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last shown, give or take ten minutes.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl AdminToken {
    /// Whether it opens anything at this moment.
    pub fn is_in_force(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it is worth noting that it was shown.
    pub fn is_use_worth_noting(&self, now: DateTime<Utc>) -> bool {
        self.last_used_at.is_none_or(|last| now - last >= NOTED_EVERY)
    }
}

/// Proof that a request was made by a back end to which the operator gave a token. A use case that administers users
/// on a back end's word takes one.
#[derive(Debug, Clone)]
pub struct ApiClient {
    name: ClientName,
}

impl ApiClient {
    /// The back end that showed this token; `None` when it is not in force.
    pub fn showing(token: &AdminToken, now: DateTime<Utc>) -> Option<Self> {
        token.is_in_force(now).then(|| Self {
            name: token.name.clone(),
        })
    }
}

/// Why no token was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreateAdminTokenError {
    /// The name was given before, perhaps to a back end whose token was taken back.
    #[error("a token of this name exists, or the token itself does")]
    Taken,
    /// It would end before it begins.
    #[error("the token would have ended already")]
    Ended,
}

impl Flows<'_> {
    /// Makes a token for a back end, or takes over one that it has already. The token is returned once and kept nowhere.
    pub fn create_admin_token(
        &self,
        name: &ClientName,
        imported: Option<&ImportedToken>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Answer<Secret, CreateAdminTokenError> {
        let now = self.now();
        if expires_at.is_some_and(|end| end <= now) {
            return Ok(Err(CreateAdminTokenError::Ended));
        }
        let secret = match imported {
            Some(token) => token.0.clone(),
            None => Secret::new(format!("{PREFIX}{}", opaque(self.entropy))),
        };
        let token = AdminToken {
            name: name.clone(),
            digest: TokenDigest::of(secret.expose()),
            created_at: now,
            expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        if !AdminTokens::insert(self.ports, &token)? {
            return Ok(Err(CreateAdminTokenError::Taken));
        }
        self.audit_by(None, None, AuditAction::CreateAdminToken, name.as_str())?;
        Ok(Ok(secret))
    }

    /// Takes a back end's token back; `false` when there is none in force of this name.
    pub fn revoke_admin_token(&self, name: &ClientName) -> Result<bool, StoreError> {
        let revoked = AdminTokens::revoke(self.ports, name, self.now())?;
        if revoked {
            self.audit_by(None, None, AuditAction::RevokeAdminToken, name.as_str())?;
        }
        Ok(revoked)
    }

    /// Notes that a back end's token was shown.
    pub fn note_use_of_admin_token(&self, token: &AdminToken) -> Result<(), StoreError> {
        AdminTokens::note_use(self.ports, &token.digest, self.now())
    }

    /// Notes on whose word something was done, beside the entry of what was done.
    pub(crate) fn note_client(&self, client: &ApiClient, account: AccountId) -> Result<(), StoreError> {
        self.audit_by(None, Some(account), AuditAction::ObeyClient, client.name.as_str())
    }
}

/// A token that says nothing: 256 random bits, and no dot, by which signed tokens are told from it.
pub(crate) fn opaque(entropy: &dyn clavis_kernel::Entropy) -> String {
    hex::encode(entropy.bytes::<32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain() {
        for good in ["shop", "shop-2.eu_1"] {
            assert_eq!(good.parse::<ClientName>().unwrap().as_str(), good);
        }
        for bad in ["", "a b", "ä", "a\nb", &"x".repeat(65)] {
            assert_eq!(bad.parse::<ClientName>(), Err(ClientNameError), "{bad:?}");
        }
    }

    #[test]
    fn an_imported_token_is_long_enough_and_can_stand_in_a_header() {
        for good in ["0123456789abcdef", "1|abcdefghijklmnop", "eyJ.eyJ.0123456789"] {
            assert!(good.parse::<ImportedToken>().is_ok(), "{good}");
        }
        for bad in [
            "0123456789abcde",
            "0123456789 abcdef",
            "0123456789abcdef\n",
            &"x".repeat(1025),
        ] {
            assert!(bad.parse::<ImportedToken>().is_err(), "{bad:?}");
        }
        let token: ImportedToken = "0123456789abcdef".parse().unwrap();
        assert!(!format!("{token:?}").contains("0123"));
    }
}
