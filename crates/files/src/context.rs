use std::collections::BTreeMap;
use std::fmt;

use crate::StoredObject;

/// What the older spelling of a session field begins with.
const PREFIX: &str = "x-hasura-";

/// What a rule sees of a request: `request` in its expressions.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The path behind the storage prefix, with its first slash, still percent-encoded.
    pub path: String,
    /// The method in capitals, as it was sent.
    pub method: String,
    /// The query, decoded. A name that is given more than once is a list.
    pub query: BTreeMap<String, Field>,
    /// Who asks; `None` for nobody.
    pub auth: Option<Auth>,
}

/// One value of a query or a session.
#[derive(Clone, PartialEq, Eq)]
pub enum Field {
    /// A text.
    Text(String),
    /// Texts.
    List(Vec<String>),
}

/// Who asks, as their session says. A rule finds each field under its short name and under the one that begins with
/// `x-hasura-`.
#[derive(Clone, PartialEq, Eq)]
pub struct Auth(BTreeMap<String, Field>);

impl Auth {
    /// The fields that every session has: `user-id`, `default-role` and `allowed-roles`.
    pub fn new(user_id: &str, default_role: &str, allowed_roles: &[String]) -> Self {
        Self(BTreeMap::from([
            ("user-id".to_owned(), Field::Text(user_id.to_owned())),
            ("default-role".to_owned(), Field::Text(default_role.to_owned())),
            ("allowed-roles".to_owned(), Field::List(allowed_roles.to_vec())),
        ]))
    }

    /// Adds a custom field, under either spelling of its name. A field that is there stays as it is: none of a
    /// client's choice stands in for who they are.
    #[must_use]
    pub fn with(mut self, name: &str, field: Field) -> Self {
        let name = name.strip_prefix(PREFIX).unwrap_or(name);
        self.0.entry(name.to_owned()).or_insert(field);
        self
    }

    /// The field of this name, in either spelling.
    pub(crate) fn get(&self, name: &str) -> Option<&Field> {
        self.0.get(name.strip_prefix(PREFIX).unwrap_or(name))
    }
}

/// The file of an upload, before it is stored: `resource` while it is decided whether it will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// What the client calls the file.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// The media type that the client says it has.
    pub mimetype: String,
    /// The MD5 of its content in lower-case hexadecimal.
    pub md5: String,
}

/// What is asked for: `resource` in the expressions of a rule.
#[derive(Debug, Clone, Copy)]
pub enum Resource<'a> {
    /// An object that is there: reading, deleting, and the entries of a directory.
    Stored(&'a StoredObject),
    /// A file that was sent.
    Uploaded(&'a Upload),
    /// An object without anything in it: a directory as a whole.
    Nothing,
}

/// Names only: a query may hold the token that opens an object.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("path", &self.path)
            .field("method", &self.method)
            .field("query", &self.query.keys())
            .field("auth", &self.auth)
            .finish()
    }
}

/// Names only.
impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Field(..)")
    }
}
