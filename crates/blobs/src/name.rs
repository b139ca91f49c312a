use clavis_kernel::BlobId;

/// Under which name a store keeps a content: `<xx>/<yy>/<id>`.
///
/// The folders are the id's last bytes, which are random in every version of UUID that we use; its first ones are
/// the time, and would put a day's objects into one folder.
pub(crate) fn of(id: BlobId) -> String {
    let [.., yy, xx] = id.0.into_bytes();
    format!("{xx:02x}/{yy:02x}/{id}")
}

/// The content that has this name; `None` for what we have not put there.
pub(crate) fn read(name: &str) -> Option<BlobId> {
    let id = name.rsplit('/').next()?.parse().ok()?;
    (of(id) == name).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    #[test]
    fn a_name_is_the_id_in_two_folders_of_its_last_bytes() {
        let id = BlobId(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_1ab2));
        assert_eq!(of(id), "b2/1a/01920000-0000-7000-8000-000000001ab2");
    }

    #[test]
    fn a_name_that_we_have_not_given_is_nothing() {
        for foreign in [
            "",
            "/",
            "b2/1a/",
            "01920000-0000-7000-8000-000000001ab2",
            "1a/b2/01920000-0000-7000-8000-000000001ab2",
            "b2/1a/019200000000700080000000000 01ab2",
            "b2/1a/01920000000070008000000000001ab2",
            "b2/1a/01920000-0000-7000-8000-000000001AB2",
        ] {
            assert_eq!(read(foreign), None, "{foreign}");
        }
    }

    proptest! {
        #[test]
        fn a_name_reads_back(bits in any::<u128>()) {
            let id = BlobId(Uuid::from_u128(bits));
            prop_assert_eq!(read(&of(id)), Some(id));
        }

        #[test]
        fn no_text_makes_reading_panic(text in ".{0,60}") {
            let _ = read(&text);
        }
    }
}
