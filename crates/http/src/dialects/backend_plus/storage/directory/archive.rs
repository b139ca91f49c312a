//! An archive that is put together while it is sent: of contents, no more than a piece is in memory.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::web::Bytes;
use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use clavis_files::StoredObject;
use clavis_flows::{BlobError, BlobStream};
use futures_util::TryStreamExt as _;
use tokio::sync::OwnedSemaphorePermit;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use super::entries::Entries;

/// Most objects of an archive: of each some hundred bytes are kept until the end, where an archive has its list.
const MAX_ENTRIES: usize = 100_000;

/// An archive on its way.
pub(super) struct Archive {
    entries: Entries,
    /// Of the page at hand, those that are not in the archive yet, the next one last.
    page: Vec<StoredObject>,
    content: Option<BlobStream>,
    count: usize,
    /// `None` when the archive is complete.
    writer: Option<ZipWriter<StreamWriter<Outlet>>>,
    outlet: Outlet,
    _place: OwnedSemaphorePermit,
}

/// Where the writer leaves what is to be sent.
#[derive(Clone, Default)]
struct Outlet(Arc<Mutex<Vec<u8>>>);

impl Outlet {
    fn take(&self) -> Bytes {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Bytes::from(mem::take(&mut *written))
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Archive {
    pub(super) fn new(entries: Entries, place: OwnedSemaphorePermit) -> Self {
        let outlet = Outlet::default();
        Self {
            entries,
            page: Vec::new(),
            content: None,
            count: 0,
            writer: Some(ZipWriter::new_stream(outlet.clone())),
            outlet,
            _place: place,
        }
    }

    /// The next piece. An error breaks the answer off, so that nobody takes half an archive for a whole one.
    pub(super) async fn next(mut self) -> Result<Option<(Bytes, Self)>, BlobError> {
        while self.writer.is_some() {
            self.advance().await?;
            let piece = self.outlet.take();
            if !piece.is_empty() {
                return Ok(Some((piece, self)));
            }
        }
        Ok(None)
    }

    async fn advance(&mut self) -> Result<(), BlobError> {
        if let Some(content) = &mut self.content {
            match (content.try_next().await?, &mut self.writer) {
                (Some(piece), Some(writer)) => writer.write_all(&piece).map_err(BlobError::unavailable)?,
                (Some(_) | None, _) => self.content = None,
            }
            return Ok(());
        }
        if let Some(object) = self.page.pop() {
            return self.begin(&object).await;
        }
        match self.entries.page().await? {
            Some(mut page) => {
                page.reverse();
                self.page = page;
            }
            None => self.finish()?,
        }
        Ok(())
    }

    /// Names an entry by its key. A key has no segment that leads out of where the archive is unpacked.
    async fn begin(&mut self, object: &StoredObject) -> Result<(), BlobError> {
        let Some((object, content)) = self.entries.open(object).await? else {
            return Ok(());
        };
        self.count += 1;
        if self.count > MAX_ENTRIES {
            tracing::warn!(MAX_ENTRIES, "a directory has too many objects for an archive");
            return Err(BlobError::TooLarge);
        }
        if let Some(writer) = &mut self.writer {
            let options = SimpleFileOptions::DEFAULT
                .compression_method(CompressionMethod::Stored)
                .large_file(object.size >= u64::from(u32::MAX))
                .last_modified_time(moment(object.modified_at));
            writer
                .start_file(object.key.as_str(), options)
                .map_err(BlobError::unavailable)?;
        }
        self.content = Some(content);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), BlobError> {
        match self.writer.take() {
            Some(writer) => writer.finish().map(drop).map_err(BlobError::unavailable),
            None => Ok(()),
        }
    }
}

/// A time as archives write it: from 1980 to 2107.
fn moment(time: DateTime<Utc>) -> zip::DateTime {
    let part = |part: u32| u8::try_from(part).unwrap_or_default();
    let date = (
        u16::try_from(time.year()).unwrap_or_default(),
        part(time.month()),
        part(time.day()),
    );
    let time = (part(time.hour()), part(time.minute()), part(time.second()));
    zip::DateTime::from_date_and_time(date.0, date.1, date.2, time.0, time.1, time.2).unwrap_or_default()
}
