//! Stands between a client and a server, and spoils some of what they say.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What happens to requests whose first line has all of these texts, so many times.
pub(crate) struct Rule {
    pub(crate) on: &'static [&'static str],
    pub(crate) times: usize,
    pub(crate) what: What,
}

#[derive(Clone, Copy)]
pub(crate) enum What {
    /// It is answered without reaching the server.
    Answer(&'static str),
    /// It reaches the server, but the answer gets lost.
    LoseAnswer,
    /// Only so many bytes of the answer arrive.
    CutAnswer(usize),
    /// So many bytes of the answer arrive, and then nothing happens.
    StallAnswer(usize),
}

/// A port in front of a server.
pub(crate) struct Shim {
    pub(crate) address: SocketAddr,
    rules: Arc<Mutex<Vec<Rule>>>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Shim {
    pub(crate) async fn before(server: SocketAddr, rules: Vec<Rule>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let shim = Self {
            address: listener.local_addr().unwrap(),
            rules: Arc::new(Mutex::new(rules)),
            seen: Arc::default(),
        };
        let (rules, seen) = (Arc::clone(&shim.rules), Arc::clone(&shim.seen));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (rules, seen) = (Arc::clone(&rules), Arc::clone(&seen));
                tokio::spawn(async move {
                    // A client that hangs up in the middle is its own affair.
                    let _ = converse(client, server, &rules, &seen).await;
                });
            }
        });
        shim
    }

    /// The first lines of all requests that came.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// One request on one connection.
async fn converse(
    mut client: TcpStream,
    server: SocketAddr,
    rules: &Mutex<Vec<Rule>>,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    let end = loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if client.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8_lossy(&request[..end]).into_owned();
    let first = head.lines().next().unwrap_or_default().to_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.eq_ignore_ascii_case("content-length")).then(|| value.trim().parse::<usize>().unwrap())
    });
    while request.len() < end + 4 + length.unwrap_or(0) {
        if client.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let what = rules
        .lock()
        .unwrap()
        .iter_mut()
        .find(|rule| rule.times > 0 && rule.on.iter().all(|text| first.contains(text)))
        .map(|rule| {
            rule.times -= 1;
            rule.what
        });
    seen.lock().unwrap().push(first);
    if let Some(What::Answer(answer)) = what {
        return client.write_all(answer.as_bytes()).await;
    }
    request.splice(end..end, *b"\r\nconnection: close");
    let mut server = TcpStream::connect(server).await?;
    server.write_all(&request).await?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    match what {
        Some(What::LoseAnswer) => {}
        Some(What::CutAnswer(at)) => client.write_all(&answer[..at]).await?,
        Some(What::StallAnswer(at)) => {
            client.write_all(&answer[..at]).await?;
            std::future::pending::<()>().await;
        }
        _ => client.write_all(&answer).await?,
    }
    client.shutdown().await
}
