use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use clavis_flows::OutgoingMail;
use clavis_kernel::{Clock, MailId};

use crate::compose::compose;
use crate::mailbox::{EXTENSION, MailFileId, names};
use crate::{MailError, MailFault, Mailer, Sender};

/// Writes mails into a folder, one `<time>-<id>.eml` each, readable by the owner only.
pub struct FileMailer {
    folder: PathBuf,
    sender: Sender,
    clock: Arc<dyn Clock>,
    keep: Option<usize>,
}

impl FileMailer {
    /// Mails go into this folder, which is made when the first one comes. With `keep` only so many of the newest
    /// stay.
    pub fn new(
        folder: impl Into<PathBuf>,
        sender: Sender,
        clock: Arc<dyn Clock>,
        keep: Option<usize>,
    ) -> Self {
        Self {
            folder: folder.into(),
            sender,
            clock,
            keep,
        }
    }
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, id: MailId, mail: &OutgoingMail) -> Result<(), MailError> {
        let now = self.clock.now();
        let composed = compose(id, mail, &self.sender, now)?;
        let name = MailFileId::new(id, now).file_name();
        let (folder, keep) = (self.folder.clone(), self.keep);
        let written = tokio::task::spawn_blocking(move || {
            write(&folder, &name, &composed.bytes)?;
            keep.map_or(Ok(()), |keep| prune(&folder, EXTENSION, keep))
        });
        let failed = |error: &dyn ToString| MailFault::File(error.to_string());
        written
            .await
            .map_err(|error| failed(&error))?
            .map_err(|error| failed(&error))?;
        Ok(())
    }
}

/// Under another name first, so that whoever looks for `*.eml` never sees half a mail.
pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let unfinished = folder.join(format!(".{name}.part"));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    File::open(folder)?.sync_all()
}

/// Removes all but the newest of the files that end with this.
pub(crate) fn prune(folder: &Path, extension: &str, keep: usize) -> io::Result<()> {
    for name in names(folder, extension)?.into_iter().skip(keep) {
        match fs::remove_file(folder.join(format!("{name}.{extension}"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
