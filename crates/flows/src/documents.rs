//! What somebody shows to prove who they are: handed in, listed, looked at.

mod sealed;

use std::fmt;

use chrono::NaiveDate;
use clavis_identity::{Account, AccountState, Assurance};
use clavis_kernel::{AccountId, Answer, BlobId, DocumentId, SessionId, StoreError};
use clavis_kyc::{
    Document, DocumentCategory, DocumentContent, DocumentNumber, DocumentType, Documents, FileName, LabelKey,
    LabelScope, LabelValue, Labels, MediaType, PostalAddress, StoredFile,
};

use crate::{AuditAction, Flows, Ports, ReviewPeople, StoredBlob};

/// A document with its number opened.
#[derive(Debug, Clone)]
pub struct PersonalDocument {
    /// The document.
    pub document: Document,
    /// The number printed on it; `None` where none was asked for.
    pub number: Option<DocumentNumber>,
    /// The address that it proves; `None` for what proves none.
    pub address: Option<PostalAddress>,
}

/// A document whose fields were checked and whose content is stored already.
#[derive(Clone)]
pub struct SubmittedDocument {
    /// What it is.
    pub doc_type: DocumentType,
    /// The number printed on it; `None` where none is asked for.
    pub number: Option<DocumentNumber>,
    /// The last day it is good for; `None` where none is asked for.
    pub expires_on: Option<NaiveDate>,
    /// Which side of it.
    pub category: Option<DocumentCategory>,
    /// What joins the files of one document.
    pub group: Option<String>,
    /// Free keys and values, a JSON object's text.
    pub metadata: Option<String>,
    /// The address that it proves.
    pub address: Option<PostalAddress>,
    /// What the file is called.
    pub file_name: FileName,
    /// What it was found to be.
    pub media_type: MediaType,
    /// Where its content lies.
    pub blob: BlobId,
    /// What is known of that content.
    pub stored: StoredBlob,
}

/// Who wants to see a document, and what they have shown of themselves.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// Their account.
    pub account: Account,
    /// The log-in they come from; `None` where nothing tells.
    pub session: Option<SessionId>,
    /// What was proven then.
    pub assurance: Assurance,
}

/// Why documents were not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubmitDocumentsError {
    /// The account is locked, banned or gone.
    #[error("the account may not be changed by its owner")]
    AccountClosed,
    /// The account has as many as it may.
    #[error("the account has as many documents as it may")]
    LimitReached,
    /// The account may have some of these, but not all.
    #[error("the account may not have so many documents")]
    LimitWillBeReached,
}

/// Why a document is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ViewDocumentError {
    /// There is none with this id whose file is called so.
    #[error("there is no such document")]
    Unknown,
    /// It is somebody else's, and the viewer is no reviewer.
    #[error("the document is somebody else's")]
    NotTheirs,
}

impl Flows<'_> {
    /// The documents of an account, in the order they were handed in.
    pub fn documents_of(&self, account: AccountId) -> Result<Vec<PersonalDocument>, StoreError> {
        let documents = Documents::of_account(self.ports, account)?;
        documents
            .into_iter()
            .map(|document| self.opened_document(document))
            .collect()
    }

    /// Whether there is room for so many more documents: asked before their contents are looked at. Only
    /// [`Flows::submit_documents`] decides.
    pub fn may_submit_documents(&self, account: &Account, count: usize) -> Answer<(), SubmitDocumentsError> {
        if !matches!(account.state, AccountState::Pending | AccountState::Active) {
            return Ok(Err(SubmitDocumentsError::AccountClosed));
        }
        self.room_for(account.id, count)
    }

    /// Keeps documents: all of them, or none. They wait for a reviewer.
    pub fn submit_documents(
        &self,
        account: AccountId,
        submitted: &[SubmittedDocument],
    ) -> Answer<Vec<Document>, SubmitDocumentsError> {
        // Whoever counts holds the lock: two uploads do not both get the last place.
        let Some(account) = self.changeable(account)? else {
            return Ok(Err(SubmitDocumentsError::AccountClosed));
        };
        let documents = match self.keep_documents(account.id, submitted)? {
            Ok(documents) => documents,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut labels = Vec::new();
        for label in documents.iter().map(|document| document.content.doc_type.label()) {
            if !labels.contains(&label) {
                self.documents_wait(account.id, label.clone())?;
                labels.push(label);
            }
        }
        Ok(Ok(documents))
    }

    /// Keeps documents of an account that is locked and may have them: all of them, or none. No label tells of them yet.
    pub(crate) fn keep_documents(
        &self,
        account: AccountId,
        submitted: &[SubmittedDocument],
    ) -> Answer<Vec<Document>, SubmitDocumentsError> {
        if let Err(refusal) = self.room_for(account, submitted.len())? {
            return Ok(Err(refusal));
        }
        let mut documents = Vec::with_capacity(submitted.len());
        for submitted in submitted {
            let content = self.content(account, submitted);
            let document = Documents::insert(self.ports, &content, self.now())?;
            let detail = document.id.to_string();
            self.audit_by(None, Some(account), AuditAction::SubmitDocument, &detail)?;
            documents.push(document);
        }
        Ok(Ok(documents))
    }

    /// The document, for its owner or a reviewer who is about to see its content. Every look is in the audit trail, and
    /// every attempt at somebody else's.
    pub fn view_document(
        &self,
        viewer: &Viewer,
        id: DocumentId,
        name: &str,
    ) -> Answer<Document, ViewDocumentError> {
        let document = Documents::find(self.ports, id)?.filter(|document| document.content.file.name == name);
        let Some(document) = document else {
            return Ok(Err(ViewDocumentError::Unknown));
        };
        let (owner, viewing) = (document.content.account, viewer.account.id);
        if viewing != owner && !self.reviews_now(viewer)? {
            let refusal = ViewDocumentError::NotTheirs;
            self.audit_refusal(Some(viewing), AuditAction::ViewDocument, refusal)?;
            return Ok(Err(refusal));
        }
        let actor = (viewing != owner).then_some(viewing);
        self.audit_by(actor, Some(owner), AuditAction::ViewDocument, &id.to_string())?;
        Ok(Ok(document))
    }

    fn reviews_now(&self, viewer: &Viewer) -> Result<bool, StoreError> {
        let proven = self.proven_now(&viewer.account, viewer.session, viewer.assurance)?;
        match proven {
            Some(assurance) => Ok(self
                .authorize::<ReviewPeople>(viewer.account.id, assurance)?
                .is_ok()),
            None => Ok(false),
        }
    }

    pub(crate) fn room_for(&self, account: AccountId, count: usize) -> Answer<(), SubmitDocumentsError> {
        let limit = u64::from(self.limits.kyc.documents_per_account);
        let held = Documents::count_of_account(self.ports, account)?;
        let more = u64::try_from(count).unwrap_or(u64::MAX);
        Ok(if held >= limit {
            Err(SubmitDocumentsError::LimitReached)
        } else if held.saturating_add(more) > limit {
            Err(SubmitDocumentsError::LimitWillBeReached)
        } else {
            Ok(())
        })
    }

    fn content(&self, account: AccountId, submitted: &SubmittedDocument) -> DocumentContent {
        DocumentContent {
            account,
            doc_type: submitted.doc_type,
            sealed_number: submitted
                .number
                .as_ref()
                .map(|number| self.seal_document_number(account, number)),
            expires_on: submitted.expires_on,
            category: submitted.category,
            group: submitted.group.clone(),
            metadata: submitted.metadata.clone(),
            sealed_address: submitted
                .address
                .as_ref()
                .map(|address| self.seal_address(account, address)),
            file: StoredFile {
                blob: submitted.blob,
                sealed_key: submitted.stored.sealed_key.clone(),
                name: submitted.file_name.as_str().to_owned(),
                media_type: submitted.media_type,
                size: submitted.stored.size,
            },
        }
    }

    /// Tells by the label of their type that documents wait, unless one was found right already.
    pub(crate) fn documents_wait(&self, account: AccountId, key: LabelKey) -> Result<(), StoreError> {
        let label = Labels::find(self.ports, account, &key, LabelScope::Private)?;
        if label.is_some_and(|label| label.value == LabelValue::VERIFIED) {
            return Ok(());
        }
        self.set_private_label(account, key, LabelValue::PENDING, None)
    }
}

/// Which of these contents nobody owns: what stored them was refused or broke off. Whatever keeps contents is asked
/// here, since what nobody owns is deleted.
pub fn orphans(ports: &dyn Ports, contents: &[BlobId]) -> Result<Vec<BlobId>, StoreError> {
    let owned = Documents::owned(ports, contents)?;
    let orphans = contents.iter().filter(|content| !owned.contains(content));
    Ok(orphans.copied().collect())
}

impl fmt::Debug for SubmittedDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubmittedDocument")
            .field("blob", &self.blob)
            .finish_non_exhaustive()
    }
}
