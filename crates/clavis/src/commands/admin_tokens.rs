//! Tokens of back ends: made, listed and taken back.

use chrono::{DateTime, SecondsFormat, Utc};
use clavis_flows::{AdminToken, AdminTokens, ClientName, ImportedToken};
use serde_json::json;

use super::{Failure, given_or_read, say};
use crate::cli::AdminTokenCommand;
use crate::config::Settings;
use crate::installation::Installation;

pub(super) async fn run(settings: &Settings, command: AdminTokenCommand, json: bool) -> Result<(), Failure> {
    match command {
        AdminTokenCommand::Create { name, token, expires } => {
            create(settings, name, token.as_deref(), expires, json).await
        }
        AdminTokenCommand::List => list(settings, json).await,
        AdminTokenCommand::Revoke { name } => revoke(settings, name, json).await,
    }
}

async fn create(
    settings: &Settings,
    name: ClientName,
    token: Option<&str>,
    expires: Option<DateTime<Utc>>,
    json: bool,
) -> Result<(), Failure> {
    let token = token.map(|given| given_or_read("--token", given)).transpose()?;
    let imported = token.as_deref().map(str::parse::<ImportedToken>).transpose();
    let imported = imported.map_err(|error| Failure::Refused(format!("--token: {error}")))?;
    let installation = Installation::open(settings).await?;
    let called = name.clone();
    let made = installation
        .transaction(move |on| on.create_admin_token(&name, imported.as_ref(), expires))
        .await?;
    let secret = made.map_err(|refusal| Failure::Refused(refusal.to_string()))?;
    say(
        json,
        &json!({ "name": called.as_str(), "token": secret.expose() }),
        secret.expose(),
    );
    Ok(())
}

async fn list(settings: &Settings, json: bool) -> Result<(), Failure> {
    let installation = Installation::open(settings).await?;
    let tokens = installation.transaction(|on| AdminTokens::all(on.ports)).await?;
    let now = installation.clock.now();
    let listed: Vec<_> = tokens
        .iter()
        .map(|token| {
            json!({
                "name": token.name.as_str(),
                "in_force": token.is_in_force(now),
                "created_at": moment(Some(token.created_at)),
                "expires_at": moment(token.expires_at),
                "last_used_at": moment(token.last_used_at),
                "revoked_at": moment(token.revoked_at),
            })
        })
        .collect();
    let lines: Vec<_> = tokens.iter().map(|token| line(token, now)).collect();
    say(json, &json!({ "tokens": listed }), &lines.join("\n"));
    Ok(())
}

async fn revoke(settings: &Settings, name: ClientName, json: bool) -> Result<(), Failure> {
    let installation = Installation::open(settings).await?;
    let called = name.clone();
    let revoked = installation
        .transaction(move |on| on.revoke_admin_token(&name))
        .await?;
    if !revoked {
        return Err(Failure::Refused("no token in force has this name".to_owned()));
    }
    say(
        json,
        &json!({ "name": called.as_str(), "revoked": true }),
        &format!("the token of {called} opens nothing any more"),
    );
    Ok(())
}

fn moment(moment: Option<DateTime<Utc>>) -> Option<String> {
    moment.map(|moment| moment.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// A token in one line: its name, whether it opens anything, and its times.
fn line(token: &AdminToken, now: DateTime<Utc>) -> String {
    let state = match (token.revoked_at, token.is_in_force(now)) {
        (Some(_), _) => "revoked",
        (None, true) => "in force",
        (None, false) => "expired",
    };
    let time = |time| moment(time).unwrap_or_else(|| "never".to_owned());
    format!(
        "{}: {state}, made {}, last used {}, ends {}",
        token.name,
        time(Some(token.created_at)),
        time(token.last_used_at),
        time(token.expires_at)
    )
}
