//! Where images are changed: few at a time, some waiting, and what was made is kept for a while.

use std::sync::Arc;

use actix_web::web::{Bytes, BytesMut};
use clavis_files::StoredObject;
use clavis_flows::Objects;
use futures_util::TryStreamExt as _;
use moka::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::super::error::Refusal;
use super::parameters::Parameters;
use super::picture::{self, Format, Picture, PictureError};
use crate::Fault;

/// Images that are changed at a time; the bound on memory.
const AT_ONCE: usize = 2;
/// Requests that wait for their turn.
const MAX_WAITING: usize = 32;
/// Largest file that is read.
const MAX_SOURCE_BYTES: u64 = 32 * 1024 * 1024;
/// Memory for results that are on their way to clients, in KiB.
const MAX_SENDING_KIB: u32 = 128 * 1024;

/// Changes images, and remembers them.
pub(super) struct Studio {
    places: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    sending: Arc<Semaphore>,
    cache: Cache<Order, Arc<Picture>>,
}

/// What is asked for: this version of an object, changed like this.
type Order = (String, String, String);

/// A changed image, and its place among those that are sent.
pub(super) struct Print {
    pub(super) picture: Arc<Picture>,
    pub(super) place: OwnedSemaphorePermit,
}

impl Studio {
    /// Remembers this many bytes of results.
    pub(super) fn new(cache_bytes: u64) -> Self {
        let cache = Cache::builder()
            .max_capacity(cache_bytes)
            .weigher(|order: &Order, picture: &Arc<Picture>| {
                let names = order.0.len() + order.1.len() + order.2.len();
                u32::try_from(picture.bytes.len() + names).unwrap_or(u32::MAX)
            })
            .build();
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            queue: Arc::new(Semaphore::new(AT_ONCE + MAX_WAITING)),
            sending: Arc::new(Semaphore::new(MAX_SENDING_KIB as usize)),
            cache,
        }
    }

    /// The object's content, changed.
    pub(super) async fn print(
        &self,
        objects: &dyn Objects,
        object: &StoredObject,
        parameters: &Parameters,
    ) -> Result<Print, Refusal> {
        let format = Format::of_media_type(&object.description.content_type);
        let format = format.ok_or(PictureError::NotAnImage)?;
        if object.size > MAX_SOURCE_BYTES {
            return Err(PictureError::TooManyPixels.into());
        }
        let order = (
            object.key.as_str().to_owned(),
            object.etag.clone(),
            parameters.key(),
        );
        let picture = match self.cache.get(&order) {
            Some(picture) => picture,
            None => self.make(objects, object, format, parameters, order).await?,
        };
        let kibibytes = u32::try_from(picture.bytes.len() / 1024)
            .unwrap_or(u32::MAX)
            .clamp(1, MAX_SENDING_KIB);
        let place = Arc::clone(&self.sending)
            .try_acquire_many_owned(kibibytes)
            .map_err(|_| busy())?;
        Ok(Print { picture, place })
    }

    async fn make(
        &self,
        objects: &dyn Objects,
        object: &StoredObject,
        format: Format,
        parameters: &Parameters,
        order: Order,
    ) -> Result<Arc<Picture>, Refusal> {
        let _waiting = self.queue.try_acquire().map_err(|_| busy())?;
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| busy())?;
        // Somebody before us in the queue may have asked for the same.
        if let Some(picture) = self.cache.get(&order) {
            return Ok(picture);
        }
        let content = read(objects, object).await?;
        let parameters = *parameters;
        // The place goes with the work: a client that hangs up does not let another begin early.
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            picture::transform(&content, format, &parameters)
        });
        let picture = match work.await {
            Ok(picture) => Arc::new(picture?),
            // A decoder that panicked was fed something that is no image.
            Err(error) => {
                tracing::warn!(%error, "changing an image failed");
                return Err(PictureError::NotAnImage.into());
            }
        };
        self.cache.insert(order, Arc::clone(&picture));
        Ok(picture)
    }
}

/// The whole content of this version.
async fn read(objects: &dyn Objects, object: &StoredObject) -> Result<Bytes, Refusal> {
    let (found, mut content) = objects.open(&object.key, None).await?.ok_or(Refusal::NOT_FOUND)?;
    if found.etag != object.etag || found.size > MAX_SOURCE_BYTES {
        // It was replaced a moment ago: the client may ask again.
        return Err(busy());
    }
    let mut bytes = BytesMut::with_capacity(usize::try_from(found.size).unwrap_or_default());
    while let Some(chunk) = content.try_next().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn busy() -> Refusal {
    tracing::warn!("too many images are changed at a time");
    Fault::Busy.into()
}

impl From<PictureError> for Refusal {
    fn from(refusal: PictureError) -> Self {
        match refusal {
            PictureError::NotAnImage | PictureError::TooManyPixels => Self::invalid(refusal.to_string()),
        }
    }
}
