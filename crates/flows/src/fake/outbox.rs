use std::collections::HashMap;
use std::hash::Hash;

use chrono::{DateTime, Duration, Utc};
use clavis_kernel::{AccountId, MailId, StoreError};

use super::{FakePorts, StoredMail, taken};
use crate::{Avatar, AvatarName, Avatars, Housekeeping, Outbox, QueuedMail};

impl Outbox for FakePorts {
    fn enqueue(&self, mail: &QueuedMail) -> Result<(), StoreError> {
        let mut state = self.change("Outbox::enqueue")?;
        if state.outbox.contains_key(&mail.id) {
            return Err(taken("Outbox::enqueue"));
        }
        state.outbox.insert(
            mail.id,
            StoredMail {
                mail: mail.clone(),
                due_at: Some(mail.created_at),
            },
        );
        Ok(())
    }

    fn claim_due(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<QueuedMail>, StoreError> {
        let mut state = self.change("Outbox::claim_due")?;
        let mut due: Vec<_> = state
            .outbox
            .values_mut()
            .filter(|stored| stored.due_at.is_some_and(|due| due <= now))
            .collect();
        due.sort_by_key(|stored| (stored.mail.created_at, stored.mail.id));
        let claimed = due.into_iter().take(limit as usize).map(|stored| {
            stored.due_at = Some(until);
            stored.mail.clone()
        });
        Ok(claimed.collect())
    }

    fn sent(&self, id: MailId) -> Result<(), StoreError> {
        self.change("Outbox::sent")?.outbox.remove(&id);
        Ok(())
    }

    fn failed(&self, id: MailId, attempts: u32, next: Option<DateTime<Utc>>) -> Result<(), StoreError> {
        if let Some(stored) = self.change("Outbox::failed")?.outbox.get_mut(&id) {
            stored.mail.attempts = attempts;
            stored.due_at = next;
        }
        Ok(())
    }

    fn depth(&self) -> Result<u64, StoreError> {
        Ok(self
            .state()
            .outbox
            .values()
            .filter(|stored| stored.due_at.is_some())
            .count() as u64)
    }
}

impl Avatars for FakePorts {
    fn put(&self, avatar: &Avatar) -> Result<(), StoreError> {
        self.change("Avatars::put")?
            .avatars
            .insert(avatar.name.clone(), avatar.clone());
        Ok(())
    }

    fn find(&self, name: &AvatarName) -> Result<Option<Avatar>, StoreError> {
        Ok(self.state().avatars.get(name).cloned())
    }

    fn remove_all(&self, account: AccountId) -> Result<(), StoreError> {
        self.change("Avatars::remove_all")?
            .avatars
            .retain(|_, avatar| avatar.account != account);
        Ok(())
    }
}

impl Housekeeping for FakePorts {
    fn sweep(&self, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        let mut state = self.change("Housekeeping::sweep")?;
        let limit = limit as usize;
        let before_tokens = state.refresh_tokens.len();
        oldest_out(&mut state.refresh_tokens, limit, |token| {
            (token.expires_at <= now).then_some(token.expires_at)
        });
        let sessions = oldest_out(&mut state.sessions, limit, |session| {
            (session.expires_at <= now).then_some(session.expires_at)
        });
        state
            .refresh_tokens
            .retain(|_, token| !sessions.contains(&token.family));
        let tokens = before_tokens - state.refresh_tokens.len();
        let tickets = oldest_out(&mut state.tickets, limit, |ticket| {
            (ticket.expires_at <= now).then_some(ticket.expires_at)
        });
        let log_ins = oldest_out(&mut state.pending_log_ins, limit, |pending| {
            (pending.expires_at <= now).then_some(pending.expires_at)
        });
        let journeys = oldest_out(&mut state.provider_journeys, limit, |expires_at| {
            (*expires_at <= now).then_some(*expires_at)
        });
        let codes = oldest_out(&mut state.authorization_codes, limit, |code| {
            (code.expires_at <= now).then_some(code.expires_at)
        });
        let dead = oldest_out(&mut state.outbox, limit, |stored| {
            let over = stored.due_at.is_none() && stored.mail.created_at < now - Duration::days(7);
            over.then_some(stored.mail.created_at)
        });
        let failures = oldest_out(&mut state.failures, limit, |count| {
            (count.window_started_at < now - Duration::days(1)).then_some(count.window_started_at)
        });
        let links = oldest_out(&mut state.whitelinks, limit, |link| {
            (link.expires_at <= now).then_some(link.expires_at)
        });
        let rules = super::restrictions::sweep(&mut state, now, limit);
        let deleted = [
            sessions.len(),
            tickets.len(),
            log_ins.len(),
            journeys.len(),
            codes.len(),
            dead.len(),
            failures.len(),
            links.len(),
        ];
        Ok((tokens + rules + deleted.iter().sum::<usize>()) as u64)
    }
}

/// Takes up to `limit` of the rows whose time is over, those first whose time was over first.
fn oldest_out<K: Hash + Eq + Copy, V>(
    rows: &mut HashMap<K, V>,
    limit: usize,
    over_since: impl Fn(&V) -> Option<DateTime<Utc>>,
) -> Vec<K> {
    let mut over: Vec<_> = rows
        .iter()
        .filter_map(|(key, row)| Some((over_since(row)?, *key)))
        .collect();
    over.sort_by_key(|(since, _)| *since);
    let gone: Vec<_> = over.into_iter().take(limit).map(|(_, key)| key).collect();
    for key in &gone {
        rows.remove(key);
    }
    gone
}
