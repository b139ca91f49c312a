use actix_web::{HttpRequest, HttpResponse, web};
use clavis_flows::{Activation, Grant, SignUp, SignUpError};
use clavis_identity::{Account, Attributes};
use clavis_kernel::{AccountId, Answer, Email, Secret, StoreError, is_deceptive};
use serde_json::Value;
use url::Url;

use super::error::{Profile, Refusal};
use super::rules::Rules;
use super::session::Handover;
use super::wire::Fields;
use super::{APPLICATION, BackendPlus};

/// The longest name people are called by, in characters.
const MAX_DISPLAY_NAME: usize = 255;

/// A registration as it was asked for.
struct Registration {
    email: Email,
    /// `None` for an account that a mailed link logs in to.
    password: Option<Secret>,
    profile: UserData,
    default_role: Option<String>,
    allowed_roles: Option<Vec<String>>,
    handover: Handover,
}

/// What a new account says of itself.
#[derive(Default)]
struct UserData {
    display_name: Option<String>,
    avatar: Option<String>,
    attributes: Attributes,
}

/// `POST /auth/register`.
pub(super) async fn register(
    dialect: web::Data<BackendPlus>,
    request: HttpRequest,
    fields: Fields,
) -> Result<HttpResponse, Refusal> {
    let rules = &dialect.rules;
    let asked = Registration::read(fields, rules)?;
    dialect.check_newcomer_rate(&request)?;
    let anonymous = dialect.registering_caller(&request).await?;
    let email = asked.email.clone();
    let free = dialect
        .look_up(&request, move |on| on.may_sign_up(&email, None))
        .await?;
    free.map_err(|refusal| rules.profile.sign_up(refusal))?;
    if let Some(password) = &asked.password {
        dialect.screen(password).await?;
    }
    let chosen = rules.roles.choose(asked.default_role, asked.allowed_roles)?;
    if rules.activation == Activation::ByMail || asked.password.is_none() {
        rules.require_mail()?;
    }
    let command = SignUp {
        display_name: asked
            .profile
            .display_name
            .unwrap_or_else(|| asked.email.as_str().to_owned()),
        address: asked.email,
        name: None,
        attributes: asked.profile.attributes,
        avatar: asked.profile.avatar,
        password: match asked.password {
            Some(password) => Some(dialect.app.hash(password).await?),
            None => None,
        },
        activation: rules.activation,
        roles: Some((APPLICATION.to_owned(), chosen)),
    };
    if let Some(lifetime) = rules.link_lifetime
        && command.password.is_none()
    {
        let asked_for = (anonymous, command);
        return dialect
            .register_by_link(&request, asked_for, lifetime, asked.handover)
            .await;
    }
    match rules.profile {
        Profile::Documented => {
            let made = dialect
                .transaction(&request, move |on| on.register(anonymous, &command))
                .await?;
            made.map_err(|refusal| rules.profile.sign_up(refusal))?;
            Ok(HttpResponse::NoContent().finish())
        }
        Profile::V2_7 => {
            let made = dialect
                .transaction(&request, move |on| register_and_log_in(on, anonymous, &command))
                .await?;
            match made.map_err(|refusal| rules.profile.sign_up(refusal))? {
                (_, Some(grant)) => dialect.session(&grant, asked.handover),
                (account, None) => {
                    let id = account.id;
                    let view = dialect.look_up(&request, move |on| on.account_by_id(id)).await?;
                    dialect.no_session(&view.ok_or(Refusal::INTERNAL)?, asked.handover)
                }
            }
        }
    }
}

/// A new account, and a session for it if it is active at once.
fn register_and_log_in(
    on: &clavis_flows::Flows<'_>,
    anonymous: Option<AccountId>,
    command: &SignUp,
) -> Answer<(Account, Option<Grant>), SignUpError> {
    let account = match on.register(anonymous, command)? {
        Ok(account) => account,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if command.activation != Activation::AtOnce {
        return Ok(Ok((account, None)));
    }
    let grant = on.log_in_after_sign_up(&account, &BackendPlus::session_request())?;
    let grant = grant.map_err(|refusal| StoreError::new("Flows::log_in_after_sign_up", refusal))?;
    Ok(Ok((account, Some(grant))))
}

impl Registration {
    fn read(mut fields: Fields, rules: &Rules) -> Result<Self, Refusal> {
        let email = fields.email("email", &rules.domains)?;
        let password = if rules.link_lifetime.is_some() && !fields.has("password") {
            None
        } else {
            Some(fields.new_password("password", rules.shortest_password)?)
        };
        let profile = match fields.object("user_data")? {
            Some(data) => UserData::read(data, &rules.registration_fields)?,
            None => UserData::default(),
        };
        let (mut allowed_roles, mut default_role) = (None, None);
        if let Some(mut options) = fields.object("register_options")? {
            allowed_roles = options.texts("allowed_roles")?;
            default_role = options.optional_text("default_role")?;
            options.finish()?;
        }
        let handover = Handover::asked(fields.flag("cookie")?);
        fields.finish()?;
        Ok(Self {
            email,
            password,
            profile,
            default_role,
            allowed_roles,
            handover,
        })
    }
}

impl UserData {
    fn read(mut data: Fields, allowed: &[String]) -> Result<Self, Refusal> {
        let mut read = Self::default();
        for name in allowed {
            let Some(value) = data.attribute(name)? else {
                continue;
            };
            match (name.as_str(), value) {
                ("display_name", value) => {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    if text.chars().count() > MAX_DISPLAY_NAME {
                        let problem = format!(
                            "length must be less than or equal to {MAX_DISPLAY_NAME} characters long"
                        );
                        return Err(data.invalid(name, &problem));
                    }
                    if text.contains(is_deceptive) {
                        return Err(data.invalid(name, "must not contain control characters"));
                    }
                    read.display_name = Some(text).filter(|text| !text.is_empty());
                }
                ("avatar_url", Value::String(url)) if is_web_url(&url) => read.avatar = Some(url),
                ("avatar_url", _) => return Err(data.invalid(name, "must be a valid uri")),
                (_, value) => {
                    read.attributes.insert(name.clone(), value.to_string());
                }
            }
        }
        data.finish()?;
        Ok(read)
    }
}

/// Others will show it as a picture: nothing but the web.
fn is_web_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}
