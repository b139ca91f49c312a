use clavis_kernel::{AccountId, Purpose, StoreError};
use clavis_kyc::{Document, DocumentNumber, PostalAddress};

use super::PersonalDocument;
use crate::Flows;

/// Tells document numbers from the other personal data of an account.
const NUMBER: u8 = b'd';
/// The same of the addresses that documents prove.
const ADDRESS: u8 = b'a';

impl Flows<'_> {
    /// Seals the number of a document for its account.
    pub(crate) fn seal_document_number(&self, account: AccountId, number: &DocumentNumber) -> Vec<u8> {
        self.keys.master.seal(
            Purpose::PersonalData,
            &binding(account, NUMBER),
            number.as_str().as_bytes(),
            self.entropy,
        )
    }

    /// Seals the address that a document proves for its account.
    pub(super) fn seal_address(&self, account: AccountId, address: &PostalAddress) -> Vec<u8> {
        self.seal_fields(&binding(account, ADDRESS), address.fields())
    }

    /// The document with its number and its address opened.
    pub(crate) fn opened_document(&self, document: Document) -> Result<PersonalDocument, StoreError> {
        let content = &document.content;
        let number = content.sealed_number.as_deref();
        let number = number.map(|sealed| self.opened_number(content.account, sealed));
        let address = content.sealed_address.as_deref();
        let address = address.map(|sealed| self.opened_fields(&binding(content.account, ADDRESS), sealed));
        Ok(PersonalDocument {
            number: number.transpose()?,
            address: address.transpose()?.map(PostalAddress::stored),
            document,
        })
    }

    fn opened_number(&self, account: AccountId, sealed: &[u8]) -> Result<DocumentNumber, StoreError> {
        const OPENING: &str = "Documents (a sealed number)";
        let plain = self
            .keys
            .master
            .open(Purpose::PersonalData, &binding(account, NUMBER), sealed)
            .map_err(|error| StoreError::new(OPENING, error))?;
        let text = std::str::from_utf8(&plain).map_err(|_| StoreError::new(OPENING, "no text"))?;
        DocumentNumber::check(text).map_err(|_| StoreError::new(OPENING, "no document has this number"))
    }
}

fn binding(account: AccountId, kind: u8) -> Vec<u8> {
    [account.0.as_bytes().as_slice(), &[kind]].concat()
}
