use clavis_kernel::{AccountId, Purpose, StoreError};

use super::{Comment, CommentText, CommentTitle, CommentWords};
use crate::Flows;

/// Tells comments from the other personal data of an account.
const KIND: u8 = b'c';
/// Between the title, which has no line breaks, and the text.
const BREAK: char = '\n';

impl Flows<'_> {
    /// Seals what a comment says for the account that it is about.
    pub(super) fn seal_words(&self, account: AccountId, words: &CommentWords) -> Vec<u8> {
        let plain = format!("{}{BREAK}{}", words.title.0, words.text.0);
        let master = &self.keys.master;
        master.seal(
            Purpose::PersonalData,
            &binding(account),
            plain.as_bytes(),
            self.entropy,
        )
    }

    /// Opens what [`Flows::seal_words`] sealed.
    pub(super) fn opened_words(&self, comment: &Comment) -> Result<CommentWords, StoreError> {
        const OPENING: &str = "Comments (sealed words)";
        let plain = self
            .keys
            .master
            .open(Purpose::PersonalData, &binding(comment.account), &comment.sealed)
            .map_err(|error| StoreError::new(OPENING, error))?;
        let text = std::str::from_utf8(&plain).map_err(|_| StoreError::new(OPENING, "no text"))?;
        let (title, text) = text
            .split_once(BREAK)
            .ok_or_else(|| StoreError::new(OPENING, "no title"))?;
        Ok(CommentWords {
            title: CommentTitle(title.to_owned()),
            text: CommentText(text.to_owned()),
        })
    }
}

fn binding(account: AccountId) -> Vec<u8> {
    [account.0.as_bytes().as_slice(), &[KIND]].concat()
}
