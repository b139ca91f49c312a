//! The headers that go with a stored content.

use std::time::SystemTime;

use actix_web::HttpResponseBuilder;
use actix_web::http::header::{self, HeaderValue, HttpDate};
use clavis_files::StoredObject;

use super::asker::Audience;

/// The type of a content of which none is known.
const UNKNOWN_TYPE: &str = "application/octet-stream";
/// Whatever a content is, it runs nothing and is of no origin: with `nosniff`, which every answer carries, a file that
/// somebody uploaded cannot act for who looks at it.
const SANDBOX: (header::HeaderName, HeaderValue) = (
    header::CONTENT_SECURITY_POLICY,
    HeaderValue::from_static("sandbox"),
);

/// How long clients may keep contents.
#[derive(Debug, Clone)]
pub(super) struct CacheControl {
    public: HeaderValue,
    private: HeaderValue,
}

impl CacheControl {
    /// From the text for contents that everybody may read; in the other one `private` stands for `public`. `None` when
    /// it cannot be a header.
    pub(super) fn new(text: &str) -> Option<Self> {
        let directives = text.split(',').map(str::trim);
        let mut private: Vec<_> = directives
            .filter(|directive| !["public", "private"].contains(&directive.to_ascii_lowercase().as_str()))
            .collect();
        private.insert(0, "private");
        Some(Self {
            public: HeaderValue::from_str(text.trim()).ok()?,
            private: HeaderValue::from_str(&private.join(", ")).ok()?,
        })
    }

    pub(super) fn of(&self, audience: Audience) -> HeaderValue {
        match audience {
            Audience::Everybody => self.public.clone(),
            Audience::Asker => self.private.clone(),
        }
    }
}

/// What a content is, and whether a browser shows it.
pub(super) fn describe(response: &mut HttpResponseBuilder, content_type: &str) {
    let disposition = if is_active(content_type) {
        "attachment;"
    } else {
        "inline;"
    };
    let content_type = Some(content_type)
        .filter(|text| !text.is_empty())
        .and_then(|text| HeaderValue::from_str(text).ok())
        .unwrap_or(HeaderValue::from_static(UNKNOWN_TYPE));
    response
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header((header::CONTENT_DISPOSITION, disposition));
    sandbox(response);
}

/// Lets nothing in the answer run.
pub(super) fn sandbox(response: &mut HttpResponseBuilder) {
    response.insert_header(SANDBOX);
}

/// What tells one version of a stored content from another.
pub(super) fn identify(response: &mut HttpResponseBuilder, object: &StoredObject) {
    tag(response, &object.etag);
    let modified_at = SystemTime::from(object.modified_at);
    response.insert_header((header::LAST_MODIFIED, HttpDate::from(modified_at).to_string()));
}

/// The entity tag, in its quotes.
pub(super) fn tag(response: &mut HttpResponseBuilder, etag: &str) {
    if let Ok(etag) = HeaderValue::from_str(etag) {
        response.insert_header((header::ETAG, etag));
    }
}

/// Whether a browser would run what is in it: documents with scripts. Neither case nor parameters nor a type that
/// nobody knows makes one of them harmless.
fn is_active(content_type: &str) -> bool {
    let lower = content_type.to_ascii_lowercase();
    ["html", "xml", "svg", "xsl"]
        .iter()
        .any(|part| lower.contains(part))
}

#[cfg(test)]
mod tests {
    use actix_web::HttpResponse;

    use super::*;

    #[test]
    fn documents_that_could_run_scripts_are_attachments() {
        #[track_caller]
        fn check(content_type: &str, expected: [&str; 2]) {
            let mut response = HttpResponse::Ok();
            describe(&mut response, content_type);
            let response = response.finish();
            let header = |name| response.headers().get(name).unwrap().to_str().unwrap();
            assert_eq!(
                [header("content-type"), header("content-disposition")],
                expected,
                "{content_type}"
            );
            assert_eq!(header("content-security-policy"), "sandbox");
        }
        check("image/png", ["image/png", "inline;"]);
        check("application/pdf", ["application/pdf", "inline;"]);
        check("", ["application/octet-stream", "inline;"]);
        check("a\nb", ["application/octet-stream", "inline;"]);
        for active in [
            "text/html",
            "TEXT/HTML; charset=utf-8",
            "application/xhtml+xml",
            "image/svg+xml",
            "text/xml",
            "application/xml",
            "text/xsl",
            "text/plain, text/html",
        ] {
            check(active, [active, "attachment;"]);
        }
    }

    #[test]
    fn what_not_everybody_may_read_is_private() {
        #[track_caller]
        fn check(text: &str, public: &str, private: &str) {
            let control = CacheControl::new(text).unwrap();
            assert_eq!(control.of(Audience::Everybody), public);
            assert_eq!(control.of(Audience::Asker), private);
        }
        check(
            "public, max-age=31557600",
            "public, max-age=31557600",
            "private, max-age=31557600",
        );
        check("no-store", "no-store", "private, no-store");
        check("Private", "Private", "private");
        assert!(CacheControl::new("a\r\nb").is_none());
    }
}
