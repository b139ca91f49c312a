use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::within;

mod tests;

const USER: &str = "ACtest0123456789";
const PASSWORD: &str = "gateway-password";
const TWILIO_PATH: &str = "/2010-04-01/Accounts/ACtest0123456789/Messages.json";
const FROM: &str = "+15551234567";

/// A gateway for text messages that keeps what it takes, speaks both protocols, and can be told to misbehave.
pub(crate) struct SmsGateway {
    address: SocketAddr,
    state: Arc<State>,
}

/// What it does with the next texts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SmsManner {
    /// Takes them.
    Takes,
    /// Takes them, after so long.
    TakesAfter(Duration),
    /// Answers with this status and no error's number.
    Answers(u16),
    /// Refuses with this error of Twilio's, and says to whom and what the text was.
    RefusesWith(u32),
    /// Never answers.
    Hangs,
    /// Reads them and hangs up.
    Closes,
}

/// A text message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SmsText {
    pub(crate) to: String,
    pub(crate) text: String,
}

struct State {
    manner: Mutex<SmsManner>,
    taken: Mutex<Vec<SmsText>>,
    /// How many texts were offered, taken or not.
    offered: Mutex<usize>,
}

impl SmsGateway {
    /// Listens on a port of 127.0.0.1 until the test's process ends.
    #[track_caller]
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(State {
            manner: Mutex::new(SmsManner::Takes),
            taken: Mutex::default(),
            offered: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                // A client that hangs up in the middle has sent no text.
                thread::spawn(move || shared.serve(stream));
            }
        });
        Self { address, state }
    }

    /// `sms.url` for the gateway as a webhook, with credentials.
    pub(crate) fn webhook_url(&self) -> String {
        format!("http://{USER}:{PASSWORD}@{}/send", self.address)
    }

    /// `sms.url` for the gateway as Twilio.
    pub(crate) fn twilio_url(&self) -> String {
        format!("twilio://{USER}:{PASSWORD}@{FROM}?api=http://{}", self.address)
    }

    /// What of its URLs must be seen nowhere.
    pub(crate) fn password() -> &'static str {
        PASSWORD
    }

    /// How it treats texts from now on.
    pub(crate) fn behave(&self, manner: SmsManner) {
        *self.state.manner.lock().unwrap() = manner;
    }

    /// The newest text to this number; waits for it.
    #[track_caller]
    pub(crate) fn text_to(&self, number: &str) -> String {
        let mut found = None;
        let came = within(Duration::from_secs(10), || {
            let taken = self.state.taken.lock().unwrap();
            found = taken.iter().rev().find(|text| text.to == number).cloned();
            found.is_some()
        });
        assert!(came, "no text to {number} came to the gateway");
        found.expect("it came").text
    }

    /// Every text taken so far, the oldest first.
    pub(crate) fn taken(&self) -> Vec<SmsText> {
        self.state.taken.lock().unwrap().clone()
    }

    /// How many texts were offered so far, taken or not.
    pub(crate) fn offered(&self) -> usize {
        *self.state.offered.lock().unwrap()
    }
}

/// A request, as far as a gateway looks at it.
struct Asked {
    path: String,
    authorization: String,
    body: String,
}

impl State {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let mut lines = BufReader::new(stream);
        let asked = read(&mut lines)?;
        let mut stream = lines.into_inner();
        if asked.authorization != format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}"))) {
            return answer(&mut stream, 401, &json!({ "code": 20003, "status": 401 }));
        }
        let Some(text) = text(&asked) else {
            return answer(&mut stream, 404, &json!({ "code": 20404, "status": 404 }));
        };
        *self.offered.lock().unwrap() += 1;
        let manner = *self.manner.lock().unwrap();
        match manner {
            SmsManner::Takes => {}
            SmsManner::TakesAfter(time) => thread::sleep(time),
            SmsManner::Answers(status) => return answer(&mut stream, status, &Value::Null),
            SmsManner::RefusesWith(code) => {
                let message = format!("'To' number {} is refused: {}", text.to, text.text);
                let body = json!({ "code": code, "message": message, "status": 400 });
                return answer(&mut stream, 400, &body);
            }
            SmsManner::Hangs => {
                thread::sleep(Duration::from_mins(2));
                return Ok(());
            }
            SmsManner::Closes => return Ok(()),
        }
        self.taken.lock().unwrap().push(text);
        answer(&mut stream, 201, &json!({ "sid": "SM0", "status": "queued" }))
    }
}

/// The text in either protocol; `None` when it is neither's.
fn text(asked: &Asked) -> Option<SmsText> {
    match &*asked.path {
        "/send" => {
            let body: Value = serde_json::from_str(&asked.body).ok()?;
            let field = |name: &str| Some(body.get(name)?.as_str()?.to_owned());
            Some(SmsText {
                to: field("to")?,
                text: field("text")?,
            })
        }
        TWILIO_PATH => {
            let fields: Vec<_> = url::form_urlencoded::parse(asked.body.as_bytes()).collect();
            let field = |name: &str| {
                let found = fields.iter().find(|(other, _)| other == name)?;
                Some(found.1.clone().into_owned())
            };
            (field("From")? == FROM).then_some(())?;
            Some(SmsText {
                to: field("To")?,
                text: field("Body")?,
            })
        }
        _ => None,
    }
}

fn answer(stream: &mut TcpStream, status: u16, body: &Value) -> io::Result<()> {
    let body = body.to_string();
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} Gateway\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
}

fn read(lines: &mut BufReader<TcpStream>) -> io::Result<Asked> {
    let mut line = String::new();
    lines.read_line(&mut line)?;
    let mut asked = Asked {
        path: line.split(' ').nth(1).unwrap_or_default().to_owned(),
        authorization: String::new(),
        body: String::new(),
    };
    let mut length = 0;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match &*name.to_ascii_lowercase() {
            "authorization" => value.clone_into(&mut asked.authorization),
            "content-length" => length = value.parse().map_err(io::Error::other)?,
            _ => {}
        }
    }
    lines.take(length).read_to_string(&mut asked.body)?;
    Ok(asked)
}
