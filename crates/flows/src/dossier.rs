use std::collections::HashMap;

use clavis_kernel::{AccountId, StoreError};
use clavis_kyc::Profiles;

use crate::{Flows, Person, PersonalData, PersonalPhone, PersonalProfile};

/// Everything that is known of who an account belongs to, but for documents.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// The account.
    pub person: Person,
    /// Its profiles, the oldest first.
    pub profiles: Vec<PersonalProfile>,
    /// Its phones, in the order they were added.
    pub phones: Vec<PersonalPhone>,
    /// What clients left with it, in the order they did.
    pub data: Vec<PersonalData>,
}

impl Flows<'_> {
    /// What is known of who an account belongs to.
    pub fn dossier(&self, person: Person) -> Result<Dossier, StoreError> {
        let account = person.account().id;
        Ok(Dossier {
            profiles: self.profiles_of(account)?,
            phones: self.phones_of(account)?,
            data: self.data_of(&[account])?,
            person,
        })
    }

    /// What is known of who each of these accounts belongs to, in the same order: as many queries for many as for one.
    pub fn dossiers(&self, people: Vec<Person>) -> Result<Vec<Dossier>, StoreError> {
        let ids: Vec<_> = people.iter().map(|person| person.account().id).collect();
        let mut profiles: HashMap<AccountId, Vec<PersonalProfile>> = HashMap::new();
        for profile in Profiles::of_accounts(self.ports, &ids)? {
            let profile = self.opened_profile(profile)?;
            profiles
                .entry(profile.profile.content.account)
                .or_default()
                .push(profile);
        }
        let mut phones: HashMap<AccountId, Vec<PersonalPhone>> = HashMap::new();
        for phone in self.phones_of_all(&ids)? {
            phones.entry(phone.phone.account).or_default().push(phone);
        }
        let mut data: HashMap<AccountId, Vec<PersonalData>> = HashMap::new();
        for one in self.data_of(&ids)? {
            data.entry(one.storage.account).or_default().push(one);
        }
        let dossiers = people.into_iter().map(|person| {
            let account = person.account().id;
            Dossier {
                profiles: profiles.remove(&account).unwrap_or_default(),
                phones: phones.remove(&account).unwrap_or_default(),
                data: data.remove(&account).unwrap_or_default(),
                person,
            }
        });
        Ok(dossiers.collect())
    }
}
