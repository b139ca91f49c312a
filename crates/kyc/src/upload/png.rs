/// The first bytes of a PNG (RFC 2083 §3.1).
pub(super) const START: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The bytes of a chunk besides its data: length, name and checksum.
const AROUND_CHUNK: usize = 12;

/// The PNG up to its last chunk, without anything that follows; `None` if it is cut short.
pub(super) fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = START.len();
    loop {
        let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
        let name = bytes.get(at + 4..at + 8)?;
        let after = at
            .checked_add(AROUND_CHUNK)?
            .checked_add(usize::try_from(length).ok()?)?;
        if after > bytes.len() {
            return None;
        }
        if name == b"IEND" {
            return bytes.get(..after);
        }
        at = after;
    }
}
