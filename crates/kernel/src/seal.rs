use std::fmt;

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use zeroize::Zeroizing;

use crate::{Entropy, EntropyExt};

const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 12;
const TAG_LENGTH: usize = 16;
const VERSION: u8 = 1;

/// The key from which every other key of an installation comes: 32 bytes from a file or the environment.
///
/// What must be readable again (signing keys, TOTP seeds, mails waiting to be sent) is sealed with
/// AES-256-GCM under a key of its own purpose, bound to the record it belongs to.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY_LENGTH]>);

/// What a derived key is for. Keys of different purposes are independent of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Sealing private signing keys.
    SigningKeys,
    /// Sealing mails that wait in the outbox.
    Outbox,
    /// Sealing the keys of stored objects' contents.
    Blobs,
    /// Deriving a refresh token's successor from the token.
    RefreshSuccessor,
    /// Signing cookies where the operator set no secret of their own.
    Cookies,
    /// Sealing the secrets of API keys.
    ApiKeys,
    /// Sealing the secrets of second factors.
    SecondFactors,
    /// Sealing personal data: profiles, phone numbers, document numbers.
    PersonalData,
    /// Finding a phone number without keeping it readable.
    PhoneNumbers,
    /// Keeping the codes sent to phones, which are too short for a plain digest.
    PhoneCodes,
    /// Signing links to documents.
    DocumentLinks,
    /// Making the tokens that a page sends beside a session's cookie.
    CsrfTokens,
    /// Remembering which secrets of clients were found right.
    ClientSecrets,
    /// Signing the tokens that other servers mail for jauth.
    MailedTokens,
    /// Sealing what a browser carries while it is at somebody else's log-in.
    ProviderJourneys,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::MailedTokens => b"clavis/v1/mailed-tokens",
            Self::SigningKeys => b"clavis/v1/signing-keys",
            Self::Outbox => b"clavis/v1/outbox",
            Self::Blobs => b"clavis/v1/blobs",
            Self::RefreshSuccessor => b"clavis/v1/refresh-successor",
            Self::Cookies => b"clavis/v1/cookies",
            Self::ApiKeys => b"clavis/v1/api-keys",
            Self::SecondFactors => b"clavis/v1/second-factors",
            Self::PersonalData => b"clavis/v1/personal-data",
            Self::PhoneNumbers => b"clavis/v1/phone-numbers",
            Self::PhoneCodes => b"clavis/v1/phone-codes",
            Self::CsrfTokens => b"clavis/v1/csrf-tokens",
            Self::ClientSecrets => b"clavis/v1/client-secrets",
            Self::ProviderJourneys => b"clavis/v1/provider-journeys",
            Self::DocumentLinks => b"clavis/v1/document-links",
        }
    }
}

/// Why something sealed could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It was sealed under another master key, for another record, or was changed since.
    #[error("sealed with another master key, or damaged")]
    WrongKeyOrDamaged,
    /// A master key is 32 bytes, written as 64 hexadecimal digits or in base64.
    #[error("a master key is 32 bytes, written as 64 hexadecimal digits or in base64")]
    BadMasterKey,
}

impl MasterKey {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Zeroizing::new(entropy.bytes()))
    }

    /// Reads the text form: 64 hexadecimal digits, or standard base64, blanks around it ignored.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        use base64::Engine as _;
        let text = text.trim();
        let bytes = Zeroizing::new(
            hex::decode(text)
                .or_else(|_| base64::engine::general_purpose::STANDARD.decode(text))
                .map_err(|_| SealError::BadMasterKey)?,
        );
        let bytes: [u8; KEY_LENGTH] = bytes.as_slice().try_into().map_err(|_| SealError::BadMasterKey)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The text form written to the key file.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()))
    }

    /// The key for one purpose (HKDF-Expand with SHA-256, RFC 5869 §2.3; the master key is uniform already).
    pub fn derive(&self, purpose: Purpose) -> SubKey {
        let mut info = purpose.label().to_vec();
        info.push(1);
        SubKey(Zeroizing::new(hmac_sha256(self.0.as_slice(), &[&info])))
    }

    /// Seals `plain` for the record named by `binding`: version, nonce, ciphertext, tag.
    pub fn seal(&self, purpose: Purpose, binding: &[u8], plain: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let key = self.derive(purpose);
        let nonce = entropy.bytes::<NONCE_LENGTH>();
        let mut tag = [0; TAG_LENGTH];
        let cipher = encrypt_aead(
            Cipher::aes_256_gcm(),
            key.0.as_slice(),
            Some(&nonce),
            binding,
            plain,
            &mut tag,
        )
        .expect("AES-256-GCM takes any text under a 32-byte key and a 12-byte nonce");
        [&[VERSION], nonce.as_slice(), &cipher, &tag].concat()
    }

    /// Opens what [`MasterKey::seal`] sealed for the same purpose and record.
    pub fn open(
        &self,
        purpose: Purpose,
        binding: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let bad = SealError::WrongKeyOrDamaged;
        let (&version, rest) = sealed.split_first().ok_or(bad)?;
        let (nonce, rest) = rest.split_at_checked(NONCE_LENGTH).ok_or(bad)?;
        let (cipher, tag) = rest
            .split_at_checked(rest.len().saturating_sub(TAG_LENGTH))
            .ok_or(bad)?;
        if version != VERSION || tag.len() != TAG_LENGTH {
            return Err(bad);
        }
        let key = self.derive(purpose);
        decrypt_aead(
            Cipher::aes_256_gcm(),
            key.0.as_slice(),
            Some(nonce),
            binding,
            cipher,
            tag,
        )
        .map(Zeroizing::new)
        .map_err(|_| bad)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// A key for one purpose, derived from the master key.
#[derive(Clone)]
pub struct SubKey(Zeroizing<[u8; KEY_LENGTH]>);

impl SubKey {
    /// A key that came from somewhere else than the master key: the digest of an operator's secret.
    pub fn from_secret(secret: &str) -> Self {
        Self(Zeroizing::new(openssl::sha::sha256(secret.as_bytes())))
    }

    /// HMAC-SHA256 (RFC 2104) over the parts one behind the other.
    pub fn hmac(&self, parts: &[&[u8]]) -> [u8; 32] {
        hmac_sha256(self.0.as_slice(), parts)
    }
}

impl fmt::Debug for SubKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubKey(..)")
    }
}

fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let key = PKey::hmac(key).expect("any bytes are an HMAC key");
    let mut signer = Signer::new(MessageDigest::sha256(), &key).expect("HMAC-SHA256 is always there");
    for part in parts {
        signer.update(part).expect("HMAC takes any bytes");
    }
    let mut mac = [0; 32];
    signer.sign(&mut mac).expect("HMAC-SHA256 has 32 bytes");
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::FakeEntropy;
    use proptest::prelude::*;

    #[test]
    fn what_is_sealed_opens_for_the_same_purpose_and_record_only() {
        let entropy = FakeEntropy::default();
        let key = MasterKey::generate(&entropy);
        let sealed = key.seal(Purpose::SigningKeys, b"kid-1", b"private", &entropy);
        assert_eq!(
            key.open(Purpose::SigningKeys, b"kid-1", &sealed)
                .unwrap()
                .as_slice(),
            b"private"
        );
        let bad = Some(SealError::WrongKeyOrDamaged);
        assert_eq!(key.open(Purpose::SigningKeys, b"kid-2", &sealed).err(), bad);
        assert_eq!(key.open(Purpose::Outbox, b"kid-1", &sealed).err(), bad);
        assert_eq!(
            MasterKey::generate(&entropy)
                .open(Purpose::SigningKeys, b"kid-1", &sealed)
                .err(),
            bad
        );
    }

    #[test]
    fn the_text_form_reads_back() {
        let key = MasterKey::generate(&FakeEntropy::default());
        assert_eq!(
            MasterKey::parse(&format!(" {}\n", *key.to_text()))
                .unwrap()
                .to_text(),
            key.to_text()
        );
        assert_eq!(MasterKey::parse("too short").err(), Some(SealError::BadMasterKey));
    }

    #[test]
    fn hmac_agrees_with_rfc_4231_case_2() {
        let mac = hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(
            hex::encode(mac),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_opening_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let key = MasterKey::generate(&FakeEntropy::default());
            prop_assert!(key.open(Purpose::Outbox, b"", &bytes).is_err());
        }
    }
}
