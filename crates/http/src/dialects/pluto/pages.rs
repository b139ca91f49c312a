//! The pages behind the links of mails, as Pluto's clients know them.

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, web};
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clavis_kernel::Secret;
use serde::Deserialize;

use super::account::MailRequest;
use super::claims::{MailToken, OWNER, end_of};
use super::error::PlutoError;
use super::language::{Language, Phrase};
use super::wire::{self, MAX_BODY_BYTES, Text};
use super::{MAX_PASSWORD_BYTES, Pluto};

/// Nothing but the page itself and its style; nobody frames it.
const CONTENT_POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// One look for all hosted pages.
const STYLE: &str = include_str!("../../../templates/pages/style.css");

/// How something ended.
#[derive(Template)]
#[template(path = "pluto/result.html")]
struct ResultPage<'a> {
    language: Language,
    base: &'a str,
    title: &'a str,
    text: &'a str,
    code: Option<u16>,
    offers_resend: bool,
}

/// Asks for a new password; its form posts to where it came from.
#[derive(Template)]
#[template(path = "pluto/reset.html")]
struct ResetPage<'a> {
    language: Language,
    base: &'a str,
    problem: Option<&'a str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResetRequest {
    password: Text,
    confirm: Option<Text>,
}

/// `GET /web/mail/verify/{token}`: verifies.
pub(super) async fn verify(
    request: HttpRequest,
    token: web::Path<String>,
    pluto: web::Data<Pluto>,
) -> HttpResponse {
    let language = Language::of(&request);
    match pluto.verify_mail(&request, &token).await {
        Ok(()) => pluto.told(language, Phrase::Verified, Phrase::VerifiedText),
        Err(refusal) => pluto.refused(language, Phrase::NotVerified, refusal, true),
    }
}

/// `POST /web/mail/verify`: what the result page offers.
pub(super) async fn resend(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> HttpResponse {
    let language = Language::of(&request);
    let wanted = wire::decode::<MailRequest>(&request, payload, MAX_BODY_BYTES).await;
    let sent = match wanted {
        Ok(wanted) => {
            pluto
                .mail_verification(&wanted.mail, pluto.caller(&request))
                .await
        }
        Err(refusal) => Err(refusal),
    };
    match sent {
        Ok(()) => pluto.told(language, Phrase::MailSent, Phrase::MailSentText),
        Err(refusal) => pluto.refused(language, Phrase::NotVerified, refusal, true),
    }
}

/// `GET /web/password/reset/{token}`: asks for the password; uses nothing up.
pub(super) async fn reset_form(
    request: HttpRequest,
    token: web::Path<String>,
    pluto: web::Data<Pluto>,
) -> HttpResponse {
    let language = Language::of(&request);
    match pluto.examine_reset(&request, &token).await {
        Ok(_) => pluto.asked(language, StatusCode::OK, None),
        Err(refusal) => pluto.refused(language, Phrase::PasswordNotSet, refusal, false),
    }
}

/// `POST /web/password/reset/{token}`.
pub(super) async fn reset(
    request: HttpRequest,
    payload: web::Payload,
    token: web::Path<String>,
    pluto: web::Data<Pluto>,
) -> HttpResponse {
    let language = Language::of(&request);
    let wanted = wire::decode::<ResetRequest>(&request, payload, MAX_BODY_BYTES).await;
    let problem = match &wanted {
        Ok(wanted)
            if wanted
                .confirm
                .as_ref()
                .is_some_and(|again| *again != wanted.password) =>
        {
            Some(Phrase::PasswordsDiffer)
        }
        Ok(wanted) if wanted.password.given().is_none() => Some(Phrase::PasswordMissing),
        Ok(wanted) if wanted.password.len() > MAX_PASSWORD_BYTES => Some(Phrase::PasswordTooLong),
        Ok(_) | Err(_) => None,
    };
    if let Some(problem) = problem {
        return pluto.asked(language, StatusCode::BAD_REQUEST, Some(language.say(problem)));
    }
    let done = match wanted {
        Ok(wanted) => pluto.reset_password(&request, &token, &wanted.password).await,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(()) => pluto.told(language, Phrase::PasswordSet, Phrase::PasswordSetText),
        Err(refusal) => pluto.refused(language, Phrase::PasswordNotSet, refusal, false),
    }
}

/// `GET /web/style.css`.
pub(super) async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(STYLE)
}

/// What no path of Pluto's is: a page for browsers.
pub(super) async fn not_found(request: HttpRequest, pluto: web::Data<Pluto>) -> HttpResponse {
    let refusal = PlutoError::PATH_NOT_FOUND;
    let accepts_pages = request.headers().get_all(header::ACCEPT).any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.to_ascii_lowercase().contains("text/html"))
    });
    if accepts_pages {
        pluto.refused(Language::of(&request), Phrase::NotFound, refusal, false)
    } else {
        refusal.error_response()
    }
}

impl Pluto {
    async fn verify_mail(&self, request: &HttpRequest, token: &str) -> Result<(), PlutoError> {
        let ticket = self.mail_token(token, MailToken::Verification).await?;
        let activated = self
            .app
            .transaction(&self.door, self.caller(request), move |on| on.activate(&ticket));
        activated.await??;
        Ok(())
    }

    async fn examine_reset(&self, request: &HttpRequest, token: &str) -> Result<Secret, PlutoError> {
        let ticket = self.mail_token(token, MailToken::PasswordReset).await?;
        let examined = self.app.look_up(&self.reset_door, self.caller(request), {
            let ticket = ticket.clone();
            move |on| on.examine_reset(&ticket)
        });
        examined.await??;
        Ok(ticket)
    }

    async fn reset_password(
        &self,
        request: &HttpRequest,
        token: &str,
        password: &Text,
    ) -> Result<(), PlutoError> {
        let password = self.new_password(password)?;
        let ticket = self.examine_reset(request, token).await?;
        let hash = self.app.hash(password).await?;
        let reset = self
            .app
            .transaction(&self.reset_door, self.caller(request), move |on| {
                on.reset_password(&ticket, &hash)
            });
        reset.await??;
        Ok(())
    }

    /// The ticket that a token of a mail is, once the token was checked by itself: signature, type, time.
    async fn mail_token(&self, token: &str, wanted: MailToken) -> Result<Secret, PlutoError> {
        let jwt = URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| PlutoError::INVALID_JWT)?;
        let jwt = std::str::from_utf8(&jwt).map_err(|_| PlutoError::INVALID_JWT)?;
        let signed = self.app.verify(jwt).await?;
        if signed.owner != OWNER || signed.text("type") != Some(wanted.name()) {
            return Err(PlutoError::INVALID_JWT);
        }
        let end = signed
            .moment("exp")
            .and_then(end_of)
            .ok_or(PlutoError::INVALID_JWT)?;
        if end <= self.app.clock.now() {
            return Err(PlutoError::JWT_EXPIRED);
        }
        Ok(Secret::new(token))
    }

    fn told(&self, language: Language, title: Phrase, text: Phrase) -> HttpResponse {
        let page = ResultPage {
            language,
            base: &self.base_path,
            title: language.say(title),
            text: language.say(text),
            code: None,
            offers_resend: false,
        };
        respond(StatusCode::OK, language, &page)
    }

    pub(super) fn refused(
        &self,
        language: Language,
        title: Phrase,
        refusal: PlutoError,
        offers_resend: bool,
    ) -> HttpResponse {
        let page = ResultPage {
            language,
            base: &self.base_path,
            title: language.say(title),
            text: language.explain(refusal),
            code: Some(refusal.code()),
            offers_resend: offers_resend && refusal != PlutoError::MAIL_VERIFIED,
        };
        let mut response = respond(refusal.status(), language, &page);
        if let Some(seconds) = refusal.retry_after_seconds() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }

    fn asked(&self, language: Language, status: StatusCode, problem: Option<&str>) -> HttpResponse {
        let page = ResetPage {
            language,
            base: &self.base_path,
            problem,
        };
        respond(status, language, &page)
    }
}

fn respond(status: StatusCode, language: Language, page: &impl Template) -> HttpResponse<BoxBody> {
    respond_under(CONTENT_POLICY, status, language, page)
}

/// A page under a content policy of its own.
pub(super) fn respond_under(
    policy: &str,
    status: StatusCode,
    language: Language,
    page: &impl Template,
) -> HttpResponse<BoxBody> {
    let html = page
        .render()
        .expect("rendering texts into a string does not fail");
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_LANGUAGE, language.tag()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::X_FRAME_OPTIONS, "DENY"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .body(html)
}
