//! Links to documents, which live for one minute and need no token.

use actix_web::HttpRequest;
use chrono::{DateTime, Duration, Utc};
use clavis_kernel::{DocumentId, SubKey, Uid};
use clavis_kyc::Document;
use url::Url;

use super::super::Barong;

/// How long a link is good for.
const LIFETIME: Duration = Duration::seconds(60);

const EXPIRES: &str = "expires";
const VIEWER: &str = "viewer";
const SIGNATURE: &str = "signature";

impl Barong {
    /// A link to a document below the path of the documents, for this viewer alone: what the viewer may see is looked
    /// up when it is followed.
    pub(in super::super) fn document_link(
        &self,
        documents: &str,
        document: &Document,
        viewer: &Uid,
    ) -> String {
        let expires = (self.app.clock.now() + LIFETIME).timestamp();
        let signature = signature(&self.desk.links, document.id, viewer, expires);
        let public_path = Url::parse(self.app.public_url.as_str());
        let public_path = public_path
            .as_ref()
            .map_or("", |url| url.path().trim_end_matches('/'));
        format!(
            "{public_path}{documents}/{}/{}?{EXPIRES}={expires}&{VIEWER}={viewer}&{SIGNATURE}={}",
            document.id,
            document.content.file.name,
            hex::encode(signature),
        )
    }

    /// For whom the link that was followed was made; `None` unless it is one of ours and still good.
    pub(super) fn link_viewer(&self, request: &HttpRequest, document: DocumentId) -> Option<Uid> {
        follow(
            &self.desk.links,
            request.query_string(),
            document,
            self.app.clock.now(),
        )
    }
}

fn follow(key: &SubKey, query: &str, document: DocumentId, now: DateTime<Utc>) -> Option<Uid> {
    let value = |wanted: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(name, value)| (name == wanted).then_some(value))
    };
    let expires: i64 = value(EXPIRES)?.parse().ok()?;
    let viewer: Uid = value(VIEWER)?.parse().ok()?;
    let mut shown = [0; 32];
    hex::decode_to_slice(value(SIGNATURE)?, &mut shown).ok()?;
    let is_ours = openssl::memcmp::eq(&shown, &signature(key, document, &viewer, expires));
    (is_ours && now.timestamp() < expires).then_some(viewer)
}

fn signature(key: &SubKey, document: DocumentId, viewer: &Uid, expires: i64) -> [u8; 32] {
    // Numbers have a fixed length, so no two links have the same parts.
    key.hmac(&[
        &document.0.to_be_bytes(),
        &expires.to_be_bytes(),
        viewer.as_str().as_bytes(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: DocumentId = DocumentId(7);

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn query(key: &SubKey, expires: i64) -> String {
        let viewer: Uid = "ID873B6B5E43".parse().unwrap();
        let signature = hex::encode(signature(key, ID, &viewer, expires));
        format!("expires={expires}&viewer={viewer}&signature={signature}")
    }

    #[test]
    fn a_link_leads_to_one_document_for_one_viewer_for_one_minute() {
        let key = SubKey::from_secret("links");
        let good = query(&key, now().timestamp() + 60);
        let follow = |query: &str, id, at| follow(&key, query, id, at);
        let viewer = follow(&good, ID, now());
        assert_eq!(viewer.as_ref().map(Uid::as_str), Some("ID873B6B5E43"));
        assert!(follow(&good, ID, now() + Duration::seconds(59)).is_some());
        assert_eq!(follow(&good, ID, now() + LIFETIME), None);
        assert_eq!(follow(&good, DocumentId(8), now()), None);
        for forged in [
            good.replace("ID873B6B5E43", "ID873B6B5E44"),
            good.replace("expires=18", "expires=19"),
            good.replace("signature=", "signature=00"),
            good.replace("&signature=", "&sig="),
            query(&SubKey::from_secret("others"), now().timestamp() + 60),
            String::new(),
            "expires=x&viewer=&signature=é".to_owned(),
        ] {
            assert_eq!(follow(&forged, ID, now()), None, "{forged}");
        }
    }
}
