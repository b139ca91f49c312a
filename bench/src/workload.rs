//! What clients ask for.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use reqwest::blocking::Client;

use crate::ceilings::Ceiling;
use crate::client::{Door, Session, sessions};
use crate::database::PASSWORD;
use crate::people::{AGENT, GATE, Person, keys, people, signed};
use crate::provider::Provider;
use crate::server::Server;
use crate::storage;
use crate::wrk::{Load, Script};

/// Sessions whose tokens are checked.
const CHECKED: u32 = 64;
/// A document's size.
const UPLOADED_BYTES: u32 = 100 * 1024;
/// Users on a page.
const PER_PAGE: u32 = 10;
/// Refresh tokens beside those in use: for the few that are lost to a refusal.
const SPARE: u32 = 8;

/// What `--only` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Group {
    Register,
    Login,
    Refresh,
    Check,
    Jwks,
    Gateway,
    Upload,
    List,
    Storage,
    ThirdParty,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workload {
    Register,
    LogIn,
    RefreshPluto,
    RefreshBackendPlus,
    Info,
    Verify,
    JwksBackendPlus,
    JwksAll,
    GatewayCookie,
    GatewayKey,
    Upload,
    UserList,
    StoredFile,
    StoredImage,
    ThirdParty,
}

/// What a workload is made from.
pub(crate) struct Material<'a> {
    pub(crate) server: &'a Server,
    pub(crate) client: &'a Client,
    pub(crate) folder: &'a Path,
    pub(crate) accounts: u32,
}

impl Workload {
    pub(crate) const ALL: [Self; 15] = [
        Self::Register,
        Self::LogIn,
        Self::RefreshPluto,
        Self::RefreshBackendPlus,
        Self::Info,
        Self::Verify,
        Self::JwksBackendPlus,
        Self::JwksAll,
        Self::GatewayCookie,
        Self::GatewayKey,
        Self::Upload,
        Self::UserList,
        Self::StoredFile,
        Self::StoredImage,
        Self::ThirdParty,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::LogIn => "log in",
            Self::RefreshPluto => "refresh, Pluto",
            Self::RefreshBackendPlus => "refresh, Backend Plus",
            Self::Info => "check: user info",
            Self::Verify => "check: access/verify",
            Self::JwksBackendPlus => "/auth/jwks",
            Self::JwksAll => "/.well-known/jwks.json",
            Self::GatewayCookie => "gateway: cookie",
            Self::GatewayKey => "gateway: signed",
            Self::Upload => "upload, 100 KiB",
            Self::UserList => "user listing",
            Self::StoredFile => "storage: 4 KiB",
            Self::StoredImage => "storage: image, w=320",
            Self::ThirdParty => "third-party log-in",
        }
    }

    pub(crate) const fn group(self) -> Group {
        match self {
            Self::Register => Group::Register,
            Self::LogIn => Group::Login,
            Self::RefreshPluto | Self::RefreshBackendPlus => Group::Refresh,
            Self::Info | Self::Verify => Group::Check,
            Self::JwksBackendPlus | Self::JwksAll => Group::Jwks,
            Self::GatewayCookie | Self::GatewayKey => Group::Gateway,
            Self::Upload => Group::Upload,
            Self::UserList => Group::List,
            Self::StoredFile | Self::StoredImage => Group::Storage,
            Self::ThirdParty => Group::ThirdParty,
        }
    }

    /// What holds it back first, and what would next.
    pub(crate) const fn ceilings(self) -> &'static [Ceiling] {
        match self {
            Self::Register | Self::LogIn => &[Ceiling::Hashes, Ceiling::Commits],
            Self::RefreshPluto | Self::RefreshBackendPlus => &[Ceiling::Commits, Ceiling::Signatures],
            Self::Info
            | Self::Verify
            | Self::JwksBackendPlus
            | Self::JwksAll
            | Self::GatewayCookie
            | Self::GatewayKey
            | Self::UserList
            | Self::StoredFile
            | Self::StoredImage => &[Ceiling::Requests],
            Self::Upload | Self::ThirdParty => &[Ceiling::Commits],
        }
    }

    /// The load of so many clients.
    pub(crate) fn load(self, material: &Material<'_>, clients: u32) -> Result<Load> {
        let accounts = material.accounts.to_string();
        let password = PASSWORD.to_owned();
        let (script, path, arguments) = match self {
            Self::Register => {
                let prefix = format!("new-{clients}-{}", material.server.pid());
                (Script::Register, "/auth/register", vec![prefix, password])
            }
            Self::LogIn => (Script::LogIn, "/auth/login", vec![accounts, password]),
            Self::RefreshPluto => {
                let tokens = material.tokens(Door::Pluto, clients + SPARE)?;
                let arguments = vec![tokens, "pluto".to_owned()];
                (Script::Refresh, "/v1/token/refresh", arguments)
            }
            Self::RefreshBackendPlus => {
                let tokens = material.tokens(Door::BackendPlus, clients + SPARE)?;
                let arguments = vec![tokens, "backend_plus".to_owned()];
                (Script::Refresh, "/auth/token/refresh", arguments)
            }
            Self::Info => {
                let info =
                    |session: &Session| format!("/v1/user/info/{} {}", session.number, session.access_token);
                (Script::Read, "/", vec![material.checks(info)?])
            }
            Self::Verify => {
                let verify =
                    |session: &Session| format!("/v1/token/access/verify?token={}", session.access_token);
                (Script::Read, "/", vec![material.checks(verify)?])
            }
            Self::JwksBackendPlus => (Script::Same, "/auth/jwks", Vec::new()),
            Self::JwksAll => (Script::Same, "/.well-known/jwks.json", Vec::new()),
            Self::GatewayCookie => {
                let people = material.people(&format!("cookie-{clients}"))?;
                let cookies = material.file(&people, |person| person.cookie.clone())?;
                (Script::Cookie, GATE, vec![cookies, AGENT.to_owned()])
            }
            Self::GatewayKey => {
                let people = material.people(&format!("signed-{clients}"))?;
                let keys = keys(material.client, material.server, &people)?;
                (Script::Signed, GATE, vec![material.written(&signed(&keys)?)?])
            }
            Self::UserList => (Script::Read, "/", vec![material.lists()?]),
            Self::StoredFile => {
                let path = storage::file(material.client, material.server)?;
                (Script::Same, path, Vec::new())
            }
            Self::StoredImage => {
                let path = storage::image(material.client, material.server)?;
                (Script::Same, path, Vec::new())
            }
            Self::ThirdParty => {
                let prefix = format!("third-{clients}-{}", material.server.pid());
                let provider = Provider::shared()?;
                let bodies = provider.people(material.client, material.server, &prefix, CHECKED)?;
                let arguments = vec![material.file(&bodies, Clone::clone)?];
                (Script::Post, "/token/third_party", arguments)
            }
            Self::Upload => {
                let people = material.people(&format!("upload-{clients}"))?;
                let tokens = material.file(&people, |person| person.token.clone())?;
                (
                    Script::Upload,
                    "/documents",
                    vec![tokens, UPLOADED_BYTES.to_string()],
                )
            }
        };
        Ok(Load {
            script,
            origin: material.server.origin().to_owned(),
            path,
            arguments,
        })
    }
}

impl Material<'_> {
    /// A file of refresh tokens.
    fn tokens(&self, door: Door, count: u32) -> Result<String> {
        let sessions = sessions(self.client, self.server, door, self.accounts, count)?;
        self.file(&sessions, |session| session.refresh_token.clone())
    }

    /// A file of requests with access tokens.
    fn checks(&self, request: impl Fn(&Session) -> String) -> Result<String> {
        let sessions = sessions(self.client, self.server, Door::Pluto, self.accounts, CHECKED)?;
        self.file(&sessions, request)
    }

    /// A file of requests for the first and the last page of users in several orders, with a back end's token.
    fn lists(&self) -> Result<String> {
        let token = self.server.admin_token()?;
        let last = self.accounts.div_ceil(PER_PAGE).max(1);
        let sorts = ["created_at", "-last_login_at", "email", "-last_name"];
        let lines: Vec<String> = sorts
            .iter()
            .flat_map(|sort| [1, last].map(|page| format!("/api/users?sort={sort}&page={page} {token}")))
            .collect();
        self.file(&lines, Clone::clone)
    }

    /// Accounts of their own, logged in.
    fn people(&self, prefix: &str) -> Result<Vec<Person>> {
        let prefix = format!("{prefix}-{}", self.server.pid());
        people(self.client, self.server, &prefix, CHECKED)
    }

    fn file<T>(&self, things: &[T], line: impl Fn(&T) -> String) -> Result<String> {
        let mut text = String::new();
        for thing in things {
            writeln!(text, "{}", line(thing)).context("a text cannot be written")?;
        }
        self.written(&text)
    }

    fn written(&self, text: &str) -> Result<String> {
        let path: PathBuf = self.folder.join("requests");
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path.display().to_string())
    }
}
