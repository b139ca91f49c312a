//! Each provider against a stand-in that speaks its protocol over loopback, well and badly.

#[cfg(test)]
mod access_tokens;
#[cfg(test)]
mod apple;
#[cfg(test)]
mod configuration;
#[cfg(test)]
mod id_tokens;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod oidc;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod social;
#[cfg(test)]
mod twitter;
#[cfg(test)]
mod weather;
#[cfg(test)]
mod wechat;
#[cfg(test)]
mod world;
