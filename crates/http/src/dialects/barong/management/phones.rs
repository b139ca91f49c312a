//! Phones, for servers.

use actix_web::{HttpRequest, HttpResponse};
use clavis_flows::{PersonSelector, PersonalPhone, ServerPhoneError};
use clavis_kernel::Uid;
use clavis_kyc::PhoneNumber;
use serde::Serialize;

use super::{Signed, declared_uid};
use crate::dialects::barong::Barong;
use crate::dialects::barong::error::{BarongError, Thing};
use crate::dialects::barong::params::{Check, Params};
use crate::dialects::barong::users::seconds;

/// A phone with its whole number.
#[derive(Serialize)]
struct Phone<'a> {
    country: &'a str,
    number: &'a str,
    validated_at: Option<String>,
}

impl<'a> Phone<'a> {
    fn of(phone: &'a PersonalPhone) -> Self {
        Self {
            country: &phone.phone.country,
            number: phone.number.digits(),
            validated_at: phone.phone.validated_at.map(seconds),
        }
    }
}

/// `POST /phones/get`.
pub(super) async fn list(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let mut check = Check::of(&signed.params, Thing::Management);
    let uid = declared_uid(&mut check, "uid");
    check.finish()?;
    let uid = uid.ok_or(BarongError::NOT_FOUND)?;
    let Signed { server, .. } = signed;
    let phones = barong.look_up(request, move |on| {
        match on.person_for_server(&server, &PersonSelector::Uid(uid.clone()))? {
            Some(person) => on.phones_of(person.account().id).map(Some),
            None => Ok(None),
        }
    });
    let phones = phones.await?.ok_or(BarongError::NOT_FOUND)?;
    let shown: Vec<_> = phones.iter().map(Phone::of).collect();
    Ok(HttpResponse::Created().json(shown))
}

/// `POST /phones`: the server has verified it.
pub(super) async fn add(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let (uid, number) = declared(&signed.params)?;
    let number = number.ok_or(BarongError::PHONE_INVALID)?;
    let uid = uid.ok_or(BarongError::NOT_FOUND)?;
    let Signed { server, .. } = signed;
    let shown = number.clone();
    let added = barong.transaction(request, move |on| on.phone_for_server(&server, &uid, &number));
    match added.await? {
        Ok(()) => Ok(HttpResponse::Created().json(Phone {
            country: shown.country(),
            number: shown.digits(),
            validated_at: Some(seconds(barong.app.clock.now())),
        })),
        Err(ServerPhoneError::UnknownAccount) => Err(BarongError::NOT_FOUND),
        Err(ServerPhoneError::Taken) => Err(BarongError::PHONE_TAKEN),
        Err(ServerPhoneError::TooMany) => Err(BarongError::TOO_MANY_PHONES),
    }
}

/// `POST /phones/delete`: tells what was removed.
pub(super) async fn remove(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let (uid, number) = declared(&signed.params)?;
    let (uid, number) = uid.zip(number).ok_or(BarongError::NOT_FOUND)?;
    let Signed { server, .. } = signed;
    let removed = barong.transaction(request, move |on| {
        on.take_phone_for_server(&server, &uid, &number)
    });
    let removed = removed.await?.ok_or(BarongError::NOT_FOUND)?;
    Ok(HttpResponse::Created().json(Phone::of(&removed)))
}

fn declared(params: &Params) -> Result<(Option<Uid>, Option<PhoneNumber>), BarongError> {
    let mut check = Check::of(params, Thing::Management);
    let uid = declared_uid(&mut check, "uid");
    let number = check.required_nb("number");
    check.finish()?;
    Ok((uid, number.parse().ok()))
}
