//! Use cases that join domains, each a plain function of ports, a command, the time and entropy.
//!
//! A use case runs inside one transaction that the caller opened: everything it changes (the account, the
//! ticket, the role, the outgoing mail, the audit row) lands together or not at all. Where dialects differ in
//! behaviour the difference is a policy value; where they differ in shape it is the dialect's affair.

mod access_rules;
mod account_info;
mod activation;
mod activity;
mod administration;
mod api_keys;
mod audit;
mod authority;
mod avatar;
mod blobs;
mod comments;
mod context;
mod cookie_session;
mod directory;
mod documents;
mod dossier;
mod email_change;
mod gateway;
mod labels;
mod leave;
mod log_in;
mod mail;
mod operator;
mod own_account;
mod own_labels;
mod password_change;
mod person;
mod phones;
mod ports;
mod profiles;
mod refresh;
mod review;
mod second_factor;
mod sign_up;
mod standing;
mod store;
mod texts;
mod trusted_server;

pub use access_rules::AccessRulesError;
pub use account_info::{
    AccountCounts, AccountView, ApplicationRoles, FoundAccount, ProfileError, ProfileUpdate,
};
pub use activation::{ActivationError, ResendError};
pub use activity::{ActivityFilter, ActivityRefusal};
pub use administration::{
    AccountChange, AccountNumbers, Activities, AdminLabelError, AdministrationError, CaseFile,
    CorrectProfileError, EnterProfileError, Existing, Owned, SecondFactorSwitch, WantedLabel, WhichProfile,
};
pub use api_keys::{
    ApiKeyChange, ApiKeyErrand, ApiKeyGateError, ApiKeyPass, ApiKeyRequest, ApiKeyViolation,
    CreateApiKeyError, MAX_API_KEYS, MadeApiKey, RemoveApiKeyError, UpdateApiKeyError,
};
pub use audit::{AuditAction, AuditEntry, AuditResult, UnknownAction};
pub use authority::{
    MEMBER_ROLE, ManageAccounts, ManagePermissions, PlutoAdministration, ReadAccounts, ReadActivities,
    ReviewPeople, SUPERADMIN_ROLE,
};
pub use avatar::{Avatar, AvatarName, AvatarNameError};
pub use blobs::{BlobError, BlobStream, Blobs, StoredBlob};
pub use comments::{
    Comment, CommentError, CommentText, CommentTitle, CommentWords, CommentWordsError, NewComment, Remark,
};
pub use context::{Door, Flows, Keys, KycPolicy, Limits};
pub use cookie_session::{Applicant, CookieRequest, CookieSession};
pub use directory::{
    AccountFilter, AccountOrder, AccountPage, AuditFilter, Direction, Page, RecordedEntry, Slice,
};
pub use documents::{
    PersonalDocument, SubmitDocumentsError, SubmittedDocument, ViewDocumentError, Viewer, orphans,
};
pub use dossier::Dossier;
pub use email_change::{EmailChangeError, EmailChangeRequestError, OldAddress};
pub use gateway::{
    ClientMarks, CookieRefusal, KeyHolder, KeyRefusal, OddPath, PathRules, PathVerdict, PlainPath,
};
pub use leave::LeaveError;
pub use log_in::{Candidate, Checked, LogInError, LoginName, SessionRequest};
pub use mail::{Correspondence, Letter, LetterKind, MailBody, OutgoingMail, QueuedMail, UnsealError};
pub use operator::{ADMIN_ROLE, AccountSelector, CreateApplicationError, KeyChoice, NewUser, SetStateError};
pub use own_account::{NewPassword, ReplacePasswordError, RetireError};
pub use own_labels::{AddLabelError, ChangeLabelError};
pub use password_change::{PasswordChangeError, PasswordResetError, PendingAccounts, ResetRequestError};
pub use person::Person;
pub use phones::{AddPhoneError, KnownPhone, PersonalPhone, SendCodeError, VerifyPhoneError};
pub use ports::{AuditLog, Avatars, Comments, Directory, Housekeeping, Outbox, Ports};
pub use profiles::{EditProfileError, PersonalProfile, ProfileCommand, ProfileManner, SubmitProfileError};
pub use refresh::{ADMIN_APPLICATION, Grant, RefreshFlowError};
pub use review::{Decision, ReviewComment, ReviewCommentError, ReviewError, ReviewNotice, Reviewed};
pub use second_factor::{BeginFactorError, CodeError, FactorError, FactorPolicy};
pub use sign_up::{Activation, SignUp, SignUpError};
pub use standing::{Standing, StandingError, standing};
pub use store::{Job, Store, read, write};
pub use texts::{TextError, TextMessage, Texts};
pub use trusted_server::{
    DocumentsLabel, ImportError, ImportedPerson, KnownLabel, PersonSelector, ServerChangeError, ServerLabel,
    ServerLabelError, ServerPhoneError, TrustedServer,
};

#[cfg(any(test, feature = "fake"))]
pub mod fake;

#[cfg(test)]
mod tests;
