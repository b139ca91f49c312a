use chrono::NaiveDate;
use clavis_identity::{Account, AccountState, Assurance, Sessions};
use clavis_kernel::{BlobId, EntropyExt as _};
use clavis_kyc::{
    Document, DocumentNumber, DocumentType, Documents, FileName, LabelKey, LabelValue, MediaType, ReviewState,
};

use super::World;
use crate::*;

impl World {
    pub(super) fn passport(&self) -> SubmittedDocument {
        SubmittedDocument {
            doc_type: DocumentType::Passport,
            number: Some(DocumentNumber::check("AA1234BB").unwrap()),
            expires_on: Some(NaiveDate::from_ymd_opt(2030, 1, 22).unwrap()),
            category: None,
            group: None,
            metadata: None,
            address: None,
            file_name: FileName::of("passport.jpg").unwrap(),
            media_type: MediaType::Jpeg,
            blob: BlobId(self.entropy.uuid_v4()),
            stored: StoredBlob {
                sealed_key: vec![1, 2, 3],
                size: 7,
                sha256: [0; 32],
            },
        }
    }

    pub(super) fn hand_in(&self, account: &Account) -> Document {
        let documents = self.hand_in_all(account, 1).unwrap();
        documents.into_iter().next().unwrap()
    }

    fn hand_in_all(&self, account: &Account, count: usize) -> Result<Vec<Document>, SubmitDocumentsError> {
        let files: Vec<_> = (0..count).map(|_| self.passport()).collect();
        self.flows().submit_documents(account.id, &files).unwrap()
    }
}

fn full(account: &Account) -> Viewer {
    Viewer {
        account: account.clone(),
        session: None,
        assurance: Assurance::Full,
    }
}

#[test]
fn a_document_waits_and_reads_back_in_order() {
    let world = World::default();
    let account = world.sign_up("ada@example.org");
    let document = world.hand_in(&account);
    assert_eq!(document.state, ReviewState::Pending);
    let second = world.hand_in(&account);
    let listed = world.flows().documents_of(account.id).unwrap();
    let ids: Vec<_> = listed.iter().map(|listed| listed.document.id).collect();
    assert_eq!(ids, [document.id, second.id]);
    let number = listed[0].number.as_ref().map(DocumentNumber::as_str);
    assert_eq!(number, Some("AA1234BB"));
    let sealed = document.content.sealed_number.clone().unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains("AA1234BB"));
    assert_eq!(
        world.private_label(account.id, &LabelKey::DOCUMENT).as_deref(),
        Some("pending")
    );
}

#[test]
fn a_verified_label_stays_and_every_other_waits_again() {
    for (before, after) in [
        (LabelValue::VERIFIED, "verified"),
        (LabelValue::REJECTED, "pending"),
        (LabelValue::REPLACED, "pending"),
    ] {
        let world = World::default();
        let account = world.sign_up("ada@example.org");
        world
            .flows()
            .set_private_label(account.id, LabelKey::DOCUMENT, before, None)
            .unwrap();
        world.hand_in(&account);
        assert_eq!(
            world.private_label(account.id, &LabelKey::DOCUMENT).as_deref(),
            Some(after)
        );
    }
}

#[test]
fn nobody_has_more_documents_than_the_limit() {
    let world = World::default();
    let account = world.sign_up("ada@example.org");
    assert!(world.hand_in_all(&account, 9).is_ok());
    assert_eq!(
        world.hand_in_all(&account, 2).err(),
        Some(SubmitDocumentsError::LimitWillBeReached)
    );
    let count = || Documents::count_of_account(&world.ports, account.id).unwrap();
    assert_eq!(count(), 9, "of a batch that does not fit nothing is kept");
    assert!(world.hand_in_all(&account, 1).is_ok());
    let full = Some(SubmitDocumentsError::LimitReached);
    assert_eq!(world.hand_in_all(&account, 1).err(), full);
    assert_eq!(
        world.flows().may_submit_documents(&account, 1).unwrap().err(),
        full
    );
    assert_eq!(count(), 10);
}

#[test]
fn only_an_account_that_may_be_changed_hands_in_documents() {
    let world = World::default();
    let account = world.sign_up("ada@example.org");
    world.put_into(&account, AccountState::Banned);
    let closed = Some(SubmitDocumentsError::AccountClosed);
    assert_eq!(world.hand_in_all(&account, 1).err(), closed);
    let banned = Account {
        state: AccountState::Banned,
        ..account
    };
    assert_eq!(
        world.flows().may_submit_documents(&banned, 1).unwrap().err(),
        closed
    );
}

#[test]
fn a_document_is_seen_by_its_owner_and_reviewers_and_every_look_is_kept() {
    let world = World::default();
    let (ada, bob) = (world.sign_up("ada@example.org"), world.sign_up("bob@example.org"));
    let reviewer = world.reviewer();
    let document = world.hand_in(&ada);
    let view = |viewer: &Account, name| {
        let viewed = world.flows().view_document(&full(viewer), document.id, name);
        viewed.unwrap().map(|document| document.id)
    };
    assert_eq!(view(&ada, "passport.jpg"), Ok(document.id));
    assert_eq!(view(&reviewer, "passport.jpg"), Ok(document.id));
    assert_eq!(view(&ada, "other.jpg"), Err(ViewDocumentError::Unknown));
    assert_eq!(view(&bob, "passport.jpg"), Err(ViewDocumentError::NotTheirs));
    let looks: Vec<_> = world
        .ports
        .latest(ada.id, 100)
        .unwrap()
        .into_iter()
        .filter(|entry| entry.action == AuditAction::ViewDocument)
        .map(|entry| (entry.actor, entry.detail))
        .collect();
    let detail = Some(document.id.to_string());
    assert_eq!(looks, [(Some(reviewer.id), detail.clone()), (None, detail)]);
    let tried = world.actions(&bob);
    assert!(
        tried
            .iter()
            .any(|(action, result)| *action == AuditAction::ViewDocument
                && matches!(result, AuditResult::Refused(_)))
    );
}

#[test]
fn a_reviewer_who_was_shut_out_sees_nothing() {
    let world = World::default();
    let ada = world.sign_up("ada@example.org");
    let reviewer = world.reviewer();
    let document = world.hand_in(&ada);
    world.put_into(&reviewer, AccountState::Banned);
    let shut_out = Account {
        state: AccountState::Banned,
        ..reviewer
    };
    let viewed = world
        .flows()
        .view_document(&full(&shut_out), document.id, "passport.jpg")
        .unwrap();
    assert_eq!(viewed.err(), Some(ViewDocumentError::NotTheirs));
}

#[test]
fn a_reviewer_who_logged_out_sees_nothing_of_others() {
    let world = World::default();
    let ada = world.sign_up("ada@example.org");
    let reviewer = world.reviewer();
    let (document, own) = (world.hand_in(&ada), world.hand_in(&reviewer));
    let session = world.log_in("reviewer@example.org", "Tecohvi0").unwrap().session;
    let viewer = Viewer {
        session: Some(session),
        ..full(&reviewer)
    };
    let view = |id| {
        let flows = world.flows();
        flows.view_document(&viewer, id, "passport.jpg").unwrap().is_ok()
    };
    assert!(view(document.id) && view(own.id));
    let now = clavis_kernel::Clock::now(&world.clock);
    assert!(Sessions::revoke(&world.ports, session, now).unwrap());
    assert!(!view(document.id));
    assert!(view(own.id), "what is theirs they read while their token lasts");
}

#[test]
fn a_content_without_a_document_is_an_orphan() {
    let world = World::default();
    let ada = world.sign_up("ada@example.org");
    let owned = world.hand_in(&ada).content.file.blob;
    let other = BlobId(world.entropy.uuid_v4());
    assert_eq!(orphans(&world.ports, &[owned, other]).unwrap(), [other]);
}

#[test]
fn a_proof_of_an_address_waits_under_a_label_of_its_own() {
    use clavis_kyc::{PostalAddress, ProfileFields, ProfileGrammar, Verdict};

    let world = World::default();
    let ada = world.sign_up("ada@example.org");
    let text = |text: &str| Some(text.to_owned());
    let fields = ProfileFields {
        address: text("12 Main St."),
        postcode: text("AB1 2CD"),
        city: text("London"),
        country: text("GBR"),
        ..ProfileFields::default()
    };
    let address = PostalAddress::check(fields, ProfileGrammar::Wide).unwrap();
    let proof = SubmittedDocument {
        doc_type: DocumentType::Address,
        number: None,
        expires_on: None,
        address: Some(address.clone()),
        ..world.passport()
    };
    let kept = world.flows().submit_documents(ada.id, &[proof]).unwrap().unwrap();
    let label = |key| world.private_label(ada.id, &key);
    assert_eq!(label(LabelKey::ADDRESS).as_deref(), Some("pending"));
    assert_eq!(label(LabelKey::DOCUMENT), None);
    let sealed = kept[0].content.sealed_address.as_deref().unwrap();
    assert!(!sealed.windows(6).any(|window| window == b"London"));
    let opened = world.flows().documents_of(ada.id).unwrap();
    assert!(opened[0].address == Some(address) && opened[0].number.is_none());

    let (reviewer, passport) = (world.reviewer(), world.hand_in(&ada));
    let decision = |verdict| Decision {
        verdict,
        public_comment: None,
        private_comment: None,
        seen: None,
    };
    let decide = |id, verdict| {
        let permission = world.permission(&reviewer);
        let decided = world.flows().review_document(&permission, id, &decision(verdict));
        decided.unwrap().unwrap();
    };
    decide(kept[0].id, Verdict::Approve);
    assert_eq!(label(LabelKey::ADDRESS).as_deref(), Some("verified"));
    assert_eq!(label(LabelKey::DOCUMENT).as_deref(), Some("pending"));
    // A proven address does not vouch for a passport.
    decide(passport.id, Verdict::Reject);
    assert_eq!(label(LabelKey::DOCUMENT).as_deref(), Some("rejected"));
    assert_eq!(label(LabelKey::ADDRESS).as_deref(), Some("verified"));
}
