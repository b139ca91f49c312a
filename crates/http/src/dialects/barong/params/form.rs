//! Names and values as forms and query strings write them.

use percent_encoding::percent_decode;

use super::super::error::BarongError;
use super::value::{Budget, Fields, MAX_DEPTH, Param, Unfit, without_nul};

/// The parameters in a query string, or in a form's body. What cannot be read is so for its own name alone.
pub(super) fn parse(text: &[u8], budget: &mut Budget) -> Result<Fields, BarongError> {
    let mut fields = Fields::default();
    for pair in text.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut parts = pair.splitn(2, |&byte| byte == b'=');
        let name = unescape(parts.next().unwrap_or_default());
        let value = String::from_utf8(unescape(parts.next().unwrap_or_default()));
        let value = value.map_or(Param::Unreadable, Param::of_text);
        insert(&mut fields, &String::from_utf8_lossy(&name), value, budget)?;
    }
    Ok(fields)
}

fn unescape(bytes: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = bytes
        .iter()
        .map(|&byte| if byte == b'+' { b' ' } else { byte })
        .collect();
    percent_decode(&spaced).collect()
}

/// Puts a value where its name says: `a`, `a[key]`, `a[]`, `a[][key]`. Of a name given twice the last value
/// counts. Where a value cannot go, the whole parameter becomes unreadable, and stays so.
pub(super) fn insert(
    fields: &mut Fields,
    name: &str,
    value: Param,
    budget: &mut Budget,
) -> Result<(), BarongError> {
    budget.take().map_err(BarongError::from)?;
    // A name that was no text, or has a NUL in it, is nobody's; but before its brackets it may be somebody's.
    let is_damaged = name.contains(['\0', char::REPLACEMENT_CHARACTER]);
    let (name, steps) = steps(name);
    let place = fields.entry(name).ok_or(BarongError::INTERNAL)?;
    let fits = !is_damaged && steps.len() < MAX_DEPTH && value != Param::Unreadable;
    if !fits || put(place, &steps, value).is_err() {
        *place = Param::Unreadable;
    }
    Ok(())
}

impl Param {
    /// A text, unless it cannot be kept.
    pub(super) fn of_text(text: String) -> Self {
        without_nul(text).map_or(Self::Unreadable, Self::Text)
    }
}

impl From<Unfit> for BarongError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            // What cannot be read is told of by who declared it, and has not come this far.
            Unfit::TooMany | Unfit::Unreadable => Self::TOO_MANY_PARAMETERS,
        }
    }
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
            Param::List(_) | Param::Map(_) | Param::Unreadable => Err(Unfit::Unreadable),
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
                return Err(Unfit::Unreadable);
            };
            put(fields.entry(key).ok_or(Unfit::Unreadable)?, rest, value)
        }
        Step::More => {
            if *place == Param::Null {
                *place = Param::List(Vec::new());
            }
            let Param::List(values) = place else {
                return Err(Unfit::Unreadable);
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
