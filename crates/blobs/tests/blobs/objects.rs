//! What every store of objects does.

use std::sync::Arc;
use std::time::Duration;

use clavis_flows::{BlobError, Expected};
use futures_util::future::join_all;

use crate::shelf::{Shelf, described, key, plain};
use crate::world::{PART, all, bytes, cut_off, pieces, stuck};

const AVATAR: &str = "user/1/avatar.png";

#[tokio::test]
async fn what_was_put_is_found_with_its_description() {
    for shelf in Shelf::all() {
        for (number, size) in [0, 1, 100_000, PART, PART + 1, 2 * PART + 5]
            .into_iter()
            .enumerate()
        {
            let key = key(&format!("a/{number}"));
            let description = described(
                "image/png; q=\"1\"",
                &[("token", "6f1c"), ("filename", "Größe  1.png ")],
            );
            let content = pieces(bytes(size), 77_777);
            let stored = shelf
                .objects
                .put(&key, &description, content, Expected::Nothing)
                .await;
            let stored = stored.unwrap().unwrap();
            assert_eq!((&stored.key, stored.size), (&key, size as u64));
            assert_eq!(stored.description, description);
            assert!(
                stored.etag.starts_with('"') && stored.etag.ends_with('"'),
                "{}",
                stored.etag
            );
            let found = shelf.objects.find(&key).await.unwrap().unwrap();
            assert_eq!(found.description.metadata, description.metadata);
            assert_eq!(found, stored, "{}", shelf.name());
            let (opened, content) = shelf.objects.open(&key, None).await.unwrap().unwrap();
            assert_eq!(opened, stored);
            assert!(
                all(content).await.unwrap() == bytes(size),
                "{} {size}",
                shelf.name()
            );
        }
    }
}

#[tokio::test]
async fn a_range_is_read_up_to_the_end_and_tells_the_whole_size() {
    for shelf in Shelf::all() {
        for size in [0, 1000] {
            let name = format!("of {size}");
            shelf.put(&name, size).await;
            for range in [
                0..1,
                0..1000,
                999..1000,
                10..10,
                990..2000,
                1000..1001,
                5..u64::MAX,
                u64::MAX..u64::MAX,
            ] {
                let opened = shelf
                    .objects
                    .open(&key(&name), Some(range.clone()))
                    .await
                    .unwrap();
                let (object, content) = opened.unwrap();
                assert_eq!(object.size, size as u64, "{} {range:?}", shelf.name());
                let within = |byte: u64| usize::try_from(byte).unwrap_or(usize::MAX).min(size);
                let expected = &bytes(size)[within(range.start)..within(range.end)];
                assert!(
                    all(content).await.unwrap() == expected,
                    "{} {range:?}",
                    shelf.name()
                );
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_none() {
    for shelf in Shelf::all() {
        shelf.put("a/b", 1).await;
        for missing in ["a", "b", "a/b/c", "A/b", "a/c"] {
            let missing = key(missing);
            assert_eq!(shelf.objects.find(&missing).await.unwrap(), None);
            assert!(shelf.objects.open(&missing, None).await.unwrap().is_none());
            assert!(shelf.objects.open(&missing, Some(3..4)).await.unwrap().is_none());
            assert!(shelf.objects.open(&missing, Some(3..3)).await.unwrap().is_none());
            assert_eq!(shelf.objects.describe(&missing, &plain()).await.unwrap(), None);
            assert!(!shelf.objects.delete(&missing).await.unwrap());
        }
    }
}

#[tokio::test]
async fn what_is_there_is_replaced_only_where_that_is_expected() {
    for shelf in Shelf::all() {
        let put = |size, content_type: &'static str, expected| {
            let objects = Arc::clone(&shelf.objects);
            async move {
                let description = described(content_type, &[("token", content_type)]);
                let content = pieces(bytes(size), 1_000_000);
                objects
                    .put(&key(AVATAR), &description, content, expected)
                    .await
                    .unwrap()
            }
        };
        for size in [7, PART + 7] {
            assert_eq!(
                put(size, "a/a", Expected::Something).await,
                None,
                "{}",
                shelf.name()
            );
            assert!(shelf.kept().is_empty());
            let first = put(size, "a/b", Expected::Nothing).await.unwrap();
            assert_eq!(put(size, "a/c", Expected::Nothing).await, None);
            assert_eq!(shelf.objects.find(&key(AVATAR)).await.unwrap().unwrap(), first);
            let second = put(size - 1, "a/d", Expected::Something).await.unwrap();
            assert_ne!(first.etag, second.etag);
            assert_eq!(shelf.objects.find(&key(AVATAR)).await.unwrap().unwrap(), second);
            assert!(shelf.content(AVATAR).await == bytes(size - 1));
            assert!(shelf.objects.delete(&key(AVATAR)).await.unwrap());
            assert!(!shelf.objects.delete(&key(AVATAR)).await.unwrap());
            assert!(shelf.kept().is_empty(), "{:?}", shelf.kept());
        }
    }
}

#[tokio::test]
async fn of_those_who_put_what_is_not_there_one_succeeds() {
    for shelf in Shelf::all() {
        if !shelf.tells_races() {
            continue;
        }
        for size in [7, PART + 7] {
            let puts = (0..6).map(|_| {
                let content = pieces(bytes(size), 1_000_000);
                let objects = Arc::clone(&shelf.objects);
                async move {
                    objects
                        .put(&key(AVATAR), &plain(), content, Expected::Nothing)
                        .await
                        .unwrap()
                }
            });
            let stored: Vec<_> = join_all(puts).await.into_iter().flatten().collect();
            assert_eq!(stored.len(), 1, "{}", shelf.name());
            assert!(shelf.content(AVATAR).await == bytes(size));
            assert!(shelf.objects.delete(&key(AVATAR)).await.unwrap());
            assert!(shelf.kept().is_empty(), "{:?}", shelf.kept());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_content_never_meets_the_description_of_another() {
    for shelf in Shelf::all() {
        shelf.put(AVATAR, 1).await;
        let writers = (1..5_usize).map(|number| {
            let objects = Arc::clone(&shelf.objects);
            tokio::spawn(async move {
                for round in 0..8 {
                    let size = number * 1000 + round;
                    let description = described("a/b", &[("size", &size.to_string())]);
                    let content = pieces(bytes(size), 500);
                    let stored = objects
                        .put(&key(AVATAR), &description, content, Expected::Something)
                        .await;
                    assert_eq!(stored.unwrap().unwrap().size, size as u64);
                }
            })
        });
        let readers = (0..3).map(|_| {
            let objects = Arc::clone(&shelf.objects);
            tokio::spawn(async move {
                for _ in 0..30 {
                    let (object, content) = objects.open(&key(AVATAR), None).await.unwrap().unwrap();
                    let content = all(content).await.unwrap();
                    let told = object
                        .description
                        .metadata
                        .get("size")
                        .map_or("1", String::as_str);
                    assert_eq!(content.len().to_string(), told);
                    assert_eq!(object.size, content.len() as u64);
                }
            })
        });
        let everybody: Vec<_> = writers.chain(readers).collect();
        for one in everybody {
            one.await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_new_description_leaves_the_content() {
    for shelf in Shelf::all() {
        for size in [5, PART + 5] {
            let name = format!("of/{size}");
            shelf.put(&name, size).await;
            let description = described("image/webp", &[("token", "új ✓"), ("a_b-c", "=? x")]);
            let object = shelf
                .objects
                .describe(&key(&name), &description)
                .await
                .unwrap()
                .unwrap();
            assert_eq!((object.size, &object.description), (size as u64, &description));
            assert_eq!(
                shelf.objects.find(&key(&name)).await.unwrap().unwrap(),
                object,
                "{}",
                shelf.name()
            );
            assert!(shelf.content(&name).await == bytes(size));
            let bare = shelf
                .objects
                .describe(&key(&name), &plain())
                .await
                .unwrap()
                .unwrap();
            assert!(bare.description.metadata.is_empty());
        }
    }
}

#[tokio::test]
async fn a_content_that_is_cut_off_or_abandoned_leaves_what_was_there() {
    for shelf in Shelf::all() {
        for expected in [Expected::Nothing, Expected::Something] {
            let before = shelf.kept();
            for size in [0, 100_000, PART + 200_000] {
                let content = cut_off(bytes(size));
                let refused = shelf.objects.put(&key(AVATAR), &plain(), content, expected).await;
                assert!(matches!(refused, Err(BlobError::CutOff(_))), "{refused:?}");
                let content = stuck(bytes(size));
                let (avatar, plain) = (key(AVATAR), plain());
                let put = shelf.objects.put(&avatar, &plain, content, expected);
                tokio::time::timeout(Duration::from_millis(400), put)
                    .await
                    .unwrap_err();
                // Aborting an upload in parts goes on after the call is gone.
                for _ in 0..100 {
                    if shelf.kept() == before {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                assert_eq!(shelf.kept(), before, "{}", shelf.name());
            }
            if expected == Expected::Nothing {
                assert_eq!(shelf.objects.find(&key(AVATAR)).await.unwrap(), None);
                shelf.put(AVATAR, 7).await;
            }
            assert!(shelf.content(AVATAR).await == bytes(7));
        }
    }
}

#[tokio::test]
async fn whoever_reads_goes_on_reading_what_is_replaced_or_deleted() {
    for shelf in Shelf::all() {
        shelf.put(AVATAR, 50_000).await;
        let (_, first) = shelf.objects.open(&key(AVATAR), None).await.unwrap().unwrap();
        let content = pieces(bytes(3), 3);
        let stored = shelf
            .objects
            .put(&key(AVATAR), &plain(), content, Expected::Something)
            .await;
        stored.unwrap().unwrap();
        let (_, second) = shelf.objects.open(&key(AVATAR), None).await.unwrap().unwrap();
        shelf.objects.delete(&key(AVATAR)).await.unwrap();
        assert!(all(first).await.unwrap() == bytes(50_000), "{}", shelf.name());
        assert!(all(second).await.unwrap() == bytes(3), "{}", shelf.name());
    }
}

#[tokio::test]
async fn keys_are_taken_as_they_are() {
    let long = "x".repeat(1024 - "pre/fix/".len());
    let segments = format!("{}/{}/c", "Ä".repeat(300), "%C3%84".repeat(60));
    let deep = "a/".repeat(300) + "b";
    let odd = [
        "a",
        "a/b",
        "a/b/c",
        "A",
        "A/B",
        "ä/é.txt",
        "a%20b.txt",
        "a b.txt",
        "a%2520b",
        "a+b",
        "a=b",
        "a=20b",
        "e-a",
        "d-a/e-b",
        "c-a.0123456789abcdef0123456789abcdef",
        "p-x",
        "...",
        "~",
        "-",
        "?",
        "#&=;:@$,'()*![]{}|^`<>\"",
        "x.",
        "a.b ",
        "clavis",
        ".clavis2/x",
        "a/.clavis/b",
        "00/00/00000000-0000-0000-0000-000000000000",
        "日本語/ファイル",
        &long,
        &segments,
        &deep,
    ];
    for shelf in Shelf::all() {
        for (size, name) in odd.into_iter().enumerate() {
            shelf.put(name, size).await;
        }
        for (size, name) in odd.into_iter().enumerate() {
            assert!(
                shelf.content(name).await == bytes(size),
                "{} {name}",
                shelf.name()
            );
            let object = shelf
                .objects
                .describe(&key(name), &described("a/b", &[("n", "v")]))
                .await;
            assert_eq!(
                object.unwrap().unwrap().size,
                size as u64,
                "{} {name}",
                shelf.name()
            );
        }
        let mut listed = shelf.list("", 5).await;
        listed.sort_unstable();
        let mut expected = odd.map(str::to_owned);
        expected.sort_unstable();
        assert_eq!(listed, expected, "{}", shelf.name());
        for name in odd {
            assert!(
                shelf.objects.delete(&key(name)).await.unwrap(),
                "{} {name}",
                shelf.name()
            );
        }
        assert!(shelf.kept().is_empty(), "{:?}", shelf.kept());
    }
}

#[tokio::test]
async fn a_list_has_everything_below_its_prefix_once() {
    let keys = [
        "a",
        "a/1",
        "a/2",
        "a/b/1",
        "a/b/2",
        "a/b/c/d",
        "a2/1",
        "b/1",
        "ab",
        "user/1/x",
        "user/10/x",
        "user/1/y",
        "user/1",
    ];
    for shelf in Shelf::all() {
        assert!(shelf.list("", 3).await.is_empty());
        for (size, name) in keys.into_iter().enumerate() {
            shelf.put(name, size).await;
        }
        for page in 1..=keys.len() + 1 {
            for (prefix, expected) in [
                ("", keys.as_slice()),
                ("a/", &["a/1", "a/2", "a/b/1", "a/b/2", "a/b/c/d"]),
                ("a/b/", &["a/b/1", "a/b/2", "a/b/c/d"]),
                ("user/1/", &["user/1/x", "user/1/y"]),
                ("ab/", &[]),
                ("c/", &[]),
                ("A/", &[]),
                ("a/b/c/d/", &[]),
            ] {
                let mut listed = shelf.list(prefix, page).await;
                listed.sort_unstable();
                let mut expected = expected.to_vec();
                expected.sort_unstable();
                assert_eq!(listed, expected, "{} {prefix} {page}", shelf.name());
            }
        }
        assert!(shelf.objects.list("", None, 0).await.unwrap().is_empty());

        // What was the last of a page may be gone when the next is asked for.
        let listed = shelf.objects.list("", None, 100).await.unwrap();
        assert_eq!(
            listed[3].size,
            keys.iter().position(|name| key(name) == listed[3].key).unwrap() as u64
        );
        assert_eq!(listed[3].description, plain());
        shelf.objects.delete(&listed[3].key).await.unwrap();
        let next = shelf.objects.list("", Some(&listed[3].key), 100).await.unwrap();
        assert_eq!(next, listed[4..], "{}", shelf.name());
        // A key that is not below the prefix is before all that is, or behind it.
        let before_or_behind = shelf
            .objects
            .list("user/1/", Some(&key("zz")), 100)
            .await
            .unwrap()
            .len()
            + shelf
                .objects
                .list("user/1/", Some(&key("0")), 100)
                .await
                .unwrap()
                .len();
        assert!([0, 2, 4].contains(&before_or_behind), "{}", shelf.name());
    }
}
