//! The dialects, the hosted pages and the operator's endpoints, over actix-web.
//!
//! A handler parses, calls one use case and presents its answer; what it may do is decided in `clavis-flows`.
//! Every dialect folder has the same files: `routes.rs` (paths), `wire.rs` (wire types, envelope, decoding),
//! `error.rs` (refusals as status and body) and one for each resource. No dialect uses another.

pub mod dialects;
pub mod lenient;
mod lifetime;
pub mod pages;

mod app;
mod barcode;
mod bearer;
mod client;
mod fault;
mod hasher;
mod mail_links;
mod memory;
mod new_password;
mod nonces;
mod operations;
mod parts;
mod plain_letters;
mod public_url;
mod rates;
mod ring;
mod routing;
mod server;
mod telemetry;

pub use app::{App, AppParts};
pub use bearer::{Authenticated, BearerError, BearerFacts, Grounds, Subject, TokenLifetimes};
pub use client::{ProxyNet, ProxyNetError, TrustedProxies};
pub use fault::Fault;
pub use hasher::{Hasher, HasherBusy};
pub use lifetime::LifetimeError;
pub use mail_links::{MailLinks, MailLinksError};
pub use nonces::{NonceMemory, NonceRefusal};
pub use operations::MetricsText;
pub use public_url::{PublicUrl, PublicUrlError};
pub use rates::RateLimit;
pub use ring::{RingHandle, open_ring};
pub use routing::{Endpoint, exactly, get_or_head};
pub use server::{ServerSettings, Site, serve};
