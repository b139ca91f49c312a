//! The phones of an account: one counts once its holder has shown the code that was sent to it.

mod sealed;

use chrono::{DateTime, Duration, Utc};
use clavis_kernel::{AccountId, Answer, Entropy, EntropyExt as _, Secret, StoreError};
use clavis_kyc::{LabelKey, LabelValue, NewPhone, Phone, PhoneCode, PhoneKey, PhoneNumber, Phones};

use crate::{AuditAction, AuditFilter, AuditLog, Direction, Flows, Slice};

/// How many codes there are: five digits.
const CODES: u32 = 100_000;
/// The span in which texts are counted.
const TEXTS_SPAN: Duration = Duration::hours(1);

/// A phone with its number opened.
#[derive(Debug, Clone)]
pub struct PersonalPhone {
    /// The phone.
    pub phone: Phone,
    /// Its number.
    pub number: PhoneNumber,
}

/// What an account's owner wants who adds a number that they added before and did not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownPhone {
    /// It gets a fresh code.
    GetsFreshCode,
    /// It is refused.
    IsRefused,
}

/// Why a phone was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddPhoneError {
    /// The account is locked, banned or gone.
    #[error("the account may not be changed by its owner")]
    AccountClosed,
    /// Somebody has verified the number, perhaps the account itself.
    #[error("the number is verified already")]
    Taken,
    /// The account has the number, not verified yet.
    #[error("the account has the number already")]
    Known,
    /// The account has as many verified phones as it may have.
    #[error("too many phones")]
    TooManyPhones,
    /// As many codes were sent lately as may be; the next may be sent after this time.
    #[error("too many texts")]
    TooManyTexts(Duration),
}

/// Why no fresh code was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendCodeError {
    /// The account is locked, banned or gone.
    #[error("the account may not be changed by its owner")]
    AccountClosed,
    /// Somebody has verified the number, perhaps the account itself.
    #[error("the number is verified already")]
    Taken,
    /// The account has no such phone.
    #[error("no such phone")]
    UnknownPhone,
    /// As many codes were sent lately as may be; the next may be sent after this time.
    #[error("too many texts")]
    TooManyTexts(Duration),
}

/// Why a phone was not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyPhoneError {
    /// The account is locked, banned or gone.
    #[error("the account may not be changed by its owner")]
    AccountClosed,
    /// Somebody has verified the number, perhaps the account itself.
    #[error("the number is verified already")]
    Taken,
    /// The account has no such phone.
    #[error("no such phone")]
    UnknownPhone,
    /// It is not the code that was sent last, or that one was used, is too old, or saw too many wrong ones.
    #[error("wrong code")]
    WrongCode,
}

impl Flows<'_> {
    /// The phones of an account, in the order they were added.
    pub fn phones_of(&self, account: AccountId) -> Result<Vec<PersonalPhone>, StoreError> {
        self.phones_of_all(&[account])
    }

    /// The phones of each of these accounts, in the order they were added.
    pub fn phones_of_all(&self, accounts: &[AccountId]) -> Result<Vec<PersonalPhone>, StoreError> {
        let phones = Phones::of_accounts(self.ports, accounts)?;
        phones.into_iter().map(|phone| self.opened_phone(phone)).collect()
    }

    /// Adds a phone to an account. The code is to be sent to it once this is committed.
    pub fn add_phone(
        &self,
        account: AccountId,
        number: &PhoneNumber,
        known: KnownPhone,
    ) -> Answer<Secret, AddPhoneError> {
        let Some(account) = self.changeable(account)? else {
            return Ok(Err(AddPhoneError::AccountClosed));
        };
        let key = self.phone_key(number);
        if self.ports.verified_holder(&key)?.is_some() {
            return Ok(Err(AddPhoneError::Taken));
        }
        let phone = Phones::find(self.ports, account.id, &key)?;
        if phone.is_some() && known == KnownPhone::IsRefused {
            return Ok(Err(AddPhoneError::Known));
        }
        if let Some(wait) = self.wait_for_text(account.id)? {
            return Ok(Err(AddPhoneError::TooManyTexts(wait)));
        }
        if let Some(phone) = phone {
            return self.fresh_code(&phone).map(Ok);
        }
        if !self.make_room_for_phone(account.id)? {
            return Ok(Err(AddPhoneError::TooManyPhones));
        }
        let (code, kept) = self.new_code(account.id, &key);
        let phone = NewPhone {
            account: account.id,
            key,
            sealed_number: self.seal_number(account.id, number),
            country: number.country().to_owned(),
            code: Some(kept),
        };
        let phone = Phones::insert(self.ports, &phone, self.now())?
            .ok_or_else(|| StoreError::conflict("Phones::insert", "the number was added meanwhile"))?;
        self.note_phone(&phone, AuditAction::AddPhone)?;
        Ok(Ok(code))
    }

    /// A fresh code for a phone that waits to be verified: the one before is worth nothing from now on. It is to be
    /// sent once this is committed.
    pub fn renew_phone_code(
        &self,
        account: AccountId,
        number: &PhoneNumber,
    ) -> Answer<Secret, SendCodeError> {
        let Some(account) = self.changeable(account)? else {
            return Ok(Err(SendCodeError::AccountClosed));
        };
        let key = self.phone_key(number);
        if self.ports.verified_holder(&key)?.is_some() {
            return Ok(Err(SendCodeError::Taken));
        }
        let Some(phone) = Phones::find(self.ports, account.id, &key)? else {
            return Ok(Err(SendCodeError::UnknownPhone));
        };
        if let Some(wait) = self.wait_for_text(account.id)? {
            return Ok(Err(SendCodeError::TooManyTexts(wait)));
        }
        self.fresh_code(&phone).map(Ok)
    }

    /// Makes an account the holder of a number, for who shows the code that was sent to it. Of several accounts with
    /// the same number the first is.
    pub fn verify_phone(
        &self,
        account: AccountId,
        number: &PhoneNumber,
        code: &Secret,
    ) -> Answer<(), VerifyPhoneError> {
        // The lock is what makes the counting exact when codes are tried side by side.
        let Some(account) = self.changeable(account)? else {
            return Ok(Err(VerifyPhoneError::AccountClosed));
        };
        let (key, now, policy) = (self.phone_key(number), self.now(), &self.limits.kyc);
        if self.ports.verified_holder(&key)?.is_some() {
            return Ok(Err(VerifyPhoneError::Taken));
        }
        let Some(phone) = Phones::find(self.ports, account.id, &key)? else {
            return Ok(Err(VerifyPhoneError::UnknownPhone));
        };
        let digest = self.code_digest(account.id, &key, code);
        let sent_after = now - policy.phone_code_lifetime;
        if !self
            .ports
            .spend_code(phone.id, &digest, sent_after, policy.phone_code_tries)?
        {
            self.ports.count_wrong_try(phone.id)?;
            let refusal = VerifyPhoneError::WrongCode;
            self.audit_refusal(Some(account.id), AuditAction::VerifyPhone, refusal)?;
            return Ok(Err(refusal));
        }
        if !Phones::verify(self.ports, phone.id, &key, now)? {
            let refusal = VerifyPhoneError::Taken;
            self.audit_refusal(Some(account.id), AuditAction::VerifyPhone, refusal)?;
            return Ok(Err(refusal));
        }
        self.note_phone(&phone, AuditAction::VerifyPhone)?;
        self.set_private_label(account.id, LabelKey::PHONE, LabelValue::VERIFIED, None)?;
        // The label stays as it is when it is the second phone.
        self.ports.touch(account.id, now)?;
        Ok(Ok(()))
    }

    fn fresh_code(&self, phone: &Phone) -> Result<Secret, StoreError> {
        let (code, kept) = self.new_code(phone.account, &phone.key);
        if !self.ports.put_code(phone.id, &kept, self.now())? {
            return Err(StoreError::conflict(
                "Phones::put_code",
                "it was verified meanwhile",
            ));
        }
        self.note_phone(phone, AuditAction::AddPhone)?;
        Ok(code)
    }

    fn new_code(&self, account: AccountId, key: &PhoneKey) -> (Secret, PhoneCode) {
        let code = random_code(self.entropy);
        let kept = PhoneCode {
            digest: self.code_digest(account, key, &code),
            sent_at: self.now(),
            wrong_tries: 0,
        };
        (code, kept)
    }

    /// Whether another phone may be added. Who mistypes numbers is not shut out by them: the oldest that was never
    /// verified makes room.
    fn make_room_for_phone(&self, account: AccountId) -> Result<bool, StoreError> {
        let phones = Phones::of_account(self.ports, account)?;
        let limit = usize::try_from(self.limits.kyc.phones_per_account).unwrap_or(usize::MAX);
        if phones.len() < limit {
            return Ok(true);
        }
        let Some(oldest) = phones.iter().find(|phone| phone.validated_at.is_none()) else {
            return Ok(false);
        };
        if Phones::remove(self.ports, oldest.id)? {
            self.note_phone(oldest, AuditAction::RemovePhone)?;
        }
        Ok(true)
    }

    /// How long until another text may be sent for the account; `None` when it may now. Those that did not arrive
    /// count, too.
    fn wait_for_text(&self, account: AccountId) -> Result<Option<Duration>, StoreError> {
        let limit = self.limits.kyc.texts_per_account_per_hour;
        if limit == 0 {
            return Ok(None);
        }
        let now = self.now();
        let texts = AuditFilter {
            account: Some(account),
            by_authority: Some(false),
            actions: vec![AuditAction::AddPhone],
            refused: Some(false),
            from: Some(now - TEXTS_SPAN),
            ..AuditFilter::default()
        };
        let newest_that_count = Slice {
            offset: u64::from(limit).saturating_sub(1),
            limit: 1,
        };
        let page = AuditLog::page(self.ports, &texts, Direction::Descending, newest_that_count)?;
        let wait = |at: DateTime<Utc>| (at + TEXTS_SPAN - now).max(Duration::seconds(1));
        Ok(page.items.first().map(|oldest| wait(oldest.entry.at)))
    }

    /// A number is personal data, and has no place in the trail.
    fn note_phone(&self, phone: &Phone, action: AuditAction) -> Result<(), StoreError> {
        self.audit_by(None, Some(phone.account), action, &phone.id.to_string())
    }
}

/// Five digits, each code as likely as the others.
fn random_code(entropy: &dyn Entropy) -> Secret {
    // What lies above the last whole round would make the first codes likelier.
    const FAIR: u32 = u32::MAX - u32::MAX % CODES;
    loop {
        let number = u32::from_be_bytes(entropy.bytes());
        if number < FAIR {
            return Secret::new(format!("{:05}", number % CODES));
        }
    }
}
