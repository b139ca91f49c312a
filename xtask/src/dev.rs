//! `cargo xtask dev`.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cluster::DATABASE_VARIABLE;
use crate::processes::{Processes, Running};
use crate::workspace::{BINARY_VARIABLE, Profile, Workspace};

const ADMIN: &str = "admin@example.org";
/// The setting that names the rules of `/storage`; without one, the sample's hold.
const STORAGE_RULES: &str = "CLAVIS_DIALECTS__BACKEND_PLUS__STORAGE_RULES";
const PORTS: std::ops::Range<u16> = 8080..8180;

/// The first start makes RSA keys, and a debug build is slow at it.
const READY_WITHIN: Duration = Duration::from_mins(1);
const READY_POLL: Duration = Duration::from_millis(50);

/// Builds and runs the server on your machine, with an administrator and a mailbox page
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Use this database instead of the embedded one in `target/dev-data`
    #[arg(long, value_name = "URL")]
    database: Option<String>,

    /// Address and port [default: 127.0.0.1:8080, or the next free port]
    #[arg(long, env = "CLAVIS_HTTP__LISTEN")]
    listen: Option<SocketAddr>,

    /// Build it optimised
    #[arg(long)]
    release: bool,
}

pub(crate) fn run(options: &Options, workspace: &Workspace, processes: &mut Processes) -> Result<()> {
    let profile = if options.release {
        Profile::Release
    } else {
        Profile::Debug
    };
    processes.run(&mut workspace.build_binary(profile))?;

    let data = workspace.dev_data();
    fs::create_dir_all(&data).with_context(|| format!("cannot create {}", data.display()))?;
    let password = admin_password(&data)?;
    let listen = match options.listen {
        Some(address) => address,
        None => free_address()?,
    };

    let mut command = Command::new(workspace.binary(profile));
    command
        .arg("serve")
        .current_dir(&workspace.root)
        // These are for the tests; the server refuses settings that it does not know.
        .env_remove(BINARY_VARIABLE)
        .env_remove(DATABASE_VARIABLE)
        .env("CLAVIS_DEV", "true")
        .env("CLAVIS_DATA__DIR", &data)
        .env("CLAVIS_HTTP__LISTEN", listen.to_string())
        .env("CLAVIS_ADMIN__EMAIL", ADMIN)
        .env("CLAVIS_ADMIN__PASSWORD", &password);
    if let Some(url) = &options.database {
        command.env("CLAVIS_DATABASE__URL", url);
    }
    if std::env::var_os(STORAGE_RULES).is_none() {
        command.env(STORAGE_RULES, workspace.root.join("deploy/storage-rules.yaml"));
    }
    let mut server = processes.start(&mut command)?;
    await_ready(&mut server, listen, processes)?;
    println!();
    println!("  Clavis     http://{listen}");
    println!("  Mailbox    http://{listen}/dev/mailbox");
    println!("  Admin      {ADMIN}");
    println!("  Password   {password}");
    println!("  Data       {} (remove it to start afresh)", data.display());
    println!("  Ctrl-C stops it.");
    println!();

    let status = processes.wait(server)?;
    if !status.success() {
        bail!("the server ended: {status}");
    }
    Ok(())
}

fn await_ready(server: &mut Running, listen: SocketAddr, processes: &mut Processes) -> Result<()> {
    let deadline = Instant::now() + READY_WITHIN;
    while !answers_ready(listen) {
        if let Some(status) = server.ended()? {
            bail!("the server ended before it was ready: {status}");
        }
        if processes.stopped() {
            bail!("stopped by a signal");
        }
        if Instant::now() > deadline {
            bail!("the server is not ready after {} s", READY_WITHIN.as_secs());
        }
        sleep(READY_POLL);
    }
    Ok(())
}

fn answers_ready(address: SocketAddr) -> bool {
    let mut start = [0; 12];
    let asked = TcpStream::connect_timeout(&address, READY_WITHIN).and_then(|mut stream| {
        stream.set_read_timeout(Some(READY_WITHIN))?;
        write!(
            stream,
            "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        stream.read_exact(&mut start)
    });
    asked.is_ok() && &start == b"HTTP/1.1 200"
}

fn free_address() -> Result<SocketAddr> {
    let address = PORTS
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .with_context(|| format!("all ports from {} to {} are taken", PORTS.start, PORTS.end - 1))?;
    if address.port() != PORTS.start {
        println!("Port {} is taken; using {}.", PORTS.start, address.port());
    }
    Ok(address)
}

/// The administrator's password: made once, and kept beside the data that knows it.
fn admin_password(data: &Path) -> Result<String> {
    let path = data.join("admin-password");
    match fs::read_to_string(&path) {
        Ok(password) => return Ok(password.trim_end().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
    let mut random = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut random))
        .context("no randomness")?;
    let password = format!("Clavis-{:032x}", u128::from_be_bytes(random));
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| writeln!(file, "{password}"))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(password)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::thread;

    use super::*;

    #[test]
    fn the_password_is_made_once_and_kept_to_its_owner() {
        let data = tempfile::tempdir().unwrap();
        let password = admin_password(data.path()).unwrap();
        assert_eq!(admin_password(data.path()).unwrap(), password);
        let mode = fs::metadata(data.path().join("admin-password"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_ne!(
            admin_password(tempfile::tempdir().unwrap().path()).unwrap(),
            password
        );
    }

    #[track_caller]
    fn check_readiness(answer: &'static str, expected: bool) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            assert!(request[..length].starts_with(b"GET /readyz HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        assert_eq!(answers_ready(address), expected);
        server.join().unwrap();
        // Nobody listens there any more.
        assert!(!answers_ready(address));
    }

    #[test]
    fn only_an_ok_is_ready() {
        check_readiness("HTTP/1.1 200 OK\r\n\r\n", true);
        check_readiness("HTTP/1.1 503 Service Unavailable\r\n\r\n", false);
        check_readiness("", false);
    }
}
