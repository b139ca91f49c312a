use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use super::RulesError;

/// The longest file, in bytes.
const MAX_BYTES: usize = 128 * 1024;
/// How deep lists and mappings are nested: sections, paths, `meta`, `values` and its members.
const MAX_DEPTH: usize = 5;

/// A part of a file, and where it begins.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: Place,
    pub(super) content: Content,
}

/// Where something stands, both counted from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    line: usize,
    column: usize,
}

/// A YAML document of the plain kind that settings are: no anchors, no aliases, no tags, and no name twice.
///
/// An alias repeats what is elsewhere, and some dozens of them grow to any size; of a name given twice, one rule would
/// be dropped without a word.
#[derive(Debug)]
pub(super) enum Content {
    Nothing,
    /// A text; numbers and truth values are texts too.
    Text(String),
    /// A text that keeps its lines; it begins on the first of them.
    Lines(String),
    List(Vec<Node>),
    /// Names with what stands under them, in their order.
    Map(Vec<(Name, Node)>),
}

#[derive(Debug)]
pub(super) struct Name {
    pub(super) at: Place,
    pub(super) text: String,
}

impl Place {
    pub(super) fn refusal(self, reason: impl Into<String>) -> RulesError {
        RulesError {
            line: self.line,
            column: self.column,
            reason: reason.into(),
        }
    }

    /// So many lines further down, at their beginning.
    pub(super) fn below(self, lines: usize) -> Self {
        Self {
            line: self.line + lines,
            column: 1,
        }
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        Self {
            line: span.start.line(),
            column: span.start.col() + 1,
        }
    }
}

impl Node {
    /// Reads the one document in a text.
    pub(super) fn read(yaml: &str) -> Result<Self, RulesError> {
        let start = Place { line: 1, column: 1 };
        if yaml.len() > MAX_BYTES {
            return Err(start.refusal(format!("a rules file has at most {MAX_BYTES} bytes")));
        }
        let mut reader = Reader {
            parser: Parser::new_from_str(yaml),
            at: start,
        };
        let mut document = None;
        loop {
            match reader.next()? {
                Event::StreamEnd => {
                    return Ok(document.unwrap_or(Self {
                        at: start,
                        content: Content::Nothing,
                    }));
                }
                Event::DocumentStart(_) if document.is_some() => {
                    return Err(reader.at.refusal("a rules file is one document"));
                }
                Event::DocumentStart(_) => {
                    let first = reader.next()?;
                    document = Some(reader.node(first, MAX_DEPTH)?);
                }
                _ => {}
            }
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    at: Place,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Event<'a>, RulesError> {
        match self.parser.next_event() {
            None => Ok(Event::StreamEnd),
            Some(Ok((event, span))) => {
                self.at = span.into();
                Ok(event)
            }
            Some(Err(error)) => Err(RulesError {
                line: error.marker().line(),
                column: error.marker().col() + 1,
                reason: error.info().to_owned(),
            }),
        }
    }

    fn node(&mut self, first: Event<'a>, depth: usize) -> Result<Node, RulesError> {
        let at = self.at;
        let deeper = || {
            depth
                .checked_sub(1)
                .ok_or_else(|| at.refusal("too deeply nested"))
        };
        let content = match first {
            Event::Scalar(text, ScalarStyle::Plain, 0, None) if matches!(&*text, "" | "~" | "null") => {
                Content::Nothing
            }
            Event::Scalar(text, ScalarStyle::Literal, 0, None) => Content::Lines(text.into_owned()),
            Event::Scalar(text, _, 0, None) => Content::Text(text.into_owned()),
            Event::SequenceStart(0, None) => self.list(deeper()?)?,
            Event::MappingStart(0, None) => self.map(deeper()?)?,
            Event::Alias(_) => return Err(at.refusal("aliases are not allowed")),
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) => {
                return Err(at.refusal("anchors and tags are not allowed"));
            }
            _ => return Err(at.refusal("the document ends too early")),
        };
        Ok(Node { at, content })
    }

    fn list(&mut self, depth: usize) -> Result<Content, RulesError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(Content::List(items)),
                event => items.push(self.node(event, depth)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Content, RulesError> {
        let mut members: Vec<(Name, Node)> = Vec::new();
        loop {
            let event = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Content::Map(members));
            }
            let name = self.node(event, 0)?;
            let at = name.at;
            let Content::Text(text) = name.content else {
                return Err(at.refusal("a name is a text"));
            };
            if members.iter().any(|(name, _)| name.text == text) {
                return Err(at.refusal(format!("`{text}` is given twice")));
            }
            let event = self.next()?;
            members.push((Name { at, text }, self.node(event, depth)?));
        }
    }
}
