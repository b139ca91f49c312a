//! Files under keys of the clients' choice, and the rules that say who may do what: `/storage`.

mod asker;
mod conditions;
mod directory;
mod download;
mod headers;
mod metadata;
mod parameters;
mod picture;
mod place;
mod settings;
mod studio;
mod upload;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::http::Method as HttpMethod;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_files::{FindError, Method, ObjectKey, Operation, Place, Route, Rules, StoredObject, Target};
use clavis_flows::{BlobError, Objects};
use tokio::sync::Semaphore;

use super::BackendPlus;
use super::error::{Profile, Refusal};
use super::rules::{AdminSecret, Switch};
use asker::Asker;
use headers::CacheControl;
use studio::Studio;

/// How often something is decided again because the object changed in between.
const MAX_TRIES: usize = 3;

/// What `/storage` needs beside what the dialect has.
pub(super) struct Storage {
    switch: Switch,
    rules: Rules,
    admin_secret: AdminSecret,
    cache_control: CacheControl,
    max_upload_bytes: u64,
    /// Where uploads wait until it is decided whether they may be stored.
    spool: PathBuf,
    /// Uploads on their way.
    uploads: Arc<Semaphore>,
    /// Archives on their way.
    archives: Arc<Semaphore>,
    studio: Studio,
}

/// A request whose path some rule is about.
struct Call<'a> {
    dialect: &'a web::Data<BackendPlus>,
    request: &'a HttpRequest,
    target: Target,
    /// Behind the prefix, with its first slash.
    path: &'a str,
    route: Route<'a>,
}

/// Every request below `/storage`.
pub(super) async fn serve(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let storage = &dialect.storage;
    dialect.rules.require(storage.switch)?;
    let method = match *request.method() {
        HttpMethod::GET | HttpMethod::HEAD => Method::Get,
        HttpMethod::POST => Method::Post,
        HttpMethod::DELETE => Method::Delete,
        _ => return Err(Refusal::NOT_FOUND),
    };
    // As it was sent: what the framework decodes may mean another place.
    let (target, path) = place::split(request.uri().path()).ok_or(Refusal::NOT_FOUND)?;
    let place = Place::of(path).map_err(|_| Refusal::INVALID_PATH)?;
    let route = storage
        .rules
        .route_to(method, target, path, &place)
        .ok_or(Refusal::NOT_FOUND)?;
    let place = route.place().clone();
    let call = Call {
        dialect: &dialect,
        request: &request,
        target,
        path,
        route,
    };
    match (method, target, place) {
        (Method::Get, Target::Content, Place::Object(key)) => download::give(&call, &key).await,
        (Method::Get, Target::Content, Place::Directory(prefix)) => directory::archive(&call, prefix).await,
        (Method::Get, Target::Metadata, Place::Object(key)) => metadata::show(&call, &key).await,
        (Method::Get, Target::Metadata, Place::Directory(prefix)) => directory::list(&call, prefix).await,
        (Method::Post, Target::Content, Place::Object(key)) => upload::store(&call, &key, payload).await,
        (Method::Post, Target::Content, Place::Directory(_)) => Err(Refusal::UPLOAD_TO_DIRECTORY),
        (Method::Post, Target::Metadata, Place::Object(key)) => metadata::write(&call, &key, payload).await,
        (Method::Delete, Target::Content, Place::Object(key)) => delete(&call, &key).await,
        (Method::Delete, Target::Metadata, Place::Object(key)) => metadata::clear(&call, &key).await,
        (Method::Post | Method::Delete, _, Place::Directory(_)) => Err(Refusal::NOT_FOUND),
    }
}

/// `DELETE` of an object.
async fn delete(call: &Call<'_>, key: &ObjectKey) -> Result<HttpResponse, Refusal> {
    call.find(Operation::Delete, key).await?;
    if call.objects().delete(key).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Refusal::NOT_FOUND)
    }
}

impl Call<'_> {
    fn storage(&self) -> &Storage {
        &self.dialect.storage
    }

    fn objects(&self) -> &dyn Objects {
        self.dialect.app.objects.as_ref()
    }

    fn profile(&self) -> Profile {
        self.dialect.rules.profile
    }

    async fn asker(&self) -> Result<Asker, Refusal> {
        Asker::of(self.dialect, self.request, self.path).await
    }

    /// The object that is there, if the operation on it is permitted.
    async fn find(&self, operation: Operation, key: &ObjectKey) -> Result<(StoredObject, Asker), Refusal> {
        let object = self.objects().find(key).await?.ok_or(Refusal::NOT_FOUND)?;
        let asker = self.asker().await?;
        asker.permit(&self.route, operation, &object)?;
        Ok((object, asker))
    }
}

impl From<FindError> for Refusal {
    fn from(refusal: FindError) -> Self {
        match refusal {
            FindError::Missing => Self::NOT_FOUND,
            FindError::Forbidden => Self::FORBIDDEN,
        }
    }
}

impl From<BlobError> for Refusal {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::NotFound => Self::NOT_FOUND,
            BlobError::TooLarge => Self::TOO_LARGE,
            BlobError::CutOff(_) => Self::MALFORMED,
            BlobError::Damaged | BlobError::Unavailable(_) => {
                tracing::error!(%error, "the store of objects failed");
                Self::INTERNAL
            }
        }
    }
}
