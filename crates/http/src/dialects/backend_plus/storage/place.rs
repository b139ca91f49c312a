//! Which part of a request's path names an object or a directory.

use clavis_files::Target;

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
}
