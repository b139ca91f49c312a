use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDateTime, Utc};
use clavis_flows::{TextError, TextMessage, Texts};
use clavis_kernel::{Clock, Entropy, EntropyExt as _};

use super::{check, counted};
use crate::Mailbox;
use crate::files::{prune, write};
use crate::mailbox::{MAX_LISTED, names};

const EXTENSION: &str = "txt";

/// When a text was written, at the beginning of its file's name: sorted by name is sorted by time.
const TIME: &str = "%Y%m%dT%H%M%S%6fZ";

/// The longest file that is read.
const MAX_BYTES: u64 = 64 * 1024;

/// Writes texts into a folder, one `<time>-<id>.txt` each, readable by the owner only: the line `To: +…`, an empty
/// line, the text.
pub struct FileTexts {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    keep: Option<usize>,
}

impl FileTexts {
    /// Texts go into this folder, which is made when the first one comes. With `keep` only so many of the newest
    /// stay.
    pub fn new(
        folder: impl Into<PathBuf>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        keep: Option<usize>,
    ) -> Self {
        Self {
            folder: folder.into(),
            clock,
            entropy,
            keep,
        }
    }

    async fn keep(&self, text: &TextMessage) -> Result<(), TextError> {
        check(text)?;
        let now = self.clock.now();
        let name = format!("{}-{}.{EXTENSION}", now.format(TIME), self.entropy.uuid_v7(now));
        let content = format!("To: {}\n\n{}\n", text.to, text.text);
        let (folder, keep) = (self.folder.clone(), self.keep);
        let written = tokio::task::spawn_blocking(move || {
            write(&folder, &name, content.as_bytes())?;
            keep.map_or(Ok(()), |keep| prune(&folder, EXTENSION, keep))
        });
        let written = written.await.map_err(io::Error::other).flatten();
        written.map_err(|error| {
            tracing::error!(%error, "a text's file cannot be written");
            TextError::Unavailable
        })
    }
}

#[async_trait]
impl Texts for FileTexts {
    async fn send(&self, text: &TextMessage) -> Result<(), TextError> {
        counted(self.keep(text).await)
    }
}

/// A text, read. It may carry a code, so `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct DeliveredText {
    /// To which number.
    pub to: String,
    /// What it says.
    pub text: String,
    /// When it was sent.
    pub date: Option<DateTime<Utc>>,
}

impl fmt::Debug for DeliveredText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeliveredText(..)")
    }
}

impl Mailbox {
    /// The newest texts, newest first, at most `limit` and never more than a thousand. Reads files: call it where
    /// that may block.
    pub fn newest_texts(&self, limit: usize) -> io::Result<Vec<DeliveredText>> {
        let newest = names(self.folder(), EXTENSION)?.into_iter();
        newest
            .take(limit.min(MAX_LISTED))
            .filter_map(|name| self.text(&name).transpose())
            .collect()
    }

    /// `None` when it is gone, or is no text.
    fn text(&self, name: &str) -> io::Result<Option<DeliveredText>> {
        let file = match File::open(self.folder().join(format!("{name}.{EXTENSION}"))) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut content = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut content)?;
        let content = String::from_utf8_lossy(&content);
        let written_at = name.split('-').next().unwrap_or_default();
        Ok(content
            .strip_prefix("To: ")
            .and_then(|rest| rest.split_once("\n\n"))
            .map(|(to, text)| DeliveredText {
                to: to.to_owned(),
                text: text.strip_suffix('\n').unwrap_or(text).to_owned(),
                date: NaiveDateTime::parse_from_str(written_at, TIME)
                    .ok()
                    .map(|time| time.and_utc()),
            }))
    }
}
