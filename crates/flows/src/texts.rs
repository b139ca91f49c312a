use std::fmt;

use async_trait::async_trait;

/// Sends text messages (SMS) to people.
///
/// Sending is one attempt that ends within seconds, whatever the other side does. Nothing is kept and nothing is
/// tried again: the contracts that send texts report the failure to whoever asked. Call it outside any transaction,
/// after what the text speaks of was committed.
#[async_trait]
pub trait Texts: Send + Sync {
    /// Hands one text over. Success means that it was taken, not that it arrived.
    async fn send(&self, text: &TextMessage) -> Result<(), TextError>;
}

/// A text message ready to be sent. It may carry a code, so `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct TextMessage {
    /// To whom: an international number (E.164), `+` and digits.
    pub to: String,
    /// What it says.
    pub text: String,
}

impl fmt::Debug for TextMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TextMessage(..)")
    }
}

/// Why a text was not sent. Says nothing about its recipient or content, so it may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// No text can be brought to this number.
    #[error("no text can be brought to this number")]
    NotReachable,
    /// This is no number that receives texts.
    #[error("this is no number that receives texts")]
    NotValid,
    /// The text is empty, too long, or of a content that is not brought.
    #[error("the text's content is not accepted")]
    ContentInvalid,
    /// The recipient wants no more texts from this sender.
    #[error("the recipient asked for no more texts")]
    Unsubscribed,
    /// It was refused for a reason that says nothing about this number and this text: the operator mends it.
    #[error("the text was refused")]
    Unexpected,
    /// The gateway cannot be reached, is too slow, is not well, or has too much to do.
    #[error("the text gateway does not answer")]
    Unavailable,
}
