use std::io::Cursor;

use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::{CompressionType, FilterType, PngDecoder, PngEncoder};
use image::error::{ImageError, LimitErrorKind};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageResult, Limits};

use super::UploadError;
use super::jpeg::Jpeg;
use crate::MAX_DOCUMENT_BYTES;

/// Most pixels on a side.
const MAX_SIDE: u32 = 12_000;
/// Most pixels.
const MAX_PIXELS: u64 = 50_000_000;
/// Most pixels of a progressive JPEG, which takes more memory for each.
const MAX_PROGRESSIVE_PIXELS: u64 = 24_000_000;
/// Most memory that the decoded picture may take: four bytes for each pixel.
const MAX_DECODED_BYTES: u64 = 4 * MAX_PIXELS;
/// Most bytes of a picture that was encoded again; its sender may have packed it better.
const MAX_KEPT_BYTES: usize = 2 * MAX_DOCUMENT_BYTES;
/// How good a photograph is kept: the first that is small enough.
const JPEG_QUALITIES: [u8; 3] = [90, 80, 60];

/// The picture of a JPEG, upright, as a JPEG that has nothing else.
pub(super) fn recode_jpeg(jpeg: Jpeg<'_>) -> Result<Vec<u8>, UploadError> {
    let max_pixels = if jpeg.is_progressive {
        MAX_PROGRESSIVE_PIXELS
    } else {
        MAX_PIXELS
    };
    let picture = decode(JpegDecoder::new(Cursor::new(jpeg.bytes)), max_pixels)?;
    // JPEG has neither transparency nor deep colour.
    let picture = match picture {
        DynamicImage::ImageLuma8(_) => picture,
        other => DynamicImage::ImageRgb8(other.into_rgb8()),
    };
    for quality in JPEG_QUALITIES {
        let mut kept = Vec::new();
        picture
            .write_with_encoder(JpegEncoder::new_with_quality(&mut kept, quality))
            .map_err(|_| UploadError::Damaged)?;
        if kept.len() <= MAX_KEPT_BYTES {
            return Ok(kept);
        }
    }
    Err(UploadError::TooLarge)
}

/// The picture of a PNG, upright, as a PNG that has nothing else.
pub(super) fn recode_png(bytes: &[u8]) -> Result<Vec<u8>, UploadError> {
    let picture = decode(PngDecoder::new(Cursor::new(bytes)), MAX_PIXELS)?;
    let picture = match picture {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_) | DynamicImage::ImageRgba8(_) => picture,
        DynamicImage::ImageLuma16(_) => DynamicImage::ImageLuma8(picture.into_luma8()),
        other if other.color().has_alpha() => DynamicImage::ImageRgba8(other.into_rgba8()),
        other => DynamicImage::ImageRgb8(other.into_rgb8()),
    };
    let mut kept = Vec::new();
    picture
        .write_with_encoder(PngEncoder::new_with_quality(
            &mut kept,
            CompressionType::Default,
            FilterType::Adaptive,
        ))
        .map_err(|_| UploadError::Damaged)?;
    if kept.len() <= MAX_KEPT_BYTES {
        Ok(kept)
    } else {
        Err(UploadError::TooLarge)
    }
}

/// Decodes within the limits and turns the picture as its camera said.
fn decode<D: ImageDecoder>(decoder: ImageResult<D>, max_pixels: u64) -> Result<DynamicImage, UploadError> {
    let mut decoder = decoder.map_err(|error| refused(&error))?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(UploadError::Damaged);
    }
    if width > MAX_SIDE
        || height > MAX_SIDE
        || u64::from(width) * u64::from(height) > max_pixels
        || decoder.total_bytes() > MAX_DECODED_BYTES
    {
        return Err(UploadError::TooManyPixels);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    decoder.set_limits(limits).map_err(|error| refused(&error))?;
    // What cannot be read says nothing.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| refused(&error))?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn refused(error: &ImageError) -> UploadError {
    match error {
        ImageError::Limits(limit)
            if matches!(
                limit.kind(),
                LimitErrorKind::DimensionError | LimitErrorKind::InsufficientMemory
            ) =>
        {
            UploadError::TooManyPixels
        }
        _ => UploadError::Damaged,
    }
}
