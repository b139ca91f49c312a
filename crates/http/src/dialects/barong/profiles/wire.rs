use clavis_flows::{PersonalProfile, ProfileCommand, ProfileManner};
use clavis_kyc::{ProfileFields, ProfileGrammar, ReviewState};
use serde::Serialize;
use serde_json::Value;

use super::super::Barong;
use super::super::error::{BarongError, Profile, Thing};
use super::super::params::{Check, Param, Params, Presence};
use super::super::users::seconds;

/// Most bytes of free keys and values.
const MAX_METADATA_BYTES: usize = 65_535;
const METADATA: &str = "metadata";

/// A profile as its person sees it, in the words of a mount.
#[derive(Serialize)]
#[serde(untagged)]
pub(in super::super) enum ShownProfile<'a> {
    Classic(ClassicProfile<'a>),
    Coded(CodedProfile<'a>),
}

/// A profile as 2.0.8 shows it: these fields in this order.
#[derive(Serialize)]
pub(in super::super) struct ClassicProfile<'a> {
    #[serde(flatten)]
    said: Said<'a>,
    metadata: Option<Value>,
}

/// A profile as 2.6 shows it.
#[derive(Serialize)]
pub(in super::super) struct CodedProfile<'a> {
    #[serde(flatten)]
    said: Said<'a>,
    state: &'static str,
    /// JSON's text, as it was sent.
    metadata: Option<&'a str>,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
struct Said<'a> {
    first_name: Option<&'a str>,
    last_name: Option<String>,
    dob: Option<String>,
    address: Option<&'a str>,
    postcode: Option<&'a str>,
    city: Option<&'a str>,
    country: Option<&'a str>,
}

/// The fields of a profile, in the order in which they are declared.
pub(in super::super) fn declared_fields(check: &mut Check<'_>, presence: Presence) -> ProfileFields {
    ProfileFields {
        first_name: check.text(presence, "first_name"),
        last_name: check.text(presence, "last_name"),
        dob: check.date(presence, "dob"),
        address: check.text(presence, "address"),
        postcode: check.text(presence, "postcode"),
        city: check.text(presence, "city"),
        country: check.text(presence, "country"),
    }
}

/// Free keys and values, as an object's text in JSON.
pub(in super::super) fn declared_metadata(check: &mut Check<'_>, params: &Params) -> Option<String> {
    let object = check.object(Presence::Optional, METADATA)?;
    let text = match params.get(METADATA) {
        Some(Param::Text(text)) => text.trim().to_owned(),
        _ => Value::Object(object).to_string(),
    };
    if text.len() > MAX_METADATA_BYTES {
        check.refuse(METADATA, "metadata.invalid_format");
    }
    Some(text)
}

/// How far the review of a profile has come, in the dialect's words.
pub(in super::super) const fn state_name(state: ReviewState) -> &'static str {
    match state {
        // Its owner is to work on it again.
        ReviewState::Drafted | ReviewState::RetryRequested => "drafted",
        ReviewState::Pending => "submitted",
        ReviewState::Approved => "verified",
        ReviewState::Rejected => "rejected",
    }
}

impl Barong {
    /// Which characters profiles may have.
    pub(in super::super) const fn profile_grammar(&self) -> ProfileGrammar {
        if self.settings.strict_2_0_8 {
            ProfileGrammar::Strict
        } else {
            ProfileGrammar::Wide
        }
    }

    /// A profile as it was sent.
    pub(super) fn profile_command(
        &self,
        params: &Params,
        presence: Presence,
        profile: Profile,
    ) -> Result<ProfileCommand, BarongError> {
        let mut check = Check::of(params, Thing::Profile);
        let fields = declared_fields(&mut check, presence);
        let metadata = declared_metadata(&mut check, params);
        let manner = match profile {
            Profile::Classic => ProfileManner::Whole,
            Profile::Coded => match check.flag(Presence::Optional, "confirm") {
                Some(true) => ProfileManner::Submission,
                Some(false) | None => ProfileManner::Draft,
            },
        };
        check.finish()?;
        Ok(ProfileCommand {
            fields,
            metadata,
            grammar: self.profile_grammar(),
            manner,
        })
    }

    /// A profile as its person sees it.
    pub(in super::super) fn profile_shown<'a>(
        &self,
        shown: &'a PersonalProfile,
        profile: Profile,
    ) -> ShownProfile<'a> {
        let (fields, kept) = (&shown.fields, &shown.profile);
        let masks = self.settings.masks(profile);
        let said = Said {
            first_name: fields.first_name.as_deref(),
            last_name: fields
                .last_name
                .as_deref()
                .map(|name| if masks { masked_name(name) } else { name.to_owned() }),
            dob: fields.dob.map(|dob| {
                if masks {
                    dob.format("%Y-%m-**").to_string()
                } else {
                    dob.to_string()
                }
            }),
            address: fields.address.as_deref(),
            postcode: fields.postcode.as_deref(),
            city: fields.city.as_deref(),
            country: fields.country.as_deref(),
        };
        let metadata = kept.content.metadata.as_deref();
        match profile {
            Profile::Classic => ShownProfile::Classic(ClassicProfile {
                said,
                metadata: metadata.and_then(|text| serde_json::from_str(text).ok()),
            }),
            Profile::Coded => ShownProfile::Coded(CodedProfile {
                said,
                state: state_name(kept.state),
                metadata,
                created_at: seconds(kept.created_at),
                updated_at: seconds(kept.updated_at),
            }),
        }
    }
}

/// The first letter, and a star for each of the others: `B*****`.
pub(in super::super) fn masked_name(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next();
    first.into_iter().chain(letters.map(|_| '*')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_name_its_first_letter_is_seen_and_how_many_follow() {
        assert_eq!(masked_name("Barong"), "B*****");
        assert_eq!(masked_name("Ünal"), "Ü***");
        assert_eq!(masked_name("O"), "O");
        assert_eq!(masked_name(""), "");
    }

    #[test]
    fn what_was_sent_back_is_shown_as_a_draft() {
        let names = ReviewState::ALL.map(state_name);
        assert_eq!(names, ["drafted", "submitted", "verified", "drafted", "rejected"]);
    }
}
