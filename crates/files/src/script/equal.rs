//! Whether two values are equal (ECMA-262 5.1 §11.9), and which is less (§11.8.5).

use std::cmp::Ordering;
use std::rc::Rc;

use super::convert::is_object;
use super::eval::{Evaluation, Fault};
use super::value::Value;

/// What a comparison finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Equality {
    Equal,
    Different,
    /// Both are missing: neither equal nor different.
    BothMissing,
}

impl From<bool> for Equality {
    fn from(equal: bool) -> Self {
        if equal { Self::Equal } else { Self::Different }
    }
}

impl<'a> Evaluation<'a> {
    /// `===`
    pub(super) fn same(&mut self, left: &Value<'a>, right: &Value<'a>) -> Result<Equality, Fault> {
        Ok(match (left, right) {
            (Value::Undecided, _) | (_, Value::Undecided) => return Err(Fault),
            (Value::Missing, Value::Missing) => Equality::BothMissing,
            (Value::Undefined | Value::Missing, Value::Undefined | Value::Missing)
            | (Value::Null, Value::Null) => Equality::Equal,
            (Value::Bool(left), Value::Bool(right)) => (left == right).into(),
            (Value::Number(left), Value::Number(right)) => number_equality(*left, *right),
            (Value::Text(left), Value::Text(right)) => {
                self.step_over(left)?;
                (**left == **right).into()
            }
            (Value::Array(left), Value::Array(right)) => Rc::ptr_eq(left, right).into(),
            (Value::Object(left), Value::Object(right)) => Rc::ptr_eq(left, right).into(),
            (Value::Pattern(left), Value::Pattern(right)) => std::ptr::eq(*left, *right).into(),
            (Value::Host(left), Value::Host(right)) => left.is(*right).into(),
            _ => Equality::Different,
        })
    }

    /// `==`
    pub(super) fn equal(&mut self, left: &Value<'a>, right: &Value<'a>) -> Result<Equality, Fault> {
        Ok(match (left, right) {
            (Value::Undecided, _) | (_, Value::Undecided) => return Err(Fault),
            (Value::Undefined | Value::Missing, Value::Null)
            | (Value::Null, Value::Undefined | Value::Missing) => Equality::Equal,
            (Value::Undefined | Value::Missing | Value::Null, _)
            | (_, Value::Undefined | Value::Missing | Value::Null) => {
                return self.same(left, right);
            }
            (Value::Number(_) | Value::Bool(_), Value::Number(_) | Value::Bool(_) | Value::Text(_))
            | (Value::Text(_), Value::Number(_) | Value::Bool(_)) => {
                number_equality(self.number(left)?, self.number(right)?)
            }
            _ if is_object(left) == is_object(right) => return self.same(left, right),
            _ => {
                let (left, right) = (self.primitive(left)?, self.primitive(right)?);
                return self.equal(&left, &right);
            }
        })
    }

    /// Which of two is less: texts by their units, all else as numbers; `None` where one is no number.
    pub(super) fn order(&mut self, left: &Value<'a>, right: &Value<'a>) -> Result<Option<Ordering>, Fault> {
        let (left, right) = (self.primitive(left)?, self.primitive(right)?);
        if let (Value::Text(left), Value::Text(right)) = (&left, &right) {
            self.step_over(left)?;
            return Ok(Some(left.encode_utf16().cmp(right.encode_utf16())));
        }
        Ok(self.number(&left)?.partial_cmp(&self.number(&right)?))
    }
}

#[expect(clippy::float_cmp, reason = "so it is in JavaScript")]
fn number_equality(left: f64, right: f64) -> Equality {
    (left == right).into()
}
