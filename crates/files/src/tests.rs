use chrono::{DateTime, Utc};

use crate::{Auth, Description, Parents, Request, Rules, StoredObject, Upload};

mod decisions;
mod patterns;
mod reading;
mod worked_example;

fn rules(yaml: &str) -> Rules {
    Rules::parse(yaml, Parents::Hidden).unwrap_or_else(|error| panic!("{error}"))
}

fn user(id: &str, role: &str) -> Auth {
    Auth::new(id, role, &[role.to_owned()])
}

fn request(method: &str, path: &str, auth: Option<Auth>) -> Request {
    Request {
        path: path.to_owned(),
        method: method.to_owned(),
        query: [].into(),
        auth,
    }
}

fn object(key: &str, token: Option<&str>) -> StoredObject {
    let token = token.map(|token| ("token".to_owned(), token.to_owned()));
    StoredObject {
        key: key.parse().unwrap(),
        size: 1234,
        etag: "\"abc\"".to_owned(),
        modified_at: DateTime::<Utc>::UNIX_EPOCH,
        description: Description {
            content_type: "text/plain".to_owned(),
            metadata: token.into_iter().collect(),
        },
    }
}

fn file(size: u64) -> Upload {
    Upload {
        name: "x.png".to_owned(),
        size,
        mimetype: "image/png".to_owned(),
        md5: "d41d8cd98f00b204e9800998ecf8427e".to_owned(),
    }
}
