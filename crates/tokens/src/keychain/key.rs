use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use josekit::jws::alg::ecdsa::EcdsaJwsAlgorithm;
use josekit::jws::alg::rsassa::RsassaJwsAlgorithm;
use josekit::jws::alg::rsassa_pss::RsassaPssJwsAlgorithm;
use josekit::jws::{ES256, ES384, ES512, JwsVerifier, PS256, PS384, PS512, RS256, RS384, RS512};
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Rsa;

/// Standard base64, with or without padding at its end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The sizes of RSA keys that are taken, in bits: smaller ones are broken one day, larger ones only cost time.
const RSA_BITS: std::ops::RangeInclusive<u32> = 2048..=8192;

/// A signer's public key, and the one algorithm it is used with.
pub(super) struct SignerKey {
    /// The `alg` that a signature has to name.
    pub(super) algorithm: &'static str,
    pub(super) verifier: Box<dyn JwsVerifier>,
}

/// Why a signer's key is not usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignerKeyError {
    /// An unknown algorithm, or one by which whoever verifies could also sign.
    #[error(
        "the algorithm is one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512: \
         one with a public key"
    )]
    Algorithm,
    /// Not base64.
    #[error("the value is not base64")]
    NotBase64,
    /// A private key: whoever wrote the file should not have it.
    #[error("the value is a private key; the public one belongs here, and the private one is to be replaced")]
    Private,
    /// Not a public key in PEM.
    #[error("the value is not a public key in PEM")]
    NotPem,
    /// A key of another kind, on another curve, or of an unusual size.
    #[error("the key does not fit its algorithm: RSA keys have 2048 to 8192 bits, and each ES its own curve")]
    Unfit,
}

enum Scheme {
    Rsa(RsassaJwsAlgorithm),
    RsaPss(RsassaPssJwsAlgorithm),
    /// With the curve that the algorithm is defined on: josekit takes a key on any.
    Ecdsa(EcdsaJwsAlgorithm, Nid),
}

/// The algorithms with a public key. Those with a shared secret are not among them, so a signature made with
/// the text of a public key as its secret has no verifier to meet.
fn scheme(name: &str) -> Option<(&'static str, Scheme)> {
    Some(match name {
        "RS256" => ("RS256", Scheme::Rsa(RS256)),
        "RS384" => ("RS384", Scheme::Rsa(RS384)),
        "RS512" => ("RS512", Scheme::Rsa(RS512)),
        "PS256" => ("PS256", Scheme::RsaPss(PS256)),
        "PS384" => ("PS384", Scheme::RsaPss(PS384)),
        "PS512" => ("PS512", Scheme::RsaPss(PS512)),
        "ES256" => ("ES256", Scheme::Ecdsa(ES256, Nid::X9_62_PRIME256V1)),
        "ES384" => ("ES384", Scheme::Ecdsa(ES384, Nid::SECP384R1)),
        "ES512" => ("ES512", Scheme::Ecdsa(ES512, Nid::SECP521R1)),
        _ => return None,
    })
}

impl SignerKey {
    /// The key in a file: `value` is the base64 of its PEM, in the standard alphabet or the one for URLs, in
    /// one line or several.
    pub(super) fn new(algorithm: &str, value: &str) -> Result<Self, SignerKeyError> {
        let (algorithm, scheme) = scheme(algorithm).ok_or(SignerKeyError::Algorithm)?;
        let key = public_key(value)?;
        Ok(Self {
            algorithm,
            verifier: scheme.verifier(&key).ok_or(SignerKeyError::Unfit)?,
        })
    }
}

fn public_key(value: &str) -> Result<PKey<Public>, SignerKeyError> {
    let value: String = value
        .chars()
        .filter(|character| !character.is_ascii_whitespace())
        .map(|character| match character {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    let pem = BASE64.decode(value).map_err(|_| SignerKeyError::NotBase64)?;
    let pem = zeroize::Zeroizing::new(pem);
    if String::from_utf8_lossy(&pem).contains("PRIVATE KEY") {
        return Err(SignerKeyError::Private);
    }
    PKey::public_key_from_pem(&pem)
        .or_else(|_| Rsa::public_key_from_pem_pkcs1(&pem).and_then(PKey::from_rsa))
        .map_err(|_| SignerKeyError::NotPem)
}

impl Scheme {
    /// `None` when the key is not for this scheme.
    fn verifier(&self, key: &PKey<Public>) -> Option<Box<dyn JwsVerifier>> {
        match self {
            Self::Rsa(algorithm) => {
                let pem = rsa_pem(key)?;
                Some(Box::new(algorithm.verifier_from_pem(pem).ok()?))
            }
            Self::RsaPss(algorithm) => {
                let pem = rsa_pem(key)?;
                Some(Box::new(algorithm.verifier_from_pem(pem).ok()?))
            }
            Self::Ecdsa(algorithm, curve) => {
                let fits = key.id() == Id::EC && key.ec_key().ok()?.group().curve_name() == Some(*curve);
                let pem = fits.then(|| key.public_key_to_pem().ok())??;
                Some(Box::new(algorithm.verifier_from_pem(pem).ok()?))
            }
        }
    }
}

/// The PEM of an RSA key that says nothing about padding: the form that josekit takes for either.
fn rsa_pem(key: &PKey<Public>) -> Option<Vec<u8>> {
    let fits = key.id() == Id::RSA && RSA_BITS.contains(&key.bits());
    fits.then(|| key.rsa().ok()?.public_key_to_pem_pkcs1().ok())?
}
