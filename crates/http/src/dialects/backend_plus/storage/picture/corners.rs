//! Rounded corners.

use image::DynamicImage;

use super::super::parameters::Corners;
use super::Format;

/// Makes the corners transparent; black, where there is no transparency.
pub(super) fn round(picture: DynamicImage, corners: Corners, format: Format) -> DynamicImage {
    let (width, height) = (picture.width(), picture.height());
    #[expect(
        clippy::cast_precision_loss,
        reason = "a side has at most some thousand pixels"
    )]
    let most = width.min(height) as f32 / 2.0;
    let radius = match corners {
        Corners::Full => most,
        Corners::Radius(radius) => radius.min(most),
    };
    if radius <= 0.0 {
        return picture;
    }
    if format == Format::Jpeg {
        let mut pixels = picture.into_rgb8();
        each_in_corners(width, height, radius, |x, y, covered| {
            if let Some(pixel) = pixels.get_pixel_mut_checked(x, y) {
                pixel.0 = pixel.0.map(|sample| weighed(sample, covered));
            }
        });
        return DynamicImage::ImageRgb8(pixels);
    }
    let mut pixels = picture.into_rgba8();
    each_in_corners(width, height, radius, |x, y, covered| {
        if let Some(pixel) = pixels.get_pixel_mut_checked(x, y) {
            let [red, green, blue, alpha] = pixel.0;
            pixel.0 = [red, green, blue, weighed(alpha, covered)];
        }
    });
    DynamicImage::ImageRgba8(pixels)
}

/// Calls with every pixel of the corners and how much of it is within the rounding, from 0 to 1.
fn each_in_corners(width: u32, height: u32, radius: f32, mut paint: impl FnMut(u32, u32, f32)) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a radius is positive, and half a side at most"
    )]
    let side = radius.ceil() as u32;
    for y in 0..side.min(height) {
        for x in 0..side.min(width) {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a side has at most some thousand pixels"
            )]
            let (right, down) = (radius - (x as f32 + 0.5), radius - (y as f32 + 0.5));
            let distance = right.max(0.0).hypot(down.max(0.0));
            let covered = (radius - distance + 0.5).clamp(0.0, 1.0);
            if covered >= 1.0 {
                continue;
            }
            let (mirrored_x, mirrored_y) = (width - 1 - x, height - 1 - y);
            paint(x, y, covered);
            if mirrored_x != x {
                paint(mirrored_x, y, covered);
            }
            if mirrored_y != y {
                paint(x, mirrored_y, covered);
            }
            if mirrored_x != x && mirrored_y != y {
                paint(mirrored_x, mirrored_y, covered);
            }
        }
    }
}

fn weighed(sample: u8, weight: f32) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a byte times a number between 0 and 1"
    )]
    let weighed = (f32::from(sample) * weight).round() as u8;
    weighed
}
