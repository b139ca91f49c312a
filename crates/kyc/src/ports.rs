//! What the domain asks of a store. All calls made through one value run in one transaction, which the caller
//! opened and will close. "Not found" is `None`, "already taken" is a value; the only error is that the store
//! could not answer.

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, BlobId, DocumentId, PhoneId, ProfileId, StoreError, TokenDigest};

use crate::{
    Document, DocumentContent, KeptLevel, Label, LabelKey, LabelScope, LabelValue, NewLabel, NewPhone, Phone,
    PhoneCode, PhoneKey, Profile, ProfileContent, Review, ReviewState,
};

/// The labels.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Labels {
    /// Keeps a new label; `None` when the account has the key in this scope.
    fn insert(&self, label: &NewLabel, at: DateTime<Utc>) -> Result<Option<Label>, StoreError>;
    /// The label of this key and scope.
    fn find(
        &self,
        account: AccountId,
        key: &LabelKey,
        scope: LabelScope,
    ) -> Result<Option<Label>, StoreError>;
    /// Every label of an account, in the order they were made.
    fn of_account(&self, account: AccountId) -> Result<Vec<Label>, StoreError>;
    /// Every label of each of these accounts, in the order they were made.
    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<Label>, StoreError>;
    /// Sets value and description of the label of this account, key and scope; `false` when there is none.
    fn update(&self, label: &NewLabel, at: DateTime<Utc>) -> Result<bool, StoreError>;
    /// Takes a label away; `false` when there was none.
    fn remove(&self, account: AccountId, key: &LabelKey, scope: LabelScope) -> Result<bool, StoreError>;
    /// The accounts that have a label of this key, and of this value and scope where they are given, by their numbers;
    /// and how many there are.
    fn holders<'a>(
        &self,
        key: &'a LabelKey,
        value: Option<&'a LabelValue>,
        scope: Option<LabelScope>,
        offset: u64,
        limit: u32,
    ) -> Result<(Vec<AccountId>, u64), StoreError>;
    /// How many labels there are of each key and value in the private scope, the most frequent first, at most `limit`.
    fn count_by_value(&self, limit: u32) -> Result<Vec<(LabelKey, LabelValue, u64)>, StoreError>;
}

/// The levels, kept so that accounts can be looked for by them. What a level is follows from the labels.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Levels {
    /// The kept level; `None` for an account that never had a label, whose level is 0.
    fn find(&self, account: AccountId) -> Result<Option<KeptLevel>, StoreError>;
    /// Keeps a level in place of the one before.
    fn put(&self, level: &KeptLevel) -> Result<(), StoreError>;
    /// Accounts whose level was computed with another table, at most `limit`.
    fn outdated(&self, table: i64, limit: u32) -> Result<Vec<AccountId>, StoreError>;
}

/// The profiles.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Profiles {
    /// Keeps a new profile.
    fn insert(
        &self,
        content: &ProfileContent,
        state: ReviewState,
        at: DateTime<Utc>,
    ) -> Result<Profile, StoreError>;
    /// The profile with this id.
    fn find(&self, id: ProfileId) -> Result<Option<Profile>, StoreError>;
    /// The profiles of an account, the oldest first, at most 100.
    fn of_account(&self, account: AccountId) -> Result<Vec<Profile>, StoreError>;
    /// The profiles of each of these accounts, the oldest first.
    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<Profile>, StoreError>;
    /// Sets what a profile says and its state, if its state is still `from`: one conditional write, `true` when it did.
    fn update(
        &self,
        id: ProfileId,
        content: &ProfileContent,
        from: ReviewState,
        to: ReviewState,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// Decides, if the state is still `from`: one conditional write, `true` when it did.
    fn review(
        &self,
        id: ProfileId,
        from: ReviewState,
        to: ReviewState,
        review: &Review,
    ) -> Result<bool, StoreError>;
    /// The profiles in a state, in the order of their ids, after this one, at most `limit`; and how many there are.
    fn queue(
        &self,
        state: ReviewState,
        after: Option<ProfileId>,
        limit: u32,
    ) -> Result<(Vec<Profile>, u64), StoreError>;
}

/// The phones.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Phones {
    /// Adds a phone; `None` when the account has the number.
    fn insert(&self, phone: &NewPhone, at: DateTime<Utc>) -> Result<Option<Phone>, StoreError>;
    /// The account's phone of this number.
    fn find(&self, account: AccountId, key: &PhoneKey) -> Result<Option<Phone>, StoreError>;
    /// The phones of an account, in the order they were added.
    fn of_account(&self, account: AccountId) -> Result<Vec<Phone>, StoreError>;
    /// The phones of each of these accounts, in the order they were added.
    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<Phone>, StoreError>;
    /// Who has verified this number.
    fn verified_holder(&self, key: &PhoneKey) -> Result<Option<AccountId>, StoreError>;
    /// Replaces the code of an unverified phone; `false` when it is verified or gone.
    fn put_code(&self, id: PhoneId, code: &PhoneCode, at: DateTime<Utc>) -> Result<bool, StoreError>;
    /// Counts a wrong code.
    fn count_wrong_try(&self, id: PhoneId) -> Result<(), StoreError>;
    /// Spends the code, if it is this one, was sent after `sent_after` and saw fewer wrong tries than `tries`: one
    /// conditional write, `true` for the one call that did it.
    fn spend_code(
        &self,
        id: PhoneId,
        digest: &TokenDigest,
        sent_after: DateTime<Utc>,
        tries: u32,
    ) -> Result<bool, StoreError>;
    /// Makes a phone the verified holder of its number; `false` when another phone is.
    fn verify(&self, id: PhoneId, key: &PhoneKey, at: DateTime<Utc>) -> Result<bool, StoreError>;
    /// Takes a phone away, and its hold on the number; `false` when there was none.
    fn remove(&self, id: PhoneId) -> Result<bool, StoreError>;
}

/// The documents.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Documents {
    /// Keeps a new document.
    fn insert(&self, content: &DocumentContent, at: DateTime<Utc>) -> Result<Document, StoreError>;
    /// The document with this id.
    fn find(&self, id: DocumentId) -> Result<Option<Document>, StoreError>;
    /// The documents of an account, in the order they were handed in, at most 1000.
    fn of_account(&self, account: AccountId) -> Result<Vec<Document>, StoreError>;
    /// How many documents an account has.
    fn count_of_account(&self, account: AccountId) -> Result<u64, StoreError>;
    /// Decides, if the state is still `from`: one conditional write, `true` when it did.
    fn review(
        &self,
        id: DocumentId,
        from: ReviewState,
        to: ReviewState,
        review: &Review,
    ) -> Result<bool, StoreError>;
    /// The documents in a state, in the order of their ids, after this one, at most `limit`; and how many there are.
    fn queue(
        &self,
        state: ReviewState,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<(Vec<Document>, u64), StoreError>;
    /// Which of these blobs belong to a document.
    fn owned(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, StoreError>;
}
