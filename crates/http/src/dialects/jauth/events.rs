//! What other servers are told of users, by the old names of events and fields.

use actix_web::HttpRequest;
use clavis_flows::{AccountCard, Flows};
use clavis_kernel::{AccountId, Answer, StoreError};
use serde_json::{Map, Value};

use super::Jauth;
use super::user_wire::{User, time};
use crate::Fault;

/// What happened to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happening {
    /// It was made.
    Made,
    /// Something of it was changed.
    Changed,
}

impl Happening {
    const fn name(self) -> &'static str {
        match self {
            Self::Made => "jauth.user.create",
            Self::Changed => "jauth.user.update",
        }
    }
}

impl Jauth {
    /// Changes an account in one transaction, and tells of it what it is then.
    pub(super) async fn changing<T: Send + 'static, E: Send + 'static>(
        &self,
        request: &HttpRequest,
        account: AccountId,
        mut change: impl FnMut(&Flows<'_>) -> Answer<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, Fault> {
        let told = self.callbacks.are_wanted();
        let changed = self
            .app
            .transaction(&self.door, self.caller(request), move |on| match change(on)? {
                Ok(done) if told => Ok(Ok((done, on.account_card(account)?))),
                Ok(done) => Ok(Ok((done, None))),
                Err(refusal) => Ok::<_, StoreError>(Err(refusal)),
            });
        Ok(changed.await?.map(|(done, card)| {
            if let Some(card) = card {
                self.tell(Happening::Changed, &card);
            }
            done
        }))
    }

    /// Tells whoever wants to know.
    pub(super) fn tell(&self, happening: Happening, card: &AccountCard) {
        if !self.callbacks.are_wanted() {
            return;
        }
        let mut event = Map::new();
        event.insert("issuer".to_owned(), "jauth".into());
        event.insert("issued_at".to_owned(), time(self.app.clock.now()).into());
        event.insert("type".to_owned(), happening.name().into());
        if let Ok(Value::Object(fields)) = serde_json::to_value(User::of(card)) {
            for (name, value) in fields {
                event.insert(format!("user__{name}"), value);
            }
        }
        // Events call these by their names.
        event.insert("user__type".to_owned(), User::kind_name(card).into());
        event.insert("user__status".to_owned(), User::status_name(card).into());
        self.callbacks.tell(event);
    }
}
