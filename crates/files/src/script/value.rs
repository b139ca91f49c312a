use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;

use chrono::SecondsFormat;
use regex::Regex;

use crate::{Auth, Field, Request, Resource, StoredObject, Upload};

/// What an expression has for its value.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    Undefined,
    /// `undefined`, because a member is not there.
    Missing,
    /// Whether two missing members differ.
    Undecided,
    Null,
    Bool(bool),
    Number(f64),
    Text(Text<'a>),
    Array(Rc<Vec<Value<'a>>>),
    Object(Rc<Vec<(&'a str, Value<'a>)>>),
    Pattern(&'a Regex),
    Host(Host<'a>),
}

/// A text, copied only where it is new.
#[derive(Debug, Clone)]
pub(crate) enum Text<'a> {
    Lent(&'a str),
    New(Rc<str>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Lent(text) => text,
            Self::New(text) => text,
        }
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::New(text.into())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Text::Lent(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> From<&'a Field> for Value<'a> {
    fn from(field: &'a Field) -> Self {
        match field {
            Field::Text(text) => text.as_str().into(),
            Field::List(texts) => {
                Self::Array(Rc::new(texts.iter().map(|text| text.as_str().into()).collect()))
            }
        }
    }
}

/// The objects that a rule is given. Nothing of them is copied before a rule asks for it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Host<'a> {
    Request(&'a Request),
    Query(&'a BTreeMap<String, Field>),
    Auth(&'a Auth),
    Stored(&'a StoredObject),
    Metadata(&'a BTreeMap<String, String>),
    Uploaded(&'a Upload),
    Nothing,
}

impl<'a> From<Resource<'a>> for Host<'a> {
    fn from(resource: Resource<'a>) -> Self {
        match resource {
            Resource::Stored(object) => Self::Stored(object),
            Resource::Uploaded(file) => Self::Uploaded(file),
            Resource::Nothing => Self::Nothing,
        }
    }
}

impl<'a> Host<'a> {
    /// The member of this name; `None` when there is none.
    pub(super) fn get(self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Request(request) => match name {
                "path" => Some(request.path.as_str().into()),
                "method" => Some(request.method.as_str().into()),
                "query" => Some(Value::Host(Self::Query(&request.query))),
                "auth" => request.auth.as_ref().map(|auth| Value::Host(Self::Auth(auth))),
                _ => None,
            },
            Self::Query(query) => query.get(name).map(Value::from),
            Self::Auth(auth) => auth.get(name).map(Value::from),
            Self::Stored(object) => stored(object, name),
            Self::Metadata(metadata) => metadata.get(name).map(|text| text.as_str().into()),
            Self::Uploaded(file) => match name {
                "name" => Some(file.name.as_str().into()),
                "size" => Some(Value::Number(count(file.size))),
                "mimetype" => Some(file.mimetype.as_str().into()),
                "md5" => Some(file.md5.as_str().into()),
                _ => None,
            },
            Self::Nothing => None,
        }
    }

    /// Whether both are one object: every one of them is there once in an evaluation.
    pub(super) fn is(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}

/// The members of an object's description, as they are answered too.
fn stored<'a>(object: &'a StoredObject, name: &str) -> Option<Value<'a>> {
    Some(match name {
        "key" => object.key.as_str().into(),
        "AcceptRanges" => "bytes".into(),
        "ContentType" => object.description.content_type.as_str().into(),
        "ContentLength" => Value::Number(count(object.size)),
        "ETag" => object.etag.as_str().into(),
        "LastModified" => object
            .modified_at
            .to_rfc3339_opts(SecondsFormat::Millis, true)
            .into(),
        "Metadata" => Value::Host(Host::Metadata(&object.description.metadata)),
        _ => return None,
    })
}

/// Numbers are what JavaScript has: exact up to 2⁵³, which no object's length reaches.
#[expect(clippy::cast_precision_loss, reason = "so it is in JavaScript")]
fn count(size: u64) -> f64 {
    size as f64
}
