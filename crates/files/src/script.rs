//! The language of the rules: the part of JavaScript (ECMA-262, edition 5.1) that rules are written in.
//!
//! Expressions with `! && || ?: === !== == != < > <= >= + - * / % typeof`, members, calls of a text's, a list's and a
//! regular expression's methods, and the statements `var`, `if` and `return`. No loops, no assignment, no functions
//! within; nothing of the server can be reached, and no value has a prototype. What a text is made of is counted in
//! UTF-16 units, as JavaScript does; a text that would end within a character is a failure instead.
//!
//! A script is read once. Evaluating it takes a bounded number of steps; whatever JavaScript would throw, and
//! whatever goes past a bound, is a [`eval::Fault`], and the rule denies.
//!
//! # What is missing
//!
//! `request.query.token === resource.Metadata.token` is true in JavaScript when there is neither token, and opened
//! every object without one to everybody. So what is reached as a member that is not there is [`value::Value::Missing`] and
//! not merely `undefined`, wherever it is passed on to. It behaves as `undefined` does, but:
//!
//! - it never equals another one: `===` and `==` of the two are `false`;
//! - nor does it differ from another one: `!==` and `!=` of the two are [`value::Value::Undecided`], which counts as false,
//!   whose negation counts as false, and on which nothing branches. Were it a plain `false`, then
//!   `!(a !== b)`, and `if (a !== b) return false; return true`, would be the old hole again;
//! - it has no text: `'' + request.query.token` would be the word `undefined` on both sides.

mod ast;
mod convert;
mod equal;
mod eval;
mod lexer;
mod methods;
mod parse;
mod pattern;
mod text;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use ast::Program;
pub(crate) use eval::Evaluation;
pub(crate) use parse::{Scope, is_name};
pub(crate) use pattern::{Case, build, translate};

/// Why a script is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptError {
    /// The line of the script, counted from 1.
    pub(crate) line: usize,
    /// The character of that line, counted from 1.
    pub(crate) column: usize,
    pub(crate) reason: String,
}

impl ScriptError {
    fn new(text: &str, at: usize, reason: impl Into<String>) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            reason: reason.into(),
        }
    }
}
