use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{Manner, State, sites};

/// A request, as far as a provider looks at it.
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) authorization: String,
    pub(crate) content_type: String,
    pub(crate) accept: String,
    /// The parameters of the query, or of the form.
    pub(crate) parameters: HashMap<String, String>,
}

impl Asked {
    /// A parameter; an empty text when it is not there.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// The bearer token; an empty text when there is none.
    pub(crate) fn bearer(&self) -> &str {
        self.authorization.strip_prefix("Bearer ").unwrap_or_default()
    }
}

/// Serves every connection in a thread of its own.
pub(crate) fn listen(listener: &TcpListener, state: &Arc<State>) {
    for stream in listener.incoming().map_while(Result::ok) {
        state.sites().connections += 1;
        let state = Arc::clone(state);
        // A client that hangs up in the middle has asked nothing.
        thread::spawn(move || serve(stream, &state));
    }
}

fn serve(stream: TcpStream, state: &State) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = read(&mut stream, state)? {
        let manner = {
            let mut sites = state.sites();
            *sites.asked.entry(asked.path.clone()).or_default() += 1;
            sites.manners.get(&asked.path).cloned()
        };
        let stream = stream.get_mut();
        match manner.unwrap_or(Manner::Well) {
            Manner::Well => {
                let (status, body) = sites::answer(&asked, state);
                answer(stream, status, &text(&body))?;
            }
            Manner::Answers(status, body) => answer(stream, status, &body)?,
            Manner::Says(members) => {
                let (status, body) = sites::answer(&asked, state);
                answer(stream, status, &text(&changed(body, &members)))?;
            }
            Manner::Redirects(to) => write!(
                stream,
                "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
            )?,
            Manner::Floods => return flood(stream),
            Manner::Drips => return drip(stream),
            Manner::Hangs => {
                thread::sleep(Duration::from_mins(2));
                return Ok(());
            }
            Manner::Breaks => {
                let (_, body) = sites::answer(&asked, state);
                let body = text(&body);
                head(stream, 200, body.len())?;
                return stream.write_all(&body.as_bytes()[..body.len() / 2]);
            }
        }
    }
    Ok(())
}

/// As it is sent: JSON, or what is to be no JSON.
fn text(body: &Value) -> String {
    match body {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn changed(mut body: Value, members: &Value) -> Value {
    let members = members.as_object().expect("members of an object");
    if let Value::Object(body) = &mut body {
        for (name, value) in members {
            if value.is_null() {
                body.remove(name);
            } else {
                body.insert(name.clone(), value.clone());
            }
        }
    }
    body
}

/// JSON in one text that does not end.
fn flood(stream: &mut TcpStream) -> io::Result<()> {
    head(stream, 200, usize::MAX / 2)?;
    stream.write_all(b"{\"filler\":\"")?;
    let filler = [b'x'; 8 * 1024];
    loop {
        stream.write_all(&filler)?;
    }
}

fn drip(stream: &mut TcpStream) -> io::Result<()> {
    head(stream, 200, 1_000_000)?;
    stream.write_all(b"{")?;
    loop {
        stream.write_all(b" ")?;
        thread::sleep(Duration::from_millis(50));
    }
}

fn answer(stream: &mut TcpStream, status: u16, body: &str) -> io::Result<()> {
    head(stream, status, body.len())?;
    stream.write_all(body.as_bytes())
}

fn head(stream: &mut TcpStream, status: u16, length: usize) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status} Provider\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// The next request of the connection; `None` when it is closed.
fn read(stream: &mut BufReader<TcpStream>, state: &State) -> io::Result<Option<Asked>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default().to_owned();
    let (mut authorization, mut content_type, mut length) = (String::new(), String::new(), 0);
    let mut accept = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match &*name.to_ascii_lowercase() {
            "authorization" => value.clone_into(&mut authorization),
            "content-type" => value.clone_into(&mut content_type),
            "accept" => value.clone_into(&mut accept),
            "content-length" => length = value.parse().map_err(io::Error::other)?,
            _ => {}
        }
    }
    let mut body = String::new();
    stream.take(length).read_to_string(&mut body)?;
    state
        .sites()
        .log
        .push(format!("{method} {target} {authorization} {body}"));
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let parameters = if method == "POST" { &body } else { query };
    Ok(Some(Asked {
        method,
        path: path.to_owned(),
        authorization,
        content_type,
        accept,
        parameters: url::form_urlencoded::parse(parameters.as_bytes())
            .into_owned()
            .collect(),
    }))
}
