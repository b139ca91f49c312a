//! Pictures that clients send: a URL that is kept as it is, or an image that is decoded within limits and
//! encoded again, so that nothing of what was sent is served.

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use image::{ImageFormat, ImageReader, Limits};
use tokio::sync::Semaphore;
use url::Url;

/// Most bytes of an image.
const MAX_IMAGE_BYTES: usize = 5 * 1024 * 1024;
/// Most bytes of a request that carries one: base64 takes a third more, and the rest of the body its part.
pub(super) const MAX_BODY_BYTES: usize = 7 * 1024 * 1024;
/// Most pixels on a side of an image.
const MAX_SIDE: u32 = 4096;
/// Most memory that decoding may take.
const MAX_DECODED_BYTES: u64 = 64 * 1024 * 1024;
/// Pixels on a side of what is kept.
const KEPT_SIDE: u32 = 256;
/// Longest URL of a picture, in bytes.
const MAX_URL_BYTES: usize = 2048;
/// How many images are decoded at a time; the bound on memory.
const AT_ONCE: usize = 2;
/// How long one waits for its turn.
const MAX_WAIT: Duration = Duration::from_secs(5);

const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The last chunk of a PNG file, whole.
const PNG_END: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";
const JPEG_MAGIC: &[u8] = b"\xff\xd8\xff";
const JPEG_END: &[u8] = b"\xff\xd9";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a client gave as its picture.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// Where a picture is; nobody fetches it.
    Url(String),
    /// The picture itself, not decoded yet.
    Image(Vec<u8>, ImageFormat),
}

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum PictureError {
    #[error("neither the URL of a picture nor one in base64")]
    NotAPicture,
    #[error("too many pictures at a time")]
    Busy,
}

impl Given {
    /// Tells a URL from an image, and what sort of image it is by its bytes alone.
    pub(super) fn parse(text: &str) -> Result<Self, PictureError> {
        let text = text.trim();
        // No text in base64 has a colon.
        if text.contains(':') {
            return is_picture_url(text)
                .then(|| Self::Url(text.to_owned()))
                .ok_or(PictureError::NotAPicture);
        }
        if text.len() > MAX_IMAGE_BYTES.div_ceil(3) * 4 {
            return Err(PictureError::NotAPicture);
        }
        let bytes = BASE64.decode(text).map_err(|_| PictureError::NotAPicture)?;
        // A file that goes on after its end is two files in one.
        let format = if bytes.starts_with(PNG_MAGIC) && bytes.ends_with(PNG_END) {
            ImageFormat::Png
        } else if bytes.starts_with(JPEG_MAGIC) && bytes.ends_with(JPEG_END) {
            ImageFormat::Jpeg
        } else {
            return Err(PictureError::NotAPicture);
        };
        if bytes.len() > MAX_IMAGE_BYTES {
            return Err(PictureError::NotAPicture);
        }
        Ok(Self::Image(bytes, format))
    }
}

fn is_picture_url(text: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>\"'`\\".contains(c);
    text.len() <= MAX_URL_BYTES
        && text.chars().all(plain)
        && Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty())
        })
        // What `Url` mends, a browser may read otherwise.
        && text.split_once("://").is_some_and(|(_, rest)| !rest.starts_with('/'))
}

/// Where images are decoded: few at a time.
pub(super) struct Studio {
    places: Arc<Semaphore>,
}

impl Default for Studio {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Studio {
    /// The image, small and as PNG.
    pub(super) async fn develop(&self, bytes: Vec<u8>, format: ImageFormat) -> Result<Vec<u8>, PictureError> {
        let place = tokio::time::timeout(MAX_WAIT, Arc::clone(&self.places).acquire_owned());
        let Ok(Ok(place)) = place.await else {
            return Err(PictureError::Busy);
        };
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            recode(&bytes, format)
        });
        match work.await {
            Ok(Some(png)) => Ok(png),
            Ok(None) => Err(PictureError::NotAPicture),
            // A decoder that panicked was fed something that is no picture.
            Err(error) => {
                tracing::warn!(%error, "decoding a picture failed");
                Err(PictureError::NotAPicture)
            }
        }
    }
}

fn recode(bytes: &[u8], format: ImageFormat) -> Option<Vec<u8>> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    let small = if picture.width().max(picture.height()) > KEPT_SIDE {
        picture.thumbnail(KEPT_SIDE, KEPT_SIDE)
    } else {
        picture
    };
    let mut png = Cursor::new(Vec::new());
    small.into_rgba8().write_to(&mut png, ImageFormat::Png).ok()?;
    Some(png.into_inner())
}

#[cfg(test)]
mod tests;
