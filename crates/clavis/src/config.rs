//! Settings: `clavis.toml`, overridden by `CLAVIS_<SECTION>__<KEY>`. Unknown names and bad values are refused
//! with the place they come from and what was expected.

mod environment;
mod error;
mod sections;

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format as _, Toml};

pub(crate) use error::ConfigError;
pub(crate) use sections::{LogFormat, LogSettings, Settings};

use environment::Environment;

const DEFAULT_FILE: &str = "clavis.toml";

/// Reads the settings from a file and the environment.
pub(crate) fn load(
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Settings, ConfigError> {
    let file = match file {
        Some(path) if !path.is_file() => return Err(ConfigError::no_file(path)),
        Some(path) => Some(path.to_owned()),
        None => Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.is_file()),
    };
    let environment = Environment::new(variables);
    let mut figment = Figment::new();
    if let Some(path) = &file {
        figment = figment.merge(Toml::file_exact(path));
    }
    let figment = figment.merge(environment.clone());
    error::refuse_foreign_names(&figment, &environment, file.as_deref())?;
    figment
        .extract()
        .map_err(|error| ConfigError::from_figment(error, &environment, file.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        load(
            None,
            variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    #[track_caller]
    fn check_refused(variables: &[(&str, &str)], parts: &[&str]) {
        let message = with(variables).unwrap_err().to_string();
        for part in parts {
            assert!(message.contains(part), "{message:?} does not say {part:?}");
        }
        assert!(!message.contains('\n'), "one line: {message:?}");
    }

    #[test]
    fn everything_has_a_default() {
        let settings = with(&[]).unwrap();
        assert_eq!(settings.http.listen.to_string(), "127.0.0.1:8080");
        assert!(settings.tokens.across && !settings.dev);
        assert_eq!(settings.limits.failed_logins_per_account, 10);
    }

    #[test]
    fn a_variable_reaches_its_setting_as_text() {
        let settings = with(&[
            ("CLAVIS_HTTP__LISTEN", "0.0.0.0:80"),
            ("CLAVIS_DEV", "true"),
            ("CLAVIS_LIMITS__FAILED_LOGINS_PER_ACCOUNT", "0"),
            ("CLAVIS_HTTP__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("CLAVIS_ADMIN__PASSWORD", "0123"),
            ("CLAVIS_ADMIN__EMAIL", "root@example.org"),
            ("HOME", "/root"),
        ])
        .unwrap();
        assert_eq!(settings.http.listen.port(), 80);
        assert!(settings.dev);
        assert_eq!(settings.admin.password.unwrap().expose(), "0123");
    }

    #[test]
    fn an_unknown_or_bad_setting_is_refused_by_name() {
        check_refused(&[("CLAVIS_HTTP__LISEN", "x")], &["CLAVIS_HTTP__LISEN", "listen"]);
        check_refused(&[("CLAVIS_NOTHING", "x")], &["CLAVIS_NOTHING", "http"]);
        check_refused(
            &[("CLAVIS_HTTP__LISTEN", "eighty")],
            &["CLAVIS_HTTP__LISTEN", "address"],
        );
        check_refused(&[("CLAVIS_DEV", "perhaps")], &["CLAVIS_DEV", "true or false"]);
        check_refused(
            &[("CLAVIS_PASSWORD__ARGON2", "m=1")],
            &["CLAVIS_PASSWORD__ARGON2", "m=<KiB>"],
        );
        check_refused(
            &[("CLAVIS_DIALECTS__BACKEND_PLUS__SMTP_HOST", "mx")],
            &["SMTP_HOST", "mail.url"],
        );
        check_refused(
            &[("CLAVIS_DIALECTS__BACKEND_PLUS__S3_BUCKET", "b")],
            &["S3_BUCKET", "blobs.url"],
        );
    }

    #[test]
    fn the_sample_file_names_settings_that_exist_with_values_that_fit() {
        let sample = include_str!("../../../deploy/clavis.toml");
        let uncommented: String = sample
            .lines()
            .filter_map(|line| match line.strip_prefix('#') {
                Some(setting)
                    if setting.contains(" = ") && !setting.starts_with(' ') && !setting.contains('…') =>
                {
                    Some(format!("{setting}\n"))
                }
                Some(_) => None,
                None => Some(format!("{line}\n")),
            })
            .collect();
        assert!(
            uncommented.lines().filter(|line| line.contains(" = ")).count() > 40,
            "{uncommented}"
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clavis.toml");
        std::fs::write(&path, uncommented).unwrap();
        load(Some(&path), [])
            .map(drop)
            .map_err(|error| error.to_string())
            .unwrap();
    }

    #[test]
    fn a_refused_secret_is_not_shown() {
        let settings = with(&[("CLAVIS_SECRETS__MASTER_KEY", "hunter2")]).unwrap();
        let message = settings.key_source().map(drop).unwrap_err().to_string();
        assert!(
            message.contains("secrets.master_key") && !message.contains("hunter2"),
            "{message}"
        );
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn a_file_is_overridden_by_the_environment_and_named_when_it_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clavis.toml");
        std::fs::write(
            &path,
            "[http]\nlisten = \"127.0.0.1:1\"\n[limits]\nfailed_logins_per_account = 3\n",
        )
        .unwrap();
        let settings = load(
            Some(&path),
            [("CLAVIS_HTTP__LISTEN".to_owned(), "127.0.0.1:2".to_owned())],
        )
        .unwrap();
        assert_eq!(
            (
                settings.http.listen.port(),
                settings.limits.failed_logins_per_account
            ),
            (2, 3)
        );
        std::fs::write(&path, "[http]\nlissen = \"x\"\n").unwrap();
        let message = load(Some(&path), []).unwrap_err().to_string();
        assert!(
            message.contains("clavis.toml") && message.contains("http.lissen"),
            "{message}"
        );
        let message = load(Some(&folder.path().join("none.toml")), [])
            .unwrap_err()
            .to_string();
        assert!(message.contains("none.toml"), "{message}");
    }
}
