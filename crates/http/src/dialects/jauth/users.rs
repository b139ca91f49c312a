//! Accounts: making, showing and changing them.

use actix_web::{HttpRequest, web};
use clavis_flows::{ContactChange, NamedSignUp, Newcomer};
use clavis_identity::{Attributes, Name};
use clavis_kernel::{AccountId, Dialect};
use uuid::Uuid;

use super::Jauth;
use super::bearer::Visitor;
use super::error::JauthError;
use super::events::Happening;
use super::third_party::UserType;
use super::user_wire::{self, User};
use super::wire::{Fields, Success};

/// `GET /users/-/{user_id}`: for anybody, unless the operator asks for a token.
pub(super) async fn show(
    request: HttpRequest,
    path: web::Path<String>,
    jauth: web::Data<Jauth>,
) -> Result<Success<User>, JauthError> {
    let visitor = if jauth.settings.require_token_for_users {
        Some(jauth.authenticate(&request).await?.account()?)
    } else {
        None
    };
    let id: Uuid = path.parse().map_err(|_| JauthError::USER_NOT_FOUND)?;
    let id = AccountId(id);
    let card = jauth
        .app
        .look_up(&jauth.door, jauth.caller(&request), move |on| on.account_card(id));
    // Who came through another door has not been told that anybody may read it here.
    let shown = |through: Dialect| through == Dialect::Jauth || visitor == Some(id);
    let card = card
        .await?
        .filter(|card| shown(card.view.account.created_through))
        .ok_or(JauthError::USER_NOT_FOUND)?;
    Ok(Success(User::of(&card)))
}

/// `POST /users/email`.
pub(super) async fn sign_up(
    request: HttpRequest,
    payload: web::Payload,
    jauth: web::Data<Jauth>,
) -> Result<Success<User>, JauthError> {
    let mut fields = Fields::read(payload, "CreateEmailUserRequest").await?;
    let account = fields.text("account")?;
    let email = fields.text("email")?;
    let password = fields.secret("password")?;
    let attributes = user_wire::keeping(fields.object_or_empty("extra")?);
    let (app, door, caller) = (&jauth.app, &jauth.door, jauth.caller(&request));
    app.newcomer_rate
        .check(caller.ip)
        .map_err(JauthError::too_many_requests)?;
    // Taken comes before every rule about how a name is written. Whether an address is taken is told to nobody.
    if let Ok(name) = account.parse::<Name>()
        && name.as_str() == account
        && !account.contains('@')
    {
        let free = app.look_up(door, caller.clone(), move |on| on.may_be_named(&name));
        free.await?.map_err(|_| JauthError::taken(&account))?;
    }
    let name = user_wire::account(&account)?;
    let contact = user_wire::email(&email)?;
    if jauth.password_problem(password.expose()).is_some() {
        return Err(JauthError::PASSWORD_POLICY);
    }
    let command = NamedSignUp {
        name,
        contact: Some(contact),
        attributes,
        password: app.hash(password).await?,
    };
    let made = app.transaction(door, caller, move |on| match on.sign_up_by_name(&command)? {
        Ok(account) => on.card_of(account).map(Ok),
        Err(refusal) => Ok(Err(refusal)),
    });
    let card = made.await?.map_err(|_| JauthError::taken(&account))?;
    jauth.tell(Happening::Made, &card);
    Ok(Success(User::of(&card)))
}

/// `POST /users/third_party`.
pub(super) async fn sign_up_through_third_party(
    request: HttpRequest,
    payload: web::Payload,
    jauth: web::Data<Jauth>,
) -> Result<Success<User>, JauthError> {
    let mut fields = Fields::read(payload, "CreateThirdPartyUserRequest").await?;
    let user_type = fields.required("user_type")?;
    let token = fields.secret("third_party_token")?;
    let attributes = user_wire::keeping(fields.object_or_empty("extra")?);
    let third_party = UserType::third_party(&user_type)?;
    let caller = jauth.caller(&request);
    jauth.check_rate(&caller)?;
    let who = jauth.identify(third_party, token).await?;
    let subject = who.subject.subject().to_owned();
    let newcomer = Newcomer {
        name: None,
        display_name: String::new(),
        avatar: None,
        attributes,
        claims_address: false,
        roles: None,
    };
    let made = jauth.app.transaction(&jauth.door, caller, move |on| {
        match on.sign_up_through_provider(&who, &newcomer)? {
            Ok(account) => on.card_of(account).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    });
    let card = made.await?.map_err(|_| JauthError::taken(&subject))?;
    jauth.tell(Happening::Made, &card);
    Ok(Success(User::of(&card)))
}

/// `GET /users/-/self`.
pub(super) async fn own(request: HttpRequest, jauth: web::Data<Jauth>) -> Result<Success<User>, JauthError> {
    let account = jauth.authenticate(&request).await?.account()?;
    let card = jauth.app.look_up(&jauth.door, jauth.caller(&request), move |on| {
        on.account_card(account)
    });
    let card = card.await?.ok_or(JauthError::USER_NOT_FOUND)?;
    Ok(Success(User::of(&card)))
}

/// `PUT /users/-/self`: the free object is replaced, not merged.
pub(super) async fn update_own(
    request: HttpRequest,
    payload: web::Payload,
    jauth: web::Data<Jauth>,
) -> Result<Success<bool>, JauthError> {
    let visitor: Visitor = jauth.authenticate(&request).await?;
    let mut fields = Fields::read(payload, "UpdateUserRequest").await?;
    let email = fields.text("email")?;
    let attributes = user_wire::keeping(fields.object("extra")?);
    let change = ContactChange {
        contact: user_wire::email(&email)?,
        attributes,
        attributes_of_another: unverified(),
    };
    let account = visitor.account()?;
    let changed = jauth
        .changing(&request, account, move |on| on.change_contact(account, &change))
        .await?;
    changed?;
    Ok(Success(true))
}

fn unverified() -> Attributes {
    user_wire::keeping_verified(None)
}
