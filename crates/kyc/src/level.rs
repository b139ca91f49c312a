use std::str::FromStr;

use clavis_kernel::TokenDigest;

use crate::{LabelKey, LabelProblem, LabelValue};

/// A label that somebody must have: its key with this value, written `key:value`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LabelRequirement {
    /// The key.
    pub key: LabelKey,
    /// The value it must have.
    pub value: LabelValue,
}

/// Why a text is no [`LabelRequirement`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LabelRequirementError {
    /// There is no colon in it.
    #[error("a required label is written key:value")]
    NoColon,
    /// What stands before the colon is no key.
    #[error("the key {0}")]
    Key(LabelProblem),
    /// What stands after the colon is no value.
    #[error("the value {0}")]
    Value(LabelProblem),
}

/// One level: the label that it takes beyond those of all lower levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelRequirement {
    /// The level, from 1 up without gaps.
    pub id: u8,
    /// The key of the label.
    pub key: LabelKey,
    /// The value it must have.
    pub value: LabelValue,
    /// What reaching it means, for people.
    pub description: String,
}

/// The levels in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelTable(Vec<LevelRequirement>);

/// Why a list makes no [`LevelTable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LevelTableError {
    /// More levels than there are numbers for.
    #[error("there are at most {} levels", u8::MAX)]
    TooMany,
    /// One of the entries is no required label.
    #[error("level {level}: {error}")]
    Entry {
        /// Which, from 1.
        level: u8,
        /// What is wrong with it.
        error: LabelRequirementError,
    },
    /// A level asks for a key that a lower level asks for: with one value per key, both are never reached unless
    /// they are the same, and then the second adds nothing.
    #[error("level {level}: a lower level has the same key")]
    Repeated {
        /// Which, from 1.
        level: u8,
    },
}

impl FromStr for LabelRequirement {
    type Err = LabelRequirementError;

    fn from_str(text: &str) -> Result<Self, LabelRequirementError> {
        let (key, value) = text.split_once(':').ok_or(LabelRequirementError::NoColon)?;
        Ok(Self {
            key: key.parse().map_err(LabelRequirementError::Key)?,
            value: value.parse().map_err(LabelRequirementError::Value)?,
        })
    }
}

impl LevelTable {
    /// The table that an operator wrote: `key:value`, the first entry being level 1. No entries, no levels.
    pub fn parse<T: AsRef<str>>(entries: &[T]) -> Result<Self, LevelTableError> {
        if entries.len() > usize::from(u8::MAX) {
            return Err(LevelTableError::TooMany);
        }
        let mut levels = Vec::<LevelRequirement>::new();
        for (id, entry) in (1..=u8::MAX).zip(entries) {
            let LabelRequirement { key, value } = entry
                .as_ref()
                .parse()
                .map_err(|error| LevelTableError::Entry { level: id, error })?;
            if levels.iter().any(|lower| lower.key == key) {
                return Err(LevelTableError::Repeated { level: id });
            }
            let description = format!("{key} is {value}");
            levels.push(LevelRequirement {
                id,
                key,
                value,
                description,
            });
        }
        Ok(Self(levels))
    }

    /// The levels, lowest first.
    pub fn levels(&self) -> &[LevelRequirement] {
        &self.0
    }

    /// The level of somebody with these private labels: the last that is reached with all lower ones, or 0.
    pub fn level<'a>(&self, private_labels: impl IntoIterator<Item = (&'a LabelKey, &'a LabelValue)>) -> u8 {
        let labels = private_labels.into_iter().collect::<Vec<_>>();
        self.0
            .iter()
            .take_while(|level| labels.contains(&(&level.key, &level.value)))
            .last()
            .map_or(0, |level| level.id)
    }

    /// A number that changes when the levels do, and only then: stored levels made under another table are due to
    /// be worked out again.
    pub fn fingerprint(&self) -> i64 {
        let table = self.0.iter().fold(String::new(), |table, level| {
            table + level.key.as_str() + ":" + level.value.as_str() + "\n"
        });
        let digest = TokenDigest::of(&table);
        digest
            .as_bytes()
            .first_chunk()
            .map_or(0, |first| i64::from_be_bytes(*first))
    }
}

impl Default for LevelTable {
    /// The address, then the phone, then a document.
    fn default() -> Self {
        let level = |id, key, description: &str| LevelRequirement {
            id,
            key,
            value: LabelValue::VERIFIED,
            description: description.to_owned(),
        };
        Self(vec![
            level(1, LabelKey::EMAIL, "The address is verified"),
            level(2, LabelKey::PHONE, "A phone number is verified"),
            level(3, LabelKey::DOCUMENT, "A document is verified"),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str) -> (LabelKey, LabelValue) {
        let LabelRequirement { key, value } = text.parse().unwrap();
        (key, value)
    }

    #[track_caller]
    fn check(labels: &[&str], expected: u8) {
        let labels = labels.iter().map(|text| label(text)).collect::<Vec<_>>();
        let level = LevelTable::default().level(labels.iter().map(|(key, value)| (key, value)));
        assert_eq!(level, expected, "{labels:?}");
    }

    #[test]
    fn a_level_takes_all_lower_ones() {
        check(&[], 0);
        check(&["email:verified"], 1);
        check(&["phone:verified", "email:verified"], 2);
        check(&["document:verified", "phone:verified", "email:verified"], 3);
        check(&["document:verified", "email:verified"], 1);
        check(&["document:verified", "phone:verified"], 0);
        check(&["email:verified", "phone:pending", "document:verified"], 1);
        check(&["email:verified", "other:verified"], 1);
    }

    #[test]
    fn an_operator_writes_the_levels_in_order() {
        let table =
            LevelTable::parse(&["email:verified", " Phone : verified ", "identity:verified"]).unwrap();
        let levels = table.levels();
        assert_eq!(levels.iter().map(|level| level.id).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(levels[1].key, LabelKey::PHONE);
        assert_eq!(levels[2].description, "identity is verified");
        assert_eq!(LevelTable::parse::<&str>(&[]).unwrap().level([]), 0);
    }

    #[test]
    fn what_is_wrong_with_a_table_is_told_with_the_level() {
        let entry = |level, error| LevelTableError::Entry { level, error };
        assert_eq!(
            LevelTable::parse(&["email"]),
            Err(entry(1, LabelRequirementError::NoColon))
        );
        assert_eq!(
            LevelTable::parse(&["email:verified", "phone:"]),
            Err(entry(2, LabelRequirementError::Value(LabelProblem::Blank)))
        );
        assert_eq!(
            LevelTable::parse(&["e:verified"]),
            Err(entry(
                1,
                LabelRequirementError::Key(LabelProblem::TooShort { minimum: 3 })
            ))
        );
        assert_eq!(
            LevelTable::parse(&["email:verified", "email:other"]),
            Err(LevelTableError::Repeated { level: 2 })
        );
        assert_eq!(
            LevelTable::parse(&["email:verified"; 256]),
            Err(LevelTableError::TooMany)
        );
        assert_eq!(
            LevelTable::parse(&["email:very verified"])
                .unwrap_err()
                .to_string(),
            "level 1: the value has characters other than a-z, 0-9, _ and -"
        );
    }

    #[test]
    fn the_fingerprint_tells_tables_apart_and_stays() {
        let seeds = ["email:verified", "phone:verified", "document:verified"];
        let written = LevelTable::parse(&seeds).unwrap();
        assert_eq!(written.fingerprint(), LevelTable::default().fingerprint());
        assert_ne!(
            written.fingerprint(),
            LevelTable::parse(&seeds[..2]).unwrap().fingerprint()
        );
        let other = LevelTable::parse(&[seeds[1], seeds[0], seeds[2]]).unwrap();
        assert_ne!(written.fingerprint(), other.fingerprint());
        // Stored: it must be the same in the next release.
        assert_eq!(LevelTable::default().fingerprint(), -1_987_907_554_629_886_012);
    }
}
