use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clavis_files::ObjectKey;

/// Most of an escaped segment that is one name: with what is around it, a name has at most 255 bytes everywhere.
const LONGEST: usize = 180;
/// A folder for what is behind the first bytes of a segment that is too long for one name.
const LONG: &str = "p-";
/// A folder for what is behind a segment.
const FOLDER: &str = "d-";
/// An object's entry.
const ENTRY: &str = "e-";
/// An object's content.
const CONTENT: &str = "c-";

/// Where an object is, below the folder of objects: a folder for each segment of its key but the last, and in it an
/// entry, and the content that the entry names.
///
/// Names have only what every file system keeps as it is and tells apart, whether or not it minds case: anything but
/// small letters, digits and a few marks is `=` and two hexadecimal digits for each byte. What begins a name tells
/// what it is, so entries, contents and folders never meet: the objects `a` and `a/b` are `e-a` and `d-a/e-b`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    folder: PathBuf,
    name: String,
}

impl Place {
    pub(super) fn of(key: &ObjectKey) -> Self {
        let mut folders = folders(key.as_str());
        let entry = folders.pop().unwrap_or_default();
        Self {
            folder: folders.iter().collect(),
            name: entry.strip_prefix(FOLDER).unwrap_or_default().to_owned(),
        }
    }

    /// Of a content that is found in this folder: its place, and its id.
    pub(super) fn of_content(folder: &Path, name: &str) -> Option<(Self, String)> {
        let (name, id) = name.strip_prefix(CONTENT)?.rsplit_once('.')?;
        let place = Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
        };
        is_id(id).then(|| (place, id.to_owned()))
    }

    pub(super) fn entry(&self) -> PathBuf {
        self.folder.join(format!("{ENTRY}{}", self.name))
    }

    pub(super) fn content(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{CONTENT}{}.{id}", self.name))
    }

    /// The names on the way to the entry, and its own: the order of objects is theirs.
    pub(super) fn names(&self) -> Vec<String> {
        let folders = self.folder.iter().filter_map(|name| name.to_str());
        let mut names: Vec<_> = folders.map(str::to_owned).collect();
        names.push(format!("{ENTRY}{}", self.name));
        names
    }
}

/// How many random letters and digits tell contents of one object apart.
pub(super) const ID_LENGTH: usize = 32;

pub(super) fn is_id(id: &str) -> bool {
    id.len() == ID_LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The id of a content that is complete: the name that its file has got until then.
pub(super) fn id_of(complete: &Path) -> Option<String> {
    let name = complete.file_name()?.to_str()?;
    is_id(name).then(|| name.to_owned())
}

/// The folders for what is behind this path.
pub(super) fn folders(path: &str) -> Vec<String> {
    let mut folders = Vec::new();
    for segment in path.split('/') {
        let escaped = escape(segment);
        let mut rest = escaped.as_str();
        while let Some((first, behind)) = rest
            .split_at_checked(LONGEST)
            .filter(|(_, behind)| !behind.is_empty())
        {
            folders.push(format!("{LONG}{first}"));
            rest = behind;
        }
        folders.push(format!("{FOLDER}{rest}"));
    }
    folders
}

/// What a name in a folder of objects stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name<'a> {
    /// A folder: this is added to the keys of what is in it.
    Folder(String),
    /// An entry: this is added to the keys.
    Entry(&'a str),
}

pub(super) fn read(name: &str) -> Option<Name<'_>> {
    if let Some(part) = name.strip_prefix(LONG) {
        Some(Name::Folder(part.to_owned()))
    } else if let Some(segment) = name.strip_prefix(FOLDER) {
        Some(Name::Folder(format!("{segment}/")))
    } else {
        name.strip_prefix(ENTRY).map(Name::Entry)
    }
}

fn escape(segment: &str) -> String {
    let mut escaped = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'%' | b'+' | b'@' | b',' => {
                escaped.push(char::from(byte));
            }
            _ => {
                // Writing into a text cannot fail.
                let _ = write!(escaped, "={byte:02x}");
            }
        }
    }
    escaped
}

/// The key that was escaped like this, its segments with slashes between them.
pub(super) fn unescape(escaped: &str) -> Option<ObjectKey> {
    let mut parts = escaped.split('=');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> ObjectKey {
        text.parse().unwrap()
    }

    /// The key that a walk finds there.
    fn read_back(place: &Place) -> Option<ObjectKey> {
        let mut written = String::new();
        for name in place.names() {
            match read(&name)? {
                Name::Folder(part) => written.push_str(&part),
                Name::Entry(last) => written.push_str(last),
            }
        }
        unescape(&written)
    }

    #[test]
    fn what_a_name_is_stands_before_it() {
        assert_eq!(Place::of(&key("a")).entry(), Path::new("e-a"));
        assert_eq!(Place::of(&key("a/b")).entry(), Path::new("d-a/e-b"));
        let odd = Place::of(&key("Öl/a%20B=.txt"));
        assert_eq!(odd.entry(), Path::new("d-=c3=96l/e-a%20=42=3d.txt"));
        let id = "0123456789abcdef0123456789abcdef";
        let content = odd.content(id);
        assert_eq!(
            content,
            Path::new("d-=c3=96l").join(format!("c-a%20=42=3d.txt.{id}"))
        );
        let name = content.file_name().unwrap().to_str().unwrap();
        let found = Place::of_content(content.parent().unwrap(), name).unwrap();
        assert_eq!(found, (odd, id.to_owned()));
    }

    #[test]
    fn a_segment_that_is_too_long_is_in_folders_of_its_own() {
        let long = Place::of(&key(&"x".repeat(2 * LONGEST)));
        let part = "x".repeat(LONGEST);
        assert_eq!(long.names(), [format!("p-{part}"), format!("e-{part}")]);
        let longer = Place::of(&key(&format!("{}/y", "Ö".repeat(511))));
        assert!(longer.names().iter().all(|name| name.len() <= LONGEST + 2));
    }

    proptest! {
        #[test]
        fn a_place_tells_the_key_back(text in "[a-bA-B%=.~é/ -]{1,12}|[^/]{150,200}|.{1,300}") {
            if let Ok(key) = text.parse::<ObjectKey>() {
                let place = Place::of(&key);
                prop_assert_eq!(read_back(&place), Some(key));
                for name in place.names() {
                    prop_assert!(name.len() < 200 && !name.contains('/') && name.is_ascii());
                    prop_assert_eq!(name.to_ascii_lowercase(), name);
                }
            }
        }

        #[test]
        fn no_two_keys_meet(one in "[abAB=%.x]{1,4}(/[abAB=%.x]{1,4}){0,3}", other in "[abAB=%.x]{1,4}(/[abAB=%.x]{1,4}){0,3}") {
            if let (Ok(one), Ok(other)) = (one.parse::<ObjectKey>(), other.parse::<ObjectKey>()) {
                let (one_at, other_at) = (Place::of(&one).entry(), Place::of(&other).entry());
                prop_assert_eq!(one == other, one_at == other_at);
                prop_assert!(one == other || !one_at.starts_with(&other_at), "an entry is no folder");
            }
        }

        #[test]
        fn no_name_makes_reading_panic(name in ".{0,60}") {
            let _ = read(&name);
            let _ = unescape(&name);
            let _ = Place::of_content(Path::new("d-a"), &name);
        }
    }
}
