use std::collections::VecDeque;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::ssl::SslAcceptor;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::behaviour::{Behaviour, Tls, Trouble};
use crate::certificate::SelfSigned;
use crate::wire::{Stream, between, read_line, say};

/// An SMTP server that keeps what it is given.
pub(crate) struct Sink {
    pub(crate) port: u16,
    pub(crate) root_pem: String,
    shared: Arc<Shared>,
    mails: UnboundedReceiver<Received>,
}

/// A mail as it arrived.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) content: String,
    pub(crate) encrypted: bool,
    pub(crate) user: Option<String>,
}

struct Shared {
    behaviour: Behaviour,
    acceptor: SslAcceptor,
    troubles: Mutex<VecDeque<(&'static str, Trouble)>>,
    /// Every command, and whether it came encrypted.
    heard: Mutex<Vec<(String, bool)>>,
    connections: Mutex<usize>,
    mails: UnboundedSender<Received>,
}

impl Sink {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        Self::start_at(0, behaviour)
    }

    pub(crate) fn start_at(port: u16, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let certificate = SelfSigned::new();
        let (sender, mails) = unbounded_channel();
        let shared = Arc::new(Shared {
            troubles: Mutex::new(behaviour.troubles.iter().copied().collect()),
            behaviour,
            acceptor: certificate.acceptor(),
            heard: Mutex::default(),
            connections: Mutex::default(),
            mails: sender,
        });
        let port = listener.local_addr().unwrap().port();
        let on_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), shared) = (stream, Arc::clone(&on_thread)) else {
                    return;
                };
                thread::spawn(move || shared.serve(stream));
            }
        });
        Self {
            port,
            root_pem: certificate.pem(),
            shared,
            mails,
        }
    }

    /// A port on which nobody listens, for now.
    pub(crate) fn free_port() -> u16 {
        TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
    }

    pub(crate) async fn mail(&mut self) -> Received {
        tokio::time::timeout(Duration::from_secs(20), self.mails.recv())
            .await
            .expect("a mail comes")
            .unwrap()
    }

    pub(crate) fn mails_so_far(&mut self) -> Vec<Received> {
        std::iter::from_fn(|| self.mails.try_recv().ok()).collect()
    }

    pub(crate) fn heard(&self, command: &str) -> usize {
        self.shared
            .heard
            .lock()
            .unwrap()
            .iter()
            .filter(|(line, _)| line.starts_with(command))
            .count()
    }

    pub(crate) fn heard_in_clear(&self, command: &str) -> bool {
        self.shared
            .heard
            .lock()
            .unwrap()
            .iter()
            .any(|(line, encrypted)| line.starts_with(command) && !encrypted)
    }

    pub(crate) fn connections(&self) -> usize {
        *self.shared.connections.lock().unwrap()
    }
}

/// What a connection is in the middle of.
#[derive(Default)]
struct Session {
    user: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

impl Shared {
    fn serve(&self, tcp: TcpStream) {
        *self.connections.lock().unwrap() += 1;
        if self.behaviour.tls == Tls::Implicit {
            if let Ok(mut tls) = self.acceptor.accept(tcp) {
                let _ = self.greet(&mut tls).and_then(|()| self.talk(&mut tls, true));
            }
            return;
        }
        let mut plain = tcp.try_clone().unwrap();
        let upgrade = self.greet(&mut plain).and_then(|()| self.talk(&mut plain, false));
        if matches!(upgrade, Ok(true))
            && let Ok(mut tls) = self.acceptor.accept(tcp)
        {
            let _ = self.talk(&mut tls, true);
        }
    }

    fn greet(&self, stream: &mut dyn Stream) -> io::Result<()> {
        self.answer(stream, "greeting", "220 sink ready").map(drop)
    }

    /// Answers, unless there is trouble at this command. Whether it was the usual answer.
    fn answer(&self, stream: &mut dyn Stream, command: &str, usual: &str) -> io::Result<bool> {
        let reply = self.reply(command, usual)?;
        say(stream, reply)?;
        Ok(reply == usual)
    }

    fn reply<'a>(&self, command: &str, usual: &'a str) -> io::Result<&'a str> {
        let trouble = {
            let mut troubles = self.troubles.lock().unwrap();
            let now = troubles.front().is_some_and(|(at, _)| *at == command);
            now.then(|| troubles.pop_front()).flatten()
        };
        match trouble {
            None => Ok(usual),
            Some((_, Trouble::Reply(reply))) => Ok(reply),
            Some((_, Trouble::Close)) => Err(io::ErrorKind::ConnectionAborted.into()),
            Some((_, Trouble::Late(by))) => {
                thread::sleep(by);
                Ok(usual)
            }
        }
    }

    /// Talks until the connection ends, or until TLS shall begin: then `true`.
    fn talk(&self, stream: &mut dyn Stream, encrypted: bool) -> io::Result<bool> {
        let mut session = Session::default();
        loop {
            let line = read_line(stream)?;
            self.heard.lock().unwrap().push((line.clone(), encrypted));
            let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match command {
                "EHLO" => drop(self.answer(stream, "EHLO", &self.extensions(encrypted))?),
                "STARTTLS" => return self.answer(stream, "STARTTLS", "220 go ahead"),
                "AUTH" => self.authenticate(stream, rest, &mut session)?,
                "MAIL" if self.behaviour.auth.is_some() && session.user.is_none() => {
                    self.answer(stream, "MAIL", "530 5.7.0 log in first").map(drop)?;
                }
                "MAIL" => {
                    if self.answer(stream, "MAIL", "250 2.1.0 fine")? {
                        session.from = Some(between(rest, '<', '>'));
                    }
                }
                "RCPT" => {
                    if self.answer(stream, "RCPT", "250 2.1.5 fine")? {
                        session.to = Some(between(rest, '<', '>'));
                    }
                }
                "DATA" => self.data(stream, &mut session, encrypted)?,
                "RSET" => {
                    session = Session {
                        user: session.user,
                        ..Session::default()
                    };
                    self.answer(stream, "RSET", "250 fine")?;
                }
                "NOOP" => drop(self.answer(stream, "NOOP", "250 fine")?),
                "QUIT" => return self.answer(stream, "QUIT", "221 bye").map(|_| false),
                _ => drop(self.answer(stream, command, "500 what?")?),
            }
        }
    }

    fn extensions(&self, encrypted: bool) -> String {
        let mut lines = vec!["sink".to_owned(), "PIPELINING".to_owned(), "8BITMIME".to_owned()];
        if self.behaviour.tls == Tls::Offered && !encrypted {
            lines.push("STARTTLS".to_owned());
        }
        if let Some((mechanisms, ..)) = self.behaviour.auth {
            lines.push(format!("AUTH {mechanisms}"));
        }
        if self.behaviour.utf8 {
            lines.push("SMTPUTF8".to_owned());
        }
        let last = lines.pop().unwrap();
        format!("250-{}\r\n250 {last}", lines.join("\r\n250-"))
    }

    fn authenticate(&self, stream: &mut dyn Stream, rest: &str, session: &mut Session) -> io::Result<()> {
        let decoded = |text: &str| String::from_utf8(STANDARD.decode(text.trim()).unwrap()).unwrap();
        let given = if let Some(initial) = rest.strip_prefix("PLAIN ") {
            decoded(initial)
        } else {
            say(stream, &format!("334 {}", STANDARD.encode("Username:")))?;
            let user = decoded(&read_line(stream)?);
            say(stream, &format!("334 {}", STANDARD.encode("Password:")))?;
            format!("\0{user}\0{}", decoded(&read_line(stream)?))
        };
        let (_, user, password) = self.behaviour.auth.unwrap();
        if given == format!("\0{user}\0{password}") {
            self.answer(stream, "AUTH", "235 2.7.0 welcome")?;
            session.user = Some(user.to_owned());
        } else {
            self.answer(stream, "AUTH", "535 5.7.8 no")?;
        }
        Ok(())
    }

    fn data(&self, stream: &mut dyn Stream, session: &mut Session, encrypted: bool) -> io::Result<()> {
        let (Some(from), Some(to)) = (session.from.take(), session.to.take()) else {
            return self
                .answer(stream, "DATA", "503 5.5.1 from whom, to whom?")
                .map(drop);
        };
        if !self.answer(stream, "DATA", "354 go on")? {
            return Ok(());
        }
        let mut content = String::new();
        loop {
            let line = read_line(stream)?;
            if line == "." {
                break;
            }
            content.push_str(line.strip_prefix('.').unwrap_or(&line));
            content.push_str("\r\n");
        }
        let usual = "250 2.0.0 taken";
        let reply = self.reply("content", usual)?;
        if reply == usual {
            let user = session.user.clone();
            let _ = self.mails.send(Received {
                from,
                to,
                content,
                encrypted,
                user,
            });
        }
        say(stream, reply)
    }
}
