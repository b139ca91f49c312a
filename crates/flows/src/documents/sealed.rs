use clavis_kernel::{AccountId, Purpose, StoreError};
use clavis_kyc::{Document, DocumentNumber};

use super::PersonalDocument;
use crate::Flows;

/// Tells document numbers from the other personal data of an account.
const KIND: u8 = b'd';

impl Flows<'_> {
    /// Seals the number of a document for its account.
    pub(crate) fn seal_document_number(&self, account: AccountId, number: &DocumentNumber) -> Vec<u8> {
        self.keys.master.seal(
            Purpose::PersonalData,
            &binding(account),
            number.as_str().as_bytes(),
            self.entropy,
        )
    }

    /// The document with its number opened.
    pub(crate) fn opened_document(&self, document: Document) -> Result<PersonalDocument, StoreError> {
        const OPENING: &str = "Documents (a sealed number)";
        let Some(sealed) = &document.content.sealed_number else {
            return Ok(PersonalDocument {
                document,
                number: None,
            });
        };
        let plain = self
            .keys
            .master
            .open(Purpose::PersonalData, &binding(document.content.account), sealed)
            .map_err(|error| StoreError::new(OPENING, error))?;
        let text = std::str::from_utf8(&plain).map_err(|_| StoreError::new(OPENING, "no text"))?;
        let number = DocumentNumber::check(text)
            .map_err(|_| StoreError::new(OPENING, "no document has this number"))?;
        Ok(PersonalDocument {
            document,
            number: Some(number),
        })
    }
}

fn binding(account: AccountId) -> Vec<u8> {
    [account.0.as_bytes().as_slice(), &[KIND]].concat()
}
