//! Pages of a list: what is asked for in `page` and `limit`, and the headers that tell where one is.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, LINK};
use actix_web::{HttpRequest, HttpResponse};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::form_urlencoded;

use super::error::{BarongError, Profile, Thing};
use super::params::{Check, Params, Presence};
use crate::PublicUrl;

/// How many entries a page has where nobody says.
const DEFAULT_LIMIT: u32 = 100;
/// Most entries of a page in the coded profile.
const MAX_LIMIT_CODED: u32 = 100;
/// Most entries of a page in the classic profile. Who asks for no page gets everything there, which is this many
/// entries; where there are more, `Link` leads to them.
const MAX_LIMIT_CLASSIC: u32 = 1000;
/// Most entries of an activity log in the classic profile, where nobody says.
const MAX_LOG_CLASSIC: u32 = 10_000;
/// Longest query string that links repeat, in bytes.
const MAX_QUERY_BYTES: usize = 2048;

const PAGE: HeaderName = HeaderName::from_static("page");
const PER_PAGE: HeaderName = HeaderName::from_static("per-page");
const TOTAL: HeaderName = HeaderName::from_static("total");

/// What would end a link before its time.
const NOT_IN_LINKS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paging {
    page: u64,
    limit: u32,
    /// How many entries the pages have that links lead to.
    step: u32,
}

impl Paging {
    /// Reads `page` and `limit`.
    pub(super) fn of(params: &Params, profile: Profile) -> Result<Self, BarongError> {
        Self::read(params, profile, MAX_LIMIT_CLASSIC)
    }

    /// Reads `page` and `limit`, for a log: who asks for no page there wants to see more at once.
    pub(super) fn of_log(params: &Params, profile: Profile) -> Result<Self, BarongError> {
        Self::read(params, profile, MAX_LOG_CLASSIC)
    }

    fn read(params: &Params, profile: Profile, everything: u32) -> Result<Self, BarongError> {
        let max_limit = match profile {
            Profile::Classic => MAX_LIMIT_CLASSIC,
            Profile::Coded => MAX_LIMIT_CODED,
        };
        let mut check = Check::of(params, Thing::User);
        let asked_page = check.integer(Presence::Optional, "page");
        let asked_limit = check.integer(Presence::Optional, "limit");
        let page = match asked_page.map(u64::try_from) {
            None => 1,
            Some(Ok(page)) if page > 0 => page,
            Some(_) => {
                check.refuse("page", "non_positive_page");
                1
            }
        };
        let limit = match asked_limit.map(u32::try_from) {
            None if asked_page.is_none() && profile == Profile::Classic => everything,
            None => DEFAULT_LIMIT,
            Some(Ok(limit)) if (1..=max_limit).contains(&limit) => limit,
            Some(_) => {
                check.refuse("limit", "invalid_limit");
                DEFAULT_LIMIT
            }
        };
        check.finish()?;
        Ok(Self {
            page,
            limit,
            step: limit.min(max_limit),
        })
    }

    /// How many entries come before the page. It fits every database's numbers.
    pub(super) fn offset(self) -> u64 {
        let before = self.page.saturating_sub(1).saturating_mul(self.limit.into());
        before.min(i64::MAX.unsigned_abs())
    }

    /// How many entries the page has at most.
    pub(super) fn limit(self) -> u32 {
        self.limit
    }

    /// Tells in an answer where in a list of so many entries one is. The links begin with the public URL: no header
    /// of the request shapes them.
    pub(super) fn tell(
        self,
        response: &mut HttpResponse,
        total: u64,
        request: &HttpRequest,
        public_url: &PublicUrl,
    ) {
        let headers = response.headers_mut();
        headers.insert(PAGE, self.page.into());
        headers.insert(PER_PAGE, self.limit.into());
        headers.insert(TOTAL, total.into());
        self.link(headers, total, request, public_url);
    }

    fn link(self, headers: &mut HeaderMap, total: u64, request: &HttpRequest, public_url: &PublicUrl) {
        let query = request.query_string();
        if query.len() > MAX_QUERY_BYTES {
            return;
        }
        let step = u64::from(self.step);
        let last = total.div_ceil(step).max(1);
        // Where a page is longer than links may ask for, the next one is counted in shorter ones.
        let next = self.offset().saturating_add(self.limit.into()) / step + 1;
        let mut links = Vec::new();
        let mut add = |page: u64, relation: &str| {
            let path = utf8_percent_encode(request.path(), NOT_IN_LINKS).to_string();
            let query = self.query(query, page);
            links.push(format!(
                "<{}?{query}>; rel=\"{relation}\"",
                public_url.join(&path)
            ));
        };
        if self.page > 1 {
            add(1, "first");
            // Behind the end, the page before is the last one.
            add(self.page.saturating_sub(1).min(last), "prev");
        }
        if next <= last {
            add(next, "next");
            add(last, "last");
        }
        if !links.is_empty()
            && let Ok(value) = HeaderValue::from_str(&links.join(", "))
        {
            headers.insert(LINK, value);
        }
    }

    /// The query string with another page. A second factor's code is spent and has no place in a link.
    fn query(self, query: &str, page: u64) -> String {
        let others = form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| !matches!(name.as_ref(), "page" | "limit" | "totp_code"));
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(others)
            .append_pair("page", &page.to_string())
            .append_pair("limit", &self.step.to_string())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::dialects::barong::error::Voice;

    #[track_caller]
    fn check(query: &str, profile: Profile, expected: Result<(u64, u32), &str>) {
        let request = TestRequest::with_uri(&format!("/x?{query}")).to_http_request();
        let params = Params::of_query(&request).unwrap();
        let got = Paging::of(&params, profile).map(|paging| (paging.offset(), paging.limit()));
        let got = got.map_err(|error| error.body(Voice::from(profile)).to_string());
        assert_eq!(got, expected.map_err(str::to_owned), "{query}");
    }

    #[test]
    fn a_page_has_a_hundred_entries_unless_somebody_says() {
        check("page=3", Profile::Classic, Ok((200, 100)));
        check("page=3", Profile::Coded, Ok((200, 100)));
        check("limit=7&page=2", Profile::Coded, Ok((7, 7)));
        check("limit=1000", Profile::Classic, Ok((0, 1000)));
        check(
            "page=9223372036854775807",
            Profile::Coded,
            Ok((i64::MAX as u64, 100)),
        );
    }

    #[test]
    fn who_asks_for_no_page_gets_everything_in_the_classic_profile() {
        check("", Profile::Classic, Ok((0, 1000)));
        check("", Profile::Coded, Ok((0, 100)));
        let log = |query: &str, profile: Profile| {
            let request = TestRequest::with_uri(&format!("/x?{query}")).to_http_request();
            let paging = Paging::of_log(&Params::of_query(&request).unwrap(), profile);
            paging.map(|paging| (paging.offset(), paging.limit())).ok()
        };
        assert_eq!(log("", Profile::Classic), Some((0, 10_000)));
        assert_eq!(log("page=2", Profile::Classic), Some((100, 100)));
        assert_eq!(log("limit=1001", Profile::Classic), None);
        assert_eq!(log("", Profile::Coded), Some((0, 100)));
    }

    #[test]
    fn behind_everything_that_is_shown_at_once_the_links_lead_to_shorter_pages() {
        let request = TestRequest::with_uri("/x").to_http_request();
        let paging = Paging::of_log(&Params::of_query(&request).unwrap(), Profile::Classic).unwrap();
        let link = |total: u64| {
            let mut response = HttpResponse::Ok().finish();
            let public_url = "https://id.example.org".parse().unwrap();
            paging.tell(&mut response, total, &request, &public_url);
            let link = response.headers().get(LINK);
            link.map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(link(10_000), None);
        let expected = concat!(
            r#"<https://id.example.org/x?page=11&limit=1000>; rel="next", "#,
            r#"<https://id.example.org/x?page=13&limit=1000>; rel="last""#,
        );
        assert_eq!(link(12_001).as_deref(), Some(expected));
    }

    #[test]
    fn a_page_that_cannot_be_is_refused() {
        let coded = |codes: &str| format!(r#"{{"errors":[{codes}]}}"#);
        check("page=x", Profile::Coded, Err(&coded(r#""non_integer_page""#)));
        check("page=0", Profile::Coded, Err(&coded(r#""non_positive_page""#)));
        check("page=-1", Profile::Coded, Err(&coded(r#""non_positive_page""#)));
        check("limit=1.5", Profile::Coded, Err(&coded(r#""non_integer_limit""#)));
        check("limit=101", Profile::Coded, Err(&coded(r#""invalid_limit""#)));
        check(
            "page=0&limit=0",
            Profile::Coded,
            Err(&coded(r#""non_positive_page","invalid_limit""#)),
        );
        check("page=x", Profile::Classic, Err(r#"{"error":"page is invalid"}"#));
    }

    #[track_caller]
    fn links(uri: &str, total: u64, expected: Option<&str>) -> HttpResponse {
        let request = TestRequest::with_uri(uri)
            .insert_header(("Host", "evil.example"))
            .to_http_request();
        let params = Params::of_query(&request).unwrap();
        let paging = Paging::of(&params, Profile::Coded).unwrap();
        let mut response = HttpResponse::Ok().finish();
        let public_url = "https://id.example.org/sso".parse().unwrap();
        paging.tell(&mut response, total, &request, &public_url);
        let link = response.headers().get(LINK).map(|value| value.to_str().unwrap());
        assert_eq!(link, expected);
        response
    }

    #[test]
    fn the_headers_tell_where_one_is() {
        let response = links(
            "/api/v2/resource/users/activity/all?result=failed&page=2&limit=10",
            35,
            Some(concat!(
                r#"<https://id.example.org/sso/api/v2/resource/users/activity/all?result=failed&page=1&limit=10>; rel="first", "#,
                r#"<https://id.example.org/sso/api/v2/resource/users/activity/all?result=failed&page=1&limit=10>; rel="prev", "#,
                r#"<https://id.example.org/sso/api/v2/resource/users/activity/all?result=failed&page=3&limit=10>; rel="next", "#,
                r#"<https://id.example.org/sso/api/v2/resource/users/activity/all?result=failed&page=4&limit=10>; rel="last""#,
            )),
        );
        let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header("Page"), "2");
        assert_eq!(header("Per-Page"), "10");
        assert_eq!(header("Total"), "35");
    }

    #[test]
    fn a_list_of_one_page_has_no_links() {
        links("/api_keys", 0, None);
        links("/api_keys", 100, None);
    }

    #[test]
    fn links_hold_nothing_that_ends_them_and_no_code() {
        links(
            "/a|b?q=%3E%3B%22&totp_code=123456&limit=1",
            2,
            Some(concat!(
                r#"<https://id.example.org/sso/a%7Cb?q=%3E%3B%22&page=2&limit=1>; rel="next", "#,
                r#"<https://id.example.org/sso/a%7Cb?q=%3E%3B%22&page=2&limit=1>; rel="last""#,
            )),
        );
    }

    #[test]
    fn behind_the_end_the_links_lead_back() {
        links(
            "/x?page=9",
            150,
            Some(concat!(
                r#"<https://id.example.org/sso/x?page=1&limit=100>; rel="first", "#,
                r#"<https://id.example.org/sso/x?page=2&limit=100>; rel="prev""#,
            )),
        );
    }
}
