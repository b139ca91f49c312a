use std::fs::{self, ReadDir};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::files::{found, ignore_missing};
use super::objects::{Drawer, remove_unnamed};
use super::place::{self, Name};

/// How many names are looked at before others may go on.
const STEP: usize = 500;
/// How many folders are open at most. Whatever is deeper is left alone.
const DEEPEST: usize = 200;

/// A walk through all folders that removes what crashes have left: what is unfinished, contents that no entry names,
/// and folders with nothing in them.
pub(super) struct Sweep {
    drawer: Drawer,
    /// What is younger may be somebody's work.
    latest: SystemTime,
    levels: Vec<Level>,
    pub(super) removed: usize,
}

struct Level {
    /// Below the folder of objects.
    folder: PathBuf,
    names: ReadDir,
    is_old: bool,
}

impl Sweep {
    pub(super) fn begin(drawer: Drawer, latest: SystemTime) -> io::Result<Self> {
        let mut removed = 0;
        for entry in fs::read_dir(&drawer.unfinished)? {
            let path = entry?.path();
            if is_old(&path, latest)? {
                ignore_missing(fs::remove_file(path))?;
                removed += 1;
            }
        }
        let mut sweep = Self {
            drawer,
            latest,
            levels: Vec::new(),
            removed,
        };
        sweep.enter(PathBuf::new(), false)?;
        Ok(sweep)
    }

    /// Goes on for a while; whether there is more.
    pub(super) fn step(&mut self) -> io::Result<bool> {
        for _ in 0..STEP {
            let Some(level) = self.levels.last_mut() else {
                return Ok(false);
            };
            match level.names.next() {
                Some(entry) => {
                    let (entry, folder) = (entry?, level.folder.clone());
                    self.look_at(&entry, &folder)?;
                }
                None => self.leave(),
            }
        }
        Ok(true)
    }

    fn look_at(&mut self, entry: &fs::DirEntry, folder: &Path) -> io::Result<()> {
        let Ok(name) = entry.file_name().into_string() else {
            return Ok(());
        };
        let is_old = is_old(&entry.path(), self.latest)?;
        if entry.file_type()?.is_dir() {
            match place::read(&name) {
                Some(Name::Folder(_)) => self.enter(folder.join(name), is_old),
                _ => Ok(()),
            }
        } else if is_old && remove_unnamed(&self.drawer, folder, &name)? {
            self.removed += 1;
            Ok(())
        } else {
            Ok(())
        }
    }

    fn enter(&mut self, folder: PathBuf, is_old: bool) -> io::Result<()> {
        if self.levels.len() >= DEEPEST {
            return Ok(());
        }
        if let Some(names) = found(fs::read_dir(self.drawer.objects.join(&folder)))? {
            self.levels.push(Level {
                folder,
                names,
                is_old,
            });
        }
        Ok(())
    }

    /// Removes the folder if nothing is left in it. Whoever wants to put something there makes it anew.
    fn leave(&mut self) {
        if let Some(level) = self.levels.pop().filter(|level| level.is_old) {
            let is_gone = fs::remove_dir(self.drawer.objects.join(level.folder)).is_ok();
            self.removed += usize::from(is_gone);
        }
    }
}

fn is_old(path: &Path, latest: SystemTime) -> io::Result<bool> {
    let metadata = found(fs::symlink_metadata(path))?;
    Ok(match metadata {
        Some(metadata) => metadata.modified()? <= latest,
        None => false,
    })
}
