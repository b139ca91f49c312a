use std::net::IpAddr;

use serde_json::{Map, Value};
use url::{Host, Url};

use crate::json;
use crate::keys::Keys;
use crate::settings::{is_here, is_safe_for_secrets};
use crate::wire::Wire;

/// What a provider publishes about itself (OpenID Connect Discovery §3), as far as we need it.
pub(crate) struct Discovery {
    pub(crate) authorize_url: Url,
    pub(crate) token_url: Url,
    pub(crate) userinfo_url: Option<Url>,
    pub(crate) keys: Keys,
    /// Whether the token endpoint takes our secret in a header; else it does in the form.
    pub(crate) takes_basic: bool,
}

impl Discovery {
    /// Reads the document of this issuer; the error is why it cannot be used.
    pub(crate) fn read(
        document: &Map<String, Value>,
        issuer: &str,
        wire: &Wire,
    ) -> Result<Self, &'static str> {
        if json::text(document, "issuer") != Some(issuer) {
            return Err("it calls itself by another name");
        }
        let asked = Url::parse(issuer).map_err(|_| "its name is no URL")?;
        let url = |name| match json::text(document, name) {
            None => Ok(None),
            Some(url) => {
                let url = Url::parse(url).ok().filter(|url| may_be_asked(url, &asked));
                url.map(Some).ok_or("it names an address that is not asked")
            }
        };
        let methods = document
            .get("token_endpoint_auth_methods_supported")
            .map(|methods| {
                let methods = methods.as_array().map(Vec::as_slice).unwrap_or_default();
                ["client_secret_basic", "client_secret_post", "none"]
                    .map(|method| methods.iter().any(|taken| taken == method))
            });
        // Where nothing is said, it is the header.
        let [takes_basic, takes_form, takes_none] = methods.unwrap_or([true, false, false]);
        if !(takes_basic || takes_form || takes_none) {
            return Err("its token endpoint takes no secret");
        }
        let keys = url("jwks_uri")?.ok_or("it names no keys")?;
        Ok(Self {
            authorize_url: url("authorization_endpoint")?.ok_or("it has no place to log in")?,
            token_url: url("token_endpoint")?.ok_or("it has no place to exchange codes")?,
            userinfo_url: url("userinfo_endpoint")?,
            keys: Keys::new(keys, wire),
            takes_basic,
        })
    }
}

/// Whether we ask an address that a document names: over a connection that nobody reads, and not of a machine that
/// only we can reach, unless the provider is that machine.
fn may_be_asked(url: &Url, issuer: &Url) -> bool {
    let is_public = match url.host() {
        Some(Host::Domain(_)) => !is_here(url),
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        None => false,
    };
    is_safe_for_secrets(url)
        && url.username().is_empty()
        && url.password().is_none()
        && (is_public || url.host() == issuer.host())
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            !(v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast())
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(v4.into()),
            None => {
                !(v6.is_loopback()
                    || v6.is_unspecified()
                    || v6.is_multicast()
                    || v6.is_unique_local()
                    || v6.is_unicast_link_local())
            }
        },
    }
}
