use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::TimeDelta;
use clavis_delivery::{FileMailer, FileTexts, Mailbox, Mailer as _, texts_from_url};
use clavis_flows::{TextError, TextMessage, Texts};
use clavis_kernel::Clock as _;
use clavis_kernel::fake::{FakeClock, FakeEntropy};

use crate::world::{ID, mail, sender};

struct Folder {
    dir: tempfile::TempDir,
    clock: Arc<FakeClock>,
    entropy: Arc<FakeEntropy>,
}

impl Default for Folder {
    fn default() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            clock: Arc::default(),
            entropy: Arc::default(),
        }
    }
}

impl Folder {
    fn path(&self) -> PathBuf {
        self.dir.path().join("outbox")
    }

    async fn send(&self, keep: Option<usize>, to: &str, words: &str) -> Result<(), TextError> {
        self.clock.advance(TimeDelta::microseconds(1));
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
        FileTexts::new(self.path(), clock, entropy, keep)
            .send(&text(to, words))
            .await
    }

    fn files(&self, extension: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> = paths
            .filter(|path| path.extension().is_some_and(|other| other == extension))
            .collect();
        paths.sort();
        paths
    }
}

fn text(to: &str, words: &str) -> TextMessage {
    TextMessage {
        to: to.to_owned(),
        text: words.to_owned(),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_text_is_a_whole_file_that_only_its_owner_reads() {
    let folder = Folder::default();
    folder.send(None, "+447418084106", "Code: 04217").await.unwrap();
    let files = folder.files("txt");
    assert_eq!(
        fs::read_to_string(&files[0]).unwrap(),
        "To: +447418084106\n\nCode: 04217\n"
    );
    assert_eq!((mode(&folder.path()), mode(&files[0])), (0o700, 0o600));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn only_the_newest_texts_are_kept_and_mails_stay() {
    let folder = Folder::default();
    let mailer = FileMailer::new(
        folder.path(),
        sender(),
        Arc::<FakeClock>::clone(&folder.clock),
        Some(2),
    );
    mailer.send(ID, &mail("ann@example.org")).await.unwrap();
    for code in 0..5 {
        folder
            .send(Some(2), "+447418084106", &code.to_string())
            .await
            .unwrap();
    }
    assert_eq!((folder.files("txt").len(), folder.files("eml").len()), (2, 1));
    mailer.send(ID, &mail("ann@example.org")).await.unwrap();
    assert_eq!(folder.files("txt").len(), 2);
    let texts = Mailbox::new(folder.path()).newest_texts(10).unwrap();
    let words: Vec<_> = texts.iter().map(|text| &*text.text).collect();
    assert_eq!(words, ["4", "3"]);
}

#[tokio::test]
async fn a_mailbox_lists_texts_newest_first_as_they_were_written() {
    let folder = Folder::default();
    let mailbox = Mailbox::new(folder.path());
    assert!(mailbox.newest_texts(10).unwrap().is_empty());
    folder.send(None, "+447418084106", "first").await.unwrap();
    folder
        .send(None, "+33612345678", "Grüße\n\nTo: +1\n")
        .await
        .unwrap();
    let texts = mailbox.newest_texts(10).unwrap();
    let shown: Vec<_> = texts.iter().map(|text| (&*text.to, &*text.text)).collect();
    assert_eq!(
        shown,
        [("+33612345678", "Grüße\n\nTo: +1\n"), ("+447418084106", "first")]
    );
    assert_eq!(texts[0].date, Some(folder.clock.now()));
    assert_eq!(mailbox.newest_texts(1).unwrap().len(), 1);
    assert!(mailbox.newest(10).unwrap().is_empty());
    assert_eq!(format!("{:?}", texts[0]), "DeliveredText(..)");
}

#[tokio::test]
async fn a_file_that_is_no_text_is_passed_over() {
    let folder = Folder::default();
    folder.send(None, "+447418084106", "first").await.unwrap();
    fs::write(folder.path().join("notes.txt"), [0xff, b'\n']).unwrap();
    fs::write(folder.path().join("0.txt"), "To: +1\n\n").unwrap();
    let texts = Mailbox::new(folder.path()).newest_texts(10).unwrap();
    let shown: Vec<_> = texts
        .iter()
        .map(|text| (&*text.to, &*text.text, text.date.is_some()))
        .collect();
    assert_eq!(shown, [("+447418084106", "first", true), ("+1", "", false)]);
}

#[tokio::test]
async fn no_number_writes_lines_of_its_own() {
    let folder = Folder::default();
    let sent = folder.send(None, "+44741\nTo: +1", "first").await;
    assert_eq!(sent, Err(TextError::NotValid));
    assert!(!folder.path().exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_told_to_the_caller() {
    let folder = Folder::default();
    fs::write(folder.path(), "a file, no folder").unwrap();
    let sent = folder.send(None, "+447418084106", "first").await;
    assert_eq!(sent, Err(TextError::Unavailable));
}

#[tokio::test]
async fn without_a_url_texts_go_into_the_outbox_of_the_data_folder() {
    let folder = Folder::default();
    let (clock, entropy) = (Arc::clone(&folder.clock), Arc::clone(&folder.entropy));
    let texts = texts_from_url(None, folder.dir.path(), clock, entropy).unwrap();
    texts.send(&text("+447418084106", "first")).await.unwrap();
    assert_eq!(folder.files("txt").len(), 1);
}
