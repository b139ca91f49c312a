//! What every store does.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use clavis_flows::BlobError;
use clavis_kernel::BlobId;

use crate::world::{PART, World, all, bytes, cut_off, id, pieces, stuck};

#[tokio::test]
async fn what_was_put_is_got_as_it_was() {
    for world in World::all() {
        for (number, size) in [0, 1, 65_536, PART, PART + 1, 2 * PART + 12_345]
            .into_iter()
            .enumerate()
        {
            let (id, content) = (id(number as u128), bytes(size));
            let stored = world
                .store
                .put(id, pieces(content.clone(), 77_777))
                .await
                .unwrap();
            assert_eq!(stored, size as u64);
            let got = world.store.get(id, None).await.unwrap().unwrap();
            assert!(all(got).await.unwrap() == content, "{size}");
        }
    }
}

#[tokio::test]
async fn a_range_is_got_up_to_the_end_of_the_content() {
    for world in World::all() {
        let content = bytes(100_000);
        world
            .store
            .put(id(1), pieces(content.clone(), 5000))
            .await
            .unwrap();
        for range in [
            0..1,
            0..100_000,
            99_999..100_000,
            65_535..65_537,
            10..10,
            99_990..200_000,
            100_000..100_001,
            5..u64::MAX,
        ] {
            let got = world
                .store
                .get(id(1), Some(range.clone()))
                .await
                .unwrap()
                .unwrap();
            let within = |byte: u64| usize::try_from(byte).unwrap_or(usize::MAX).min(content.len());
            let expected = &content[within(range.start)..within(range.end)];
            assert!(all(got).await.unwrap() == expected, "{range:?}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_none_and_is_deleted_without_a_word() {
    for world in World::all() {
        assert!(world.store.get(id(1), None).await.unwrap().is_none());
        assert!(world.store.get(id(1), Some(5..10)).await.unwrap().is_none());
        world.store.delete(id(1)).await.unwrap();
        world.store.put(id(1), pieces(bytes(10), 10)).await.unwrap();
        world.store.delete(id(1)).await.unwrap();
        world.store.delete(id(1)).await.unwrap();
        assert!(world.store.get(id(1), None).await.unwrap().is_none());
        assert_eq!(world.files(), [""; 0].map(std::path::PathBuf::from));
    }
}

#[tokio::test]
async fn what_is_put_again_replaces_what_was_there() {
    for world in World::all() {
        world
            .store
            .put(id(1), pieces(bytes(PART + 1), 100_000))
            .await
            .unwrap();
        world.store.put(id(1), pieces(bytes(7), 10)).await.unwrap();
        let got = world.store.get(id(1), None).await.unwrap().unwrap();
        assert_eq!(all(got).await.unwrap(), bytes(7));
    }
}

#[tokio::test]
async fn a_content_that_is_cut_off_leaves_nothing() {
    for world in World::all() {
        for size in [0, 100_000, PART + 200_000] {
            let refused = world.store.put(id(1), cut_off(bytes(size))).await.unwrap_err();
            assert!(matches!(refused, BlobError::CutOff(_)), "{refused}");
            assert!(world.store.get(id(1), None).await.unwrap().is_none());
            assert!(world.files().is_empty(), "{:?}", world.files());
        }
    }
}

#[tokio::test]
async fn a_content_that_is_cut_off_leaves_what_was_there() {
    for world in World::all() {
        world.store.put(id(1), pieces(bytes(7), 10)).await.unwrap();
        world
            .store
            .put(id(1), cut_off(bytes(PART + 200_000)))
            .await
            .unwrap_err();
        let got = world.store.get(id(1), None).await.unwrap().unwrap();
        assert_eq!(all(got).await.unwrap(), bytes(7));
    }
}

#[tokio::test]
async fn a_call_that_is_abandoned_leaves_nothing() {
    for world in World::all() {
        let put = world.store.put(id(1), stuck(bytes(PART + 200_000)));
        tokio::time::timeout(Duration::from_secs(3), put)
            .await
            .unwrap_err();
        // Aborting an upload in parts goes on after the call is gone.
        for _ in 0..100 {
            if world.files().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(world.files().is_empty(), "{:?}", world.files());
        assert!(world.store.get(id(1), None).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_list_has_everything_once_with_size_and_time() {
    for world in World::all() {
        assert_eq!(world.store.list(None, 10).await.unwrap(), []);
        let mut ids: Vec<BlobId> = (0..23).map(id).collect();
        for (size, id) in ids.iter().enumerate() {
            world.store.put(*id, pieces(bytes(size), 10)).await.unwrap();
        }
        // What others have put beside ours is not ours.
        std::fs::write(world.place().join("ab"), "no folder").unwrap();
        std::fs::create_dir_all(world.place().join("00/00")).unwrap();
        std::fs::write(world.place().join("00/00/notes.txt"), "not ours").unwrap();
        std::fs::write(world.place().join("zz.txt"), "not ours").unwrap();

        assert_eq!(world.store.list(None, 0).await.unwrap(), []);
        let mut listed = Vec::new();
        let mut after = None;
        loop {
            let page = world.store.list(after, 5).await.unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() <= 5);
            after = Some(last.id);
            listed.extend(page);
        }
        for blob in &listed {
            assert_eq!(
                blob.size,
                ids.iter().position(|id| *id == blob.id).unwrap() as u64
            );
            assert!((now() - blob.stored_at).abs() < TimeDelta::minutes(5));
        }
        let mut seen: Vec<BlobId> = listed.iter().map(|blob| blob.id).collect();
        seen.sort();
        ids.sort();
        assert_eq!(seen, ids);

        // What was the last of a page may be gone when the next is asked for.
        world.store.delete(listed[4].id).await.unwrap();
        let next = world.store.list(Some(listed[4].id), 100).await.unwrap();
        assert_eq!(next, listed[5..]);
    }
}

#[tokio::test]
async fn a_store_that_is_well_answers() {
    for world in World::all() {
        world.store.ping().await.unwrap();
        assert!(world.files().is_empty());
    }
}

fn now() -> chrono::DateTime<Utc> {
    #[expect(
        clippy::disallowed_methods,
        reason = "files and objects carry the machine's time"
    )]
    Utc::now()
}
