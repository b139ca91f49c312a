use std::borrow::Cow;
use std::net::IpAddr;
use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::http::header;
use clavis_kernel::{Caller, Dialect};

use crate::telemetry::RequestId;

/// Longest `User-Agent` that is kept.
pub(crate) const MAX_USER_AGENT_BYTES: usize = 512;
/// No honest chain of proxies is longer.
const MAX_FORWARDED_HOPS: usize = 16;

/// Whose `X-Forwarded-For` is believed: none by default.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<ProxyNet>);

/// An address or a network in CIDR form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyNet {
    address: IpAddr,
    prefix: u8,
}

/// The text is no address and no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a proxy is an IP address or a network such as 10.0.0.0/8, and not everybody (/0)")]
pub struct ProxyNetError;

impl FromStr for ProxyNet {
    type Err = ProxyNetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = text
            .trim()
            .split_once('/')
            .map_or((text.trim(), None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| ProxyNetError)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix
            .map_or(Ok(longest), str::parse)
            .map_err(|_| ProxyNetError)?;
        if (1..=longest).contains(&prefix) {
            Ok(Self { address, prefix })
        } else {
            Err(ProxyNetError)
        }
    }
}

impl ProxyNet {
    fn contains(self, ip: IpAddr) -> bool {
        match (self.address, ip) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let shift = 32 - u32::from(self.prefix);
                net.to_bits() >> shift == ip.to_bits() >> shift
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let shift = 128 - u32::from(self.prefix);
                net.to_bits() >> shift == ip.to_bits() >> shift
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromIterator<ProxyNet> for TrustedProxies {
    fn from_iter<T: IntoIterator<Item = ProxyNet>>(nets: T) -> Self {
        Self(nets.into_iter().collect())
    }
}

impl TrustedProxies {
    fn trusts(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(ip))
    }

    /// The client: the peer, or, behind trusted proxies, the last address in `X-Forwarded-For` that is none of
    /// them.
    pub fn client(&self, peer: IpAddr, forwarded_for: impl Iterator<Item = String>) -> IpAddr {
        if !self.trusts(peer) {
            return peer;
        }
        let hops: Vec<String> = forwarded_for
            .flat_map(|line| {
                line.split(',')
                    .map(|hop| hop.trim().to_owned())
                    .collect::<Vec<_>>()
            })
            .collect();
        let mut client = peer;
        for hop in hops.iter().rev().take(MAX_FORWARDED_HOPS) {
            let Ok(ip) = hop.parse::<IpAddr>() else { break };
            client = ip.to_canonical();
            if !self.trusts(client) {
                break;
            }
        }
        client
    }
}

/// The client's address.
pub(crate) fn client_ip(request: &HttpRequest, proxies: &TrustedProxies) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let lines = request
        .headers()
        .get_all(&header::X_FORWARDED_FOR)
        .filter_map(|value| value.to_str().ok());
    Some(proxies.client(peer, lines.map(str::to_owned)))
}

/// What the client calls itself, as much of it as is kept: letters of any alphabet, and what is no text as
/// replacement characters. `None` where there is nothing but blanks.
pub(crate) fn user_agent(request: &HttpRequest) -> Option<Cow<'_, str>> {
    let bytes = request.headers().get(header::USER_AGENT)?.as_bytes();
    let bytes = bytes.get(..MAX_USER_AGENT_BYTES).unwrap_or(bytes);
    let text = match String::from_utf8_lossy(bytes) {
        // Three bytes stand for one that was no text.
        Cow::Owned(mut text) => {
            text.truncate(text.floor_char_boundary(MAX_USER_AGENT_BYTES));
            Cow::Owned(text)
        }
        borrowed @ Cow::Borrowed(_) => borrowed,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// Who calls, for the audit trail.
pub(crate) fn caller(request: &HttpRequest, proxies: &TrustedProxies, dialect: Dialect) -> Caller {
    Caller {
        dialect,
        ip: client_ip(request, proxies),
        user_agent: user_agent(request).map(Cow::into_owned),
        request_id: RequestId::of(request).map(|id| id.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(trusted: &[&str], peer: &str, forwarded: &[&str], expected: &str) {
        let proxies: TrustedProxies = trusted
            .iter()
            .map(|net| net.parse::<ProxyNet>().unwrap())
            .collect();
        let forwarded = forwarded.iter().map(|line| (*line).to_owned());
        assert_eq!(
            proxies.client(peer.parse().unwrap(), forwarded),
            expected.parse::<IpAddr>().unwrap()
        );
    }

    #[test]
    fn a_forwarded_address_is_believed_from_trusted_proxies_only() {
        check(&[], "10.0.0.1", &["6.6.6.6"], "10.0.0.1");
        check(&["10.0.0.0/8"], "10.0.0.1", &["6.6.6.6"], "6.6.6.6");
        check(&["10.0.0.0/8"], "10.0.0.1", &["1.1.1.1, 6.6.6.6"], "6.6.6.6");
        check(&["10.0.0.0/8"], "10.0.0.1", &["6.6.6.6, 10.0.0.2"], "6.6.6.6");
        check(&["10.0.0.0/8"], "10.0.0.1", &["6.6.6.6", "10.0.0.2"], "6.6.6.6");
        check(&["10.0.0.0/8"], "10.0.0.1", &["nonsense"], "10.0.0.1");
        check(&["10.0.0.0/8"], "9.9.9.9", &["6.6.6.6"], "9.9.9.9");
        check(&["fd00::/8"], "fd00::1", &["2001:db8::1"], "2001:db8::1");
    }

    #[track_caller]
    fn named(header: &[u8], expected: Option<&str>) {
        let value = header::HeaderValue::from_bytes(header).unwrap();
        let request = actix_web::test::TestRequest::default().insert_header((header::USER_AGENT, value));
        let request = request.to_http_request();
        assert_eq!(user_agent(&request).as_deref(), expected);
    }

    #[test]
    fn a_client_calls_itself_what_it_likes_within_bounds() {
        named(b"curl/8.10.1", Some("curl/8.10.1"));
        named("Бровзер/1".as_bytes(), Some("Бровзер/1"));
        named(b"caf\xe9", Some("caf\u{fffd}"));
        named(b"", None);
        named(b" \t", None);
        named(&[b'x'; 600], Some(&"x".repeat(512)));
        named(&[0xff; 600], Some(&"\u{fffd}".repeat(170)));
        let cut = format!("x{}", "é".repeat(300));
        named(cut.as_bytes(), Some(&format!("x{}", "é".repeat(255))));
    }

    #[test]
    fn nobody_trusts_everybody() {
        for bad in ["0.0.0.0/0", "::/0", "10.0.0.0/33", "proxy.example.org", ""] {
            assert_eq!(bad.parse::<ProxyNet>(), Err(ProxyNetError), "{bad}");
        }
    }
}
