use clavis_identity::{PendingLogIn, PendingLogIns};
use clavis_kernel::{AccountId, StoreError, TokenDigest};

use super::FakePorts;

impl PendingLogIns for FakePorts {
    fn put(&self, pending: &PendingLogIn) -> Result<(), StoreError> {
        let mut state = self.change("PendingLogIns::put")?;
        state
            .pending_log_ins
            .retain(|_, other| (other.account, other.through) != (pending.account, pending.through));
        state.pending_log_ins.insert(pending.digest, pending.clone());
        Ok(())
    }

    fn find(&self, digest: &TokenDigest) -> Result<Option<PendingLogIn>, StoreError> {
        Ok(self.state().pending_log_ins.get(digest).cloned())
    }

    fn count_wrong_code(&self, digest: &TokenDigest) -> Result<(), StoreError> {
        let mut state = self.change("PendingLogIns::count_wrong_code")?;
        if let Some(pending) = state.pending_log_ins.get_mut(digest) {
            pending.wrong_codes += 1;
        }
        Ok(())
    }

    fn end(&self, digest: &TokenDigest) -> Result<bool, StoreError> {
        let mut state = self.change("PendingLogIns::end")?;
        Ok(state.pending_log_ins.remove(digest).is_some())
    }

    fn end_all(&self, account: AccountId) -> Result<usize, StoreError> {
        let mut state = self.change("PendingLogIns::end_all")?;
        let before = state.pending_log_ins.len();
        state
            .pending_log_ins
            .retain(|_, pending| pending.account != account);
        Ok(before - state.pending_log_ins.len())
    }
}
