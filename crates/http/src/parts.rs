//! Forms in parts (RFC 7578), as every dialect reads them that takes files.

use actix_multipart::MultipartError;
use actix_web::error::PayloadError;
use actix_web::http::header::{Charset, ContentDisposition};
use actix_web::web::{Bytes, Payload};
use futures_util::{Stream, StreamExt as _};

/// Most parts of a form.
pub(crate) const MAX_PARTS: usize = 256;

/// The body, which ends in an error once it is longer than it may be: whatever it is that takes the room.
pub(crate) fn metered(
    payload: Payload,
    most_bytes: u64,
) -> impl Stream<Item = Result<Bytes, PayloadError>> + 'static {
    let mut left = most_bytes;
    payload.map(move |piece| {
        let piece = piece?;
        left = left
            .checked_sub(piece.len() as u64)
            .ok_or(PayloadError::Overflow)?;
        Ok(piece)
    })
}

/// Whether a form could not be read because it is longer than it may be; all other errors say that it is no form, or not
/// a whole one.
pub(crate) fn is_too_long(error: &MultipartError) -> bool {
    matches!(error, MultipartError::Payload(PayloadError::Overflow))
}

/// The name of the file that a part is, if it is one.
pub(crate) fn file_name(disposition: &ContentDisposition) -> Option<String> {
    let extended = disposition.get_filename_ext().and_then(|name| {
        let is_utf_8 =
            matches!(&name.charset, Charset::Ext(charset) if charset.eq_ignore_ascii_case("utf-8"));
        is_utf_8.then(|| String::from_utf8(name.value.clone()).ok())?
    });
    extended.or_else(|| disposition.get_filename().map(str::to_owned))
}
