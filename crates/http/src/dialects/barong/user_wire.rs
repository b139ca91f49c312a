//! Accounts as the coded profile shows them whole.

use clavis_flows::{Dossier, Person};
use serde::Serialize;

use super::Barong;
use super::data_storage::ShownData;
use super::error::Profile;
use super::labels::ShownLabel;
use super::phones::ShownPhone;
use super::profiles::ShownProfile;
use super::users::seconds;

/// The attribute of an account that clients fill as they like: a JSON text.
pub(super) const DATA: &str = "barong_data";

/// The attribute of an account that tells who led its owner here, by their uid.
pub(super) const REFERRER: &str = "barong_referrer";

/// The same, by the account's number.
pub(super) const REFERRAL_ID: &str = "barong_referral_id";

/// An account with everything that is known of who it belongs to.
#[derive(Serialize)]
pub(super) struct FullUser<'a> {
    email: String,
    uid: &'a str,
    role: &'a str,
    level: u8,
    otp: bool,
    state: &'static str,
    referral_uid: Option<&'a str>,
    data: Option<&'a str>,
    /// Nobody has a name here; clients read the field all the same.
    username: Option<&'a str>,
    labels: Vec<ShownLabel<'a>>,
    phones: Vec<ShownPhone<'a>>,
    profiles: Vec<ShownProfile<'a>>,
    data_storages: Vec<ShownData<'a>>,
    created_at: String,
    updated_at: String,
}

/// What clients have put into an account's `data`.
pub(super) fn data_of(person: &Person) -> Option<&str> {
    person.account().attributes.get(DATA).map(String::as_str)
}

/// The number of who led somebody here.
pub(super) fn referral_id_of(person: &Person) -> Option<i64> {
    person.account().attributes.get(REFERRAL_ID)?.parse().ok()
}

/// Who led somebody here.
pub(super) fn referrer_of(person: &Person) -> Option<&str> {
    person.account().attributes.get(REFERRER).map(String::as_str)
}

impl Barong {
    /// An account as its owner sees it whole, in the words of a mount.
    pub(super) fn full_user<'a>(&self, dossier: &'a Dossier, profile: Profile) -> FullUser<'a> {
        let person = &dossier.person;
        let account = person.account();
        let phones = dossier.phones.iter();
        let profiles = dossier.profiles.iter();
        FullUser {
            email: person.address(),
            uid: account.uid.as_str(),
            role: &person.role,
            level: person.level,
            otp: person.has_second_factor,
            state: account.state.name(),
            referral_uid: referrer_of(person),
            data: data_of(person),
            username: None,
            labels: person.labels.iter().map(ShownLabel::of).collect(),
            phones: phones.map(|phone| self.phone_shown(phone, profile)).collect(),
            profiles: profiles.map(|one| self.profile_shown(one, profile)).collect(),
            data_storages: dossier.data.iter().map(ShownData::of).collect(),
            created_at: seconds(account.created_at),
            updated_at: seconds(account.updated_at),
        }
    }
}
