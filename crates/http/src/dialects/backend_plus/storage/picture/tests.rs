use image::Rgba;

use super::super::parameters::Corners;
use super::*;

const AS_IT_IS: Parameters = Parameters {
    width: None,
    height: None,
    quality: 100,
    blur: None,
    corners: None,
};

/// Left half red, right half blue.
fn halves(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgba8(RgbaImage::from_fn(width, height, |x, _| {
        if x < width / 2 {
            Rgba([255, 0, 0, 255])
        } else {
            Rgba([0, 0, 255, 255])
        }
    }))
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn png(width: u32, height: u32) -> Vec<u8> {
    encoded(&halves(width, height), ImageFormat::Png)
}

fn transformed(bytes: &[u8], parameters: &Parameters) -> RgbaImage {
    let picture = transform(bytes, Format::Png, parameters).unwrap();
    image::load_from_memory_with_format(&picture.bytes, ImageFormat::Png)
        .unwrap()
        .into_rgba8()
}

#[test]
fn one_side_keeps_the_proportions_and_both_crop_to_cover() {
    #[track_caller]
    fn check(width: Option<u32>, height: Option<u32>, expected: (u32, u32)) -> RgbaImage {
        let parameters = Parameters {
            width,
            height,
            ..AS_IT_IS
        };
        let picture = transformed(&png(40, 20), &parameters);
        assert_eq!(picture.dimensions(), expected);
        picture
    }
    check(None, None, (40, 20));
    check(Some(10), None, (10, 5));
    check(None, Some(10), (20, 10));
    check(Some(80), None, (80, 40));
    check(Some(1), None, (1, 1));
    let square = check(Some(10), Some(10), (10, 10));
    // The middle is kept, and nothing is squeezed.
    assert_eq!(square.get_pixel(1, 5), &Rgba([255, 0, 0, 255]));
    assert_eq!(square.get_pixel(8, 5), &Rgba([0, 0, 255, 255]));
}

#[test]
fn corners_are_transparent_or_black_and_the_middle_stays() {
    let with = |corners| Parameters {
        corners: Some(corners),
        ..AS_IT_IS
    };
    let round = transformed(&png(21, 21), &with(Corners::Full));
    for (x, y) in [(0, 0), (20, 0), (0, 20), (20, 20)] {
        assert_eq!(round.get_pixel(x, y).0[3], 0);
    }
    assert_eq!(round.get_pixel(10, 0).0[3], 255);
    assert_eq!(round.get_pixel(0, 10), &Rgba([255, 0, 0, 255]));
    let little = transformed(&png(21, 21), &with(Corners::Radius(3.0)));
    assert_eq!(
        [(0, 0), (1, 1), (4, 0)].map(|(x, y)| little.get_pixel(x, y).0[3] == 255),
        [false, true, true]
    );
    let much = transformed(&png(21, 21), &with(Corners::Radius(1e30)));
    assert_eq!(much, round);
    let jpeg = transform(&png(40, 40), Format::Jpeg, &with(Corners::Full)).unwrap();
    let jpeg = image::load_from_memory_with_format(&jpeg.bytes, ImageFormat::Jpeg)
        .unwrap()
        .into_rgb8();
    assert!(jpeg.get_pixel(0, 0).0.iter().all(|sample| *sample < 40));
}

#[test]
fn a_blur_mixes_what_is_beside_whatever_its_size() {
    for deviation in [0.3, 1.0, 4.0, 4.5, 50.0, 1000.0] {
        let parameters = Parameters {
            blur: Some(deviation),
            ..AS_IT_IS
        };
        let blurred = transformed(&png(40, 20), &parameters);
        assert_eq!(blurred.dimensions(), (40, 20));
        let [red, _, blue, alpha] = blurred.get_pixel(19, 10).0;
        assert!(red > 100 && alpha == 255, "{deviation}: {red} {alpha}");
        assert!(blue > 0 || deviation < 0.5, "{deviation}: {blue}");
        transformed(&png(1, 1), &parameters);
        transformed(&png(2, 3), &parameters);
    }
}

#[test]
fn the_result_has_the_type_of_what_is_stored() {
    let check = |format, expected| {
        let picture = transform(&png(4, 4), format, &AS_IT_IS).unwrap();
        assert_eq!(image::guess_format(&picture.bytes).unwrap(), expected);
    };
    check(Format::Jpeg, ImageFormat::Jpeg);
    check(Format::Png, ImageFormat::Png);
    check(Format::Webp, ImageFormat::WebP);
    let webp = encoded(&halves(6, 4), ImageFormat::WebP);
    assert_eq!(transformed(&webp, &AS_IT_IS), halves(6, 4).into_rgba8());
}

#[test]
fn quality_makes_a_photograph_smaller() {
    let noise = RgbImage::from_fn(64, 64, |x, y| {
        let [low, ..] = (x * 37 + y * 91).to_le_bytes();
        let [product, ..] = (x * y).to_le_bytes();
        image::Rgb([low, product, 7])
    });
    let bytes = encoded(&DynamicImage::ImageRgb8(noise), ImageFormat::Png);
    let size = |quality| {
        let parameters = Parameters { quality, ..AS_IT_IS };
        transform(&bytes, Format::Jpeg, &parameters).unwrap().bytes.len()
    };
    assert!(size(0) < size(50) && size(50) < size(100));
}

#[test]
fn what_the_camera_said_of_its_orientation_is_done() {
    let mut bytes = encoded(
        &DynamicImage::ImageRgb8(halves(16, 8).into_rgb8()),
        ImageFormat::Jpeg,
    );
    // An EXIF segment with nothing but orientation 6: turn it by ninety degrees.
    let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    bytes.splice(2..2, exif.iter().copied());
    assert_eq!(transformed(&bytes, &AS_IT_IS).dimensions(), (8, 16));
}

#[test]
fn the_tag_is_the_digest_of_what_is_sent() {
    let picture = transform(&png(4, 4), Format::Png, &AS_IT_IS).unwrap();
    let digest = BASE64_STANDARD.encode(openssl::sha::sha256(&picture.bytes));
    assert_eq!(picture.etag, format!("\"{}\"", digest.replace('/', "-")));
}

#[test]
fn what_is_no_image_or_a_broken_one_is_refused() {
    let check = |bytes: &[u8]| {
        assert_eq!(
            transform(bytes, Format::Png, &AS_IT_IS),
            Err(PictureError::NotAnImage)
        );
    };
    check(b"");
    check(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    check(b"GIF89a\x01\0\x01\0\0\0\0;");
    let png = png(40, 20);
    check(&png[..png.len() / 2]);
    check(&png[..20]);
}

#[test]
fn a_bomb_is_refused_before_it_is_decoded() {
    let mut bomb = png(1, 1);
    // The header's width and height, and its checksum.
    bomb[16..24].copy_from_slice(&[0, 0, 0x3f, 0xff, 0, 0, 0x3f, 0xff]);
    let crc = crc32(&bomb[12..29]).to_be_bytes();
    bomb[29..33].copy_from_slice(&crc);
    assert_eq!(
        transform(&bomb, Format::Png, &AS_IT_IS),
        Err(PictureError::TooManyPixels)
    );
    let large = Parameters {
        width: Some(8192),
        height: Some(8192),
        ..AS_IT_IS
    };
    assert_eq!(
        transform(&png(2, 2), Format::Png, &large),
        Err(PictureError::TooManyPixels)
    );
    let long = Parameters {
        width: Some(8192),
        ..AS_IT_IS
    };
    assert_eq!(
        transform(&png(1, 4000), Format::Png, &long),
        Err(PictureError::TooManyPixels)
    );
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn media_types_name_formats() {
    assert_eq!(Format::of_media_type("image/JPEG; q=1"), Some(Format::Jpeg));
    for other in ["image/gif", "image/svg+xml", "text/plain", ""] {
        assert_eq!(Format::of_media_type(other), None, "{other}");
    }
}
