//! How administrators are shown accounts, and what people handed in.

use std::collections::HashMap;

use clavis_flows::{CaseFile, Dossier, Person, PersonalDocument, PersonalPhone, PersonalProfile, Remark};
use clavis_identity::AccountState;
use clavis_kernel::{AccountId, Uid};
use clavis_kyc::{Label, PostalAddress, Review, ReviewState};
use clavis_tokens::ApiKey;
use serde::Serialize;

use super::super::data_storage::ShownData;
use super::super::profiles::masked_name;
use super::super::user_wire::{data_of, referrer_of};
use super::super::users::seconds;

/// An account. What a list leaves out is not there at all.
#[derive(Serialize)]
pub(super) struct AdminUser<'a> {
    email: String,
    uid: &'a str,
    role: &'a str,
    level: u8,
    otp: bool,
    state: &'static str,
    referral_uid: Option<&'a str>,
    data: Option<&'a str>,
    /// Nobody has a name here; clients read the field all the same.
    username: Option<&'a str>,
    labels: Vec<AdminLabel<'a>>,
    #[serde(flatten)]
    behind: Option<Behind<'a>>,
    #[serde(flatten)]
    kept: Option<Kept<'a>>,
    created_at: String,
    updated_at: String,
}

/// Who is behind an account.
#[derive(Serialize)]
struct Behind<'a> {
    phones: Vec<AdminPhone<'a>>,
    profiles: Vec<AdminProfile<'a>>,
    data_storages: Vec<ShownData<'a>>,
}

/// What is kept about an account.
#[derive(Serialize)]
struct Kept<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    documents: Option<Vec<AdminDocument<'a>>>,
    comments: Vec<AdminComment<'a>>,
}

/// A label with the remark of who set it.
#[derive(Serialize)]
pub(super) struct AdminLabel<'a> {
    key: &'a str,
    value: &'a str,
    scope: &'static str,
    description: Option<&'a str>,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
struct AdminPhone<'a> {
    country: &'a str,
    number: String,
    validated_at: Option<String>,
}

/// A profile, with the last decision on it.
#[derive(Serialize)]
pub(super) struct AdminProfile<'a> {
    id: i64,
    uid: Option<&'a str>,
    author_uid: Option<&'a str>,
    first_name: Option<&'a str>,
    last_name: Option<String>,
    dob: Option<String>,
    address: Option<&'a str>,
    postcode: Option<&'a str>,
    city: Option<&'a str>,
    country: Option<&'a str>,
    metadata: Option<&'a str>,
    state: &'static str,
    #[serde(flatten)]
    decision: Decided<'a>,
    created_at: String,
    updated_at: String,
    version: i64,
}

/// A document, with the last decision on it.
#[derive(Serialize)]
pub(super) struct AdminDocument<'a> {
    id: i64,
    uid: Option<&'a str>,
    upload: AdminUpload,
    doc_type: &'static str,
    doc_number: Option<String>,
    doc_expire: Option<String>,
    doc_category: Option<&'static str>,
    identificator: Option<&'a str>,
    metadata: Option<&'a str>,
    /// Only of what proves one.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<AdminAddress<'a>>,
    state: &'static str,
    #[serde(flatten)]
    decision: Decided<'a>,
    created_at: String,
    updated_at: String,
    version: i64,
}

/// Where somebody says that they live.
#[derive(Serialize)]
struct AdminAddress<'a> {
    country: Option<&'a str>,
    address: Option<&'a str>,
    city: Option<&'a str>,
    postcode: Option<&'a str>,
}

impl<'a> AdminAddress<'a> {
    fn of(address: &'a PostalAddress) -> Self {
        let fields = address.fields();
        Self {
            country: fields.country.as_deref(),
            address: fields.address.as_deref(),
            city: fields.city.as_deref(),
            postcode: fields.postcode.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct AdminUpload {
    url: String,
}

#[derive(Serialize)]
struct Decided<'a> {
    reviewer_uid: Option<&'a str>,
    reviewed_at: Option<String>,
    public_comment: Option<&'a str>,
    /// Only among reviewers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(clippy::option_option, reason = "who may not read it does not see the field")]
    private_comment: Option<Option<&'a str>>,
}

/// What an administrator noted.
#[derive(Serialize)]
pub(super) struct AdminComment<'a> {
    id: i64,
    author_uid: Option<&'a str>,
    title: &'a str,
    data: &'a str,
    created_at: String,
    updated_at: String,
}

/// A key for signing requests. Its secret is nobody's to read.
#[derive(Serialize)]
pub(super) struct AdminKey<'a> {
    kid: &'a str,
    algorithm: &'static str,
    scope: &'a [String],
    state: &'a str,
    created_at: String,
    updated_at: String,
}

/// Who looks, and so how much of a person they see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sight {
    /// Whether most of what is personal is hidden.
    pub(super) masks: bool,
    /// What reviewers say among themselves, unless it is about the one who looks.
    pub(super) private_comments: bool,
}

impl Sight {
    /// A reviewer's, in a list that may have themselves in it.
    pub(super) const REVIEWERS_LIST: Self = Self {
        masks: false,
        private_comments: false,
    };

    /// A reviewer's, of what belongs to an account.
    pub(super) fn of_reviewer(reviewer: AccountId, owner: AccountId) -> Self {
        Self {
            masks: false,
            private_comments: reviewer != owner,
        }
    }
}

/// The state in the dialect's words: it knows one kind of tombstone.
pub(super) const fn state_name(state: AccountState) -> &'static str {
    match state {
        AccountState::Deleted | AccountState::Withdrawn => AccountState::Deleted.name(),
        AccountState::Pending | AccountState::Active | AccountState::Locked | AccountState::Banned => {
            state.name()
        }
    }
}

/// How far a profile's review has come, in the dialect's words; `retry` is ours.
const fn profile_state(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Drafted => "drafted",
        ReviewState::Pending => "submitted",
        ReviewState::Approved => "verified",
        ReviewState::RetryRequested => "retry",
        ReviewState::Rejected => "rejected",
    }
}

/// How far a document's review has come.
const fn document_state(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Pending => "pending",
        other => profile_state(other),
    }
}

/// The state of this name, for profiles and documents alike.
pub(super) fn review_state(name: &str) -> Option<ReviewState> {
    ReviewState::ALL
        .into_iter()
        .find(|state| profile_state(*state) == name || document_state(*state) == name)
}

impl<'a> AdminUser<'a> {
    /// As in a list.
    pub(super) fn brief(person: &'a Person) -> Self {
        let account = person.account();
        Self {
            email: person.address(),
            uid: account.uid.as_str(),
            role: &person.role,
            level: person.level,
            otp: person.has_second_factor,
            state: state_name(account.state),
            referral_uid: referrer_of(person),
            data: data_of(person),
            username: None,
            labels: person.labels.iter().map(AdminLabel::of).collect(),
            behind: None,
            kept: None,
            created_at: seconds(account.created_at),
            updated_at: seconds(account.updated_at),
        }
    }

    /// With who is behind it.
    pub(super) fn extended(dossier: &'a Dossier, uids: &'a HashMap<AccountId, Uid>, sight: Sight) -> Self {
        let phones = dossier.phones.iter();
        let profiles = dossier.profiles.iter();
        let shown = if sight.masks {
            ShownData::masked
        } else {
            ShownData::of
        };
        Self {
            behind: Some(Behind {
                phones: phones.map(|phone| AdminPhone::of(phone, sight)).collect(),
                profiles: profiles.map(|one| AdminProfile::of(one, uids, sight)).collect(),
                data_storages: dossier.data.iter().map(shown).collect(),
            }),
            ..Self::brief(&dossier.person)
        }
    }

    /// With everything; a document is to be had where the link leads.
    pub(super) fn whole(
        file: &'a CaseFile,
        sight: Sight,
        link: impl Fn(&PersonalDocument) -> String,
    ) -> Self {
        let documents = file.documents.as_ref().map(|documents| {
            documents
                .iter()
                .map(|one| AdminDocument::of(one, &file.uids, sight, link(one)))
                .collect()
        });
        Self {
            kept: Some(Kept {
                documents,
                comments: file.remarks.iter().map(AdminComment::of).collect(),
            }),
            ..Self::extended(&file.dossier, &file.uids, sight)
        }
    }
}

impl<'a> AdminLabel<'a> {
    /// The label.
    pub(super) fn of(label: &'a Label) -> Self {
        Self {
            key: label.key.as_str(),
            value: label.value.as_str(),
            scope: label.scope.name(),
            description: label.description.as_deref(),
            created_at: seconds(label.created_at),
            updated_at: seconds(label.updated_at),
        }
    }
}

impl<'a> AdminPhone<'a> {
    fn of(phone: &'a PersonalPhone, sight: Sight) -> Self {
        Self {
            country: &phone.phone.country,
            number: if sight.masks {
                phone.number.masked()
            } else {
                phone.number.digits().to_owned()
            },
            validated_at: phone.phone.validated_at.map(seconds),
        }
    }
}

impl<'a> AdminProfile<'a> {
    /// The profile, with the names of those it names.
    pub(super) fn of(one: &'a PersonalProfile, uids: &'a HashMap<AccountId, Uid>, sight: Sight) -> Self {
        let (profile, fields) = (&one.profile, &one.fields);
        let last_name = fields.last_name.as_deref();
        Self {
            id: profile.id.0,
            uid: uids.get(&profile.content.account).map(Uid::as_str),
            author_uid: uids.get(&profile.content.author).map(Uid::as_str),
            first_name: fields.first_name.as_deref(),
            last_name: last_name.map(|name| {
                if sight.masks {
                    masked_name(name)
                } else {
                    name.to_owned()
                }
            }),
            dob: fields.dob.map(|dob| {
                if sight.masks {
                    dob.format("%Y-%m-**").to_string()
                } else {
                    dob.to_string()
                }
            }),
            address: fields.address.as_deref(),
            postcode: fields.postcode.as_deref(),
            city: fields.city.as_deref(),
            country: fields.country.as_deref(),
            metadata: profile.content.metadata.as_deref(),
            state: profile_state(profile.state),
            decision: Decided::of(profile.review.as_ref(), uids, sight),
            created_at: seconds(profile.created_at),
            updated_at: seconds(profile.updated_at),
            version: profile.updated_at.timestamp_micros(),
        }
    }
}

impl<'a> AdminDocument<'a> {
    /// The document, with the names of those it names; its content is to be had where the link leads.
    pub(super) fn of(
        one: &'a PersonalDocument,
        uids: &'a HashMap<AccountId, Uid>,
        sight: Sight,
        link: String,
    ) -> Self {
        let (document, content) = (&one.document, &one.document.content);
        let number = one.number.as_ref();
        Self {
            id: document.id.0,
            uid: uids.get(&content.account).map(Uid::as_str),
            upload: AdminUpload { url: link },
            doc_type: content.doc_type.name(),
            doc_number: number.map(|number| {
                if sight.masks {
                    number.masked()
                } else {
                    number.as_str().to_owned()
                }
            }),
            doc_expire: content.expires_on.map(|day| day.to_string()),
            doc_category: content.category.map(clavis_kyc::DocumentCategory::name),
            identificator: content.group.as_deref(),
            metadata: content.metadata.as_deref(),
            address: one.address.as_ref().map(AdminAddress::of),
            state: document_state(document.state),
            decision: Decided::of(document.review.as_ref(), uids, sight),
            created_at: seconds(document.created_at),
            updated_at: seconds(document.updated_at),
            version: document.updated_at.timestamp_micros(),
        }
    }
}

impl<'a> Decided<'a> {
    fn of(review: Option<&'a Review>, uids: &'a HashMap<AccountId, Uid>, sight: Sight) -> Self {
        let private = review.and_then(|review| review.private_comment.as_deref());
        Self {
            reviewer_uid: review.and_then(|review| uids.get(&review.by)).map(Uid::as_str),
            reviewed_at: review.map(|review| seconds(review.at)),
            public_comment: review.and_then(|review| review.public_comment.as_deref()),
            private_comment: sight.private_comments.then_some(private),
        }
    }
}

impl<'a> AdminKey<'a> {
    /// The key.
    pub(super) fn of(key: &'a ApiKey) -> Self {
        Self {
            kid: key.kid.as_str(),
            algorithm: key.algorithm.name(),
            scope: key.scopes.as_slice(),
            state: key.state.as_str(),
            created_at: seconds(key.created_at),
            updated_at: seconds(key.updated_at),
        }
    }
}

impl<'a> AdminComment<'a> {
    /// The comment.
    pub(super) fn of(remark: &'a Remark) -> Self {
        Self {
            id: remark.comment.id.0,
            author_uid: remark.author.as_ref().map(Uid::as_str),
            title: remark.words.title.as_str(),
            data: remark.words.text.as_str(),
            created_at: seconds(remark.comment.created_at),
            updated_at: seconds(remark.comment.updated_at),
        }
    }
}
