mod admin_tokens;

use std::io::Read as _;

use clavis_flows::{AccountSelector, NewUser, SignUpError};
use clavis_identity::{Name, PasswordHash};
use clavis_kernel::{AccountId, Email, Secret, StoreError};
use clavis_tokens::KeyOwner;
use serde_json::json;

use crate::cli::{AppCommand, Cli, Command, CreateUser, KeysCommand, SetState, UserCommand};
use crate::config::{self, ConfigError, Settings};
use crate::installation::{self, Installation, OpenError};
use crate::serve::ServeError;
use crate::{logging, serve};

/// Longest password or token read from standard input, in bytes.
const MAX_STDIN_PASSWORD: u64 = 8192;

/// Why a command failed: one line for standard error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Log(String),
    #[error("the runtime could not be started: {0}")]
    Runtime(std::io::Error),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error("database: {0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Refused(String),
}

/// Does what the command line says.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let settings = config::load(cli.config.as_deref(), variables)?;
    logging::start(&settings.log).map_err(Failure::Log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::Runtime)?;
    let json = cli.json;
    runtime.block_on(async {
        match cli.command {
            Command::Serve => Ok(serve::run(settings).await?),
            Command::Migrate => migrate(&settings, json).await,
            Command::User(UserCommand::Create(user)) => create_user(&settings, user, json).await,
            Command::User(UserCommand::SetState(command)) => set_state(&settings, command, json).await,
            Command::App(AppCommand::Create { name }) => create_application(&settings, name, json).await,
            Command::Keys(KeysCommand::Rotate { owner }) => rotate_keys(&settings, owner, json).await,
            Command::AdminToken(command) => admin_tokens::run(&settings, command, json).await,
        }
    })
}

async fn migrate(settings: &Settings, json: bool) -> Result<(), Failure> {
    Installation::open(settings).await?;
    say(
        json,
        &json!({ "status": "up to date" }),
        "the database has this version's schema",
    );
    Ok(())
}

async fn create_user(settings: &Settings, command: CreateUser, json: bool) -> Result<(), Failure> {
    let installation = Installation::open(settings).await?;
    let password = password(&command.password)?;
    let name = command.name.as_deref().map(str::parse::<Name>).transpose();
    let name = name.map_err(|error| Failure::Refused(format!("--name: {error}")))?;
    let hash = PasswordHash::generate(&password, settings.password.argon2, installation.entropy.as_ref());
    let user = NewUser {
        address: command.email,
        name,
        password: hash,
        active: command.active,
        role: command.role,
    };
    let account = installation.transaction(move |on| on.create_user(&user)).await?;
    let account = account.map_err(|refusal: SignUpError| Failure::Refused(refusal.to_string()))?;
    say(
        json,
        &json!({
            "id": account.id.to_string(),
            "uid": account.uid.as_str(),
            "number": account.number.0,
            "state": account.state.name(),
        }),
        &format!(
            "account {} (uid {}, number {}) is {}",
            account.id, account.uid, account.number, account.state
        ),
    );
    Ok(())
}

async fn set_state(settings: &Settings, command: SetState, json: bool) -> Result<(), Failure> {
    let selector = selector(command.who.email, command.who.name.as_deref(), command.who.id)?;
    let installation = Installation::open(settings).await?;
    let state = command.state;
    let account = installation
        .transaction(move |on| on.set_state(&selector, state))
        .await?;
    let account = account.map_err(|refusal| Failure::Refused(refusal.to_string()))?;
    say(
        json,
        &json!({ "id": account.id.to_string(), "state": account.state.name() }),
        &format!("account {} is {}", account.id, account.state),
    );
    Ok(())
}

async fn create_application(
    settings: &Settings,
    name: clavis_rbac::ApplicationName,
    json: bool,
) -> Result<(), Failure> {
    let installation = Installation::open(settings).await?;
    let application = installation
        .transaction(move |on| on.create_application(&name))
        .await?;
    let application = application.map_err(|refusal| Failure::Refused(refusal.to_string()))?;
    say(
        json,
        &json!({ "id": application.id.0, "name": application.name }),
        &format!("application {} has the id {}", application.name, application.id),
    );
    Ok(())
}

async fn rotate_keys(settings: &Settings, owner: Option<KeyOwner>, json: bool) -> Result<(), Failure> {
    let installation = Installation::open(settings).await?;
    let wanted: Vec<_> = KeyOwner::STANDARD_KEYS
        .into_iter()
        .filter(|(key_owner, _)| owner.is_none_or(|owner| owner == *key_owner))
        .collect();
    if wanted.is_empty() {
        return Err(Failure::Refused(
            "--owner: this owner has no signing keys".to_owned(),
        ));
    }
    let fresh = installation::generate(wanted).await?;
    let now = installation.clock.now();
    let records = installation
        .transaction(move |on| on.replace_keys(&fresh, now))
        .await?;
    let new: Vec<_> = records
        .iter()
        .filter(|key| key.created_at >= now && key.retired_at.is_none())
        .collect();
    let listed: Vec<_> = new
        .iter()
        .map(|key| json!({ "kid": key.kid, "owner": key.owner.name(), "algorithm": key.algorithm.name() }))
        .collect();
    let lines: Vec<_> = new
        .iter()
        .map(|key| format!("{} {} {}", key.owner.name(), key.algorithm, key.kid))
        .collect();
    say(json, &json!({ "keys": listed }), &lines.join("\n"));
    Ok(())
}

fn selector(
    email: Option<Email>,
    name: Option<&str>,
    id: Option<AccountId>,
) -> Result<AccountSelector, Failure> {
    match (email, name, id) {
        (Some(email), _, _) => Ok(AccountSelector::Address(email)),
        (None, Some(name), _) => name
            .parse()
            .map(AccountSelector::Name)
            .map_err(|error| Failure::Refused(format!("--name: {error}"))),
        (None, None, Some(id)) => Ok(AccountSelector::Id(id)),
        (None, None, None) => Err(Failure::Refused(
            "name the account by --email, --name or --id".to_owned(),
        )),
    }
}

fn password(given: &str) -> Result<Secret, Failure> {
    let text = given_or_read("--password", given)?;
    if text.trim().is_empty() {
        return Err(Failure::Refused("--password: a password is not empty".to_owned()));
    }
    Ok(Secret::new(text))
}

/// What stands on the command line, or, for `-`, what standard input says.
fn given_or_read(option: &str, given: &str) -> Result<String, Failure> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let mut text = String::new();
    std::io::stdin()
        .take(MAX_STDIN_PASSWORD)
        .read_to_string(&mut text)
        .map_err(|error| Failure::Refused(format!("{option} -: {error}")))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn say(json: bool, machine: &serde_json::Value, person: &str) {
    if json {
        println!("{machine}");
    } else {
        println!("{person}");
    }
}
