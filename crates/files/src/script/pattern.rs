//! Regular expressions as JavaScript writes them (ECMA-262 5.1 §15.10), matched in linear time.
//!
//! A JavaScript engine backtracks, and some expressions take it longer than the universe has. Ours is translated
//! into a language that is matched in one pass. What that language lacks is refused when the file is read: looking
//! ahead and behind, and referring back.

use regex::{Regex, RegexBuilder};

/// The longest source, in bytes.
const MAX_SOURCE: usize = 512;
/// How large an expression becomes in memory, in bytes: this bounds `(a{99}){99}` too.
const MAX_SIZE: usize = 256 * 1024;
/// How deep groups are nested.
const MAX_GROUPS: u32 = 16;

/// Makes an expression ready to match. The one flag there is ignores case.
pub(super) fn compile(source: &str, flags: &str) -> Result<Regex, String> {
    let fold = match flags {
        "" => Case::Kept,
        "i" => Case::Folded,
        _ => return Err("the only flag of a regular expression is `i`".to_owned()),
    };
    build(&translate(source, fold)?)
}

/// Compiles a translated expression.
pub(crate) fn build(translated: &str) -> Result<Regex, String> {
    RegexBuilder::new(translated)
        .size_limit(MAX_SIZE)
        .dfa_size_limit(MAX_SIZE)
        .nest_limit(MAX_GROUPS * 4)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "a regular expression that is too large".to_owned(),
            _ => "a regular expression that is not one".to_owned(),
        })
}

/// Whether capitals are told from small letters: of ASCII, and of others one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Kept,
    Folded,
}

/// Says in our own language what the source says in JavaScript's.
pub(crate) fn translate(source: &str, case: Case) -> Result<String, String> {
    if source.len() > MAX_SOURCE {
        return Err(format!("a regular expression of more than {MAX_SOURCE} bytes"));
    }
    let mut translator = Translator {
        rest: source.chars(),
        out: String::new(),
        case,
    };
    translator.alternatives(0)?;
    match translator.rest.next() {
        None => Ok(translator.out),
        Some(_) => Err("a `)` too many in a regular expression".to_owned()),
    }
}

struct Translator<'s> {
    rest: std::str::Chars<'s>,
    out: String,
    case: Case,
}

impl Translator<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn takes(&mut self, character: char) -> bool {
        let there = self.rest.as_str().starts_with(character);
        if there {
            self.rest.next();
        }
        there
    }

    /// Up to the end, or the bracket that closes the group.
    fn alternatives(&mut self, groups: u32) -> Result<(), String> {
        loop {
            match self.peek() {
                None | Some(')') => return Ok(()),
                Some('|') => {
                    self.rest.next();
                    self.out.push('|');
                }
                Some(_) => {
                    if self.term(groups)? {
                        self.quantifier()?;
                    }
                    if matches!(self.peek(), Some('*' | '+' | '?' | '{')) {
                        return Err("a regular expression repeats what cannot be repeated".to_owned());
                    }
                }
            }
        }
    }

    /// One thing to match; whether it can be repeated.
    fn term(&mut self, groups: u32) -> Result<bool, String> {
        match self.rest.next() {
            Some(anchor @ ('^' | '$')) => {
                self.out.push(anchor);
                return Ok(false);
            }
            Some('(') => self.group(groups)?,
            Some('[') => self.class()?,
            Some('.') => Set::line_ends().complement().write(&mut self.out),
            Some('\\') => return self.escape(),
            Some(sign @ ('*' | '+' | '?')) => {
                return Err(format!(
                    "a regular expression has nothing before `{sign}` to repeat"
                ));
            }
            Some(sign @ ('{' | '}' | ']')) => {
                return Err(format!("in a regular expression `{sign}` is written `\\{sign}`"));
            }
            Some(character) => self.one(character)?,
            None => {}
        }
        Ok(true)
    }

    fn group(&mut self, groups: u32) -> Result<(), String> {
        if groups >= MAX_GROUPS {
            return Err("a regular expression is too deeply nested".to_owned());
        }
        self.out.push('(');
        if self.takes('?') {
            if !self.takes(':') {
                return Err(
                    "a regular expression looks neither ahead nor behind, and names no groups".to_owned(),
                );
            }
            self.out.push_str("?:");
        }
        self.alternatives(groups + 1)?;
        if !self.takes(')') {
            return Err("a `)` is missing in a regular expression".to_owned());
        }
        self.out.push(')');
        Ok(())
    }

    fn quantifier(&mut self) -> Result<(), String> {
        match self.peek() {
            Some(sign @ ('*' | '+' | '?')) => {
                self.rest.next();
                self.out.push(sign);
            }
            Some('{') => {
                let wrong =
                    || "a regular expression has a `{` that is no repetition: it is written `\\{`".to_owned();
                let (bounds, behind) = self.rest.as_str().split_once('}').ok_or_else(wrong)?;
                let bounds = bounds.trim_start_matches('{');
                let number = |text: &str| {
                    text.chars()
                        .all(|c| c.is_ascii_digit())
                        .then(|| text.parse::<u16>().ok())
                };
                let (least, most) = bounds.split_once(',').unwrap_or((bounds, bounds));
                let least = number(least).flatten().ok_or_else(wrong)?;
                if !most.is_empty() && number(most).flatten().is_none_or(|most| most < least) {
                    return Err(wrong());
                }
                self.out
                    .extend(['{'].into_iter().chain(bounds.chars()).chain(['}']));
                self.rest = behind.chars();
            }
            _ => return Ok(()),
        }
        if self.takes('?') {
            self.out.push('?');
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<bool, String> {
        let boundary = match self.peek() {
            Some('b') => r"(?-u:\b)",
            Some('B') => r"(?-u:\B)",
            _ => {
                match self.escaped()? {
                    Escaped::Set(set) => set.write(&mut self.out),
                    Escaped::One(character) => self.one(character)?,
                }
                return Ok(true);
            }
        };
        self.rest.next();
        self.out.push_str(boundary);
        Ok(false)
    }

    fn one(&mut self, character: char) -> Result<(), String> {
        let mut set = Set::default();
        set.add(character, character, self.case)?;
        set.write(&mut self.out);
        Ok(())
    }

    /// What stands behind a backslash, in a class or outside.
    fn escaped(&mut self) -> Result<Escaped, String> {
        let next = self
            .rest
            .next()
            .ok_or("a regular expression ends with a backslash")?;
        Ok(Escaped::One(match next {
            'd' => return Ok(Escaped::Set(Set::digits())),
            'D' => return Ok(Escaped::Set(Set::digits().complement())),
            'w' => return Ok(Escaped::Set(Set::words())),
            'W' => return Ok(Escaped::Set(Set::words().complement())),
            's' => return Ok(Escaped::Set(Set::blanks())),
            'S' => return Ok(Escaped::Set(Set::blanks().complement())),
            't' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            '0' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => '\0',
            'x' => self.hexadecimal(2)?,
            'u' => self.hexadecimal(4)?,
            '0'..='9' => return Err("a regular expression does not refer back to a group".to_owned()),
            _ if next.is_ascii_alphanumeric() => {
                return Err(format!("`\\{next}` has no meaning in a regular expression"));
            }
            _ => next,
        }))
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<char, String> {
        let mut code = 0;
        for _ in 0..digits {
            let digit = self.rest.next().and_then(|c| c.to_digit(16));
            code = code * 16 + digit.ok_or("an escape lacks hexadecimal digits")?;
        }
        Ok(char::from_u32(code).ok_or("a regular expression has half a character in it")?)
    }

    fn class(&mut self) -> Result<(), String> {
        let negated = self.takes('^');
        let mut set = Set::default();
        while !self.takes(']') {
            let from = match self.member()? {
                Escaped::Set(more) => {
                    set.0.extend(more.0);
                    continue;
                }
                Escaped::One(from) => from,
            };
            // `[a-]` and `[a-\d]` have a hyphen in them and no range.
            let mut ahead = self.rest.clone();
            let range = ahead.next() == Some('-') && !matches!(ahead.next(), Some(']') | None);
            if !range {
                set.add(from, from, self.case)?;
                continue;
            }
            self.rest.next();
            match self.member()? {
                Escaped::One(to) if from <= to => set.add(from, to, self.case)?,
                Escaped::One(_) => {
                    return Err("a range of a regular expression ends before it begins".to_owned());
                }
                Escaped::Set(more) => {
                    set.add(from, from, self.case)?;
                    set.add('-', '-', self.case)?;
                    set.0.extend(more.0);
                }
            }
        }
        if set.0.is_empty() && !negated {
            return Err("a class of a regular expression is empty".to_owned());
        }
        let set = if negated { set.complement() } else { set };
        if set.0.is_empty() {
            return Err("a class of a regular expression is empty".to_owned());
        }
        set.write(&mut self.out);
        Ok(())
    }

    /// One character of a class, or a class within it.
    fn member(&mut self) -> Result<Escaped, String> {
        match self.rest.next() {
            None => Err("a `]` is missing in a regular expression".to_owned()),
            Some('\\') if self.takes('b') => Ok(Escaped::One('\u{8}')),
            Some('\\') => self.escaped(),
            Some(character) => Ok(Escaped::One(character)),
        }
    }
}

enum Escaped {
    Set(Set),
    One(char),
}

/// A set of characters: ranges of code points, both ends included.
#[derive(Debug, Default)]
struct Set(Vec<(u32, u32)>);

impl Set {
    fn digits() -> Self {
        Self(vec![(0x30, 0x39)])
    }

    fn words() -> Self {
        Self(vec![(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)])
    }

    fn line_ends() -> Self {
        Self(vec![(0x0a, 0x0a), (0x0d, 0x0d), (0x2028, 0x2029)])
    }

    fn blanks() -> Self {
        Self(vec![
            (0x09, 0x0d),
            (0x20, 0x20),
            (0xa0, 0xa0),
            (0x1680, 0x1680),
            (0x2000, 0x200a),
            (0x2028, 0x2029),
            (0x202f, 0x202f),
            (0x205f, 0x205f),
            (0x3000, 0x3000),
            (0xfeff, 0xfeff),
        ])
    }

    /// Adds a range, and where case is ignored what differs from it in case alone.
    fn add(&mut self, from: char, to: char, case: Case) -> Result<(), String> {
        self.0.push((from.into(), to.into()));
        if case == Case::Kept {
            return Ok(());
        }
        if !to.is_ascii() {
            if from != to {
                return Err("under the flag `i`, a range is one of ASCII".to_owned());
            }
            self.add_one(from.to_uppercase());
            self.add_one(from.to_lowercase());
            return Ok(());
        }
        for (first, last, other) in [('a', 'z', 'A'), ('A', 'Z', 'a')] {
            let (low, high) = (from.max(first), to.min(last));
            if low <= high {
                let move_by = |character: char| u32::from(character) - u32::from(first) + u32::from(other);
                self.0.push((move_by(low), move_by(high)));
            }
        }
        Ok(())
    }

    /// Adds another case of a character outside ASCII, if it is one character outside ASCII.
    fn add_one(&mut self, mut other: impl Iterator<Item = char>) {
        if let (Some(character), None) = (other.next(), other.next())
            && !character.is_ascii()
        {
            self.0.push((character.into(), character.into()));
        }
    }

    fn complement(mut self) -> Self {
        self.0.sort_unstable();
        let (mut next, mut others) = (0, Vec::new());
        for (from, to) in self.0 {
            if from > next {
                others.push((next, from - 1));
            }
            next = next.max(to + 1);
        }
        if next <= u32::from(char::MAX) {
            others.push((next, char::MAX.into()));
        }
        Self(others)
    }

    /// The ends are written as numbers: no character of the source has a meaning there.
    fn write(&self, out: &mut String) {
        use std::fmt::Write;
        out.push('[');
        for (from, to) in &self.0 {
            // A text has no halves of characters, so a range may begin and end beside them.
            let from = if (0xd800..0xe000).contains(from) {
                0xe000
            } else {
                *from
            };
            let to = if (0xd800..0xe000).contains(to) {
                0xd7ff
            } else {
                *to
            };
            write!(out, r"\x{{{from:x}}}-\x{{{to:x}}}").expect("a string takes what is written");
        }
        out.push(']');
    }
}
