use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clavis_identity::AccountState;
use clavis_kernel::Email;
use clavis_rbac::ApplicationName;

/// An identity server: one account store behind every door.
#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// The settings file; without it `clavis.toml` in the current folder, if there is one.
    #[arg(long, global = true, env = "CLAVIS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print machine-readable output: one JSON object.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve every door until SIGTERM or SIGINT.
    Serve,
    /// Bring the database to this version's schema, and nothing else.
    Migrate,
    /// Accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// Applications that clients name in a log-in.
    #[command(subcommand)]
    App(AppCommand),
    /// Signing keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Tokens of back ends that administer users through the SSO users API.
    #[command(subcommand)]
    AdminToken(AdminTokenCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account.
    Create(CreateUser),
    /// Set an account's state; one that is not active loses its sessions.
    SetState(SetState),
}

#[derive(Debug, Args)]
pub(crate) struct CreateUser {
    /// The log-in address.
    #[arg(long)]
    pub email: Email,
    /// The password. Other users of this machine may see it in the process list; `-` reads it from standard input.
    #[arg(long)]
    pub password: String,
    /// A log-in name.
    #[arg(long)]
    pub name: Option<String>,
    /// A role; `admin` administers at every door.
    #[arg(long)]
    pub role: Option<String>,
    /// Active at once, the address vouched for; else the account awaits activation.
    #[arg(long)]
    pub active: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SetState {
    #[command(flatten)]
    pub who: Who,
    /// pending, active, locked, banned, deleted or withdrawn.
    pub state: AccountState,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Who {
    /// By log-in address.
    #[arg(long)]
    pub email: Option<Email>,
    /// By log-in name.
    #[arg(long)]
    pub name: Option<String>,
    /// By id.
    #[arg(long)]
    pub id: Option<clavis_kernel::AccountId>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Make an application.
    Create {
        /// Its name: what clients send as `app_id`.
        #[arg(long)]
        name: ApplicationName,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make new signing keys. Tokens signed with the old ones verify until they expire; clients that pin a
    /// public key must fetch the new one.
    Rotate {
        /// Whose keys: `backend_plus`, `pluto` or `openid`; without it everybody's.
        #[arg(long)]
        owner: Option<clavis_tokens::KeyOwner>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdminTokenCommand {
    /// Make a token, and print it this once: it is kept nowhere.
    Create {
        /// What the back end is called: in the audit trail, and to take the token back.
        #[arg(long)]
        name: clavis_flows::ClientName,
        /// A token that the back end has already, taken over to the letter; `-` reads it from standard input. Other
        /// users of this machine may see one in the process list.
        #[arg(long)]
        token: Option<String>,
        /// When it ends, as `2027-01-31T00:00:00Z`; without it never.
        #[arg(long)]
        expires: Option<chrono::DateTime<chrono::Utc>>,
    },
    /// List the tokens, without what is secret of them.
    List,
    /// Take a token back: it opens nothing from the next second on.
    Revoke {
        /// What the back end is called.
        #[arg(long)]
        name: clavis_flows::ClientName,
    },
}
