use clavis_kernel::Email;

/// An address that somebody may be given here: letters that need no translation, a local part of words between single
/// dots (RFC 5321 §4.1.2), a domain below another, and nothing around it. Who has another one, from elsewhere, still
/// logs in with it.
pub(super) fn new_address(text: &str) -> Option<Email> {
    let (local, domain) = text.split_once('@')?;
    let is_strict = text.is_ascii()
        && text.trim() == text
        && local.split('.').all(|word| !word.is_empty())
        && domain.contains('.');
    is_strict.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_words_between_dots_at_a_domain_below_another() {
        for good in [
            "ann@example.org",
            "Ann.Lee+tag@Example.ORG",
            "a@b.c",
            "a_b-c!d@sub.example.co.uk",
        ] {
            assert_eq!(
                new_address(good)
                    .map(|address| address.as_str().to_owned())
                    .as_deref(),
                Some(good)
            );
        }
        for bad in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@localhost",
            ".ann@example.org",
            "ann.@example.org",
            "an..n@example.org",
            "ann@.example.org",
            "ann@example.org.",
            "ann@example..org",
            "ann@-example.org",
            "änn@example.org",
            "ann@exämple.org",
            "ann@b@example.org",
            "a b@example.org",
            " ann@example.org",
            "ann@example.org ",
            "ann@example.org\n",
            "ann@example.org\r\nBcc: eve@example.org",
            "a\u{7f}nn@example.org",
            "\"ann\"@example.org",
            "<ann@example.org>",
            "ann@[192.0.2.1]",
            "\u{feff}ann@example.org",
        ] {
            assert!(new_address(bad).is_none(), "{bad:?}");
        }
    }
}
