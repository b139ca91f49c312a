//! What a rules file decides about a request, for the handlers to build on.
//!
//! 1. [`Rules::parse`] once at start; [`Rules::none`] where there is no file.
//! 2. [`Rules::route`] finds the path that decides; `None` answers 404. Its [`Place`] is the object or directory meant.
//! 3. [`Route::upload`], [`Route::find`] or [`Route::permits`] decide; [`Route::metadata`] says what to write beside
//!    the object.

use std::collections::BTreeMap;

use crate::rules::{Malformed, PathRules, Permissions, Word};
use crate::script::Evaluation;
use crate::{ObjectKey, ObjectKeyError, Request, Resource, Rules, StoredObject, Upload};

/// The longest metadata that a rule writes under one name, in bytes: what S3 takes of an object is twice that.
const MAX_METADATA: usize = 1024;

/// What is done to an object or a directory, and with it which rules are asked: its own, and then `read` or `write`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Reading an object: `get`, `read`.
    Get,
    /// Reading what is in a directory: `list`, `read`.
    List,
    /// Storing an object where there is none: `create`, `write`.
    Create,
    /// Replacing an object, or writing what is kept beside it: `update`, `write`.
    Update,
    /// Deleting an object, or what is kept beside it: `delete`, `write`.
    Delete,
}

/// The methods that storage answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET, and HEAD.
    Get,
    /// POST.
    Post,
    /// DELETE.
    Delete,
}

/// Which of an object's two sides is asked for: they may have rules of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Its content.
    Content,
    /// What is kept beside it.
    Metadata,
}

/// Where a request's path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// To an object.
    Object(ObjectKey),
    /// To everything whose key begins with this, which is empty or ends with a slash.
    Directory(String),
}

/// Why an upload is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// The path ends with a slash.
    #[error("a file's path does not end with a slash")]
    Directory,
    /// There is no object, and no file was sent to make one of.
    #[error("there is neither an object nor a file")]
    Nothing,
    /// No rule permits it.
    #[error("the rules do not permit it")]
    Forbidden,
    /// There is an object, and no file was sent to replace it.
    #[error("no file was sent")]
    NoFile,
}

/// Why an object is not given, described or deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// There is none: this is said before it is asked who may know.
    #[error("there is no such object")]
    Missing,
    /// No rule permits it.
    #[error("the rules do not permit it")]
    Forbidden,
}

/// The path of the rules that decides about one request.
#[derive(Debug)]
pub struct Route<'a> {
    rules: &'a Rules,
    path: &'a PathRules,
    target: Target,
    permissions: &'a Permissions,
    /// The parameters of the path, decoded.
    parameters: Vec<(&'a str, Option<String>)>,
    place: Place,
    reached: Reached,
}

/// How a path was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// By its pattern.
    Itself,
    /// As the directory that files of its pattern are in.
    AsParent,
}

impl Operation {
    fn words(self) -> [Word; 2] {
        match self {
            Self::Get => [Word::Get, Word::Read],
            Self::List => [Word::List, Word::Read],
            Self::Create => [Word::Create, Word::Write],
            Self::Update => [Word::Update, Word::Write],
            Self::Delete => [Word::Delete, Word::Write],
        }
    }
}

impl Method {
    /// With one of these a path answers the method.
    fn words(self) -> &'static [Word] {
        match self {
            Self::Get => &[Word::Read, Word::Get, Word::List],
            Self::Post => &[Word::Write, Word::Create, Word::Update],
            Self::Delete => &[Word::Write, Word::Delete],
        }
    }
}

impl Permissions {
    fn has_one_of(&self, words: &[Word]) -> bool {
        words.iter().any(|word| self.0.contains_key(word))
    }
}

impl Place {
    /// Where a path leads: what stands behind the storage prefix, with its first slash, still percent-encoded and
    /// without the query.
    ///
    /// # Errors
    ///
    /// Why it leads nowhere: what is between its slashes is no key, or there is nothing between two of them.
    pub fn of(path: &str) -> Result<Self, ObjectKeyError> {
        let inner = path.strip_prefix('/').ok_or(ObjectKeyError::Segment)?;
        match inner.strip_suffix('/') {
            _ if inner.is_empty() => Ok(Self::Directory(String::new())),
            Some(name) => Ok(Self::Directory(format!("{}/", name.parse::<ObjectKey>()?))),
            None => Ok(Self::Object(inner.parse()?)),
        }
    }
}

impl Rules {
    /// The path that decides about a request: the first that takes it, and no other one is asked. `None` when there is
    /// none, and for a path that is no object's.
    ///
    /// The path is as [`Place::of`] takes it. A parameter that is not well encoded is no match of any pattern.
    pub fn route(&self, method: Method, target: Target, path: &str) -> Option<Route<'_>> {
        self.route_to(method, target, path, &Place::of(path).ok()?)
    }

    /// As [`Rules::route`], where it is known already to which place the path leads.
    pub fn route_to(&self, method: Method, target: Target, path: &str, place: &Place) -> Option<Route<'_>> {
        self.explicit(method, target, path, place)
            .or_else(|| self.implied(method, target, path, place))?
            .ok()
    }

    /// The first path whose pattern matches and that answers the method.
    fn explicit(
        &self,
        method: Method,
        target: Target,
        path: &str,
        place: &Place,
    ) -> Option<Result<Route<'_>, Malformed>> {
        self.paths.iter().find_map(|rules| {
            let permissions = rules.permissions(target);
            let answers = permissions.has_one_of(method.words());
            let matched = answers.then(|| rules.pattern.matched(path)).flatten()?;
            Some(matched.map(|parameters| Route {
                rules: self,
                path: rules,
                target,
                permissions,
                parameters,
                place: place.clone(),
                reached: Reached::Itself,
            }))
        })
    }

    /// The first path whose files are in the directory.
    fn implied(
        &self,
        method: Method,
        target: Target,
        path: &str,
        place: &Place,
    ) -> Option<Result<Route<'_>, Malformed>> {
        if method != Method::Get {
            return None;
        }
        self.paths.iter().find_map(|rules| {
            let permissions = rules.permissions(target);
            let answers = permissions.has_one_of(&[Word::List, Word::Read]);
            let parent = rules.parent.as_ref().filter(|_| answers)?;
            let matched = parent.matched(path)?;
            let prefix = match place {
                Place::Object(key) => format!("{key}/"),
                Place::Directory(prefix) => prefix.clone(),
            };
            Some(matched.map(|parameters| Route {
                rules: self,
                path: rules,
                target,
                permissions,
                parameters,
                place: Place::Directory(prefix),
                reached: Reached::AsParent,
            }))
        })
    }
}

impl PathRules {
    fn permissions(&self, target: Target) -> &Permissions {
        match (target, &self.meta) {
            (Target::Metadata, Some(meta)) => meta,
            _ => &self.content,
        }
    }
}

impl Route<'_> {
    /// What the request's path leads to. A GET lists a directory; no other method does anything to one.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The pattern that matched, as it is written in the file.
    pub fn pattern(&self) -> &str {
        self.path.pattern.text()
    }

    /// Whether it is permitted. One decision costs a bounded number of steps; a rule that fails, or comes to no end
    /// within them, denies.
    pub fn permits(&self, operation: Operation, request: &Request, resource: Resource<'_>) -> bool {
        let mut evaluation = self.evaluation(request, resource);
        let mut rules = operation
            .words()
            .into_iter()
            .filter_map(|word| self.permissions.0.get(&word));
        rules.any(|rule| evaluation.permits(rule))
    }

    /// Whether this entry of the directory, which was itself permitted, is shown.
    ///
    /// Where the directory is one only because files of a pattern are in it, others that are in it too are not.
    pub fn shows(&self, request: &Request, entry: &StoredObject) -> bool {
        let belongs = match self.reached {
            Reached::Itself => true,
            Reached::AsParent => self.path.pattern.is_match(&format!("/{}", entry.key)),
        };
        belongs
            && self.permits(Operation::List, request, Resource::Stored(entry))
            && self.opens_by_itself(request, entry)
    }

    /// Whether the path that decides about an entry alone lets it be seen too, where there is one: nobody gets out of an
    /// archive what they would not be given, or out of a list what they may neither read nor list.
    fn opens_by_itself(&self, request: &Request, entry: &StoredObject) -> bool {
        let path = format!("/{}", entry.key);
        let Some(own) = self.rules.route(Method::Get, self.target, &path) else {
            return true;
        };
        let request = Request {
            path,
            ..request.clone()
        };
        let resource = || Resource::Stored(entry);
        own.permits(Operation::Get, &request, resource())
            || (self.target == Target::Metadata && own.permits(Operation::List, &request, resource()))
    }

    /// The object that is there, if the operation on it is permitted.
    pub fn find(
        &self,
        operation: Operation,
        request: &Request,
        object: Option<StoredObject>,
    ) -> Result<StoredObject, FindError> {
        let object = object.ok_or(FindError::Missing)?;
        if self.permits(operation, request, Resource::Stored(&object)) {
            Ok(object)
        } else {
            Err(FindError::Forbidden)
        }
    }

    /// The file to store, given what is there now and what was sent.
    pub fn upload<'u>(
        &self,
        request: &Request,
        present: Option<&StoredObject>,
        file: Option<&'u Upload>,
    ) -> Result<&'u Upload, UploadError> {
        if matches!(self.place, Place::Directory(_)) {
            return Err(UploadError::Directory);
        }
        let operation = match (present, file) {
            (None, None) => return Err(UploadError::Nothing),
            (None, Some(_)) => Operation::Create,
            (Some(_), _) => Operation::Update,
        };
        if !self.permits(
            operation,
            request,
            file.map_or(Resource::Nothing, Resource::Uploaded),
        ) {
            return Err(UploadError::Forbidden);
        }
        file.ok_or(UploadError::NoFile)
    }

    /// The metadata that the rules give, by name: to be written over what there is. An expression that fails or is
    /// falsy gives nothing, so that an old value stays; so does one whose text no store takes.
    pub fn metadata(&self, request: &Request, resource: Resource<'_>) -> BTreeMap<String, String> {
        let mut evaluation = self.evaluation(request, resource);
        let mut metadata = BTreeMap::new();
        for (name, script) in &self.path.values {
            let kept = evaluation.kept(script);
            let kept = kept.filter(|text| text.len() <= MAX_METADATA && !text.contains(char::is_control));
            metadata.extend(kept.map(|text| (name.clone(), text)));
        }
        metadata
    }

    fn evaluation<'e>(&'e self, request: &'e Request, resource: Resource<'e>) -> Evaluation<'e> {
        Evaluation::new(&self.rules.functions, &self.parameters, request, resource)
    }
}
