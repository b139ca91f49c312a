use chrono::Duration;
use clavis_kernel::fake::{FakeClock, FakeEntropy};
use clavis_kernel::{Clock as _, MasterKey};
use proptest::prelude::*;
use uuid::Uuid;

use super::signed::hmac_hex;
use super::*;

const KID: &str = "61d025b8573501c2";
const WINDOW: Duration = Duration::milliseconds(5000);

fn secret(text: &str) -> ApiKeySecret {
    Secret::new(text).into()
}

/// Checks a request with this nonce, signed as it should be but for what `spoil` does to the signature.
fn check(nonce: &str, spoil: impl FnOnce(String) -> String) -> Result<SpentNonce, ApiKeyRefusal> {
    let secret = secret("2d0b4979c7fe6986daa8e21d1dc0644f");
    let signature = spoil(hmac_hex(ApiKeyAlgorithm::Hs256, &secret, &[nonce, KID]));
    SignedHeaders {
        kid: KID,
        nonce,
        signature: &signature,
    }
    .check(
        &ApiKeyVerifier::new(ApiKeyAlgorithm::Hs256, &secret),
        FakeClock::default().now(),
        WINDOW,
    )
}

fn nonce(off_by_millis: i64) -> String {
    (FakeClock::default().now().timestamp_millis() + off_by_millis).to_string()
}

fn right(signature: String) -> String {
    signature
}

#[test]
fn the_signature_is_the_hmac_in_lower_case_digits() {
    // RFC 4231 §4.3.
    let [key, parts] = ["Jefe", "what do ya want for nothing?"];
    let (nonce, kid) = parts.split_at(10);
    for (algorithm, expected) in [
        (
            ApiKeyAlgorithm::Hs256,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            ApiKeyAlgorithm::Hs384,
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        ),
        (
            ApiKeyAlgorithm::Hs512,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd\
             caeab1a34d4a6b4b636e070a38bce737",
        ),
    ] {
        assert_eq!(hmac_hex(algorithm, &secret(key), &[nonce, kid]), expected);
    }
}

#[test]
fn the_key_is_the_characters_of_the_secret() {
    // printf 154468920100061d025b8573501c2 | openssl dgst -sha256 -hmac 2d0b4979c7fe6986daa8e21d1dc0644f
    let secret = secret("2d0b4979c7fe6986daa8e21d1dc0644f");
    assert_eq!(
        hmac_hex(ApiKeyAlgorithm::Hs256, &secret, &["1544689201000", KID]),
        "822d8f2cd9df461f67cd89e800acef351778ccdb2a1ef0641bd544eeca204d98"
    );
}

#[test]
fn a_nonce_is_less_than_the_window_away() {
    for off_by in [0, 1, 4999, -4999] {
        assert!(check(&nonce(off_by), right).is_ok(), "{off_by}");
    }
    for off_by in [5000, -5000, 86_400_000, -86_400_000] {
        assert_eq!(check(&nonce(off_by), right), Err(ApiKeyRefusal::NonceExpired));
    }
}

#[test]
fn a_nonce_is_a_positive_number_in_digits() {
    for bad in [
        "",
        "0",
        "000",
        "-1",
        "+1767323045000",
        " 1767323045000",
        "1767323045000.0",
        "1767323045000abc",
        "0x1",
        "1e12",
        "١٢٣",
        "00000000000000000000",
        "9999999999999999999999999x",
    ] {
        assert_eq!(check(bad, right), Err(ApiKeyRefusal::NonceNotTimestamp), "{bad}");
    }
}

#[test]
fn a_nonce_beyond_every_moment_is_too_far_away() {
    for far in [
        "999999999999999",
        "1000000000000000",
        "9223372036854775807",
        "9223372036854775808",
        "99999999999999999999999999",
        "00099999999999999999999999",
    ] {
        assert_eq!(check(far, right), Err(ApiKeyRefusal::NonceExpired), "{far}");
    }
    let long = "9".repeat(8000);
    assert_eq!(check(&long, right), Err(ApiKeyRefusal::NonceExpired));
}

#[test]
fn the_nonce_is_judged_before_the_signature() {
    let wrong = |_| String::new();
    assert_eq!(check("x", wrong), Err(ApiKeyRefusal::NonceNotTimestamp));
    assert_eq!(check(&nonce(6000), wrong), Err(ApiKeyRefusal::NonceExpired));
    assert_eq!(check(&nonce(0), wrong), Err(ApiKeyRefusal::InvalidSignature));
}

#[test]
fn a_signature_is_that_of_this_key_over_this_nonce() {
    let spoilt: [fn(String) -> String; 6] = [
        |text| text.to_uppercase(),
        |mut text| {
            text.pop();
            text
        },
        |text| text + "0",
        |text| text.replacen(|digit| digit != 'f', "f", 1),
        |_| hmac_hex(ApiKeyAlgorithm::Hs256, &secret("another"), &[&nonce(0), KID]),
        |_| {
            hmac_hex(
                ApiKeyAlgorithm::Hs256,
                &secret("2d0b4979c7fe6986daa8e21d1dc0644f"),
                &[&nonce(1), KID],
            )
        },
    ];
    for spoil in spoilt {
        assert_eq!(check(&nonce(0), spoil), Err(ApiKeyRefusal::InvalidSignature));
    }
}

#[test]
fn a_nonce_written_in_two_ways_is_spent_once() {
    let (plain, padded) = (nonce(7), format!("0{}", nonce(7)));
    let first = check(&plain, right).unwrap();
    assert_eq!(check(&padded, right), Ok(first));
    assert_ne!(check(&nonce(8), right), Ok(first));
    assert_eq!(
        first.expires_at,
        FakeClock::default().now() + WINDOW + Duration::milliseconds(7)
    );
}

#[test]
fn a_window_of_nothing_accepts_nothing() {
    for window in [Duration::zero(), Duration::seconds(-1)] {
        let nonce = nonce(0);
        let headers = SignedHeaders {
            kid: KID,
            nonce: &nonce,
            signature: "",
        };
        let now = FakeClock::default().now();
        assert_eq!(
            headers.check(
                &ApiKeyVerifier::new(ApiKeyAlgorithm::Hs256, &secret("s")),
                now,
                window
            ),
            Err(ApiKeyRefusal::NonceExpired)
        );
    }
}

#[test]
fn a_new_key_has_16_digits_and_its_secret_32() {
    let entropy = FakeEntropy::default();
    let (kid, secret) = (ApiKeyId::generate(&entropy), ApiKeySecret::generate(&entropy));
    let digits = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    assert!(kid.as_str().len() == 16 && digits(kid.as_str()));
    assert!(secret.expose().len() == 32 && digits(secret.expose()));
    assert_ne!(kid, ApiKeyId::generate(&entropy));
    assert_eq!(kid.as_str().parse(), Ok(kid));
}

#[test]
fn a_secret_opens_for_its_own_key_only() {
    let entropy = FakeEntropy::default();
    let master = MasterKey::generate(&entropy);
    let (kid, secret) = (ApiKeyId::generate(&entropy), ApiKeySecret::generate(&entropy));
    let now = FakeClock::default().now();
    let mut key = ApiKey {
        position: 1,
        kid: kid.clone(),
        holder: ApiKeyHolder::account(AccountId(Uuid::nil())),
        algorithm: ApiKeyAlgorithm::Hs256,
        scopes: ApiKeyScopes::default(),
        state: ApiKeyState::active(),
        sealed_secret: secret.seal(&kid, &master, &entropy),
        created_at: now,
        updated_at: now,
    };
    assert_eq!(key.open_secret(&master).unwrap().expose(), secret.expose());
    assert!(!format!("{key:?} {secret:?}").contains(secret.expose()));
    key.kid = ApiKeyId::generate(&entropy);
    assert!(key.open_secret(&master).is_err());
}

#[test]
fn an_id_is_visible_and_bounded() {
    for bad in ["", " ", "a b", "é", "a\0", &"a".repeat(65)] {
        assert_eq!(bad.parse::<ApiKeyId>(), Err(ApiKeyIdError));
    }
    assert!("imported-KEY_1".parse::<ApiKeyId>().is_ok());
}

#[test]
fn active_alone_signs() {
    assert!(ApiKeyState::active().is_active());
    for state in ["Active", " active", "active ", "inactive", "whatever"] {
        assert!(!state.parse::<ApiKeyState>().unwrap().is_active(), "{state}");
    }
    assert_eq!(" ".parse::<ApiKeyState>(), Err(ApiKeyStateError::Blank));
    assert_eq!("a\0".parse::<ApiKeyState>(), Err(ApiKeyStateError::Nul));
    assert!("é".repeat(255).parse::<ApiKeyState>().is_ok());
    assert_eq!(
        "é".repeat(256).parse::<ApiKeyState>(),
        Err(ApiKeyStateError::TooLong)
    );
}

#[test]
fn scopes_are_split_at_commas_and_not_trimmed() {
    let scopes = |text: &str| text.parse::<ApiKeyScopes>().unwrap().as_slice().to_vec();
    assert_eq!(scopes("trade"), ["trade"]);
    assert_eq!(scopes("trade, read"), ["trade", " read"]);
    assert_eq!(scopes(",a,,b,,"), ["", "a", "", "b"]);
    assert!(scopes("").is_empty() && scopes(",,").is_empty());
}

#[test]
fn scopes_are_bounded() {
    assert!(vec!["a"; 64].join(",").parse::<ApiKeyScopes>().is_ok());
    for long in [vec!["a"; 65].join(","), "a".repeat(2049)] {
        assert_eq!(long.parse::<ApiKeyScopes>(), Err(ApiKeyScopesError::TooLong));
    }
    assert_eq!("a\0".parse::<ApiKeyScopes>(), Err(ApiKeyScopesError::Nul));
}

#[test]
fn an_algorithm_is_one_of_three() {
    for algorithm in ApiKeyAlgorithm::ALL {
        assert_eq!(algorithm.name().parse(), Ok(algorithm));
    }
    for bad in ["", "hs256", "RS256", "none", "xHS256"] {
        assert_eq!(bad.parse::<ApiKeyAlgorithm>(), Err(UnknownApiKeyAlgorithm));
    }
}

proptest! {
    #[test]
    fn no_headers_make_the_check_panic(kid in ".{0,20}", nonce in ".{0,20}", signature in ".{0,80}") {
        let headers = SignedHeaders { kid: &kid, nonce: &nonce, signature: &signature };
        let now = FakeClock::default().now();
        let verifier = ApiKeyVerifier::new(ApiKeyAlgorithm::Hs512, &secret("s"));
        prop_assert!(headers.check(&verifier, now, WINDOW).is_err());
    }

    #[test]
    fn scopes_read_back_from_the_text_they_are_kept_as(text in "[a, é]{0,40}") {
        let scopes: ApiKeyScopes = text.parse().unwrap();
        prop_assert_eq!(scopes.to_text().parse(), Ok(scopes));
    }
}
