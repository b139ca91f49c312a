use serde_json::{Map, Value};

/// Tells other programs what happened, after it was committed.
///
/// Nothing is promised: what cannot be told soon is told to nobody, and no request waits for it.
pub trait Callbacks: Send + Sync {
    /// Whether anybody wants to know: where nobody does, nothing needs to be put together.
    fn are_wanted(&self) -> bool;
    /// Tells it to everybody who wants to know, in the background.
    fn tell(&self, event: Map<String, Value>);
}
