//! A secret as an authenticator app takes it: as a URL, and as a picture of the URL.

use std::fmt::Display;
use std::io::Cursor;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clavis_kernel::Secret;
use image::{GrayImage, ImageError, ImageFormat, Luma};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode};

/// Width and height of the picture, in pixels.
const SIZE: u32 = 300;
/// The blank border that readers need, in modules (ISO/IEC 18004 §6.3.8).
const BORDER: u32 = 4;
const BLACK: Luma<u8> = Luma([0]);
const WHITE: Luma<u8> = Luma([255]);

/// All but the unreserved characters (RFC 3986 §2.3): some apps read a `+` as a blank.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// As [`ENCODED`], and addresses stay readable.
const ENCODED_IN_LABEL: &AsciiSet = &ENCODED.remove(b'@');

/// The URL that apps understand, its parameters in the order of the alphabet.
pub(crate) fn url(app_name: &str, account: &str, secret: &Secret) -> Secret {
    let (issuer, account) = (encoded(app_name), utf8_percent_encode(account, ENCODED_IN_LABEL));
    Secret::new(format!(
        "otpauth://totp/{issuer}:{account}?algorithm=SHA1&digits=6&issuer={issuer}&period=30&secret={}",
        secret.expose()
    ))
}

/// A text as it stands in such a URL.
pub(crate) fn encoded(text: &str) -> impl Display {
    utf8_percent_encode(text, ENCODED)
}

/// The text as a QR code, in a PNG, in base64.
pub(crate) fn drawn(text: &Secret) -> Result<Secret, DrawingError> {
    // Screens are not scratched, so the weakest correction will do: it has the largest modules, and room for the longest
    // address under the longest name.
    let code = QrCode::with_error_correction_level(text.expose(), EcLevel::L)?;
    let mut png = Cursor::new(Vec::new());
    picture(&code).write_to(&mut png, ImageFormat::Png)?;
    Ok(Secret::new(BASE64_STANDARD.encode(png.into_inner())))
}

/// Why a text was not drawn: no text that is drawn here gives a reason.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DrawingError {
    /// It is too long.
    #[error("the text does not fit a QR code")]
    Code(#[from] QrError),
    /// The picture was not written.
    #[error("the picture was not written")]
    Picture(#[from] ImageError),
}

/// The modules in the middle of the picture, each as large as there is room for.
fn picture(code: &QrCode) -> GrayImage {
    let colors = code.to_colors();
    let width = code.width();
    let modules = u32::try_from(width).unwrap_or(SIZE);
    let scale = (SIZE / modules.saturating_add(2 * BORDER)).max(1);
    let margin = SIZE.saturating_sub(scale.saturating_mul(modules)) / 2;
    let place = |at: u32| {
        let module = at.checked_sub(margin)? / scale;
        (module < modules).then_some(module as usize)
    };
    GrayImage::from_fn(SIZE, SIZE, |x, y| {
        let color = place(x)
            .zip(place(y))
            .and_then(|(column, row)| colors.get(row * width + column));
        if color == Some(&Color::Dark) { BLACK } else { WHITE }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url_of(app_name: &str, account: &str) -> String {
        let secret = Secret::new("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
        url(app_name, account, &secret).expose().to_owned()
    }

    #[test]
    fn the_url_is_the_contracts() {
        assert_eq!(
            url_of("Barong", "user@example.com"),
            "otpauth://totp/Barong:user@example.com?algorithm=SHA1&digits=6&issuer=Barong&period=30\
             &secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
        );
    }

    #[test]
    fn whatever_means_something_in_a_url_is_encoded() {
        assert_eq!(
            url_of("A & B/\u{e9}?", "o'neil+x&secret=y#%/z@example.com"),
            "otpauth://totp/A%20%26%20B%2F%C3%A9%3F:o%27neil%2Bx%26secret%3Dy%23%25%2Fz@example.com\
             ?algorithm=SHA1&digits=6&issuer=A%20%26%20B%2F%C3%A9%3F&period=30\
             &secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
        );
    }

    /// The modules of a picture, read back from its pixels.
    #[track_caller]
    fn modules(text: &str) -> Vec<bool> {
        let png = BASE64_STANDARD
            .decode(drawn(&Secret::new(text)).unwrap().expose())
            .unwrap();
        assert_eq!(image::guess_format(&png).unwrap(), ImageFormat::Png);
        let picture = image::load_from_memory(&png).unwrap().into_luma8();
        assert_eq!(picture.dimensions(), (300, 300));
        let dark: Vec<_> = picture
            .enumerate_pixels()
            .filter(|(.., pixel)| **pixel == BLACK)
            .map(|(x, y, _)| (x, y))
            .collect();
        let first = dark.iter().map(|(x, _)| *x).min().unwrap();
        let last = dark.iter().map(|(x, _)| *x).max().unwrap();
        assert_eq!(dark.iter().map(|(_, y)| *y).min(), Some(first), "in the middle");
        // The three corners hold squares of seven modules.
        let corner = (first..SIZE)
            .take_while(|x| *picture.get_pixel(*x, first) == BLACK)
            .count();
        let scale = u32::try_from(corner).unwrap() / 7;
        assert!(first >= BORDER * scale, "a blank border of {first} pixels");
        let width = (last + 1 - first) / scale;
        let center = |module: u32| first + module * scale + scale / 2;
        (0..width * width)
            .map(|at| *picture.get_pixel(center(at % width), center(at / width)) == BLACK)
            .collect()
    }

    #[test]
    fn the_picture_shows_the_code_and_nothing_else() {
        for account in ["a@b.cd", "somebody.with.a.long.name@mail.department.example.com"] {
            let text = url_of("Barong", account);
            let code = QrCode::with_error_correction_level(&text, EcLevel::L).unwrap();
            let expected: Vec<_> = code
                .to_colors()
                .iter()
                .map(|color| *color == Color::Dark)
                .collect();
            assert_eq!(modules(&text), expected, "{account}");
        }
    }

    #[test]
    fn there_is_room_for_the_longest_address_under_the_longest_name() {
        let name = "\u{1f511}".repeat(64);
        let local = "\u{e9}".repeat(32);
        let domain = ["x".repeat(63), "x".repeat(63), "x".repeat(60)].join(".");
        drawn(&Secret::new(url_of(&name, &format!("{local}@{domain}")))).unwrap();
    }
}
