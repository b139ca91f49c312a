//! The release binary, serving on loopback from a place of its own.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::blocking::Client;
use rustix::process::{Pid, Signal, kill_process};

use crate::database::Place;
use crate::provider::Provider;
use crate::storage;

/// What the line begins with that says where it serves.
const READY: &str = "clavis is ready at ";
const PATIENCE: Duration = Duration::from_mins(1);

/// No limit of a client's requests: here one client is many. Everything else is as shipped.
const SETTINGS: [(&str, &str); 7] = [
    ("CLAVIS_HTTP__LISTEN", "127.0.0.1:0"),
    ("CLAVIS_LIMITS__LOGIN_PER_CLIENT_IP_PER_MINUTE", "0"),
    ("CLAVIS_DIALECTS__BACKEND_PLUS__MAX_REQUESTS", "0"),
    ("CLAVIS_DIALECTS__BACKEND_PLUS__AUTO_ACTIVATE_NEW_USERS", "true"),
    // Every image is changed anew: what is remembered is a file like others.
    ("CLAVIS_DIALECTS__BACKEND_PLUS__STORAGE_IMAGE_CACHE_BYTES", "0"),
    ("CLAVIS_DIALECTS__BARONG__DOCUMENTS_LIMIT", "1000"),
    // Requests are signed before they are sent: on a slow machine, a while before.
    ("CLAVIS_DIALECTS__BARONG__API_KEY_NONCE_LIFETIME_MS", "10000"),
];

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    origin: String,
    /// The program with its settings, for commands beside the server.
    cli: Cli,
}

struct Cli {
    program: PathBuf,
    folder: PathBuf,
    variables: Vec<(&'static str, OsString)>,
}

impl Server {
    /// Starts one, and returns it with the time until it answered the first request.
    pub(crate) fn start(program: &Path, place: &Place, client: &Client) -> Result<(Self, Duration)> {
        storage::write_rules(place.folder())?;
        let log_file = place.folder().join("log");
        let log = File::create(&log_file).context("cannot make the server's log")?;
        let cli = Cli::at(program, place)?;
        let mut command = cli.command();
        command.arg("serve").stdout(Stdio::piped()).stderr(log);
        let started = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let mut server = Self {
            child,
            origin: String::new(),
            cli,
        };
        let stdout = server.child.stdout.take().context("the server has no output")?;
        server.origin = address(stdout).with_context(|| {
            let log = std::fs::read_to_string(&log_file).unwrap_or_default();
            format!("the server did not start:\n{log}")
        })?;
        let answer = client.get(server.at("/healthz")).send()?;
        ensure!(
            answer.status().is_success(),
            "the server's first answer is {}",
            answer.status()
        );
        Ok((server, started.elapsed()))
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// A token for a back end, made beside the running server.
    pub(crate) fn admin_token(&self) -> Result<String> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("bench-{}-{}", self.pid(), MADE.fetch_add(1, Ordering::Relaxed));
        let mut command = self.cli.command();
        command.args(["admin-token", "create", "--name", &name]);
        let output = command.output().context("cannot make a token")?;
        ensure!(
            output.status.success(),
            "no token was made: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).context("cannot stop the server")?;
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the server ended with {status}");
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        bail!("the server did not stop")
    }
}

impl Cli {
    fn at(program: &Path, place: &Place) -> Result<Self> {
        let mut variables: Vec<(&'static str, OsString)> = SETTINGS
            .iter()
            .map(|(name, value)| (*name, OsString::from(value)))
            .collect();
        let provider = Provider::shared()?.settings().into_iter();
        variables.extend(provider.map(|(name, value)| (name, OsString::from(value))));
        variables.push(("CLAVIS_DATA__DIR", OsString::from(place.data())));
        if let Some(url) = place.postgres_url() {
            variables.push(("CLAVIS_DATABASE__URL", OsString::from(url)));
        }
        Ok(Self {
            program: program.to_owned(),
            folder: place.folder().to_owned(),
            variables,
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(&self.folder)
            // Settings of whoever calls must not change what is measured.
            .env_clear()
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the line with the address; what comes after it is read and forgotten.
fn address(stdout: ChildStdout) -> Result<String> {
    let (found, address) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(url) = line.strip_prefix(READY) {
                let _ = found.send(url.trim_end_matches('/').to_owned());
            }
        }
    });
    address
        .recv_timeout(PATIENCE)
        .context("it did not say that it is ready")
}
