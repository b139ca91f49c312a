/// The first bytes of a JPEG: start of image, and the marker of the next segment (ITU-T T.81 annex B).
pub(super) const START: &[u8] = b"\xff\xd8\xff";

const PROGRESSIVE_FRAME: u8 = 0xc2;
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;
/// Most passes over the picture. Progressive files have a dozen, and a pass takes few bytes but looks at every pixel.
const MAX_SCANS: usize = 64;

/// A JPEG that was followed to its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jpeg<'a> {
    /// The JPEG, without anything that follows it.
    pub(super) bytes: &'a [u8],
    /// Whether it comes in passes over the whole picture, all of which a decoder keeps in memory.
    pub(super) is_progressive: bool,
}

/// The JPEG up to its end, without anything that follows; `None` if it is cut short or never comes to an end.
///
/// Decoders fill in what is missing, so its end is looked for here. The pictures within segments, such as a
/// camera's preview, are passed over.
pub(super) fn whole(bytes: &[u8]) -> Option<Jpeg<'_>> {
    let mut is_progressive = false;
    let mut at = 2;
    let mut scans = 0;
    loop {
        let (marker, after) = next_marker(bytes, at)?;
        at = match marker {
            END_OF_IMAGE => {
                return bytes.get(..after).map(|bytes| Jpeg {
                    bytes,
                    is_progressive,
                });
            }
            // Those without a length: restart, start of image, and one for private use.
            0x01 | 0xd0..=0xd8 => after,
            START_OF_SCAN if scans == MAX_SCANS => return None,
            START_OF_SCAN => {
                scans += 1;
                end_of_scan(bytes, after_segment(bytes, after)?)?
            }
            other => {
                is_progressive |= other == PROGRESSIVE_FRAME;
                after_segment(bytes, after)?
            }
        };
    }
}

/// The marker at this place, and the place after it. Any number of fill bytes may stand before it.
fn next_marker(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    if *bytes.get(at)? != 0xff {
        return None;
    }
    let fill = bytes.get(at..)?.iter().take_while(|byte| **byte == 0xff).count();
    let marker = *bytes.get(at + fill)?;
    Some((marker, at + fill + 1))
}

/// The place after a segment whose length stands here; the length counts its own two bytes.
fn after_segment(bytes: &[u8], at: usize) -> Option<usize> {
    let length = usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let after = at + length;
    (length >= 2 && after <= bytes.len()).then_some(after)
}

/// The place of the marker that ends the coded data: one that is neither a stuffed zero nor a restart.
fn end_of_scan(bytes: &[u8], from: usize) -> Option<usize> {
    let pairs = bytes.get(from..)?.windows(2);
    let length = pairs.into_iter().position(|pair| match *pair {
        [0xff, next] => !matches!(next, 0 | 0xff | 0xd0..=0xd7),
        _ => false,
    })?;
    Some(from + length)
}
