//! The log-in by which people come to be asked whether a program may act for them.

use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::Duration;
use clavis_flows::{LogInError, OAuthGrant};
use serde::Deserialize;
use url::form_urlencoded::{Serializer, parse};

use super::Pluto;
use super::account::login_name;
use super::auth::COOKIE;
use super::claims::AccessClaims;
use super::error::PlutoError;
use super::language::{Language, Phrase};
use super::pages::respond_under;
use super::wire::{self, MAX_BODY_BYTES, Text};

/// Where people log in.
pub(super) const LOG_IN: &str = "/web/login";
/// Where people are asked, and where a log-in leads that says nothing else.
pub(super) const AUTHORIZE: &str = "/web/authorize";
/// Says where a log-in leads.
pub(super) const LEADS_TO: &str = "login_redirect_uri";
/// The application of whoever names none.
const APPLICATION: &str = "pluto";
/// How long somebody stays logged in on pages.
const LIFETIME: Duration = Duration::hours(1);
/// What is never sent on, wherever it came from.
const NEVER_SENT_ON: [&str; 4] = ["account", "password", "csrf_token", LEADS_TO];

#[derive(Template)]
#[template(path = "pluto/login.html")]
struct LogInPage<'a> {
    language: Language,
    base: &'a str,
    query: &'a str,
    account: &'a str,
    problem: Option<(&'a str, u16)>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LogInRequest {
    account: Text,
    password: Text,
    app_id: Text,
    login_redirect_uri: Text,
}

/// The parameters of a query in their order.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(request: &HttpRequest) -> Self {
        Self(parse(request.query_string().as_bytes()).into_owned().collect())
    }

    pub(super) fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        let given = pairs.iter().filter(|(_, value)| !value.is_empty());
        Self(
            given
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let named = self.0.iter().rev().find(|(given, _)| given == name);
        named.map(|(_, value)| value.as_str())
    }

    /// With one value of a parameter in the place of all that it has.
    pub(super) fn set(mut self, name: &str, value: &str) -> Self {
        self.0.retain(|(given, _)| given != name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without what is never sent on.
    pub(super) fn without_secrets(mut self) -> Self {
        self.0.retain(|(name, _)| !NEVER_SENT_ON.contains(&name.as_str()));
        self
    }

    /// A path with this query.
    pub(super) fn at(&self, path: &str) -> String {
        let separator = if path.contains('?') { '&' } else { '?' };
        format!("{path}{separator}{}", self.text())
    }

    fn text(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

/// `GET /web/login`.
pub(super) async fn form(request: HttpRequest, pluto: web::Data<Pluto>) -> HttpResponse {
    let query = Query::of(&request);
    if query.get("app_id").is_none_or(|name| name.trim().is_empty()) {
        return pluto.lead(&query.set("app_id", APPLICATION).at(LOG_IN));
    }
    pluto.ask_to_log_in(&request, StatusCode::OK, "", None)
}

/// `POST /web/login`: sets the cookie and leads on.
pub(super) async fn log_in(
    request: HttpRequest,
    payload: web::Payload,
    pluto: web::Data<Pluto>,
) -> HttpResponse {
    let wanted = match wire::decode::<LogInRequest>(&request, payload, MAX_BODY_BYTES).await {
        Ok(wanted) => wanted,
        Err(refusal) => return pluto.ask_to_log_in(&request, refusal.status(), "", Some(refusal)),
    };
    let grant = match pluto.log_in_on_page(&request, &wanted).await {
        Ok(grant) => grant,
        Err(refusal) => {
            let mut page = pluto.ask_to_log_in(&request, refusal.status(), &wanted.account, Some(refusal));
            if let Some(seconds) = refusal.retry_after_seconds() {
                page.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            return page;
        }
    };
    let query = Query::of(&request)
        .without_secrets()
        .set("app_id", &grant.application);
    let path = wanted
        .login_redirect_uri
        .given()
        .filter(|path| is_local(path))
        .unwrap_or(AUTHORIZE);
    let mut response = pluto.lead(&query.at(path));
    let cookie = pluto.cookie(&grant);
    if let Ok(Ok(())) = cookie.map(|cookie| response.add_cookie(&cookie)) {
        return response;
    }
    let refusal = PlutoError::SERVER_ERROR;
    pluto.ask_to_log_in(&request, refusal.status(), "", Some(refusal))
}

impl Pluto {
    /// What went wrong is told as one thing where it would tell who has an account: no contract says otherwise of this
    /// page.
    async fn log_in_on_page(
        &self,
        request: &HttpRequest,
        wanted: &LogInRequest,
    ) -> Result<OAuthGrant, PlutoError> {
        if self.is_foreign(request) {
            return Err(PlutoError::FOREIGN_FORM);
        }
        let (account, password) = (wanted.account.required()?, wanted.password.password()?);
        let application = wanted.app_id.required()?.to_owned();
        let (app, caller) = (&self.app, self.caller(request));
        app.login_rate
            .check(caller.ip)
            .map_err(PlutoError::too_many_requests)?;
        let candidate = match login_name(account).0 {
            None => None,
            Some(login) => {
                let candidate = app.look_up(&self.door, caller.clone(), move |on| on.candidate(&login));
                candidate.await?.ok()
            }
        };
        let Some(candidate) = candidate else {
            app.check_decoy(password).await?;
            return Err(PlutoError::WRONG_PASSWORD);
        };
        let checked = app.check_password(candidate, password).await?;
        let grant = app.transaction(&self.door, caller, move |on| {
            on.log_in_on_page(&checked, &application, LIFETIME)
        });
        grant.await?.map_err(|refusal| match refusal {
            LogInError::UnknownApplication => PlutoError::UNKNOWN_APPLICATION,
            LogInError::SecondFactorUnsupported
            | LogInError::SecondFactorMissing
            | LogInError::SecondFactorWrong
            | LogInError::SecondFactorReplayed => PlutoError::SECOND_FACTOR_REQUIRED,
            LogInError::UnknownAccount
            | LogInError::NotActivated
            | LogInError::Suspended
            | LogInError::NoPassword
            | LogInError::WrongPassword
            | LogInError::LockedOut => PlutoError::WRONG_PASSWORD,
        })
    }

    fn cookie(&self, grant: &OAuthGrant) -> Result<Cookie<'static>, crate::Fault> {
        let now = self.app.clock.now();
        let token = AccessClaims::sign(&grant.into(), LIFETIME, &self.app.ring.get(), now)?;
        let secure = self.settings.cookie_secure;
        Ok(Cookie::build(COOKIE, token)
            .path("/")
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(secure.unwrap_or_else(|| self.app.public_url.is_https()))
            .max_age(time::Duration::seconds(LIFETIME.num_seconds()))
            .finish())
    }

    fn ask_to_log_in(
        &self,
        request: &HttpRequest,
        status: StatusCode,
        account: &str,
        refusal: Option<PlutoError>,
    ) -> HttpResponse {
        let language = Language::of(request);
        let problem = refusal.map(|refusal| {
            let text = if refusal == PlutoError::WRONG_PASSWORD {
                language.say(Phrase::NotLoggedIn)
            } else {
                language.explain(refusal)
            };
            (text, refusal.code())
        });
        // Where the log-in leads goes along; who it is does not.
        let leads_to = Query::of(request);
        let query = match leads_to.get(LEADS_TO).map(str::to_owned) {
            Some(path) => leads_to.without_secrets().set(LEADS_TO, &path),
            None => leads_to.without_secrets(),
        };
        let page = LogInPage {
            language,
            base: &self.base_path,
            query: &query.text(),
            account,
            problem,
        };
        form_page(status, language, &page, None)
    }

    /// Leads somebody to another page of this server.
    pub(super) fn lead(&self, path: &str) -> HttpResponse {
        redirect(&format!("{}{path}", self.base_path))
    }

    /// Whether a browser says that a form was sent by a page that is not of this server. What says nothing is no
    /// browser, and has no cookie that somebody else could make it send.
    pub(super) fn is_foreign(&self, request: &HttpRequest) -> bool {
        let text = |name: &str| {
            request
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap_or_default())
        };
        if let Some(site) = text("sec-fetch-site") {
            return site != "same-origin" && site != "none";
        }
        let Some(origin) = text("origin") else {
            return false;
        };
        let ours =
            url::Url::parse(self.app.public_url.as_str()).map(|url| url.origin().ascii_serialization());
        let here = text("host").is_some_and(|host| {
            !host.is_empty() && origin.split_once("://").is_some_and(|(_, from)| from == host)
        });
        !(here || ours.is_ok_and(|ours| ours == origin))
    }
}

/// A page with a form, which may lead to one place more than this server.
pub(super) fn form_page(
    status: StatusCode,
    language: Language,
    page: &impl Template,
    leads_to: Option<&str>,
) -> HttpResponse {
    // A browser follows no redirect that answers a form to a place that is not named here.
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
        leads_to.unwrap_or_default()
    );
    let mut response = respond_under(&policy, status, language, page);
    // Without a referrer a browser would not say that the form comes from here.
    let same_origin = header::HeaderValue::from_static("same-origin");
    response
        .headers_mut()
        .insert(header::REFERRER_POLICY, same_origin);
    response
}

/// An answer that leads elsewhere. It may hold a code: nobody keeps it.
pub(super) fn redirect(to: &str) -> HttpResponse {
    HttpResponse::Found()
        .insert_header((header::LOCATION, to))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .finish()
}

/// Whether a path is one of this server, however a browser reads it.
fn is_local(path: &str) -> bool {
    let mut bytes = path.bytes();
    bytes.next() == Some(b'/')
        && bytes.next().is_none_or(|second| second != b'/')
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#')
        && !path.contains("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_in_leads_to_this_server_only() {
        for local in ["/", "/web/authorize", "/web/authorize?a=b", "/a%2fb"] {
            assert!(is_local(local), "{local}");
        }
        for foreign in [
            "",
            "web",
            "//evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/web//evil.test",
            "https://evil.test/",
            "javascript:alert(1)",
            "/a\tb",
            "/\t/evil.test",
            "/a b",
            "/ä",
            "/a#b",
            "/a\r\nSet-Cookie: x=y",
        ] {
            assert!(!is_local(foreign), "{foreign:?}");
        }
    }

    #[test]
    fn what_is_secret_is_not_sent_on() {
        let query = Query::from_pairs(&[
            ("client_id", "my shop"),
            ("password", "x"),
            ("account", "ann"),
            ("login_redirect_uri", "/x"),
            ("state", "a&b"),
            ("empty", ""),
        ]);
        let sent = query.without_secrets().set("state", "c=d").set("app_id", "shop");
        assert_eq!(
            sent.at("/web/authorize"),
            "/web/authorize?client_id=my+shop&state=c%3Dd&app_id=shop"
        );
        assert_eq!(
            sent.at("/x?y=z"),
            "/x?y=z&client_id=my+shop&state=c%3Dd&app_id=shop"
        );
    }
}
