use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use clavis_kernel::Secret;
use percent_encoding::percent_decode_str;
use rusty_s3::{Bucket, UrlStyle};
use url::Url;

use super::BlobUrlError;

/// A bucket, written as a URL:
/// `s3://[<access key id>:<secret access key>@]<bucket>[/<prefix>][?endpoint=…&region=…&path_style=…]`.
///
/// Without `endpoint` it is at Amazon. `region` is `us-east-1` where it is not told. `path_style` puts the bucket's
/// name into the path instead of the host's name, and is on by default where there is an `endpoint`. The credentials
/// can be parameters instead: `access_key_id`, `secret_access_key`, and `session_token` for temporary ones. A
/// secret's `/` and `+` are written `%2F` and `%2B`.
#[derive(Clone)]
pub struct S3Location {
    pub(crate) bucket: Bucket,
    /// What the names of our objects begin with: empty, or with a slash at its end.
    pub(crate) prefix: String,
    credentials: Option<S3Credentials>,
}

impl S3Location {
    /// Those that are in the URL.
    pub fn credentials(&self) -> Option<S3Credentials> {
        self.credentials.clone()
    }
}

/// Who asks at an S3 server. The secret signs requests and is never sent.
#[derive(Clone)]
pub struct S3Credentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// Comes with temporary credentials.
    pub session_token: Option<Secret>,
}

impl fmt::Debug for S3Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("S3Credentials(..)")
    }
}

impl FromStr for S3Location {
    type Err = BlobUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| BlobUrlError::NotAUrl)?;
        if url.scheme() != "s3" || url.cannot_be_a_base() {
            return Err(BlobUrlError::NotAUrl);
        }
        if url.port().is_some() || url.fragment().is_some() {
            return Err(BlobUrlError::Port);
        }
        let name = url
            .host_str()
            .filter(|name| is_bucket(name))
            .ok_or(BlobUrlError::Bucket)?;
        let parameters = Parameters::read(&url)?;
        let credentials = credentials(&url, &parameters)?;
        let region = parameters.region.as_deref().unwrap_or("us-east-1");
        if !fits(region, 64, |byte| byte == b'-') {
            return Err(BlobUrlError::Region);
        }
        let (endpoint, is_named) = match &parameters.endpoint {
            Some(endpoint) => (endpoint_url(endpoint)?, true),
            None => (
                endpoint_url(&format!("https://s3.{region}.amazonaws.com"))?,
                false,
            ),
        };
        let style = match parameters.path_style.as_deref() {
            None if is_named => UrlStyle::Path,
            Some("true") => UrlStyle::Path,
            None | Some("false") => UrlStyle::VirtualHost,
            Some(_) => return Err(BlobUrlError::PathStyle),
        };
        let bucket = Bucket::new(endpoint, style, name.to_owned(), region.to_owned())
            .map_err(|_| BlobUrlError::PathStyle)?;
        Ok(Self {
            bucket,
            prefix: prefix(url.path())?,
            credentials,
        })
    }
}

fn is_bucket(name: &str) -> bool {
    name.len() >= 3
        && fits(name, 63, |byte| matches!(byte, b'.' | b'-' | b'_'))
        && !name.bytes().any(|byte| byte.is_ascii_uppercase())
        && !name.starts_with('.')
        && !name.contains("..")
}

fn prefix(path: &str) -> Result<String, BlobUrlError> {
    let path = path.trim_matches('/');
    if path.is_empty() {
        return Ok(String::new());
    }
    let is_part = |part: &str| {
        fits(part, 255, |byte| matches!(byte, b'.' | b'-' | b'_')) && !matches!(part, "." | "..")
    };
    if path.len() <= 512 && path.split('/').all(is_part) {
        Ok(format!("{path}/"))
    } else {
        Err(BlobUrlError::Prefix)
    }
}

/// Letters, digits and what else is allowed; not empty and not longer than this.
fn fits(text: &str, at_most: usize, also: impl Fn(u8) -> bool) -> bool {
    (1..=at_most).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || also(byte))
}

fn endpoint_url(text: &str) -> Result<Url, BlobUrlError> {
    Url::parse(text)
        .ok()
        .filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.port() != Some(0)
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        })
        .ok_or(BlobUrlError::Endpoint)
}

#[derive(Default)]
struct Parameters {
    endpoint: Option<String>,
    region: Option<String>,
    path_style: Option<String>,
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    session_token: Option<String>,
}

impl Parameters {
    fn read(url: &Url) -> Result<Self, BlobUrlError> {
        let mut parameters = Self::default();
        // Not as a form is read: an unencoded `+`, which secrets have, is itself.
        for pair in url
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
        {
            let (name, value) = pair.split_once('=').ok_or(BlobUrlError::Parameter)?;
            let parameter = match name {
                "endpoint" => &mut parameters.endpoint,
                "region" => &mut parameters.region,
                "path_style" => &mut parameters.path_style,
                "access_key_id" => &mut parameters.access_key_id,
                "secret_access_key" => &mut parameters.secret_access_key,
                "session_token" => &mut parameters.session_token,
                _ => return Err(BlobUrlError::Parameter),
            };
            let value = percent_decode_str(value)
                .decode_utf8()
                .map_err(|_| BlobUrlError::Parameter)?;
            if parameter.replace(value.into_owned()).is_some() {
                return Err(BlobUrlError::Parameter);
            }
        }
        Ok(parameters)
    }
}

fn credentials(url: &Url, parameters: &Parameters) -> Result<Option<S3Credentials>, BlobUrlError> {
    let decode = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .map(Cow::into_owned)
            .map_err(|_| BlobUrlError::Credentials)
    };
    let user = match (url.username(), url.password()) {
        ("", None) => None,
        (user, Some(password)) => Some((decode(user)?, decode(password)?)),
        _ => return Err(BlobUrlError::Credentials),
    };
    let named = parameters
        .access_key_id
        .clone()
        .zip(parameters.secret_access_key.clone());
    let is_half = parameters.access_key_id.is_some() != parameters.secret_access_key.is_some();
    let Some((access_key_id, secret)) = (match (user, named) {
        (Some(_), Some(_)) => return Err(BlobUrlError::Credentials),
        (user, named) => user.or(named),
    }) else {
        return if is_half || parameters.session_token.is_some() {
            Err(BlobUrlError::Credentials)
        } else {
            Ok(None)
        };
    };
    let are_texts = [
        Some(&access_key_id),
        Some(&secret),
        parameters.session_token.as_ref(),
    ]
    .into_iter()
    .flatten()
    .all(|text| !text.is_empty() && !text.contains(char::is_control));
    if is_half || !are_texts {
        return Err(BlobUrlError::Credentials);
    }
    Ok(Some(S3Credentials {
        access_key_id,
        secret_access_key: Secret::new(secret),
        session_token: parameters.session_token.clone().map(Secret::new),
    }))
}

impl fmt::Debug for S3Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for S3Location {
    /// Where the objects are, for a log and for errors: no credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.bucket.base_url(), self.prefix)
    }
}
