//! End to end: starts the real binary and speaks only to its ports.
//!
//! The binary is the one in the target directory of this test (`cargo build` makes it), or `CLAVIS_BIN`. With
//! `CLAVIS_TEST_DATABASE=postgres://…` every server works in a fresh schema there, else on SQLite.

#[cfg(test)]
mod across;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod backend_plus;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod barong;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod federation;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod jauth;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod pluto;
#[cfg(test)]
mod security;
#[cfg(test)]
mod sso;
#[cfg(test)]
mod tour;
