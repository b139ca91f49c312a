use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use clavis_kernel::Secret;

/// Words that passwords are made of, one a line: lower case, 4 to [`MAX_WORD_CHARS`] ASCII letters.
const COMMON_WORDS: &str = include_str!("password_strength/common_words.txt");
/// Fewest characters of a word.
const MIN_WORD_CHARS: usize = 4;
/// Most characters of a word.
const MAX_WORD_CHARS: usize = 14;
/// Most characters of a password that are looked at; none is this long and weak.
const MAX_EXAMINED_CHARS: usize = 256;
/// What stands in for a run or a word: one symbol that is easy to guess.
const MASK: char = '*';
/// Fewest characters that make a run.
const MIN_RUN_CHARS: usize = 3;
/// What a repeated character weighs of what it weighed before.
const REPEATED: f64 = 0.75;

/// Rows and columns of a keyboard, and the alphabet. Runs go both ways.
const RUNS: [&str; 16] = [
    "1234567890-=",
    "01234567890",
    "!@#$%^&*()_+",
    "qwertyuiop[]\\",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "abcdefghijklmnopqrstuvwxyz",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik,",
    "9ol.",
];

static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON_WORDS.lines().collect());

/// What a new password must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PasswordRules {
    /// Fewest characters.
    pub min_length: usize,
    /// Most characters.
    pub max_length: usize,
    /// How hard it is to guess, in bits of [`PasswordRules::entropy_bits`].
    pub min_entropy_bits: f64,
}

/// What is wrong with a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// Too short, too long, or without a lower-case letter, an upper-case letter or a digit.
    #[error("the password does not meet the minimum requirements")]
    DoesNotMeetRequirements,
    /// Too easy to guess.
    #[error("the password is too weak")]
    TooWeak,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self {
            min_length: 8,
            max_length: 80,
            min_entropy_bits: 14.0,
        }
    }
}

impl PasswordRules {
    /// Every problem of the password, the requirements first.
    pub fn problems(&self, password: &Secret) -> Vec<PasswordProblem> {
        let mut problems = Vec::new();
        if !self.are_met(password.expose()) {
            problems.push(PasswordProblem::DoesNotMeetRequirements);
        }
        if Self::entropy_bits(password) < self.min_entropy_bits {
            problems.push(PasswordProblem::TooWeak);
        }
        problems
    }

    /// An estimate of how hard the password is to guess, never below zero.
    ///
    /// It is NIST's rule of thumb (SP 800-63-1 appendix A), with repeated characters counted less, and the least of
    /// four: for the password, for it in lower case, and for that with runs of a keyboard or with common words
    /// masked.
    pub fn entropy_bits(password: &Secret) -> f64 {
        let chars = password
            .expose()
            .chars()
            .take(MAX_EXAMINED_CHARS)
            .collect::<Vec<_>>();
        let lower = chars.iter().flat_map(|c| c.to_lowercase()).collect::<Vec<_>>();
        let masked = [
            without_runs(&lower),
            without_words(&lower, 'i'),
            without_words(&lower, 'l'),
        ];
        let backwards = lower.iter().rev().copied().collect::<Vec<_>>();
        let masked_backwards = [without_words(&backwards, 'i'), without_words(&backwards, 'l')];
        [chars, lower]
            .iter()
            .chain(&masked)
            .chain(&masked_backwards)
            .map(|chars| bits(chars))
            .fold(f64::INFINITY, f64::min)
            .max(0.0)
    }

    fn are_met(&self, password: &str) -> bool {
        // The first character too many decides, however many follow.
        let length = password.chars().take(self.max_length.saturating_add(1)).count();
        (self.min_length..=self.max_length).contains(&length)
            && password.chars().any(char::is_lowercase)
            && password.chars().any(char::is_uppercase)
            && password.chars().any(is_digit)
    }
}

/// Digits of ASCII and of every other script.
fn is_digit(c: char) -> bool {
    c.is_numeric()
}

fn bits(chars: &[char]) -> f64 {
    let mut weights = HashMap::new();
    let sum = chars.iter().zip(1..).fold(0.0, |sum, (c, place)| {
        let weight = weights.entry(*c).or_insert(1.0);
        let of_place = match place {
            1 => 4.0,
            2..=8 => 2.0,
            9..=20 => 1.5,
            _ => 1.0,
        };
        let counted = of_place * *weight;
        *weight *= REPEATED;
        sum + counted
    });
    sum + bonus(chars)
}

/// What the sorts of characters add to a password, or take from it.
fn bonus(chars: &[char]) -> f64 {
    let upper = chars.iter().any(|c| c.is_uppercase());
    let lower = chars.iter().any(|c| c.is_lowercase());
    let digit = chars.iter().any(|c| is_digit(*c));
    let symbol = chars.iter().any(|c| !c.is_alphanumeric() && *c != ' ');
    let of_sorts = match (upper, lower, digit, symbol) {
        (true, true, true, true) => 6.0,
        (true, true, false, true) => 5.0,
        (false, false, true, true) => -2.0,
        (false, false, true, false) => -6.0,
        _ => 0.0,
    };
    if chars.contains(&' ') {
        of_sorts
    } else {
        of_sorts - 2.0
    }
}

/// Each run of at least three characters as one.
fn without_runs(lower: &[char]) -> Vec<char> {
    masked(lower, lower, longest_run)
}

/// Each common word as one character, also where digits and symbols stand for the letters they look like. `1`, `!`
/// and `|` look like two letters: `upright` is the one to read.
fn without_words(lower: &[char], upright: char) -> Vec<char> {
    let plain = lower
        .iter()
        .map(|c| plain_letter(*c, upright))
        .collect::<Vec<_>>();
    masked(lower, &plain, longest_word)
}

/// The characters, each part that has a length masked by one. The length is that of the part with which the rest of
/// `examined` begins; it has as many characters as `chars`.
fn masked(chars: &[char], examined: &[char], length_of_part: fn(&[char]) -> usize) -> Vec<char> {
    let mut masked = Vec::with_capacity(chars.len());
    let mut hidden = 0_usize;
    for (at, c) in chars.iter().enumerate() {
        if hidden > 0 {
            hidden -= 1;
            continue;
        }
        match examined.get(at..).map_or(0, length_of_part) {
            0 => masked.push(*c),
            length => {
                masked.push(MASK);
                hidden = length - 1;
            }
        }
    }
    masked
}

/// How many characters from here on follow each other on a keyboard or in the alphabet; 0 if fewer than three do.
fn longest_run(rest: &[char]) -> usize {
    let common =
        |run: &mut dyn Iterator<Item = char>| rest.iter().zip(run).take_while(|(a, b)| **a == *b).count();
    let Some(first) = rest.first() else { return 0 };
    RUNS.iter()
        .filter_map(|run| {
            let start = run.find(*first)?;
            let forwards = common(&mut run.chars().skip(start));
            let backwards = common(&mut run.chars().rev().skip(run.len() - 1 - start));
            Some(forwards.max(backwards))
        })
        .max()
        .filter(|length| *length >= MIN_RUN_CHARS)
        .unwrap_or_default()
}

/// How many characters the longest common word has with which the rest begins; 0 if there is none.
fn longest_word(rest: &[char]) -> usize {
    (MIN_WORD_CHARS..=MAX_WORD_CHARS)
        .rev()
        .find(|length| {
            rest.get(..*length)
                .is_some_and(|part| WORDS.contains(part.iter().collect::<String>().as_str()))
        })
        .unwrap_or_default()
}

fn plain_letter(c: char, upright: char) -> char {
    match c {
        '1' | '!' | '|' => upright,
        '0' => 'o',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '6' | '9' => 'g',
        '7' | '+' => 't',
        '8' => 'b',
        '2' => 'z',
        '(' => 'c',
        other => other,
    }
}

#[cfg(test)]
mod tests;
