//! What a browser brings back from a provider.

use actix_web::{HttpMessage as _, HttpRequest, web};
use clavis_flows::{Evidence, RequestToken};
use clavis_kernel::{Secret, is_deceptive};
use serde::Deserialize;
use url::form_urlencoded;

use super::super::error::Refusal;
use super::Social;
use super::journey::Journey;

/// The largest form, in bytes.
const MAX_FORM: usize = 32 * 1024;
/// The longest parameter that is looked at, in bytes.
const MAX_PARAMETER: usize = 8 * 1024;
/// The longest name people are called by, in characters.
const MAX_NAME: usize = 255;

/// What a browser came back with. Nothing of it is believed yet.
pub(super) struct Brought {
    /// What ties it to a journey.
    pub(super) state: Secret,
    /// What is to be exchanged; `None` when the provider or the person refused.
    exchange: Option<Secret>,
    /// How the person says they are called, where the provider tells nobody else.
    pub(super) name: Option<String>,
}

impl Brought {
    /// Reads a query or a form; `None` when nothing ties it to a journey. A parameter that is there twice has no meaning
    /// that two readers agree on.
    pub(super) fn read(social: Social, text: &[u8]) -> Option<Self> {
        let [state, exchange, refusal] = match social {
            Social::Twitter => ["oauth_token", "oauth_verifier", "denied"],
            Social::Apple
            | Social::Facebook
            | Social::Github
            | Social::Google
            | Social::Linkedin
            | Social::Spotify
            | Social::Windowslive => ["state", "code", "error"],
        };
        let parameter = |name: &str| {
            let mut told = form_urlencoded::parse(text).filter(|(told, _)| told == name);
            let (_, value) = told.next()?;
            (told.next().is_none() && !value.is_empty() && value.len() <= MAX_PARAMETER)
                .then(|| value.into_owned())
        };
        let is_refused = form_urlencoded::parse(text).any(|(told, _)| told == refusal);
        let mut tie = parameter(state);
        if tie.is_none() && social == Social::Twitter {
            // A refusal names the request token, too.
            tie = parameter(refusal);
        }
        Some(Self {
            state: tie.map(Secret::new)?,
            exchange: parameter(exchange).filter(|_| !is_refused).map(Secret::new),
            name: parameter("user")
                .filter(|_| social == Social::Apple)
                .and_then(|user| called(&user)),
        })
    }

    /// Reads the form of a request.
    pub(super) async fn read_form(
        social: Social,
        request: &HttpRequest,
        body: web::Payload,
    ) -> Result<Option<Self>, Refusal> {
        let read = body.to_bytes_limited(MAX_FORM).await;
        let bytes = read.map_err(|_| Refusal::TOO_LARGE)?;
        let bytes = bytes.map_err(|_| Refusal::MALFORMED)?;
        let is_form = request
            .content_type()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded");
        Ok(is_form.then(|| Self::read(social, &bytes)).flatten())
    }

    /// What the provider is asked with; `None` when it, or the person, refused.
    pub(super) fn evidence(self, social: Social, journey: Journey, redirect_uri: String) -> Option<Evidence> {
        let exchange = self.exchange?;
        if social == Social::Twitter {
            let token = RequestToken {
                token: journey.state,
                secret: journey.token_secret?,
            };
            return Some(Evidence::RequestToken {
                token,
                verifier: exchange,
            });
        }
        Some(Evidence::Code {
            code: exchange,
            redirect_uri: Some(redirect_uri),
            verifier: Some(journey.verifier),
            nonce: Some(journey.nonce),
        })
    }
}

/// The name in what Apple lets a browser tell, the first time somebody logs in.
fn called(user: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct User {
        name: Name,
    }
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Name {
        first_name: String,
        last_name: String,
    }
    let User { name } = serde_json::from_str(user).ok()?;
    let whole = format!("{} {}", name.first_name, name.last_name);
    let seen: String = whole
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_deceptive(*c))
        .collect();
    let words: Vec<_> = seen.split_whitespace().collect();
    let cut: String = words.join(" ").chars().take(MAX_NAME).collect();
    Some(cut.trim_end().to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(social: Social, text: &str) -> Option<(String, Option<String>)> {
        let brought = Brought::read(social, text.as_bytes())?;
        let exchange = brought.exchange.map(|secret| secret.expose().to_owned());
        Some((brought.state.expose().to_owned(), exchange))
    }

    #[test]
    fn a_code_comes_with_its_state() {
        let github = |text: &str| read(Social::Github, text);
        let both = Some(("s".to_owned(), Some("c d".to_owned())));
        assert_eq!(github("code=c+d&state=s&iss=x"), both);
        assert_eq!(github("code=c"), None);
        assert_eq!(github("code=c&state="), None);
        let without = Some(("s".to_owned(), None));
        assert_eq!(github("state=s"), without);
        assert_eq!(github("state=s&error=access_denied"), without);
        assert_eq!(github("state=s&code=c&error=access_denied"), without);
    }

    #[test]
    fn what_is_told_twice_or_at_length_is_not_told() {
        let github = |text: &str| read(Social::Github, text);
        assert_eq!(github("code=c&state=s&state=s"), None);
        assert_eq!(github("code=c&code=d&state=s"), Some(("s".to_owned(), None)));
        let long = "x".repeat(MAX_PARAMETER + 1);
        assert_eq!(github(&format!("code=c&state={long}")), None);
        assert_eq!(
            github(&format!("code={long}&state=s")),
            Some(("s".to_owned(), None))
        );
    }

    #[test]
    fn a_verifier_comes_with_its_request_token() {
        let twitter = |text: &str| read(Social::Twitter, text);
        assert_eq!(
            twitter("oauth_token=t&oauth_verifier=v"),
            Some(("t".to_owned(), Some("v".to_owned())))
        );
        assert_eq!(twitter("denied=t"), Some(("t".to_owned(), None)));
        assert_eq!(twitter("state=s&code=c"), None);
    }

    #[test]
    fn only_apple_lets_the_browser_tell_a_name() {
        let user = "state=s&user=%7B%22name%22%3A%7B%22firstName%22%3A%22Ann%22%7D%7D";
        let name = |social| Brought::read(social, user.as_bytes()).unwrap().name;
        assert_eq!(name(Social::Apple).as_deref(), Some("Ann"));
        assert_eq!(name(Social::Google), None);
    }

    #[test]
    fn a_name_is_kept_without_what_is_not_seen_and_cut() {
        let of = |first: &str, last: &str| {
            called(&serde_json::json!({ "name": { "firstName": first, "lastName": last } }).to_string())
        };
        assert_eq!(of(" Ann\n", "Lee\u{202e} ").as_deref(), Some("Ann Lee"));
        assert_eq!(of(&"ä".repeat(300), "").unwrap().chars().count(), 255);
        assert_eq!(of("\u{200b}", ""), None);
        for bad in ["", "{}", "[]", "{\"name\":1}", "{\"name\":{\"firstName\":1}}"] {
            assert_eq!(called(bad), None, "{bad}");
        }
    }
}
