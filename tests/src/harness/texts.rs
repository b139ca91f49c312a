use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Server;

const TO_ARRIVE: Duration = Duration::from_secs(10);

impl Server {
    /// The newest text message to this number (`+` and digits) that was not returned before; waits for it.
    #[track_caller]
    pub(crate) fn text_to(&self, number: &str) -> String {
        let until = Instant::now() + TO_ARRIVE;
        loop {
            if let Some(text) = self.unread_text_to(number) {
                return text;
            }
            assert!(
                Instant::now() < until,
                "no text to {number}; the log: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The newest text message to this number that was not returned before; it and the older ones count as read.
    pub(crate) fn unread_text_to(&self, number: &str) -> Option<String> {
        let mut read = self.read_mails.lock().unwrap();
        let unread = self
            .text_files()
            .into_iter()
            .filter(|(file, to, _)| to == number && !read.contains(file));
        let unread: Vec<_> = unread.collect();
        read.extend(unread.iter().map(|(file, ..)| file.clone()));
        unread.into_iter().last().map(|(_, _, text)| text)
    }

    /// Every text message written so far, the oldest first: its file, its number and what it says.
    fn text_files(&self) -> Vec<(PathBuf, String, String)> {
        let Ok(entries) = std::fs::read_dir(self.data_dir().join("outbox")) else {
            return Vec::new();
        };
        let files = entries.filter_map(Result::ok).map(|entry| entry.path());
        let mut files: Vec<PathBuf> = files
            .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
            .collect();
        // Their names begin with the time at which they were written.
        files.sort();
        let parsed = files.into_iter().map(|path| {
            let file = std::fs::read_to_string(&path).expect("outbox files stay");
            let parts = file.strip_prefix("To: ").and_then(|rest| rest.split_once("\n\n"));
            let (to, text) = parts.unwrap_or_else(|| panic!("not a text message: {file}"));
            (path, to.to_owned(), text.trim_end_matches('\n').to_owned())
        });
        parsed.collect()
    }
}
