//! Changes images: size, blur, rounded corners. Pure, within bounds of memory and work.

mod corners;

use std::io::Cursor;

use actix_web::web::Bytes;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType as Kernel, MulDiv, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::metadata::Orientation;
use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits, RgbImage,
    RgbaImage,
};

use super::parameters::Parameters;

/// Most pixels on a side of what is read.
const MAX_SIDE: u32 = 16_384;
/// Most pixels of what is read, and of what is made.
const MAX_PIXELS: u64 = 24_000_000;
/// Most memory that the decoded image may take: four bytes for each pixel, and some room for deeper ones.
const MAX_DECODED_BYTES: u64 = 128 * 1024 * 1024;
/// Largest colour profile that is kept.
const MAX_PROFILE_BYTES: usize = 256 * 1024;
/// Past this standard deviation a blur is made of boxes, whose work does not grow with it.
const MAX_EXACT_BLUR: f32 = 4.0;

/// What is read and made; what is made has the type of what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    Webp,
}

/// Why an image was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum PictureError {
    #[error("The file is not an image")]
    NotAnImage,
    #[error("The image has too many pixels")]
    TooManyPixels,
}

/// An image as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) bytes: Bytes,
    /// The quoted digest of the bytes.
    pub(super) etag: String,
}

impl Format {
    /// The format that a media type names.
    pub(super) fn of_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "image/jpeg" | "image/jpg" => Some(Self::Jpeg),
            "image/png" => Some(Self::Png),
            "image/webp" => Some(Self::Webp),
            _ => None,
        }
    }
}

/// Decodes, turns the image upright, changes it, and encodes it in this format.
pub(super) fn transform(
    bytes: &[u8],
    format: Format,
    parameters: &Parameters,
) -> Result<Picture, PictureError> {
    let (picture, profile) = decode(bytes)?;
    let picture = resize(picture, parameters)?;
    let picture = match parameters.blur {
        Some(deviation) => blur(picture, deviation),
        None => picture,
    };
    let picture = match parameters.corners {
        Some(corners) => corners::round(picture, corners, format),
        None => picture,
    };
    let bytes = encode(picture, format, parameters.quality, profile)?;
    let digest = openssl::sha::sha256(&bytes);
    let etag = format!("\"{}\"", BASE64_STANDARD.encode(digest).replace('/', "-"));
    Ok(Picture {
        bytes: Bytes::from(bytes),
        etag,
    })
}

/// The upright image, in one byte for each sample, and its colour profile.
fn decode(bytes: &[u8]) -> Result<(DynamicImage, Option<Vec<u8>>), PictureError> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| PictureError::NotAnImage)?;
    // What the bytes say decides, not what somebody called them.
    if !matches!(
        reader.format(),
        Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)
    ) {
        return Err(PictureError::NotAnImage);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| refused(&error))?;
    let (width, height) = decoder.dimensions();
    check_pixels(width, height)?;
    if decoder.total_bytes() > MAX_DECODED_BYTES {
        return Err(PictureError::TooManyPixels);
    }
    // What cannot be read says nothing.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| refused(&error))?;
    let mut picture = match picture {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_) | DynamicImage::ImageRgba8(_) => picture,
        DynamicImage::ImageLuma16(_) => DynamicImage::ImageLuma8(picture.into_luma8()),
        other if other.color().has_alpha() => DynamicImage::ImageRgba8(other.into_rgba8()),
        other => DynamicImage::ImageRgb8(other.into_rgb8()),
    };
    picture.apply_orientation(orientation);
    let profile = profile.filter(|profile| fits(profile, &picture));
    Ok((picture, profile))
}

fn refused(error: &image::ImageError) -> PictureError {
    match error {
        image::ImageError::Limits(_) => PictureError::TooManyPixels,
        _ => PictureError::NotAnImage,
    }
}

fn check_pixels(width: u32, height: u32) -> Result<(), PictureError> {
    match u64::from(width) * u64::from(height) {
        0 => Err(PictureError::NotAnImage),
        1..=MAX_PIXELS => Ok(()),
        _ => Err(PictureError::TooManyPixels),
    }
}

/// Whether a profile speaks of the colours that the decoded image has; decoding may have changed them.
fn fits(profile: &[u8], picture: &DynamicImage) -> bool {
    let space: &[u8] = if picture.color().has_color() {
        b"RGB "
    } else {
        b"GRAY"
    };
    profile.len() <= MAX_PROFILE_BYTES && profile.get(16..20) == Some(space)
}

/// One side alone keeps the proportions; both crop what does not fit.
fn resize(picture: DynamicImage, parameters: &Parameters) -> Result<DynamicImage, PictureError> {
    let (width, height) = (picture.width(), picture.height());
    let (new_width, new_height) = match (parameters.width, parameters.height) {
        (None, None) => return Ok(picture),
        (Some(new_width), Some(new_height)) => (new_width, new_height),
        (Some(new_width), None) => (new_width, in_proportion(height, new_width, width)),
        (None, Some(new_height)) => (in_proportion(width, new_height, height), new_height),
    };
    check_pixels(new_width, new_height)?;
    if (new_width, new_height) == (width, height) {
        return Ok(picture);
    }
    let (kind, samples) = samples(&picture);
    let source = ImageRef::new(width, height, samples, kind).map_err(|_| PictureError::NotAnImage)?;
    let mut resized = Image::new(new_width, new_height, kind);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(Kernel::Lanczos3))
        .fit_into_destination(Some((0.5, 0.5)));
    Resizer::new()
        .resize(&source, &mut resized, Some(&options))
        .map_err(|_| PictureError::NotAnImage)?;
    from_samples(resized).ok_or(PictureError::NotAnImage)
}

/// The side times the ratio, rounded, and at least one pixel.
fn in_proportion(side: u32, numerator: u32, denominator: u32) -> u32 {
    let denominator = u64::from(denominator.max(1));
    let rounded = (u64::from(side) * u64::from(numerator) + denominator / 2) / denominator;
    u32::try_from(rounded).unwrap_or(u32::MAX).max(1)
}

fn samples(picture: &DynamicImage) -> (PixelType, &[u8]) {
    let kind = match picture.color().channel_count() {
        1 => PixelType::U8,
        4 => PixelType::U8x4,
        _ => PixelType::U8x3,
    };
    (kind, picture.as_bytes())
}

fn from_samples(image: Image<'_>) -> Option<DynamicImage> {
    let (width, height, kind) = (image.width(), image.height(), image.pixel_type());
    let samples = image.into_vec();
    match kind {
        PixelType::U8 => GrayImage::from_raw(width, height, samples).map(DynamicImage::ImageLuma8),
        PixelType::U8x4 => RgbaImage::from_raw(width, height, samples).map(DynamicImage::ImageRgba8),
        _ => RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8),
    }
}

/// Transparent pixels have colours too, which must not bleed into those that are seen.
fn blur(mut picture: DynamicImage, deviation: f32) -> DynamicImage {
    if let DynamicImage::ImageRgba8(pixels) = &mut picture {
        weigh_by_alpha(pixels, |alpha, image| alpha.multiply_alpha_inplace(image));
    }
    let mut blurred = if deviation <= MAX_EXACT_BLUR {
        picture.blur(deviation)
    } else {
        picture.fast_blur(deviation)
    };
    if let DynamicImage::ImageRgba8(pixels) = &mut blurred {
        weigh_by_alpha(pixels, |alpha, image| alpha.divide_alpha_inplace(image));
    }
    blurred
}

fn weigh_by_alpha<E>(pixels: &mut RgbaImage, weigh: impl FnOnce(&MulDiv, &mut Image<'_>) -> Result<(), E>) {
    let (width, height) = pixels.dimensions();
    // The buffer has four bytes for each pixel, so neither of the two can fail.
    if let Ok(mut image) = Image::from_slice_u8(width, height, pixels, PixelType::U8x4) {
        let _weighed = weigh(&MulDiv::new(), &mut image);
    }
}

fn encode(
    picture: DynamicImage,
    format: Format,
    quality: u8,
    profile: Option<Vec<u8>>,
) -> Result<Vec<u8>, PictureError> {
    let mut bytes = Vec::new();
    match format {
        Format::Jpeg => {
            // JPEG has no transparency.
            let picture = match picture {
                DynamicImage::ImageRgba8(_) => DynamicImage::ImageRgb8(picture.into_rgb8()),
                other => other,
            };
            let encoder = JpegEncoder::new_with_quality(&mut bytes, quality.max(1));
            write(&picture, encoder, profile)
        }
        Format::Png => {
            // A client waits for it, so what is fast is worth more than what is small.
            let encoder =
                PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive);
            write(&picture, encoder, profile)
        }
        Format::Webp => write(&picture, WebPEncoder::new_lossless(&mut bytes), profile),
    }
    .map_err(|_| PictureError::NotAnImage)?;
    Ok(bytes)
}

fn write(
    picture: &DynamicImage,
    mut encoder: impl ImageEncoder,
    profile: Option<Vec<u8>>,
) -> image::ImageResult<()> {
    if let Some(profile) = profile {
        // An image without its profile is shown in slightly other colours; that is all.
        let _kept = encoder.set_icc_profile(profile);
    }
    picture.write_with_encoder(encoder)
}

#[cfg(test)]
mod tests;
