//! What sealing adds: nothing is readable in the store, and nothing is changed there unnoticed.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use clavis_blobs::SealedBlobs;
use clavis_flows::{BlobError, Blobs as _, StoredBlob};
use clavis_kernel::MasterKey;
use clavis_kernel::fake::FakeEntropy;
use proptest::prelude::*;

use crate::world::{PART, World, all, bytes, cut_off, id, pieces};

const CHUNK: usize = 65_536;
const SEALED_CHUNK: usize = CHUNK + 16;

fn sealed(world: &World) -> SealedBlobs {
    let entropy = Arc::new(FakeEntropy::default());
    let master = MasterKey::generate(entropy.as_ref());
    SealedBlobs::new(Arc::clone(&world.store), master, entropy)
}

async fn read(
    blobs: &SealedBlobs,
    number: u128,
    key: &[u8],
    range: Option<Range<u64>>,
) -> Result<Vec<u8>, BlobError> {
    all(blobs.get(id(number), key, range).await?).await
}

#[tokio::test]
async fn what_was_put_is_got_and_described() {
    for world in World::all() {
        let blobs = sealed(&world);
        let sizes = [
            0,
            1,
            CHUNK - 1,
            CHUNK,
            CHUNK + 1,
            3 * CHUNK,
            PART,
            PART + 1,
            10 * 1024 * 1024,
        ];
        for (number, size) in (0..).zip(sizes) {
            let content = bytes(size);
            let stored = blobs
                .put(id(number), pieces(content.clone(), 10_007))
                .await
                .unwrap();
            assert_eq!(stored.size, size as u64);
            assert_eq!(stored.sha256, openssl::sha::sha256(&content));
            assert!(read(&blobs, number, &stored.sealed_key, None).await.unwrap() == content);
            let whole = blobs
                .get_bytes(id(number), &stored.sealed_key, size)
                .await
                .unwrap();
            assert!(whole == content);
        }
    }
}

#[tokio::test]
async fn the_store_sees_nothing_of_the_content() {
    for world in World::all() {
        let blobs = sealed(&world);
        let content = Bytes::from("a passport ".repeat(20_000));
        let first = blobs.put_bytes(id(1), content.clone()).await.unwrap();
        let second = blobs.put_bytes(id(2), content.clone()).await.unwrap();
        let (one, other) = (
            fs::read(world.file(id(1))).unwrap(),
            fs::read(world.file(id(2))).unwrap(),
        );
        assert_eq!(one.len(), 16 + content.len() + 16 * content.len().div_ceil(CHUNK));
        assert_eq!(&one[..9], b"clavisb\x01\x10");
        assert!(!one.windows(10).any(|ten| ten == b"a passport"));
        assert!(
            one[9..]
                .windows(16)
                .all(|some| !other.windows(16).take(64).any(|more| some == more))
        );
        assert_eq!(first.sealed_key.len(), 85);
        assert_ne!(first.sealed_key[13..], second.sealed_key[13..]);
        assert!(!format!("{first:?} {blobs:?}").contains(&hex(&first.sha256)));
    }
}

#[tokio::test]
async fn what_is_too_large_for_memory_is_not_read_into_it() {
    let world = World::folder();
    let blobs = sealed(&world);
    let stored = blobs.put_bytes(id(1), bytes(1000)).await.unwrap();
    fs::remove_file(world.file(id(1))).unwrap();
    let refused = blobs.get_bytes(id(1), &stored.sealed_key, 999).await;
    assert!(matches!(refused, Err(BlobError::TooLarge)), "{refused:?}");
}

#[tokio::test]
async fn what_is_gone_is_not_found() {
    for world in World::all() {
        let blobs = sealed(&world);
        let stored = blobs.put_bytes(id(1), bytes(10)).await.unwrap();
        blobs.delete(id(1)).await.unwrap();
        for range in [None, Some(0..5)] {
            let gone = read(&blobs, 1, &stored.sealed_key, range).await;
            assert!(matches!(gone, Err(BlobError::NotFound)), "{gone:?}");
        }
    }
}

#[tokio::test]
async fn a_content_that_is_cut_off_is_not_stored() {
    for world in World::all() {
        let blobs = sealed(&world);
        let refused = blobs.put(id(1), cut_off(bytes(PART + 200_000))).await;
        assert!(matches!(refused, Err(BlobError::CutOff(_))), "{refused:?}");
        assert!(world.files().is_empty());
    }
}

/// Every way of spoiling a stored object of three chunks is noticed by whoever reads what was spoilt.
#[tokio::test]
async fn an_object_that_was_changed_is_damaged() {
    for world in World::all() {
        let blobs = sealed(&world);
        let stored = blobs.put_bytes(id(1), bytes(2 * CHUNK + 100)).await.unwrap();
        let file = world.file(id(1));
        let good = fs::read(&file).unwrap();
        let flipped = |at: usize| {
            let mut bad = good.clone();
            bad[at] ^= 1;
            bad
        };
        let chunk = |number: usize| {
            let start = 16 + number * SEALED_CHUNK;
            &good[start..good.len().min(start + SEALED_CHUNK)]
        };
        for bad in [
            flipped(0),
            flipped(8),
            flipped(15),
            flipped(16),
            flipped(16 + CHUNK),
            flipped(16 + SEALED_CHUNK + 5),
            flipped(good.len() - 1),
            Vec::new(),
            good[..10].to_vec(),
            good[..16].to_vec(),
            good[..16 + SEALED_CHUNK].to_vec(),
            good[..16 + 2 * SEALED_CHUNK].to_vec(),
            good[..good.len() - 1].to_vec(),
            [good.as_slice(), b"x"].concat(),
            [good.as_slice(), chunk(2)].concat(),
            [&good[..16], chunk(1), chunk(0), chunk(2)].concat(),
            [&good[..16], chunk(0), chunk(0), chunk(2)].concat(),
            [&good[..16], chunk(0), chunk(2)].concat(),
            [&good[..16], chunk(0), chunk(1), chunk(1)].concat(),
            [&good[..16], chunk(2)].concat(),
        ] {
            fs::write(&file, &bad).unwrap();
            check_damaged(read(&blobs, 1, &stored.sealed_key, None).await);
            check_damaged(blobs.get_bytes(id(1), &stored.sealed_key, 1_000_000).await);
        }
        fs::write(&file, flipped(16 + SEALED_CHUNK)).unwrap();
        let (second, size) = (CHUNK as u64, 2 * CHUNK as u64 + 100);
        check_damaged(read(&blobs, 1, &stored.sealed_key, Some(second..second + 1)).await);
        check_damaged(read(&blobs, 1, &stored.sealed_key, Some(second - 1..second + 1)).await);
        let rest = read(&blobs, 1, &stored.sealed_key, Some(2 * second..size))
            .await
            .unwrap();
        assert_eq!(
            rest,
            bytes(2 * CHUNK + 100)[2 * CHUNK..],
            "what was not changed is still there"
        );
        fs::write(&file, &good[..good.len() - 1]).unwrap();
        check_damaged(read(&blobs, 1, &stored.sealed_key, Some(2 * second..size)).await);
        fs::write(&file, &good).unwrap();
        assert!(read(&blobs, 1, &stored.sealed_key, None).await.is_ok());
    }
}

#[tokio::test]
async fn objects_and_keys_cannot_be_exchanged() {
    for world in World::all() {
        let blobs = sealed(&world);
        let first = blobs.put_bytes(id(1), bytes(1000)).await.unwrap();
        let second = blobs.put_bytes(id(2), bytes(1000)).await.unwrap();
        check_damaged(read(&blobs, 1, &second.sealed_key, None).await);
        let exchange = |one: &Path, other: &Path| {
            let (first, second) = (fs::read(one).unwrap(), fs::read(other).unwrap());
            fs::write(one, second).unwrap();
            fs::write(other, first).unwrap();
        };
        exchange(&world.file(id(1)), &world.file(id(2)));
        check_damaged(read(&blobs, 1, &first.sealed_key, None).await);
        check_damaged(read(&blobs, 2, &second.sealed_key, Some(0..10)).await);
        // Not even with both: the key is bound to its object, too.
        check_damaged(read(&blobs, 1, &second.sealed_key, None).await);
    }
}

#[tokio::test]
async fn another_installation_cannot_read_it() {
    let world = World::folder();
    let blobs = sealed(&world);
    let stored = blobs.put_bytes(id(1), bytes(1000)).await.unwrap();
    let entropy = Arc::new(FakeEntropy::default());
    entropy.push(&[7; 32]);
    let master = MasterKey::generate(entropy.as_ref());
    let others = SealedBlobs::new(Arc::clone(&world.store), master, entropy);
    check_damaged(read(&others, 1, &stored.sealed_key, None).await);
}

#[tokio::test]
async fn damage_at_the_start_is_told_before_anything_is_answered() {
    let world = World::folder();
    let blobs = sealed(&world);
    let stored = blobs.put_bytes(id(1), bytes(1000)).await.unwrap();
    fs::write(world.file(id(1)), b"clavisb").unwrap();
    assert!(matches!(
        blobs.get(id(1), &stored.sealed_key, None).await,
        Err(BlobError::Damaged)
    ));
}

/// An object of several chunks, read by the properties below.
struct Kept {
    runtime: tokio::runtime::Runtime,
    worlds: Vec<(World, SealedBlobs, StoredBlob)>,
}

const KEPT: usize = 3 * CHUNK + 777;

static KEPT_OBJECT: LazyLock<Kept> = LazyLock::new(|| {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let worlds = World::all().into_iter().map(|world| {
        let blobs = sealed(&world);
        let stored = runtime.block_on(blobs.put_bytes(id(1), bytes(KEPT))).unwrap();
        (world, blobs, stored)
    });
    let worlds = worlds.collect();
    Kept { runtime, worlds }
});

/// A byte near a border between chunks more often than not.
fn place() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..KEPT as u64 + 1000,
        (0..5_u64, 0..5_u64).prop_map(|(chunk, near)| (chunk * CHUNK as u64 + near).saturating_sub(2)),
        (KEPT as u64 - 2)..(KEPT as u64 + 3),
        Just(u64::MAX),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_range_is_that_part_of_the_content(start in place(), end in place()) {
        let content = bytes(KEPT);
        let within = |byte: u64| usize::try_from(byte).unwrap().min(KEPT);
        let expected = content.get(within(start)..within(end)).unwrap_or_default();
        for (_, blobs, stored) in &KEPT_OBJECT.worlds {
            let got = KEPT_OBJECT.runtime.block_on(read(blobs, 1, &stored.sealed_key, Some(start..end))).unwrap();
            prop_assert!(got == expected);
        }
    }

    #[test]
    fn a_key_that_was_changed_opens_nothing(at in 0..85_usize, bit in 0..8_u8, length in 0..100_usize) {
        let (_, blobs, stored) = &KEPT_OBJECT.worlds[0];
        let mut flipped = stored.sealed_key.clone();
        flipped[at] ^= 1 << bit;
        let mut cut = stored.sealed_key.clone();
        cut.resize(length, 0);
        for key in [flipped, cut].into_iter().filter(|key| *key != stored.sealed_key) {
            let opened = KEPT_OBJECT.runtime.block_on(blobs.get(id(1), &key, None));
            prop_assert!(matches!(opened, Err(BlobError::Damaged)));
        }
    }

    #[test]
    fn pieces_of_any_size_make_the_same_object(size in 0..200_000_usize, piece in 1..150_000_usize) {
        let world = World::folder();
        let blobs = sealed(&world);
        KEPT_OBJECT.runtime.block_on(async {
            let stored = blobs.put(id(1), pieces(bytes(size), piece)).await.unwrap();
            let whole = blobs.get_bytes(id(1), &stored.sealed_key, size).await.unwrap();
            prop_assert!(whole == bytes(size));
            Ok(())
        })?;
    }
}

#[track_caller]
fn check_damaged<T>(result: Result<T, BlobError>) {
    assert!(matches!(&result, Err(BlobError::Damaged)), "{:?}", result.err());
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
