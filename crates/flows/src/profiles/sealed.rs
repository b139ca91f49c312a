use clavis_kernel::{AccountId, Purpose, StoreError};
use clavis_kyc::{Profile, ProfileField, ProfileFields};
use serde_json::{Map, Value};

use super::PersonalProfile;
use crate::Flows;

/// Tells profiles from the other personal data of an account.
const KIND: u8 = b'p';

impl Flows<'_> {
    /// Seals the fields of a profile for its account. What is not there is left out.
    pub(crate) fn seal_profile(&self, account: AccountId, fields: &ProfileFields) -> Vec<u8> {
        self.seal_fields(&binding(account), fields)
    }

    /// Seals fields of a profile, bound to this.
    pub(crate) fn seal_fields(&self, binding: &[u8], fields: &ProfileFields) -> Vec<u8> {
        let dob = fields.dob.map(|dob| dob.to_string());
        let texts = [
            (ProfileField::FirstName, &fields.first_name),
            (ProfileField::LastName, &fields.last_name),
            (ProfileField::Dob, &dob),
            (ProfileField::Address, &fields.address),
            (ProfileField::Postcode, &fields.postcode),
            (ProfileField::City, &fields.city),
            (ProfileField::Country, &fields.country),
        ];
        let object: Map<String, Value> = texts
            .into_iter()
            .filter_map(|(field, text)| Some((field.name().to_owned(), Value::String(text.clone()?))))
            .collect();
        let plain = Value::Object(object).to_string();
        self.keys
            .master
            .seal(Purpose::PersonalData, binding, plain.as_bytes(), self.entropy)
    }

    /// Opens what [`Flows::seal_profile`] sealed.
    pub(crate) fn open_profile(&self, profile: &Profile) -> Result<ProfileFields, StoreError> {
        let content = &profile.content;
        self.opened_fields(&binding(content.account), &content.sealed)
    }

    /// Opens what [`Flows::seal_fields`] sealed, bound to this.
    pub(crate) fn opened_fields(&self, binding: &[u8], sealed: &[u8]) -> Result<ProfileFields, StoreError> {
        const OPENING: &str = "Profiles (sealed fields)";
        let plain = self
            .keys
            .master
            .open(Purpose::PersonalData, binding, sealed)
            .map_err(|error| StoreError::new(OPENING, error))?;
        let object: Map<String, Value> =
            serde_json::from_slice(&plain).map_err(|_| StoreError::new(OPENING, "no object in JSON"))?;
        let text = |field: ProfileField| {
            object
                .get(field.name())
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let dob = text(ProfileField::Dob).map(|dob| dob.parse()).transpose();
        Ok(ProfileFields {
            first_name: text(ProfileField::FirstName),
            last_name: text(ProfileField::LastName),
            dob: dob.map_err(|_| StoreError::new(OPENING, "no day of birth"))?,
            address: text(ProfileField::Address),
            postcode: text(ProfileField::Postcode),
            city: text(ProfileField::City),
            country: text(ProfileField::Country),
        })
    }

    /// The profile with what it says.
    pub(crate) fn opened_profile(&self, profile: Profile) -> Result<PersonalProfile, StoreError> {
        let fields = self.open_profile(&profile)?;
        Ok(PersonalProfile { profile, fields })
    }
}

fn binding(account: AccountId) -> Vec<u8> {
    [account.0.as_bytes().as_slice(), &[KIND]].concat()
}
