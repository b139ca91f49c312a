use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use clavis_kernel::{AccountId, LabelId, StoreError};
use clavis_kyc::{KeptLevel, Label, LabelKey, LabelScope, LabelValue, Labels, Levels, NewLabel};

use super::FakePorts;

/// Whether it is the label of this account, key and scope.
fn is_it(label: &Label, account: AccountId, key: &LabelKey, scope: LabelScope) -> bool {
    label.account == account && label.key == *key && label.scope == scope
}

impl Labels for FakePorts {
    fn insert(&self, new: &NewLabel, at: DateTime<Utc>) -> Result<Option<Label>, StoreError> {
        let mut state = self.change("Labels::insert")?;
        let mut labels = state.labels.rows.values();
        if labels.any(|label| is_it(label, new.account, &new.key, new.scope)) {
            return Ok(None);
        }
        let label = state.labels.add(|id| Label {
            id: LabelId(id),
            account: new.account,
            key: new.key.clone(),
            value: new.value.clone(),
            scope: new.scope,
            description: new.description.clone(),
            created_at: at,
            updated_at: at,
        });
        self.changed_what_tokens_say(&state, label.account);
        Ok(Some(label))
    }

    fn find(
        &self,
        account: AccountId,
        key: &LabelKey,
        scope: LabelScope,
    ) -> Result<Option<Label>, StoreError> {
        Ok(self
            .state()
            .labels
            .rows
            .values()
            .find(|label| is_it(label, account, key, scope))
            .cloned())
    }

    fn of_account(&self, account: AccountId) -> Result<Vec<Label>, StoreError> {
        Labels::of_accounts(self, &[account])
    }

    fn of_accounts(&self, accounts: &[AccountId]) -> Result<Vec<Label>, StoreError> {
        let state = self.state();
        let labels = state.labels.rows.values();
        Ok(labels
            .filter(|label| accounts.contains(&label.account))
            .cloned()
            .collect())
    }

    fn update(&self, new: &NewLabel, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut state = self.change("Labels::update")?;
        let mut labels = state.labels.rows.values_mut();
        let Some(label) = labels.find(|label| is_it(label, new.account, &new.key, new.scope)) else {
            return Ok(false);
        };
        label.value = new.value.clone();
        label.description.clone_from(&new.description);
        label.updated_at = at;
        self.changed_what_tokens_say(&state, new.account);
        Ok(true)
    }

    fn remove(&self, account: AccountId, key: &LabelKey, scope: LabelScope) -> Result<bool, StoreError> {
        let mut state = self.change("Labels::remove")?;
        let removed = state.labels.remove_if(|label| is_it(label, account, key, scope));
        if removed > 0 {
            self.changed_what_tokens_say(&state, account);
        }
        Ok(removed > 0)
    }

    fn holders(
        &self,
        key: &LabelKey,
        value: Option<&LabelValue>,
        scope: Option<LabelScope>,
        offset: u64,
        limit: u32,
    ) -> Result<(Vec<AccountId>, u64), StoreError> {
        let state = self.state();
        let matching = state.labels.rows.values().filter(|label| {
            label.key == *key
                && value.is_none_or(|value| label.value == *value)
                && scope.is_none_or(|scope| label.scope == scope)
        });
        let holders: BTreeMap<_, _> = matching
            .filter_map(|label| state.accounts.get(&label.account))
            .map(|account| (account.number, account.id))
            .collect();
        let total = holders.len() as u64;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let page = holders.into_values().skip(offset).take(limit as usize);
        Ok((page.collect(), total))
    }

    fn count_by_value(&self, limit: u32) -> Result<Vec<(LabelKey, LabelValue, u64)>, StoreError> {
        let state = self.state();
        let mut counts = BTreeMap::new();
        for label in state.labels.rows.values() {
            if label.scope == LabelScope::Private {
                *counts.entry((&label.key, &label.value)).or_insert(0) += 1;
            }
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        // A stable sort: what is equally frequent stays in the order of keys and values.
        counts.sort_by_key(|(_, count)| Reverse(*count));
        let most_frequent = counts.into_iter().take(limit as usize);
        Ok(most_frequent
            .map(|((key, value), count)| (key.clone(), value.clone(), count))
            .collect())
    }
}

impl Levels for FakePorts {
    fn find(&self, account: AccountId) -> Result<Option<KeptLevel>, StoreError> {
        Ok(self.state().levels.get(&account).copied())
    }

    fn put(&self, level: &KeptLevel) -> Result<(), StoreError> {
        let mut state = self.change("Levels::put")?;
        if !state.accounts.contains_key(&level.account) {
            return Ok(());
        }
        state.levels.insert(level.account, *level);
        self.changed_what_tokens_say(&state, level.account);
        Ok(())
    }

    fn outdated(&self, table: i64, limit: u32) -> Result<Vec<AccountId>, StoreError> {
        let state = self.state();
        let outdated = state.levels.values().filter(|kept| kept.table != table);
        Ok(outdated.take(limit as usize).map(|kept| kept.account).collect())
    }
}
