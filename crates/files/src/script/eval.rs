use std::rc::Rc;

use super::ast::{Binary, Expression, Kind, Member, Program, Statement, Unary};
use super::convert::{kind, truth};
use super::equal::Equality;
use super::value::{Host, Value};
use crate::{Request, Resource};

/// What all that is evaluated for one decision may cost: a step is an expression, an item of a list, or a piece of a
/// text that is looked through.
const MAX_STEPS: usize = 10_000;
/// The longest text that an expression makes, in bytes.
const MAX_TEXT: usize = 16 * 1024;
/// How much of a text is looked through in one step, in bytes.
const STEP: usize = 64;

/// A script has no value: it used what is not there, or went past a bound. The reason is not kept, for it changes
/// nothing: the rule denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault;

/// What the scripts of one decision are evaluated against, and what they may still cost.
pub(crate) struct Evaluation<'a> {
    functions: &'a [Program],
    /// The parameters of the path, and what they are in this request.
    parameters: &'a [(&'a str, Option<String>)],
    request: &'a Request,
    resource: Resource<'a>,
    steps: usize,
}

/// The names that one script gives values to.
struct Frame<'a> {
    program: &'a Program,
    values: Vec<Value<'a>>,
    /// The value of the last statement that was an expression.
    last: Value<'a>,
}

impl<'a> Evaluation<'a> {
    pub(crate) fn new(
        functions: &'a [Program],
        parameters: &'a [(&'a str, Option<String>)],
        request: &'a Request,
        resource: Resource<'a>,
    ) -> Self {
        Self {
            functions,
            parameters,
            request,
            resource,
            steps: MAX_STEPS,
        }
    }

    /// Whether the rule permits; one that fails does not.
    pub(crate) fn permits(&mut self, rule: &'a Program) -> bool {
        self.value(rule).is_ok_and(|value| truth(&value))
    }

    /// What the script returns, or the value of its last expression.
    pub(crate) fn value(&mut self, script: &'a Program) -> Result<Value<'a>, Fault> {
        let mut frame = Frame::new(script, Vec::new());
        let returned = self.run(&script.body, &mut frame)?;
        Ok(returned.unwrap_or(frame.last))
    }

    /// The text to keep under a name, or `None` for nothing.
    pub(crate) fn kept(&mut self, script: &'a Program) -> Option<String> {
        let value = self.value(script).ok().filter(truth)?;
        match value {
            Value::Object(_) | Value::Host(_) => None,
            _ => self.text(&value).ok().map(|text| text.to_string()),
        }
    }

    /// How many steps were taken.
    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        MAX_STEPS - self.steps
    }

    pub(super) fn step(&mut self, steps: usize) -> Result<(), Fault> {
        let left = self.steps.checked_sub(steps);
        self.steps = left.unwrap_or(0);
        left.map(drop).ok_or(Fault)
    }

    /// Pays for looking through a text.
    pub(super) fn step_over(&mut self, text: &str) -> Result<(), Fault> {
        self.step(1 + text.len() / STEP)
    }

    /// Makes a text longer.
    pub(super) fn append(&mut self, text: &mut String, more: &str) -> Result<(), Fault> {
        self.step_over(more)?;
        if text.len() + more.len() > MAX_TEXT {
            return Err(Fault);
        }
        text.push_str(more);
        Ok(())
    }

    fn run(&mut self, body: &'a [Statement], frame: &mut Frame<'a>) -> Result<Option<Value<'a>>, Fault> {
        for statement in body {
            self.step(1)?;
            match statement {
                Statement::Set(local, value) => {
                    let value = self.evaluate(value, frame)?;
                    *frame.values.get_mut(*local).ok_or(Fault)? = value;
                }
                Statement::Return(None) => return Ok(Some(Value::Undefined)),
                Statement::Return(Some(value)) => return self.evaluate(value, frame).map(Some),
                Statement::If(condition, then, otherwise) => {
                    let condition = self.evaluate(condition, frame)?;
                    let body = if decided(&condition)? { then } else { otherwise };
                    if let Some(returned) = self.run(body, frame)? {
                        return Ok(Some(returned));
                    }
                }
                Statement::Evaluate(value) => frame.last = self.evaluate(value, frame)?,
            }
        }
        Ok(None)
    }

    fn evaluate(&mut self, expression: &'a Expression, frame: &mut Frame<'a>) -> Result<Value<'a>, Fault> {
        self.step(1)?;
        Ok(match &expression.kind {
            Kind::Undefined => Value::Undefined,
            Kind::Null => Value::Null,
            Kind::Bool(truth) => Value::Bool(*truth),
            Kind::Number(number) => Value::Number(*number),
            Kind::Text(text) => (&**text).into(),
            Kind::Pattern(pattern) => Value::Pattern(pattern),
            Kind::Name(name) => self.named(name, frame).ok_or(Fault)?,
            Kind::NoFunction => return Err(Fault),
            Kind::Array(items) => Value::Array(Rc::new(self.all(items, frame)?)),
            Kind::Object(members) => {
                let values = members
                    .iter()
                    .map(|(name, value)| Ok((&**name, self.evaluate(value, frame)?)));
                Value::Object(Rc::new(values.collect::<Result<_, _>>()?))
            }
            Kind::Call(function, arguments) => {
                let arguments = self.all(arguments, frame)?;
                return self.call(*function, arguments);
            }
            Kind::Member(value, member) => {
                let value = self.evaluate(value, frame)?;
                return self.with_name(member, frame, |this, name| this.member(&value, name));
            }
            Kind::Method(value, member, arguments) => {
                let value = self.evaluate(value, frame)?;
                let arguments = self.all(arguments, frame)?;
                return self.with_name(member, frame, |this, name| this.method(&value, name, &arguments));
            }
            Kind::Unary(operator, operand) => return self.unary(*operator, operand, frame),
            Kind::Binary(operator, left, right) => return self.binary(*operator, left, right, frame),
            Kind::Conditional(parts) => {
                let [condition, then, otherwise] = &**parts;
                let condition = self.evaluate(condition, frame)?;
                let chosen = if decided(&condition)? { then } else { otherwise };
                return self.evaluate(chosen, frame);
            }
        })
    }

    fn all(&mut self, expressions: &'a [Expression], frame: &mut Frame<'a>) -> Result<Vec<Value<'a>>, Fault> {
        expressions
            .iter()
            .map(|expression| self.evaluate(expression, frame))
            .collect()
    }

    fn named(&self, name: &str, frame: &Frame<'a>) -> Option<Value<'a>> {
        let local = frame.program.locals.iter().position(|local| **local == *name);
        if let Some(local) = local {
            return frame.values.get(local).cloned();
        }
        if let Some((_, value)) = self.parameters.iter().find(|(parameter, _)| *parameter == name) {
            return Some(
                value
                    .as_ref()
                    .map_or(Value::Missing, |value| value.as_str().into()),
            );
        }
        match name {
            "request" => Some(Value::Host(Host::Request(self.request))),
            "resource" => Some(Value::Host(self.resource.into())),
            _ => None,
        }
    }

    /// What is done with the name of a member.
    fn with_name(
        &mut self,
        member: &'a Member,
        frame: &mut Frame<'a>,
        then: impl FnOnce(&mut Self, &str) -> Result<Value<'a>, Fault>,
    ) -> Result<Value<'a>, Fault> {
        match member {
            Member::Named(name) => then(self, name),
            Member::Computed(name) => {
                let name = self.evaluate(name, frame)?;
                let name = self.text(&name)?;
                then(self, &name)
            }
        }
    }

    /// Parameters without an argument are undefined, and arguments without a parameter are nothing.
    fn call(&mut self, function: usize, arguments: Vec<Value<'a>>) -> Result<Value<'a>, Fault> {
        let program = self.functions.get(function).ok_or(Fault)?;
        let mut frame = Frame::new(program, arguments);
        let returned = self.run(&program.body, &mut frame)?;
        Ok(returned.unwrap_or(Value::Undefined))
    }

    fn unary(
        &mut self,
        operator: Unary,
        operand: &'a Expression,
        frame: &mut Frame<'a>,
    ) -> Result<Value<'a>, Fault> {
        if operator == Unary::TypeOf
            && let Kind::Name(name) = &operand.kind
            && self.named(name, frame).is_none()
        {
            return Ok("undefined".into());
        }
        let operand = self.evaluate(operand, frame)?;
        Ok(match operator {
            Unary::Not if matches!(operand, Value::Undecided) => Value::Undecided,
            Unary::Not => Value::Bool(!truth(&operand)),
            Unary::Negative => Value::Number(-self.number(&operand)?),
            Unary::Positive => Value::Number(self.number(&operand)?),
            Unary::TypeOf => kind(&operand)?.into(),
        })
    }

    fn binary(
        &mut self,
        operator: Binary,
        left: &'a Expression,
        right: &'a Expression,
        frame: &mut Frame<'a>,
    ) -> Result<Value<'a>, Fault> {
        let left = self.evaluate(left, frame)?;
        match operator {
            Binary::Or if truth(&left) => return Ok(left),
            Binary::Or if matches!(left, Value::Undecided) => {
                let right = self.evaluate(right, frame)?;
                return Ok(if truth(&right) { right } else { left });
            }
            Binary::And if !truth(&left) => return Ok(left),
            _ => {}
        }
        let right = self.evaluate(right, frame)?;
        let order = |this: &mut Self| this.order(&left, &right);
        Ok(Value::Bool(match operator {
            Binary::Or | Binary::And => return Ok(right),
            Binary::Equal => self.equal(&left, &right)? == Equality::Equal,
            Binary::Same => self.same(&left, &right)? == Equality::Equal,
            Binary::NotEqual => return self.equal(&left, &right).map(difference),
            Binary::NotSame => return self.same(&left, &right).map(difference),
            Binary::Less => order(self)?.is_some_and(std::cmp::Ordering::is_lt),
            Binary::Greater => order(self)?.is_some_and(std::cmp::Ordering::is_gt),
            Binary::LessOrEqual => order(self)?.is_some_and(std::cmp::Ordering::is_le),
            Binary::GreaterOrEqual => order(self)?.is_some_and(std::cmp::Ordering::is_ge),
            Binary::Add => return self.add(&left, &right),
            Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder => {
                let (left, right) = (self.number(&left)?, self.number(&right)?);
                return Ok(Value::Number(match operator {
                    Binary::Subtract => left - right,
                    Binary::Multiply => left * right,
                    Binary::Divide => left / right,
                    _ => left % right,
                }));
            }
        }))
    }

    /// `+`: of texts one behind the other, of all else the sum.
    fn add(&mut self, left: &Value<'a>, right: &Value<'a>) -> Result<Value<'a>, Fault> {
        let (left, right) = (self.primitive(left)?, self.primitive(right)?);
        if !matches!(left, Value::Text(_)) && !matches!(right, Value::Text(_)) {
            return Ok(Value::Number(self.number(&left)? + self.number(&right)?));
        }
        let mut sum = String::new();
        for part in [left, right] {
            let part = self.text(&part)?;
            self.append(&mut sum, &part)?;
        }
        Ok(sum.into())
    }

    /// What a method made, unless it is too long.
    pub(super) fn made(&mut self, text: String) -> Result<Value<'a>, Fault> {
        self.step_over(&text)?;
        if text.len() > MAX_TEXT {
            return Err(Fault);
        }
        Ok(text.into())
    }
}

impl<'a> Frame<'a> {
    fn new(program: &'a Program, mut values: Vec<Value<'a>>) -> Self {
        values.truncate(program.parameters);
        values.resize(program.locals.len(), Value::Undefined);
        Self {
            program,
            values,
            last: Value::Undefined,
        }
    }
}

/// Whether it counts as true, where everything depends on it.
fn decided(value: &Value<'_>) -> Result<bool, Fault> {
    if matches!(value, Value::Undecided) {
        return Err(Fault);
    }
    Ok(truth(value))
}

fn difference<'a>(equality: Equality) -> Value<'a> {
    match equality {
        Equality::Equal => Value::Bool(false),
        Equality::Different => Value::Bool(true),
        Equality::BothMissing => Value::Undecided,
    }
}
