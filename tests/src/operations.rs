//! What the operator sees: starts that are refused, signals, keys, health, commands.

mod blobs;
mod commands;
mod disk;
mod keys;
mod links;
mod refusals;
mod serving;
mod texts;
