use clavis_kernel::{AccountId, StoreError};
use clavis_kyc::Review;

use crate::types::{Id, moment};

/// The decision that the columns of a row hold, if there was one.
pub(super) fn review(
    operation: &'static str,
    by: Option<Id>,
    at: Option<i64>,
    public_comment: Option<String>,
    private_comment: Option<String>,
) -> Result<Option<Review>, StoreError> {
    let (Some(by), Some(at)) = (by, at) else {
        return Ok(None);
    };
    Ok(Some(Review {
        by: AccountId(by.0),
        at: moment(operation, at)?,
        public_comment,
        private_comment,
    }))
}
