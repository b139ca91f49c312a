use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

use super::KeychainError;

/// The longest file, in bytes: room for a hundred signers.
const MAX_BYTES: usize = 256 * 1024;
/// How deep lists and mappings are nested: sections, their members, the members' parts, and a list.
const MAX_DEPTH: usize = 4;

/// A YAML document of the plain kind that settings are: no anchors, no aliases, no tags, and no name twice.
///
/// An alias repeats what is elsewhere, and some dozens of them grow to any size; a name given twice makes it a
/// question of taste which of two keys is trusted. Both are refused where the parser reports them, so nothing
/// is ever larger in memory than it is in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// Nothing at all, `~` or `null`.
    Nothing,
    /// A text; numbers and truth values are texts too.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping of names.
    Map(BTreeMap<String, Node>),
}

impl Node {
    /// Reads the one document in a text.
    pub(super) fn read(yaml: &str) -> Result<Self, KeychainError> {
        if yaml.len() > MAX_BYTES {
            return Err(KeychainError::TooLong { max_bytes: MAX_BYTES });
        }
        let mut reader = Reader {
            parser: Parser::new_from_str(yaml),
            line: 1,
        };
        let mut document = None;
        loop {
            match reader.next()? {
                Event::StreamEnd => return Ok(document.unwrap_or(Self::Nothing)),
                Event::DocumentStart(_) if document.is_some() => {
                    return Err(reader.refusal("a keychain is one document"));
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
    line: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Event<'a>, KeychainError> {
        match self.parser.next_event() {
            None => Ok(Event::StreamEnd),
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok(event)
            }
            Some(Err(error)) => Err(KeychainError::Yaml {
                line: error.marker().line(),
                reason: error.info().to_owned(),
            }),
        }
    }

    fn node(&mut self, first: Event<'a>, depth: usize) -> Result<Node, KeychainError> {
        let deeper = || depth.checked_sub(1);
        match first {
            Event::Scalar(text, style, 0, None) => {
                let nothing = style == ScalarStyle::Plain && matches!(text.as_ref(), "" | "~" | "null");
                Ok(if nothing {
                    Node::Nothing
                } else {
                    Node::Text(text.into_owned())
                })
            }
            Event::SequenceStart(0, None) => {
                let depth = deeper().ok_or_else(|| self.refusal("too deeply nested"))?;
                self.list(depth)
            }
            Event::MappingStart(0, None) => {
                let depth = deeper().ok_or_else(|| self.refusal("too deeply nested"))?;
                self.map(depth)
            }
            Event::Alias(_) => Err(self.refusal("aliases are not allowed")),
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) => {
                Err(self.refusal("anchors and tags are not allowed"))
            }
            _ => Err(self.refusal("the document ends too early")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Node, KeychainError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(Node::List(items)),
                event => items.push(self.node(event, depth)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Node, KeychainError> {
        let mut members = BTreeMap::new();
        loop {
            let event = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Node::Map(members));
            }
            let Node::Text(name) = self.node(event, 0)? else {
                return Err(self.refusal("a name is a text"));
            };
            let Entry::Vacant(free) = members.entry(name) else {
                return Err(self.refusal("the name is given twice"));
            };
            let event = self.next()?;
            free.insert(self.node(event, depth)?);
        }
    }

    fn refusal(&self, reason: &str) -> KeychainError {
        KeychainError::Yaml {
            line: self.line,
            reason: reason.to_owned(),
        }
    }
}
