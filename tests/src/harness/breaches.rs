use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A server that speaks the range API of Pwned Passwords, and can be told to misbehave.
pub(crate) struct BreachServer {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    /// What comes back: the status and the body.
    answer: Mutex<(u16, String)>,
    /// How long it takes.
    delay: Mutex<Duration>,
    /// What was asked for: each request's first line and headers.
    asked: Mutex<Vec<String>>,
}

impl BreachServer {
    /// Listens on a port of 127.0.0.1 until the test's process ends, and knows nothing yet.
    #[track_caller]
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(State {
            answer: Mutex::new((200, String::new())),
            delay: Mutex::default(),
            asked: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.serve(stream));
            }
        });
        Self { address, state }
    }

    /// `password.breached_range_url`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/range", self.address)
    }

    /// Answers so from now on.
    pub(crate) fn answer(&self, status: u16, body: &str) {
        *self.state.answer.lock().unwrap() = (status, body.to_owned());
    }

    /// Takes so long from now on.
    pub(crate) fn delay(&self, delay: Duration) {
        *self.state.delay.lock().unwrap() = delay;
    }

    /// The requests so far: first lines and headers.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.asked.lock().unwrap().clone()
    }
}

impl State {
    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut request = String::new();
        let mut lines = BufReader::new(stream.try_clone().ok()?);
        while !request.ends_with("\r\n\r\n") {
            if lines.read_line(&mut request).ok()? == 0 {
                return None;
            }
        }
        self.asked.lock().unwrap().push(request);
        thread::sleep(*self.delay.lock().unwrap());
        let (status, body) = self.answer.lock().unwrap().clone();
        let length = body.len();
        let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).ok()
    }
}
