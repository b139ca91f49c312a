use std::io::{self, BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::{Mail, within};

/// An SMTP server that takes every mail and keeps it.
pub(crate) struct SmtpSink {
    address: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl SmtpSink {
    /// Listens on a port of 127.0.0.1 until the test's process ends.
    #[track_caller]
    pub(crate) fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
        let address = listener.local_addr().expect("it is bound");
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&mails);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = Arc::clone(&kept);
                // A client that hangs up in the middle has sent no mail.
                thread::spawn(move || converse(stream, &kept));
            }
        });
        Self { address, mails }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The first mail to this address; waits for it.
    #[track_caller]
    pub(crate) fn mail_to(&self, address: &str, time: Duration) -> Mail {
        let mut found = None;
        let came = within(time, || {
            let mails = self.mails.lock().unwrap();
            found = mails
                .iter()
                .find(|mail| mail.to.iter().any(|to| to == address))
                .cloned();
            found.is_some()
        });
        assert!(came, "no mail to {address} came over SMTP");
        found.expect("it came")
    }

    pub(crate) fn count(&self) -> usize {
        self.mails.lock().unwrap().len()
    }
}

/// As much of RFC 5321 as a client needs that is not refused anything.
fn converse(stream: TcpStream, kept: &Mutex<Vec<Mail>>) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    stream.write_all(b"220 sink ESMTP\r\n")?;
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let verb = line
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        match verb.as_str() {
            "DATA" => {
                stream.write_all(b"354 go on\r\n")?;
                let content = content(&mut lines)?;
                kept.lock().unwrap().push(Mail::parse(&content));
                stream.write_all(b"250 kept\r\n")?;
            }
            "QUIT" => return stream.write_all(b"221 bye\r\n"),
            _ => stream.write_all(b"250 sink\r\n")?,
        }
    }
}

/// Up to the line that is only a dot; a dot in front of others is doubled (RFC 5321 §4.5.2).
fn content(lines: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.strip_prefix(b".") {
            Some(b"\r\n") => return Ok(content),
            Some(rest) => content.extend_from_slice(rest),
            None => content.extend_from_slice(&line),
        }
    }
}
