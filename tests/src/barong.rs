//! Barong: every endpoint and every refusal, byte for byte, in both of its profiles.

mod activity;
mod admin_labels;
mod admin_logs;
mod admin_review;
mod admin_search;
mod admin_users;
mod api_keys;
mod documents;
mod gateway;
mod labels;
mod levels;
mod management;
mod office;
mod otp;
mod password;
mod permissions;
mod phones;
mod profiles;
mod registration;
mod review;
mod server;
mod session;
mod users;
