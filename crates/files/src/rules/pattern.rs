use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use regex::Regex;

use crate::script::{Case, build, is_name, translate};

/// The longest pattern, in bytes.
const MAX_BYTES: usize = 512;
/// How many parameters a pattern has at most.
const MAX_PARAMETERS: usize = 16;

/// A pattern of paths, as Express 4 reads them (path-to-regexp 0.1): `:name` is one segment, `:name?` one that may be
/// absent with the slash before it, `:name(regex)` one that looks like this, `:name*` one and whatever follows it, and
/// `*` anything. Whether a letter is a capital makes no difference, nor does one slash at the end.
///
/// A name stands for one segment, also where more may follow it. What else is an operator of regular expressions has
/// no meaning of its own in Express, and is refused.
#[derive(Debug)]
pub(crate) struct Pattern {
    text: String,
    /// The whole pattern, in linear time.
    regex: Regex,
    /// The names, each with the group it is in.
    parameters: Vec<(String, usize)>,
    /// The pattern of the directory that files of this pattern are in.
    parent: Option<String>,
}

/// A path that matched: the parameters in their order, decoded; `None` for one that is not there.
pub(crate) type Matched<'a> = Vec<(&'a str, Option<String>)>;

/// A path matched, but a parameter of it is not text in percent-encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("a pattern has at most {MAX_BYTES} bytes"));
        }
        let inner = text.strip_prefix('/').ok_or("a pattern begins with a slash")?;
        let first = inner.split('/').next().unwrap_or_default().to_ascii_lowercase();
        if matches!(first.as_str(), "o" | "m" | "meta") {
            return Err(format!(
                "`/{first}` is a prefix of the server: its paths would not be reached by their names"
            ));
        }
        if text.contains("//") {
            return Err("a pattern has no empty segment".to_owned());
        }
        let mut builder = Builder {
            rest: text.strip_suffix('/').unwrap_or(text),
            regex: "^".to_owned(),
            groups: 0,
            parameters: Vec::new(),
            last_segment: None,
        };
        while !builder.rest.is_empty() {
            builder.piece(text.len())?;
        }
        let parent = (!text.ends_with('/')).then_some(builder.last_segment).flatten();
        let parent = parent.and_then(|start| text.get(..start));
        Ok(Self {
            text: text.to_owned(),
            regex: build(&(builder.regex + "/?$")).map_err(|_| "a pattern that is too large".to_owned())?,
            parameters: builder.parameters,
            parent: parent.map(|parent| if parent.is_empty() { "/" } else { parent }.to_owned()),
        })
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().map(|(name, _)| name.as_str())
    }

    /// The pattern of the directory that its files are in, where its last segment stands for one file.
    pub(crate) fn parent(&self) -> Option<Result<Self, String>> {
        self.parent.as_deref().map(Self::parse)
    }

    pub(crate) fn is_match(&self, path: &str) -> bool {
        self.regex.is_match(path)
    }

    pub(crate) fn matched(&self, path: &str) -> Option<Result<Matched<'_>, Malformed>> {
        let captures = self.regex.captures(path)?;
        let mut matched = Vec::with_capacity(self.parameters.len());
        for (name, group) in &self.parameters {
            let value = captures
                .get(*group)
                .map(|value| decode(value.as_str()))
                .transpose();
            match value {
                Ok(value) => matched.push((name.as_str(), value)),
                Err(malformed) => return Some(Err(malformed)),
            }
        }
        Some(Ok(matched))
    }
}

fn decode(text: &str) -> Result<String, Malformed> {
    let well_formed = text.split('%').skip(1).all(|behind| {
        let digits = behind.chars().take(2).filter(char::is_ascii_hexdigit).count();
        digits == 2
    });
    if !well_formed {
        return Err(Malformed);
    }
    percent_decode_str(text)
        .decode_utf8()
        .map(Cow::into_owned)
        .map_err(|_| Malformed)
}

struct Builder<'p> {
    rest: &'p str,
    regex: String,
    groups: usize,
    parameters: Vec<(String, usize)>,
    /// Where the last segment begins, if it stands for exactly one.
    last_segment: Option<usize>,
}

impl Builder<'_> {
    /// Reads one piece of a pattern that has so many bytes.
    fn piece(&mut self, length: usize) -> Result<(), String> {
        let slash = self.rest.starts_with('/');
        if slash {
            self.last_segment = Some(length - self.rest.len());
        }
        let behind_slash = self.rest.strip_prefix('/').unwrap_or(self.rest);
        let dot = behind_slash.starts_with('.');
        let behind_dot = behind_slash.strip_prefix('.').unwrap_or(behind_slash);
        if let Some(named) = behind_dot.strip_prefix(':') {
            self.rest = named;
            return self.parameter(slash, dot);
        }
        let mut rest = self.rest.chars();
        let Some(character) = rest.next() else {
            return Ok(());
        };
        self.rest = rest.as_str();
        match character {
            '*' => {
                self.groups += 1;
                self.regex.push_str("(.*)");
                self.last_segment = None;
            }
            '%' if !self.rest.chars().take(2).all(|c| c.is_ascii_hexdigit()) || self.rest.len() < 2 => {
                return Err("a `%` is followed by two hexadecimal digits".to_owned());
            }
            'a'..='z' | 'A'..='Z' => {
                let (small, capital) = (character.to_ascii_lowercase(), character.to_ascii_uppercase());
                self.regex.extend(['[', small, capital, ']']);
            }
            '0'..='9'
            | '/'
            | '-'
            | '.'
            | '_'
            | '~'
            | '!'
            | '$'
            | '&'
            | '\''
            | ','
            | ';'
            | '='
            | '@'
            | '%' => {
                self.regex
                    .push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
            }
            ':' => return Err("a `:` is followed by the name of a parameter".to_owned()),
            _ if !character.is_ascii() || character == ' ' => {
                return Err("paths are percent-encoded: so are their patterns".to_owned());
            }
            _ => return Err(format!("`{character}` has no meaning in a pattern")),
        }
        Ok(())
    }

    /// Reads a parameter from its name on. The slash before it is absent with it.
    fn parameter(&mut self, slash: bool, dot: bool) -> Result<(), String> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, rest) = self
            .rest
            .split_at_checked(end.unwrap_or(self.rest.len()))
            .unwrap_or_default();
        self.rest = rest;
        if !is_name(name) || matches!(name, "request" | "resource") {
            return Err(format!("`:{name}` is no name of a parameter"));
        }
        if self.parameters.iter().any(|(other, _)| other == name) {
            return Err(format!("`:{name}` is given twice"));
        }
        if self.parameters.len() >= MAX_PARAMETERS {
            return Err(format!("a pattern has at most {MAX_PARAMETERS} parameters"));
        }
        let others = if dot { r"[^/.]" } else { "[^/]" };
        let own = self.own_regex()?;
        let captured = own.unwrap_or_else(|| format!("{others}+?"));
        let star = self.takes('*');
        let optional = self.takes('?');
        let (slash, dot_text) = (if slash { "/" } else { "" }, if dot { r"\." } else { "" });
        let (before, within) = if optional { ("", slash) } else { (slash, "") };
        let rest = match (star, dot) {
            (false, _) => "",
            (true, false) => "((?:/.+?)?)",
            (true, true) => r"((?:[/.].+?)?)",
        };
        self.groups += 1;
        self.parameters.push((name.to_owned(), self.groups));
        self.groups += usize::from(star);
        self.regex
            .extend([before, "(?:", within, dot_text, "(", &captured, ")", rest, ")"]);
        if optional {
            self.regex.push('?');
        }
        if star || optional {
            self.last_segment = None;
        }
        Ok(())
    }

    fn takes(&mut self, character: char) -> bool {
        let behind = self.rest.strip_prefix(character);
        self.rest = behind.unwrap_or(self.rest);
        behind.is_some()
    }

    /// What a parameter looks like, if that is said. Express turns a `*` in it into `(.*)`, and ends it at the first
    /// `)`: what nobody can mean is refused.
    fn own_regex(&mut self) -> Result<Option<String>, String> {
        let Some(inner) = self.rest.strip_prefix('(') else {
            return Ok(None);
        };
        let (source, rest) = inner.split_once(')').ok_or("a `)` is missing")?;
        if source.contains(['(', '*', '/']) || source.ends_with('\\') || source.is_empty() {
            return Err(
                "a parameter's expression has no groups, no `/`, and `{0,}` in place of `*`".to_owned(),
            );
        }
        self.rest = rest;
        translate(source, Case::Folded).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    /// Patterns, paths and what path-to-regexp 0.1.7 makes of them: nothing, or the parameters.
    const EXPRESS: &str = include_str!("express.tsv");

    #[test]
    fn a_pattern_matches_what_it_matches_in_express() {
        for line in EXPRESS.lines() {
            let [pattern, path, expected]: [&str; 3] =
                line.split('\t').collect::<Vec<_>>().try_into().unwrap();
            let pattern = Pattern::parse(pattern).unwrap_or_else(|error| panic!("{line}: {error}"));
            let found = pattern.matched(path).map(|matched| {
                let parameters = matched.unwrap().into_iter();
                let written =
                    parameters.map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("-")));
                written.collect::<Vec<_>>().join("&")
            });
            assert_eq!(found.as_deref().unwrap_or("none"), expected, "{line}");
        }
    }
}
