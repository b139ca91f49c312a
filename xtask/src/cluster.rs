//! A PostgreSQL server of our own, in a temporary folder, that is gone when its value is dropped.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// Names the PostgreSQL that the tests use.
pub(crate) const DATABASE_VARIABLE: &str = "CLAVIS_TEST_DATABASE";

/// Where Debian keeps one folder of programs per version.
const DEBIAN_VERSIONS: &str = "/usr/lib/postgresql";

const PROGRAMS: [&str; 3] = ["initdb", "postgres", "pg_ctl"];

/// How often a port that was free may be gone again by the time the server wants it.
const ATTEMPTS: u32 = 3;

/// Whether a commit waits for the disk.
#[derive(Clone, Copy)]
pub(crate) enum Durability {
    On,
    Off,
}

pub(crate) struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    user: Option<User>,
    url: String,
}

impl Cluster {
    pub(crate) fn start(durability: Durability) -> Result<Self> {
        let programs = find_programs(
            pg_config_bindir(),
            Path::new(DEBIAN_VERSIONS),
            env::var_os("PATH"),
        )
        .with_context(|| {
            format!(
                "no PostgreSQL server programs found (initdb, postgres, pg_ctl). Install them \
                     (Debian: `apt-get install postgresql`, macOS: `brew install postgresql`), or name \
                     a running server in {DATABASE_VARIABLE}, or use `cargo xtask test --sqlite-only`"
            )
        })?;
        let folder = tempfile::Builder::new()
            .prefix("clavis-pg-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .context("no temporary folder")?;
        let user = User::for_server()?;
        if let Some(user) = &user {
            chown(folder.path(), Some(user.id), Some(user.group)).context("cannot hand over the folder")?;
        }
        let mut cluster = Self {
            folder,
            programs,
            user,
            url: String::new(),
        };
        cluster.initialise(durability)?;
        let mut attempt = 1;
        loop {
            match cluster.listen() {
                Ok(()) => return Ok(cluster),
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// A superuser's connection to the database `postgres`, no password.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn initialise(&self, durability: Durability) -> Result<()> {
        let mut initdb = self.program("initdb");
        initdb.args([
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ]);
        run(initdb.arg("--pgdata").arg(self.data()))?;
        let settings = settings(self.folder.path(), durability);
        OpenOptions::new()
            .append(true)
            .open(self.data().join("postgresql.conf"))
            .and_then(|mut file| file.write_all(settings.as_bytes()))
            .context("cannot write postgresql.conf")
    }

    fn listen(&mut self) -> Result<()> {
        let port = free_port()?;
        let log = self.folder.path().join("log");
        let mut start = self.program("pg_ctl");
        start
            .args(["start", "--wait", "--silent", "--pgdata"])
            .arg(self.data());
        start
            .args(["--options", &format!("-p {port}"), "--log"])
            .arg(&log);
        if let Err(error) = run(&mut start) {
            let log = fs::read_to_string(&log).unwrap_or_default();
            bail!("PostgreSQL does not start: {error:#}\n{log}");
        }
        self.url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// One of the server's programs, as the user that may run it, and out of reach of a Ctrl-C that is
    /// meant for us.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = Command::new(&path);
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .process_group(0);
        // A server that somebody else pointed these at is not ours.
        for variable in ["PGDATA", "PGPORT", "PGHOST", "PGOPTIONS"] {
            command.env_remove(variable);
        }
        if let Some(user) = &self.user {
            command.uid(user.id).gid(user.group);
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !self.data().join("postmaster.pid").exists() {
            return;
        }
        // Nobody needs the data again, so nothing is written back.
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "--wait", "--silent", "--mode=immediate", "--pgdata"])
            .arg(self.data());
        if let Err(error) = run(&mut stop) {
            eprintln!(
                "xtask: PostgreSQL in {} was not stopped: {error:#}",
                self.folder.path().display()
            );
        }
    }
}

/// The user `postgres`, under whom the server runs: it refuses to be root.
struct User {
    id: u32,
    group: u32,
}

impl User {
    /// `None` when we are not root and may run the server as ourselves.
    fn for_server() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let number = |flag: &str| -> Result<u32> {
            let output = Command::new("id")
                .args([flag, "postgres"])
                .output()
                .context("cannot run `id`")?;
            let text = String::from_utf8_lossy(&output.stdout);
            text.trim().parse().context(
                "PostgreSQL refuses to run as root and there is no user `postgres` to run it as: \
                 `useradd --system postgres`",
            )
        };
        Ok(Some(Self {
            id: number("-u")?,
            group: number("-g")?,
        }))
    }
}

fn settings(folder: &Path, durability: Durability) -> String {
    let sockets = folder.display();
    let fsync = match durability {
        Durability::On => "on",
        Durability::Off => "off",
    };
    format!(
        "listen_addresses = '127.0.0.1'\n\
         unix_socket_directories = '{sockets}'\n\
         max_connections = 200\n\
         fsync = {fsync}\n\
         full_page_writes = {fsync}\n"
    )
}

fn run(command: &mut Command) -> Result<()> {
    // Into a file, not a pipe: the server inherits it and would hold a pipe open for its whole life.
    let mut errors = tempfile::tempfile().context("no temporary file")?;
    command.stdout(Stdio::null()).stderr(errors.try_clone()?);
    let name = command.get_program().display().to_string();
    let status = command.status().with_context(|| format!("cannot run {name}"))?;
    if status.success() {
        return Ok(());
    }
    std::io::Seek::rewind(&mut errors)?;
    bail!(
        "{name} failed: {status}\n{}",
        std::io::read_to_string(errors)?.trim_end()
    );
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

fn pg_config_bindir() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(folder.trim_end()))
}

/// The folder with the server's programs. `pg_config` may belong to the client library alone, so each
/// place is looked into before it is believed.
fn find_programs(
    pg_config: Option<PathBuf>,
    versions: &Path,
    path: Option<impl AsRef<OsStr>>,
) -> Option<PathBuf> {
    let on_path: Vec<PathBuf> = path
        .map(|path| env::split_paths(&path).collect())
        .unwrap_or_default();
    pg_config
        .into_iter()
        .chain(newest_first(versions))
        .chain(on_path)
        .find(|folder| PROGRAMS.iter().all(|program| folder.join(program).is_file()))
}

fn newest_first(versions: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(versions).into_iter().flatten().flatten();
    let mut found: Vec<(Vec<u32>, PathBuf)> = folders
        .filter_map(|folder| {
            let name = folder.file_name().into_string().ok()?;
            let version = name
                .split('.')
                .map(|part| part.parse().ok())
                .collect::<Option<Vec<u32>>>()?;
            Some((version, folder.path().join("bin")))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        for program in PROGRAMS {
            fs::write(folder.join(program), "").unwrap();
        }
    }

    #[test]
    fn the_newest_version_with_a_server_is_found() {
        let versions = tempfile::tempdir().unwrap();
        for version in ["9.6", "15", "16", "common"] {
            install(&versions.path().join(version).join("bin"));
        }
        // 17 is a client only.
        fs::create_dir_all(versions.path().join("17/bin")).unwrap();
        let client = Some(versions.path().join("17/bin"));
        let found = find_programs(client, versions.path(), None::<&OsStr>);
        assert_eq!(found, Some(versions.path().join("16/bin")));
    }

    #[test]
    fn what_pg_config_names_comes_first_and_the_path_last() {
        let root = tempfile::tempdir().unwrap();
        let (named, versions, on_path) = (
            root.path().join("named"),
            root.path().join("versions"),
            root.path().join("path"),
        );
        install(&on_path);
        let path = env::join_paths([root.path(), &on_path]).unwrap();
        assert_eq!(
            find_programs(Some(named.clone()), &versions, Some(&path)),
            Some(on_path)
        );
        install(&named);
        assert_eq!(
            find_programs(Some(named.clone()), &versions, Some(&path)),
            Some(named)
        );
    }

    #[test]
    fn without_a_server_nothing_is_found() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(find_programs(None, empty.path(), Some(empty.path())), None);
    }

    #[test]
    fn only_a_durable_cluster_waits_for_the_disk() {
        let folder = Path::new("/tmp/x");
        assert!(settings(folder, Durability::On).contains("\nfsync = on\n"));
        assert!(settings(folder, Durability::Off).contains("\nfsync = off\n"));
        assert!(settings(folder, Durability::Off).contains("listen_addresses = '127.0.0.1'\n"));
    }
}
