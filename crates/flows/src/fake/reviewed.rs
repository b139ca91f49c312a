use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, BlobId, DocumentId, ProfileId, StoreError};
use clavis_kyc::{
    Document, DocumentContent, Documents, Profile, ProfileContent, Profiles, Review, ReviewState,
};

use super::{FakePorts, taken};

impl Profiles for FakePorts {
    fn insert(
        &self,
        content: &ProfileContent,
        state: ReviewState,
        at: DateTime<Utc>,
    ) -> Result<Profile, StoreError> {
        Ok(self.change("Profiles::insert")?.profiles.add(|id| Profile {
            id: ProfileId(id),
            content: content.clone(),
            state,
            review: None,
            created_at: at,
            updated_at: at,
        }))
    }

    fn find(&self, id: ProfileId) -> Result<Option<Profile>, StoreError> {
        Ok(self.state().profiles.rows.get(&id.0).cloned())
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<Profile>, StoreError> {
        let mut profiles = Profiles::of_accounts(self, &[account])?;
        profiles.truncate(100);
        Ok(profiles)
    }

    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<Profile>, StoreError> {
        let state = self.state();
        let profiles = state.profiles.rows.values();
        Ok(profiles
            .filter(|profile| accounts.contains(&profile.content.account))
            .cloned()
            .collect())
    }

    fn update(
        &self,
        id: ProfileId,
        content: &ProfileContent,
        from: ReviewState,
        to: ReviewState,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut state = self.change("Profiles::update")?;
        let known = state
            .profiles
            .rows
            .get_mut(&id.0)
            .filter(|profile| profile.state == from);
        Ok(known
            .map(|profile| {
                profile.content = ProfileContent {
                    account: profile.content.account,
                    ..content.clone()
                };
                profile.state = to;
                profile.updated_at = at;
            })
            .is_some())
    }

    fn review(
        &self,
        id: ProfileId,
        from: ReviewState,
        to: ReviewState,
        review: &Review,
    ) -> Result<bool, StoreError> {
        let mut state = self.change("Profiles::review")?;
        let known = state
            .profiles
            .rows
            .get_mut(&id.0)
            .filter(|profile| profile.state == from);
        Ok(known
            .map(|profile| {
                profile.state = to;
                profile.updated_at = review.at;
                profile.review = Some(review.clone());
            })
            .is_some())
    }

    fn queue(
        &self,
        state: ReviewState,
        after: Option<ProfileId>,
        limit: u32,
    ) -> Result<(Vec<Profile>, u64), StoreError> {
        let kept = self.state();
        let waiting = || {
            kept.profiles
                .rows
                .values()
                .filter(|profile| profile.state == state)
        };
        let next = waiting().filter(|profile| Some(profile.id) > after);
        let total = waiting().count() as u64;
        Ok((next.take(limit as usize).cloned().collect(), total))
    }
}

impl Documents for FakePorts {
    fn insert(&self, content: &DocumentContent, at: DateTime<Utc>) -> Result<Document, StoreError> {
        let mut state = self.change("Documents::insert")?;
        let mut documents = state.documents.rows.values();
        if documents.any(|other| other.content.file.blob == content.file.blob) {
            return Err(taken("Documents::insert"));
        }
        Ok(state.documents.add(|id| Document {
            id: DocumentId(id),
            content: content.clone(),
            state: ReviewState::Pending,
            review: None,
            created_at: at,
            updated_at: at,
        }))
    }

    fn find(&self, id: DocumentId) -> Result<Option<Document>, StoreError> {
        Ok(self.state().documents.rows.get(&id.0).cloned())
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<Document>, StoreError> {
        let state = self.state();
        let documents = state.documents.rows.values();
        Ok(documents
            .filter(|document| document.content.account == account)
            .take(1000)
            .cloned()
            .collect())
    }

    fn count_of_account(&self, account: AccountId) -> Result<u64, StoreError> {
        let state = self.state();
        let documents = state.documents.rows.values();
        Ok(documents
            .filter(|document| document.content.account == account)
            .count() as u64)
    }

    fn review(
        &self,
        id: DocumentId,
        from: ReviewState,
        to: ReviewState,
        review: &Review,
    ) -> Result<bool, StoreError> {
        let mut state = self.change("Documents::review")?;
        let known = state
            .documents
            .rows
            .get_mut(&id.0)
            .filter(|document| document.state == from);
        Ok(known
            .map(|document| {
                document.state = to;
                document.updated_at = review.at;
                document.review = Some(review.clone());
            })
            .is_some())
    }

    fn queue(
        &self,
        state: ReviewState,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<(Vec<Document>, u64), StoreError> {
        let kept = self.state();
        let waiting = || {
            kept.documents
                .rows
                .values()
                .filter(|document| document.state == state)
        };
        let next = waiting().filter(|document| Some(document.id) > after);
        let total = waiting().count() as u64;
        Ok((next.take(limit as usize).cloned().collect(), total))
    }

    fn owned(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, StoreError> {
        let state = self.state();
        let documents = state.documents.rows.values();
        let owned = documents.map(|document| document.content.file.blob);
        Ok(owned.filter(|blob| blobs.contains(blob)).collect())
    }
}
