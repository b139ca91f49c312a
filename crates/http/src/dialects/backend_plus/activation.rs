use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use clavis_flows::{ActivationError, Admission};
use clavis_identity::{TicketPurpose, Tickets};
use clavis_kernel::{Secret, TokenDigest};

use super::BackendPlus;
use super::error::{Profile, Refusal};
use super::session::Handover;
use super::wire::Fields;

/// `POST /auth/activate`.
pub(super) async fn by_post(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    mut fields: Fields,
) -> Result<HttpResponse, Refusal> {
    let ticket = fields.ticket("ticket")?;
    fields.finish()?;
    dialect
        .transaction(&request, move |on| on.activate(&ticket))
        .await??;
    Ok(HttpResponse::NoContent().finish())
}

/// `GET /auth/activate?ticket=`: for clients that call it. Our own mails lead to a page whose button posts.
pub(super) async fn by_link(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let mut fields = Fields::of_query(&request)?;
    let ticket = fields.ticket("ticket")?;
    let handover = Handover::asked(fields.flag("cookie")?);
    fields.finish()?;
    let profile = dialect.rules.profile;
    let success = dialect.rules.redirect_success.as_deref();
    let activated = if request.method() == Method::HEAD {
        dialect.examine(&request, ticket).await?.map(|()| None)
    } else if profile == Profile::V2_7 && success.is_some() {
        let asked = BackendPlus::session_request();
        let granted = dialect
            .transaction(&request, move |on| on.activate_and_log_in(&ticket, &asked))
            .await?;
        granted.map(Some)
    } else {
        dialect
            .transaction(&request, move |on| on.activate(&ticket))
            .await?
            .map(|_| None)
    };
    match (activated, success) {
        (Err(refusal), _) => match &dialect.rules.redirect_error {
            Some(url) => Ok(redirect(url).finish()),
            None => Err(refusal.into()),
        },
        (Ok(Some(admission)), Some(url)) => {
            let mut response = redirect(&onward(url, &admission));
            match &admission {
                Admission::Session(grant) if handover == Handover::Cookies => {
                    dialect.hand_over_in_cookies(&mut response, grant)?;
                }
                Admission::Session(_) => super::cookies::Cookies::clear(&mut response),
                // An account that was active already, and has a second factor.
                Admission::FactorAwaited(_) => {}
            }
            Ok(response.finish())
        }
        (Ok(_), Some(url)) => Ok(redirect(url).finish()),
        (Ok(_), None) => match profile {
            Profile::Documented => Ok(HttpResponse::Ok()
                .content_type("text/plain; charset=utf-8")
                .body("Your account is active. You can close this page and log in.")),
            Profile::V2_7 => {
                tracing::error!(
                    "dialects.backend_plus.redirect_url_success is not set: an activation leads nowhere"
                );
                Err(Refusal::INTERNAL)
            }
        },
    }
}

impl BackendPlus {
    /// Whether a ticket would activate an account just now: what a request without consequences is told.
    async fn examine(
        &self,
        request: &HttpRequest,
        ticket: Secret,
    ) -> Result<Result<(), ActivationError>, Refusal> {
        let digest = TokenDigest::of(ticket.expose());
        let found = self.look_up(request, move |on| {
            let ticket = Tickets::find(on.ports, &digest, TicketPurpose::Activate)?;
            Ok(ticket.is_some_and(|ticket| ticket.spent_at.is_none() && on.clock.now() < ticket.expires_at))
        });
        Ok(if found.await? {
            Ok(())
        } else {
            Err(ActivationError::Unknown)
        })
    }
}

/// An answer that leads elsewhere.
pub(super) fn redirect(url: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(StatusCode::FOUND);
    response.insert_header((header::LOCATION, url));
    response
}

/// The URL with what was come to in its query: a refresh token, or the ticket that awaits a second factor.
pub(super) fn onward(url: &str, admission: &Admission) -> String {
    match admission {
        Admission::Session(grant) => {
            with_parameter(url, "refresh_token", grant.refresh_token.secret.expose())
        }
        Admission::FactorAwaited(ticket) => with_parameter(url, "mfa_ticket", ticket.expose()),
    }
}

/// The URL with one more parameter in its query, in front of its fragment.
fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let (url, fragment) = url
        .split_once('#')
        .map_or((url, None), |(url, fragment)| (url, Some(fragment)));
    let joint = if url.contains('?') { '&' } else { '?' };
    let fragment = fragment
        .map(|fragment| format!("#{fragment}"))
        .unwrap_or_default();
    format!("{url}{joint}{name}={value}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_joins_the_query_in_front_of_the_fragment() {
        #[track_caller]
        fn check(url: &str, expected: &str) {
            assert_eq!(with_parameter(url, "refresh_token", "t"), expected);
        }
        check("https://x", "https://x?refresh_token=t");
        check("https://x/?a=b", "https://x/?a=b&refresh_token=t");
        check("https://x/#/in?side", "https://x/?refresh_token=t#/in?side");
        check("app://x/?a#b", "app://x/?a&refresh_token=t#b");
    }
}
