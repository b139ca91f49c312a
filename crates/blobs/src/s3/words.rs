//! Texts in headers: plain ones as they are, others as encoded words (RFC 2047), which is how S3 tells them too.

use openssl::base64;

/// Most bytes of a text in one word: it has 75 characters at most (RFC 2047 §2).
const MOST: usize = 45;

/// The text as a header's value that nobody on the way changes.
pub(super) fn encode(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && text.trim() == text
        && !text.contains("  ")
        && !text.contains("=?");
    if is_plain {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (first, behind) = rest.split_at(rest.floor_char_boundary(MOST));
        words.push(format!("=?UTF-8?B?{}?=", base64::encode_block(first.as_bytes())));
        rest = behind;
    }
    words.join(" ")
}

/// The text that a header's value stands for. What is no word that we know stays as it is.
pub(super) fn decode(value: &str) -> String {
    let mut text = String::new();
    let mut after_word = false;
    for (number, part) in value.split(' ').enumerate() {
        let word = word(part);
        // The space between two words belongs to neither (RFC 2047 §6.2).
        if number > 0 && !(after_word && word.is_some()) {
            text.push(' ');
        }
        after_word = word.is_some();
        text.push_str(word.as_deref().unwrap_or(part));
    }
    text
}

fn word(part: &str) -> Option<String> {
    let mut parts = part.strip_prefix("=?")?.strip_suffix("?=")?.splitn(3, '?');
    let (charset, encoding, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = match encoding {
        "B" | "b" => base64::decode_block(encoded).ok()?,
        "Q" | "q" => quoted(encoded)?,
        _ => return None,
    };
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "us-ascii" => String::from_utf8(bytes).ok(),
        "iso-8859-1" => Some(bytes.into_iter().map(char::from).collect()),
        _ => None,
    }
}

fn quoted(encoded: &str) -> Option<Vec<u8>> {
    let plain = encoded.replace('_', " ");
    let mut parts = plain.split('=');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plain_text_is_itself_and_others_are_words() {
        assert_eq!(encode("a b?=c"), "a b?=c");
        assert_eq!(encode("Öl"), "=?UTF-8?B?w5Zs?=");
        assert_eq!(encode(""), "");
        assert_eq!(encode(" a"), "=?UTF-8?B?IGE=?=");
    }

    #[test]
    fn words_of_other_programs_are_read() {
        assert_eq!(
            decode("=?UTF-8?Q?=C3=96l_f=C3=BCr?= =?utf-8?b?IGFsbGU=?= x"),
            "Öl für alle x"
        );
        assert_eq!(decode("=?ISO-8859-1?Q?=D6l?="), "Öl");
        for foreign in [
            "=?KOI8-R?B?8A==?=",
            "=?UTF-8?B?_?=",
            "=?UTF-8?Q?=F?=",
            "=?=",
            "a  b",
            "=?a",
        ] {
            assert_eq!(decode(foreign), foreign);
        }
    }

    proptest! {
        #[test]
        fn a_text_arrives(text in ".{0,200}") {
            let encoded = encode(&text);
            prop_assert!(encoded.bytes().all(|byte| matches!(byte, b' '..=b'~')));
            prop_assert_eq!(decode(&encoded), text);
        }
    }
}
