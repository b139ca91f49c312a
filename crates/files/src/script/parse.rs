use super::ast::{Binary, Expression, Kind, Member, Program, Statement, Unary};
use super::lexer::{Lexer, Token};
use super::{ScriptError, pattern};

/// The longest script, in bytes.
const MAX_BYTES: usize = 4096;
/// How many expressions a script is made of at most.
const MAX_EXPRESSIONS: usize = 1024;
/// How many statements it has at most.
const MAX_STATEMENTS: usize = 128;
/// How deep expressions are nested in brackets.
const MAX_DEPTH: usize = 32;
/// How deep their evaluation goes.
const MAX_HEIGHT: usize = 64;
/// How deep blocks are nested.
const MAX_BLOCKS: usize = 16;

/// Words with a meaning in JavaScript that the language has no use for.
const REFUSED_WORDS: [&str; 36] = [
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "let",
    "new",
    "return",
    "super",
    "switch",
    "this",
    "throw",
    "try",
    "var",
    "while",
    "with",
    "yield",
];

/// What the names in a script may mean, and what is strange about them.
pub(crate) struct Scope<'a> {
    /// The functions that can be called, in their order; none in a function itself.
    pub(crate) functions: &'a [String],
    /// All functions of the file.
    pub(crate) all_functions: &'a [String],
    /// The path's parameters; `None` in a function, which is called from paths with different ones.
    pub(crate) path_parameters: Option<&'a [String]>,
}

/// Whether this can be the name of a parameter or a function.
pub(crate) fn is_name(word: &str) -> bool {
    !word.starts_with(|c: char| c.is_ascii_digit())
        && !REFUSED_WORDS.contains(&word)
        && !matches!(
            word,
            "" | "typeof" | "void" | "true" | "false" | "null" | "undefined" | "NaN" | "Infinity"
        )
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$'))
}

impl Program {
    /// Reads a script. What it says about itself without being wrong is added to the remarks.
    pub(crate) fn parse(
        text: &str,
        parameters: &[String],
        scope: &Scope<'_>,
        remarks: &mut Vec<String>,
    ) -> Result<Self, ScriptError> {
        if text.len() > MAX_BYTES {
            return Err(ScriptError::new(
                text,
                0,
                format!("longer than {MAX_BYTES} bytes"),
            ));
        }
        let mut parser = Parser {
            lexer: Lexer::new(text),
            token: Token::End,
            scope,
            locals: parameters.iter().map(|name| name.as_str().into()).collect(),
            unknown: Vec::new(),
            expressions: 0,
            statements: 0,
            depth: 0,
        };
        parser.advance()?;
        let mut body = Vec::new();
        while parser.token != Token::End {
            parser.statement(&mut body, 0)?;
        }
        if body.is_empty() {
            return Err(parser.lexer.refusal("there is nothing to evaluate"));
        }
        let Parser { locals, unknown, .. } = parser;
        for name in unknown {
            let known = locals.iter().any(|local| **local == *name)
                || scope.path_parameters.is_none_or(|names| names.contains(&name));
            if !known {
                remarks.push(format!("nothing is called `{name}`: evaluating it denies"));
            }
        }
        Ok(Self {
            locals,
            parameters: parameters.len(),
            body,
        })
    }

    /// Whether it says anywhere what it returns.
    pub(crate) fn returns(&self) -> bool {
        fn any(body: &[Statement]) -> bool {
            body.iter().any(|statement| match statement {
                Statement::Return(_) => true,
                Statement::If(_, then, otherwise) => any(then) || any(otherwise),
                Statement::Set(..) | Statement::Evaluate(_) => false,
            })
        }
        any(&self.body)
    }
}

struct Parser<'s> {
    lexer: Lexer<'s>,
    /// The word that is looked at.
    token: Token<'s>,
    scope: &'s Scope<'s>,
    locals: Vec<Box<str>>,
    /// Names that are not known to mean anything where they stand.
    unknown: Vec<String>,
    expressions: usize,
    statements: usize,
    depth: usize,
}

impl Parser<'_> {
    fn advance(&mut self) -> Result<(), ScriptError> {
        self.token = self.lexer.next()?;
        Ok(())
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.token, Token::Sign(found) if found == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.token, Token::Name(found) if found == word)
    }

    /// Passes over the sign, if it is there.
    fn takes(&mut self, sign: &str) -> Result<bool, ScriptError> {
        let there = self.is(sign);
        if there {
            self.advance()?;
        }
        Ok(there)
    }

    fn expect(&mut self, sign: &str) -> Result<(), ScriptError> {
        if self.takes(sign)? {
            Ok(())
        } else {
            Err(self.lexer.refusal(format!("`{sign}` is expected")))
        }
    }

    /// Reads one statement and adds what it does to the body.
    fn statement(&mut self, body: &mut Vec<Statement>, blocks: usize) -> Result<(), ScriptError> {
        self.statements += 1;
        if self.statements > MAX_STATEMENTS || blocks > MAX_BLOCKS {
            return Err(self.lexer.refusal("too many statements"));
        }
        if self.takes(";")? {
            return Ok(());
        }
        if self.takes("{")? {
            while !self.takes("}")? {
                if self.token == Token::End {
                    return Err(self.lexer.refusal("`}` is expected"));
                }
                self.statement(body, blocks + 1)?;
            }
            return Ok(());
        }
        if self.is_word("if") {
            return self.branch(body, blocks);
        }
        if self.is_word("var") {
            self.variables(body)?;
        } else if self.is_word("return") {
            self.advance()?;
            // A value begins on the line of its `return` (ECMA-262 5.1 §7.9.1).
            let bare = self.lexer.after_line_end || self.is(";") || self.is("}") || self.token == Token::End;
            let value = if bare { None } else { Some(self.expression()?) };
            body.push(Statement::Return(value));
        } else {
            let value = self.expression()?;
            body.push(Statement::Evaluate(value));
        }
        self.end_of_statement()
    }

    /// A semicolon, or one of the places where it may be left out.
    fn end_of_statement(&mut self) -> Result<(), ScriptError> {
        if self.takes(";")? || self.is("}") || self.token == Token::End || self.lexer.after_line_end {
            return Ok(());
        }
        let reason = match &self.token {
            Token::Sign("=") => "nothing is assigned to but in `var`".to_owned(),
            Token::Sign("&" | "|") => "operators on bits are not available".to_owned(),
            Token::Name(word @ ("in" | "instanceof")) => format!("`{word}` is not available"),
            _ => "an operator or the end is expected".to_owned(),
        };
        Err(self.lexer.refusal(reason))
    }

    fn branch(&mut self, body: &mut Vec<Statement>, blocks: usize) -> Result<(), ScriptError> {
        self.advance()?;
        self.expect("(")?;
        let condition = self.expression()?;
        self.expect(")")?;
        let (mut then, mut otherwise) = (Vec::new(), Vec::new());
        self.statement(&mut then, blocks + 1)?;
        if self.is_word("else") {
            self.advance()?;
            self.statement(&mut otherwise, blocks + 1)?;
        }
        body.push(Statement::If(condition, then, otherwise));
        Ok(())
    }

    fn variables(&mut self, body: &mut Vec<Statement>) -> Result<(), ScriptError> {
        loop {
            self.advance()?;
            let name = match self.token {
                Token::Name(name) if is_name(name) => name,
                _ => return Err(self.lexer.refusal("a variable's name is expected")),
            };
            self.advance()?;
            let known = self.locals.iter().position(|local| **local == *name);
            let local = known.unwrap_or(self.locals.len());
            if known.is_none() {
                self.locals.push(name.into());
            }
            if self.takes("=")? {
                let value = self.expression()?;
                body.push(Statement::Set(local, value));
            }
            if !self.is(",") {
                return Ok(());
            }
        }
    }

    fn expression(&mut self) -> Result<Expression, ScriptError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.lexer.refusal("too deeply nested"));
        }
        let condition = self.operation(0)?;
        let expression = if self.takes("?")? {
            let then = self.expression()?;
            self.expect(":")?;
            let otherwise = self.expression()?;
            let height = condition.height.max(then.height).max(otherwise.height);
            self.build(Kind::Conditional(Box::new([condition, then, otherwise])), height)?
        } else {
            condition
        };
        self.depth -= 1;
        Ok(expression)
    }

    /// An expression with operators that bind more tightly than this.
    fn operation(&mut self, above: u8) -> Result<Expression, ScriptError> {
        let mut left = self.unary()?;
        while let Token::Sign(sign) = self.token
            && let Some((operator, strength)) = Binary::read(sign)
            && strength > above
        {
            self.advance()?;
            let right = self.operation(strength)?;
            let height = left.height.max(right.height);
            left = self.build(Kind::Binary(operator, Box::new(left), Box::new(right)), height)?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression, ScriptError> {
        let operator = match self.token {
            Token::Sign("!") => Unary::Not,
            Token::Sign("-") => Unary::Negative,
            Token::Sign("+") => Unary::Positive,
            Token::Name("typeof") => Unary::TypeOf,
            _ => return self.access(),
        };
        self.advance()?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.lexer.refusal("too deeply nested"));
        }
        let operand = self.unary()?;
        self.depth -= 1;
        let height = operand.height;
        self.build(Kind::Unary(operator, Box::new(operand)), height)
    }

    /// A value, and the members and methods behind it.
    fn access(&mut self) -> Result<Expression, ScriptError> {
        let mut value = self.primary()?;
        loop {
            let (member, member_height) = if self.takes(".")? {
                let Token::Name(name) = self.token else {
                    return Err(self.lexer.refusal("a member's name is expected"));
                };
                self.advance()?;
                (Member::Named(name.into()), 0)
            } else if self.takes("[")? {
                let index = self.expression()?;
                self.expect("]")?;
                let height = index.height;
                (Member::Computed(index), height)
            } else if self.is("(") {
                return Err(self.lexer.refusal("what stands before `(` is no function"));
            } else {
                return Ok(value);
            };
            let height = value.height.max(member_height);
            value = if self.takes("(")? {
                let (arguments, arguments_height) = self.list(")")?;
                let kind = Kind::Method(Box::new(value), Box::new(member), arguments);
                self.build(kind, height.max(arguments_height))?
            } else {
                self.build(Kind::Member(Box::new(value), Box::new(member)), height)?
            };
        }
    }

    fn primary(&mut self) -> Result<Expression, ScriptError> {
        let token = std::mem::replace(&mut self.token, Token::End);
        let (kind, height) = match token {
            Token::Number(number) => (Kind::Number(number), 0),
            Token::Text(text) => (Kind::Text(text.into()), 0),
            Token::Name(word) => return self.word(word),
            Token::Sign("/") => {
                let (source, flags) = self.lexer.pattern()?;
                let pattern = pattern::compile(source, flags).map_err(|reason| self.lexer.refusal(reason))?;
                (Kind::Pattern(Box::new(pattern)), 0)
            }
            Token::Sign("(") => {
                self.advance()?;
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Sign("[") => {
                self.advance()?;
                let (items, height) = self.list("]")?;
                return self.build(Kind::Array(items), height);
            }
            Token::Sign("{") => return self.object(),
            Token::Sign(_) | Token::End => return Err(self.lexer.refusal("a value is expected")),
        };
        self.advance()?;
        self.build(kind, height)
    }

    fn word(&mut self, word: &str) -> Result<Expression, ScriptError> {
        let kind = match word {
            "undefined" => Kind::Undefined,
            "null" => Kind::Null,
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "NaN" => Kind::Number(f64::NAN),
            "Infinity" => Kind::Number(f64::INFINITY),
            _ if !is_name(word) => {
                return Err(self.lexer.refusal(format!("`{word}` is not available")));
            }
            _ => return self.name(word),
        };
        self.advance()?;
        self.build(kind, 0)
    }

    fn name(&mut self, name: &str) -> Result<Expression, ScriptError> {
        let refusal = |reason: &str| Err(self.lexer.refusal(format!("`{name}` {reason}")));
        let local = self.locals.iter().any(|local| **local == *name);
        let function = self.scope.functions.iter().position(|function| function == name);
        let in_file = self.scope.all_functions.iter().any(|function| function == name);
        if in_file && function.is_none() && !local {
            return refusal("is a function, and functions do not use each other");
        }
        let start = self.lexer.start;
        self.advance()?;
        if !self.is("(") {
            if function.is_some() && !local {
                let text = format!("`{name}` is a function: it is called with `{name}()`");
                return Err(self.lexer.refusal_at(start, text));
            }
            if !matches!(name, "request" | "resource") {
                self.unknown.push(name.to_owned());
            }
            return self.build(Kind::Name(name.into()), 0);
        }
        self.advance()?;
        let (arguments, height) = self.list(")")?;
        match function {
            Some(function) if !local => self.build(Kind::Call(function, arguments), height),
            _ => {
                self.unknown.push(name.to_owned());
                self.build(Kind::NoFunction, height)
            }
        }
    }

    /// Expressions with commas between them, up to the sign that closes the list.
    fn list(&mut self, close: &str) -> Result<(Vec<Expression>, usize), ScriptError> {
        let (mut items, mut height) = (Vec::new(), 0);
        if self.takes(close)? {
            return Ok((items, height));
        }
        loop {
            let item = self.expression()?;
            height = height.max(item.height);
            items.push(item);
            if self.takes(close)? {
                return Ok((items, height));
            }
            self.expect(",")?;
        }
    }

    fn object(&mut self) -> Result<Expression, ScriptError> {
        self.advance()?;
        let (mut members, mut height) = (Vec::<(Box<str>, _)>::new(), 0);
        while !self.takes("}")? {
            let name = match std::mem::replace(&mut self.token, Token::End) {
                Token::Name(name) => name.into(),
                Token::Text(text) => text.into(),
                Token::Number(number) => super::convert::number_text(number).into(),
                Token::Sign(_) | Token::End => return Err(self.lexer.refusal("a member's name is expected")),
            };
            self.advance()?;
            self.expect(":")?;
            let value = self.expression()?;
            height = height.max(value.height);
            members.push((name, value));
            if !self.is("}") {
                self.expect(",")?;
            }
        }
        self.build(Kind::Object(members), height)
    }

    fn build(&mut self, kind: Kind, below: usize) -> Result<Expression, ScriptError> {
        self.expressions += 1;
        let height = below + 1;
        if self.expressions > MAX_EXPRESSIONS || height > MAX_HEIGHT {
            return Err(self.lexer.refusal("too large an expression"));
        }
        Ok(Expression { kind, height })
    }
}
