use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::dialects::barong::error::Profile;

/// The end of a mount that has other parts of the API beside it.
const RESOURCE: &str = "/resource";
/// Longest mount, in bytes.
const MAX_BYTES: usize = 200;

/// A place where the dialect is served, and how it answers there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where.
    pub path: MountPath,
    /// How.
    pub profile: Profile,
}

/// A path below which the protected API is served: `/api/v2/resource`. `/` is the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountPath(Cow<'static, str>);

/// The text is no path to mount something at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected paths of letters, digits, - and _, as /api/v2/resource")]
pub struct MountPathError;

impl MountPath {
    /// The root.
    pub const ROOT: Self = Self(Cow::Borrowed(""));

    /// Upstream's own mount, and the one under which its gateway publishes the same.
    pub fn defaults() -> Vec<Self> {
        ["/api/v2/resource", "/api/v2/barong/resource"]
            .map(|path| Self(Cow::Borrowed(path)))
            .to_vec()
    }

    /// The path, without a slash at its end; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Below which path the other parts of the API are: `/api/v2`. `None` where the mount has none.
    pub fn base(&self) -> Option<&str> {
        self.0.strip_suffix(RESOURCE)
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for MountPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "/" } else { &self.0 })
    }
}

impl FromStr for MountPath {
    type Err = MountPathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "/" {
            return Ok(Self::ROOT);
        }
        let path = text.strip_suffix('/').unwrap_or(text);
        let segments = path.strip_prefix('/').ok_or(MountPathError)?;
        let fits = |segment: &str| {
            let mut letters = segment.bytes();
            !segment.is_empty() && letters.all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
        };
        if path.len() <= MAX_BYTES && segments.split('/').all(fits) {
            Ok(Self(Cow::Owned(path.to_owned())))
        } else {
            Err(MountPathError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(&str, Option<&str>), MountPathError>) {
        let path = text.parse::<MountPath>();
        let got = path.as_ref().map(|path| (path.as_str(), path.base()));
        assert_eq!(got.map_err(|&error| error), expected, "{text}");
    }

    #[test]
    fn a_mount_is_a_plain_path_and_a_resource_mount_has_a_base() {
        check("/api/v2/resource", Ok(("/api/v2/resource", Some("/api/v2"))));
        check("/api/v2/resource/", Ok(("/api/v2/resource", Some("/api/v2"))));
        check("/resource", Ok(("/resource", Some(""))));
        check("/kyc", Ok(("/kyc", None)));
        check("/", Ok(("", None)));
        let long = format!("/{}", "a".repeat(MAX_BYTES));
        for bad in [
            "",
            "api",
            "//",
            "/a//b",
            "/a/../b",
            "/a b",
            "/{x}",
            "/a?b",
            "/é",
            long.as_str(),
        ] {
            check(bad, Err(MountPathError));
        }
    }
}
