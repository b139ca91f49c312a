use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

use openssl::sha::sha1;

/// Most lines that are read: eighty megabytes in memory.
const MOST_LINES: usize = 10_000_000;
/// The longest line, in bytes: no password is longer.
const LONGEST_LINE: usize = 1024;

/// The first eight bytes of the SHA-1 hashes of passwords, in order. Among ten million of them a password that is none of
/// them is taken for one once in a million million times.
pub(super) struct List(Vec<u64>);

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "List({} hashes)", self.0.len())
    }
}

impl List {
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        Self::from_lines(BufReader::new(file), MOST_LINES)
    }

    fn from_lines(mut lines: impl BufRead, most: usize) -> Result<Self, String> {
        let mut hashes = Vec::new();
        let mut line = Vec::new();
        for number in 1_usize.. {
            line.clear();
            let limit = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX) + 1;
            let read = lines.by_ref().take(limit).read_until(b'\n', &mut line);
            if read.map_err(|error| error.to_string())? == 0 {
                break;
            }
            if line.len() > LONGEST_LINE {
                return Err(format!(
                    "line {number}: expected a password or a SHA-1 hash, at most {LONGEST_LINE} bytes"
                ));
            }
            if hashes.len() == most {
                return Err(format!(
                    "expected at most {most} lines; a server can be asked for more: password.breached_range_url"
                ));
            }
            hashes.extend(hash_of_line(&line).as_ref().map(head));
        }
        hashes.sort_unstable();
        hashes.dedup();
        hashes.shrink_to_fit();
        Ok(Self(hashes))
    }

    pub(super) fn contains(&self, digest: &[u8; 20]) -> bool {
        self.0.binary_search(&head(digest)).is_ok()
    }
}

fn head(digest: &[u8; 20]) -> u64 {
    digest
        .iter()
        .take(8)
        .fold(0, |head, byte| head << 8 | u64::from(*byte))
}

/// What a line stands for: `HASH`, or `HASH:COUNT` as the lists of Pwned Passwords have it, or a password. Padding, which
/// was seen zero times, and empty lines stand for nothing.
fn hash_of_line(line: &[u8]) -> Option<[u8; 20]> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return None;
    }
    let colon = line.iter().position(|byte| *byte == b':');
    let (hash, count) = match colon.and_then(|at| line.split_at_checked(at)) {
        Some((hash, count)) => (hash, count.strip_prefix(b":")),
        None => (line, None),
    };
    let mut digest = [0; 20];
    let is_hash = hex::decode_to_slice(hash, &mut digest).is_ok()
        && count.is_none_or(|count| !count.is_empty() && count.iter().all(u8::is_ascii_digit));
    if !is_hash {
        return Some(sha1(line));
    }
    let is_padding = count.is_some_and(|count| count.iter().all(|digit| *digit == b'0'));
    (!is_padding).then_some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> List {
        List::from_lines(text.as_bytes(), 10).unwrap()
    }

    fn knows(text: &str, password: &str) -> bool {
        list(text).contains(&sha1(password.as_bytes()))
    }

    #[test]
    fn a_line_is_a_password_or_a_hash_of_one() {
        // SHA-1 of `password`.
        let hash = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8";
        for text in [
            "password".to_owned(),
            "a\r\npassword\r\nb".to_owned(),
            hash.to_owned(),
            hash.to_lowercase(),
            format!("{hash}:3"),
            format!("x\n{hash}:10\n"),
        ] {
            assert!(knows(&text, "password"), "{text:?}");
            assert!(!knows(&text, "Password"), "{text:?}");
        }
        assert!(!knows(&format!("{hash}:0"), "password"), "padding");
        assert!(knows("pass:word", "pass:word"));
        assert!(!knows("", "") && !knows("\n\n", ""));
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let refused = |text: &str, most| List::from_lines(text.as_bytes(), most).unwrap_err();
        assert_eq!(
            refused(&format!("a\n{}", "x".repeat(1025)), 10),
            "line 2: expected a password or a SHA-1 hash, at most 1024 bytes"
        );
        assert!(refused("a\nb\nc\n", 2).starts_with("expected at most 2 lines"));
    }
}
