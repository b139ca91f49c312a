//! Things to keep, told apart by a small number.

use chrono::{DateTime, Duration, Utc};
use clavis_flows::{AuditAction, AuditEntry, AuditResult, Avatar, Ports, QueuedMail};
use clavis_identity::{
    Account, AccountState, Accounts, Assurance, Identity, Name, NewAccount, PasswordHash, Session, Sessions,
    Ticket, TicketPurpose,
};
use clavis_kernel::{AccountId, BlobId, Caller, Dialect, Email, MailId, SessionId, StoreError, TokenDigest};
use clavis_kyc::{
    DocumentCategory, DocumentContent, DocumentType, LabelScope, MediaType, NewLabel, NewPhone, PhoneCode,
    PhoneKey, ProfileContent, Review, StoredFile,
};
use clavis_tokens::{
    Algorithm, ApiKeyAlgorithm, ApiKeyHolder, ApiKeyState, KeyOwner, NewApiKey, SigningKeyRecord,
};
use uuid::Uuid;

/// A moment with microseconds, this many seconds after another.
pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_767_323_045_123_457).unwrap() + Duration::seconds(seconds)
}

pub(super) fn id(nth: u32) -> Uuid {
    Uuid::from_u128(0x0195_0000_0000_7000_8000_0000_0000_0000 + u128::from(nth))
}

pub(super) fn account_id(nth: u32) -> AccountId {
    AccountId(id(nth))
}

pub(super) fn email(nth: u32) -> Email {
    format!("Ann{nth}@Example.org").parse().unwrap()
}

pub(super) fn new_account(nth: u32) -> NewAccount {
    NewAccount {
        id: account_id(nth),
        uid: format!("ID{nth:010X}").parse().unwrap(),
        state: AccountState::Active,
        display_name: format!("Ann {nth}"),
        contact: Some(email(nth)),
        avatar: None,
        attributes: [("age".to_owned(), "41".to_owned())].into(),
        created_through: Dialect::Pluto,
        created_at: at(0),
    }
}

/// Keeps an account.
pub(super) fn make_account(on: &dyn Ports, nth: u32) -> Result<Account, StoreError> {
    Ok(Accounts::insert(on, &new_account(nth))?.expect("its uid is free"))
}

pub(super) fn address(nth: u32, account: u32) -> Identity {
    Identity::address(&email(nth), account_id(account), Dialect::BackendPlus)
}

pub(super) fn name(text: &str, account: u32) -> Identity {
    let name: Name = text.parse().unwrap();
    Identity::name(&name, account_id(account), Dialect::Pluto)
}

pub(super) fn digest(nth: u32) -> TokenDigest {
    TokenDigest::of(&format!("token {nth}"))
}

/// One that lives for an hour from [`at`]\(0\).
pub(super) fn ticket(nth: u32, account: u32) -> Ticket {
    Ticket {
        digest: digest(nth),
        account: account_id(account),
        purpose: TicketPurpose::Activate,
        address: email(account),
        through: Dialect::BackendPlus,
        issued_at: at(0),
        expires_at: at(3600),
        spent_at: None,
    }
}

/// One that lives for an hour from [`at`]\(0\).
pub(super) fn session(nth: u32, account: u32) -> Session {
    Session {
        id: SessionId(id(nth)),
        account: account_id(account),
        through: Dialect::Pluto,
        application: None,
        assurance: Assurance::Full,
        secret: None,
        delegation: None,
        device: Some("phone".to_owned()),
        ip: Some([192, 0, 2, 1].into()),
        user_agent: Some("tests".to_owned()),
        created_at: at(0),
        expires_at: at(3600),
        revoked_at: None,
    }
}

/// Keeps an account with a session, both of this number.
pub(super) fn make_session(on: &dyn Ports, nth: u32) -> Result<SessionId, StoreError> {
    make_account(on, nth)?;
    let session = session(nth, nth);
    Sessions::insert(on, &session)?;
    Ok(session.id)
}

pub(super) fn mail(nth: u32) -> QueuedMail {
    QueuedMail {
        id: MailId(id(nth)),
        sealed: vec![0, 255, 7],
        attempts: 0,
        created_at: at(i64::from(nth)),
    }
}

pub(super) fn audit_entry(account: u32, seconds: i64) -> AuditEntry {
    AuditEntry {
        at: at(seconds),
        account: Some(account_id(account)),
        action: AuditAction::LogIn,
        result: AuditResult::Refused("wrong password".to_owned()),
        actor: None,
        detail: None,
        caller: Caller {
            dialect: Dialect::BackendPlus,
            ip: Some("2001:db8::1".parse().unwrap()),
            user_agent: Some("tests".to_owned()),
            request_id: Some("r-1".to_owned()),
        },
    }
}

pub(super) fn avatar(name: &str, account: u32, png: &[u8]) -> Avatar {
    Avatar {
        name: name.parse().unwrap(),
        account: account_id(account),
        png: png.to_vec(),
        created_at: at(0),
    }
}

pub(super) fn signing_key(kid: &str, seconds: i64) -> SigningKeyRecord {
    SigningKeyRecord {
        kid: kid.to_owned(),
        owner: KeyOwner::Dialect(Dialect::Pluto),
        algorithm: Algorithm::Rs256,
        sealed_private: vec![1, 0, 255],
        created_at: at(seconds),
        signs_from: at(seconds + 1),
        retired_at: None,
    }
}

/// A hash that reads back; of which password does not matter here.
pub(super) fn password_hash(nth: u32) -> PasswordHash {
    // The costs tell two of them apart.
    format!(
        "$argon2id$v=19$m={},t=2,p=1$c29tZXNhbHRzb21lc2FsdA$xOJxLnXWsBoMBMjMSaD5PDlYsCMLpbLwTnqXkjXYHLo",
        64 + nth
    )
    .parse()
    .unwrap()
}

/// An active key of this number.
pub(super) fn api_key(nth: u32, account: u32) -> NewApiKey {
    NewApiKey {
        kid: format!("{nth:016x}").parse().unwrap(),
        holder: ApiKeyHolder::account(account_id(account)),
        algorithm: ApiKeyAlgorithm::Hs384,
        scopes: "trade,, read".parse().unwrap(),
        state: ApiKeyState::active(),
        sealed_secret: vec![2, 0, 255],
        created_at: at(0),
    }
}

/// A label written `key:value`, with a remark.
pub(super) fn label(account: u32, text: &str, scope: LabelScope) -> NewLabel {
    let (key, value) = text.split_once(':').unwrap();
    NewLabel {
        account: account_id(account),
        key: key.parse().unwrap(),
        value: value.parse().unwrap(),
        scope,
        description: Some("a remark".to_owned()),
    }
}

pub(super) fn profile(account: u32) -> ProfileContent {
    ProfileContent {
        account: account_id(account),
        sealed: vec![3, 0, 255],
        country: Some("UA".to_owned()),
        metadata: Some("{\"a\":1}".to_owned()),
        author: account_id(account),
    }
}

pub(super) fn phone_key(nth: u8) -> PhoneKey {
    PhoneKey([nth; 32])
}

/// A code that was sent at [`at`]\(0\) and not tried yet.
pub(super) fn phone_code(nth: u32) -> PhoneCode {
    PhoneCode {
        digest: digest(nth),
        sent_at: at(0),
        wrong_tries: 0,
    }
}

/// A phone with this number, to which the code of the same number was sent.
pub(super) fn phone(number: u8, account: u32) -> NewPhone {
    NewPhone {
        account: account_id(account),
        key: phone_key(number),
        sealed_number: vec![4, 0, number],
        country: "UA".to_owned(),
        code: Some(phone_code(number.into())),
    }
}

/// A document whose file has this number.
pub(super) fn document(nth: u32, account: u32) -> DocumentContent {
    DocumentContent {
        account: account_id(account),
        doc_type: DocumentType::IdentityCard,
        sealed_number: Some(vec![5, 0, 255]),
        expires_on: chrono::NaiveDate::from_ymd_opt(2031, 2, 28),
        category: Some(DocumentCategory::BackSide),
        group: Some("g-1".to_owned()),
        metadata: Some("{}".to_owned()),
        sealed_address: Some(vec![5; 40]),
        file: StoredFile {
            blob: BlobId(id(nth)),
            sealed_key: vec![6, 0, 255],
            name: "Ausweis.png".to_owned(),
            media_type: MediaType::Png,
            size: 10_485_760,
        },
    }
}

/// A decision of this account, a minute after [`at`]\(0\).
pub(super) fn review(by: u32) -> Review {
    Review {
        by: account_id(by),
        at: at(60),
        public_comment: Some("blurred".to_owned()),
        private_comment: Some("looks forged".to_owned()),
    }
}
