use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::Server;

/// One client for all tests: it follows no redirect and keeps no cookie.
fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(Duration::from_secs(30))
            .no_proxy();
        client.build().expect("an HTTP client")
    })
}

/// A request that is being put together.
#[derive(Debug)]
#[must_use]
pub(crate) struct Request {
    builder: RequestBuilder,
    cookies: Vec<String>,
}

impl Request {
    pub(super) fn new(method: Method, url: &str) -> Self {
        Self {
            builder: client().request(method, url),
            cookies: Vec::new(),
        }
    }

    fn then(self, add: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        Self {
            builder: add(self.builder),
            cookies: self.cookies,
        }
    }

    /// With `Content-Type: application/json`.
    pub(crate) fn json(self, body: Value) -> Self {
        self.then(|builder| builder.json(&body))
    }

    /// With `Content-Type: application/x-www-form-urlencoded`.
    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        self.then(|builder| builder.form(fields))
    }

    /// Appended to the URL, encoded.
    pub(crate) fn query(self, fields: &[(&str, &str)]) -> Self {
        self.then(|builder| builder.query(fields))
    }

    /// These bytes and nothing else; an empty content type is none.
    pub(crate) fn raw_body(self, body: impl Into<Vec<u8>>, content_type: &str) -> Self {
        let request = self.then(|builder| builder.body(body.into()));
        if content_type.is_empty() {
            request
        } else {
            request.header(CONTENT_TYPE.as_str(), content_type)
        }
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// One more header; a name may come twice.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        self.then(|builder| builder.header(name, value))
    }

    /// All cookies go out in one header.
    pub(crate) fn cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.push(format!("{name}={value}"));
        self
    }

    /// The answer; a connection that breaks off fails the test.
    #[track_caller]
    pub(crate) fn send(self) -> Answer {
        match self.try_send() {
            Ok(answer) => answer,
            Err(error) => panic!("no answer: {error}: {:?}", std::error::Error::source(&error)),
        }
    }

    /// For servers that may die meanwhile.
    pub(crate) fn try_send(self) -> Result<Answer, reqwest::Error> {
        let mut builder = self.builder;
        if !self.cookies.is_empty() {
            builder = builder.header(COOKIE, self.cookies.join("; "));
        }
        let response = builder.send()?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer {
            status,
            headers,
            body: response.bytes()?.to_vec(),
        })
    }
}

/// What came back. It prints as `STATUS BODY`.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// Compares with a number and prints as `200 OK`.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The header's first value.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers(name).into_iter().next()
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let values = self.headers.get_all(name).iter();
        values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect()
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON: {error}: {self}"))
    }

    /// The text at this JSON pointer; of what is no text, its JSON.
    #[track_caller]
    pub(crate) fn at(&self, pointer: &str) -> String {
        let json = self.json();
        match json.pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => panic!("nothing at {pointer}: {self}"),
        }
    }

    /// Itself, when it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self}");
        self
    }

    /// The cookies it sets, in its order.
    pub(crate) fn cookies(&self) -> Vec<Cookie> {
        self.headers(SET_COOKIE.as_str())
            .iter()
            .map(|line| Cookie::parse(line))
            .collect()
    }

    /// The cookie of this name.
    #[track_caller]
    pub(crate) fn cookie(&self, name: &str) -> Cookie {
        let cookie = self.cookies().into_iter().find(|cookie| cookie.name == name);
        cookie.unwrap_or_else(|| panic!("no cookie {name}: {:?}", self.headers(SET_COOKIE.as_str())))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!("{} {}", self.status.as_u16(), self.text());
        f.write_str(line.trim_end())
    }
}

/// One `Set-Cookie`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cookie {
    pub(crate) name: String,
    /// As it is on the wire: not decoded.
    pub(crate) value: String,
    /// `HttpOnly`, `Path=/`, …, in their order.
    pub(crate) attributes: Vec<String>,
}

impl Cookie {
    fn parse(line: &str) -> Self {
        let mut parts = line.split(';').map(|part| part.trim().to_owned());
        let pair = parts.next().unwrap_or_default();
        let (name, value) = pair.split_once('=').unwrap_or((&pair, ""));
        Self {
            name: name.to_owned(),
            value: value.to_owned(),
            attributes: parts.collect(),
        }
    }

    /// The value of an attribute, `""` for one that has none, ignoring case.
    pub(crate) fn attribute(&self, wanted: &str) -> Option<&str> {
        self.attributes.iter().find_map(|attribute| {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            name.eq_ignore_ascii_case(wanted).then_some(value)
        })
    }
}

impl Server {
    /// Sends bytes as they are on a connection of their own and returns all that comes back before the server
    /// closes it. The request must ask for that with `Connection: close`, unless it is too broken.
    #[track_caller]
    pub(crate) fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.authority()).expect("it listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a time is set");
        // A server may answer and close before it has read everything; what it said still counts.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let mut chunk = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut chunk) {
            answer.extend_from_slice(&chunk[..count]);
        }
        String::from_utf8_lossy(&answer).into_owned()
    }
}
