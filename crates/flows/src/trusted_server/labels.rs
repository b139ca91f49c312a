//! Private labels that servers set.

use clavis_kernel::{Answer, Uid};
use clavis_kyc::{Label, LabelKey, LabelScope, LabelValue, Labels, NewLabel};

use super::TrustedServer;
use crate::Flows;
use crate::labels::StateEffect;

/// Most labels of one account that servers add to; the installation's own come on top.
const MAX_LABELS: usize = 500;

/// A private label that a server sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLabel {
    /// What it says something of.
    pub key: LabelKey,
    /// What it says.
    pub value: LabelValue,
    /// A remark; left out, the one before stays.
    pub description: Option<String>,
}

/// Whether a label is new or known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownLabel {
    /// It is made; one that is there is an error.
    IsMade,
    /// It is changed; one that is not there is an error.
    IsChanged,
    /// It is made or changed.
    IsEither,
}

/// Why a server did not change a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServerLabelError {
    /// No such account, or no such label of it.
    #[error("no such record")]
    Unknown,
    /// The account has a private label of this key.
    #[error("the label exists")]
    Exists,
    /// The account has as many as it may.
    #[error("an account has at most {MAX_LABELS} labels")]
    TooMany,
}

impl Flows<'_> {
    /// Makes a private label, or changes one that is there. Level and state follow.
    pub fn label_for_server(
        &self,
        server: &TrustedServer,
        uid: &Uid,
        wanted: &ServerLabel,
        known: KnownLabel,
    ) -> Answer<Label, ServerLabelError> {
        let Some(account) = self.served_account(uid)? else {
            return Ok(Err(ServerLabelError::Unknown));
        };
        let before = Labels::find(self.ports, account.id, &wanted.key, LabelScope::Private)?;
        match (known, &before) {
            (KnownLabel::IsMade, Some(_)) => return Ok(Err(ServerLabelError::Exists)),
            (KnownLabel::IsChanged, None) => return Ok(Err(ServerLabelError::Unknown)),
            (_, None) if Labels::of_account(self.ports, account.id)?.len() >= MAX_LABELS => {
                return Ok(Err(ServerLabelError::TooMany));
            }
            (_, Some(_) | None) => {}
        }
        let label = NewLabel {
            account: account.id,
            key: wanted.key.clone(),
            value: wanted.value.clone(),
            scope: LabelScope::Private,
            description: wanted
                .description
                .clone()
                .or_else(|| before.and_then(|before| before.description)),
        };
        self.put_label(&label, None, StateEffect::Follows)?;
        self.note_server(server, account.id)?;
        let label = Labels::find(self.ports, account.id, &wanted.key, LabelScope::Private)?;
        Ok(label.ok_or(ServerLabelError::Unknown))
    }

    /// Removes a private label. Level and state follow.
    pub fn take_label_for_server(
        &self,
        server: &TrustedServer,
        uid: &Uid,
        key: &LabelKey,
    ) -> Answer<(), ServerLabelError> {
        let Some(account) = self.served_account(uid)? else {
            return Ok(Err(ServerLabelError::Unknown));
        };
        let (scope, effect) = (LabelScope::Private, StateEffect::Follows);
        if !self.take_label(account.id, key, scope, None, effect)? {
            return Ok(Err(ServerLabelError::Unknown));
        }
        self.note_server(server, account.id)?;
        Ok(Ok(()))
    }
}
