use super::ScriptError;

/// One word of a script.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'s> {
    Number(f64),
    Text(String),
    /// A name or a keyword.
    Name(&'s str),
    Sign(&'static str),
    End,
}

/// The signs of the language, the longer ones first.
const SIGNS: [&str; 30] = [
    "===", "!==", "==", "!=", "<=", ">=", "&&", "||", "(", ")", "[", "]", "{", "}", ".", ",", ";", ":", "?",
    "!", "<", ">", "+", "-", "*", "/", "%", "=", "&", "|",
];

/// Signs of JavaScript that the language does without, before the shorter ones that they begin with.
const REFUSED: [(&str, &str); 20] = [
    ("=>", "arrow functions are not available"),
    ("`", "template texts are not available"),
    ("?.", "`?.` is not available"),
    ("??", "`??` is not available"),
    ("...", "`...` is not available"),
    ("**", "`**` is not available"),
    ("++", "nothing is assigned to in an expression"),
    ("--", "nothing is assigned to in an expression"),
    ("+=", "nothing is assigned to in an expression"),
    ("-=", "nothing is assigned to in an expression"),
    ("*=", "nothing is assigned to in an expression"),
    ("%=", "nothing is assigned to in an expression"),
    ("&=", "nothing is assigned to in an expression"),
    ("|=", "nothing is assigned to in an expression"),
    ("<<", "operators on bits are not available"),
    (">>", "operators on bits are not available"),
    ("^", "operators on bits are not available"),
    ("~", "operators on bits are not available"),
    ("<!--", "this is no comment here"),
    ("-->", "this is no comment here"),
];

/// Cuts a script into words.
pub(super) struct Lexer<'s> {
    text: &'s str,
    /// Where the next word is looked for, in bytes.
    at: usize,
    /// Whether a line ended between the last word and the one before it.
    pub(super) after_line_end: bool,
    /// Where the last word begins.
    pub(super) start: usize,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        Self {
            text,
            at: 0,
            after_line_end: false,
            start: 0,
        }
    }

    /// The last word is not what belongs there.
    pub(super) fn refusal(&self, reason: impl Into<String>) -> ScriptError {
        self.refusal_at(self.start, reason)
    }

    pub(super) fn refusal_at(&self, start: usize, reason: impl Into<String>) -> ScriptError {
        ScriptError::new(self.text, start, reason)
    }

    fn rest(&self) -> &'s str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn next(&mut self) -> Result<Token<'s>, ScriptError> {
        self.skip_blanks()?;
        self.start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token::End);
        };
        let digit_follows = || rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
        match first {
            '\'' | '"' => self.quoted(first),
            _ if first.is_ascii_digit() || (first == '.' && digit_follows()) => self.number(),
            _ if is_name(first) => Ok(Token::Name(self.take_while(is_name))),
            _ => self.sign(),
        }
    }

    /// Reads on from the `/` that was the last word as a regular expression: its source and its flags.
    pub(super) fn pattern(&mut self) -> Result<(&'s str, &'s str), ScriptError> {
        let open = self.start + 1;
        let body = self.text.get(open..).unwrap_or_default();
        let (mut escaped, mut in_class) = (false, false);
        for (index, character) in body.char_indices() {
            match character {
                '\n' | '\r' | '\u{2028}' | '\u{2029}' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' => in_class = true,
                ']' => in_class = false,
                '/' if !in_class => {
                    self.at = open + index + 1;
                    let source = body.get(..index).unwrap_or_default();
                    return Ok((source, self.take_while(is_name)));
                }
                _ => {}
            }
        }
        Err(self.refusal("a regular expression without an end"))
    }

    fn take_while(&mut self, belongs: fn(char) -> bool) -> &'s str {
        let rest = self.rest();
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn skip_blanks(&mut self) -> Result<(), ScriptError> {
        self.after_line_end = false;
        loop {
            let blank = self.take_while(is_blank);
            self.after_line_end |= blank.contains(is_line_end);
            let rest = self.rest();
            let length = if rest.starts_with("//") {
                rest.find(is_line_end).unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                self.start = self.at;
                let end = rest.get(2..).and_then(|body| body.find("*/"));
                end.ok_or_else(|| self.refusal("a comment without an end"))? + 4
            } else {
                return Ok(());
            };
            self.after_line_end |= rest
                .get(..length)
                .is_some_and(|comment| comment.contains(is_line_end));
            self.at += length;
        }
    }

    fn sign(&mut self) -> Result<Token<'s>, ScriptError> {
        let rest = self.rest();
        let refused = REFUSED.iter().find(|(sign, _)| rest.starts_with(sign));
        // `a?.5:b` is a condition and a number.
        let number_follows = rest.chars().nth(2).is_some_and(|c| c.is_ascii_digit());
        if let Some((sign, reason)) = refused
            && !(*sign == "?." && number_follows)
        {
            return Err(self.refusal(*reason));
        }
        let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
        let sign = sign.ok_or_else(|| self.refusal("a character that has no meaning here"))?;
        self.at += sign.len();
        Ok(Token::Sign(sign))
    }

    fn number(&mut self) -> Result<Token<'s>, ScriptError> {
        let rest = self.rest();
        let wrong = || self.refusal("a number that is not written as one");
        let (number, length) = if rest.starts_with("0x") || rest.starts_with("0X") {
            let digits = rest.get(2..).unwrap_or_default();
            let length = digits
                .find(|c: char| !c.is_ascii_hexdigit())
                .unwrap_or(digits.len());
            let number = super::convert::hexadecimal(digits.get(..length).unwrap_or_default());
            (number.ok_or_else(wrong)?, length + 2)
        } else {
            let length = decimal_length(rest);
            let written = rest.get(..length).unwrap_or_default();
            let octal = written.len() > 1 && written.starts_with('0') && !written.starts_with("0.");
            if octal && !written.starts_with("0e") && !written.starts_with("0E") {
                return Err(wrong());
            }
            (written.parse().map_err(|_| wrong())?, length)
        };
        if rest
            .get(length..)
            .is_some_and(|behind| behind.starts_with(is_name))
        {
            return Err(wrong());
        }
        self.at += length;
        Ok(Token::Number(number))
    }

    fn quoted(&mut self, quote: char) -> Result<Token<'s>, ScriptError> {
        let mut rest = self.rest().chars();
        rest.next();
        let mut text = Utf16::default();
        loop {
            match rest.next() {
                None | Some('\n' | '\r') => return Err(self.refusal("a text without an end")),
                Some('\\') => {
                    let unit = escape(&mut rest).map_err(|reason| self.refusal(reason))?;
                    if let Some(unit) = unit {
                        text.unit(unit);
                    }
                }
                Some(character) if character == quote => break,
                Some(character) => text.character(character),
            }
        }
        self.at = self.text.len() - rest.as_str().len();
        let text = text
            .read()
            .ok_or_else(|| self.refusal("a text with half a character in it"))?;
        Ok(Token::Text(text))
    }
}

/// A text in the units that escapes are written in.
#[derive(Default)]
struct Utf16(Vec<u16>);

impl Utf16 {
    fn unit(&mut self, unit: u16) {
        self.0.push(unit);
    }

    fn character(&mut self, character: char) {
        self.0.extend_from_slice(character.encode_utf16(&mut [0; 2]));
    }

    fn read(self) -> Option<String> {
        String::from_utf16(&self.0).ok()
    }
}

/// What stands behind a backslash in a text: a unit, or an end of a line, which is nothing.
fn escape(rest: &mut std::str::Chars<'_>) -> Result<Option<u16>, &'static str> {
    match rest.next() {
        None => Err("a text without an end"),
        Some('x') => hexadecimal(rest, 2),
        Some('u') => hexadecimal(rest, 4),
        Some('n') => Ok(Some(0x0a)),
        Some('t') => Ok(Some(0x09)),
        Some('r') => Ok(Some(0x0d)),
        Some('b') => Ok(Some(0x08)),
        Some('f') => Ok(Some(0x0c)),
        Some('v') => Ok(Some(0x0b)),
        Some('0') if !rest.as_str().starts_with(|c: char| c.is_ascii_digit()) => Ok(Some(0)),
        Some('0'..='9') => Err("octal escapes are not available"),
        Some('\n' | '\u{2028}' | '\u{2029}') => Ok(None),
        Some('\r') => {
            if rest.as_str().starts_with('\n') {
                rest.next();
            }
            Ok(None)
        }
        Some(character) => {
            let mut units = [0; 2];
            match character.encode_utf16(&mut units) {
                [unit] => Ok(Some(*unit)),
                _ => Err("this character needs no backslash"),
            }
        }
    }
}

/// A unit by its number.
fn hexadecimal(rest: &mut std::str::Chars<'_>, digits: usize) -> Result<Option<u16>, &'static str> {
    let mut unit = 0;
    for _ in 0..digits {
        let digit = rest.next().and_then(|c| c.to_digit(16));
        unit = unit * 16 + digit.ok_or("an escape lacks hexadecimal digits")?;
    }
    u16::try_from(unit)
        .map(Some)
        .map_err(|_| "an escape is too large")
}

/// How long the decimal number is that the text begins with.
fn decimal_length(text: &str) -> usize {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let behind = |at: usize| text.get(at..).unwrap_or_default();
    let mut length = digits(text);
    if behind(length).starts_with('.') {
        length += 1;
        length += digits(behind(length));
    }
    if behind(length).starts_with(['e', 'E']) {
        let sign = usize::from(behind(length + 1).starts_with(['+', '-']));
        let exponent = digits(behind(length + 1 + sign));
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '$')
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// White space, as the language has it (ECMA-262 5.1 §7.2 and §7.3).
pub(super) fn is_blank(character: char) -> bool {
    is_line_end(character)
        || matches!(
            character,
            '\t' | '\u{b}' | '\u{c}' | ' ' | '\u{a0}' | '\u{feff}' | '\u{1680}'
        )
        || matches!(
            character,
            '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
        )
}
