//! The server's own signature, for who shows a code of a user's second factor.

use actix_web::{HttpRequest, HttpResponse};
use clavis_flows::{CodeError, FactorError, PersonSelector};
use clavis_kernel::Secret;
use serde_json::Value;

use super::{Signed, declared_uid};
use crate::Fault;
use crate::dialects::barong::Barong;
use crate::dialects::barong::claims::OWNER;
use crate::dialects::barong::error::{BarongError, Thing};
use crate::dialects::barong::params::{Check, Param};

/// The name under which the server signs.
const SIGNER: &str = "barong";
/// What is to be signed.
const ENVELOPE: &str = "jwt";

/// `POST /otp/sign`: adds the server's signature to `jwt`, or to the request itself where it has none.
pub(super) async fn sign(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let mut check = Check::of(&signed.params, Thing::Management);
    let uid = declared_uid(&mut check, "user_uid");
    let code = Secret::new(check.required_nb("otp_code"));
    let envelope = match signed.params.get(ENVELOPE) {
        Some(sent) => envelope(sent),
        None => serde_json::from_slice(&signed.envelope).ok(),
    };
    // Made before the code is looked at, since a code is good once; handed out after.
    let countersigned = match envelope {
        Some(envelope) => {
            let ring = barong.app.ring.get();
            let made = ring.countersign(OWNER, SIGNER, &envelope, barong.app.clock.now());
            made.map_err(Fault::from)?.ok()
        }
        None => None,
    };
    if countersigned.is_none() {
        check.refuse(ENVELOPE, "invalid");
    }
    check.finish()?;
    let uid = uid.ok_or(BarongError::NOT_FOUND)?;
    let server = signed.server;
    let verified = barong.transaction(request, move |on| {
        let Some(person) = on.person_for_server(&server, &PersonSelector::Uid(uid.clone()))? else {
            return Ok(None);
        };
        on.verify_second_factor(person.account().id, &code).map(Some)
    });
    match verified.await?.ok_or(BarongError::NOT_FOUND)? {
        Ok(()) => Ok(HttpResponse::Created().json(countersigned)),
        Err(FactorError::Code(CodeError::Replayed)) => Err(BarongError::CODE_REPLAYED),
        Err(FactorError::Code(CodeError::Wrong | CodeError::LockedOut)) => Err(BarongError::CODE_WRONG),
        Err(
            FactorError::NotEnabled
            | FactorError::NotBegun
            | FactorError::AlreadyEnabled
            | FactorError::AccountClosed,
        ) => Err(BarongError::MANAGEMENT_FACTOR_OFF),
    }
}

/// An object, or the text of one.
fn envelope(sent: &Param) -> Option<Value> {
    sent.as_object().map(Value::Object)
}
