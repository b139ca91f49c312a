use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_kernel::MailId;
use mail_parser::{Message, MessageParser};

/// Most mails listed at a time, and the longest mail that is read.
pub(crate) const MAX_LISTED: usize = 1_000;
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// What the name of a mail's file ends with.
pub(crate) const EXTENSION: &str = "eml";

/// Reads the folder that a [`FileMailer`](crate::FileMailer) and [`FileTexts`](crate::FileTexts) write: the mailbox
/// page of a development server.
#[derive(Debug, Clone)]
pub struct Mailbox {
    folder: PathBuf,
}

/// A mail's file: when the mail was written and its id, in letters, digits and dashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MailFileId(String);

/// The text names no mail's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such name of a mail")]
pub struct MailFileIdError;

impl MailFileId {
    /// The time is the one in the id (UUID version 7), so that a mail written twice has one file.
    pub(crate) fn new(id: MailId, now: DateTime<Utc>) -> Self {
        let written_at = id.0.get_timestamp().and_then(|timestamp| {
            let (seconds, nanos) = timestamp.to_unix();
            DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
        });
        Self(format!(
            "{}-{id}",
            written_at.unwrap_or(now).format("%Y%m%dT%H%M%S%3fZ")
        ))
    }

    pub(crate) fn file_name(&self) -> String {
        format!("{}.{EXTENSION}", self.0)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MailFileId {
    type Err = MailFileIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        is_name(text)
            .then(|| Self(text.to_owned()))
            .ok_or(MailFileIdError)
    }
}

impl fmt::Display for MailFileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A mail in a list.
#[derive(Clone)]
pub struct MailSummary {
    /// Its file.
    pub id: MailFileId,
    /// To whom.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// When it was sent.
    pub date: Option<DateTime<Utc>>,
}

/// A mail, read.
#[derive(Clone)]
pub struct DeliveredMail {
    /// What a list shows of it.
    pub summary: MailSummary,
    /// The body in plain text.
    pub text: String,
    /// The body in HTML, as it was sent: to be shown in a sandbox only.
    pub html: String,
    /// The whole mail.
    pub raw: Vec<u8>,
}

impl fmt::Debug for MailSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSummary")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DeliveredMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliveredMail")
            .field("id", &self.summary.id)
            .finish_non_exhaustive()
    }
}

impl Mailbox {
    /// The mailbox in this folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The newest mails, newest first, at most `limit` and never more than a thousand. Reads files: call it where
    /// that may block.
    pub fn newest(&self, limit: usize) -> io::Result<Vec<MailSummary>> {
        let newest = names(&self.folder, EXTENSION)?.into_iter();
        newest
            .take(limit.min(MAX_LISTED))
            .map(MailFileId)
            .filter_map(|id| {
                self.read(&id)
                    .map(|mail| mail.map(|mail| mail.summary))
                    .transpose()
            })
            .collect()
    }

    /// One mail; `None` when there is none of this name, or it is no mail. Reads a file: call it where that may
    /// block.
    pub fn read(&self, id: &MailFileId) -> io::Result<Option<DeliveredMail>> {
        let file = match File::open(self.folder.join(id.file_name())) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut raw = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut raw)?;
        let Some(mail) = MessageParser::new().parse(&raw) else {
            return Ok(None);
        };
        let mail = DeliveredMail {
            summary: summary(id, &mail),
            text: mail.body_text(0).unwrap_or_default().into_owned(),
            html: mail.body_html(0).unwrap_or_default().into_owned(),
            raw: raw.clone(),
        };
        Ok(Some(mail))
    }
}

fn summary(id: &MailFileId, mail: &Message<'_>) -> MailSummary {
    let to = mail.to().and_then(|to| to.first()).and_then(|to| to.address());
    MailSummary {
        id: id.clone(),
        to: to.unwrap_or_default().to_owned(),
        subject: mail.subject().unwrap_or_default().to_owned(),
        date: mail
            .date()
            .and_then(|date| DateTime::from_timestamp(date.to_timestamp(), 0)),
    }
}

/// The files in a folder that end with this, without it, newest first; none where there is no folder.
pub(crate) fn names(folder: &Path, extension: &str) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let stem = name
            .to_str()
            .and_then(|name| name.strip_suffix(extension)?.strip_suffix('.'));
        names.extend(stem.filter(|stem| is_name(stem)).map(str::to_owned));
    }
    names.sort_unstable_by(|a: &String, b| b.cmp(a));
    Ok(names)
}

/// Whether it is made of letters, digits and dashes: such a name leads nowhere else.
fn is_name(text: &str) -> bool {
    (1..=80).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
