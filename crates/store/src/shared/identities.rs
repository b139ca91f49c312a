use chrono::{DateTime, Utc};
use clavis_identity::{AccountState, Identities, Identity, IdentityKey, IdentityKind, Provider};
use clavis_kernel::{AccountId, StoreError};
use diesel::dsl::{exists, max};
use diesel::prelude::*;

use super::{Db, Tx, dialect};
use crate::failure::failed;
use crate::schema::accounts;
use crate::schema::identities::{self, dsl};
use crate::types::{Id, count, guids, micros, parsed, some_moment};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = identities, check_for_backend(Db))]
struct IdentityRow {
    kind: String,
    folded: String,
    value: String,
    account_id: Id,
    proven_at: Option<i64>,
    claimed_through: String,
    claim_order: i64,
}

impl TryFrom<IdentityRow> for Identity {
    type Error = StoreError;

    fn try_from(row: IdentityRow) -> Result<Self, StoreError> {
        const READING: &str = "Identities (a row)";
        Ok(Self {
            key: IdentityKey::from_stored(parsed(READING, &row.kind)?, row.folded),
            value: row.value,
            account: AccountId(row.account_id.0),
            proven_at: some_moment(READING, row.proven_at)?,
            claimed_through: parsed(READING, &row.claimed_through)?,
        })
    }
}

impl Identities for Tx<'_> {
    fn find(&self, key: &IdentityKey) -> Result<Option<Identity>, StoreError> {
        identities::table
            .find((key.kind().name(), key.folded()))
            .select(IdentityRow::as_select())
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed("Identities::find"))?
            .map(Identity::try_from)
            .transpose()
    }

    fn claim(&self, identity: &Identity) -> Result<bool, StoreError> {
        const CLAIM: &str = "Identities::claim";
        let mut conn = self.conn.borrow_mut();
        let last: Option<i64> = identities::table
            .filter(dsl::account_id.eq(Id(identity.account.0)))
            .select(max(dsl::claim_order))
            .get_result(*conn)
            .map_err(failed(CLAIM))?;
        let row = IdentityRow {
            kind: identity.key.kind().name().to_owned(),
            folded: identity.key.folded().to_owned(),
            value: identity.value.clone(),
            account_id: Id(identity.account.0),
            proven_at: identity.proven_at.map(micros),
            claimed_through: identity.claimed_through.name().to_owned(),
            claim_order: last.map_or(0, |last| last.saturating_add(1)),
        };
        let rows = diesel::insert_into(identities::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(*conn)
            .map_err(failed(CLAIM))?;
        drop(conn);
        if rows > 0 && identity.key.kind() == IdentityKind::Address {
            self.keep_address_key(identity.account, CLAIM)?;
        }
        Ok(rows > 0)
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<Identity>, StoreError> {
        Identities::of_accounts(self, &[account])
    }

    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<Identity>, StoreError> {
        let rows: Vec<IdentityRow> = identities::table
            .filter(dsl::account_id.eq_any(guids(accounts)))
            // "address" sorts before "name" and "subject": addresses first.
            .order((dsl::account_id.asc(), dsl::kind.asc(), dsl::claim_order.asc()))
            .select(IdentityRow::as_select())
            .load(*self.conn.borrow_mut())
            .map_err(failed("Identities::of_accounts"))?;
        rows.into_iter().map(Identity::try_from).collect()
    }

    fn prove(&self, key: &IdentityKey, account: AccountId, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let held = identities::table
            .find((key.kind().name(), key.folded()))
            .filter(dsl::account_id.eq(Id(account.0)));
        let rows = diesel::update(held)
            .set(dsl::proven_at.eq(micros(at)))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Identities::prove"))?;
        Ok(rows > 0)
    }

    fn release(&self, key: &IdentityKey, account: AccountId) -> Result<bool, StoreError> {
        const RELEASE: &str = "Identities::release";
        let held = identities::table
            .find((key.kind().name(), key.folded()))
            .filter(dsl::account_id.eq(Id(account.0)));
        let rows = diesel::delete(held)
            .execute(*self.conn.borrow_mut())
            .map_err(failed(RELEASE))?;
        if rows > 0 && key.kind() == IdentityKind::Address {
            self.keep_address_key(account, RELEASE)?;
        }
        Ok(rows > 0)
    }

    fn release_all(&self, account: AccountId) -> Result<usize, StoreError> {
        const RELEASE: &str = "Identities::release_all";
        let rows = diesel::delete(identities::table.filter(dsl::account_id.eq(Id(account.0))))
            .execute(*self.conn.borrow_mut())
            .map_err(failed(RELEASE))?;
        if rows > 0 {
            self.keep_address_key(account, RELEASE)?;
        }
        Ok(rows)
    }

    fn count_holders(&self, kind: IdentityKind) -> Result<u64, StoreError> {
        const COUNT: &str = "Identities::count_holders";
        let gone = [AccountState::Deleted.name(), AccountState::Withdrawn.name()];
        let holds = identities::table
            .filter(dsl::account_id.eq(accounts::id))
            .filter(dsl::kind.eq(kind.name()))
            // What the index of accounts has: with any other column SQLite would go through the whole kind instead.
            .select(dsl::account_id);
        let number: i64 = accounts::table
            .filter(accounts::state.ne_all(gone))
            .filter(exists(holds))
            .count()
            .get_result(*self.conn.borrow_mut())
            .map_err(failed(COUNT))?;
        count(COUNT, number)
    }

    fn count_known_at(&self, provider: &Provider) -> Result<u64, StoreError> {
        const COUNT: &str = "Identities::count_known_at";
        let gone = [AccountState::Deleted.name(), AccountState::Withdrawn.name()];
        let number = dialect::count_known_at(*self.conn.borrow_mut(), provider.as_str(), gone)
            .map_err(failed(COUNT))?;
        count(COUNT, number)
    }
}
