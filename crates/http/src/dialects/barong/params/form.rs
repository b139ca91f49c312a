//! Names and values as forms and query strings write them.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::super::error::BarongError;
use super::value::{Budget, Fields, MAX_DEPTH, Param, without_nul};

/// Why a name or a value cannot be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// Bad UTF-8, a NUL, or one name for a value and for a place of values.
    Malformed,
    /// More of it, or deeper, than may be.
    TooMuch,
}

/// The parameters in a query string.
pub(super) fn query(text: &str, budget: &mut Budget) -> Result<Fields, BarongError> {
    parse(text.as_bytes(), budget).map_err(|unfit| unfit.or(BarongError::BAD_QUERY))
}

/// The parameters in a form's body.
pub(super) fn body(body: &[u8], budget: &mut Budget) -> Result<Fields, BarongError> {
    parse(body, budget).map_err(|unfit| unfit.or(BarongError::NOT_A_FORM))
}

impl Unfit {
    pub(super) fn or(self, malformed: BarongError) -> BarongError {
        match self {
            Self::Malformed => malformed,
            Self::TooMuch => BarongError::TOO_MANY_PARAMETERS,
        }
    }
}

fn parse(text: &[u8], budget: &mut Budget) -> Result<Fields, Unfit> {
    let mut fields = Fields::default();
    for pair in text.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut parts = pair.splitn(2, |&byte| byte == b'=');
        let name = unescape(parts.next().unwrap_or_default()).ok_or(Unfit::Malformed)?;
        let value = unescape(parts.next().unwrap_or_default()).ok_or(Unfit::Malformed)?;
        insert(&mut fields, &name, Param::Text(value), budget)?;
    }
    Ok(fields)
}

/// Strict where `form_urlencoded` puts a replacement character: bad UTF-8 is refused.
fn unescape(bytes: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = bytes
        .iter()
        .map(|&byte| if byte == b'+' { b' ' } else { byte })
        .collect();
    let text = percent_decode(&spaced).decode_utf8().ok().map(Cow::into_owned)?;
    without_nul(text)
}

/// Puts a value where its name says: `a`, `a[key]`, `a[]`, `a[][key]`. Of a name given twice the last value
/// counts.
pub(super) fn insert(
    fields: &mut Fields,
    name: &str,
    value: Param,
    budget: &mut Budget,
) -> Result<(), Unfit> {
    budget.take().ok_or(Unfit::TooMuch)?;
    let (name, steps) = steps(name);
    if steps.len() >= MAX_DEPTH {
        return Err(Unfit::TooMuch);
    }
    let place = fields.entry(name).ok_or(Unfit::Malformed)?;
    put(place, &steps, value)
}

/// One step from a value into what lies in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step<'a> {
    /// To the value of this name.
    Key(&'a str),
    /// To one more value of a list.
    More,
}

/// A name whose brackets do not pair is a plain name.
fn steps(name: &str) -> (&str, Vec<Step<'_>>) {
    let plain = (name, Vec::new());
    let Some((base, mut rest)) = name.find('[').and_then(|at| name.split_at_checked(at)) else {
        return plain;
    };
    if base.is_empty() {
        return plain;
    }
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let Some((inner, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
            return plain;
        };
        if inner.contains('[') {
            return plain;
        }
        steps.push(if inner.is_empty() {
            Step::More
        } else {
            Step::Key(inner)
        });
        rest = after;
    }
    (base, steps)
}

fn put(place: &mut Param, steps: &[Step<'_>], value: Param) -> Result<(), Unfit> {
    let Some((step, rest)) = steps.split_first() else {
        return match place {
            Param::List(_) | Param::Map(_) => Err(Unfit::Malformed),
            Param::Null | Param::Text(_) | Param::Number(_) | Param::Flag(_) | Param::File(_) => {
                *place = value;
                Ok(())
            }
        };
    };
    match step {
        Step::Key(key) => {
            if *place == Param::Null {
                *place = Param::Map(Fields::default());
            }
            let Param::Map(fields) = place else {
                return Err(Unfit::Malformed);
            };
            put(fields.entry(key).ok_or(Unfit::Malformed)?, rest, value)
        }
        Step::More => {
            if *place == Param::Null {
                *place = Param::List(Vec::new());
            }
            let Param::List(values) = place else {
                return Err(Unfit::Malformed);
            };
            // `a[][b]=1&a[][c]=2` is one value with two names; a name that it has already begins the next one.
            if let (Some(Step::Key(key)), Some(last)) = (rest.first(), values.last_mut())
                && let Param::Map(fields) = last
                && fields.get(key).is_none()
            {
                return put(last, rest, value);
            }
            let mut one = Param::Null;
            put(&mut one, rest, value)?;
            values.push(one);
            Ok(())
        }
    }
}
