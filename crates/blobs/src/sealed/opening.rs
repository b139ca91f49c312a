use std::ops::Range;

use bytes::{Bytes, BytesMut};
use clavis_flows::{BlobError, BlobStream};
use clavis_kernel::BlobId;
use futures_util::{StreamExt as _, stream};

use super::format::{CHUNK, ChunkCipher, HEADER, Layout, ObjectKey};
use crate::BlobStore;

/// The plain bytes of a stored object, or of it those of a range.
pub(super) async fn open(
    store: &dyn BlobStore,
    key: ObjectKey,
    id: BlobId,
    size: u64,
    range: Option<Range<u64>>,
) -> Result<BlobStream, BlobError> {
    let layout = Layout::new(size).ok_or(BlobError::Damaged)?;
    let is_whole = range.is_none();
    let range = range.unwrap_or(0..size);
    let plain = range.start..range.end.min(size);
    if plain.is_empty() && !is_whole {
        return Ok(Box::pin(stream::empty()));
    }
    let chunks = layout.chunks(&plain);
    let stored = (!is_whole).then(|| layout.stored(&chunks));
    let sealed = store.get(id, stored).await?.ok_or(BlobError::NotFound)?;
    let mut opening = Opening {
        cipher: key.cipher(id),
        sealed,
        rest: BytesMut::new(),
        layout,
        chunks,
        plain,
    };
    if is_whole {
        opening.check_header().await?;
    }
    Ok(Box::pin(stream::try_unfold(opening, Opening::next)))
}

struct Opening {
    cipher: ChunkCipher,
    sealed: BlobStream,
    rest: BytesMut,
    layout: Layout,
    /// Those still to come.
    chunks: Range<u32>,
    plain: Range<u64>,
}

impl Opening {
    async fn check_header(&mut self) -> Result<(), BlobError> {
        let header = self.read(HEADER).await?;
        if header.as_ref() == self.cipher.header() {
            Ok(())
        } else {
            Err(BlobError::Damaged)
        }
    }

    async fn next(mut self) -> Result<Option<(Bytes, Self)>, BlobError> {
        let Some(number) = self.chunks.next() else {
            return Ok(None);
        };
        let sealed = self.read(self.layout.sealed_size(number)).await?;
        let chunk = self.cipher.open(self.layout.place(number), &sealed)?;
        if self.chunks.is_empty() {
            self.check_end().await?;
        }
        let start = u64::from(number) * CHUNK as u64;
        let within = |byte: u64| {
            usize::try_from(byte.saturating_sub(start)).map_or(chunk.len(), |byte| byte.min(chunk.len()))
        };
        let piece = chunk.slice(within(self.plain.start)..within(self.plain.end));
        Ok(Some((piece, self)))
    }

    /// So many of the stored bytes.
    async fn read(&mut self, size: usize) -> Result<Bytes, BlobError> {
        while self.rest.len() < size {
            let piece = self.sealed.next().await.ok_or(BlobError::Damaged)?;
            self.rest.extend_from_slice(&piece?);
        }
        Ok(self.rest.split_to(size).freeze())
    }

    /// Nothing is left over.
    async fn check_end(&mut self) -> Result<(), BlobError> {
        while self.rest.is_empty() {
            match self.sealed.next().await {
                Some(piece) => self.rest.extend_from_slice(&piece?),
                None => return Ok(()),
            }
        }
        Err(BlobError::Damaged)
    }
}
