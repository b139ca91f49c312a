use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const TO_STOP: Duration = Duration::from_secs(10);

/// How a command ended, and what it said.
#[derive(Debug)]
pub(crate) struct Cli {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Cli {
    /// What it printed, after having succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert!(
            self.status.success(),
            "{}\nstdout: {}\nstderr: {}",
            self.status,
            self.stdout,
            self.stderr
        );
        self.stdout
    }

    /// What it complained, after having failed.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert!(
            !self.status.success(),
            "it succeeded\nstdout: {}\nstderr: {}",
            self.stdout,
            self.stderr
        );
        self.stderr
    }
}

/// The binary under test.
pub(crate) fn binary() -> PathBuf {
    #[expect(
        clippy::disallowed_methods,
        reason = "the harness is configured by its environment"
    )]
    let path = std::env::var("CLAVIS_BIN").map_or_else(|_| beside_this_test(), PathBuf::from);
    assert!(
        path.is_file(),
        "there is no {}: build it with `cargo build`, or name another with CLAVIS_BIN",
        path.display()
    );
    path
}

/// `target/debug/clavis` for a test that is `target/debug/deps/clavis_tests-…`.
fn beside_this_test() -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    test.ancestors()
        .nth(2)
        .expect("it is in target/<profile>/deps")
        .join("clavis")
}

/// The binary in a directory, with these variables and no other of ours.
pub(crate) fn command(directory: &Path, environment: &[(String, String)]) -> Command {
    let mut command = Command::new(binary());
    command.env_clear();
    for inherited in ["PATH", "HOME"] {
        if let Some(value) = std::env::var_os(inherited) {
            command.env(inherited, value);
        }
    }
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The same command where no file may grow past a size: a write past it fails as on a full disk.
pub(crate) fn limited(command: Command, kibibytes: u32) -> Command {
    // Without the trap the kernel would end the process instead of failing the write.
    let script = format!("trap '' XFSZ; ulimit -f {kibibytes}; exec \"$0\" \"$@\"");
    let program = command.get_program().to_owned();
    let mut shell = instead(&command, "bash");
    shell.arg("-c").arg(script).arg(program);
    shell
}

/// A script where the binary is in the path.
pub(crate) fn shell(command: Command, script: &str, variables: &[(&str, &str)]) -> Command {
    let mut shell = instead(&command, "bash");
    let beside = binary().parent().expect("it is in a folder").to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(beside).chain(std::env::split_paths(&others)));
    shell.env("PATH", path.expect("a folder's name without a colon"));
    shell.envs(variables.iter().copied()).arg("-c").arg(script);
    shell
}

/// Another program in the same place with the same environment.
fn instead(command: &Command, program: &str) -> Command {
    let mut other = Command::new(program);
    other.env_clear().envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    other.current_dir(command.get_current_dir().expect("it was set"));
    other
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    other
}

/// Runs a command to its end.
pub(crate) fn run(mut command: Command) -> Cli {
    let output = command.output().expect("the binary runs");
    Cli {
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A server's process.
pub(crate) struct Process {
    child: Mutex<Child>,
    stdout: Mutex<Receiver<String>>,
    stderr: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the binary starts");
        let (lines, stdout) = mpsc::channel();
        let out = child.stdout.take().expect("stdout is piped");
        let err = child.stderr.take().expect("stderr is piped");
        let stderr = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&stderr);
        let readers = vec![
            std::thread::spawn(move || {
                for line in BufReader::new(out).lines().map_while(Result::ok) {
                    // Nobody listens after the ready line, but the pipe must not fill up.
                    let _ = lines.send(line);
                }
            }),
            std::thread::spawn(move || {
                let mut err = BufReader::new(err);
                let mut chunk = [0; 4096];
                while let Ok(count @ 1..) = err.read(&mut chunk) {
                    kept.lock()
                        .unwrap()
                        .push_str(&String::from_utf8_lossy(&chunk[..count]));
                }
            }),
        ];
        Self {
            child: Mutex::new(child),
            stdout: Mutex::new(stdout),
            stderr,
            readers,
        }
    }

    /// The next line on stdout; `None` when there will be none.
    #[track_caller]
    pub(crate) fn line(&self, within: Duration) -> Option<String> {
        match self.stdout.lock().unwrap().recv_timeout(within) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing on stdout; stderr: {}", self.stderr()),
        }
    }

    /// What it wrote to stderr so far.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// SIGKILL, and its end.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
        self.child.lock().unwrap().wait().expect("a killed child ends");
    }

    /// Waits for its end, and makes one when it takes too long.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        let until = Instant::now() + TO_STOP;
        while Instant::now() < until {
            if let Ok(Some(status)) = self.child.lock().unwrap().try_wait() {
                for reader in self.readers.drain(..) {
                    let _ = reader.join();
                }
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.kill();
        None
    }

    /// Only a child that was not waited for has its id; any other process may have it later.
    fn signal(&self, signal: Signal) {
        let mut child = self.child.lock().unwrap();
        if let Ok(None) = child.try_wait() {
            let id = i32::try_from(child.id())
                .ok()
                .and_then(Pid::from_raw)
                .expect("a process id");
            let _ = kill_process(id, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.terminate();
        self.ended();
    }
}
