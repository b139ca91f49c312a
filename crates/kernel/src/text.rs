/// Whether a character is not seen, or makes others look different: control characters, zero-width characters and
/// direction marks, with which one name is dressed up as another.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}'
        )
}
