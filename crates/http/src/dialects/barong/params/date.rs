use chrono::NaiveDate;

/// Longest time behind a day, in bytes.
const MAX_TIME_BYTES: usize = 32;

/// A day as clients write it: `1990-12-10`, with slashes or nothing between, the day first
/// (`10-12-1990`, `10/12/1990`, `10.12.1990`), or the moment in which it begins (`1990-12-10T00:00:00Z`).
/// `None` also for days that are in no calendar.
pub(super) fn parse(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let (year, month, day) = match text.len() {
        8 if text.bytes().all(|c| c.is_ascii_digit()) => {
            let (year, rest) = text.split_at_checked(4)?;
            let (month, day) = rest.split_at_checked(2)?;
            (year, month, day)
        }
        _ => separated(text)?,
    };
    if year.len() != 4 || !(1..=2).contains(&month.len()) || !(1..=2).contains(&day.len()) {
        return None;
    }
    let year = number(year)?;
    // There is no year 0, and no database column for one.
    (year > 0).then_some(())?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number(month)?, number(day)?)
}

fn separated(text: &str) -> Option<(&str, &str, &str)> {
    let separator = text.chars().find(|c| !c.is_ascii_digit())?;
    if !matches!(separator, '-' | '/' | '.') {
        return None;
    }
    let mut parts = text.splitn(3, separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if first.len() == 4 {
        (separator != '.').then_some((first, second, without_time(third)?))
    } else {
        Some((third, second, first))
    }
}

/// A day without the time that follows it, if one does.
fn without_time(day: &str) -> Option<&str> {
    match day.split_once(['T', ' ']) {
        None => Some(day),
        Some((day, time)) => is_time(time).then_some(day),
    }
}

/// Whether there is such a time of a day: hours, minutes, seconds and parts of them, with or without a zone.
fn is_time(text: &str) -> bool {
    if text.len() > MAX_TIME_BYTES {
        return false;
    }
    let (clock, zone) = match text.find(['Z', '+', '-']) {
        None => (text, None),
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at..)),
    };
    let (clock, fraction) = match clock.split_once('.') {
        None => (clock, None),
        Some((clock, fraction)) => (clock, Some(fraction)),
    };
    let is_fraction = fraction.is_none_or(|digits| {
        clock.len() == 8 && !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit())
    });
    let is_zone = match zone {
        None | Some("Z") => true,
        Some(zone) => zone.get(1..).is_some_and(|offset| is_clock(offset, 2)),
    };
    is_clock(clock, 3) && is_fraction && is_zone
}

/// Whether this is an hour, or an hour and a minute, or with the second too where there may be three parts. Only hours
/// and minutes may stand without colons.
fn is_clock(text: &str, most_parts: usize) -> bool {
    let parts: Vec<&str> = match text.split_at_checked(2) {
        Some((hour, minute)) if minute.len() == 2 => vec![hour, minute],
        _ => text.split(':').collect(),
    };
    // A second may be a leap second.
    let fits = |(part, most): (&&str, u32)| part.len() == 2 && number(part).is_some_and(|part| part <= most);
    parts.len() <= most_parts && parts.iter().zip([23, 59, 60]).all(fits)
}

fn number(digits: &str) -> Option<u32> {
    digits
        .bytes()
        .all(|c| c.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(i32, u32, u32)>) {
        let expected = expected.map(|(year, month, day)| NaiveDate::from_ymd_opt(year, month, day).unwrap());
        assert_eq!(parse(text), expected, "{text}");
    }

    #[test]
    fn a_day_is_written_in_one_of_the_usual_ways() {
        for text in [
            "1990-12-10",
            " 1990-12-10 ",
            "1990/12/10",
            "19901210",
            "10-12-1990",
            "10/12/1990",
            "10.12.1990",
            "1990-12-10T00:00:00.000Z",
            "1990-12-10 00:00:00",
            "1990-12-10T23:59:60Z",
            "1990-12-10T23:59",
            "1990-12-10T23",
            "1990-12-10T2359",
            "1990-12-10T23:59:59+02:00",
            "1990-12-10T23:59:59.999999-0330",
            "1990/12/10 23:59:59+02",
        ] {
            check(text, Some((1990, 12, 10)));
        }
        check("2000-2-9", Some((2000, 2, 9)));
        check("2024-02-29", Some((2024, 2, 29)));
    }

    #[test]
    fn a_time_that_no_day_has_spoils_the_day() {
        for time in [
            "T25:00:00Z",
            "T24:00:00Z",
            "T99:99:99",
            "T00:60:00",
            "T00:00:61",
            "T",
            "T:",
            "T1:2:3",
            "T00:00:00:00",
            "T00:00:00.",
            "T00:00.5",
            "T00:00:00+24:00",
            "T00:00:00+02:60",
            "T00:00:00+",
            "T00:00:00ZZ",
            "T00:00:00Z+02:00",
            "T--::..",
            "T+02:00",
            "T٠٠:00",
        ] {
            check(&format!("2030-01-22{time}"), None);
        }
        check(&format!("2030-01-22T00:00:00.{}", "0".repeat(24)), None);
    }

    #[test]
    fn a_day_that_is_in_no_calendar_is_none() {
        for text in [
            "2023-02-29",
            "1990-13-01",
            "1990-00-10",
            "0000-01-01",
            "31-04-2000",
            "99999-01-01",
            "90-12-10",
            "1990-12",
            "1990-12-10-1",
            "1990-12-10Tea",
            "1990-12/10",
            "-1990-12-10",
            "1990-+1-10",
            "١٩٩٠-12-10",
            "tomorrow",
            "",
        ] {
            check(text, None);
        }
    }
}
