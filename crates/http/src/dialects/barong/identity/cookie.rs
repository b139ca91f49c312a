use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clavis_kernel::{Entropy, EntropyExt as _, MasterKey, Purpose, Secret, SubKey, TokenDigest};

/// The name that the contract fixes.
const NAME: &str = "_barong_session";
/// How many random bytes a session's secret has.
const SECRET_BYTES: usize = 32;
/// No secret of ours is longer.
const MAX_SECRET_BYTES: usize = 64;

/// What the holder of a session shows in the cookie. Only its digest is kept.
#[derive(Debug)]
pub(in crate::dialects::barong) struct SessionSecret(Secret);

impl SessionSecret {
    /// A new one: 256 random bits.
    pub(super) fn generate(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(
            URL_SAFE_NO_PAD.encode(entropy.bytes::<SECRET_BYTES>()),
        ))
    }

    /// The one that a request shows; of several cookies of the name, the first counts.
    pub(in crate::dialects::barong) fn shown(request: &HttpRequest) -> Option<Self> {
        let headers = request.headers().get_all(header::COOKIE);
        let mut cookies = headers
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'));
        let value = cookies.find_map(|cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            (name == NAME).then_some(value)
        })?;
        let fits = (1..=MAX_SECRET_BYTES).contains(&value.len());
        fits.then(|| Self(Secret::new(value)))
    }

    /// By what the session is found.
    pub(in crate::dialects::barong) fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.0.expose())
    }

    /// The cookie that brings it to the client. It lasts as long as the browser likes: when the session is over is
    /// not the cookie's to say.
    pub(super) fn cookie(&self, secure: bool) -> Cookie<'static> {
        cookie(self.0.expose().to_owned(), secure)
    }
}

/// The cookie that takes the other away.
pub(super) fn no_cookie(secure: bool) -> Cookie<'static> {
    let mut cookie = cookie(String::new(), secure);
    cookie.set_max_age(time::Duration::ZERO);
    cookie
}

fn cookie(value: String, secure: bool) -> Cookie<'static> {
    Cookie::build(NAME, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .finish()
}

/// What makes the tokens that a page has to send with the cookie where a request changes something: another site can
/// make a browser send the cookie, and cannot read the token.
pub(in crate::dialects::barong) struct CsrfKey(SubKey);

impl CsrfKey {
    pub(in crate::dialects::barong) fn new(master: &MasterKey) -> Self {
        Self(master.derive(Purpose::CsrfTokens))
    }

    /// The token of a session: it says nothing of the secret it is made of.
    pub(in crate::dialects::barong) fn token(&self, session: &SessionSecret) -> Secret {
        Secret::new(hex::encode(self.0.hmac(&[session.0.expose().as_bytes()])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use clavis_kernel::fake::FakeEntropy;

    #[track_caller]
    fn check(headers: &[&str], expected: Option<&str>) {
        let mut request = TestRequest::default();
        for header in headers {
            request = request.append_header((header::COOKIE, *header));
        }
        let shown = SessionSecret::shown(&request.to_http_request());
        assert_eq!(
            shown.as_ref().map(|shown| shown.0.expose()),
            expected,
            "{headers:?}"
        );
    }

    #[test]
    fn the_first_cookie_of_the_name_counts() {
        check(&["_barong_session=abc"], Some("abc"));
        check(&["a=b; _barong_session=abc;c=d"], Some("abc"));
        check(&["a=b", "_barong_session=abc"], Some("abc"));
        check(&["_barong_session=abc; _barong_session=def"], Some("abc"));
        check(&["_barong_session=a=b"], Some("a=b"));
        check(&[], None);
        check(&["_barong_session="], None);
        check(&["_barong_session"], None);
        check(&["x_barong_session=abc"], None);
        check(&[&format!("_barong_session={}", "a".repeat(65))], None);
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
        let secret = SessionSecret(Secret::new("abc"));
        assert_eq!(
            secret.cookie(true).to_string(),
            "_barong_session=abc; HttpOnly; SameSite=Lax; Secure; Path=/"
        );
        assert_eq!(
            no_cookie(false).to_string(),
            "_barong_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
        );
    }

    #[test]
    fn a_token_belongs_to_its_session() {
        let entropy = FakeEntropy::default();
        let key = CsrfKey::new(&MasterKey::generate(&entropy));
        let (one, other) = (
            SessionSecret::generate(&entropy),
            SessionSecret::generate(&entropy),
        );
        assert_eq!(one.0.expose().len(), 43);
        assert_eq!(key.token(&one).expose(), key.token(&one).expose());
        assert_ne!(key.token(&one).expose(), key.token(&other).expose());
    }
}
