use std::path::PathBuf;
use std::time::{Duration, Instant};

use mail_parser::MessageParser;
use url::Url;

use super::Server;

const TO_ARRIVE: Duration = Duration::from_secs(10);

/// A mail that was delivered.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) to: Vec<String>,
    pub(crate) from: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    headers: Vec<(String, String)>,
}

impl Mail {
    /// From the bytes that went over the wire or into the file.
    #[track_caller]
    pub(crate) fn parse(raw: &[u8]) -> Self {
        let Some(message) = MessageParser::default().parse(raw) else {
            panic!("not a mail: {}", String::from_utf8_lossy(raw));
        };
        let addresses = |list: Option<&mail_parser::Address<'_>>| {
            let all = list.into_iter().flat_map(|list| list.iter());
            all.filter_map(|one| one.address().map(str::to_owned))
                .collect::<Vec<_>>()
        };
        let headers = message.headers_raw();
        Self {
            to: addresses(message.to()),
            from: addresses(message.from()).concat(),
            subject: message.subject().unwrap_or_default().to_owned(),
            text: message.body_text(0).unwrap_or_default().into_owned(),
            html: message.body_html(0).unwrap_or_default().into_owned(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                .collect(),
        }
    }

    /// The raw value of a header, ignoring the case of its name.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let found = self
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    }

    /// The first link in the text.
    #[track_caller]
    pub(crate) fn link(&self) -> String {
        let mut words = self.text.split_whitespace();
        let link = words.find(|word| word.starts_with("http://") || word.starts_with("https://"));
        link.unwrap_or_else(|| panic!("no link in: {}", self.text))
            .to_owned()
    }

    /// A parameter of the link's query.
    #[track_caller]
    pub(crate) fn query(&self, name: &str) -> String {
        let link = self.link();
        let url = Url::parse(&link).unwrap_or_else(|error| panic!("{error}: {link}"));
        let value = url
            .query_pairs()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.into_owned());
        value.unwrap_or_else(|| panic!("no {name} in {link}"))
    }

    /// The path and query of the link: what to ask the server under test for, whatever its public URL.
    #[track_caller]
    pub(crate) fn path(&self) -> String {
        let link = self.link();
        let url = Url::parse(&link).unwrap_or_else(|error| panic!("{error}: {link}"));
        url[url::Position::BeforePath..].to_owned()
    }

    fn is_to(&self, address: &str) -> bool {
        self.to.iter().any(|to| to.eq_ignore_ascii_case(address))
    }
}

impl Server {
    /// Every mail delivered so far, the oldest first.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.mail_files().into_iter().map(|(_, mail)| mail).collect()
    }

    /// The newest mail to this address that was not returned before; waits for it.
    #[track_caller]
    pub(crate) fn mail_to(&self, address: &str) -> Mail {
        let until = Instant::now() + TO_ARRIVE;
        loop {
            if let Some(mail) = self.unread_mail_to(address) {
                return mail;
            }
            assert!(
                Instant::now() < until,
                "no mail to {address}; the log: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The newest mail to this address that was not returned before; it and the older ones count as read.
    pub(crate) fn unread_mail_to(&self, address: &str) -> Option<Mail> {
        let mut read = self.read_mails.lock().unwrap();
        let unread = self
            .mail_files()
            .into_iter()
            .filter(|(file, mail)| mail.is_to(address) && !read.contains(file));
        let unread: Vec<_> = unread.collect();
        read.extend(unread.iter().map(|(file, _)| file.clone()));
        unread.into_iter().last().map(|(_, mail)| mail)
    }

    fn mail_files(&self) -> Vec<(PathBuf, Mail)> {
        let Ok(entries) = std::fs::read_dir(self.data_dir().join("outbox")) else {
            return Vec::new();
        };
        let files = entries.filter_map(Result::ok).map(|entry| entry.path());
        let mut files: Vec<PathBuf> = files
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        // Their names begin with the time at which they were queued.
        files.sort();
        let parsed = files.into_iter().map(|path| {
            let raw = std::fs::read(&path).expect("outbox files stay");
            (path, Mail::parse(&raw))
        });
        parsed.collect()
    }
}
