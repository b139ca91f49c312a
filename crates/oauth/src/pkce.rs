use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clavis_kernel::{Secret, TokenDigest};

/// The one method: the digest of the verifier. `plain` would show the verifier to whoever sees the request.
const METHOD: &str = "S256";
/// How long a verifier is (RFC 7636 §4.1).
const VERIFIER_CHARS: std::ops::RangeInclusive<usize> = 43..=128;

/// What binds a code to the program that asked for it: the digest of a secret that the program shows when it redeems
/// the code (RFC 7636).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodeChallenge(TokenDigest);

/// The parameters are no challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a challenge is a SHA-256 digest in base64url, by the method {METHOD}")]
pub struct CodeChallengeError;

impl CodeChallenge {
    /// Reads a challenge. A request that names no method means `plain`, which is not accepted.
    pub fn parse(challenge: &str, method: &str) -> Result<Self, CodeChallengeError> {
        if method != METHOD {
            return Err(CodeChallengeError);
        }
        let digest = URL_SAFE_NO_PAD
            .decode(challenge)
            .map_err(|_| CodeChallengeError)?;
        TokenDigest::from_bytes(&digest)
            .map(Self)
            .ok_or(CodeChallengeError)
    }

    /// The one with this digest.
    pub fn from_digest(digest: TokenDigest) -> Self {
        Self(digest)
    }

    /// The digest.
    pub fn digest(self) -> TokenDigest {
        self.0
    }

    /// Whether what a program shows is what it promised. Where nothing was promised nothing may be shown either:
    /// somebody took the challenge out of the request (RFC 9700 §4.8.2).
    pub fn is_met(challenge: Option<Self>, verifier: Option<&Secret>) -> bool {
        match (challenge, verifier) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => {
                let text = verifier.expose();
                let fits = VERIFIER_CHARS.contains(&text.len())
                    && text
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
                fits && TokenDigest::of(text) == challenge.0
            }
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

impl fmt::Debug for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeChallenge(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn only_a_digest_is_a_challenge() {
        assert!(CodeChallenge::parse(CHALLENGE, "S256").is_ok());
        for (challenge, method) in [
            (CHALLENGE, ""),
            (CHALLENGE, "plain"),
            (CHALLENGE, "s256"),
            (VERIFIER, "plain"),
            ("", "S256"),
            ("E9Mel", "S256"),
            ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=", "S256"),
            ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", "S256"),
        ] {
            assert_eq!(
                CodeChallenge::parse(challenge, method),
                Err(CodeChallengeError),
                "{challenge} {method}"
            );
        }
    }

    #[track_caller]
    fn check(challenge: Option<&str>, verifier: Option<&str>, expected: bool) {
        let challenge = challenge.map(|challenge| CodeChallenge::parse(challenge, "S256").unwrap());
        let verifier = verifier.map(Secret::new);
        assert_eq!(CodeChallenge::is_met(challenge, verifier.as_ref()), expected);
    }

    #[test]
    fn what_was_promised_is_shown_and_nothing_else() {
        check(Some(CHALLENGE), Some(VERIFIER), true);
        check(None, None, true);
        check(Some(CHALLENGE), None, false);
        check(Some(CHALLENGE), Some(""), false);
        check(Some(CHALLENGE), Some(CHALLENGE), false);
        check(
            Some(CHALLENGE),
            Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"),
            false,
        );
        check(None, Some(VERIFIER), false);
    }
}
