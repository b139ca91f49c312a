use std::collections::BinaryHeap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use clavis_files::StoredObject;

use super::entry::Entry;
use super::files::found;
use super::place::{self, Name, Place};

/// Most names of a folder that are in memory together.
const PAGE: usize = 1000;

/// At most so many objects below the prefix, in the order of the names on the way to them.
pub(super) fn list(
    objects: &Path,
    prefix: &str,
    after: Option<&Place>,
    at_most: usize,
) -> io::Result<Vec<StoredObject>> {
    let folders = match prefix.strip_suffix('/') {
        Some(path) => place::folders(path),
        None if prefix.is_empty() => Vec::new(),
        None => return Ok(Vec::new()),
    };
    let after = after.map(Place::names).unwrap_or_default();
    let behind = match after.strip_prefix(folders.as_slice()) {
        Some(below) => below,
        None if after < folders => &[],
        None => return Ok(Vec::new()),
    };
    let mut walk = Walk {
        folder: objects.to_owned(),
        escaped: String::new(),
        at_most,
        listed: Vec::new(),
    };
    for folder in &folders {
        walk.folder.push(folder);
        if let Some(Name::Folder(part)) = place::read(folder) {
            walk.escaped.push_str(&part);
        }
    }
    walk.visit(behind)?;
    Ok(walk.listed)
}

struct Walk {
    folder: PathBuf,
    /// What keys of objects in the folder begin with.
    escaped: String,
    at_most: usize,
    listed: Vec<StoredObject>,
}

impl Walk {
    /// Lists what is in the folder behind these names.
    fn visit(&mut self, behind: &[String]) -> io::Result<()> {
        let mut after = String::new();
        if let Some((first, rest)) = behind.split_first() {
            if !rest.is_empty() {
                self.visit_name(first, rest)?;
            }
            after.clone_from(first);
        }
        while self.listed.len() < self.at_most {
            let names = names(&self.folder, &after, PAGE.min(self.at_most - self.listed.len()))?;
            let Some(last) = names.last() else { break };
            after.clone_from(last);
            for name in &names {
                if self.listed.len() < self.at_most {
                    self.visit_name(name, &[])?;
                }
            }
        }
        Ok(())
    }

    fn visit_name(&mut self, name: &str, behind: &[String]) -> io::Result<()> {
        match place::read(name) {
            Some(Name::Folder(part)) => {
                let length = self.escaped.len();
                self.folder.push(name);
                self.escaped.push_str(&part);
                self.visit(behind)?;
                self.folder.pop();
                self.escaped.truncate(length);
            }
            Some(Name::Entry(last)) => self.list(name, last)?,
            None => {}
        }
        Ok(())
    }

    fn list(&mut self, name: &str, last: &str) -> io::Result<()> {
        let key = place::unescape(&format!("{}{last}", self.escaped));
        let Some(key) = key.filter(|key| Place::of(key).names().last().is_some_and(|of_key| of_key == name))
        else {
            return Ok(());
        };
        match Entry::find(&self.folder.join(name)) {
            Ok(Some((entry, modified_at))) => self.listed.push(entry.into_object(key, modified_at)),
            // Deleted since the folder was read.
            Ok(None) => {}
            // One that is damaged does not hide the others.
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                tracing::warn!(%error, "an object is left out of a list");
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// The first names in the folder behind this one, in order, whatever the folder's size.
fn names(folder: &Path, after: &str, at_most: usize) -> io::Result<Vec<String>> {
    let entries = match found(fs::read_dir(folder)) {
        Ok(Some(entries)) => entries,
        Ok(None) => return Ok(Vec::new()),
        // Not ours.
        Err(error) if error.kind() == ErrorKind::NotADirectory => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut first = BinaryHeap::with_capacity(at_most + 1);
    for entry in entries {
        let Ok(name) = entry?.file_name().into_string() else {
            continue;
        };
        if name.as_str() <= after || place::read(&name).is_none() {
            continue;
        }
        if first.len() < at_most || first.peek().is_some_and(|last| name < *last) {
            first.push(name);
        }
        if first.len() > at_most {
            first.pop();
        }
    }
    Ok(first.into_sorted_vec())
}
