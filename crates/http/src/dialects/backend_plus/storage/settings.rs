//! The settings of `/storage`, checked, and the rules file.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use clavis_files::{Parents, Rules};
use tokio::sync::Semaphore;

use super::super::error::Profile;
use super::super::rules::{AdminSecret, Switch};
use super::super::settings::{Settings, SettingsError};
use super::Storage;
use super::headers::CacheControl;
use super::studio::Studio;

/// Most bytes of a rules file.
const MAX_RULES_BYTES: u64 = 1024 * 1024;
/// Archives that are put together at a time.
const ARCHIVES_AT_ONCE: usize = 8;

impl Storage {
    /// Reads the rules file and checks the settings.
    pub(in super::super) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let switch = Switch::from(settings.storage_enabled);
        let rules = match switch {
            Switch::On => rules(&settings.storage_rules, settings.profile)?,
            Switch::Off => Rules::none(),
        };
        let cache_control = CacheControl::new(&settings.storage_cache_control)
            .ok_or_else(|| SettingsError::new("storage_cache_control", "expected the text of a header"))?;
        if settings.storage_uploads_at_once == 0 {
            return Err(SettingsError::new(
                "storage_uploads_at_once",
                "expected at least 1",
            ));
        }
        Ok(Self {
            switch,
            rules,
            admin_secret: AdminSecret::new(settings.hasura_graphql_admin_secret.clone()),
            cache_control,
            max_upload_bytes: settings.storage_max_upload_bytes,
            spool: settings
                .storage_upload_dir
                .clone()
                .unwrap_or_else(std::env::temp_dir),
            uploads: Arc::new(Semaphore::new(settings.storage_uploads_at_once.into())),
            archives: Arc::new(Semaphore::new(ARCHIVES_AT_ONCE)),
            studio: Studio::new(settings.storage_image_cache_bytes),
        })
    }
}

/// The rules of the file; none where there is no file.
fn rules(path: &Path, profile: Profile) -> Result<Rules, SettingsError> {
    let refused =
        |reason: String| SettingsError::new("storage_rules", format!("{}: {reason}", path.display()));
    let text = match read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            tracing::debug!(file = %path.display(), "there is no file of storage rules, so nothing is stored");
            return Ok(Rules::none());
        }
        Err(error) => return Err(refused(error.to_string())),
    };
    let parents = match profile {
        Profile::Documented => Parents::Listed,
        Profile::V2_7 => Parents::Hidden,
    };
    let rules = Rules::parse(&text, parents).map_err(|error| refused(error.to_string()))?;
    for warning in rules.warnings() {
        tracing::warn!(file = %path.display(), "{warning}");
    }
    Ok(rules)
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(MAX_RULES_BYTES + 1)
        .read_to_string(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= MAX_RULES_BYTES) {
        Ok(text)
    } else {
        Err(io::Error::other(format!("larger than {MAX_RULES_BYTES} bytes")))
    }
}
