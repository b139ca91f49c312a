use std::fmt;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, Entropy, EntropyExt as _, MasterKey, Purpose, SealError, Secret};
use data_encoding::BASE32_NOPAD;
use openssl::memcmp;
use totp_lite::{Sha1, totp_custom};
use zeroize::Zeroizing;

const SECRET_LENGTH: usize = 20;
const DIGITS: usize = 6;
const STEP_SECONDS: i64 = 30;

/// The secret shared with an authenticator app (RFC 6238): 20 random bytes, SHA-1, six digits, steps of 30 seconds.
#[derive(Clone)]
pub struct TotpSecret(Zeroizing<[u8; SECRET_LENGTH]>);

/// Which steps around the present one a code may be of. Dialects differ: some forgive clocks on both sides, some
/// only a slow reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TotpWindow {
    /// Steps before the present one.
    pub behind: u8,
    /// Steps after it.
    pub ahead: u8,
}

impl TotpWindow {
    /// The present step and its two neighbours.
    pub const NEIGHBOURS: Self = Self { behind: 1, ahead: 1 };
    /// The present step and the one before it.
    pub const CURRENT_AND_PREVIOUS: Self = Self { behind: 1, ahead: 0 };
}

impl TotpSecret {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Zeroizing::new(entropy.bytes()))
    }

    /// The text an app takes: base32 without padding (RFC 4648 §6).
    pub fn to_base32(&self) -> Secret {
        Secret::new(BASE32_NOPAD.encode(self.0.as_slice()))
    }

    /// The secret as it is kept, bound to its account.
    pub fn seal(&self, master: &MasterKey, account: AccountId, entropy: &dyn Entropy) -> Vec<u8> {
        master.seal(
            Purpose::SecondFactors,
            account.0.as_bytes(),
            self.0.as_slice(),
            entropy,
        )
    }

    /// Opens what [`TotpSecret::seal`] sealed for the same account.
    pub fn open(sealed: &[u8], master: &MasterKey, account: AccountId) -> Result<Self, SealError> {
        let plain = master.open(Purpose::SecondFactors, account.0.as_bytes(), sealed)?;
        let bytes: [u8; SECRET_LENGTH] = plain
            .as_slice()
            .try_into()
            .map_err(|_| SealError::WrongKeyOrDamaged)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The step this code is of, the newest first; `None` when it is of none in the window. Every step of the window is
    /// compared, in constant time.
    pub fn step_of(&self, code: &str, now: DateTime<Utc>, window: TotpWindow) -> Option<i64> {
        let present = now.timestamp().div_euclid(STEP_SECONDS);
        let (first, last) = (
            present - i64::from(window.behind),
            present + i64::from(window.ahead),
        );
        let mut found = None;
        for step in first..=last {
            let right = self.code(step);
            let same = code.len() == right.len() && memcmp::eq(code.as_bytes(), right.as_bytes());
            found = if same { Some(step) } else { found };
        }
        found
    }

    /// The code at this moment: what an authenticator app shows.
    pub fn code_at(&self, moment: DateTime<Utc>) -> String {
        self.code(moment.timestamp().div_euclid(STEP_SECONDS)).to_string()
    }

    fn code(&self, step: i64) -> Zeroizing<String> {
        // Times before 1970 have no step; no clock of ours shows them.
        let seconds = u64::try_from(step * STEP_SECONDS).unwrap_or(0);
        Zeroizing::new(totp_custom::<Sha1>(
            STEP_SECONDS.unsigned_abs(),
            u32::try_from(DIGITS).unwrap_or(6),
            self.0.as_slice(),
            seconds,
        ))
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;
    use clavis_kernel::fake::FakeEntropy;
    use uuid::Uuid;

    fn moment(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238 appendix B, the last six of its eight digits.
        let secret = TotpSecret(Zeroizing::new(*b"12345678901234567890"));
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(secret.code_at(moment(seconds)), code);
        }
    }

    #[test]
    fn a_code_counts_inside_the_window_only() {
        let secret = TotpSecret::generate(&FakeEntropy::default());
        let now = moment(1_800_000_000);
        let at = |steps: i64| secret.code_at(now + Duration::seconds(30 * steps));
        let present = 60_000_000;
        for (steps, neighbours, previous) in [
            (-2, None, None),
            (-1, Some(present - 1), Some(present - 1)),
            (0, Some(present), Some(present)),
            (1, Some(present + 1), None),
            (2, None, None),
        ] {
            let code = at(steps);
            assert_eq!(secret.step_of(&code, now, TotpWindow::NEIGHBOURS), neighbours);
            assert_eq!(
                secret.step_of(&code, now, TotpWindow::CURRENT_AND_PREVIOUS),
                previous
            );
        }
    }

    #[test]
    fn what_is_no_code_is_wrong() {
        let secret = TotpSecret::generate(&FakeEntropy::default());
        for text in ["", "1", "12345", "1234567", "١٢٣٤٥٦", "000 00", "\0\0\0\0\0\0"] {
            assert_eq!(
                secret.step_of(text, moment(1_800_000_000), TotpWindow::NEIGHBOURS),
                None
            );
        }
    }

    #[test]
    fn a_sealed_secret_opens_for_its_account_only() {
        let entropy = FakeEntropy::default();
        let master = MasterKey::generate(&entropy);
        let (account, other) = (AccountId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)));
        let secret = TotpSecret::generate(&entropy);
        let sealed = secret.seal(&master, account, &entropy);
        let opened = TotpSecret::open(&sealed, &master, account).unwrap();
        assert_eq!(opened.to_base32().expose(), secret.to_base32().expose());
        assert!(TotpSecret::open(&sealed, &master, other).is_err());
    }
}
