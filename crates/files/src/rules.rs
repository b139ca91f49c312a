mod file;
mod pattern;
mod read;

use std::collections::BTreeMap;
use std::fmt;

use crate::script::Program;

pub(crate) use pattern::{Malformed, Pattern};

/// A rules file, read and checked.
#[derive(Debug, Default)]
pub struct Rules {
    pub(crate) functions: Vec<Program>,
    pub(crate) paths: Vec<PathRules>,
    warnings: Vec<RulesError>,
}

/// Whether `list` and `read` of a pattern of files also open the directory that the files are in, where no path of the
/// file takes the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parents {
    /// They do: the documented profile.
    Listed,
    /// They do not.
    Hidden,
}

/// What is wrong with a rules file, or strange about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesError {
    /// Counted from 1.
    pub line: usize,
    /// Where in the line the part begins that it is about, counted from 1.
    pub column: usize,
    /// What, in English.
    pub reason: String,
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl std::error::Error for RulesError {}

/// What a file says about the paths of one pattern.
#[derive(Debug)]
pub(crate) struct PathRules {
    pub(crate) pattern: Pattern,
    /// The directory that its files are in, if that is listed.
    pub(crate) parent: Option<Pattern>,
    pub(crate) content: Permissions,
    /// Who may do what to metadata, where that is said apart.
    pub(crate) meta: Option<Permissions>,
    /// The metadata that is written beside objects, by name.
    pub(crate) values: Vec<(String, Program)>,
}

/// Rules by their words.
#[derive(Debug, Default)]
pub(crate) struct Permissions(pub(crate) BTreeMap<Word, Program>);

impl Permissions {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Word {
    Read,
    Write,
    Get,
    List,
    Create,
    Update,
    Delete,
}

impl Word {
    const ALL: [Self; 7] = [
        Self::Read,
        Self::Write,
        Self::Get,
        Self::List,
        Self::Create,
        Self::Update,
        Self::Delete,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Get => "get",
            Self::List => "list",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == name)
    }
}

impl Rules {
    /// The rules of an installation without any: no path is answered.
    pub fn none() -> Self {
        Self::default()
    }

    /// What is allowed, and probably not meant: for the log at start.
    pub fn warnings(&self) -> &[RulesError] {
        &self.warnings
    }
}
