use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use clavis_delivery::{FileMailer, MailError, MailFault, MailFileId, MailFileIdError, Mailbox, Mailer as _};
use clavis_kernel::fake::{FakeClock, FakeEntropy};
use clavis_kernel::{Clock as _, EntropyExt as _, MailId};

use crate::world::{ID, mail, sender};

struct Folder {
    dir: tempfile::TempDir,
    clock: Arc<FakeClock>,
    entropy: FakeEntropy,
}

impl Default for Folder {
    fn default() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            clock: Arc::default(),
            entropy: FakeEntropy::default(),
        }
    }
}

impl Folder {
    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("outbox")
    }

    fn mailer(&self, keep: Option<usize>) -> FileMailer {
        FileMailer::new(self.path(), sender(), Arc::<FakeClock>::clone(&self.clock), keep)
    }

    fn next_id(&self) -> MailId {
        self.clock.advance(TimeDelta::seconds(1));
        MailId(self.entropy.uuid_v7(self.clock.now()))
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_mail_is_a_whole_file_that_only_its_owner_reads() {
    let folder = Folder::default();
    let id = folder.next_id();
    folder
        .mailer(None)
        .send(id, &mail("ann@example.org"))
        .await
        .unwrap();
    let files = folder.files();
    assert_eq!(files, [format!("20260102T030406000Z-{id}.eml")]);
    assert_eq!(mode(&folder.path()), 0o700);
    assert_eq!(mode(&folder.path().join(&files[0])), 0o600);
}

#[tokio::test]
async fn a_mail_sent_twice_has_one_file() {
    let folder = Folder::default();
    let id = folder.next_id();
    for _ in 0..2 {
        folder
            .mailer(None)
            .send(id, &mail("ann@example.org"))
            .await
            .unwrap();
        folder.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(folder.files().len(), 1);
}

#[tokio::test]
async fn only_the_newest_are_kept() {
    let folder = Folder::default();
    fs::create_dir(folder.path()).unwrap();
    fs::write(folder.path().join("0.txt"), "somebody else's").unwrap();
    let mut last = None;
    for _ in 0..5 {
        let id = folder.next_id();
        folder
            .mailer(Some(2))
            .send(id, &mail("ann@example.org"))
            .await
            .unwrap();
        last = Some(id);
    }
    let files = folder.files();
    assert_eq!(files.len(), 3);
    assert_eq!(files[0], "0.txt");
    assert!(files[2].contains(&last.unwrap().to_string()));
}

#[tokio::test]
async fn a_mailbox_lists_the_newest_first_and_reads_one() {
    let folder = Folder::default();
    let mailbox = Mailbox::new(folder.path());
    assert!(mailbox.newest(10).unwrap().is_empty());
    for name in ["ann", "bob", "cid"] {
        let mut mail = mail(&format!("{name}@example.org"));
        mail.subject = format!("Grüße, {name}");
        folder.mailer(None).send(folder.next_id(), &mail).await.unwrap();
    }
    let listed = mailbox.newest(2).unwrap();
    let shown: Vec<_> = listed.iter().map(|mail| (&*mail.to, &*mail.subject)).collect();
    assert_eq!(
        shown,
        [
            ("cid@example.org", "Grüße, cid"),
            ("bob@example.org", "Grüße, bob")
        ]
    );
    assert_eq!(listed[0].date, Some(folder.clock.now()));
    let read = mailbox.read(&listed[1].id).unwrap().unwrap();
    assert_eq!(read.text.replace("\r\n", "\n"), "Hello\n.\n..\nBye\n");
    assert_eq!(read.html, "<p>Hello</p>");
    assert!(read.raw.starts_with(b"From: "));
    assert!(
        mailbox
            .read(&"20260102T030406000Z-0".parse().unwrap())
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_name_leads_nowhere_else() {
    for name in [
        "",
        "..",
        "../master.key",
        "a/b",
        "a\\b",
        "a.eml",
        "/etc/passwd",
        "a\0",
        "a%2e",
        "ä",
        &"a".repeat(81),
    ] {
        assert_eq!(name.parse::<MailFileId>(), Err(MailFileIdError), "{name:?}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_no_reason_to_give_up() {
    let folder = Folder::default();
    fs::write(folder.path(), "a file, no folder").unwrap();
    let error = folder
        .mailer(None)
        .send(ID, &mail("ann@example.org"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, MailError::Temporary(MailFault::File(_))),
        "{error}"
    );
}
