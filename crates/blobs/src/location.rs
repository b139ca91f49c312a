use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use clavis_flows::Objects;
use percent_encoding::percent_decode_str;

pub use self::bucket::{S3Credentials, S3Location};
use crate::{BlobStore, Folder, Patience, S3};

mod bucket;
#[cfg(test)]
mod tests;

/// Where contents are kept: what the setting `blobs.url` says.
#[derive(Debug, Clone)]
pub enum BlobLocation {
    /// In a folder of this machine: `file://<path>`, percent-encoded.
    Folder(PathBuf),
    /// In a bucket.
    S3(Box<S3Location>),
}

/// Why `blobs.url` cannot be used. Never shows the URL, which may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlobUrlError {
    /// It is no URL, or begins with something else.
    #[error(
        "expected file://<path> or s3://<bucket>?endpoint=…; the characters / + @ : of a secret are percent-encoded"
    )]
    NotAUrl,
    /// The path of a folder is missing, is not UTF-8, or has characters that must be encoded.
    #[error("expected file://<path>, its ? # and % percent-encoded")]
    Path,
    /// It names no bucket, or one that no bucket can be called.
    #[error(
        "the bucket's name is missing or is none: 3 to 63 lower-case letters, digits, dots, hyphens and underscores"
    )]
    Bucket,
    /// The prefix is nothing that an object's name can begin with.
    #[error(
        "the prefix behind the bucket's name has parts of letters, digits, dots, hyphens and underscores"
    )]
    Prefix,
    /// There is a port, or a fragment.
    #[error("behind s3:// is the bucket's name; the server's name and port are in the parameter endpoint")]
    Port,
    /// The endpoint is no URL of a server.
    #[error("endpoint is http://<host> or https://<host>, with a port and a path where they are needed")]
    Endpoint,
    /// The region has other characters.
    #[error("region has up to 64 letters, digits and hyphens")]
    Region,
    /// Neither true nor false, or false where the server has no name.
    #[error("path_style is true or false, and true where the endpoint has an address instead of a name")]
    PathStyle,
    /// Half of the credentials, or credentials that are no text, or both as user and as parameters.
    #[error(
        "credentials are an access key id and a secret access key, percent-encoded, in one place of the URL only"
    )]
    Credentials,
    /// There is a parameter that means nothing, or one is given twice.
    #[error(
        "the parameters are endpoint, region, path_style, access_key_id, secret_access_key and session_token, each once"
    )]
    Parameter,
}

/// Why a place that is named well is not opened.
#[derive(Debug, thiserror::Error)]
pub enum BlobSetupError {
    /// The folder cannot be made or written.
    #[error("{path}: {source}", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Nobody to sign requests.
    #[error("a bucket needs credentials, in the URL or in the settings beside it")]
    NoCredentials,
    /// Both in the URL and beside it.
    #[error("the credentials are given twice: in the URL and in the settings beside it")]
    TwoCredentials,
    /// The authorities to trust are no certificates, or TLS cannot be used.
    #[error("no TLS with these certificates: {0}")]
    Tls(String),
}

impl BlobLocation {
    /// Reads the setting. Unset it is a folder of the data folder.
    pub fn from_setting(url: Option<&str>, data_dir: &Path) -> Result<Self, BlobUrlError> {
        url.map_or_else(|| Ok(Self::Folder(data_dir.join("blobs"))), str::parse)
    }

    /// Opens it. A bucket is not asked for anything yet: [`BlobStore::ping`] does.
    ///
    /// `credentials` are those that are not in the URL; `authorities` (PEM) are trusted beside the system's.
    pub fn open(
        self,
        credentials: Option<S3Credentials>,
        authorities: Option<&str>,
    ) -> Result<OpenLocation, BlobSetupError> {
        match self {
            Self::Folder(path) => match Folder::open(&path) {
                Ok(folder) => Ok(OpenLocation::new(folder)),
                Err(source) => Err(BlobSetupError::Folder { path, source }),
            },
            Self::S3(location) => {
                let credentials = match (location.credentials(), credentials) {
                    (Some(_), Some(_)) => return Err(BlobSetupError::TwoCredentials),
                    (one, other) => one.or(other).ok_or(BlobSetupError::NoCredentials)?,
                };
                let s3 = S3::new(*location, credentials, authorities, Patience::default())?;
                Ok(OpenLocation::new(s3))
            }
        }
    }
}

/// One folder or bucket, which keeps two kinds of things apart.
#[derive(Clone)]
pub struct OpenLocation {
    /// Sealed contents, known by their ids.
    pub contents: Arc<dyn BlobStore>,
    /// Objects, known by their clients' keys.
    pub objects: Arc<dyn Objects>,
}

impl OpenLocation {
    fn new(place: impl BlobStore + Objects + 'static) -> Self {
        let place = Arc::new(place);
        Self {
            contents: Arc::clone(&place) as _,
            objects: place,
        }
    }
}

impl fmt::Debug for OpenLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenLocation(..)")
    }
}

impl FromStr for BlobLocation {
    type Err = BlobUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        match text.strip_prefix("file://") {
            Some(path) => folder(path).map(Self::Folder),
            None => text.parse().map(Box::new).map(Self::S3),
        }
    }
}

fn folder(path: &str) -> Result<PathBuf, BlobUrlError> {
    // `file://localhost/…` is this machine too (RFC 8089 §2).
    let path = match path.strip_prefix("localhost") {
        Some(absolute) if absolute.starts_with('/') => absolute,
        _ => path,
    };
    let decoded = percent_decode_str(path)
        .decode_utf8()
        .map_err(|_| BlobUrlError::Path)?;
    if path.contains(['?', '#']) || decoded.is_empty() || decoded.contains('\0') {
        return Err(BlobUrlError::Path);
    }
    Ok(PathBuf::from(decoded.into_owned()))
}
