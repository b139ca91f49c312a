//! A browser of one's own, and the program that drives it.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::error::WebDriverResult;
use thirtyfour::{
    CapabilitiesHelper as _, ChromiumLikeCapabilities as _, DesiredCapabilities, LoggingPrefsLogLevel,
    WebDriver,
};
use tokio::runtime::{Builder, Runtime};

use crate::harness::Process;

const TO_START: Duration = Duration::from_secs(30);
const READY: &str = "ChromeDriver was started successfully on port ";
const HOW_TO_GET_THEM: &str = "on Debian, `apt-get install chromium chromium-driver`; elsewhere, put `chromedriver` and its Chromium into the path";

/// It speaks to this machine only.
const ARGUMENTS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

/// A headless Chromium with a fresh profile.
pub(super) struct Browser {
    runtime: Runtime,
    driver: WebDriver,
    // Ends after the session was closed, and before its folder is removed.
    _chromedriver: Process,
    _home: TempDir,
}

impl Browser {
    #[track_caller]
    pub(super) fn start() -> Self {
        let home = tempfile::Builder::new()
            .prefix("clavis-browser-")
            .tempdir()
            .expect("a temporary directory");
        let (chromedriver, port) = chromedriver(home.path());
        let url = format!("http://127.0.0.1:{port}");
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let profile = home.path().join("profile");
        let started = runtime.block_on(async {
            let mut wanted = DesiredCapabilities::chrome();
            for argument in ARGUMENTS {
                wanted.add_arg(argument)?;
            }
            wanted.add_arg(&format!("--user-data-dir={}", profile.display()))?;
            wanted.set_browser_log_level(LoggingPrefsLogLevel::Info)?;
            // A dialog that opens stays open, so that it is found.
            wanted.set("unhandledPromptBehavior", "ignore")?;
            WebDriver::new(url, wanted).await
        });
        let driver = started.unwrap_or_else(|error| panic!("no browser: {error}\n{HOW_TO_GET_THEM}"));
        Self {
            runtime,
            driver,
            _chromedriver: chromedriver,
            _home: home,
        }
    }

    pub(super) fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// What the browser answers.
    pub(super) fn ask<T>(&self, asked: impl Future<Output = WebDriverResult<T>>) -> WebDriverResult<T> {
        self.runtime.block_on(asked)
    }

    /// What the browser answers, when it must know.
    #[track_caller]
    pub(super) fn done<T>(&self, asked: impl Future<Output = WebDriverResult<T>>) -> T {
        match self.ask(asked) {
            Ok(answer) => answer,
            Err(error) => panic!("{error}"),
        }
    }

    /// What a function body returns in the page.
    #[track_caller]
    pub(super) fn evaluate(&self, script: &str) -> Value {
        self.done(self.driver.execute(script, Vec::new())).json().clone()
    }

    #[track_caller]
    fn command(&self, method: &str, parameters: Value) {
        self.done(self.driver.cdp().send_raw(method, parameters));
    }

    /// A window of this many pixels.
    #[track_caller]
    pub(super) fn resize(&self, width: u32, height: u32) {
        // A real window is never as narrow as a telephone.
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", size);
    }

    /// `light` or `dark`, as the person's system would ask for.
    #[track_caller]
    pub(super) fn prefer(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.command("Emulation.setEmulatedMedia", features);
    }

    /// As a browser that knows no content policy: only the page itself protects.
    #[track_caller]
    pub(super) fn ignore_content_policies(&self) {
        self.command("Page.enable", json!({}));
        self.command("Page.setBypassCSP", json!({ "enabled": true }));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The test may have failed because the browser died.
        let _ = self.runtime.block_on(self.driver.clone().quit());
    }
}

/// A running driver and its port. It takes one of its own choice on IPv4 and then the same on IPv6, where somebody
/// else may be already.
#[track_caller]
fn chromedriver(home: &Path) -> (Process, u16) {
    let program = program();
    let mut said = String::new();
    for _ in 0..5 {
        let mut command = Command::new(&program);
        command.env_clear();
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
            .env("HOME", home)
            .env("TMPDIR", home)
            .current_dir(home)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = Process::spawn(command);
        if let Some(port) = port(&process) {
            return (process, port);
        }
        process.ended();
        said = process.stderr();
    }
    panic!("chromedriver does not start: {said}");
}

fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates = std::env::split_paths(&path).map(|folder| folder.join("chromedriver"));
    candidates
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| panic!("there is no chromedriver in the path: {HOW_TO_GET_THEM}"))
}

/// Where it listens; `None` when it ended instead.
#[track_caller]
fn port(chromedriver: &Process) -> Option<u16> {
    while let Some(line) = chromedriver.line(TO_START) {
        if let Some(port) = line.strip_prefix(READY) {
            let port = port.trim_end_matches('.').parse();
            return Some(port.unwrap_or_else(|_| panic!("no port: {line}")));
        }
    }
    None
}
