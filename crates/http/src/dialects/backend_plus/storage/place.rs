//! Which part of a request's path names an object or a directory.

use clavis_files::{ObjectKey, ObjectKeyError, Target};

use super::super::error::Refusal;

/// The first segments that are no part of a key, and what they ask for.
const PREFIXES: [(&str, Target); 3] = [
    ("/o", Target::Content),
    ("/m", Target::Metadata),
    ("/meta", Target::Metadata),
];

/// What is asked for, and the path behind the prefix with its first slash.
pub(super) fn split(path: &str) -> Option<(Target, &str)> {
    let path = path.strip_prefix("/storage")?;
    let (target, path) = PREFIXES
        .iter()
        .find_map(|(prefix, target)| {
            let rest = path.strip_prefix(prefix)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((*target, rest))
        })
        .unwrap_or((Target::Content, path));
    path.starts_with('/').then_some((target, path))
}

/// Refuses a path that names neither an object nor a directory.
pub(super) fn check(path: &str) -> Result<(), Refusal> {
    let key = path.strip_prefix('/').unwrap_or(path);
    let key = key.strip_suffix('/').unwrap_or(key);
    if path == "/" {
        return Ok(());
    }
    match key.parse::<ObjectKey>() {
        Ok(_) => Ok(()),
        Err(
            ObjectKeyError::Length
            | ObjectKeyError::Segment
            | ObjectKeyError::Character
            | ObjectKeyError::Reserved,
        ) => Err(Refusal::INVALID_PATH),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_says_what_is_asked_for() {
        #[track_caller]
        fn check(path: &str, expected: Option<(Target, &str)>) {
            assert_eq!(split(path), expected, "{path}");
        }
        check("/storage/o/a/b", Some((Target::Content, "/a/b")));
        check("/storage/a/b/", Some((Target::Content, "/a/b/")));
        check("/storage/m/a", Some((Target::Metadata, "/a")));
        check("/storage/meta/", Some((Target::Metadata, "/")));
        check("/storage/metadata", Some((Target::Content, "/metadata")));
        check("/storage/om/x", Some((Target::Content, "/om/x")));
        check("/storage/o/m/x", Some((Target::Content, "/m/x")));
        check("/storage/", Some((Target::Content, "/")));
        check("/storage/o", None);
        check("/storage", None);
        check("/%73torage/o/a", None);
    }

    #[test]
    fn a_path_that_may_mean_another_place_is_refused() {
        for path in [
            "/../x",
            "/a/../b",
            "/a/%2e%2E/b",
            "/a/./b",
            "/.%2e",
            "/a//b",
            "//a",
            "/a//",
            "/a%2fb",
            "/a%5Cb",
            "/a%00",
            "//",
        ] {
            assert_eq!(check(path), Err(Refusal::INVALID_PATH), "{path}");
        }
        assert!(check(&format!("/{}", "a".repeat(1025))).is_err());
        for path in ["/", "/a", "/a/", "/a%20b/c..d", "/%EF%BC%8E%EF%BC%8E/a"] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }
}
