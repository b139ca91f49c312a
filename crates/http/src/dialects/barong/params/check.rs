use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::super::error::{BarongError, ParameterFault, ParameterProblem, Thing};
use super::{Param, Params, Upload, date};

/// Whether a parameter must be there, and whether something must be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It must be sent, but may be blank: what is in it is judged later.
    Required,
    /// It must be sent and not be blank.
    RequiredNonBlank,
    /// It may be left out.
    Optional,
    /// It may be left out, but not be blank.
    OptionalNonBlank,
}

impl Presence {
    const fn is_required(self) -> bool {
        matches!(self, Self::Required | Self::RequiredNonBlank)
    }

    const fn forbids_blank(self) -> bool {
        matches!(self, Self::RequiredNonBlank | Self::OptionalNonBlank)
    }
}

/// An endpoint's declaration of its parameters. Each call declares one and yields its value; what is wrong with
/// them is told together, in the order of the calls.
#[derive(Debug)]
pub(crate) struct Check<'p> {
    params: &'p Params,
    thing: Thing,
    faults: Vec<ParameterFault>,
}

impl<'p> Check<'p> {
    /// Begins a declaration.
    pub(crate) const fn of(params: &'p Params, thing: Thing) -> Self {
        Self {
            params,
            thing,
            faults: Vec::new(),
        }
    }

    /// A text that must be there; empty where it is not, which [`Self::finish`] refuses.
    pub(crate) fn required_nb(&mut self, name: &'static str) -> String {
        self.text(Presence::RequiredNonBlank, name).unwrap_or_default()
    }

    /// A text that must be sent and may be blank.
    pub(crate) fn required(&mut self, name: &'static str) -> String {
        self.text(Presence::Required, name).unwrap_or_default()
    }

    /// A text that may be left out; a blank one counts as left out.
    pub(crate) fn optional(&mut self, name: &'static str) -> Option<String> {
        self.text(Presence::Optional, name)
    }

    /// A text that may be left out and must not be blank.
    pub(crate) fn optional_nb(&mut self, name: &'static str) -> Option<String> {
        self.text(Presence::OptionalNonBlank, name)
    }

    /// A text.
    pub(crate) fn text(&mut self, presence: Presence, name: &'static str) -> Option<String> {
        self.value(presence, name, |param| Some(param.as_text()?.into_owned()))
    }

    /// A day.
    pub(crate) fn date(&mut self, presence: Presence, name: &'static str) -> Option<NaiveDate> {
        self.value(presence, name, |param| match param {
            Param::Text(text) => date::parse(text),
            Param::Null
            | Param::Number(_)
            | Param::Flag(_)
            | Param::List(_)
            | Param::Map(_)
            | Param::File(_)
            | Param::Unreadable => None,
        })
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, presence: Presence, name: &'static str) -> Option<i64> {
        self.value(presence, name, Param::as_integer)
    }

    /// True or false.
    pub(crate) fn flag(&mut self, presence: Presence, name: &'static str) -> Option<bool> {
        self.value(presence, name, Param::as_flag)
    }

    /// Values with names.
    pub(crate) fn object(&mut self, presence: Presence, name: &'static str) -> Option<Map<String, Value>> {
        self.value(presence, name, Param::as_object)
    }

    /// One file or several: `upload`, `upload[]`, or the older `attachments[][upload]`. Empty where there is none.
    pub(crate) fn files(&mut self, presence: Presence, name: &'static str) -> Vec<&'p Upload> {
        let params = self.params;
        if params.get(name).is_none()
            && let Some(attachments) = params.get("attachments")
        {
            return self
                .judge(presence, name, Some(attachments), |param| attached(param, name))
                .unwrap_or_default();
        }
        self.value(presence, name, files).unwrap_or_default()
    }

    /// Refuses a parameter that is of its type and yet cannot be; the coded profile says this code.
    pub(crate) fn refuse(&mut self, name: &'static str, code: &'static str) {
        self.fault(name, ParameterProblem::Refused(code));
    }

    /// Ends the declaration; what is wrong is refused here.
    pub(crate) fn finish(self) -> Result<(), BarongError> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(BarongError::parameters(self.faults))
        }
    }

    /// As [`Self::finish`], for values that are there once nothing is wrong.
    pub(crate) fn finish_with<T>(self, value: Option<T>) -> Result<T, BarongError> {
        self.finish()?;
        value.ok_or(BarongError::INTERNAL)
    }

    fn value<T>(
        &mut self,
        presence: Presence,
        name: &'static str,
        read: impl FnOnce(&'p Param) -> Option<T>,
    ) -> Option<T> {
        let param = self.params.get(name);
        self.judge(presence, name, param, read)
    }

    fn judge<T>(
        &mut self,
        presence: Presence,
        name: &'static str,
        param: Option<&'p Param>,
        read: impl FnOnce(&'p Param) -> Option<T>,
    ) -> Option<T> {
        let Some(param) = param else {
            if presence.is_required() {
                self.fault(name, ParameterProblem::Missing);
                if presence.forbids_blank() {
                    self.fault(name, ParameterProblem::Empty);
                }
            }
            return None;
        };
        if param.is_blank() {
            if presence.forbids_blank() {
                self.fault(name, ParameterProblem::Empty);
            }
            return None;
        }
        let value = read(param);
        if value.is_none() {
            self.fault(name, ParameterProblem::Invalid);
        }
        value
    }

    fn fault(&mut self, name: &'static str, problem: ParameterProblem) {
        self.faults.push(ParameterFault {
            thing: self.thing,
            name,
            problem,
        });
    }
}

/// `None` where something is among them that is no file.
fn files(param: &Param) -> Option<Vec<&Upload>> {
    match param {
        Param::File(file) => Some(vec![file]),
        Param::List(values) => {
            let files = values.iter().map(|value| match value {
                Param::File(file) => Some(file),
                Param::Null
                | Param::Text(_)
                | Param::Number(_)
                | Param::Flag(_)
                | Param::List(_)
                | Param::Map(_)
                | Param::Unreadable => None,
            });
            files.collect()
        }
        Param::Null
        | Param::Text(_)
        | Param::Number(_)
        | Param::Flag(_)
        | Param::Map(_)
        | Param::Unreadable => None,
    }
}

/// The files of attachments, which are a list, or values that are named by their numbers.
fn attached<'p>(attachments: &'p Param, name: &str) -> Option<Vec<&'p Upload>> {
    let of_one = |attachment: &'p Param| match attachment {
        Param::Map(fields) => files(fields.get(name)?),
        Param::File(file) => Some(vec![file]),
        Param::Null
        | Param::Text(_)
        | Param::Number(_)
        | Param::Flag(_)
        | Param::List(_)
        | Param::Unreadable => None,
    };
    let each: Option<Vec<_>> = match attachments {
        Param::List(values) => values.iter().map(of_one).collect(),
        Param::Map(fields) => fields.values().map(of_one).collect(),
        Param::Null
        | Param::Text(_)
        | Param::Number(_)
        | Param::Flag(_)
        | Param::File(_)
        | Param::Unreadable => None,
    };
    Some(each?.concat())
}
