//! Accounts, for servers.

use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Datelike as _, Utc};
use clavis_flows::{
    AccountFilter, Dossier, ImportError, ImportedPerson, PersonSelector, ServerChangeError, SignUpError,
    Slice,
};
use clavis_identity::PasswordHash;
use clavis_kernel::Secret;
use clavis_kyc::{CheckedProfile, LabelKey, LabelScope, LabelValue, PhoneNumber};
use serde::Serialize;

use super::{Signed, declared_uid};
use crate::dialects::barong::Barong;
use crate::dialects::barong::address::new_address;
use crate::dialects::barong::error::{BarongError, Profile, Thing};
use crate::dialects::barong::params::{Check, Params, Presence};
use crate::dialects::barong::profiles::{ShownProfile, declared_fields};
use crate::dialects::barong::sentence::RecordError;
use crate::dialects::barong::user_wire::DATA;
use crate::dialects::barong::users::{is_data, seconds};

/// Most accounts in one answer.
const MAX_LIMIT: u32 = 100;

/// An account with its newest profile.
#[derive(Serialize)]
pub(super) struct UserWithProfile<'a> {
    email: String,
    uid: &'a str,
    role: &'a str,
    level: u8,
    otp: bool,
    state: &'static str,
    profile: Option<ShownProfile<'a>>,
    created_at: String,
    updated_at: String,
}

impl Barong {
    pub(super) fn user_with_profile<'a>(&self, dossier: &'a Dossier) -> UserWithProfile<'a> {
        let person = &dossier.person;
        let account = person.account();
        UserWithProfile {
            email: person.address(),
            uid: account.uid.as_str(),
            role: &person.role,
            level: person.level,
            otp: person.has_second_factor,
            state: account.state.name(),
            profile: dossier
                .profiles
                .last()
                .map(|profile| self.profile_shown(profile, Profile::Classic)),
            created_at: seconds(account.created_at),
            updated_at: seconds(account.updated_at),
        }
    }
}

/// `POST /users/get`.
pub(super) async fn get(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let selector = selector(&signed.params)?;
    let Signed { server, .. } = signed;
    let found = barong.look_up(request, move |on| {
        match on.person_for_server(&server, &selector)? {
            Some(person) => on.dossier(person).map(Some),
            None => Ok(None),
        }
    });
    let dossier = found.await?.ok_or(BarongError::NOT_FOUND)?;
    Ok(HttpResponse::Created().json(barong.user_with_profile(&dossier)))
}

/// By the first of `uid`, `email` and `phone_num` that is there.
fn selector(params: &Params) -> Result<PersonSelector, BarongError> {
    let mut check = Check::of(params, Thing::Management);
    let is_named_otherwise = ["email", "phone_num"]
        .iter()
        .any(|name| params.get(name).is_some());
    let by_uid = params.get("uid").is_some() || !is_named_otherwise;
    let uid = by_uid.then(|| declared_uid(&mut check, "uid"));
    let email = check.optional_nb("email");
    let phone = check.optional_nb("phone_num");
    check.finish()?;
    let selector = match (uid, email, phone) {
        (Some(uid), _, _) => uid.map(PersonSelector::Uid),
        (None, Some(email), _) => email.parse().ok().map(PersonSelector::Address),
        (None, None, Some(phone)) => phone.parse().ok().map(PersonSelector::Phone),
        (None, None, None) => None,
    };
    selector.ok_or(BarongError::NOT_FOUND)
}

/// `POST /users/list`.
pub(super) async fn list(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let mut check = Check::of(&signed.params, Thing::Management);
    let filter = declared_span(&mut check);
    let slice = declared_slice(&mut check);
    check.finish()?;
    let Signed { server, .. } = signed;
    let dossiers = barong.look_up(request, move |on| {
        let page = on.people_for_server(&server, &filter, slice)?;
        on.dossiers(page.items)
    });
    Ok(HttpResponse::Ok().json(shown(barong, &dossiers.await?)))
}

/// When accounts were made or, with `range` so, last changed: from one moment on and before another.
fn declared_span(check: &mut Check<'_>) -> AccountFilter {
    let range = check.optional("range");
    let is_of_changes = match range.as_deref() {
        None | Some("created") => false,
        Some("updated") => true,
        Some(_) => {
            check.refuse("range", "invalid");
            false
        }
    };
    let (from, to) = (declared_moment(check, "from"), declared_moment(check, "to"));
    if is_of_changes {
        AccountFilter {
            updated_from: from,
            updated_to: to,
            ..AccountFilter::default()
        }
    } else {
        AccountFilter {
            created_from: from,
            created_to: to,
            ..AccountFilter::default()
        }
    }
}

/// In seconds since 1970.
fn declared_moment(check: &mut Check<'_>, name: &'static str) -> Option<DateTime<Utc>> {
    let seconds = check.integer(Presence::Optional, name)?;
    let moment =
        DateTime::from_timestamp(seconds, 0).filter(|moment| (1970..10_000).contains(&moment.year()));
    if moment.is_none() {
        check.refuse(name, "invalid");
    }
    moment
}

/// `POST /labels/filter/users`.
pub(super) async fn filter(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let mut check = Check::of(&signed.params, Thing::Management);
    let key = check.required_nb("key");
    let value = check.optional_nb("value");
    let scope = check.optional_nb("scope");
    let slice = declared_slice(&mut check);
    check.finish()?;
    // What can be no label, nobody has.
    let nobody = || Ok(HttpResponse::Ok().json([(); 0]));
    let Ok(key) = LabelKey::check(&key) else {
        return nobody();
    };
    let Ok(value) = value.map(|value| LabelValue::check(&value)).transpose() else {
        return nobody();
    };
    let Ok(scope) = scope.map(|scope| scope.parse::<LabelScope>()).transpose() else {
        return nobody();
    };
    let Signed { server, .. } = signed;
    let dossiers = barong.look_up(request, move |on| {
        let page = on.label_holders_for_server(&server, &key, value.as_ref(), scope, slice)?;
        on.dossiers(page.items)
    });
    Ok(HttpResponse::Ok().json(shown(barong, &dossiers.await?)))
}

fn shown<'a>(barong: &Barong, dossiers: &'a [Dossier]) -> Vec<UserWithProfile<'a>> {
    dossiers
        .iter()
        .map(|dossier| barong.user_with_profile(dossier))
        .collect()
}

/// `page` from 1, `limit` up to 100.
pub(super) fn declared_slice(check: &mut Check<'_>) -> Slice {
    let limit = match check.integer(Presence::Optional, "limit") {
        None => MAX_LIMIT,
        Some(limit) => match u32::try_from(limit) {
            Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => limit,
            Ok(_) | Err(_) => {
                check.refuse("limit", "limit is invalid");
                MAX_LIMIT
            }
        },
    };
    let page = match check.integer(Presence::Optional, "page") {
        None => 1,
        Some(page) => match u64::try_from(page) {
            Ok(page) if (1..=u64::from(u32::MAX)).contains(&page) => page,
            Ok(_) | Err(_) => {
                check.refuse("page", "page is invalid");
                1
            }
        },
    };
    Slice {
        offset: page.saturating_sub(1).saturating_mul(limit.into()),
        limit,
    }
}

/// `POST /users`.
pub(super) async fn create(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let mut check = Check::of(&signed.params, Thing::Management);
    let email = check.required_nb("email");
    let password = Secret::new(check.required_nb("password"));
    check.finish()?;
    let address = new_address(&email);
    let mut problems = match &address {
        None => vec![RecordError::EMAIL_INVALID],
        Some(address) => barong.address_problems(request, address).await?,
    };
    problems.extend(barong.password_problems(&password));
    let Some(address) = address.filter(|_| problems.is_empty()) else {
        return Err(BarongError::account(problems));
    };
    let hash = barong.app.hash(password).await?;
    let Signed { server, .. } = signed;
    let made = barong.transaction(request, move |on| {
        match on.sign_up_for_server(&server, &address, hash.clone())? {
            Ok(person) => on.dossier(person).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    });
    match made.await? {
        Ok(dossier) => Ok(HttpResponse::Created().json(barong.user_with_profile(&dossier))),
        Err(SignUpError::AddressTaken | SignUpError::AddressAwaitsActivation | SignUpError::NameTaken) => {
            Err(BarongError::account([RecordError::EMAIL_TAKEN]))
        }
    }
}

/// `POST /users/import`.
pub(super) async fn import(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let imported = imported(barong, &signed.params)?;
    let Signed { server, .. } = signed;
    let made = barong.transaction(request, move |on| {
        match on.import_for_server(&server, &imported)? {
            Ok(person) => on.dossier(person).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    });
    match made.await? {
        Ok(dossier) => Ok(HttpResponse::Created().json(barong.user_with_profile(&dossier))),
        Err(ImportError::AddressTaken) => Err(BarongError::MANAGEMENT_USER_EXISTS),
        Err(ImportError::PhoneTaken) => Err(BarongError::account([RecordError::PHONE_TAKEN])),
    }
}

/// The account as it was sent; a profile only when every field of one is there.
fn imported(barong: &Barong, params: &Params) -> Result<ImportedPerson, BarongError> {
    let mut check = Check::of(params, Thing::Management);
    let email = check.required_nb("email");
    let digest = check.required_nb("password_digest");
    let phone = check.optional_nb("phone");
    let fields = declared_fields(&mut check, Presence::Optional);
    check.finish()?;
    let mut problems = Vec::new();
    let address = new_address(&email);
    if address.is_none() {
        problems.push(RecordError::EMAIL_INVALID);
    }
    let password = digest.parse::<PasswordHash>().ok();
    if password.is_none() {
        problems.push(RecordError::DIGEST_INVALID);
    }
    let phone = phone.map(|phone| phone.parse::<PhoneNumber>()).transpose();
    if phone.is_err() {
        problems.push(RecordError::PHONE_INVALID);
    }
    let is_whole = [
        &fields.first_name,
        &fields.last_name,
        &fields.address,
        &fields.postcode,
        &fields.city,
        &fields.country,
    ]
    .into_iter()
    .all(Option::is_some)
        && fields.dob.is_some();
    let profile = is_whole.then(|| CheckedProfile::check(fields, barong.profile_grammar()));
    let profile = match profile.transpose() {
        Ok(profile) => profile,
        Err(violations) => {
            problems.extend(violations.into_iter().map(RecordError::from));
            None
        }
    };
    match (address, password, phone) {
        (Some(address), Some(password), Ok(phone)) if problems.is_empty() => Ok(ImportedPerson {
            address,
            password,
            phone,
            profile,
        }),
        _ => Err(BarongError::account(problems)),
    }
}

/// `POST /users/update`.
pub(super) async fn update(
    barong: &Barong,
    request: &HttpRequest,
    signed: Signed,
) -> Result<HttpResponse, BarongError> {
    let mut check = Check::of(&signed.params, Thing::Management);
    let uid = declared_uid(&mut check, "uid");
    let role = check.optional_nb("role");
    let data = check.optional_nb("data");
    check.finish()?;
    if !data.as_deref().is_none_or(is_data) {
        return Err(BarongError::account([RecordError::DATA_INVALID]));
    }
    let uid = uid.ok_or(BarongError::NOT_FOUND)?;
    let Signed { server, .. } = signed;
    let updated = barong.transaction(request, move |on| {
        let data = data.as_deref().map(|text| (DATA, text));
        match on.update_for_server(&server, &uid, role.as_deref(), data)? {
            Ok(person) => on.dossier(person).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    });
    match updated.await? {
        Ok(dossier) => Ok(HttpResponse::Created().json(barong.user_with_profile(&dossier))),
        Err(ServerChangeError::UnknownAccount) => Err(BarongError::NOT_FOUND),
        Err(ServerChangeError::UnknownRole | ServerChangeError::Authority) => {
            Err(BarongError::account([RecordError::ROLE_UNKNOWN]))
        }
    }
}
