//! What a request asks of a stored content beside the content: a part of it, or only a newer one
//! (RFC 9110 §§13, 14).

use std::ops::Range;
use std::time::SystemTime;

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HttpDate};

/// What is to be sent of a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Nothing: the client has it.
    NotModified,
    /// All of it.
    Whole,
    /// Some of its bytes, at least one.
    Bytes(Range<u64>),
    /// None of the bytes that are asked for are there.
    Unsatisfiable,
}

/// What identifies one version of a content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Version<'a> {
    /// In its quotes.
    pub(super) etag: &'a str,
    /// `None` for a content that is made anew for every request.
    pub(super) modified_at: Option<SystemTime>,
}

/// What of a content answers the request.
pub(super) fn part(method: &Method, headers: &HeaderMap, version: Version<'_>, size: u64) -> Part {
    if not_modified(headers, version) {
        return Part::NotModified;
    }
    let asked = text(headers, &header::RANGE).filter(|_| *method == Method::GET);
    match asked.and_then(parse_range) {
        Some(range) if range_holds(headers, version) => range.resolve(size),
        Some(_) | None => Part::Whole,
    }
}

/// Whether the client has this version. A list of tags makes the date meaningless (RFC 9110 §13.1.3).
pub(super) fn not_modified(headers: &HeaderMap, version: Version<'_>) -> bool {
    let mut tags = headers.get_all(header::IF_NONE_MATCH).peekable();
    if tags.peek().is_some() {
        return tags.any(|list| list.to_str().is_ok_and(|list| list_has(list, version.etag)));
    }
    let since = text(headers, &header::IF_MODIFIED_SINCE).and_then(parse_date);
    since
        .zip(version.modified_at)
        .is_some_and(|(since, modified_at)| whole_seconds(modified_at) <= whole_seconds(since))
}

/// Whether the list names the tag; whether weakly or strongly does not matter here.
fn list_has(list: &str, etag: &str) -> bool {
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    let etag = opaque(etag);
    list.trim() == "*" || list.split(',').any(|tag| opaque(tag.trim()) == etag)
}

/// Whether a range is wanted of this version (RFC 9110 §13.1.5): the tags must be strong and equal, the dates equal.
fn range_holds(headers: &HeaderMap, version: Version<'_>) -> bool {
    let Some(condition) = headers.get(header::IF_RANGE) else {
        return true;
    };
    let Some(condition) = condition.to_str().ok().map(str::trim) else {
        return false;
    };
    if condition.starts_with('"') {
        return condition == version.etag;
    }
    let date = parse_date(condition);
    date.zip(version.modified_at)
        .is_some_and(|(date, modified_at)| whole_seconds(date) == whole_seconds(modified_at))
}

/// One range as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    From(u64),
    Between(u64, u64),
    Last(u64),
}

impl Asked {
    fn resolve(self, size: u64) -> Part {
        let range = match self {
            Self::From(first) => first..size,
            Self::Between(first, last) => first..last.saturating_add(1).min(size),
            Self::Last(count) => size.saturating_sub(count)..size,
        };
        if range.is_empty() {
            Part::Unsatisfiable
        } else {
            Part::Bytes(range)
        }
    }
}

/// The range; `None` for what is no range of bytes, or more than one: then the whole content answers.
fn parse_range(text: &str) -> Option<Asked> {
    let (unit, range) = text.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    match (first, last) {
        ("", last) => Some(Asked::Last(position(last)?)),
        (first, "") => Some(Asked::From(position(first)?)),
        (first, last) => {
            let (first, last) = (position(first)?, position(last)?);
            (first <= last).then_some(Asked::Between(first, last))
        }
    }
}

/// Digits alone; a number past all sizes is past all sizes.
fn position(digits: &str) -> Option<u64> {
    let are_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn parse_date(text: &str) -> Option<SystemTime> {
    text.parse::<HttpDate>().ok().map(SystemTime::from)
}

/// Dates in headers have no fractions.
fn whole_seconds(moment: SystemTime) -> Option<u64> {
    Some(moment.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::http::header::HeaderValue;

    use super::*;

    const ETAG: &str = "\"v1\"";
    const DATE: &str = "Sat, 21 Nov 2026 15:00:00 GMT";

    #[track_caller]
    fn check_sent(method: &Method, sent: &[(HeaderName, &'static str)], expected: &Part) {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        let date = parse_date(DATE).unwrap() + Duration::from_millis(600);
        let version = Version {
            etag: ETAG,
            modified_at: Some(date),
        };
        assert_eq!(&part(method, &headers, version, 10), expected, "{sent:?}");
    }

    fn check(sent: &[(HeaderName, &'static str)], expected: &Part) {
        check_sent(&Method::GET, sent, expected);
    }

    #[test]
    fn a_range_is_cut_where_the_content_ends() {
        let check = |range, expected| check(&[(header::RANGE, range)], &expected);
        check("bytes=0-3", Part::Bytes(0..4));
        check("Bytes = 2-", Part::Whole);
        check("Bytes=2-", Part::Bytes(2..10));
        check("bytes=9-9", Part::Bytes(9..10));
        check("bytes=4-99999999999999999999999", Part::Bytes(4..10));
        check("bytes=0-9", Part::Bytes(0..10));
        check("bytes=-3", Part::Bytes(7..10));
        check("bytes=-30", Part::Bytes(0..10));
    }

    #[test]
    fn a_range_behind_the_end_is_unsatisfiable() {
        let check = |range| check(&[(header::RANGE, range)], &Part::Unsatisfiable);
        check("bytes=10-");
        check("bytes=10-11");
        check("bytes=-0");
        check("bytes=99999999999999999999999-");
    }

    #[test]
    fn what_is_no_single_range_of_bytes_is_ignored() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=5-4",
            "bytes=0-1,3-4",
            "bytes=--1",
            "lines=0-1",
            "bytes=1 - 2",
        ] {
            check(&[(header::RANGE, range)], &Part::Whole);
        }
        check_sent(&Method::HEAD, &[(header::RANGE, "bytes=0-1")], &Part::Whole);
    }

    #[test]
    fn a_client_that_has_the_version_gets_nothing() {
        let check = |tags, expected| check(&[(header::IF_NONE_MATCH, tags)], &expected);
        check("\"v1\"", Part::NotModified);
        check("W/\"v1\"", Part::NotModified);
        check("\"v0\", \"v1\"", Part::NotModified);
        check("*", Part::NotModified);
        check("\"v0\"", Part::Whole);
        check("v1", Part::Whole);
    }

    #[test]
    fn a_date_counts_in_whole_seconds_and_only_without_tags() {
        let since = (header::IF_MODIFIED_SINCE, DATE);
        check(std::slice::from_ref(&since), &Part::NotModified);
        check(
            &[(header::IF_MODIFIED_SINCE, "Sat, 21 Nov 2026 14:59:59 GMT")],
            &Part::Whole,
        );
        check(&[(header::IF_MODIFIED_SINCE, "yesterday")], &Part::Whole);
        check(&[since, (header::IF_NONE_MATCH, "\"v0\"")], &Part::Whole);
    }

    #[test]
    fn a_range_of_another_version_is_not_sent() {
        let range = (header::RANGE, "bytes=0-1");
        let check = |condition, expected| check(&[range.clone(), (header::IF_RANGE, condition)], &expected);
        check("\"v1\"", Part::Bytes(0..2));
        check(DATE, Part::Bytes(0..2));
        check("\"v0\"", Part::Whole);
        check("W/\"v1\"", Part::Whole);
        check("Sat, 21 Nov 2026 15:00:01 GMT", Part::Whole);
        check("", Part::Whole);
    }

    #[test]
    fn what_the_client_has_is_looked_at_before_what_it_wants() {
        check(
            &[(header::RANGE, "bytes=99-"), (header::IF_NONE_MATCH, "\"v1\"")],
            &Part::NotModified,
        );
    }
}
