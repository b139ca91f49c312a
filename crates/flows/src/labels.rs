use clavis_identity::{Account, AccountState, Accounts};
use clavis_kernel::{AccountId, StoreError};
use clavis_kyc::{
    KeptLevel, Label, LabelKey, LabelScope, LabelValue, Labels, LevelTable, Levels, NewLabel, StateVerdict,
};
use clavis_tokens::ApiKeys;

use crate::{AuditAction, Flows, LabelSaid};

/// Whether a change of labels may move the account's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateEffect {
    /// The labels may make a pending account active, and may lock, ban or delete.
    Follows,
    /// The change comes with a rule of its own for the state.
    Stays,
}

impl Flows<'_> {
    /// The level an account has now: it follows from its private labels.
    pub fn level(&self, account: AccountId) -> Result<u8, StoreError> {
        Ok(self.level_by(&Labels::of_account(self.ports, account)?))
    }

    /// The level that follows from these labels.
    pub fn level_by(&self, labels: &[Label]) -> u8 {
        level_by(&self.limits.kyc.levels, labels)
    }

    /// Every label of an account, in the order they were made.
    pub fn labels(&self, account: AccountId) -> Result<Vec<Label>, StoreError> {
        Labels::of_account(self.ports, account)
    }

    /// Sets a private label of our own making: made, or overwritten. The level follows.
    pub(crate) fn set_private_label(
        &self,
        account: AccountId,
        key: LabelKey,
        value: LabelValue,
        actor: Option<AccountId>,
    ) -> Result<(), StoreError> {
        let label = NewLabel {
            account,
            key,
            value,
            scope: LabelScope::Private,
            description: None,
        };
        self.put_label(&label, actor, StateEffect::Stays)
    }

    /// Makes a label or overwrites the one of its key and scope. Level and, if wanted, state follow.
    pub(crate) fn put_label(
        &self,
        label: &NewLabel,
        actor: Option<AccountId>,
        effect: StateEffect,
    ) -> Result<(), StoreError> {
        // Whoever changes labels of an account changes its level: one after the other.
        let Some(account) = self.ports.find_for_update(label.account)? else {
            return Ok(());
        };
        let now = self.now();
        let known = Labels::find(self.ports, account.id, &label.key, label.scope)?;
        let unchanged = known
            .as_ref()
            .is_some_and(|known| known.value == label.value && known.description == label.description);
        if unchanged {
            return Ok(());
        }
        if known.is_none() {
            Labels::insert(self.ports, label, now)?;
        } else {
            Labels::update(self.ports, label, now)?;
        }
        let detail = LabelSaid {
            key: label.key.clone(),
            value: label.value.clone(),
            scope: label.scope,
        };
        let detail = detail.to_string();
        self.audit_by(actor, Some(account.id), AuditAction::SetLabel, &detail)?;
        self.labels_changed(&account, actor, effect)
    }

    /// Removes a label; `false` when there was none. Level and, if wanted, state follow.
    pub(crate) fn take_label(
        &self,
        account: AccountId,
        key: &LabelKey,
        scope: LabelScope,
        actor: Option<AccountId>,
        effect: StateEffect,
    ) -> Result<bool, StoreError> {
        let Some(account) = self.ports.find_for_update(account)? else {
            return Ok(false);
        };
        if !Labels::remove(self.ports, account.id, key, scope)? {
            return Ok(false);
        }
        let detail = format!("{} ({})", key.as_str(), scope.name());
        self.audit_by(actor, Some(account.id), AuditAction::RemoveLabel, &detail)?;
        self.labels_changed(&account, actor, effect)?;
        Ok(true)
    }

    /// Computes levels anew that were computed with another table: at most `limit`; `true` when there may be more.
    pub fn recompute_levels(&self, limit: u32) -> Result<bool, StoreError> {
        let table = self.limits.kyc.levels.fingerprint();
        let outdated = Levels::outdated(self.ports, table, limit)?;
        let labels = Labels::of_accounts(self.ports, &outdated)?;
        for account in &outdated {
            let own: Vec<_> = labels
                .iter()
                .filter(|label| label.account == *account)
                .cloned()
                .collect();
            Levels::put(
                self.ports,
                &KeptLevel {
                    account: *account,
                    level: self.level_by(&own),
                    table,
                },
            )?;
        }
        Ok(!outdated.is_empty())
    }

    fn labels_changed(
        &self,
        account: &Account,
        actor: Option<AccountId>,
        effect: StateEffect,
    ) -> Result<(), StoreError> {
        let labels = Labels::of_account(self.ports, account.id)?;
        let level = self.level_by(&labels);
        let kept = Levels::find(self.ports, account.id)?.map_or(0, |kept| kept.level);
        Levels::put(
            self.ports,
            &KeptLevel {
                account: account.id,
                level,
                table: self.limits.kyc.levels.fingerprint(),
            },
        )?;
        if level != kept {
            let detail = format!("{kept} -> {level}");
            self.audit_by(actor, Some(account.id), AuditAction::ChangeLevel, &detail)?;
        }
        self.ports.touch(account.id, self.now())?;
        if effect == StateEffect::Follows {
            self.state_follows(account, &labels, actor)?;
        }
        Ok(())
    }

    fn state_follows(
        &self,
        account: &Account,
        labels: &[Label],
        actor: Option<AccountId>,
    ) -> Result<(), StoreError> {
        use AccountState::{Active, Banned, Deleted, Locked, Pending};
        let all = labels.iter().map(|label| (label.scope, &label.key, &label.value));
        let next = match (self.limits.kyc.states.verdict(all), account.state) {
            (StateVerdict::Activate, Pending) => Active,
            (StateVerdict::Lock, Pending | Active) => Locked,
            (StateVerdict::Ban, Pending | Active | Locked) => Banned,
            (StateVerdict::Delete, Pending | Active | Locked | Banned) => Deleted,
            _ => return Ok(()),
        };
        self.change_state(account, next, actor)
    }

    /// Sets a state that may follow the present one. An account that may hold no tokens loses those it has, and its
    /// keys sign no more.
    pub(crate) fn change_state(
        &self,
        account: &Account,
        next: AccountState,
        actor: Option<AccountId>,
    ) -> Result<(), StoreError> {
        let changed = Accounts::set_state(self.ports, account.id, account.state, next, self.now())?;
        if !changed {
            return Err(StoreError::conflict(
                "Accounts::set_state",
                "the state was changed meanwhile",
            ));
        }
        if !next.may_hold_tokens() {
            self.end_sessions(account.id, None)?;
            ApiKeys::deactivate_all_answered_for(self.ports, account.id, self.now())?;
        }
        if next.is_gone() {
            self.release_subjects(account.id)?;
        }
        if next.is_gone() {
            self.forget_what_clients_kept(account.id)?;
        }
        self.audit_by(actor, Some(account.id), AuditAction::SetState, next.name())
    }
}

/// The level that follows from these labels by this table.
pub(crate) fn level_by(levels: &LevelTable, labels: &[Label]) -> u8 {
    let private = labels
        .iter()
        .filter(|label| label.scope == LabelScope::Private)
        .map(|label| (&label.key, &label.value));
    levels.level(private)
}
