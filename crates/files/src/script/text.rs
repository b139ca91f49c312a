//! Texts, whose places are counted in UTF-16 units. Places are numbers, as they come: they may lie anywhere.

use super::eval::Fault;

/// How many units a text has.
pub(super) fn length(text: &str) -> f64 {
    if text.is_ascii() {
        count(text.len())
    } else {
        count(text.encode_utf16().count())
    }
}

/// What lies between two places.
pub(super) fn cut(text: &str, from: f64, to: f64) -> Result<String, Fault> {
    let (from, to) = (byte(text, from)?, byte(text, to)?);
    Ok(text.get(from..to.max(from)).ok_or(Fault)?.to_owned())
}

/// The byte of a place: the first for what lies before the text, the end for what lies behind it. There is none
/// within a character.
pub(super) fn byte(text: &str, place: f64) -> Result<usize, Fault> {
    let Some(mut units) = position(place) else {
        return Ok(if place > 0.0 { text.len() } else { 0 });
    };
    if text.is_ascii() {
        return Ok(units.min(text.len()));
    }
    for (byte, character) in text.char_indices() {
        if units == 0 {
            return Ok(byte);
        }
        units = units.checked_sub(character.len_utf16()).ok_or(Fault)?;
    }
    Ok(text.len())
}

/// The place of a byte at which a character begins.
pub(super) fn place(text: &str, byte: usize) -> f64 {
    length(text.get(..byte).unwrap_or(text))
}

/// A whole number that can count something in memory.
pub(super) fn position(number: f64) -> Option<usize> {
    let fits = (0.0..4_294_967_296.0).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it was checked to fit"
    )]
    fits.then_some(number as usize)
}

/// How many there are, as a number.
#[expect(clippy::cast_precision_loss, reason = "nothing in memory is as many as that")]
pub(super) fn count(length: usize) -> f64 {
    length as f64
}
