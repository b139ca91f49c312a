use clavis_kernel::{AccountId, Purpose, Secret, StoreError, TokenDigest};
use clavis_kyc::{Phone, PhoneKey, PhoneNumber};

use super::PersonalPhone;
use crate::Flows;

/// Tells phone numbers from the other personal data of an account.
const KIND: u8 = b't';

impl Flows<'_> {
    /// By which a number is found.
    pub(crate) fn phone_key(&self, number: &PhoneNumber) -> PhoneKey {
        let key = self.keys.master.derive(Purpose::PhoneNumbers);
        PhoneKey(key.hmac(&[number.digits().as_bytes()]))
    }

    /// Seals a number for its account.
    pub(crate) fn seal_number(&self, account: AccountId, number: &PhoneNumber) -> Vec<u8> {
        let plain = number.digits().as_bytes();
        self.keys
            .master
            .seal(Purpose::PersonalData, &binding(account), plain, self.entropy)
    }

    /// The phone with its number.
    pub(crate) fn opened_phone(&self, phone: Phone) -> Result<PersonalPhone, StoreError> {
        const OPENING: &str = "Phones (a sealed number)";
        let digits = self
            .keys
            .master
            .open(
                Purpose::PersonalData,
                &binding(phone.account),
                &phone.sealed_number,
            )
            .map_err(|error| StoreError::new(OPENING, error))?;
        let digits = std::str::from_utf8(&digits).map_err(|error| StoreError::new(OPENING, error))?;
        let number =
            PhoneNumber::stored(digits, &phone.country).map_err(|error| StoreError::new(OPENING, error))?;
        Ok(PersonalPhone { phone, number })
    }

    /// Under what a code for this account's phone is kept: with the code of another phone it has nothing in common.
    pub(crate) fn code_digest(&self, account: AccountId, key: &PhoneKey, code: &Secret) -> TokenDigest {
        let codes = self.keys.master.derive(Purpose::PhoneCodes);
        // What stands before the code is always of the same length.
        let mac = codes.hmac(&[account.0.as_bytes(), &key.0, code.expose().as_bytes()]);
        TokenDigest::of(&hex::encode(mac))
    }
}

fn binding(account: AccountId) -> Vec<u8> {
    [account.0.as_bytes().as_slice(), &[KIND]].concat()
}
