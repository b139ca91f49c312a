//! Child processes that never outlive us: Ctrl-C and SIGTERM are passed on, and waited for.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

pub(crate) struct Processes {
    signals: Signals,
    stopped: bool,
}

impl Processes {
    /// From here on a signal no longer ends this process: it ends its children, and then the command.
    pub(crate) fn new() -> Result<Self> {
        let signals = Signals::new([SIGCHLD, SIGHUP, SIGINT, SIGTERM]).context("cannot handle signals")?;
        Ok(Self {
            signals,
            stopped: false,
        })
    }

    /// Runs a command to its end; an error when it fails or when we were asked to stop.
    pub(crate) fn run(&mut self, command: &mut Command) -> Result<()> {
        let child = self.start(command)?;
        let status = self.wait(child)?;
        if self.stopped {
            bail!("stopped by a signal");
        }
        if !status.success() {
            bail!("`{}` failed: {status}", shown(command));
        }
        Ok(())
    }

    /// Starts a command in a process group of its own: a Ctrl-C reaches it through us alone, once.
    pub(crate) fn start(&mut self, command: &mut Command) -> Result<Running> {
        if self.stopped() {
            bail!("stopped by a signal");
        }
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot run `{}`", shown(command)))?;
        Ok(Running { child })
    }

    /// Waits until the child ends by itself, or because a signal that we got was passed on to it.
    pub(crate) fn wait(&mut self, mut running: Running) -> Result<ExitStatus> {
        if self.stopped {
            running.terminate();
        }
        loop {
            // SIGCHLD is queued from before the child existed, so its end cannot be missed.
            if let Some(status) = running.ended()? {
                return Ok(status);
            }
            if stops(self.signals.wait()) {
                self.stopped = true;
                running.terminate();
            }
        }
    }

    /// Whether we were asked to stop.
    pub(crate) fn stopped(&mut self) -> bool {
        self.stopped |= stops(self.signals.pending());
        self.stopped
    }

    /// Waits until we are asked to stop.
    pub(crate) fn wait_for_stop(&mut self) {
        while !self.stopped {
            self.stopped = stops(self.signals.wait());
        }
    }
}

/// Reads all of them: what is left unread is not announced again.
fn stops(signals: impl Iterator<Item = i32>) -> bool {
    signals.filter(|signal| *signal != SIGCHLD).count() > 0
}

/// A child and its group; told to end, and waited for, when it is dropped.
pub(crate) struct Running {
    child: Child,
}

impl Running {
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    fn terminate(&self) {
        // The only failure is that the group is gone already.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::TERM);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.terminate();
            let _ = self.child.wait();
        }
    }
}

fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(name)
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_command_that_fails_is_named() {
        let mut processes = Processes::new().unwrap();
        processes.run(&mut shell("exit 0")).unwrap();
        let error = processes.run(&mut shell("exit 3")).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c exit 3` failed: exit status: 3");
    }

    #[test]
    fn a_command_that_is_dropped_has_ended() {
        let mut processes = Processes::new().unwrap();
        let running = processes.start(&mut shell("exec sleep 600")).unwrap();
        let group = Pid::from_child(&running.child);
        drop(running);
        assert_ne!(rustix::process::test_kill_process(group), Ok(()));
    }
}
