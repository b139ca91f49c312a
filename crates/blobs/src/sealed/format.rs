//! The format that the crate's documentation describes.

use std::ops::Range;

use bytes::Bytes;
use clavis_flows::BlobError;
use clavis_kernel::{BlobId, Entropy, EntropyExt as _, MasterKey, Purpose};
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use zeroize::Zeroizing;

/// Plain bytes of a chunk.
pub(super) const CHUNK: usize = 1 << CHUNK_POWER;
/// Bytes of a chunk as it is stored.
pub(super) const SEALED_CHUNK: usize = CHUNK + TAG;
/// No object has more: the number of each, and how many there are, fit into 32 bits.
pub(super) const MOST_CHUNKS: u32 = u32::MAX;
pub(super) const HEADER: usize = MAGIC.len() + PREFIX;

const CHUNK_POWER: u8 = 16;
/// Name, version, size of a chunk.
const MAGIC: [u8; 9] = *b"clavisb\x01\x10";
const PREFIX: usize = 7;
const TAG: usize = 16;
const KEY: usize = 32;
const ID: usize = 16;
const SIZE: usize = 8;

const _: () = assert!(MAGIC[8] == CHUNK_POWER && HEADER == 16);

/// The key of one object, with what its stored form begins with.
pub(super) struct ObjectKey {
    header: [u8; HEADER],
    key: Zeroizing<[u8; KEY]>,
}

impl ObjectKey {
    pub(super) fn generate(entropy: &dyn Entropy) -> Self {
        let mut header = [0; HEADER];
        let (magic, prefix) = header.split_at_mut(MAGIC.len());
        magic.copy_from_slice(&MAGIC);
        entropy.fill(prefix);
        Self {
            header,
            key: Zeroizing::new(entropy.bytes()),
        }
    }

    /// The form that the caller keeps.
    pub(super) fn seal(&self, id: BlobId, size: u64, master: &MasterKey, entropy: &dyn Entropy) -> Vec<u8> {
        let plain =
            Zeroizing::new([self.header.as_slice(), self.key.as_slice(), &size.to_be_bytes()].concat());
        master.seal(Purpose::Blobs, id.0.as_bytes(), &plain, entropy)
    }

    /// The key, and how many plain bytes the object has.
    pub(super) fn open(id: BlobId, sealed: &[u8], master: &MasterKey) -> Result<(Self, u64), BlobError> {
        let plain = master
            .open(Purpose::Blobs, id.0.as_bytes(), sealed)
            .map_err(|_| BlobError::Damaged)?;
        read_key(&plain).ok_or(BlobError::Damaged)
    }

    pub(super) fn cipher(&self, id: BlobId) -> ChunkCipher {
        let mut associated = [0; HEADER + ID];
        let (header, of_id) = associated.split_at_mut(HEADER);
        header.copy_from_slice(&self.header);
        of_id.copy_from_slice(id.0.as_bytes());
        ChunkCipher {
            header: self.header,
            key: self.key.clone(),
            associated,
        }
    }
}

fn read_key(plain: &[u8]) -> Option<(ObjectKey, u64)> {
    let (header, rest) = plain.split_first_chunk::<HEADER>()?;
    let (key, rest) = rest.split_first_chunk::<KEY>()?;
    let size: [u8; SIZE] = rest.try_into().ok()?;
    let key = ObjectKey {
        header: *header,
        key: Zeroizing::new(*key),
    };
    header
        .starts_with(&MAGIC)
        .then_some((key, u64::from_be_bytes(size)))
}

/// Seals and opens the chunks of one object.
pub(super) struct ChunkCipher {
    header: [u8; HEADER],
    key: Zeroizing<[u8; KEY]>,
    associated: [u8; HEADER + ID],
}

impl ChunkCipher {
    /// What the stored form begins with.
    pub(super) fn header(&self) -> &[u8; HEADER] {
        &self.header
    }

    pub(super) fn seal(&self, place: Place, plain: &[u8]) -> Bytes {
        let mut tag = [0; TAG];
        let mut sealed = encrypt_aead(
            Cipher::aes_256_gcm(),
            self.key.as_slice(),
            Some(&self.nonce(place)),
            &self.associated,
            plain,
            &mut tag,
        )
        .expect("AES-256-GCM takes any text under a 32-byte key and a 12-byte nonce");
        sealed.extend_from_slice(&tag);
        sealed.into()
    }

    pub(super) fn open(&self, place: Place, sealed: &[u8]) -> Result<Bytes, BlobError> {
        let (cipher, tag) = sealed.split_last_chunk::<TAG>().ok_or(BlobError::Damaged)?;
        decrypt_aead(
            Cipher::aes_256_gcm(),
            self.key.as_slice(),
            Some(&self.nonce(place)),
            &self.associated,
            cipher,
            tag,
        )
        .map(Bytes::from)
        .map_err(|_| BlobError::Damaged)
    }

    fn nonce(&self, place: Place) -> [u8; 12] {
        let mut nonce = [0; PREFIX + 5];
        let (prefix, rest) = nonce.split_at_mut(PREFIX);
        let (number, is_last) = rest.split_at_mut(4);
        prefix.copy_from_slice(self.header.split_at(MAGIC.len()).1);
        number.copy_from_slice(&place.number.to_be_bytes());
        is_last.fill(place.is_last.into());
        nonce
    }
}

/// Where a chunk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) number: u32,
    pub(super) is_last: bool,
}

/// How an object of this many plain bytes is laid out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    size: u64,
    last: u32,
}

impl Layout {
    /// `None` if no object has so many.
    pub(super) fn new(size: u64) -> Option<Self> {
        let last = size.saturating_sub(1) / CHUNK as u64;
        Some(Self {
            size,
            last: last.try_into().ok().filter(|last| *last < MOST_CHUNKS)?,
        })
    }

    pub(super) fn place(self, number: u32) -> Place {
        Place {
            number,
            is_last: number == self.last,
        }
    }

    /// Bytes of a chunk as it is stored.
    pub(super) fn sealed_size(self, number: u32) -> usize {
        if number < self.last {
            return SEALED_CHUNK;
        }
        let before = u64::from(self.last) * CHUNK as u64;
        usize::try_from(self.size - before).map_or(SEALED_CHUNK, |rest| rest + TAG)
    }

    /// The chunks that hold these plain bytes, which are not behind the end and not none.
    pub(super) fn chunks(self, plain: &Range<u64>) -> Range<u32> {
        let chunk =
            |byte: u64| u32::try_from(byte / CHUNK as u64).map_or(self.last, |chunk| chunk.min(self.last));
        chunk(plain.start)..chunk(plain.end.saturating_sub(1)) + 1
    }

    /// Where these chunks are in the stored object.
    pub(super) fn stored(self, chunks: &Range<u32>) -> Range<u64> {
        let start = |number: u32| HEADER as u64 + u64::from(number) * SEALED_CHUNK as u64;
        let last = chunks.end.saturating_sub(1);
        start(chunks.start)..start(last) + self.sealed_size(last) as u64
    }
}
