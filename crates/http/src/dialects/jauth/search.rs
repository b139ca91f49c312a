//! `POST /internal/users:search`: other servers look for the accounts that were made through jauth.

use actix_web::{HttpRequest, web};
use chrono::{DateTime, NaiveDateTime, Utc};
use clavis_flows::{AttributePart, Direction, DoorFilter, DoorOrder, Slice};
use clavis_kernel::{Dialect, Email};
use serde::Serialize;
use serde_json::{Map, Value};

use super::Jauth;
use super::error::JauthError;
use super::third_party::UserType;
use super::user_wire::{self, Status, User};
use super::wire::{Fields, Success};

/// Most users that one answer shows.
const MAX_SIZE: u32 = 1000;
/// As many as an answer shows unless it is asked for others.
const SIZE: u32 = 10;
/// Most that a list of the request has.
const MAX_LISTED: usize = 1000;
/// Most keys of free objects that are looked at together: each account is opened for each of them.
const MAX_EXTRAS: usize = 16;

/// The users found, and how many there are.
#[derive(Serialize)]
pub(super) struct Found {
    total: u64,
    users: Vec<User>,
}

/// `POST /internal/users:search`. Whoever is no jauth user is found no more than they are shown.
pub(super) async fn search(
    request: HttpRequest,
    payload: web::Payload,
    jauth: web::Data<Jauth>,
) -> Result<Success<Found>, JauthError> {
    let mut fields = Fields::read(payload, "SearchUsersRequest").await?;
    let Some((filter, orders, slice)) = wanted(&mut fields)? else {
        return Ok(Success(Found {
            total: 0,
            users: Vec::new(),
        }));
    };
    let page = jauth.app.look_up(&jauth.door, jauth.caller(&request), move |on| {
        on.accounts_of_door(&filter, &orders, slice)
    });
    let page = page.await?;
    Ok(Success(Found {
        total: page.total,
        users: page.items.iter().map(User::of).collect(),
    }))
}

/// Which users, in which order, and which part of them; `None` where nobody can be meant.
type Wanted = Option<(DoorFilter, Vec<(DoorOrder, Direction)>, Slice)>;

fn wanted(fields: &mut Fields) -> Result<Wanted, JauthError> {
    let slice = Slice {
        offset: fields.number_or("start", 0)?,
        limit: u32::try_from(fields.number_or("size", SIZE.into())?).unwrap_or(u32::MAX),
    };
    if slice.limit > MAX_SIZE {
        return Err(JauthError::refused_field("size", "is at most 1000"));
    }
    let emails = fields.list("emails", MAX_LISTED)?;
    let extras = fields.object_or_empty("extras")?;
    let (created_from, created_to) = range(fields, "created_at_range")?;
    let (updated_from, updated_to) = range(fields, "modified_at_range")?;
    let orders = fields.list("order_bys", MAX_LISTED)?;
    let statuses = fields.list("status", MAX_LISTED)?;
    let types = fields.list("types", MAX_LISTED)?;
    let statuses = match statuses {
        None => vec![Status::Normal],
        Some(named) => named.iter().filter_map(Status::named).collect(),
    };
    let types: Option<Vec<_>> = types.map(|named| named.iter().filter_map(UserType::named).collect());
    let addresses: Option<Vec<Email>> = emails.map(|emails| {
        let texts = emails.iter().filter_map(Value::as_str);
        texts.filter_map(|text| text.parse().ok()).collect()
    });
    let parts = parts(extras)?;
    // A list of nothing that there is, or NUL, which PostgreSQL keeps in no JSON.
    let is_hopeless = statuses.is_empty()
        || parts
            .iter()
            .any(|part| part.key.contains('\0') || part.value.contains("\\u0000"))
        || types.as_ref().is_some_and(Vec::is_empty)
        || addresses.as_ref().is_some_and(Vec::is_empty);
    if is_hopeless {
        return Ok(None);
    }
    let filter = DoorFilter {
        states: statuses.into_iter().flat_map(Status::states).copied().collect(),
        addresses: addresses.unwrap_or_default(),
        log_ins: types
            .unwrap_or_default()
            .into_iter()
            .map(UserType::log_in_by)
            .collect(),
        parts,
        created_from,
        created_to,
        updated_from,
        updated_to,
        ..DoorFilter::all(Dialect::Jauth)
    };
    let orders = orders.unwrap_or_default();
    Ok(Some((filter, orders.iter().filter_map(order).collect(), slice)))
}

/// Each key with its value.
fn parts(extras: Map<String, Value>) -> Result<Vec<AttributePart>, JauthError> {
    if extras.len() > MAX_EXTRAS {
        return Err(JauthError::refused_field("extras", "has at most 16 keys"));
    }
    let part = |(key, value): (String, Value)| AttributePart {
        attribute: user_wire::EXTRA,
        key,
        value: value.to_string(),
    };
    Ok(extras.into_iter().map(part).collect())
}

/// From when to when.
type Span = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// The end of the time is not in it.
fn range(fields: &mut Fields, name: &'static str) -> Result<Span, JauthError> {
    let mut range = fields.object_or_empty(name)?;
    let mut moment = |end: &str| match range.remove(end) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => match read_moment(&text) {
            Some(at) => Ok(Some(at)),
            None => Err(JauthError::refused_field(
                name,
                "has times as 2020-10-01T18:30:05+09:00",
            )),
        },
        Some(_) => Err(JauthError::refused_field(
            name,
            "has times as 2020-10-01T18:30:05+09:00",
        )),
    };
    Ok((moment("start")?, moment("end")?))
}

/// A time without a zone is one of Greenwich, as the old database has it.
fn read_moment(text: &str) -> Option<DateTime<Utc>> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
    let plain = || text.parse::<NaiveDateTime>().map(|at| at.and_utc());
    let at = zoned.or_else(|_| plain()).ok()?;
    // As many as a store can tell.
    at.timestamp_nanos_opt().map(|_| at)
}

/// Fields that there are not are ignored.
fn order(named: &Value) -> Option<(DoorOrder, Direction)> {
    let named = named.as_str()?;
    let (name, direction) = match named.strip_prefix('-') {
        Some(name) => (name, Direction::Descending),
        None => (named, Direction::Ascending),
    };
    let order = match name {
        "id" => DoorOrder::Id,
        "email" => DoorOrder::Address,
        "created_at" => DoorOrder::CreatedAt,
        "modified_at" => DoorOrder::UpdatedAt,
        _ => return None,
    };
    Some((order, direction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_field_and_a_direction() {
        let order = |text: &str| order(&Value::from(text));
        assert_eq!(order("id"), Some((DoorOrder::Id, Direction::Ascending)));
        assert_eq!(
            order("-modified_at"),
            Some((DoorOrder::UpdatedAt, Direction::Descending))
        );
        for unknown in [
            "",
            "-",
            "--id",
            "ID",
            "hashed_password",
            "id; DROP TABLE accounts",
        ] {
            assert_eq!(order(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_time_has_a_zone_or_is_greenwichs() {
        let seconds = |text: &str| read_moment(text).map(|at| at.timestamp());
        assert_eq!(seconds("2020-10-01T18:30:05.123456+09:00"), Some(1_601_544_605));
        assert_eq!(seconds("2020-10-01T09:30:05"), Some(1_601_544_605));
        for none in ["", "2020-10-01", "now", "9999999-01-01T00:00:00Z"] {
            assert_eq!(seconds(none), None, "{none}");
        }
    }
}
