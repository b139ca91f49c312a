use chrono::{DateTime, Utc};
use clavis_identity::ProviderJourneys;
use clavis_kernel::{StoreError, TokenDigest};
use diesel::prelude::*;

use super::Tx;
use crate::failure::failed;
use crate::schema::provider_journeys::{self, dsl};
use crate::types::micros;

impl ProviderJourneys for Tx<'_> {
    fn end(&self, journey: &TokenDigest, expires_at: DateTime<Utc>) -> Result<bool, StoreError> {
        let rows = diesel::insert_into(provider_journeys::table)
            .values((
                dsl::digest.eq(journey.as_bytes().as_slice()),
                dsl::expires_at.eq(micros(expires_at)),
            ))
            .on_conflict_do_nothing()
            .execute(*self.conn.borrow_mut())
            .map_err(failed("ProviderJourneys::end"))?;
        Ok(rows > 0)
    }
}
