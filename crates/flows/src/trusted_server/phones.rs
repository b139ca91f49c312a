//! Phones that servers have verified themselves.

use clavis_kernel::{AccountId, Answer, StoreError, Uid};
use clavis_kyc::{LabelKey, LabelScope, LabelValue, NewPhone, PhoneNumber, Phones};

use super::TrustedServer;
use crate::labels::StateEffect;
use crate::{AuditAction, Flows, PersonalPhone};

/// Why a server did not add a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServerPhoneError {
    /// No such account.
    #[error("no such account")]
    UnknownAccount,
    /// Somebody has verified the number, perhaps the account itself.
    #[error("the number is taken")]
    Taken,
    /// The account has as many phones as it may have.
    #[error("too many phones")]
    TooMany,
}

impl Flows<'_> {
    /// Adds a phone that the server has verified.
    pub fn phone_for_server(
        &self,
        server: &TrustedServer,
        uid: &Uid,
        number: &PhoneNumber,
    ) -> Answer<(), ServerPhoneError> {
        let Some(account) = self.served_account(uid)? else {
            return Ok(Err(ServerPhoneError::UnknownAccount));
        };
        let kept = self.keep_verified_phone(account.id, number)?;
        if kept.is_ok() {
            self.note_server(server, account.id)?;
        }
        Ok(kept)
    }

    /// Removes a phone; when it was the last verified one, the label that follows from having one goes with it. What was
    /// removed, or `None` when the account has no phone of this number.
    pub fn take_phone_for_server(
        &self,
        server: &TrustedServer,
        uid: &Uid,
        number: &PhoneNumber,
    ) -> Result<Option<PersonalPhone>, StoreError> {
        let Some(account) = self.served_account(uid)? else {
            return Ok(None);
        };
        let Some(phone) = Phones::find(self.ports, account.id, &self.phone_key(number))? else {
            return Ok(None);
        };
        Phones::remove(self.ports, phone.id)?;
        let detail = phone.id.to_string();
        self.audit_by(None, Some(account.id), AuditAction::RemovePhone, &detail)?;
        let left = Phones::of_account(self.ports, account.id)?;
        if left.iter().all(|phone| phone.validated_at.is_none()) {
            let (scope, effect) = (LabelScope::Private, StateEffect::Stays);
            self.take_label(account.id, &LabelKey::PHONE, scope, None, effect)?;
        }
        self.ports.touch(account.id, self.now())?;
        self.note_server(server, account.id)?;
        Ok(Some(PersonalPhone {
            phone,
            number: number.clone(),
        }))
    }

    /// A phone that somebody else has verified for us.
    pub(super) fn keep_verified_phone(
        &self,
        account: AccountId,
        number: &PhoneNumber,
    ) -> Answer<(), ServerPhoneError> {
        let (key, now) = (self.phone_key(number), self.now());
        if self.ports.verified_holder(&key)?.is_some() {
            return Ok(Err(ServerPhoneError::Taken));
        }
        // One that waits for its code counts already.
        let known = Phones::find(self.ports, account, &key)?;
        let limit = usize::try_from(self.limits.kyc.phones_per_account).unwrap_or(usize::MAX);
        if known.is_none() && Phones::of_account(self.ports, account)?.len() >= limit {
            return Ok(Err(ServerPhoneError::TooMany));
        }
        let phone = if let Some(phone) = known {
            phone
        } else {
            let new = NewPhone {
                account,
                key,
                sealed_number: self.seal_number(account, number),
                country: number.country().to_owned(),
                code: None,
            };
            Phones::insert(self.ports, &new, now)?
                .ok_or_else(|| StoreError::conflict("Phones::insert", "the number was added meanwhile"))?
        };
        if !Phones::verify(self.ports, phone.id, &key, now)? {
            return Err(StoreError::conflict(
                "Phones::verify",
                "the number was verified meanwhile",
            ));
        }
        let detail = phone.id.to_string();
        self.audit_by(None, Some(account), AuditAction::VerifyPhone, &detail)?;
        self.set_private_label(account, LabelKey::PHONE, LabelValue::VERIFIED, None)?;
        self.ports.touch(account, now)?;
        Ok(Ok(()))
    }
}
