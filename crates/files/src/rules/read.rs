//! From a file to rules: everything is checked here, once.

use super::file::{Content, Name, Node, Place};
use super::{Parents, PathRules, Permissions, Rules, RulesError, Word, pattern::Pattern};
use crate::script::{Program, Scope, is_name};

/// How many functions and paths a file has at most.
const MAX_MEMBERS: usize = 500;
/// The longest name of a piece of metadata, in bytes.
const MAX_NAME: usize = 64;

impl Rules {
    /// Reads a rules file. Whatever is not understood is refused: behind a misspelt rule stands an object that
    /// everybody, or nobody, can read.
    pub fn parse(text: &str, parents: Parents) -> Result<Self, RulesError> {
        let mut reader = Reader::default();
        let (mut functions, mut paths) = (Vec::new(), Vec::new());
        for (name, node) in members(Node::read(text)?, "the file")? {
            match name.text.as_str() {
                "functions" => functions = members(node, "functions")?,
                "paths" => paths = members(node, "paths")?,
                _ => return Err(name.refusal("the sections are functions and paths")),
            }
        }
        reader.functions(functions)?;
        let paths = paths
            .into_iter()
            .map(|(name, node)| reader.path(name, node, parents));
        let paths = paths.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            functions: reader.functions,
            paths,
            warnings: reader.warnings,
        })
    }
}

#[derive(Default)]
struct Reader {
    names: Vec<String>,
    functions: Vec<Program>,
    warnings: Vec<RulesError>,
}

impl Reader {
    fn functions(&mut self, members: Vec<(Name, Node)>) -> Result<(), RulesError> {
        for (name, _) in &members {
            if !is_name(&name.text) || matches!(name.text.as_str(), "request" | "resource") {
                return Err(name.refusal("this is no name of a function"));
            }
            self.names.push(name.text.clone());
        }
        for (name, node) in members {
            let function = self.function(&name, node)?;
            if !function.returns() {
                self.warn(
                    name.at,
                    format!("{}: nothing is returned, which denies", name.text),
                );
            }
            self.functions.push(function);
        }
        Ok(())
    }

    fn function(&mut self, name: &Name, node: Node) -> Result<Program, RulesError> {
        let scope = Scope {
            functions: &[],
            all_functions: &self.names.clone(),
            path_parameters: None,
        };
        if !matches!(node.content, Content::Map(_)) {
            return self.script(&name.text, node, &[], &scope);
        }
        let (mut parameters, mut code) = (Vec::new(), None);
        for (part, node) in members(node, &name.text)? {
            match part.text.as_str() {
                "params" => parameters = names(node)?,
                "code" => code = Some(node),
                _ => return Err(part.refusal("a function has params and code")),
            }
        }
        let code = code.ok_or_else(|| name.refusal("a function has code"))?;
        self.script(&name.text, code, &parameters, &scope)
    }

    fn path(&mut self, name: Name, node: Node, parents: Parents) -> Result<PathRules, RulesError> {
        let pattern = Pattern::parse(&name.text).map_err(|reason| name.refusal(reason))?;
        let parameters: Vec<_> = pattern.parameters().map(ToOwned::to_owned).collect();
        if let Some(taken) = parameters.iter().find(|parameter| self.names.contains(parameter)) {
            return Err(name.refusal(format!("`{taken}` is a function already")));
        }
        let mut content = Permissions::default();
        let (mut meta, mut metadata, mut values) = (None, None, None);
        for (rule, node) in members(node, &name.text)? {
            match (rule.text.as_str(), Word::read(&rule.text)) {
                (_, Some(word)) => self.permission(&mut content, word, &name, node, &parameters)?,
                ("metadata", _) => metadata = Some(self.values(&name, node, &parameters)?),
                ("meta", _) => {
                    let mut permissions = Permissions::default();
                    for (rule, node) in members(node, "meta")? {
                        match (rule.text.as_str(), Word::read(&rule.text)) {
                            (_, Some(word)) => {
                                self.permission(&mut permissions, word, &name, node, &parameters)?;
                            }
                            ("values", _) => values = Some(self.values(&name, node, &parameters)?),
                            _ => return Err(rule.refusal("meta has rules of its own, and values")),
                        }
                    }
                    meta = Some(permissions);
                }
                _ => {
                    return Err(rule.refusal(
                        "a path has read, write, get, list, create, update, delete, metadata and meta",
                    ));
                }
            }
        }
        if metadata.is_some() && values.is_some() {
            return Err(name.refusal("`metadata` and the values of `meta` are two names of one thing"));
        }
        if content.is_empty() {
            self.warn(
                name.at,
                format!("{}: without a rule it answers no method", name.text),
            );
        }
        let parent = match parents {
            Parents::Listed => pattern
                .parent()
                .transpose()
                .map_err(|reason| name.refusal(reason))?,
            Parents::Hidden => None,
        };
        Ok(PathRules {
            pattern,
            parent,
            content,
            meta,
            values: metadata.or(values).unwrap_or_default(),
        })
    }

    fn permission(
        &mut self,
        permissions: &mut Permissions,
        word: Word,
        path: &Name,
        node: Node,
        parameters: &[String],
    ) -> Result<(), RulesError> {
        let rule = self.rule(&format!("{}: {}", path.text, word.name()), node, parameters)?;
        permissions.0.insert(word, rule);
        Ok(())
    }

    fn values(
        &mut self,
        path: &Name,
        node: Node,
        parameters: &[String],
    ) -> Result<Vec<(String, Program)>, RulesError> {
        let mut values: Vec<(String, Program)> = Vec::new();
        for (name, node) in members(node, "metadata")? {
            let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if name.text.is_empty() || name.text.len() > MAX_NAME || !name.text.chars().all(is_token) {
                return Err(
                    name.refusal("a name of metadata has letters and digits of ASCII, `-`, `_` and `.`")
                );
            }
            let kept = name.text.to_ascii_lowercase();
            if values.iter().any(|(other, _)| *other == kept) {
                return Err(name.refusal(format!("`{kept}` is given twice")));
            }
            if kept != name.text {
                self.warn(
                    name.at,
                    format!("`{}` is kept, and found again, as `{kept}`", name.text),
                );
            }
            let value = self.rule(&format!("{}: {}", path.text, name.text), node, parameters)?;
            values.push((kept, value));
        }
        Ok(values)
    }

    fn rule(&mut self, what: &str, node: Node, parameters: &[String]) -> Result<Program, RulesError> {
        let names = self.names.clone();
        let scope = Scope {
            functions: &names,
            all_functions: &names,
            path_parameters: Some(parameters),
        };
        self.script(what, node, &[], &scope)
    }

    fn script(
        &mut self,
        what: &str,
        node: Node,
        parameters: &[String],
        scope: &Scope<'_>,
    ) -> Result<Program, RulesError> {
        let (text, first_line) = match node.content {
            Content::Text(text) => (text, None),
            Content::Lines(text) => (text, Some(node.at)),
            Content::Nothing | Content::List(_) | Content::Map(_) => {
                return Err(node.at.refusal(format!("{what}: an expression belongs here")));
            }
        };
        let mut remarks = Vec::new();
        let program = Program::parse(&text, parameters, scope, &mut remarks).map_err(|error| {
            let at = first_line.map_or(node.at, |at| at.below(error.line.saturating_sub(1)));
            at.refusal(format!("{what}, character {}: {}", error.column, error.reason))
        })?;
        for remark in remarks {
            self.warn(node.at, format!("{what}: {remark}"));
        }
        Ok(program)
    }

    fn warn(&mut self, at: Place, reason: String) {
        self.warnings.push(at.refusal(reason));
    }
}

impl Name {
    fn refusal(&self, reason: impl Into<String>) -> RulesError {
        let reason = reason.into();
        self.at.refusal(format!("{}: {reason}", self.text))
    }
}

fn members(node: Node, what: &str) -> Result<Vec<(Name, Node)>, RulesError> {
    match node.content {
        Content::Nothing => Ok(Vec::new()),
        Content::Map(members) if members.len() <= MAX_MEMBERS => Ok(members),
        Content::Map(_) => Err(node
            .at
            .refusal(format!("{what}: there are more than {MAX_MEMBERS}"))),
        Content::Text(_) | Content::Lines(_) | Content::List(_) => {
            Err(node.at.refusal(format!("{what}: a mapping belongs here")))
        }
    }
}

/// The names of a function's parameters.
fn names(node: Node) -> Result<Vec<String>, RulesError> {
    let items = match node.content {
        Content::Nothing => Vec::new(),
        Content::List(items) => items,
        Content::Text(_) | Content::Lines(_) | Content::Map(_) => {
            return Err(node.at.refusal("params: a list of names belongs here"));
        }
    };
    let mut names = Vec::new();
    for item in items {
        match item.content {
            Content::Text(name) if is_name(&name) && !names.contains(&name) => names.push(name),
            _ => return Err(item.at.refusal("params: another name belongs here")),
        }
    }
    Ok(names)
}
