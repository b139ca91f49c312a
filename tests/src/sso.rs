//! The SSO users API, by its contract.

mod auth;
mod envelope;
mod kept;
mod list;
mod me;
mod tokens;
mod users;
