//! Which path is what.

use actix_web::dev::HttpServiceFactory;
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, Scope, web};

use super::error::{BarongError, Voice, spoken};
use super::{
    Barong, activity, addresses, admin, api_keys, data_storage, documents, gateway, identity, labels,
    management, otp, phones, profiles, service_accounts, users,
};
use crate::Endpoint;

/// Adds what is below one prefix.
type Routes = fn(&mut web::ServiceConfig);

/// The documented API: each part below a prefix of its own. Patterns are relative to the prefix.
const RESOURCES: [(&str, Routes); 5] = [
    ("/profiles", profiles::routes),
    ("/documents", documents::routes),
    ("/phones", phones::routes),
    ("/otp", otp::routes),
    ("/api_keys", api_keys::routes),
];

/// What later releases added, below the mounts only.
const ADDITIONS: [(&str, Routes); 4] = [
    ("/labels", labels::routes),
    ("/data_storage", data_storage::routes),
    ("/addresses", addresses::routes),
    ("/service_accounts", service_accounts::routes),
];

/// What stands beside `/resource`, by its name there.
const SIBLINGS: [(&str, Routes); 3] = [
    ("/identity", identity::routes),
    ("/public", identity::public_routes),
    ("/admin", admin::routes),
];

/// Mounts the dialect.
pub fn routes(config: &mut web::ServiceConfig, dialect: web::Data<Barong>) {
    let at_root: Voice = dialect.settings.profile_at_root().into();
    let mounts = dialect.settings.served_mounts();
    config.app_data(dialect);
    for mount in &mounts {
        let voice = mount.profile.into();
        if let Some(base) = mount.path.base() {
            // A gateway asks of every request, so it goes first: paths are compared one after the other.
            config.service(closed(&format!("{base}/auth"), Voice::Coded, gateway::routes));
            for (prefix, routes) in SIBLINGS {
                config.service(closed(&format!("{base}{prefix}"), voice, routes));
            }
            config.service(closed(
                &format!("{base}/management"),
                Voice::Management,
                management::routes,
            ));
        }
        config.service(mounted(mount.path.as_str(), voice));
    }
    // Others live below `/users` too, so only what is documented is ours there.
    config.service(part("/users/me", at_root, users::own_routes));
    config.service(part("/users/activity", at_root, activity::routes));
    for (prefix, routes) in RESOURCES {
        config.service(part(prefix, at_root, routes));
    }
}

fn mounted(path: &str, voice: Voice) -> impl HttpServiceFactory + use<> {
    let mut scope = web::scope(path)
        .service(part("/users/me", voice, users::own_routes))
        .service(part("/users/activity", voice, activity::routes))
        .service(part("/users", voice, users::routes));
    for (prefix, routes) in RESOURCES.into_iter().chain(ADDITIONS) {
        scope = scope.service(part(prefix, voice, routes));
    }
    scope
        .default_service(web::to(no_route))
        .wrap(from_fn(move |request, next| spoken(voice, request, next)))
}

/// A part of the protected API.
fn part(prefix: &str, voice: Voice, routes: Routes) -> impl HttpServiceFactory + use<> {
    Scope::new(prefix)
        .configure(routes)
        .default_service(web::to(no_route))
        .wrap(from_fn(move |request, next| spoken(voice, request, next)))
}

/// A part that asks for no bearer token before it looks at the path.
fn closed(prefix: &str, voice: Voice, routes: Routes) -> impl HttpServiceFactory + use<> {
    Scope::new(prefix)
        .configure(routes)
        .default_service(web::to(no_open_route))
        .wrap(from_fn(move |request, next| spoken(voice, request, next)))
}

/// A path of a part of the protected API, with and without a slash behind it; empty, the part's prefix itself.
pub(super) fn at(path: &str) -> Endpoint {
    Endpoint::with_either_slash(path).otherwise(|| web::to(no_route))
}

/// What is no path, or no method of one: told only to who may ask.
pub(super) async fn no_route(
    barong: web::Data<Barong>,
    request: HttpRequest,
) -> Result<HttpResponse, BarongError> {
    barong.bearer(&request).await?;
    Err(BarongError::NO_ROUTE)
}

pub(super) async fn no_open_route() -> Result<HttpResponse, BarongError> {
    Err(BarongError::NO_ROUTE)
}
