//! Who asks for an object, and what the rules see of them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use actix_web::HttpRequest;
use actix_web::http::Method as HttpMethod;
use clavis_files::{Auth, Field, FindError, Operation, Request, Resource, Route, StoredObject};
use clavis_kernel::AccountId;

use super::super::claims::Permissions;
use super::super::error::Refusal;
use super::super::{APPLICATION, BackendPlus};
use crate::Fault;

/// Most parameters of a query.
const MAX_PARAMETERS: usize = 100;

/// Who asks.
pub(super) struct Asker {
    pub(super) request: Request,
    /// Whether they brought the admin secret, and so may do everything.
    pub(super) is_admin: bool,
}

/// Who may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Everybody on the way: whoever asks without saying who they are gets the same.
    Everybody,
    /// Nobody but who asked.
    Asker,
}

impl Asker {
    /// Who asks with this request. Credentials that prove nothing are as none.
    pub(super) async fn of(
        dialect: &BackendPlus,
        request: &HttpRequest,
        path: &str,
    ) -> Result<Self, Refusal> {
        let presented = request.headers().get("x-admin-secret");
        let is_admin = presented
            .and_then(|secret| secret.to_str().ok())
            .is_some_and(|secret| dialect.storage.admin_secret.is(secret));
        let auth = match dialect.recognize(request).await? {
            Some(known) => auth(dialect, request, known.account).await?,
            None => None,
        };
        // The rules know of GET only, and HEAD is the same without a body.
        let method = match *request.method() {
            HttpMethod::HEAD => &HttpMethod::GET,
            ref method => method,
        };
        Ok(Self {
            request: Request {
                path: path.to_owned(),
                method: method.as_str().to_owned(),
                query: fields(pairs(request)?),
                auth,
            },
            is_admin,
        })
    }

    /// Whether something may be done to what is there, or to a directory.
    pub(super) fn may(&self, route: &Route<'_>, operation: Operation, resource: Resource<'_>) -> bool {
        self.is_admin || route.permits(operation, &self.request, resource)
    }

    /// Refuses what may not be done to an object.
    pub(super) fn permit(
        &self,
        route: &Route<'_>,
        operation: Operation,
        object: &StoredObject,
    ) -> Result<(), FindError> {
        if self.may(route, operation, Resource::Stored(object)) {
            Ok(())
        } else {
            Err(FindError::Forbidden)
        }
    }

    /// Who may keep the object that is given to this asker.
    pub(super) fn audience(&self, route: &Route<'_>, object: &StoredObject) -> Audience {
        if self.request.auth.is_none() && !self.is_admin {
            return Audience::Everybody;
        }
        let anybody = Request {
            auth: None,
            ..self.request.clone()
        };
        if route.permits(Operation::Get, &anybody, Resource::Stored(object)) {
            Audience::Everybody
        } else {
            Audience::Asker
        }
    }
}

/// The pairs of a query, decoded.
pub(super) fn pairs(request: &HttpRequest) -> Result<Vec<(String, String)>, Refusal> {
    let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
    let pairs: Vec<_> = pairs.into_owned().take(MAX_PARAMETERS + 1).collect();
    if pairs.len() > MAX_PARAMETERS {
        return Err(Refusal::MALFORMED);
    }
    Ok(pairs)
}

/// A name that is given more than once is a list.
fn fields(pairs: Vec<(String, String)>) -> BTreeMap<String, Field> {
    let mut fields = BTreeMap::new();
    for (name, value) in pairs {
        match fields.entry(name) {
            Entry::Vacant(place) => {
                place.insert(Field::Text(value));
            }
            Entry::Occupied(mut place) => match place.get_mut() {
                Field::List(values) => values.push(value),
                Field::Text(first) => {
                    let first = std::mem::take(first);
                    place.insert(Field::List(vec![first, value]));
                }
            },
        }
    }
    fields
}

/// What the rules see of an account: what its tokens would say now.
async fn auth(
    dialect: &BackendPlus,
    request: &HttpRequest,
    account: AccountId,
) -> Result<Option<Auth>, Fault> {
    let found = dialect
        .look_up(request, move |on| {
            let Some(view) = on.account_by_id(account)? else {
                return Ok(None);
            };
            Ok(Some((view, on.role_names(account, APPLICATION)?)))
        })
        .await?;
    Ok(found.map(|(view, roles)| Permissions::of(&dialect.claims, &view, &roles).auth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_given_twice_is_a_list() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = fields(vec![
            pair("a", "1"),
            pair("b", "2"),
            pair("a", "3"),
            pair("a", "4"),
        ]);
        let list = |values: &[&str]| Field::List(values.iter().map(|text| (*text).to_owned()).collect());
        assert!(fields.get("a") == Some(&list(&["1", "3", "4"])));
        assert!(fields.get("b") == Some(&Field::Text("2".to_owned())));
    }
}
