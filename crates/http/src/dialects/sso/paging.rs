//! Pages of a list: what is asked for in the query, and the links between pages.

use actix_web::HttpRequest;
use clavis_flows::{Direction, Slice, UserFilter, UserOrder};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::error::{Problems, SsoError};
use super::wire::{Link, account_id};

const PER_PAGE: u32 = 10;
const MAX_PER_PAGE: u32 = 100;
/// No list is longer, and every number of a page goes into a link.
const MAX_PAGE: u64 = 1 << 53;

/// What stays as it is in a query string.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The fields by which users are looked for.
const PREDICATES: [&str; 5] = ["id", "email", "first_name", "last_name", "is_active"];

/// A page that was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) page: u64,
    pub(super) per_page: u32,
}

impl Wanted {
    pub(super) fn slice(self) -> Slice {
        Slice {
            offset: (self.page - 1).saturating_mul(self.per_page.into()),
            limit: self.per_page,
        }
    }

    /// The links to pages of a list: `query` is what stays the same, `total` how long the list is.
    pub(super) fn links(self, base: &str, query: &str, total: u64) -> PageLinks {
        let last = total.div_ceil(self.per_page.into()).max(1);
        let link = |page: u64| {
            let per_page = self.per_page;
            Link::get(format!("{base}?perPage={per_page}{query}&page={page}"))
        };
        PageLinks {
            first: link(1),
            last: link(last),
            next: link(self.page + 1),
            prev: link((self.page - 1).max(1)),
        }
    }
}

#[derive(Serialize)]
pub(super) struct PageLinks {
    first: Link,
    last: Link,
    next: Link,
    prev: Link,
}

/// What the query says, name by name; of a name given twice the last one counts.
pub(super) struct Query {
    pairs: Vec<(String, String)>,
    problems: Problems,
}

impl Query {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
        Self {
            pairs: pairs.into_owned().collect(),
            problems: Problems::default(),
        }
    }

    fn last(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().rev().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The page asked for.
    pub(super) fn wanted(&mut self) -> Wanted {
        let number = |text: &str, most: u64| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u64>()
                .ok()
                .filter(|number| digits && (1..=most).contains(number))
        };
        let page = self.last("page").map_or(Some(1), |text| number(text, MAX_PAGE));
        let per_page = self
            .last("perPage")
            .map_or(Some(PER_PAGE.into()), |text| number(text, MAX_PER_PAGE.into()));
        if page.is_none() {
            self.problems
                .add("page", "Die Seite muss eine ganze Zahl ab 1 sein");
        }
        if per_page.is_none() {
            self.problems.add(
                "perPage",
                "Die Anzahl je Seite muss eine ganze Zahl von 1 bis 100 sein",
            );
        }
        Wanted {
            page: page.unwrap_or(1),
            per_page: per_page
                .and_then(|number| number.try_into().ok())
                .unwrap_or(PER_PAGE),
        }
    }

    /// The order asked for.
    pub(super) fn sort(&mut self) -> Sort {
        let sort = Sort::named(self.last("sort").unwrap_or("created_at"));
        if sort.is_none() {
            self.problems.add("sort", "Die Sortierung ist unbekannt");
        }
        sort.unwrap_or_default()
    }

    /// Whom to look for.
    pub(super) fn predicates(&mut self) -> Predicates {
        let mut found = Predicates::default();
        for (name, value) in &self.pairs {
            let Some(rest) = name
                .strip_prefix("predicate")
                .or_else(|| name.strip_prefix("filter"))
            else {
                continue;
            };
            let field = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let known = field.and_then(|field| PREDICATES.into_iter().find(|known| *known == field));
            match known {
                Some(known) if known != "is_active" || flag(value).is_some() => found.set(known, value),
                Some(_) => self
                    .problems
                    .add("predicate", "is_active muss true oder false sein"),
                // Another name that begins alike is nobody's business.
                None if !rest.is_empty() && !rest.starts_with('[') => {}
                None => self
                    .problems
                    .add("predicate", "Nach diesem Feld kann nicht gesucht werden"),
            }
        }
        found
    }

    pub(super) fn finish(self) -> Result<(), SsoError> {
        self.problems.finish()
    }
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// The order of a list, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sort {
    pub(super) order: UserOrder,
    pub(super) direction: Direction,
}

impl Sort {
    fn named(text: &str) -> Option<Self> {
        let (name, direction) = match text.strip_prefix('-') {
            Some(name) => (name, Direction::Descending),
            None => (text, Direction::Ascending),
        };
        let order = UserOrder::ALL.into_iter().find(|order| field(*order) == name)?;
        Some(Self { order, direction })
    }

    pub(super) fn name(self) -> String {
        let minus = match self.direction {
            Direction::Ascending => "",
            Direction::Descending => "-",
        };
        format!("{minus}{}", field(self.order))
    }
}

const fn field(order: UserOrder) -> &'static str {
    match order {
        UserOrder::CreatedAt => "created_at",
        UserOrder::Address => "email",
        UserOrder::FirstName => "first_name",
        UserOrder::LastName => "last_name",
        UserOrder::LastLoginAt => "last_login_at",
        UserOrder::ActivatedAt => "activated_at",
    }
}

/// What users must be, in the order of the contract; written as it was given.
#[derive(Debug, Default)]
pub(super) struct Predicates([Option<String>; PREDICATES.len()]);

impl Predicates {
    fn set(&mut self, field: &str, value: &str) {
        for (known, place) in PREDICATES.iter().zip(&mut self.0) {
            if *known == field {
                *place = Some(value.to_owned());
            }
        }
    }

    fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = PREDICATES.iter().zip(&self.0);
        all.filter_map(|(field, value)| Some((*field, value.as_deref()?)))
    }

    /// As a part of a query string, each with an ampersand before it.
    pub(super) fn query(&self) -> String {
        let mut query = String::new();
        for (field, value) in self.given() {
            query.push_str("&predicate%5B");
            query.push_str(field);
            query.push_str("%5D=");
            query.extend(utf8_percent_encode(value, ESCAPED));
        }
        query
    }

    /// Whom they fit; `None` when they fit nobody whoever there is.
    pub(super) fn filter(&self) -> Option<UserFilter> {
        let mut filter = UserFilter::default();
        for (field, value) in self.given() {
            // No column holds a NUL.
            if value.contains('\0') {
                return None;
            }
            match field {
                "id" => filter.id = Some(account_id(value)?),
                "email" => filter.address = Some(value.parse().ok()?),
                "first_name" => filter.first_name = Some(value.to_owned()),
                "last_name" => filter.last_name = Some(value.to_owned()),
                _ => filter.active = Some(flag(value)?),
            }
        }
        Some(filter)
    }
}

impl Serialize for Predicates {
    /// An empty list when there is none, as an empty array is written in PHP.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let count = self.given().count();
        if count == 0 {
            return <[(); 0]>::serialize(&[], serializer);
        }
        let mut map = serializer.serialize_map(Some(count))?;
        for (field, value) in self.given() {
            map.serialize_entry(field, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
