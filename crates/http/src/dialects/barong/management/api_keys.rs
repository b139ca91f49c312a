//! API keys that servers make for others, without a code: where the operator lets them.

use actix_web::{HttpRequest, HttpResponse};
use clavis_flows::{
    ApiKeyChange, ApiKeyRequest, CreateApiKeyError, ServerKeyError, ServerKeyPolicy, UpdateApiKeyError,
};
use clavis_kernel::Uid;

use super::{Signed, declared_uid};
use crate::dialects::barong::Barong;
use crate::dialects::barong::api_keys::Shown;
use crate::dialects::barong::error::{BarongError, Thing};
use crate::dialects::barong::params::Check;
use crate::dialects::barong::sentence::RecordError;

/// `POST /api_keys`: the one answer that tells the secret.
pub(super) async fn create(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let mut check = Check::of(&signed.params, Thing::Management);
    let uid = declared_uid(&mut check, "uid");
    let algorithm = check.required_nb("algorithm");
    let scope = check.optional_nb("scopes");
    check.finish()?;
    let wanted = ApiKeyRequest {
        algorithm: algorithm.parse().ok(),
        scope,
    };
    let (policy, uid) = (barong.server_keys(), barong.holder(uid)?);
    let Signed { server, .. } = signed;
    let made = barong.transaction(request, move |on| {
        match on.pass_for_server(&server, &uid, policy)? {
            Ok(pass) => Ok(on.create_api_key(pass, &wanted)?.map_err(not_created)),
            Err(refusal) => Ok(Err(no_pass(refusal))),
        }
    });
    let made = made.await??;
    Ok(HttpResponse::Created().json(Shown::of(&made.key, Some(&made.secret))))
}

/// `POST /api_keys/update`. A scope that is left out is emptied, as it is where people change their own keys.
pub(super) async fn update(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let mut check = Check::of(&signed.params, Thing::Management);
    let uid = declared_uid(&mut check, "uid");
    let kid = check.required_nb("kid");
    let scope = check.optional_nb("scopes");
    let state = check.optional_nb("state");
    check.finish()?;
    let change = ApiKeyChange { scope, state };
    let (policy, uid) = (barong.server_keys(), barong.holder(uid)?);
    let Signed { server, .. } = signed;
    let changed = barong.transaction(request, move |on| {
        match on.pass_for_server(&server, &uid, policy)? {
            Ok(pass) => Ok(on.update_api_key(pass, &kid, &change)?.map_err(not_updated)),
            Err(refusal) => Ok(Err(no_pass(refusal))),
        }
    });
    let key = changed.await??;
    Ok(HttpResponse::Created().json(Shown::of(&key, None)))
}

impl Barong {
    fn server_keys(&self) -> ServerKeyPolicy {
        ServerKeyPolicy {
            of_accounts: self.settings.mgn_api_keys_user,
            of_services: self.settings.mgn_api_keys_sa,
        }
    }

    /// The uid a request names; what is none is nobody's.
    fn holder(&self, uid: Option<Uid>) -> Result<Uid, BarongError> {
        let unknown = if self.server_keys() == ServerKeyPolicy::default() {
            ServerKeyError::Disabled
        } else {
            ServerKeyError::UnknownAccount
        };
        uid.ok_or_else(|| no_pass(unknown))
    }
}

fn no_pass(refusal: ServerKeyError) -> BarongError {
    match refusal {
        ServerKeyError::Disabled => BarongError::MANAGEMENT_DISABLED,
        ServerKeyError::UnknownAccount => BarongError::MANAGEMENT_NO_USER,
        ServerKeyError::UnknownService => BarongError::MANAGEMENT_NO_KEY_SERVICE,
    }
}

fn not_created(refusal: CreateApiKeyError) -> BarongError {
    match refusal {
        CreateApiKeyError::Invalid(violations) => {
            BarongError::account(violations.into_iter().map(RecordError::from))
        }
        CreateApiKeyError::TooMany => refusal.into(),
    }
}

fn not_updated(refusal: UpdateApiKeyError) -> BarongError {
    match refusal {
        UpdateApiKeyError::Unknown => BarongError::MANAGEMENT_NO_KEY,
        UpdateApiKeyError::Invalid(violations) => {
            BarongError::account(violations.into_iter().map(RecordError::from))
        }
    }
}
