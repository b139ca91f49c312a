use std::time::Duration;

use anyhow::Result;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::sign::Signer;

use super::repeated;

/// As long as the signed part of an access token.
const MESSAGE: [u8; 400] = [b'x'; 400];

/// RSASSA-PKCS1-v1_5 with SHA-256 and a key of 2048 bits: what signs an access token.
pub(crate) fn per_second(threads: usize, duration: Duration) -> Result<f64> {
    let key = PKey::from_rsa(Rsa::generate(2048)?)?;
    repeated(threads, duration, |_| {
        let key = key.clone();
        Ok(move || {
            Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(&MESSAGE)?;
            Ok(())
        })
    })
}
