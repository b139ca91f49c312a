use clavis_kernel::{AccountId, Purpose, StoreError};
use clavis_kyc::LabelKey;

use super::{DataStorage, DataText, PersonalData};
use crate::Flows;

/// Tells these texts from the other personal data of an account.
const KIND: u8 = b's';

impl Flows<'_> {
    /// Seals a text for its account and its title.
    pub(super) fn seal_data(&self, account: AccountId, title: &LabelKey, text: &DataText) -> Vec<u8> {
        self.keys.master.seal(
            Purpose::PersonalData,
            &binding(account, title),
            text.0.as_bytes(),
            self.entropy,
        )
    }

    /// Opens what [`Flows::seal_data`] sealed.
    pub(super) fn opened_data(&self, storage: DataStorage) -> Result<PersonalData, StoreError> {
        const OPENING: &str = "DataStorages (a sealed text)";
        let binding = binding(storage.account, &storage.title);
        let plain = self
            .keys
            .master
            .open(Purpose::PersonalData, &binding, &storage.sealed)
            .map_err(|error| StoreError::new(OPENING, error))?;
        let text = std::str::from_utf8(&plain).map_err(|_| StoreError::new(OPENING, "no text"))?;
        Ok(PersonalData {
            text: text.to_owned(),
            storage,
        })
    }
}

fn binding(account: AccountId, title: &LabelKey) -> Vec<u8> {
    [
        account.0.as_bytes().as_slice(),
        &[KIND],
        title.as_str().as_bytes(),
    ]
    .concat()
}
