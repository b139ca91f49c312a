use clavis_flows::{ADMIN_ROLE, NewUser, SignUpError};
use clavis_identity::{Name, PasswordHash};

use crate::config::{ConfigError, Settings};
use crate::installation::{Installation, OpenError};

/// Makes the administrator that the settings name, if there is none with that address.
pub(crate) async fn ensure(settings: &Settings, installation: &Installation) -> Result<(), OpenError> {
    let admin = &settings.admin;
    let (address, password) = match (&admin.email, &admin.password) {
        (Some(address), Some(password)) => (address.clone(), password.clone()),
        (None, None) => return Ok(()),
        (Some(_), None) => {
            return Err(ConfigError::setting("admin.password", "is missing beside admin.email").into());
        }
        (None, Some(_)) => {
            return Err(ConfigError::setting("admin.email", "is missing beside admin.password").into());
        }
    };
    if password.expose().trim().is_empty() {
        return Err(ConfigError::setting("admin.password", "a password is not empty").into());
    }
    let there = {
        let address = address.clone();
        clavis_flows::read(installation.store.as_ref(), move |ports| {
            clavis_identity::Identities::find(ports, &clavis_identity::IdentityKey::address(&address))
        })
    };
    if there.await?.is_some() {
        return Ok(());
    }
    let name = admin.name.as_deref().unwrap_or("root").parse::<Name>();
    let name = name.map_err(|error| ConfigError::setting("admin.name", error))?;
    let hash = PasswordHash::generate(&password, settings.password.argon2, installation.entropy.as_ref());
    let user = NewUser {
        address,
        name: Some(name),
        password: hash,
        active: true,
        role: Some(ADMIN_ROLE.to_owned()),
    };
    let made = installation.transaction(move |on| on.create_user(&user)).await?;
    match made {
        Ok(account) => tracing::info!(account = %account.id, "the administrator was made"),
        // Another process was faster, or the log-in name is somebody's.
        Err(SignUpError::AddressTaken | SignUpError::AddressAwaitsActivation) => {}
        Err(SignUpError::NameTaken) => {
            return Err(ConfigError::setting("admin.name", "this log-in name is another account's").into());
        }
    }
    Ok(())
}
