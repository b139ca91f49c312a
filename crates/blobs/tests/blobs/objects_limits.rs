//! What is no object, in every store.

use clavis_files::ObjectKeyError;
use clavis_flows::Expected;

use crate::shelf::{Shelf, described, key};
use crate::world::{bytes, id, pieces};

const AVATAR: &str = "user/1/avatar.png";

#[tokio::test]
async fn sealed_contents_are_beside_objects_and_neither_sees_the_other() {
    for reserved in [
        ".clavis",
        ".clavis/x",
        ".CLAVIS/x",
        "%2eclavis/x",
        "%2E%63lavis",
        ".clavi%73/a/b",
    ] {
        assert_eq!(
            reserved.parse::<clavis_files::ObjectKey>(),
            Err(ObjectKeyError::Reserved),
            "{reserved}"
        );
    }
    for shelf in Shelf::all() {
        let Some(sealed) = &shelf.sealed else { continue };
        for number in 0..30 {
            sealed.put(id(number), pieces(bytes(5), 5)).await.unwrap();
        }
        shelf.put("-before", 1).await;
        shelf.put("behind", 1).await;
        let mut listed = shelf.list("", 4).await;
        listed.sort_unstable();
        assert_eq!(listed, ["-before", "behind"], "{}", shelf.name());
        assert!(shelf.list(".clavis/", 4).await.is_empty());
        assert_eq!(sealed.list(None, 100).await.unwrap().len(), 30);
        let name = id(1).to_string();
        let [.., yy, xx] = id(1).0.into_bytes();
        for guess in [format!("{xx:02x}/{yy:02x}/{name}"), name] {
            assert_eq!(shelf.objects.find(&key(&guess)).await.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn a_description_that_no_header_can_have_is_refused_before_anything_is_stored() {
    for shelf in Shelf::all().into_iter().skip(1) {
        let big = "x".repeat(2049);
        for description in [
            described("text/plain", &[("a b", "x")]),
            described("text/plain", &[("A", "x")]),
            described("text/plain", &[("", "x")]),
            described("text/plain\r\nx-amz-acl: public-read", &[]),
            described("", &[]),
            described("text/plain", &[("a", &big)]),
        ] {
            let content = pieces(bytes(3), 3);
            let refused = shelf
                .objects
                .put(&key(AVATAR), &description, content, Expected::Nothing)
                .await;
            refused.unwrap_err();
            shelf
                .objects
                .describe(&key(AVATAR), &description)
                .await
                .unwrap_err();
        }
        assert!(shelf.kept().is_empty());
        let injected = described("text/plain", &[("a", "x\r\nx-amz-acl: public-read")]);
        let stored = shelf
            .objects
            .put(&key(AVATAR), &injected, pieces(bytes(3), 3), Expected::Nothing)
            .await;
        assert_eq!(stored.unwrap().unwrap().description, injected);
    }
}
