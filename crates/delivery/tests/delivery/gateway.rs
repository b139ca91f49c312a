use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::certificate::SelfSigned;

/// What a gateway does with every request.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Answers with this status and body.
    Answers(u16, String),
    /// Sends the browser elsewhere.
    Redirects(String),
    /// Begins to refuse and never comes to an end.
    HangsInTheBody(u16),
    /// Never says anything.
    Hangs,
    /// Reads the request and hangs up.
    Closes,
    /// Speaks something else.
    Babbles,
    /// Refuses at endless length.
    NeverEnds(u16),
}

/// A server on this machine that takes texts and can be told to misbehave.
pub(crate) struct Gateway {
    pub(crate) port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &**value)
    }
}

impl Gateway {
    pub(crate) fn start(manner: Manner) -> Self {
        Self::serve(move |stream, requests| converse(stream, &manner, requests))
    }

    /// One that speaks TLS with a certificate which nobody signed.
    pub(crate) fn start_self_signed() -> Self {
        let acceptor = SelfSigned::new().acceptor();
        Self::serve(move |stream, requests| {
            let stream = acceptor.accept(stream).map_err(io::Error::other)?;
            converse(stream, &Manner::Answers(200, String::new()), requests)
        })
    }

    fn serve(
        converse: impl Fn(TcpStream, &Mutex<Vec<Request>>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (converse, kept) = (Arc::new(converse), Arc::clone(&requests));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (converse, kept) = (Arc::clone(&converse), Arc::clone(&kept));
                thread::spawn(move || converse(stream, &kept));
            }
        });
        Self { port, requests }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn converse(stream: impl Read + Write, manner: &Manner, requests: &Mutex<Vec<Request>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let request = read(&mut stream)?;
    requests.lock().unwrap().push(request);
    let stream = stream.get_mut();
    match manner {
        Manner::Answers(status, body) => {
            write!(
                stream,
                "HTTP/1.1 {status} So\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        }
        Manner::Redirects(to) => write!(
            stream,
            "HTTP/1.1 307 There\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
        ),
        Manner::HangsInTheBody(status) => {
            write!(stream, "HTTP/1.1 {status} So\r\nContent-Length: 100\r\n\r\n{{")?;
            stream.flush()?;
            hang();
            Ok(())
        }
        Manner::Hangs => {
            hang();
            Ok(())
        }
        Manner::Closes => Ok(()),
        Manner::Babbles => stream.write_all(b"220 sink ESMTP\r\n"),
        Manner::NeverEnds(status) => {
            write!(stream, "HTTP/1.1 {status} So\r\n\r\n")?;
            loop {
                stream.write_all(&[b'x'; 4096])?;
            }
        }
    }
}

/// For longer than any limit of a test.
fn hang() {
    thread::sleep(Duration::from_mins(1));
}

fn read(stream: &mut impl BufRead) -> io::Result<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut request = Request {
        line: lines.remove(0),
        headers: lines
            .iter()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: String::new(),
    };
    let length = request.header("content-length").unwrap_or("0").parse().unwrap();
    stream.take(length).read_to_string(&mut request.body)?;
    Ok(request)
}
