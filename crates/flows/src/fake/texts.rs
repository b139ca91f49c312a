use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::{TextError, TextMessage, Texts};

/// Keeps texts instead of sending them, or refuses them all.
#[derive(Default)]
pub struct FakeTexts {
    sent: Mutex<Vec<TextMessage>>,
    refusal: Mutex<Option<TextError>>,
}

impl FakeTexts {
    /// From now on every text is refused for this reason; `None` takes them again.
    pub fn refuse(&self, reason: Option<TextError>) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    /// Every text taken so far, the oldest first.
    pub fn sent(&self) -> Vec<TextMessage> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Texts for FakeTexts {
    async fn send(&self, text: &TextMessage) -> Result<(), TextError> {
        if let Some(reason) = *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(reason);
        }
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(text.clone());
        Ok(())
    }
}
