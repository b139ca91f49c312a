use regex::Regex;

/// A rule, a metadata expression or the code of a function.
#[derive(Debug)]
pub(crate) struct Program {
    /// The names that it gives values to itself: parameters, and behind them variables.
    pub(super) locals: Vec<Box<str>>,
    /// How many of them are parameters.
    pub(super) parameters: usize,
    pub(super) body: Vec<Statement>,
}

#[derive(Debug)]
pub(super) enum Statement {
    /// `var`: the local with this number gets a value.
    Set(usize, Expression),
    Return(Option<Expression>),
    If(Expression, Vec<Statement>, Vec<Statement>),
    Evaluate(Expression),
}

#[derive(Debug)]
pub(super) struct Expression {
    pub(super) kind: Kind,
    /// How many expressions stand above each other in it: how deep its evaluation goes.
    pub(super) height: usize,
}

#[derive(Debug)]
pub(super) enum Kind {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Box<str>),
    Pattern(Box<Regex>),
    Array(Vec<Expression>),
    Object(Vec<(Box<str>, Expression)>),
    /// A local, a parameter of the path, `request` or `resource`; found when it is evaluated.
    Name(Box<str>),
    /// The function with this number, called.
    Call(usize, Vec<Expression>),
    /// Something is called that is no function.
    NoFunction,
    Member(Box<Expression>, Box<Member>),
    Method(Box<Expression>, Box<Member>, Vec<Expression>),
    Unary(Unary, Box<Expression>),
    Binary(Binary, Box<Expression>, Box<Expression>),
    Conditional(Box<[Expression; 3]>),
}

/// What is behind a dot, or in brackets.
#[derive(Debug)]
pub(super) enum Member {
    Named(Box<str>),
    Computed(Expression),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unary {
    Not,
    Negative,
    Positive,
    TypeOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Equal,
    NotEqual,
    Same,
    NotSame,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Binary {
    /// The operator and how tightly it binds.
    pub(super) fn read(sign: &str) -> Option<(Self, u8)> {
        Some(match sign {
            "||" => (Self::Or, 1),
            "&&" => (Self::And, 2),
            "==" => (Self::Equal, 3),
            "!=" => (Self::NotEqual, 3),
            "===" => (Self::Same, 3),
            "!==" => (Self::NotSame, 3),
            "<" => (Self::Less, 4),
            ">" => (Self::Greater, 4),
            "<=" => (Self::LessOrEqual, 4),
            ">=" => (Self::GreaterOrEqual, 4),
            "+" => (Self::Add, 5),
            "-" => (Self::Subtract, 5),
            "*" => (Self::Multiply, 6),
            "/" => (Self::Divide, 6),
            "%" => (Self::Remainder, 6),
            _ => return None,
        })
    }
}
