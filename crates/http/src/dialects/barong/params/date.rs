use chrono::NaiveDate;

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
    let Some((day, time)) = day.split_once(['T', ' ']) else {
        return Some(day);
    };
    let mut time = time.bytes();
    let is_time = time.len() <= 32 && time.all(|c| c.is_ascii_digit() || b":.Z+-".contains(&c));
    is_time.then_some(day)
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
        ] {
            check(text, Some((1990, 12, 10)));
        }
        check("2000-2-9", Some((2000, 2, 9)));
        check("2024-02-29", Some((2024, 2, 29)));
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
