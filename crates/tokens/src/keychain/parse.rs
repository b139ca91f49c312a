use std::collections::{BTreeMap, BTreeSet};

use super::document::Node;
use super::{Keychain, KeychainError, ScopeSigners, SignerKey};

impl Keychain {
    /// Reads the operator's file, in the shape that older servers used:
    ///
    /// ```yaml
    /// keychain:
    ///   applogic:
    ///     algorithm: RS256
    ///     value: LS0tLS1CRUdJTi...   # base64 of a public key in PEM
    /// scopes:
    ///   write_users:
    ///     mandatory_signers: [applogic]
    ///     permitted_signers: [applogic]
    /// ```
    ///
    /// A name that has no meaning is an error and not passed over: behind a misspelt `mandatory_signers` stands
    /// a request that nobody had to sign. So are options under `jwt`: what is checked is the same everywhere.
    pub fn parse(yaml: &str) -> Result<Self, KeychainError> {
        let top = "the file";
        let mut sections = members(Node::read(yaml)?, top)?;
        let signers = section(&mut sections, "keychain")?
            .into_iter()
            .map(|(name, node)| signer(&name, node).map(|key| (name, key)))
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        let scopes = section(&mut sections, "scopes")?
            .into_iter()
            .map(|(name, node)| scope(&name, node, &signers).map(|scope| (name, scope)))
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        if !section(&mut sections, "jwt")?.is_empty() {
            return Err(shape("jwt", "there are no options"));
        }
        nothing_left(&sections, "", "the sections are keychain and scopes")?;
        Ok(Self { signers, scopes })
    }
}

fn signer(name: &str, node: Node) -> Result<SignerKey, KeychainError> {
    let at = format!("keychain.{name}");
    let mut parts = members(node, &at)?;
    let algorithm = text(
        &mut parts,
        &at,
        "algorithm",
        "the name of a JWS algorithm belongs here",
    )?;
    let value = text(
        &mut parts,
        &at,
        "value",
        "a public key in PEM, in base64, belongs here",
    )?;
    nothing_left(&parts, &at, "a signer has algorithm and value")?;
    SignerKey::new(&algorithm, &value).map_err(|reason| KeychainError::Signer {
        signer: name.to_owned(),
        reason,
    })
}

fn scope(
    name: &str,
    node: Node,
    signers: &BTreeMap<String, SignerKey>,
) -> Result<ScopeSigners, KeychainError> {
    let at = format!("scopes.{name}");
    let mut parts = members(node, &at)?;
    let mandatory = names(&mut parts, &at, "mandatory_signers")?;
    let mut permitted = names(&mut parts, &at, "permitted_signers")?;
    nothing_left(&parts, &at, "a scope has mandatory_signers and permitted_signers")?;
    permitted.extend(mandatory.iter().cloned());
    match permitted.iter().find(|signer| !signers.contains_key(*signer)) {
        None => Ok(ScopeSigners { mandatory, permitted }),
        Some(unknown) => Err(KeychainError::UnknownSigner {
            scope: name.to_owned(),
            signer: unknown.clone(),
        }),
    }
}

/// A section that may be absent or empty.
fn section(
    sections: &mut BTreeMap<String, Node>,
    name: &str,
) -> Result<BTreeMap<String, Node>, KeychainError> {
    sections
        .remove(name)
        .map_or_else(|| Ok(BTreeMap::new()), |node| members(node, name))
}

fn members(node: Node, at: &str) -> Result<BTreeMap<String, Node>, KeychainError> {
    match node {
        Node::Map(members) => Ok(members),
        Node::Nothing => Ok(BTreeMap::new()),
        Node::Text(_) | Node::List(_) => Err(shape(at, "a mapping belongs here")),
    }
}

fn text(
    parts: &mut BTreeMap<String, Node>,
    at: &str,
    name: &str,
    expected: &'static str,
) -> Result<String, KeychainError> {
    match parts.remove(name) {
        Some(Node::Text(text)) => Ok(text),
        _ => Err(shape(&format!("{at}.{name}"), expected)),
    }
}

/// A list of signers. It may be empty, but it has to be there: who forgot it did not mean "nobody".
fn names(
    parts: &mut BTreeMap<String, Node>,
    at: &str,
    name: &str,
) -> Result<BTreeSet<String>, KeychainError> {
    let wrong = || shape(&format!("{at}.{name}"), "a list of signers' names belongs here");
    let Some(Node::List(items)) = parts.remove(name) else {
        return Err(wrong());
    };
    items
        .into_iter()
        .map(|item| match item {
            Node::Text(name) => Ok(name),
            Node::Nothing | Node::List(_) | Node::Map(_) => Err(wrong()),
        })
        .collect()
}

fn nothing_left(
    parts: &BTreeMap<String, Node>,
    at: &str,
    expected: &'static str,
) -> Result<(), KeychainError> {
    match parts.keys().next() {
        None => Ok(()),
        Some(name) if at.is_empty() => Err(shape(name, expected)),
        Some(name) => Err(shape(&format!("{at}.{name}"), expected)),
    }
}

fn shape(at: &str, expected: &'static str) -> KeychainError {
    KeychainError::Shape {
        at: at.to_owned(),
        expected,
    }
}
