use std::io::Cursor;

use image::{DynamicImage, GenericImageView as _, ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;

use super::*;
use DocumentExtension::{Jpeg, Jpg, Pdf, Png};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

/// A picture that is red on the left and blue on the right.
fn picture() -> DynamicImage {
    let half = |x, _| {
        if x < 16 {
            Rgb([220, 20, 20])
        } else {
            Rgb([20, 20, 220])
        }
    };
    DynamicImage::ImageRgb8(RgbImage::from_fn(32, 16, half))
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn jpeg() -> Vec<u8> {
    encoded(&picture(), ImageFormat::Jpeg)
}

fn png() -> Vec<u8> {
    encoded(&picture(), ImageFormat::Png)
}

/// An Exif segment that says how to turn the picture, and where it was taken.
fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01".to_vec();
    tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]);
    tiff.extend(b"GPS 52.5200 13.4050");
    tiff
}

fn jpeg_with_exif(orientation: u8) -> Vec<u8> {
    let payload = [b"Exif\0\0".as_slice(), &exif(orientation)].concat();
    let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    let plain = jpeg();
    [&plain[..2], b"\xff\xe1", &length, &payload, &plain[2..]].concat()
}

/// A PNG that says it has this many pixels, and has next to no data.
fn huge_png(width: u32, height: u32) -> Vec<u8> {
    let chunk = |name: &[u8], data: &[u8]| {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        let body = [name, data].concat();
        let checksum = crc(&body).to_be_bytes();
        [length.as_slice(), &body, &checksum].concat()
    };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let data = b"\x78\x9c\x03\x00\x00\x00\x00\x01";
    [
        png::START,
        &chunk(b"IHDR", &header),
        &chunk(b"IDAT", data),
        &chunk(b"IEND", b""),
    ]
    .concat()
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[track_caller]
fn check(bytes: &[u8], extension: DocumentExtension, expected: Result<MediaType, UploadError>) {
    let upload = Upload::examine(bytes, extension);
    assert_eq!(upload.map(|upload| upload.media_type()), expected);
}

#[test]
fn content_is_what_it_begins_like() {
    for extension in [Jpg, Jpeg, Png] {
        check(&jpeg(), extension, Ok(MediaType::Jpeg));
        check(&png(), extension, Ok(MediaType::Png));
        check(PDF, extension, Err(UploadError::Mismatch));
    }
    check(PDF, Pdf, Ok(MediaType::Pdf));
    check(&jpeg(), Pdf, Err(UploadError::Mismatch));
    check(&png(), Pdf, Err(UploadError::Mismatch));
    check(b"", Pdf, Err(UploadError::Empty));
    for bytes in [
        b"GIF89a".as_slice(),
        b"<svg/>",
        b"MZ",
        b" %PDF-1.7 %%EOF",
        b"%PDF-3.0 %%EOF",
        b"\0",
    ] {
        check(bytes, Pdf, Err(UploadError::UnknownContent));
        check(bytes, Jpg, Err(UploadError::UnknownContent));
    }
    check(&vec![0; MAX_DOCUMENT_BYTES + 1], Pdf, Err(UploadError::TooLarge));
}

#[test]
fn nothing_but_the_picture_is_kept() {
    let page = b"<script>alert(1)</script>";
    for (plain, extension) in [(jpeg(), Jpg), (png(), Png)] {
        let kept = Upload::examine(&[plain.as_slice(), page].concat(), extension).unwrap();
        assert!(!contains(kept.content(), page));
        assert_eq!(
            image::load_from_memory(kept.content()).unwrap().dimensions(),
            (32, 16)
        );
    }
    let kept = Upload::examine(&jpeg_with_exif(1), Jpg).unwrap();
    assert!(contains(&jpeg_with_exif(1), b"GPS"));
    assert!(!contains(kept.content(), b"GPS") && !contains(kept.content(), b"Exif"));
}

#[test]
fn a_picture_is_turned_as_its_camera_said() {
    let kept = Upload::examine(&jpeg_with_exif(6), Jpg).unwrap();
    let upright = image::load_from_memory(kept.content()).unwrap().into_rgb8();
    assert_eq!(upright.dimensions(), (16, 32));
    let (top, bottom) = (upright.get_pixel(8, 4), upright.get_pixel(8, 28));
    assert!(top[0] > 150 && top[2] < 100, "{top:?}");
    assert!(bottom[2] > 150 && bottom[0] < 100, "{bottom:?}");
}

#[test]
fn every_sort_of_pixel_is_kept() {
    let of = |picture: DynamicImage| encoded(&picture, ImageFormat::Png);
    for bytes in [
        of(picture().into_luma8().into()),
        of(picture().into_luma_alpha8().into()),
        of(picture().into_rgba8().into()),
        of(picture().into_luma16().into()),
        of(picture().into_rgb16().into()),
        of(picture().into_rgba16().into()),
    ] {
        check(&bytes, Png, Ok(MediaType::Png));
    }
    check(
        &encoded(&picture().into_luma8().into(), ImageFormat::Jpeg),
        Jpg,
        Ok(MediaType::Jpeg),
    );
}

#[test]
fn a_file_cut_short_is_damaged() {
    for (whole, extension) in [(jpeg(), Jpg), (jpeg_with_exif(6), Jpg), (png(), Png)] {
        for length in 8..whole.len() {
            check(&whole[..length], extension, Err(UploadError::Damaged));
        }
    }
    let whole = PDF.len() - b"%EOF\n".len();
    check(&PDF[..whole], Pdf, Err(UploadError::Damaged));
    check(&[PDF, &[b' '; 1024]].concat(), Pdf, Err(UploadError::Damaged));
    check(&[PDF, &[b' '; 1000]].concat(), Pdf, Ok(MediaType::Pdf));
}

#[test]
fn too_many_pixels_are_not_decoded() {
    for (width, height) in [
        (12_001, 1),
        (1, 12_001),
        (12_000, 12_000),
        (u32::MAX >> 1, u32::MAX >> 1),
    ] {
        check(&huge_png(width, height), Png, Err(UploadError::TooManyPixels));
    }
    check(&huge_png(5000, 5000), Png, Err(UploadError::Damaged));
    check(&huge_png(0, 1), Png, Err(UploadError::Damaged));
    let mut wide = jpeg();
    let frame = wide.windows(2).position(|pair| pair == b"\xff\xc0").unwrap();
    wide[frame + 5..frame + 9].copy_from_slice(b"\xff\xff\xff\xff");
    check(&wide, Jpg, Err(UploadError::TooManyPixels));
    // 5000 by 5000 are too many only where the passes are kept.
    wide[frame + 5..frame + 9].copy_from_slice(b"\x13\x88\x13\x88");
    wide[frame + 1] = 0xc2;
    check(&wide, Jpg, Err(UploadError::TooManyPixels));
}

#[test]
fn a_picture_with_passes_without_end_is_not_decoded() {
    let plain = jpeg();
    let scan = plain.windows(2).position(|pair| pair == b"\xff\xda").unwrap();
    let (head, scan) = plain[..plain.len() - 2].split_at(scan);
    let with = |scans| [head, &scan.repeat(scans), b"\xff\xd9"].concat();
    assert!(jpeg::whole(&with(64)).is_some());
    assert!(jpeg::whole(&with(65)).is_none());
    check(&with(65), Jpg, Err(UploadError::Damaged));
}

#[test]
fn a_document_is_not_shown_in_logs() {
    let upload = Upload::examine(PDF, Pdf).unwrap();
    assert_eq!(
        format!("{upload:?}"),
        format!("Upload(application/pdf, {} bytes)", PDF.len())
    );
    assert_eq!(upload.into_content(), PDF);
}

#[test]
fn a_media_type_is_read_by_the_name_it_has() {
    for media_type in [MediaType::Jpeg, MediaType::Png, MediaType::Pdf] {
        assert_eq!(media_type.mime().parse(), Ok(media_type));
    }
    assert_eq!("text/html".parse::<MediaType>(), Err(UnknownMediaType));
}

fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let whole = prop_oneof![
        Just(jpeg()),
        Just(jpeg_with_exif(6)),
        Just(png()),
        Just(PDF.to_vec())
    ];
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8);
    (whole, changes, any::<prop::sample::Index>()).prop_map(|(mut bytes, changes, end)| {
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let end = end.index(bytes.len() * 2);
        bytes.truncate(end.max(1));
        bytes
    })
}

fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![
        Just(jpeg::START),
        Just(png::START),
        Just(b"%PDF-1.".as_slice()),
        Just(b"".as_slice())
    ];
    (start, proptest::collection::vec(any::<u8>(), 0..200)).prop_map(|(start, rest)| [start, &rest].concat())
}

proptest! {
    #[test]
    fn no_bytes_panic_and_what_is_kept_passes_again(bytes in prop_oneof![damaged(), garbage()]) {
        for extension in [Jpg, Pdf] {
            if let Ok(upload) = Upload::examine(&bytes, extension) {
                let again = Upload::examine(upload.content(), extension);
                prop_assert_eq!(again.map(|again| again.media_type()), Ok(upload.media_type()));
            }
        }
    }
}
