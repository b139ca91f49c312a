use image::{DynamicImage, RgbImage};

use super::*;

fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(RgbImage::new(width, height))
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

/// A PNG chunk with its right checksum.
fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let crc = [kind.as_slice(), data]
        .concat()
        .iter()
        .fold(u32::MAX, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                if crc & 1 == 1 {
                    crc >> 1 ^ 0xedb8_8320
                } else {
                    crc >> 1
                }
            })
        });
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [length.as_slice(), &kind, data, &(!crc).to_be_bytes()].concat()
}

/// A PNG that claims to be large and has nearly no data.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let header = [
        width.to_be_bytes().as_slice(),
        &height.to_be_bytes(),
        &[8, 6, 0, 0, 0],
    ]
    .concat();
    [
        PNG_MAGIC,
        &chunk(*b"IHDR", &header),
        &chunk(*b"IDAT", &[0x78, 0x9c, 3, 0, 0, 0, 0, 1]),
        PNG_END,
    ]
    .concat()
}

fn given(bytes: &[u8]) -> Result<Given, PictureError> {
    Given::parse(&BASE64.encode(bytes))
}

#[tokio::test]
async fn a_picture_is_kept_small_and_as_png() {
    for (width, height, kept) in [(600, 300, (256, 128)), (300, 900, (85, 256)), (10, 20, (10, 20))] {
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let Ok(Given::Image(bytes, sniffed)) = given(&encoded(width, height, format)) else {
                panic!("not taken for an image")
            };
            assert_eq!(sniffed, format);
            let png = Studio::default().develop(bytes, sniffed).await.unwrap();
            let picture = image::load_from_memory_with_format(&png, ImageFormat::Png).unwrap();
            assert_eq!((picture.width(), picture.height()), kept);
        }
    }
}

#[tokio::test]
async fn what_would_take_too_much_memory_is_refused() {
    for (width, height) in [
        (4097, 1),
        (1, 4097),
        (65_535, 65_535),
        (u32::MAX >> 1, u32::MAX >> 1),
    ] {
        let Ok(Given::Image(bytes, format)) = given(&bomb(width, height)) else {
            panic!("not taken for an image")
        };
        assert_eq!(
            Studio::default().develop(bytes, format).await,
            Err(PictureError::NotAPicture),
            "{width}"
        );
    }
}

#[tokio::test]
async fn a_damaged_picture_is_refused() {
    let mut png = encoded(50, 50, ImageFormat::Png);
    png.splice(60..64, [0; 4]);
    assert_eq!(
        Studio::default().develop(png, ImageFormat::Png).await,
        Err(PictureError::NotAPicture)
    );
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let whole = encoded(50, 50, format);
        assert_eq!(
            given(&whole[..whole.len() - 10]),
            Err(PictureError::NotAPicture),
            "truncated"
        );
    }
}

#[test]
fn two_files_in_one_are_none() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let mut bytes = encoded(5, 5, format);
        bytes.extend_from_slice(b"<script>alert(1)</script>");
        assert_eq!(given(&bytes), Err(PictureError::NotAPicture));
    }
}

#[test]
fn only_png_and_jpeg_are_pictures() {
    for bytes in [
        b"GIF89a\x01\0\x01\0\0\0\0;".as_slice(),
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        b"%PDF-1.4",
        b"",
    ] {
        assert_eq!(given(bytes), Err(PictureError::NotAPicture));
    }
    assert_eq!(Given::parse("no base64!"), Err(PictureError::NotAPicture));
    assert_eq!(
        given(&vec![0; MAX_IMAGE_BYTES + 1]),
        Err(PictureError::NotAPicture)
    );
}

#[test]
fn base64_may_be_padded_or_not() {
    let png = encoded(3, 3, ImageFormat::Png);
    let padded = BASE64.encode(&png);
    assert!(padded.ends_with('='), "the test needs padding");
    assert_eq!(Given::parse(&padded), Given::parse(padded.trim_end_matches('=')));
    assert!(Given::parse(&padded).is_ok());
}

#[test]
fn a_url_is_absolute_and_of_the_web() {
    for good in [
        "https://example.org/a.png",
        "http://127.0.0.1:8080/a?x=1#y",
        "HTTPS://example.org",
    ] {
        assert_eq!(Given::parse(good), Ok(Given::Url(good.to_owned())));
    }
    let long = format!("https://example.org/{}", "a".repeat(MAX_URL_BYTES));
    for bad in [
        "javascript:alert(1)",
        "data:image/png;base64,iVBORw0KGgo=",
        "ftp://example.org/a.png",
        "https://",
        "https:///a.png",
        "https:example.org",
        "//example.org/a.png",
        "/a.png",
        "https://example.org/\"onerror=",
        "https://example.org/a b",
        "https://exam\tple.org/",
        &long,
    ] {
        assert_eq!(Given::parse(bad), Err(PictureError::NotAPicture), "{bad}");
    }
}
