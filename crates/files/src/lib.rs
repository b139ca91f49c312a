//! Stored objects, and the rules that say who may read and write them.
//!
//! An object is known by its key, the path it is reached at. A rules file maps patterns of paths to expressions; its
//! language is total and bounded, so that no rule can stop the server, and a rule that fails denies.

mod access;
mod context;
mod object;
mod rules;
mod script;

#[cfg(test)]
mod tests;

pub use access::{FindError, Method, Operation, Place, Route, Target, UploadError};
pub use context::{Auth, Field, Request, Resource, Upload};
pub use object::{Description, ObjectKey, ObjectKeyError, StoredObject};
pub use rules::{Parents, Rules, RulesError};
