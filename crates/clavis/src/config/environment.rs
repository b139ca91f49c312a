use figment::value::{Dict, Map, Value};
use figment::{Error, Metadata, Profile, Provider};

const PREFIX: &str = "CLAVIS_";
/// Names with the prefix that are no settings: where the settings file is.
const NO_SETTINGS: [&str; 1] = ["CLAVIS_CONFIG"];

/// The variables that are settings, each a text: `CLAVIS_HTTP__LISTEN` is `http.listen`. What a text means is
/// for the setting to say, so that a password of digits stays one.
#[derive(Debug, Clone)]
pub(crate) struct Environment(Vec<(Vec<String>, String)>);

impl Environment {
    pub(crate) fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let settings = variables
            .into_iter()
            .filter(|(name, _)| !NO_SETTINGS.contains(&name.as_str()));
        let mut settings: Vec<_> = settings
            .filter_map(|(name, value)| {
                let path = name.strip_prefix(PREFIX)?;
                Some((path.split("__").map(str::to_ascii_lowercase).collect(), value))
            })
            .collect();
        settings.sort();
        Self(settings)
    }

    /// The variable that set this path or something below or above it.
    pub(crate) fn variable(&self, path: &[String]) -> Option<String> {
        let set = self
            .0
            .iter()
            .any(|(set, _)| set.starts_with(path) || path.starts_with(set));
        set.then(|| name(path))
    }

    /// The paths that are set.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &[String]> {
        self.0.iter().map(|(path, _)| path.as_slice())
    }
}

/// The variable of a path.
pub(crate) fn name(path: &[String]) -> String {
    format!("{PREFIX}{}", path.join("__").to_ascii_uppercase())
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("the environment")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let mut root = Dict::new();
        for (path, value) in &self.0 {
            insert(&mut root, path, value);
        }
        Ok(Profile::Default.collect(root))
    }
}

fn insert(dict: &mut Dict, path: &[String], value: &str) {
    match path {
        [] => {}
        [last] => {
            dict.insert(last.clone(), Value::from(value));
        }
        [first, rest @ ..] => {
            let below = dict
                .entry(first.clone())
                .or_insert_with(|| Value::from(Dict::new()));
            match below {
                Value::Dict(_, below) => insert(below, rest, value),
                other => {
                    let mut below = Dict::new();
                    insert(&mut below, rest, value);
                    *other = Value::from(below);
                }
            }
        }
    }
}
