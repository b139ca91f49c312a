//! The caller's phones.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{AddPhoneError, KnownPhone, PersonalPhone, SendCodeError, TextMessage, VerifyPhoneError};
use clavis_kernel::Secret;
use clavis_kyc::PhoneNumber;
use serde::Serialize;
use serde_json::json;

use super::Barong;
use super::error::{BarongError, Profile, Thing};
use super::params::{Bounds, Check, Params, Presence};
use super::routes::at;
use super::users::seconds;
use crate::get_or_head;

/// The ways to get a code that there are names for. Whichever is asked for, a text is sent.
const CHANNELS: [&str; 2] = ["sms", "call"];

/// Below `/phones`.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            at("")
                .route(|| get_or_head().to(own))
                .route(|| web::post().to(add)),
        )
        .service(at("/send_code").route(|| web::post().to(send_code)))
        .service(at("/verify").route(|| web::post().to(verify)));
}

/// A phone as it is shown.
#[derive(Serialize)]
pub(super) struct ShownPhone<'a> {
    country: &'a str,
    number: String,
    validated_at: Option<String>,
}

impl Barong {
    /// A phone as its owner sees it, in the words of a mount.
    pub(super) fn phone_shown<'a>(&self, phone: &'a PersonalPhone, profile: Profile) -> ShownPhone<'a> {
        let number = if self.settings.masks(profile) {
            phone.number.masked()
        } else {
            phone.number.digits().to_owned()
        };
        ShownPhone {
            country: &phone.phone.country,
            number,
            validated_at: phone.phone.validated_at.map(seconds),
        }
    }

    /// Texts a code: once, after it was kept. If the text is lost the code is still good for who gets it resent.
    async fn text_code(&self, number: &PhoneNumber, code: &Secret) -> Result<(), BarongError> {
        let name = &self.settings.app_name;
        let text = TextMessage {
            to: format!("+{}", number.digits()),
            text: format!("Your verification code for {name}: {}", code.expose()),
        };
        Ok(self.app.texts.send(&text).await?)
    }
}

/// `GET /phones`.
async fn own(barong: web::Data<Barong>, request: HttpRequest) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let phones = barong.look_up(&request, move |on| {
        let Some(account) = bearer.account(on)? else {
            return Ok(None);
        };
        on.phones_of(account.id).map(Some)
    });
    let phones = phones.await?.ok_or(BarongError::NOT_FOUND)?;
    let profile = Profile::of(&request);
    let shown = phones.iter().map(|phone| barong.phone_shown(phone, profile));
    Ok(HttpResponse::Ok().json(shown.collect::<Vec<_>>()))
}

/// `POST /phones`.
async fn add(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let profile = Profile::of(&request);
    let number = wanted_number(&request, payload, profile).await?;
    let known = match profile {
        Profile::Classic => KnownPhone::GetsFreshCode,
        Profile::Coded => KnownPhone::IsRefused,
    };
    let added = barong.transaction(&request, {
        let number = number.clone();
        move |on| {
            let Some(account) = bearer.account(on)? else {
                return Ok(None);
            };
            on.add_phone(account.id, &number, known).map(Some)
        }
    });
    let code = added.await?.ok_or(BarongError::NOT_FOUND)??;
    barong.text_code(&number, &code).await?;
    Ok(code_sent(profile))
}

/// `POST /phones/send_code`.
async fn send_code(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let profile = Profile::of(&request);
    let number = wanted_number(&request, payload, profile).await?;
    let renewed = barong.transaction(&request, {
        let number = number.clone();
        move |on| {
            let Some(account) = bearer.account(on)? else {
                return Ok(None);
            };
            on.renew_phone_code(account.id, &number).map(Some)
        }
    });
    let code = renewed.await?.ok_or(BarongError::NOT_FOUND)??;
    barong.text_code(&number, &code).await?;
    Ok(code_sent(profile))
}

/// `POST /phones/verify`.
async fn verify(
    barong: web::Data<Barong>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, BarongError> {
    let bearer = barong.bearer(&request).await?;
    let params = Params::read(&request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::Phone);
    let number = check.required_nb("phone_number");
    let code = Secret::new(check.required_nb("verification_code"));
    check.finish()?;
    let number = parsed(&number)?;
    let verified = barong.transaction(&request, move |on| {
        let Some(account) = bearer.account(on)? else {
            return Ok(None);
        };
        if let Err(refusal) = on.verify_phone(account.id, &number, &code)? {
            return Ok(Some(Err(refusal)));
        }
        let person = bearer.person(on)?;
        let dossier = person.map(|person| on.dossier(person)).transpose()?;
        Ok(dossier.map(Ok))
    });
    let dossier = verified.await?.ok_or(BarongError::NOT_FOUND)??;
    let mut response = HttpResponse::Created();
    Ok(match Profile::of(&request) {
        Profile::Classic => response.json(json!({ "message": "Phone was verified successfully" })),
        Profile::Coded => response.json(barong.full_user(&dossier, Profile::Coded)),
    })
}

/// The number that a code is to be sent to.
async fn wanted_number(
    request: &HttpRequest,
    payload: Payload,
    profile: Profile,
) -> Result<PhoneNumber, BarongError> {
    let params = Params::read(request, payload, Bounds::FIELDS).await?;
    let mut check = Check::of(&params, Thing::Phone);
    let number = check.required_nb("phone_number");
    if profile == Profile::Coded
        && let Some(channel) = check.text(Presence::Optional, "channel")
        && !CHANNELS.contains(&channel.as_str())
    {
        check.refuse("channel", "resource.phone.invalid_channel");
    }
    check.finish()?;
    parsed(&number)
}

fn parsed(number: &str) -> Result<PhoneNumber, BarongError> {
    number.parse().map_err(|_| BarongError::PHONE_INVALID)
}

fn code_sent(profile: Profile) -> HttpResponse {
    let message = match profile {
        Profile::Classic => "Code was sent successfully",
        Profile::Coded => "Code was sent successfully via sms",
    };
    HttpResponse::Created().json(json!({ "message": message }))
}

fn too_many_texts(wait: chrono::Duration) -> BarongError {
    BarongError::too_many_requests(wait.to_std().unwrap_or_default())
}

impl From<AddPhoneError> for BarongError {
    fn from(refusal: AddPhoneError) -> Self {
        match refusal {
            AddPhoneError::AccountClosed => Self::BEARER,
            AddPhoneError::Taken => Self::PHONE_TAKEN,
            AddPhoneError::Known => Self::PHONE_DUPLICATE,
            AddPhoneError::TooManyPhones => Self::TOO_MANY_PHONES,
            AddPhoneError::TooManyTexts(wait) => too_many_texts(wait),
        }
    }
}

impl From<SendCodeError> for BarongError {
    fn from(refusal: SendCodeError) -> Self {
        match refusal {
            SendCodeError::AccountClosed => Self::BEARER,
            SendCodeError::Taken => Self::PHONE_TAKEN,
            SendCodeError::UnknownPhone => Self::NO_PHONE,
            SendCodeError::TooManyTexts(wait) => too_many_texts(wait),
        }
    }
}

impl From<VerifyPhoneError> for BarongError {
    fn from(refusal: VerifyPhoneError) -> Self {
        match refusal {
            VerifyPhoneError::AccountClosed => Self::BEARER,
            VerifyPhoneError::Taken => Self::PHONE_TAKEN,
            VerifyPhoneError::UnknownPhone => Self::NO_PHONE_TO_VERIFY,
            VerifyPhoneError::WrongCode => Self::PHONE_CODE_WRONG,
        }
    }
}
