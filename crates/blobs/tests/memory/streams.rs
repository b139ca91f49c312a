#[path = "../../../../tests/src/harness/s3.rs"]
mod server;

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use clavis_blobs::{BlobLocation, SealedBlobs};
use clavis_files::Description;
use clavis_flows::{BlobStream, Blobs as _, Expected};
use clavis_kernel::fake::FakeEntropy;
use clavis_kernel::{BlobId, MasterKey};
use futures_util::{StreamExt as _, stream};
use uuid::Uuid;

const MIB: usize = 1024 * 1024;
const CONTENT: usize = 128 * MIB;
/// Two parts of an upload, what the sockets hold, and the server, which is in this process too.
const ALLOWED: usize = 40 * MIB;

#[tokio::test]
async fn a_content_of_128_mib_passes_in_a_fraction_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = server::S3Server::start();
    for url in [format!("file://{}", folder.path().display()), server.url()] {
        let place = url.parse::<BlobLocation>().unwrap().open(None, None).unwrap();
        let entropy = Arc::new(FakeEntropy::default());
        let master = MasterKey::generate(entropy.as_ref());
        let blobs = SealedBlobs::new(place.contents, master, entropy);
        let id = BlobId(Uuid::from_u128(1));

        let before = reset_peak();
        let stored = blobs.put(id, content()).await.unwrap();
        assert_eq!(stored.size, CONTENT as u64);
        let mut got = blobs.get(id, &stored.sealed_key, None).await.unwrap();
        let mut digest = openssl::sha::Sha256::new();
        while let Some(piece) = got.next().await {
            digest.update(&piece.unwrap());
        }
        assert_eq!(digest.finish(), stored.sha256);
        let grown = peak().saturating_sub(before);
        assert!(grown < ALLOWED, "{} MiB", grown / MIB);

        // A range at its end does not read what is before it.
        let last = CONTENT as u64 - 1;
        let mut got = blobs
            .get(id, &stored.sealed_key, Some(last..last + 1))
            .await
            .unwrap();
        assert_eq!(got.next().await.unwrap().unwrap().len(), 1);

        let before = reset_peak();
        let key = "a/b".parse().unwrap();
        let description = Description {
            content_type: "video/mp4".to_owned(),
            ..Description::default()
        };
        let put = place
            .objects
            .put(&key, &description, content(), Expected::Nothing);
        assert_eq!(put.await.unwrap().unwrap().size, CONTENT as u64);
        let (_, mut got) = place.objects.open(&key, None).await.unwrap().unwrap();
        let mut size = 0;
        while let Some(piece) = got.next().await {
            size += piece.unwrap().len();
        }
        assert_eq!(size, CONTENT);
        let grown = peak().saturating_sub(before);
        println!("an object of {} MiB took {} MiB", CONTENT / MIB, grown / MIB);
        assert!(grown < ALLOWED, "{} MiB", grown / MIB);
    }
    assert_eq!(
        fs::read_dir(server.bucket()).unwrap().count(),
        2,
        "they went through the server"
    );
}

fn content() -> BlobStream {
    let pieces = (0..=CONTENT / 100_000).map(|number| {
        let size = (CONTENT - number * 100_000).min(100_000);
        Ok(Bytes::from(vec![number.to_le_bytes()[0]; size]))
    });
    Box::pin(stream::iter(pieces))
}

/// Lets the kernel begin a new peak, and returns what is in memory now (proc(5), `clear_refs`).
fn reset_peak() -> usize {
    fs::write("/proc/self/clear_refs", "5").unwrap();
    peak()
}

fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}
