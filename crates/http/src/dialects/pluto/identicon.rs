//! The picture of whoever uploaded none: drawn from its name, the same each time.

use clavis_flows::AvatarName;
use image::{ImageFormat, Rgb, RgbImage};

/// Squares on a side; the right half mirrors the left.
const CELLS: u32 = 5;
/// Pixels on a side of a square.
const CELL: u32 = 32;
/// Pixels around the squares.
const MARGIN: u32 = 16;
const SIDE: u32 = CELLS * CELL + 2 * MARGIN;
const BACKGROUND: Rgb<u8> = Rgb([240, 240, 240]);

/// The picture of a name, PNG.
pub(super) fn draw(name: &AvatarName) -> Vec<u8> {
    let digest = openssl::sha::sha256(name.as_str().as_bytes());
    let [red, green, blue, squares @ ..] = digest;
    // Never so light that it vanishes.
    let colour = Rgb([red, green, blue].map(|channel| 40 + channel / 2));
    let filled = |column: u32, row: u32| {
        let mirrored = column.min(CELLS - 1 - column);
        let index = usize::try_from(row * CELLS.div_ceil(2) + mirrored).unwrap_or_default();
        squares.get(index).is_some_and(|byte| byte % 2 == 0)
    };
    let picture = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let cell = |at: u32| {
            at.checked_sub(MARGIN)
                .map(|at| at / CELL)
                .filter(|&cell| cell < CELLS)
        };
        match (cell(x), cell(y)) {
            (Some(column), Some(row)) if filled(column, row) => colour,
            _ => BACKGROUND,
        }
    });
    let mut png = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut png, ImageFormat::Png)
        .expect("a small picture is encoded into memory");
    png.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(name: &str) -> RgbImage {
        let png = draw(&name.parse().unwrap());
        image::load_from_memory_with_format(&png, ImageFormat::Png)
            .unwrap()
            .into_rgb8()
    }

    #[test]
    fn a_name_has_one_picture_and_another_name_another() {
        let name: AvatarName = "0123456789abcdef".parse().unwrap();
        assert_eq!(draw(&name), draw(&name));
        assert_ne!(picture("0123456789abcdef"), picture("0123456789abcdee"));
    }

    #[test]
    fn the_picture_is_mirrored_and_not_empty() {
        for name in ["0123456789abcdef", "0000000000000000", "ffffffffffffffff"] {
            let picture = picture(name);
            assert_eq!(picture.dimensions(), (SIDE, SIDE));
            assert_eq!(image::imageops::flip_horizontal(&picture), picture);
            assert!(picture.pixels().any(|pixel| *pixel != BACKGROUND), "{name}");
        }
    }
}
