//! How long things live: as settings say it, and as mails tell it.

use chrono::Duration;

/// The longest lifetime that can be set, in seconds: ten years.
pub(crate) const LONGEST_SECONDS: u32 = 10 * 365 * 24 * 60 * 60;

/// A setting is no lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: expected 1 to {LONGEST_SECONDS} seconds")]
pub struct LifetimeError {
    setting: &'static str,
}

/// A setting's seconds as a lifetime, if they are one.
pub(crate) fn lifetime(setting: &'static str, seconds: u32) -> Result<Duration, LifetimeError> {
    if (1..=LONGEST_SECONDS).contains(&seconds) {
        Ok(Duration::seconds(seconds.into()))
    } else {
        Err(LifetimeError { setting })
    }
}

/// A lifetime in the largest unit that it is a multiple of.
pub(crate) fn in_words(lifetime: Duration) -> String {
    let seconds = lifetime.num_seconds();
    let units = [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];
    let fitting = units.into_iter().find(|(_, unit)| seconds % unit == 0);
    let (name, unit) = fitting.unwrap_or(("second", 1));
    let count = seconds / unit;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_has_bounds() {
        assert_eq!(lifetime("access_token_expire", 60), Ok(Duration::seconds(60)));
        assert!(lifetime("access_token_expire", 0).is_err());
        let message = lifetime("access_token_expire", u32::MAX).unwrap_err().to_string();
        assert!(message.starts_with("access_token_expire: "), "{message}");
    }

    #[test]
    fn a_lifetime_is_told_in_its_largest_unit() {
        let words = |seconds| in_words(Duration::seconds(seconds));
        assert_eq!(words(36_000), "10 hours");
        assert_eq!(words(6_000), "100 minutes");
        assert_eq!(words(3_600), "1 hour");
        assert_eq!(words(60), "1 minute");
        assert_eq!(words(90), "90 seconds");
        assert_eq!(words(172_800), "2 days");
    }
}
