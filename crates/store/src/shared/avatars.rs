use clavis_flows::{Avatar, AvatarName, Avatars};
use clavis_kernel::{AccountId, StoreError};
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::Tx;
use crate::failure::failed;
use crate::schema::avatars::{self, dsl};
use crate::types::{Id, micros, moment};

impl Avatars for Tx<'_> {
    fn put(&self, avatar: &Avatar) -> Result<(), StoreError> {
        diesel::insert_into(avatars::table)
            .values((
                dsl::name.eq(avatar.name.as_str()),
                dsl::account_id.eq(Id(avatar.account.0)),
                dsl::png.eq(&avatar.png),
                dsl::created_at.eq(micros(avatar.created_at)),
            ))
            .on_conflict(dsl::name)
            .do_update()
            .set((
                dsl::account_id.eq(excluded(dsl::account_id)),
                dsl::png.eq(excluded(dsl::png)),
                dsl::created_at.eq(excluded(dsl::created_at)),
            ))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Avatars::put"))?;
        Ok(())
    }

    fn find(&self, name: &AvatarName) -> Result<Option<Avatar>, StoreError> {
        const FIND: &str = "Avatars::find";
        let row: Option<(Id, Vec<u8>, i64)> = avatars::table
            .find(name.as_str())
            .select((dsl::account_id, dsl::png, dsl::created_at))
            .get_result(*self.conn.borrow_mut())
            .optional()
            .map_err(failed(FIND))?;
        let Some((account, png, created_at)) = row else {
            return Ok(None);
        };
        let created_at = moment(FIND, created_at)?;
        Ok(Some(Avatar {
            name: name.clone(),
            account: AccountId(account.0),
            png,
            created_at,
        }))
    }

    fn remove_all(&self, account: AccountId) -> Result<(), StoreError> {
        diesel::delete(avatars::table.filter(dsl::account_id.eq(Id(account.0))))
            .execute(*self.conn.borrow_mut())
            .map_err(failed("Avatars::remove_all"))?;
        Ok(())
    }
}
