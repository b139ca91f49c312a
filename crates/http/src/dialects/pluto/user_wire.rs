//! What user endpoints read and show.

use std::collections::BTreeMap;

use clavis_flows::{AccountCounts, AccountView, Binding, FoundAccount};
use clavis_identity::AccountState;
use clavis_kernel::Dialect;
use serde::{Deserialize, Serialize};

use super::rbac_wire::Ids;
use super::social::Social;
use super::wire::Text;
use crate::PublicUrl;

/// What logging in by an address is called.
pub(super) const MAIL: &str = "mail";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SearchRequest {
    pub(super) account: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PublicRequest {
    pub(super) ids: Ids,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct UpdateRequest {
    pub(super) name: Text,
    pub(super) gender: Text,
    pub(super) avatar: Text,
}

#[derive(Serialize)]
pub(super) struct UserInfo {
    sub: i64,
    mail: Option<String>,
    name: String,
    avatar: String,
    login_type: String,
    verified: bool,
    /// As the documents spell it; it is one role all the same.
    roles: String,
    /// As the older server spelt it.
    role: String,
    created_at: i64,
    updated_at: i64,
}

/// A user's own record.
#[derive(Serialize)]
pub(super) struct OwnInfo {
    #[serde(flatten)]
    info: UserInfo,
    app_id: String,
    bindings: Vec<BindingShown>,
    /// `"true"` or `"false"`: a text.
    is_password_set: &'static str,
    user_id: String,
    user_id_updated: bool,
}

#[derive(Serialize)]
struct BindingShown {
    login_type: String,
    mail: String,
}

#[derive(Serialize)]
pub(super) struct Users {
    users: Vec<User>,
}

#[derive(Serialize)]
struct User {
    id: i64,
    name: String,
    mail: String,
    avatar: String,
    login_type: String,
    applications: Vec<UserApplication>,
}

#[derive(Serialize)]
struct UserApplication {
    id: i64,
    name: String,
    roles: Vec<UserRole>,
}

#[derive(Serialize)]
struct UserRole {
    id: i64,
    name: String,
}

#[derive(Serialize)]
pub(super) struct Counts {
    total: u64,
    google: u64,
    apple: u64,
    mail: u64,
}

#[derive(Serialize)]
pub(super) struct Summary {
    total: u64,
}

impl UserInfo {
    pub(super) fn new(view: &AccountView, role: Option<String>, base: &PublicUrl) -> Self {
        let account = &view.account;
        let role = role.unwrap_or_default();
        Self {
            sub: account.number.0,
            mail: view.address().map(|address| address.as_str().to_owned()),
            name: name(view),
            avatar: avatar(view, base),
            login_type: login_type(view),
            verified: account.state == AccountState::Active,
            roles: role.clone(),
            role,
            created_at: account.created_at.timestamp(),
            updated_at: account.updated_at.timestamp(),
        }
    }
}

impl OwnInfo {
    pub(super) fn new(view: &AccountView, info: UserInfo, application: &str, has_password: bool) -> Self {
        let mut address = view.address();
        let bindings = view.bindings(&Social::providers());
        let bindings = bindings.iter().map(|binding| BindingShown {
            login_type: spelt(binding),
            // The address shown is that of the first way; what other providers told is not kept.
            mail: address
                .take()
                .map_or_else(String::new, |address| address.as_str().to_owned()),
        });
        Self {
            app_id: application.to_owned(),
            bindings: bindings.collect(),
            is_password_set: if has_password { "true" } else { "false" },
            user_id: info.name.clone(),
            user_id_updated: !info.name.is_empty(),
            info,
        }
    }
}

impl Users {
    pub(super) fn new(found: Vec<FoundAccount>, base: &PublicUrl) -> Self {
        let users = found.into_iter().map(|found| User::new(found, base));
        Self {
            users: users.collect(),
        }
    }
}

impl User {
    fn new(found: FoundAccount, base: &PublicUrl) -> Self {
        let view = &found.view;
        let applications = found.applications.into_iter().map(|held| UserApplication {
            id: held.application.id.0,
            name: held.application.name,
            roles: held
                .roles
                .into_iter()
                .map(|role| UserRole {
                    id: role.id.0,
                    name: role.name,
                })
                .collect(),
        });
        Self {
            id: view.account.number.0,
            name: name(view),
            mail: view
                .address()
                .map(|address| address.as_str().to_owned())
                .unwrap_or_default(),
            avatar: avatar(view, base),
            login_type: login_type(view),
            applications: applications.collect(),
        }
    }
}

impl From<&AccountCounts> for Counts {
    /// Of counts for which Google and Apple were asked about, in this order.
    fn from(counts: &AccountCounts) -> Self {
        let known_at = |nth| counts.known_at.get(nth).copied().unwrap_or_default();
        Self {
            total: counts.total,
            google: known_at(0),
            apple: known_at(1),
            mail: counts.with_address,
        }
    }
}

impl From<&AccountCounts> for Summary {
    fn from(counts: &AccountCounts) -> Self {
        Self { total: counts.total }
    }
}

/// Users by id, as anybody may see them.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct PublicUsers(BTreeMap<i64, PublicUser>);

#[derive(Serialize)]
struct PublicUser {
    id: i64,
    name: String,
    avatar: String,
}

impl PublicUsers {
    pub(super) fn new(views: &[AccountView], base: &PublicUrl) -> Self {
        let users = views.iter().map(|view| {
            let id = view.account.number.0;
            let (name, avatar) = (name(view), avatar(view, base));
            (id, PublicUser { id, name, avatar })
        });
        Self(users.collect())
    }
}

/// How Pluto calls a way to log in.
fn spelt(binding: &Binding) -> String {
    match binding {
        Binding::Address => MAIL.to_owned(),
        Binding::Provider(provider) => provider.as_str().to_owned(),
    }
}

/// How somebody logs in: by the first of the ways. Who has none that Pluto knows has a name and a password, as mail users
/// have.
fn login_type(view: &AccountView) -> String {
    view.bindings(&Social::providers())
        .first()
        .map_or_else(|| MAIL.to_owned(), spelt)
}

/// Pluto's name, or the one an operator gave; what another dialect calls the account is none.
fn name(view: &AccountView) -> String {
    let name = view.name(Dialect::Pluto).or_else(|| view.name(Dialect::Operator));
    name.unwrap_or_default().to_owned()
}

/// Always absolute, and there for everybody: who never had a picture has the one drawn from their id.
fn avatar(view: &AccountView, base: &PublicUrl) -> String {
    match view.account.avatar.as_deref() {
        Some(avatar) if avatar.starts_with('/') => base.join(avatar),
        Some(avatar) => avatar.to_owned(),
        None => {
            let digest = openssl::sha::sha256(view.account.id.0.as_bytes());
            let name: String = hex::encode(digest).chars().take(16).collect();
            base.join(&format!("/web/avatar/{name}.png"))
        }
    }
}
