//! A place in a queue. Whoever is decided on leaves it, so that a page's number would say nothing: one goes on after
//! the last that was seen.

use actix_web::http::header::{HeaderName, HeaderValue, LINK};
use actix_web::{HttpRequest, HttpResponse};
use url::form_urlencoded;

use super::super::error::{BarongError, Thing};
use super::super::params::{Check, Params, Presence};
use crate::PublicUrl;

/// How many entries there are where nobody says, and at most.
const MAX_LIMIT: u32 = 100;

const PER_PAGE: HeaderName = HeaderName::from_static("per-page");
const TOTAL: HeaderName = HeaderName::from_static("total");

/// Where somebody is in a queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The id after which to go on.
    pub(super) after: Option<i64>,
    /// How many entries at most.
    pub(super) limit: u32,
}

impl Place {
    /// Reads `after` and `limit`.
    pub(super) fn read(params: &Params, thing: Thing) -> Result<Self, BarongError> {
        let mut check = Check::of(params, thing);
        let after = check.integer(Presence::Optional, "after");
        let asked = check.integer(Presence::Optional, "limit");
        let limit = match asked.map(u32::try_from) {
            None => MAX_LIMIT,
            Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => limit,
            Some(_) => {
                check.refuse("limit", "invalid_limit");
                MAX_LIMIT
            }
        };
        check.finish()?;
        Ok(Self { after, limit })
    }

    /// Tells in an answer how long the queue is, and where it goes on after these entries.
    pub(super) fn tell(
        self,
        response: &mut HttpResponse,
        (total, ids): (u64, &[i64]),
        request: &HttpRequest,
        public_url: &PublicUrl,
    ) {
        let headers = response.headers_mut();
        headers.insert(PER_PAGE, self.limit.into());
        headers.insert(TOTAL, total.into());
        let is_full = u32::try_from(ids.len()).is_ok_and(|count| count == self.limit);
        let (Some(last), true) = (ids.last(), is_full) else {
            return;
        };
        // The path is the pattern's, so nothing that a client wrote.
        let pattern = request.match_pattern().unwrap_or_default();
        let path = public_url.join(pattern.trim_end_matches('/'));
        let others = form_urlencoded::parse(request.query_string().as_bytes());
        let others = others.filter(|(name, _)| name == "state");
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(others)
            .append_pair("after", &last.to_string())
            .append_pair("limit", &self.limit.to_string())
            .finish();
        if let Ok(link) = HeaderValue::from_str(&format!("<{path}?{query}>; rel=\"next\"")) {
            headers.insert(LINK, link);
        }
    }
}
