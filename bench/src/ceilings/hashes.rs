use std::time::Duration;

use anyhow::{Context, Result, ensure};
use argon2::{Config, ThreadMode, Variant, Version};

use super::repeated;

const PASSWORD: &[u8] = b"Tecohvi0-and-more";

/// A password's hash with the server's default parameters.
pub(crate) fn hash(password: &[u8]) -> Result<String> {
    let config = Config {
        variant: Variant::Argon2id,
        version: Version::Version13,
        mem_cost: 19_456,
        time_cost: 2,
        lanes: 1,
        thread_mode: ThreadMode::Sequential,
        hash_length: 32,
        ..Config::default()
    };
    argon2::hash_encoded(password, b"as good as another", &config).context("cannot hash a password")
}

/// Passwords compared with a hash.
pub(crate) fn per_second(threads: usize, duration: Duration) -> Result<f64> {
    let encoded = hash(PASSWORD)?;
    repeated(threads, duration, |_| {
        let encoded = encoded.clone();
        Ok(move || {
            let right = argon2::verify_encoded(&encoded, PASSWORD)?;
            ensure!(right, "the password is not that of its hash");
            Ok(())
        })
    })
}
