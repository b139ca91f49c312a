//! Rules on Rust code.

use std::collections::BTreeSet;

use super::layers::{FRAMEWORKS, Layer};
use super::tokens::{Token, begins_with, lex};
use super::{File, Violation};

const DIALECTS: &str = "crates/http/src/dialects/";

/// Anywhere in our code.
const NOWHERE: [(&str, &str); 4] = [
    ("# [ allow (", "`#[allow]`: use `#[expect(…, reason = \"…\")]`"),
    (
        "# ! [ allow (",
        "`#![allow]`: use `#![expect(…, reason = \"…\")]`",
    ),
    ("# [ ignore", "`#[ignore]`: a test runs or does not exist"),
    ("todo !", "unfinished: do it, or open an issue"),
];

/// In the kernel, the domain crates and flows.
const NOT_IN_PURE_CRATES: [(&str, &str); 7] = [
    ("Utc : : now", "time comes from the Clock port"),
    ("SystemTime : : now", "time comes from the Clock port"),
    ("Instant : : now", "time comes from the Clock port"),
    (
        "env : : var",
        "settings are read once, in the binary's configuration",
    ),
    (
        "env : : vars",
        "settings are read once, in the binary's configuration",
    ),
    (
        "env : : var_os",
        "settings are read once, in the binary's configuration",
    ),
    ("thread : : spawn", "a decision spawns nothing"),
];

/// The modules in `dialects/`.
pub(super) fn dialects(files: &[File]) -> BTreeSet<String> {
    files.iter().filter_map(dialect_of).map(str::to_owned).collect()
}

fn dialect_of(file: &File) -> Option<&str> {
    file.path.strip_prefix(DIALECTS)?.split(['/', '.']).next()
}

pub(super) fn check(file: &File, dialects: &BTreeSet<String>) -> Vec<Violation> {
    let tokens = match lex(&file.text) {
        Ok(tokens) => tokens,
        Err(line) => return vec![file.violation(line, "this is no Rust")],
    };
    let mut violations = patterns(file, &tokens);
    violations.extend(imports(file, &tokens));
    if let Some(own) = dialect_of(file) {
        let others = dialects
            .iter()
            .map(String::as_str)
            .filter(|dialect| *dialect != own)
            .collect();
        violations.extend(foreign_dialects(file, &tokens, &others));
    }
    violations
}

fn patterns(file: &File, tokens: &[Token]) -> Vec<Violation> {
    let is_pure = file.krate().and_then(Layer::of).is_some_and(Layer::is_pure);
    let rules = NOWHERE
        .iter()
        .chain(NOT_IN_PURE_CRATES.iter().filter(|_| is_pure));
    let mut violations = Vec::new();
    for (pattern, rule) in rules {
        for (index, token) in tokens.iter().enumerate() {
            if tokens.get(index..).is_some_and(|rest| begins_with(rest, pattern)) {
                violations.push(file.violation(token.line, *rule));
            }
        }
    }
    violations
}

/// Paths into crates and frameworks that this one may not know.
fn imports(file: &File, tokens: &[Token]) -> Vec<Violation> {
    let Some(krate) = file.krate().or_else(|| file.path.split('/').next()) else {
        return Vec::new();
    };
    let Some(layer) = Layer::of(krate) else {
        return Vec::new();
    };
    let mut violations = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if !starts_path(tokens, index) {
            continue;
        }
        let other = token.text.strip_prefix("clavis_");
        if other.is_some_and(|it| it != krate && Layer::of(it).is_some_and(|other| !layer.may_use(other))) {
            let rule = format!("`{krate}` may not use `{}`: arrows point only up", token.text);
            violations.push(file.violation(token.line, rule));
        }
        let framework = FRAMEWORKS
            .iter()
            .find(|framework| framework.import_name() == token.text);
        if layer != Layer::Outside && framework.is_some_and(|framework| !framework.may_be_used_by(krate)) {
            let rule = format!(
                "`{krate}` may not use `{}`: I/O is an adapter's affair",
                token.text
            );
            violations.push(file.violation(token.line, rule));
        }
    }
    violations
}

/// Whether the name at this place is the first of a path: `name::…`, `::name::…` or `use name`.
fn starts_path(tokens: &[Token], index: usize) -> bool {
    let before = index
        .checked_sub(1)
        .and_then(|before| tokens.get(before))
        .map(|it| it.text.as_str());
    let is_led = tokens
        .get(index + 1..)
        .is_some_and(|rest| begins_with(rest, ": :"));
    let follows_name = index
        .checked_sub(3)
        .and_then(|start| tokens.get(start..index))
        .is_some_and(|three| begins_with_name(three) && three.iter().skip(1).all(|it| it.text == ":"));
    before == Some("use") || (is_led && !follows_name)
}

fn begins_with_name(tokens: &[Token]) -> bool {
    let first = tokens.first().and_then(|token| token.text.chars().next());
    first.is_some_and(|letter| letter.is_alphabetic() || letter == '_')
        && tokens.first().is_some_and(|token| token.text != "use")
}

/// Dialects know nothing of each other: neither `dialects::other` nor `super::other`, nor in a group.
fn foreign_dialects(file: &File, tokens: &[Token], others: &BTreeSet<&str>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if token.text != "dialects" && token.text != "super" {
            continue;
        }
        let Some(rest) = tokens.get(index + 1..) else {
            continue;
        };
        let named = match rest {
            [first, second, open, group @ ..] if is_path(first, second) && open.text == "{" => {
                group_of(group)
            }
            [first, second, name, ..] if is_path(first, second) => vec![name],
            _ => Vec::new(),
        };
        for name in named
            .into_iter()
            .filter(|name| others.contains(name.text.as_str()))
        {
            let rule = format!("a dialect may not use another: `{}`", name.text);
            violations.push(file.violation(name.line, rule));
        }
    }
    violations
}

fn is_path(first: &Token, second: &Token) -> bool {
    first.text == ":" && second.text == ":"
}

/// The first names of the paths in `{a::b, c, d::{e, f}}`, given what follows the opening brace.
fn group_of(tokens: &[Token]) -> Vec<&Token> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut expects_name = true;
    for token in tokens {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" if depth == 0 => break,
            "}" => depth -= 1,
            "," if depth == 0 => expects_name = true,
            _ if expects_name => {
                names.push(token);
                expects_name = false;
            }
            _ => {}
        }
    }
    names
}
