//! What accounts are looked for by.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_flows::{AccountFilter, AccountOrder, Direction, Slice};
use clavis_identity::AccountState;
use clavis_kernel::Dialect;
use clavis_kyc::country_spellings;

use super::super::error::{BarongError, Profile, Thing};
use super::super::paging::Paging;
use super::super::params::{Check, Params, Presence};
use super::MAX_OFFSET;

/// What somebody looks for, and which part of it.
pub(super) struct Search {
    /// Whom; `None` where nobody can be meant.
    pub(super) filter: Option<AccountFilter>,
    /// By what they are ordered.
    pub(super) order: AccountOrder,
    /// In which direction.
    pub(super) direction: Direction,
    /// Whether who is behind them is shown.
    pub(super) extended: bool,
    /// Which part.
    pub(super) paging: Paging,
}

/// By what accounts are ordered where a list is asked for.
const ORDERS: [(&str, AccountOrder); 6] = [
    ("id", AccountOrder::Number),
    ("uid", AccountOrder::Uid),
    ("state", AccountOrder::State),
    ("level", AccountOrder::Level),
    ("created_at", AccountOrder::CreatedAt),
    ("updated_at", AccountOrder::UpdatedAt),
];

impl Search {
    /// Reads it from the parameters.
    pub(super) fn read(params: &Params, profile: Profile) -> Result<Self, BarongError> {
        let mut check = Check::of(params, Thing::AdminUser);
        let uid = check.optional("uid");
        let email = check.optional("email");
        let role = check.optional("role");
        let country = check.optional("country");
        let level = level(&mut check);
        let state = one_of(&mut check, "state", "admin.user.invalid_state", |name| {
            name.parse::<AccountState>().ok()
        });
        let ranged = one_of(
            &mut check,
            "range",
            "admin.user.invalid_range",
            |name| match name {
                "created" => Some(Ranged::Created),
                "updated" => Some(Ranged::Updated),
                _ => None,
            },
        );
        let (from, to) = (moment(&mut check, "from"), moment(&mut check, "to"));
        let direction = one_of(
            &mut check,
            "ordering",
            "admin.user.invalid_ordering",
            |name| match name {
                "asc" => Some(Direction::Ascending),
                "desc" => Some(Direction::Descending),
                _ => None,
            },
        );
        let order = one_of(&mut check, "order_by", "admin.user.invalid_order_by", |name| {
            ORDERS
                .into_iter()
                .find(|(known, _)| *known == name)
                .map(|(_, order)| order)
        });
        let extended = check.flag(Presence::Optional, "extended");
        check.finish()?;

        let (created, updated) = match ranged.unwrap_or(Ranged::Created) {
            Ranged::Created => ((from, to), (None, None)),
            Ranged::Updated => ((None, None), (from, to)),
        };
        let (uid, address) = (uid.map(|text| text.parse()), email.map(|text| text.parse()));
        let filter = match (uid.transpose(), address.transpose()) {
            (Ok(uid), Ok(address)) => Some(AccountFilter {
                uid,
                address,
                state,
                level,
                country: country.map(|country| country_spellings(&country)),
                role: role.map(|role| (Dialect::Barong.name().to_owned(), role)),
                no_role_but: None,
                label: None,
                created_from: created.0,
                created_to: created.1,
                updated_from: updated.0,
                updated_to: updated.1,
            }),
            _ => None,
        };
        Ok(Self {
            filter,
            order: order.unwrap_or_default(),
            direction: direction.unwrap_or_default(),
            extended: extended.unwrap_or_default(),
            paging: Paging::of(params, bounds_of(profile, extended))?,
        })
    }
}

/// By which profile's bounds a page is as long as it is: who is behind an account takes more than the account.
pub(super) fn bounds_of(profile: Profile, extended: Option<bool>) -> Profile {
    match extended {
        Some(true) => Profile::Coded,
        Some(false) | None => profile,
    }
}

enum Ranged {
    Created,
    Updated,
}

fn level(check: &mut Check<'_>) -> Option<u8> {
    const NAME: &str = "level";
    let asked = check.integer(Presence::Optional, NAME)?;
    let level = u8::try_from(asked).ok();
    if level.is_none() {
        check.refuse(NAME, "admin.user.invalid_level");
    }
    level
}

/// A parameter that is read as a value; what is none is refused with this code.
pub(super) fn part<T: FromStr>(
    check: &mut Check<'_>,
    presence: Presence,
    name: &'static str,
    code: &'static str,
) -> Option<T> {
    let text = check.text(presence, name)?;
    let part = text.trim().parse().ok();
    if part.is_none() {
        check.refuse(name, code);
    }
    part
}

/// A parameter that names one of a few things; another name is refused with this code.
pub(super) fn one_of<T>(
    check: &mut Check<'_>,
    name: &'static str,
    code: &'static str,
    known: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let asked = check.optional(name)?;
    let found = known(&asked);
    if found.is_none() {
        check.refuse(name, code);
    }
    found
}

/// A moment, in seconds since 1970.
pub(super) fn moment(check: &mut Check<'_>, name: &'static str) -> Option<DateTime<Utc>> {
    let seconds = check.integer(Presence::Optional, name)?;
    let moment = DateTime::from_timestamp(seconds, 0);
    if moment.is_none() {
        check.refuse(name, "invalid");
    }
    moment
}

impl From<Paging> for Slice {
    /// Nothing, where the page is too far on.
    fn from(paging: Paging) -> Self {
        if paging.offset() > MAX_OFFSET {
            return Self { offset: 0, limit: 0 };
        }
        Self {
            offset: paging.offset(),
            limit: paging.limit(),
        }
    }
}
