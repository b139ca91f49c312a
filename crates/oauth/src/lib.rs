//! Programs that act in somebody's place: who they are, where they may send people back to, and the one-time codes
//! by which they get what somebody consented to (RFC 6749).
//!
//! What a grant is worth at which door, and in which order a request is refused, is decided where the domains meet.

mod client;
mod code;
mod pkce;
mod ports;
mod redirect;

pub use client::{
    ClientKey, ClientKeyError, ClientSecretHash, ClientStatus, NewOAuthClient, OAuthClient, UnknownStatus,
};
pub use code::{AuthorizationCode, CodeSecret};
pub use pkce::{CodeChallenge, CodeChallengeError};
pub use ports::{AuthorizationCodes, OAuthClients};
pub use redirect::{RedirectUri, RedirectUriError};

#[cfg(any(test, feature = "mock"))]
pub use ports::{MockAuthorizationCodes, MockOAuthClients};
