//! Profiles and documents that servers hand in for their users.

use clavis_kernel::{Answer, Uid};

use super::TrustedServer;
use crate::{Dossier, Flows, ProfileCommand, SubmitDocumentsError, SubmitProfileError, SubmittedDocument};

/// Whether a label tells that documents wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentsLabel {
    /// It does, unless one was found right already.
    Follows,
    /// It stays as it is: the server sees to it.
    Stays,
}

impl Flows<'_> {
    /// A profile as another system kept it. It waits for a reviewer, as one that its person handed in. Only an account
    /// that is gone is closed to servers.
    pub fn profile_for_server(
        &self,
        server: &TrustedServer,
        uid: &Uid,
        command: &ProfileCommand,
    ) -> Answer<Dossier, SubmitProfileError> {
        let Some(account) = self.served_account(uid)? else {
            return Ok(Err(SubmitProfileError::AccountClosed));
        };
        if let Err(refusal) = self.take_profile(&account, account.id, command)? {
            return Ok(Err(refusal));
        }
        self.note_server(server, account.id)?;
        match self.person(account.id)? {
            Some(person) => self.dossier(person).map(Ok),
            None => Ok(Err(SubmitProfileError::AccountClosed)),
        }
    }

    /// Whether there is room for one more document: asked before its content is looked at. Only
    /// [`Flows::document_for_server`] decides.
    pub fn may_add_document_for_server(
        &self,
        _server: &TrustedServer,
        uid: &Uid,
    ) -> Answer<(), SubmitDocumentsError> {
        match self.ports.find_by_uid(uid)? {
            Some(account) if !account.state.is_gone() => self.room_for(account.id, 1),
            Some(_) | None => Ok(Err(SubmitDocumentsError::AccountClosed)),
        }
    }

    /// Keeps a document; it waits for a reviewer. Only an account that is gone is closed to servers.
    pub fn document_for_server(
        &self,
        server: &TrustedServer,
        uid: &Uid,
        submitted: &SubmittedDocument,
        label: DocumentsLabel,
    ) -> Answer<(), SubmitDocumentsError> {
        // Whoever counts holds the lock: two uploads do not both get the last place.
        let Some(account) = self.served_account(uid)? else {
            return Ok(Err(SubmitDocumentsError::AccountClosed));
        };
        if let Err(refusal) = self.keep_documents(account.id, std::slice::from_ref(submitted))? {
            return Ok(Err(refusal));
        }
        if label == DocumentsLabel::Follows {
            self.documents_wait(account.id, submitted.doc_type.label())?;
        }
        self.note_server(server, account.id)?;
        Ok(Ok(()))
    }
}
