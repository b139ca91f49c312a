use std::path::Path;

use figment::error::Kind;
use figment::{Error, Figment};

use super::environment::{self, Environment};

/// A setting that is refused: one line that says where it is, which it is and what was expected. Never its value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub(crate) struct ConfigError {
    place: String,
    problem: String,
}

/// Names that older servers used for what has a setting of its own here.
const FOREIGN: [(&str, &str); 2] = [("smtp_", "mail.url"), ("s3_", "blobs.url")];

impl ConfigError {
    /// The settings file that was named is not there.
    pub(crate) fn no_file(path: &Path) -> Self {
        Self {
            place: path.display().to_string(),
            problem: "there is no such settings file".to_owned(),
        }
    }

    /// A setting whose value was read and does not fit another.
    pub(crate) fn setting(name: &str, problem: impl ToString) -> Self {
        Self {
            place: name.to_owned(),
            problem: problem.to_string(),
        }
    }

    /// As [`Self::setting`], of a section whose own error names the setting first: `levels: expected …`.
    pub(crate) fn within(section: &str, error: impl ToString) -> Self {
        let said = error.to_string();
        match said.split_once(": ") {
            Some((name, problem)) => Self::setting(&format!("{section}.{name}"), problem),
            None => Self::setting(section, said),
        }
    }

    pub(crate) fn from_figment(error: Error, environment: &Environment, file: Option<&Path>) -> Self {
        // The first of several is enough to act on.
        let error = error
            .into_iter()
            .next()
            .unwrap_or_else(|| Error::from("the settings are not readable".to_owned()));
        let mut path = error.path.clone();
        let problem = match &error.kind {
            Kind::UnknownField(name, expected) => {
                if path.last() != Some(name) {
                    path.push(name.clone());
                }
                format!(
                    "there is no such setting; expected one of {}",
                    expected.join(", ")
                )
            }
            Kind::MissingField(name) => format!("{name} is missing"),
            Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
                format!("expected {expected}")
            }
            Kind::Message(message) => message.replace('\n', " "),
            other => other.to_string().replace('\n', " "),
        };
        Self {
            place: place(&path, environment, file),
            problem,
        }
    }
}

/// Refuses names that Backend Plus's operators know, with a pointer to where the thing is set here.
pub(super) fn refuse_foreign_names(
    figment: &Figment,
    environment: &Environment,
    file: Option<&Path>,
) -> Result<(), ConfigError> {
    let section = "dialects.backend_plus";
    let in_file = figment
        .find_value(section)
        .ok()
        .and_then(figment::value::Value::into_dict);
    let mut names: Vec<String> = in_file.into_iter().flatten().map(|(name, _)| name).collect();
    names.extend(environment.paths().filter_map(|path| path.get(2).cloned()));
    for name in names {
        if let Some((_, instead)) = FOREIGN.iter().find(|(prefix, _)| name.starts_with(prefix)) {
            let path: Vec<String> = section
                .split('.')
                .map(str::to_owned)
                .chain([name.clone()])
                .collect();
            return Err(ConfigError {
                place: place(&path, environment, file),
                problem: format!(
                    "{} is not a setting of Clavis; use {instead}",
                    name.to_ascii_uppercase()
                ),
            });
        }
    }
    Ok(())
}

fn place(path: &[String], environment: &Environment, file: Option<&Path>) -> String {
    match (environment.variable(path), file) {
        // No path: the file as a whole is not readable.
        (_, Some(file)) if path.is_empty() => file.display().to_string(),
        (Some(_), _) => environment::name(path),
        (None, Some(file)) => format!("{}: {}", file.display(), path.join(".")),
        (None, None) => path.join("."),
    }
}
