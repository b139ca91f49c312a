//! How an image is to be changed, as a query says it.

use super::super::error::Refusal;

/// Most pixels on a side of a result.
const MAX_SIDE: u32 = 8192;
/// The parameters that ask for a change. Without any, a query says nothing about images.
const ASKING: [&str; 5] = ["w", "h", "q", "b", "r"];

/// How an image is to be changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Parameters {
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    /// From 0 to 100; what it means is the format's business.
    pub(super) quality: u8,
    /// The Gaussian's standard deviation in pixels.
    pub(super) blur: Option<f32>,
    pub(super) corners: Option<Corners>,
}

/// How far corners are rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Corners {
    /// A radius in pixels.
    Radius(f32),
    /// As far as the shorter side lets them.
    Full,
}

impl Parameters {
    /// What a query's pairs ask for; `None` when they ask for no change.
    pub(super) fn parse(pairs: &[(String, String)]) -> Result<Option<Self>, Refusal> {
        let asks = |(name, value): &(String, String)| ASKING.contains(&name.as_str()) && !value.is_empty();
        if !pairs.iter().any(asks) {
            return Ok(None);
        }
        let query = Query(pairs);
        let (width, height) = (query.side("w")?, query.side("h")?);
        let quality = query.whole("q", 100)?;
        let blur = query.number("b", 0.3, 1000.0)?;
        let corners = query.corners("r")?;
        query.token("token")?;
        if let Some((name, _)) = pairs
            .iter()
            .find(|(name, _)| !ASKING.contains(&name.as_str()) && name != "token")
        {
            return Err(invalid(name, "is not allowed"));
        }
        Ok(Some(Self {
            width,
            height,
            quality: quality
                .and_then(|quality| u8::try_from(quality).ok())
                .unwrap_or(100),
            blur,
            corners,
        }))
    }

    /// A text that is the same for the same changes.
    pub(super) fn key(&self) -> String {
        format!("{self:?}")
    }
}

struct Query<'a>(&'a [(String, String)]);

impl Query<'_> {
    /// A parameter's value; given twice, it is a list and no number.
    fn value(&self, name: &str) -> Result<Option<&str>, ()> {
        let mut values = self.0.iter().filter(|(given, _)| given == name);
        let value = values.next().map(|(_, value)| value.as_str());
        if values.next().is_some() {
            Err(())
        } else {
            Ok(value)
        }
    }

    fn number(&self, name: &str, least: f32, most: f32) -> Result<Option<f32>, Refusal> {
        let Some(value) = self.value(name).map_err(|()| not_a_number(name))? else {
            return Ok(None);
        };
        let number = parse_number(value).ok_or_else(|| not_a_number(name))?;
        if number < least {
            return Err(invalid(name, &format!("must be larger than or equal to {least}")));
        }
        if number > most {
            return Err(invalid(name, &format!("must be less than or equal to {most}")));
        }
        Ok(Some(number))
    }

    fn whole(&self, name: &str, most: u16) -> Result<Option<u16>, Refusal> {
        let value = self.value(name).map_err(|()| not_a_number(name))?;
        if value
            .and_then(parse_number)
            .is_some_and(|number| number.fract() != 0.0)
        {
            return Err(invalid(name, "must be an integer"));
        }
        let number = self.number(name, 0.0, f32::from(most))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole and between zero and a u16"
        )]
        Ok(number.map(|number| number as u16))
    }

    /// A side may be zero by its grammar, but there is no such image.
    fn side(&self, name: &str) -> Result<Option<u32>, Refusal> {
        let most = u16::try_from(MAX_SIDE).unwrap_or(u16::MAX);
        match self.whole(name, most)? {
            Some(0) => Err(invalid(name, "must be a positive number")),
            side => Ok(side.map(u32::from)),
        }
    }

    fn corners(&self, name: &str) -> Result<Option<Corners>, Refusal> {
        match self.value(name) {
            Ok(Some("full")) => Ok(Some(Corners::Full)),
            Ok(value) if value.is_none_or(|value| parse_number(value).is_some()) => {
                let radius = self.number(name, 0.0, f32::MAX)?;
                Ok(radius.map(Corners::Radius))
            }
            Ok(_) | Err(()) => Err(invalid(name, "must be one of [number, full]")),
        }
    }

    /// A link with a token may ask for a change too; whether the token opens anything is the rules' business.
    fn token(&self, name: &str) -> Result<(), Refusal> {
        match self.value(name) {
            Ok(None) => Ok(()),
            Ok(Some(token)) if uuid::Uuid::try_parse(token).is_ok() => Ok(()),
            Ok(Some(_)) | Err(()) => Err(invalid(name, "must be a valid GUID")),
        }
    }
}

fn parse_number(text: &str) -> Option<f32> {
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
    let number: f32 = Some(text.trim())
        .filter(|text| text.bytes().all(plain))?
        .parse()
        .ok()?;
    number.is_finite().then_some(number)
}

fn not_a_number(name: &str) -> Refusal {
    invalid(name, "must be a number")
}

fn invalid(name: &str, problem: &str) -> Refusal {
    Refusal::invalid(format!("\"{name}\" {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Option<Parameters>, String> {
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        Parameters::parse(&pairs).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn a_query_that_asks_for_no_change_may_say_anything() {
        for query in ["", "token=x", "v=3&f=png", "w=&h="] {
            assert_eq!(parse(query), Ok(None), "{query}");
        }
    }

    #[test]
    fn every_parameter_is_read() {
        let query = "w=10&h=8192&q=0&b=0.5&r=full&token=7d3c2c1c-0a52-4f39-9d63-0a4b1f0c9f11";
        let expected = Parameters {
            width: Some(10),
            height: Some(8192),
            quality: 0,
            blur: Some(0.5),
            corners: Some(Corners::Full),
        };
        assert_eq!(parse(query), Ok(Some(expected)));
        let few = parse("r=12.5").unwrap().unwrap();
        assert_eq!((few.quality, few.corners), (100, Some(Corners::Radius(12.5))));
    }

    #[test]
    fn what_is_wrong_is_told_in_the_contracts_words() {
        #[track_caller]
        fn check(query: &str, expected: &str) {
            assert_eq!(parse(query), Err(expected.to_owned()), "{query}");
        }
        check("w=8193", r#""w" must be less than or equal to 8192"#);
        check("h=-1", r#""h" must be larger than or equal to 0"#);
        check("w=x", r#""w" must be a number"#);
        check("w=&h=2", r#""w" must be a number"#);
        check("w=inf", r#""w" must be a number"#);
        check("w=NaN", r#""w" must be a number"#);
        check("w=1&w=2", r#""w" must be a number"#);
        check("w=1.5", r#""w" must be an integer"#);
        check("w=0", r#""w" must be a positive number"#);
        check("q=101", r#""q" must be less than or equal to 100"#);
        check("b=0.2", r#""b" must be larger than or equal to 0.3"#);
        check("b=1001", r#""b" must be less than or equal to 1000"#);
        check("r=round", r#""r" must be one of [number, full]"#);
        check("r=-1", r#""r" must be larger than or equal to 0"#);
        check("w=1&f=png", r#""f" is not allowed"#);
        check("x=1&w=1&token=1", r#""token" must be a valid GUID"#);
    }
}
