use std::collections::HashSet;
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use reqwest::Method;
use tempfile::TempDir;

use super::database::{Database, execute_in_file};
use super::http::Request;
use super::process::{Cli, Process, command, limited, run, shell};

const TO_START: Duration = Duration::from_secs(30);
const LISTEN: &str = "CLAVIS_HTTP__LISTEN";
const PUBLIC_URL: &str = "CLAVIS_HTTP__PUBLIC_URL";
const DATA_DIR: &str = "CLAVIS_DATA__DIR";
const DATABASE_URL: &str = "CLAVIS_DATABASE__URL";
const READY: &str = "clavis is ready at ";

/// What every server of the tests is started with; a test's own settings come after and win.
const DEFAULTS: [(&str, &str); 4] = [
    (LISTEN, "127.0.0.1:0"),
    ("CLAVIS_PASSWORD__ARGON2", "m=8,t=1,p=1"),
    ("CLAVIS_LIMITS__LOGIN_PER_CLIENT_IP_PER_MINUTE", "0"),
    ("CLAVIS_DIALECTS__BACKEND_PLUS__MAX_REQUESTS", "0"),
];

/// A running server with a data directory and a database of its own.
pub(crate) struct Server {
    process: Process,
    base: String,
    home: Home,
    pub(super) read_mails: Mutex<HashSet<PathBuf>>,
}

/// What outlives a restart.
struct Home {
    environment: Vec<(String, String)>,
    database: Option<Database>,
    directory: TempDir,
    /// Largest file it may write, in KiB: what stands in for a full disk.
    file_limit: Option<u32>,
}

/// How a start was refused.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
}

/// An installation that nobody has used yet. Its keys take seconds to make, so one is made and the others are its copies.
struct Template {
    data: TempDir,
    database: Option<Database>,
}

impl Template {
    fn get() -> &'static Self {
        static TEMPLATE: OnceLock<Template> = OnceLock::new();
        TEMPLATE.get_or_init(|| {
            let template = Self {
                data: directory(),
                database: Database::template(),
            };
            let data = template.data.path().join("data");
            let mut environment = vec![(DATA_DIR.to_owned(), data.display().to_string())];
            let url = template.database.as_ref().map(Database::url);
            environment.extend(url.map(|url| (DATABASE_URL.to_owned(), url)));
            let mut migrate = command(template.data.path(), &environment);
            migrate.arg("migrate");
            run(migrate).ok();
            template
        })
    }

    /// Copies what is in the data folder.
    fn copy_to(&self, data: &Path) {
        let mut private = std::fs::DirBuilder::new();
        private.mode(0o700).create(data).expect("the directory is ours");
        let files = std::fs::read_dir(self.data.path().join("data")).expect("it was made");
        for file in files {
            let file = file.expect("it was made");
            std::fs::copy(file.path(), data.join(file.file_name())).expect("both directories are ours");
        }
    }
}

fn directory() -> TempDir {
    tempfile::Builder::new()
        .prefix("clavis-test-")
        .tempdir()
        .expect("a temporary directory")
}

impl Home {
    /// A copy of the template. Where a setting says where data or keys are, and for a start that is to be refused,
    /// nothing is there yet.
    fn fresh(settings: &[(&str, &str)]) -> Self {
        let own_place = |name: &str| {
            ["CLAVIS_DATA__", "CLAVIS_DATABASE__", "CLAVIS_SECRETS__"]
                .iter()
                .any(|section| name.starts_with(section))
        };
        if settings.iter().any(|(name, _)| own_place(name)) {
            return Self::empty(settings);
        }
        let template = Template::get();
        let home = Self::on(settings, Database::fresh(template.database.as_ref()));
        template.copy_to(&home.data());
        home
    }

    /// Nothing but an empty directory and an empty database.
    fn empty(settings: &[(&str, &str)]) -> Self {
        Self::on(settings, Database::fresh(None))
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn on(settings: &[(&str, &str)], database: Option<Database>) -> Self {
        let directory = directory();
        let data = directory.path().join("data");
        let mut environment = vec![(DATA_DIR.to_owned(), data.display().to_string())];
        environment.extend(
            database
                .iter()
                .map(|database| (DATABASE_URL.to_owned(), database.url())),
        );
        for (name, value) in DEFAULTS.iter().chain(settings) {
            environment.push(((*name).to_owned(), (*value).to_owned()));
        }
        if settings.iter().any(|(name, _)| *name == PUBLIC_URL) {
            // The ready line then tells the public address, so the other must be known before.
            environment.push((LISTEN.to_owned(), format!("127.0.0.1:{}", free_port())));
        }
        Self {
            environment,
            database,
            directory,
            file_limit: None,
        }
    }

    fn spawn(&self) -> Process {
        let mut serve = match self.file_limit {
            Some(limit) => limited(command(self.directory.path(), &self.environment), limit),
            None => command(self.directory.path(), &self.environment),
        };
        serve.arg("serve");
        Process::spawn(serve)
    }

    /// Starts and waits for the ready line; the error is how it ended instead.
    fn start(&self) -> Result<(Process, String), Failure> {
        let mut process = self.spawn();
        let Some(line) = process.line(TO_START) else {
            let status = process.ended();
            let stderr = process.stderr();
            let status = status.unwrap_or_else(|| panic!("it closed stdout and went on; stderr: {stderr}"));
            return Err(Failure { status, stderr });
        };
        let base = line
            .strip_prefix(READY)
            .unwrap_or_else(|| panic!("not the ready line: {line}"));
        Ok((process, base.to_owned()))
    }
}

impl Server {
    /// A server on fresh data with the settings of the tests.
    #[track_caller]
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// A server on fresh data with these settings over those of the tests.
    #[track_caller]
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
        Self::at(Home::fresh(settings))
    }

    /// As [`Server::with`], where no installation was ever made: the server makes its keys by itself.
    #[track_caller]
    pub(crate) fn for_the_first_time(settings: &[(&str, &str)]) -> Self {
        Self::at(Home::empty(settings))
    }

    #[track_caller]
    fn at(home: Home) -> Self {
        let (process, base) = started(home.start());
        Self {
            process,
            base: listening(&base, &home),
            home,
            read_mails: Mutex::default(),
        }
    }

    /// The absolute URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// `127.0.0.1:port`.
    pub(crate) fn authority(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.home.data()
    }

    /// Where it was started: where it looks for `clavis.toml`.
    pub(crate) fn working_dir(&self) -> &Path {
        self.home.directory.path()
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        self.process.stderr()
    }

    pub(crate) fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Request {
        Request::new(method, &self.url(path))
    }

    /// Runs a command of the binary with the server's settings.
    pub(crate) fn cli(&self, arguments: &[&str]) -> Cli {
        let mut cli = command(self.working_dir(), &self.home.environment);
        cli.args(arguments);
        run(cli)
    }

    /// Runs a script with bash as a person beside this server would: with the binary in the path, the same settings,
    /// and these variables.
    pub(crate) fn shell(&self, script: &str, variables: &[(&str, &str)]) -> Cli {
        run(shell(
            command(self.working_dir(), &self.home.environment),
            script,
            variables,
        ))
    }

    /// SIGTERM without waiting.
    pub(crate) fn terminate(&self) {
        self.process.terminate();
    }

    /// SIGTERM; it must end by itself, and well.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        self.terminate();
        self.ended_well();
    }

    /// Waits for the end that [`Server::terminate`] asked for.
    #[track_caller]
    pub(crate) fn ended_well(&mut self) {
        let status = self.process.ended();
        let log = self.log();
        assert!(
            status.is_some_and(|status| status.success()),
            "it ended with {status:?}; stderr: {log}"
        );
    }

    /// SIGKILL: no chance to finish anything.
    pub(crate) fn kill(&self) {
        self.process.kill();
    }

    /// Stops it if it still runs and starts it on the same data with the same settings; the port is another.
    #[track_caller]
    pub(crate) fn restart(&mut self) {
        self.restart_with(&[]);
    }

    /// As [`Server::restart`] with further settings, which win and stay.
    #[track_caller]
    pub(crate) fn restart_with(&mut self, settings: &[(&str, &str)]) {
        self.process.terminate();
        self.process.ended();
        self.set(settings);
        let (process, base) = started(self.home.start());
        self.process = process;
        self.base = listening(&base, &self.home);
    }

    /// As [`Server::restart_with`], when it must be refused.
    #[track_caller]
    pub(crate) fn fails_to_restart(&mut self, settings: &[(&str, &str)]) -> Failure {
        self.process.terminate();
        self.process.ended();
        self.set(settings);
        refused(self.home.start())
    }

    /// Starts it again where no file may grow past this; `None` lifts it.
    #[track_caller]
    pub(crate) fn restart_with_file_limit(&mut self, kibibytes: Option<u32>) {
        self.home.file_limit = kibibytes;
        self.restart();
    }

    /// Writes into its database behind its back.
    #[track_caller]
    pub(crate) fn execute_sql(&self, sql: &str) {
        match &self.home.database {
            Some(database) => database.execute(sql),
            None => execute_in_file(&self.data_dir().join("clavis.db"), sql),
        }
    }

    /// Everything its database holds: the bytes of its files, or all rows as XML with bytes in hex.
    pub(crate) fn stored(&self) -> Vec<u8> {
        match &self.home.database {
            Some(database) => database.dump().into_bytes(),
            None => ["clavis.db", "clavis.db-wal"]
                .iter()
                .flat_map(|name| std::fs::read(self.data_dir().join(name)).unwrap_or_default())
                .collect(),
        }
    }

    fn set(&mut self, settings: &[(&str, &str)]) {
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.home.environment.extend(settings);
    }
}

/// Starts a server on fresh data; it must be refused.
#[track_caller]
pub(crate) fn fails_to_start(settings: &[(&str, &str)]) -> Failure {
    refused(Home::empty(settings).start())
}

/// As [`fails_to_start`], with a `clavis.toml` of this text.
#[track_caller]
pub(crate) fn fails_to_start_from_file(toml: &str) -> Failure {
    let home = Home::empty(&[]);
    std::fs::write(home.directory.path().join("clavis.toml"), toml).expect("the directory is ours");
    refused(home.start())
}

#[track_caller]
fn started(start: Result<(Process, String), Failure>) -> (Process, String) {
    match start {
        Ok(started) => started,
        Err(failure) => panic!("it did not start: {}; stderr: {}", failure.status, failure.stderr),
    }
}

#[track_caller]
fn refused(start: Result<(Process, String), Failure>) -> Failure {
    match start {
        Ok((_, base)) => panic!("it started at {base}"),
        Err(failure) => failure,
    }
}

/// Where it listens: the ready line says so unless a test gave it a public URL of its own.
fn listening(ready: &str, home: &Home) -> String {
    let last = |wanted: &str| home.environment.iter().rev().find(|(name, _)| name == wanted);
    match (last(PUBLIC_URL), last(LISTEN)) {
        (Some(_), Some((_, listen))) => format!("http://{listen}"),
        (None, _) | (_, None) => ready.trim_end_matches('/').to_owned(),
    }
}

/// A port that nobody listened on a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}
