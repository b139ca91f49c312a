//! Use cases that join domains, each a plain function of ports, a command, the time and entropy.
//!
//! A use case runs inside one transaction that the caller opened: everything it changes (the account, the
//! ticket, the role, the outgoing mail, the audit row) lands together or not at all. Where dialects differ in
//! behaviour the difference is a policy value; where they differ in shape it is the dialect's affair.

mod access_rules;
mod account_card;
mod account_info;
mod activation;
mod activity;
mod address_names;
mod administration;
mod anonymous;
mod api_client;
mod api_keys;
mod attributes_and_optins;
mod audit;
mod authority;
mod avatar;
mod bindings;
mod blobs;
mod breached;
mod callbacks;
mod captcha;
mod comments;
mod contact_change;
mod context;
mod cookie_session;
mod data_storage;
mod directory;
mod documents;
mod door_directory;
mod dossier;
mod email_change;
mod events;
mod federated;
mod federation;
mod gateway;
mod happenings;
mod labels;
mod lasting_refresh;
mod leave;
mod log_in;
mod magic_link;
mod mail;
mod managed_accounts;
mod named_sign_up;
mod oauth_authorization;
mod oauth_clients;
mod oauth_grants;
mod objects;
mod opaque_session;
mod operator;
mod own_account;
mod own_labels;
mod password_change;
mod person;
mod phones;
mod ports;
mod profiles;
mod rbac_administration;
mod refresh;
mod restrictions;
mod review;
mod second_factor;
mod service_accounts;
mod sign_up;
mod standing;
mod store;
mod texts;
mod ticketed_log_in;
mod trusted_server;
mod user_directory;
mod vouched_reset;

pub use access_rules::AccessRulesError;
pub use account_card::AccountCard;
pub use account_info::{
    AccountCounts, AccountView, ApplicationRoles, FoundAccount, ProfileError, ProfileUpdate,
};
pub use activation::{ActivationError, Resend, ResendError};
pub use activity::{ActivityFilter, ActivityRefusal};
pub use administration::{
    AccountChange, AccountNumbers, Activities, AdminLabelError, AdministrationError, CaseFile,
    CorrectProfileError, EnterProfileError, Existing, Owned, SecondFactorSwitch, WantedLabel, WhichProfile,
};
pub use api_client::{
    AdminToken, ApiClient, ClientName, ClientNameError, CreateAdminTokenError, ImportedToken,
    ImportedTokenError,
};
pub use api_keys::{
    ApiKeyChange, ApiKeyErrand, ApiKeyGateError, ApiKeyPass, ApiKeyRequest, ApiKeyViolation,
    CreateApiKeyError, MAX_API_KEYS, MadeApiKey, RemoveApiKeyError, UpdateApiKeyError,
};
pub use attributes_and_optins::{
    Agreement, AttributeName, AttributeValue, CountingOptIn, KeepError, MAX_KEPT, OptIn, OptInKey,
    OptInSource, UnfitText, UserAttribute,
};
pub use audit::{AuditAction, AuditEntry, AuditResult, UnknownAction};
pub use authority::{
    MEMBER_ROLE, ManageAccounts, ManagePermissions, PlutoAdministration, ReadAccounts, ReadActivities,
    ReviewPeople, SUPERADMIN_ROLE,
};
pub use avatar::{Avatar, AvatarName, AvatarNameError};
pub use bindings::{BindError, Binding, UnbindError};
pub use blobs::{BlobError, BlobStream, Blobs, StoredBlob};
pub use breached::{BreachCheckError, BreachedPasswords};
pub use callbacks::Callbacks;
pub use captcha::{Captcha, CaptchaError};
pub use comments::{
    Comment, CommentError, CommentText, CommentTitle, CommentWords, CommentWordsError, NewComment, Remark,
};
pub use contact_change::{AccountNotActive, ContactChange};
pub use context::{Door, Flows, Keys, KycPolicy, Limits};
pub use cookie_session::{Applicant, CookieRequest, CookieSession};
pub use data_storage::{
    DataStorage, DataText, DataTextError, DataTitle, NewDataStorage, PersonalData, RecordDataError,
    RemoveDataError,
};
pub use directory::{
    AccountFilter, AccountOrder, AccountPage, AuditFilter, Direction, Page, RecordedEntry, Slice,
};
pub use documents::{
    PersonalDocument, SubmitDocumentsError, SubmittedDocument, ViewDocumentError, Viewer, orphans,
};
pub use door_directory::{AttributePart, DoorFilter, DoorOrder, LogInBy};
pub use dossier::Dossier;
pub use email_change::{EmailChangeError, EmailChangeRequestError, OldAddress};
pub use events::{BrokerError, Event, EventBroker, EventCursor, EventVoice, Untold, untold};
pub use federated::{Arrival, ArrivalError, Linking, Newcomer, Returning};
pub use federation::{
    AuthorizationRequest, Departure, Evidence, ProviderAccount, ProviderRefusal, Providers, RequestToken,
};
pub use gateway::{
    ClientMarks, CookieRefusal, KeyHolder, KeyRefusal, OddPath, OddVerb, PathRules, PathVerdict, PlainPath,
    PlainVerb,
};
pub use happenings::{Happened, Happening, LabelSaid, NotSaid, happenings};
pub use lasting_refresh::{Entitled, LastingRefreshError};
pub use leave::{FORMER_SUBJECT, LeaveError};
pub use log_in::{Candidate, Checked, LogInError, LoginName, SessionRequest};
pub use magic_link::{FollowLinkError, RequestLinkError};
pub use mail::{
    Correspondence, Letter, LetterKind, LinkAction, MailBody, OutgoingMail, QueuedMail, UnsealError,
};
pub use managed_accounts::{
    ChangeObstacle, ChangeUserError, NameChange, NewManagedUser, PersonName, PersonNameError, UserChange,
};
pub use named_sign_up::{NameTaken, NamedSignUp, SubjectTaken};
pub use oauth_authorization::{
    Asked, AuthorizationError, AuthorizationRequest as OAuthRequest, Authorized, Consent,
};
pub use oauth_clients::{
    ClientCandidate, ClientCard, ClientError, MAX_OAUTH_CLIENTS, RegisterClientError, Registration,
    UnknownClient,
};
pub use oauth_grants::{
    CodePresented, DelegatedLogInError, DelegatedRefreshError, OAuthGrant, RedeemCodeError,
};
pub use objects::{Expected, Objects};
pub use opaque_session::OpaqueRequest;
pub use operator::{ADMIN_ROLE, AccountSelector, CreateApplicationError, KeyChoice, NewUser, SetStateError};
pub use own_account::{NewPassword, ReplacePasswordError, RetireError};
pub use own_labels::{AddLabelError, ChangeLabelError};
pub use password_change::{PasswordChangeError, PasswordResetError, PendingAccounts, ResetRequestError};
pub use person::Person;
pub use phones::{AddPhoneError, KnownPhone, PersonalPhone, SendCodeError, VerifyPhoneError};
pub use ports::{
    AdminTokens, AuditLog, Avatars, Comments, DataStorages, Directory, DoorDirectory, EventCursors,
    Housekeeping, OptIns, Outbox, Ports, Roster, UserAttributes,
};
pub use profiles::{EditProfileError, PersonalProfile, ProfileCommand, ProfileManner, SubmitProfileError};
pub use rbac_administration::{
    ApplicationSelector, AssignRoleError, DefaultRoleError, DefaultScopeError, ExtendApplicationError,
    ReplaceScopesError, UnknownApplication,
};
pub use refresh::{ADMIN_APPLICATION, Grant, RefreshFlowError};
pub use restrictions::{RedeemWhitelinkError, RestrictionsError, WhitelinkError};
pub use review::{Decision, ReviewComment, ReviewCommentError, ReviewError, ReviewNotice, Reviewed};
pub use second_factor::{BeginFactorError, CodeError, CodeRules, FactorError, FactorPolicy, UsedUp};
pub use service_accounts::{OwnedService, UnknownService};
pub use sign_up::{Activation, SignUp, SignUpError};
pub use standing::{Standing, StandingError, standing, standing_by_secret, standing_of_account};
pub use store::{Job, Store, read, write};
pub use texts::{TextError, TextMessage, Texts};
pub use ticketed_log_in::{Admission, FinishLogInError};
pub use trusted_server::{
    DocumentsLabel, ImportError, ImportedPerson, KnownLabel, MAX_SERVICE_ACCOUNTS, PersonSelector,
    ServerChangeError, ServerKeyError, ServerKeyPolicy, ServerLabel, ServerLabelError, ServerPhoneError,
    ServerServiceError, ServiceChange, ServiceSelector, TrustedServer, WantedService,
};
pub use vouched_reset::VouchedResetError;

pub use user_directory::{UserFilter, UserOrder};

#[cfg(any(test, feature = "fake"))]
pub mod fake;

#[cfg(test)]
mod tests;
