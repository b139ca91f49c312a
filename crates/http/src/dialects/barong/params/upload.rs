use std::fmt;
use std::sync::Arc;

use actix_web::web::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The unit in which memory for files is handed out.
const UNIT_BYTES: usize = 1024 * 1024;

/// A file that came with a request.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Upload {
    name: String,
    bytes: Bytes,
    length: u64,
}

impl Upload {
    /// A file with its name as the client wrote it. Of a file that is too long, `bytes` are empty.
    pub(super) fn new(name: &str, bytes: Bytes, length: u64) -> Self {
        // Some clients send the whole path.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        Self { name, bytes, length }
    }

    /// Its name, without a path.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes the client sent.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Its content. Empty where it is longer than the endpoint keeps; [`Self::length`] tells.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// The memory for files that are being sent, shared by all requests.
#[derive(Debug, Clone)]
pub(crate) struct UploadRoom(Arc<Semaphore>);

impl UploadRoom {
    /// Room for so many mebibytes.
    pub(crate) fn new(mebibytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(mebibytes.min(Semaphore::MAX_PERMITS))))
    }
}

/// What one request took of it; it is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Lease<'a> {
    room: &'a UploadRoom,
    units: usize,
    bytes: usize,
    permit: Option<OwnedSemaphorePermit>,
}

impl<'a> Lease<'a> {
    pub(super) const fn new(room: &'a UploadRoom) -> Self {
        Self {
            room,
            units: 0,
            bytes: 0,
            permit: None,
        }
    }

    /// Takes room for more bytes; `None` when there is none just now.
    pub(super) fn grow(&mut self, bytes: usize) -> Option<()> {
        self.bytes = self.bytes.checked_add(bytes)?;
        let more = self.bytes.div_ceil(UNIT_BYTES).saturating_sub(self.units);
        if more == 0 {
            return Some(());
        }
        let permits = u32::try_from(more).ok()?;
        let permit = Arc::clone(&self.room.0).try_acquire_many_owned(permits).ok()?;
        self.units = self.units.saturating_add(more);
        match &mut self.permit {
            Some(held) => held.merge(permit),
            None => self.permit = Some(permit),
        }
        Some(())
    }

    pub(super) fn into_permit(self) -> Option<OwnedSemaphorePermit> {
        self.permit
    }
}
