//! Codes (RFC 6749 §4.1): where a browser is sent for one, and what it is exchanged for.

use clavis_flows::{AuthorizationRequest, Evidence, ProviderRefusal};
use clavis_kernel::Secret;
use serde_json::{Map, Value};
use url::Url;

use crate::json;
use crate::wire::{Reply, Wire};

/// A code as a client brought it.
pub(crate) struct Code<'a> {
    pub(crate) value: &'a Secret,
    pub(crate) redirect_uri: Option<&'a str>,
    pub(crate) verifier: Option<&'a Secret>,
    pub(crate) nonce: Option<&'a str>,
}

impl<'a> Code<'a> {
    /// The code, when the evidence is one.
    pub(crate) fn of(evidence: &'a Evidence) -> Option<Self> {
        match evidence {
            Evidence::Code {
                code,
                redirect_uri,
                verifier,
                nonce,
            } => Some(Self {
                value: code,
                redirect_uri: redirect_uri.as_deref(),
                verifier: verifier.as_ref(),
                nonce: nonce.as_deref(),
            }),
            Evidence::IdToken { .. } | Evidence::AccessToken(_) | Evidence::RequestToken { .. } => None,
        }
    }

    /// For a provider that was sent no challenge.
    pub(crate) fn without_verifier(self) -> Self {
        Self {
            verifier: None,
            ..self
        }
    }
}

/// How we tell a token endpoint who we are (RFC 6749 §2.3.1).
pub(crate) enum Authentication<'a> {
    /// In the form.
    InForm {
        client: &'a str,
        secret: Option<&'a Secret>,
    },
    /// In the header, each part encoded as in a form.
    InHeader { client: &'a str, secret: &'a Secret },
}

/// What a code is exchanged for.
pub(crate) async fn exchange(
    wire: &Wire,
    url: &Url,
    code: &Code<'_>,
    authentication: &Authentication<'_>,
) -> Result<Map<String, Value>, ProviderRefusal> {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code.value.expose()),
    ];
    form.extend(code.redirect_uri.map(|uri| ("redirect_uri", uri)));
    form.extend(code.verifier.map(|verifier| ("code_verifier", verifier.expose())));
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let reply = match authentication {
        Authentication::InForm { client, secret } => {
            form.push(("client_id", client));
            form.extend(secret.map(|secret| ("client_secret", secret.expose())));
            wire.post(url, &form, None).await?
        }
        Authentication::InHeader { client, secret } => {
            let (client, secret) = (encode(client), encode(secret.expose()));
            wire.post(url, &form, Some((&client, &secret))).await?
        }
    };
    answer(wire, &reply)
}

/// A refusal is the code's fault unless it names ours (RFC 6749 §5.2). Some refuse with the status of a success.
fn answer(wire: &Wire, reply: &Reply) -> Result<Map<String, Value>, ProviderRefusal> {
    let body = if reply.is_refusal() {
        reply.object().unwrap_or_default()
    } else {
        let document = reply.document()?;
        if !document.contains_key("error") {
            return Ok(document);
        }
        document
    };
    match json::text(&body, "error") {
        Some(
            error @ ("invalid_client"
            | "unauthorized_client"
            | "unsupported_grant_type"
            | "invalid_scope"
            | "incorrect_client_credentials"
            | "redirect_uri_mismatch"),
        ) => {
            tracing::error!(provider = %wire.provider(), error, "a provider does not take our credentials");
            Err(ProviderRefusal::Unavailable("it does not take our credentials"))
        }
        _ => Err(ProviderRefusal::Rejected("the code is not good")),
    }
}

/// The ID token among what a code was exchanged for.
pub(crate) fn id_token(answer: &Map<String, Value>) -> Result<Secret, ProviderRefusal> {
    let token = json::text(answer, "id_token").map(Secret::new);
    token.ok_or(ProviderRefusal::Unavailable("it gave no ID token for the code"))
}

/// The access token among what a code was exchanged for.
pub(crate) fn access_token(answer: &Map<String, Value>) -> Result<Secret, ProviderRefusal> {
    let token = json::text(answer, "access_token").map(Secret::new);
    token.ok_or(ProviderRefusal::Unavailable(
        "it gave no access token for the code",
    ))
}

/// Where to send a browser for a code (RFC 6749 §4.1.1).
pub(crate) fn authorization_url(
    endpoint: &Url,
    client: (&str, &str),
    scope: &str,
    request: &AuthorizationRequest,
    more: &[(&str, &str)],
) -> Url {
    let mut url = endpoint.clone();
    url.query_pairs_mut()
        .append_pair(client.0, client.1)
        .append_pair("redirect_uri", &request.redirect_uri)
        .append_pair("response_type", "code")
        .append_pair("scope", scope)
        .append_pair("state", request.state.expose())
        .extend_pairs(more);
    url
}

/// The members of a request that an OpenID provider with PKCE knows beside those.
pub(crate) fn nonce_and_challenge(request: &AuthorizationRequest) -> [(&str, &str); 3] {
    [
        ("nonce", &request.nonce),
        ("code_challenge", &request.challenge),
        ("code_challenge_method", "S256"),
    ]
}

/// The members of a request that a provider with PKCE but without ID tokens knows beside those.
pub(crate) fn challenge(request: &AuthorizationRequest) -> [(&str, &str); 2] {
    [
        ("code_challenge", &request.challenge),
        ("code_challenge_method", "S256"),
    ]
}
