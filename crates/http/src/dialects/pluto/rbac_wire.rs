//! What the endpoints for applications, roles and scopes read and show.

use std::fmt;

use chrono::SecondsFormat;
use clavis_flows::ApplicationSelector;
use clavis_kernel::{AccountNumber, ApplicationId, RoleId, ScopeId};
use clavis_rbac::{Application, DisplayName, RoleScopes, Scope};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::error::PlutoError;
use super::wire::Text;

/// Most ids in one request.
const MAX_IDS: usize = 1000;
/// Most names of an application.
const MAX_NAMES: usize = 100;

/// An id: an integer, or a text of digits. 0 and an empty text count as missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Id(Option<i64>);

impl Id {
    fn required(self) -> Result<i64, PlutoError> {
        self.0.ok_or(PlutoError::BAD_REQUEST)
    }

    pub(super) fn role(self) -> Result<RoleId, PlutoError> {
        self.required().map(RoleId)
    }

    pub(super) fn scope(self) -> Result<ScopeId, PlutoError> {
        self.required().map(ScopeId)
    }

    pub(super) fn account(self) -> Result<AccountNumber, PlutoError> {
        self.required().map(AccountNumber)
    }

    /// `None` for a text of anything but digits, or for a number that no id is.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Some(Self(None));
        }
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = digits.then(|| text.parse().ok()).flatten()?;
        Some(Self((number > 0).then_some(number)))
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id, as an integer or in digits")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Id, E> {
        let number = i64::try_from(number).map_err(E::custom)?;
        Ok(Id((number > 0).then_some(number)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Id, E> {
        self.visit_u64(u64::try_from(number).map_err(E::custom)?)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Id, E> {
        Id::parse(text).ok_or_else(|| E::custom("not an id"))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

/// Ids: an array of them or, where a parameter is a text, one text with commas between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ids(Vec<i64>);

impl Ids {
    /// The ids, of which there must be some.
    pub(super) fn required(&self) -> Result<&[i64], PlutoError> {
        if self.0.is_empty() {
            return Err(PlutoError::BAD_REQUEST);
        }
        Ok(&self.0)
    }

    /// `None` when something in them is no id, or when they are too many.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let ids: Option<Vec<Id>> = text.split(',').take(MAX_IDS + 1).map(Id::parse).collect();
        Self::of(ids?)
    }

    /// Ids from several texts, as [`Ids::parse`].
    pub(super) fn parse_all<'t>(texts: impl Iterator<Item = &'t str>) -> Option<Self> {
        let mut all = Vec::new();
        for text in texts {
            all.extend(Self::parse(text)?.0);
            if all.len() > MAX_IDS {
                return None;
            }
        }
        Some(Self(all))
    }

    fn of(ids: Vec<Id>) -> Option<Self> {
        (ids.len() <= MAX_IDS).then(|| Self(ids.into_iter().filter_map(|id| id.0).collect()))
    }
}

struct IdsVisitor;

impl<'de> Visitor<'de> for IdsVisitor {
    type Value = Ids;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ids")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Ids, A::Error> {
        let mut ids = Vec::new();
        while let Some(id) = items.next_element::<Id>()? {
            if ids.len() == MAX_IDS {
                return Err(A::Error::custom("too many ids"));
            }
            ids.push(id);
        }
        Ids::of(ids).ok_or_else(|| A::Error::custom("too many ids"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Ids, E> {
        Ids::parse(text).ok_or_else(|| E::custom("not ids"))
    }
}

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdsVisitor)
    }
}

/// An application by its id, as an integer or in digits, or by its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ApplicationParameter(Option<ApplicationSelector>);

impl ApplicationParameter {
    pub(super) fn required(self) -> Result<ApplicationSelector, PlutoError> {
        self.0.ok_or(PlutoError::BAD_REQUEST)
    }
}

struct ApplicationVisitor;

impl Visitor<'_> for ApplicationVisitor {
    type Value = ApplicationParameter;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the id of an application, or its name")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<ApplicationParameter, E> {
        IdVisitor.visit_u64(number).map(by_id)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<ApplicationParameter, E> {
        IdVisitor.visit_i64(number).map(by_id)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ApplicationParameter, E> {
        let text = text.trim();
        if text.contains('\0') {
            return Err(E::custom("a NUL in a text"));
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return IdVisitor.visit_str(text).map(by_id);
        }
        Ok(ApplicationParameter(Some(ApplicationSelector::Name(
            text.to_owned(),
        ))))
    }
}

fn by_id(id: Id) -> ApplicationParameter {
    ApplicationParameter(id.0.map(|id| ApplicationSelector::Id(ApplicationId(id))))
}

impl<'de> Deserialize<'de> for ApplicationParameter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ApplicationVisitor)
    }
}

/// What the endpoints take, each as much of it as it needs.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RbacRequest {
    #[serde(rename = "app_id")]
    pub(super) application: ApplicationParameter,
    #[serde(rename = "role_id")]
    pub(super) role: Id,
    #[serde(rename = "scope_id")]
    pub(super) scope: Id,
    #[serde(rename = "user_id")]
    pub(super) user: Id,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NameRequest {
    pub(super) app_id: ApplicationParameter,
    pub(super) name: Text,
}

/// An application's own name: here `app_id` means nothing, whatever it is.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ApplicationNameRequest {
    pub(super) name: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ScopesRequest {
    pub(super) role_id: Id,
    pub(super) scopes: Ids,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DisplayNamesRequest {
    pub(super) app_id: ApplicationParameter,
    i18n_names: Vec<DisplayNameWire>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DisplayNameWire {
    tag: Text,
    i18n_name: Text,
}

impl DisplayNamesRequest {
    /// The names, of which there must be some.
    pub(super) fn names(&self) -> Result<Vec<DisplayName>, PlutoError> {
        if self.i18n_names.is_empty() || self.i18n_names.len() > MAX_NAMES {
            return Err(PlutoError::BAD_REQUEST);
        }
        let names = self.i18n_names.iter().map(|name| {
            let tag = name.tag.parse().map_err(|_| PlutoError::BAD_REQUEST)?;
            DisplayName::new(tag, &name.i18n_name).map_err(|_| PlutoError::BAD_REQUEST)
        });
        names.collect()
    }
}

#[derive(Serialize)]
pub(super) struct CreatedApplication {
    application: WholeApplication,
}

#[derive(Serialize)]
struct WholeApplication {
    id: i64,
    created_at: String,
    updated_at: String,
    /// No application is ever deleted.
    deleted_at: Option<String>,
    name: String,
    /// What the older server had a column for, and no use.
    webhook: &'static str,
    default_role: Option<i64>,
}

impl From<Application> for CreatedApplication {
    fn from(application: Application) -> Self {
        let written =
            |moment: chrono::DateTime<chrono::Utc>| moment.to_rfc3339_opts(SecondsFormat::Secs, true);
        Self {
            application: WholeApplication {
                id: application.id.0,
                created_at: written(application.created_at),
                updated_at: written(application.updated_at),
                deleted_at: None,
                default_role: application.default_role.map(|role| role.0),
                name: application.name,
                webhook: "",
            },
        }
    }
}

#[derive(Serialize)]
pub(super) struct ApplicationList {
    applications: Vec<ApplicationShown>,
}

#[derive(Serialize)]
struct ApplicationShown {
    id: i64,
    name: String,
    default_role: Option<i64>,
}

impl From<Application> for ApplicationShown {
    fn from(application: Application) -> Self {
        Self {
            id: application.id.0,
            default_role: application.default_role.map(|role| role.0),
            name: application.name,
        }
    }
}

impl From<Vec<Application>> for ApplicationList {
    fn from(applications: Vec<Application>) -> Self {
        Self {
            applications: applications.into_iter().map(ApplicationShown::from).collect(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct RoleList {
    application: ApplicationShown,
    roles: Vec<RoleShown>,
}

#[derive(Serialize)]
struct RoleShown {
    id: i64,
    name: String,
    default_scope: Option<i64>,
    scopes: Vec<ScopeShown>,
}

#[derive(Serialize)]
struct ScopeShown {
    id: i64,
    name: String,
}

impl From<Scope> for ScopeShown {
    fn from(scope: Scope) -> Self {
        Self {
            id: scope.id.0,
            name: scope.name,
        }
    }
}

impl From<(Application, Vec<RoleScopes>)> for RoleList {
    fn from((application, roles): (Application, Vec<RoleScopes>)) -> Self {
        let roles = roles.into_iter().map(|role| RoleShown {
            id: role.role.id.0,
            name: role.role.name,
            default_scope: role.role.default_scope.map(|scope| scope.0),
            scopes: role.scopes.into_iter().map(ScopeShown::from).collect(),
        });
        Self {
            application: application.into(),
            roles: roles.collect(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct ScopeList {
    application: ApplicationShown,
    scopes: Vec<ScopeShown>,
}

impl From<(Application, Vec<Scope>)> for ScopeList {
    fn from((application, scopes): (Application, Vec<Scope>)) -> Self {
        Self {
            application: application.into(),
            scopes: scopes.into_iter().map(ScopeShown::from).collect(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct DisplayNameList {
    application: ApplicationShown,
    i18n_names: Vec<DisplayNameShown>,
}

#[derive(Serialize)]
struct DisplayNameShown {
    tag: String,
    i18n_name: String,
}

impl From<(Application, Vec<DisplayName>)> for DisplayNameList {
    fn from((application, names): (Application, Vec<DisplayName>)) -> Self {
        let names = names.into_iter().map(|name| DisplayNameShown {
            tag: name.tag.as_str().to_owned(),
            i18n_name: name.name().to_owned(),
        });
        Self {
            application: application.into(),
            i18n_names: names.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read<T: for<'de> Deserialize<'de>>(value: Value) -> Option<T> {
        serde_json::from_value(value).ok()
    }

    #[test]
    fn an_id_is_an_integer_or_digits() {
        for good in [json!(7), json!("7"), json!(" 007 ")] {
            assert_eq!(read::<Id>(good.clone()), Some(Id(Some(7))), "{good}");
        }
        for missing in [json!(0), json!(""), json!(" "), json!("0")] {
            assert_eq!(read::<Id>(missing.clone()), Some(Id(None)), "{missing}");
        }
        for bad in [
            json!(-1),
            json!("-1"),
            json!("+1"),
            json!(7.0),
            json!("7.0"),
            json!("seven"),
            json!("٧"),
            json!(true),
            json!([7]),
            json!({}),
            json!(u64::MAX),
            json!("9223372036854775808"),
        ] {
            assert_eq!(read::<Id>(bad.clone()), None, "{bad}");
        }
    }

    #[test]
    fn an_application_goes_by_id_or_by_name() {
        let by_id = |id| ApplicationParameter(Some(ApplicationSelector::Id(ApplicationId(id))));
        let by_name = |name: &str| ApplicationParameter(Some(ApplicationSelector::Name(name.to_owned())));
        assert_eq!(read(json!(7)), Some(by_id(7)));
        assert_eq!(read(json!("7")), Some(by_id(7)));
        assert_eq!(read(json!(" shop ")), Some(by_name("shop")));
        assert_eq!(read(json!("7eleven")), Some(by_name("7eleven")));
        assert_eq!(read(json!("")), Some(ApplicationParameter(None)));
        assert_eq!(read(json!(0)), Some(ApplicationParameter(None)));
        for bad in [
            json!(-7),
            json!(1.5),
            json!("a\0b"),
            json!("99999999999999999999"),
            json!([]),
        ] {
            assert_eq!(read::<ApplicationParameter>(bad.clone()), None, "{bad}");
        }
    }

    #[test]
    fn ids_are_an_array_or_one_text() {
        assert_eq!(read(json!([1, "2", 0])), Some(Ids(vec![1, 2])));
        assert_eq!(read(json!("1,2")), Some(Ids(vec![1, 2])));
        assert!(Ids::default().required().is_err());
        assert!(read::<Ids>(json!([])).unwrap().required().is_err());
        assert_eq!(read::<Ids>(json!([1, "x"])), None);
        assert_eq!(read::<Ids>(json!([[1]])), None);
        assert_eq!(read::<Ids>(json!(vec![1; MAX_IDS + 1])), None);
        assert_eq!(read::<Ids>(json!(vec!["1"; MAX_IDS + 1].join(","))), None);
        assert!(read::<Ids>(json!(vec![1; MAX_IDS])).is_some());
    }
}
