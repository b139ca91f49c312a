//! What every store promises, over the in-memory fake, SQLite and PostgreSQL.
//!
//! A rule is an `async fn(AnyStore)`; [`on_every_store!`] makes a test of it for each store, so that a failure names
//! the store. PostgreSQL is tested when `CLAVIS_TEST_DATABASE` names a server: each test works in a schema of its own.

mod accounts;
mod administration;
mod api_clients;
mod api_keys;
mod applications;
mod concurrency;
mod credentials;
mod data_storages;
mod directory;
mod door_directory;
mod event_cursors;
mod faults;
mod harness;
mod housekeeping;
mod identities;
mod keys;
mod labels;
mod mails;
mod oauth;
mod pending_log_ins;
mod phones;
mod postgres;
mod provider_journeys;
mod races;
mod restrictions;
mod reviewed;
mod roles;
mod roster;
mod samples;
mod schema_changes;
mod second_factors;
mod service_accounts;
mod sessions;
mod sqlite;
mod tickets;
mod trail;
mod transactions;

use harness::{AnyStore, on_every_store};
