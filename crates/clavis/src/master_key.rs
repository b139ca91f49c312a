use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clavis_kernel::{Entropy, MasterKey, SealError};

/// Where the master key comes from.
#[derive(Debug)]
pub(crate) enum KeySource {
    /// From the settings; nothing is written.
    Given(MasterKey),
    /// From a file.
    File(PathBuf),
}

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MasterKeyError {
    #[error("secrets.master_key_file {path}: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("secrets.master_key_file {path}: {source}")]
    Malformed { path: PathBuf, source: SealError },
}

impl KeySource {
    /// The key, if there is one already.
    pub(crate) fn find(&self) -> Result<Option<MasterKey>, MasterKeyError> {
        let path = match self {
            Self::Given(key) => return Ok(Some(key.clone())),
            Self::File(path) => path,
        };
        match std::fs::read_to_string(path).map(zeroize::Zeroizing::new) {
            Ok(text) => MasterKey::parse(&text)
                .map(Some)
                .map_err(|source| MasterKeyError::Malformed {
                    path: path.clone(),
                    source,
                }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(MasterKeyError::Unreadable {
                path: path.clone(),
                source,
            }),
        }
    }

    /// The key, made and written (0600, flushed to disk) if there is none. Two processes that start together
    /// end with the same key: whoever did not create the file reads it.
    pub(crate) fn find_or_create(&self, entropy: &dyn Entropy) -> Result<MasterKey, MasterKeyError> {
        let path = match (self.find()?, self) {
            (Some(key), _) => return Ok(key),
            (None, Self::Given(key)) => return Ok(key.clone()),
            (None, Self::File(path)) => path,
        };
        let key = MasterKey::generate(entropy);
        match write_new(path, &key) {
            Ok(()) => Ok(key),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.find()?.ok_or_else(|| MasterKeyError::Unreadable {
                    path: path.clone(),
                    source: error,
                })
            }
            Err(source) => Err(MasterKeyError::Unreadable {
                path: path.clone(),
                source,
            }),
        }
    }

    /// What an error message calls it.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Given(_) => "secrets.master_key".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

fn write_new(path: &Path, key: &MasterKey) -> std::io::Result<()> {
    // Written beside and linked into place, so that nobody ever reads half a key.
    let beside = path.with_extension(format!("key.{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    let written = file
        .write_all(key.to_text().as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::hard_link(&beside, path));
    let removed = std::fs::remove_file(&beside);
    written.and(removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_is_made_once_and_read_ever_after() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::File(folder.path().join("master.key"));
        assert!(source.find().unwrap().is_none());
        let made = source.find_or_create(&SystemEntropy).unwrap();
        let again = source.find_or_create(&SystemEntropy).unwrap();
        assert_eq!(made.to_text(), again.to_text());
        let permissions = std::fs::metadata(folder.path().join("master.key"))
            .unwrap()
            .permissions();
        assert_eq!(permissions.mode() & 0o777, 0o600);
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }

    #[test]
    fn a_damaged_key_is_an_error_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        std::fs::write(&path, "half a k").unwrap();
        let error = KeySource::File(path.clone())
            .find_or_create(&SystemEntropy)
            .unwrap_err();
        assert!(error.to_string().contains("master.key"));
        assert_eq!(std::fs::read_to_string(path).unwrap(), "half a k");
    }
}
