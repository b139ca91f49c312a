use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;
use clavis_flows::{BlobError, BlobStream};
use futures_util::{StreamExt as _, stream};
use openssl::sha::Sha256;

use super::format::{CHUNK, ChunkCipher, MOST_CHUNKS, Place};

/// What is known of a content once all of it has passed.
pub(super) struct Whole {
    pub(super) size: u64,
    pub(super) sha256: [u8; 32],
}

/// Where [`Whole`] is found once the sealed stream has ended well.
#[derive(Clone, Default)]
pub(super) struct Outcome(Arc<Mutex<Option<Whole>>>);

impl Outcome {
    pub(super) fn take(&self) -> Option<Whole> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, whole: Whole) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(whole);
    }
}

/// The stored form of a plain content.
pub(super) fn seal(cipher: ChunkCipher, content: BlobStream) -> (BlobStream, Outcome) {
    let outcome = Outcome::default();
    let header = cipher.header().to_vec().into();
    let sealing = Sealing {
        cipher,
        content,
        rest: BytesMut::new(),
        next: Some(0),
        size: 0,
        digest: Sha256::new(),
        outcome: outcome.clone(),
    };
    let chunks = stream::try_unfold(sealing, Sealing::next);
    (Box::pin(stream::iter([Ok(header)]).chain(chunks)), outcome)
}

struct Sealing {
    cipher: ChunkCipher,
    content: BlobStream,
    rest: BytesMut,
    /// The number of the chunk to come; `None` behind the last.
    next: Option<u32>,
    size: u64,
    digest: Sha256,
    outcome: Outcome,
}

impl Sealing {
    async fn next(mut self) -> Result<Option<(bytes::Bytes, Self)>, BlobError> {
        let Some(number) = self.next else {
            self.outcome.set(Whole {
                size: self.size,
                sha256: self.digest.finish(),
            });
            return Ok(None);
        };
        // One byte more than a chunk tells that the chunk is not the last.
        let mut is_last = false;
        while self.rest.len() <= CHUNK && !is_last {
            match self.content.next().await {
                Some(piece) => self.rest.extend_from_slice(&piece?),
                None => is_last = true,
            }
        }
        let plain = if is_last {
            self.next = None;
            self.rest.split()
        } else {
            let next = number.checked_add(1).filter(|next| *next < MOST_CHUNKS);
            self.next = Some(next.ok_or(BlobError::TooLarge)?);
            self.rest.split_to(CHUNK)
        };
        self.digest.update(&plain);
        self.size += plain.len() as u64;
        let sealed = self.cipher.seal(Place { number, is_last }, &plain);
        Ok(Some((sealed, self)))
    }
}
