use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::RestrictionError;

/// So many bits stand before an address of IPv4 that is written as one of IPv6.
const MAPPED: u8 = 96;

/// The addresses that begin with the same bits: `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpNetwork {
    first: IpAddr,
    prefix: u8,
}

impl IpNetwork {
    /// Whether an address is in it; one of IPv4 that is written as one of IPv6 must have been brought back before.
    pub fn contains(self, address: IpAddr) -> bool {
        masked(address, self.prefix) == Some(self.first)
    }
}

impl FromStr for IpNetwork {
    type Err = RestrictionError;

    /// An address of the network, a slash, and how many bits its addresses share.
    fn from_str(text: &str) -> Result<Self, RestrictionError> {
        let (address, prefix) = text.split_once('/').ok_or(RestrictionError::Value)?;
        let address: IpAddr = address.parse().map_err(|_| RestrictionError::Value)?;
        let prefix: u8 = prefix.parse().map_err(|_| RestrictionError::Value)?;
        let (address, prefix) = match (address.to_canonical(), prefix.checked_sub(MAPPED)) {
            (short @ IpAddr::V4(_), Some(prefix)) if address.is_ipv6() => (short, prefix),
            _ => (address, prefix),
        };
        let first = masked(address, prefix).ok_or(RestrictionError::Value)?;
        Ok(Self { first, prefix })
    }
}

impl fmt::Display for IpNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

/// An address without the bits after the first so many; `None` when it has not so many.
fn masked(address: IpAddr, prefix: u8) -> Option<IpAddr> {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(address) => {
            let rest = u32::BITS.checked_sub(prefix)?;
            let mask = u32::MAX.checked_shl(rest).unwrap_or_default();
            Some(IpAddr::V4((address.to_bits() & mask).into()))
        }
        IpAddr::V6(address) => {
            let rest = u128::BITS.checked_sub(prefix)?;
            let mask = u128::MAX.checked_shl(rest).unwrap_or_default();
            Some(IpAddr::V6((address.to_bits() & mask).into()))
        }
    }
}
