//! Whatever is looked up or changed is found by an index: no query of a request grows with the accounts.

mod pages;
mod roster;

use std::sync::{Arc, Mutex};

use chrono::DateTime;
use clavis_flows::{AuditLog, Avatars, Comments, DataStorages, Housekeeping as _, Outbox};
use clavis_identity::{
    AccountState, Accounts, FailureCount, Identities, IdentityKey, IdentityKind, LoginFailures,
    PasswordCredentials, SecondFactors, ServiceAccount, ServiceAccounts, ServiceState, Sessions,
    TicketPurpose, Tickets,
};
use clavis_kernel::{
    AccessRuleId, AccountId, AccountNumber, ApplicationId, BlobId, CommentId, DocumentId, Email, MailId,
    PhoneId, ProfileId, RestrictionId, RoleId, ScopeId, ServiceAccountId, SessionId, TokenDigest,
};
use clavis_kyc::{
    Documents, KeptLevel, LabelKey, LabelScope, LabelValue, Labels, Levels, NewLabel, PhoneCode, PhoneKey,
    Phones, ProfileContent, Profiles, Review, ReviewState,
};
use clavis_oauth::{AuthorizationCodes, OAuthClients};
use clavis_rbac::{AccessRules, Applications, Assignments, Restrictions, Whitelinks};
use clavis_tokens::{ApiKeyHolder, ApiKeyId, ApiKeys, RefreshTokens, SigningKeys};
use diesel::connection::InstrumentationEvent;
use diesel::sql_types::Text;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// Every statement of every port that meets a row of an account.
fn ask_everything(on: &Tx<'_>) -> Result<(), StoreError> {
    let (at, account, session) = (
        DateTime::UNIX_EPOCH,
        AccountId(Uuid::nil()),
        SessionId(Uuid::nil()),
    );
    let (digest, purpose) = (TokenDigest::of(""), TicketPurpose::Activate);
    let key = IdentityKey::address(&"ann@example.org".parse().unwrap());
    let hash =
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$xOJxLnXWsBoMBMjMSaD5PDlYsCMLpbLwTnqXkjXYHLo"
            .parse()
            .unwrap();
    Accounts::find(on, account)?;
    on.find_by_number(AccountNumber(1))?;
    on.find_by_uid(&"ID1".parse().unwrap())?;
    on.find_all(&[account])?;
    on.count()?;
    on.count_holders(IdentityKind::Address)?;
    on.set_state(account, AccountState::Active, AccountState::Banned, at)?;
    on.touch(account, at)?;
    on.erase(account, at)?;
    on.set_valid_after(account, at)?;
    on.set_last_login(account, at)?;
    Identities::find(on, &key)?;
    Identities::of_account(on, account)?;
    on.prove(&key, account, at)?;
    on.release(&key, account)?;
    on.release_all(account)?;
    PasswordCredentials::find(on, account)?;
    on.rehash(account, 1, &hash)?;
    PasswordCredentials::remove(on, account)?;
    LoginFailures::find(on, account)?;
    LoginFailures::clear(on, account)?;
    Tickets::find(on, &digest, purpose)?;
    Tickets::spend(on, &digest, purpose, at)?;
    on.discard(account, purpose)?;
    on.count_issued(account, at)?;
    on.find_with_account(session)?;
    on.find_by_secret(&digest)?;
    on.extend(session, at)?;
    Sessions::revoke(on, session, at)?;
    on.revoke_all(account, Some(session), at)?;
    RefreshTokens::find(on, &digest)?;
    RefreshTokens::spend(on, &digest, at)?;
    on.revoke_family(session, at)?;
    SigningKeys::retire(on, "", at)?;
    on.find_by_name("")?;
    Applications::find(on, ApplicationId(1))?;
    on.set_default_role(ApplicationId(1), RoleId(1), at)?;
    on.role_scopes(RoleId(1))?;
    on.roles_of(ApplicationId(1))?;
    on.replace_scopes(RoleId(1), &[ScopeId(1)])?;
    on.find_scope(ScopeId(1))?;
    on.display_names(ApplicationId(1))?;
    on.set_display_names(ApplicationId(1), &[], at)?;
    on.find_numbered(&[AccountNumber(1)])?;
    on.find_by_contact(&"ann@example.org".parse().unwrap(), 10)?;
    on.count_known_at(&"google".parse().unwrap())?;
    Assignments::of_account(on, account, ApplicationId(1))?;
    Assignments::of_accounts(on, &[account])?;
    on.replace(account, ApplicationId(1), &[])?;
    Assignments::remove_all(on, account)?;
    on.has_scope(account, "", "")?;
    AuditLog::latest(on, account, 1)?;
    on.claim_due(at, at, 1)?;
    on.sent(MailId(Uuid::nil()))?;
    Outbox::failed(on, MailId(Uuid::nil()), 1, None)?;
    on.depth()?;
    Avatars::find(on, &"0000000000000000".parse().unwrap())?;
    Avatars::remove_all(on, account)?;
    ask_second_factors_and_keys(on)?;
    ask_labels_and_phones(on)?;
    ask_reviewed(on)?;
    ask_administration(on)?;
    ask_service_accounts(on)?;
    ask_oauth(on)?;
    LoginFailures::put(
        on,
        &FailureCount {
            account,
            failures: 1,
            window_started_at: at,
        },
    )
    .unwrap_err();
    on.sweep(at, 1).map(drop)
}

fn ask_oauth(on: &Tx<'_>) -> Result<(), StoreError> {
    let (at, account, client) = (
        DateTime::UNIX_EPOCH,
        AccountId(Uuid::nil()),
        clavis_kernel::OAuthClientId(1),
    );
    let (digest, session) = (TokenDigest::of(""), SessionId(Uuid::nil()));
    let hash = clavis_oauth::ClientSecretHash::new("");
    on.find_by_key("")?;
    OAuthClients::find(on, client)?;
    OAuthClients::list(on, Some(account), 1)?;
    on.count_of_owner(account)?;
    OAuthClients::set_status(on, client, clavis_oauth::ClientStatus::Denied, at)?;
    on.replace_hash(client, &hash, &hash)?;
    AuthorizationCodes::find(on, &digest)?;
    AuthorizationCodes::spend(on, &digest, session, at)?;
    on.discard_all(account)?;
    on.revoke_all_of_client(client, at).map(drop)
}

fn ask_second_factors_and_keys(on: &Tx<'_>) -> Result<(), StoreError> {
    let (at, account, digest) = (DateTime::UNIX_EPOCH, AccountId(Uuid::nil()), TokenDigest::of(""));
    let kid: ApiKeyId = "0000000000000000".parse().unwrap();
    SecondFactors::find(on, account)?;
    on.enabled_among(&[account])?;
    on.enable(account, 1, at)?;
    on.spend_step(account, 1)?;
    on.failures(account)?;
    on.put_failures(account, None)?;
    SecondFactors::remove(on, account)?;
    // There is no such account.
    on.put_recovery_codes(account, &[digest]).unwrap_err();
    on.spend_recovery_code(account, &digest, at)?;
    on.count_recovery_codes(account)?;
    ApiKeys::find(on, &kid)?;
    ApiKeys::of_holder(on, ApiKeyHolder::account(account), 1, 1)?;
    ApiKeys::count_of_holder(on, ApiKeyHolder::account(account))?;
    ApiKeys::update(on, &kid, &"".parse().unwrap(), None, at)?;
    let holder = ApiKeyHolder::service(account, ServiceAccountId(1));
    ApiKeys::remove(on, &kid, holder)?;
    on.deactivate_all(holder, at)?;
    on.deactivate_all_answered_for(account, at).map(drop)
}

fn ask_service_accounts(on: &Tx<'_>) -> Result<(), StoreError> {
    let (at, owner) = (DateTime::UNIX_EPOCH, AccountId(Uuid::nil()));
    let uid = "SI0000000000".parse().unwrap();
    let address: Email = "sa@example.org".parse().unwrap();
    let service = ServiceAccount {
        id: ServiceAccountId(1),
        uid,
        owner,
        address,
        role: "maker".parse().unwrap(),
        state: ServiceState::Active,
        created_at: at,
        updated_at: at,
    };
    ServiceAccounts::find(on, service.id)?;
    on.named(&service.uid)?;
    on.addressed(&service.address)?;
    ServiceAccounts::page(on, Some(owner), 1, 1)?;
    ServiceAccounts::update(on, &service, at).map(drop)
}

fn ask_labels_and_phones(on: &Tx<'_>) -> Result<(), StoreError> {
    let (at, account, scope) = (DateTime::UNIX_EPOCH, AccountId(Uuid::nil()), LabelScope::Private);
    let label = NewLabel {
        account,
        key: LabelKey::EMAIL,
        value: LabelValue::VERIFIED,
        scope,
        description: None,
    };
    Labels::find(on, account, &label.key, scope)?;
    Labels::of_accounts(on, &[account])?;
    Labels::update(on, &label, at)?;
    Labels::remove(on, account, &label.key, scope)?;
    Levels::find(on, account)?;
    let (level, table) = (1, 1);
    Levels::put(
        on,
        &KeptLevel {
            account,
            level,
            table,
        },
    )?;
    on.outdated(1, 1)?;
    on.changing_tokens_of(account, 1)?;
    let (phone, key) = (PhoneId(1), PhoneKey([0; 32]));
    let (digest, sent_at, wrong_tries) = (TokenDigest::of(""), at, 0);
    Phones::find(on, account, &key)?;
    Phones::of_accounts(on, &[account])?;
    on.verified_holder(&key)?;
    on.put_code(
        phone,
        &PhoneCode {
            digest,
            sent_at,
            wrong_tries,
        },
        at,
    )?;
    on.count_wrong_try(phone)?;
    on.spend_code(phone, &digest, at, 1)?;
    Phones::verify(on, phone, &key, at)?;
    Phones::remove(on, phone).map(drop)
}

fn ask_reviewed(on: &Tx<'_>) -> Result<(), StoreError> {
    let (at, account, state) = (DateTime::UNIX_EPOCH, AccountId(Uuid::nil()), ReviewState::Pending);
    let (profile, document) = (ProfileId(1), DocumentId(1));
    let content = ProfileContent {
        account,
        sealed: Vec::new(),
        country: None,
        metadata: None,
        author: account,
    };
    let review = Review {
        by: account,
        at,
        public_comment: None,
        private_comment: None,
    };
    Profiles::find(on, profile)?;
    Profiles::of_account(on, account)?;
    Profiles::of_accounts(on, &[account])?;
    Profiles::update(on, profile, &content, state, state, at)?;
    Profiles::review(on, profile, state, state, &review)?;
    Profiles::queue(on, state, Some(profile), 1)?;
    Documents::find(on, document)?;
    Documents::of_account(on, account)?;
    Documents::count_of_account(on, account)?;
    Documents::review(on, document, state, state, &review)?;
    Documents::queue(on, state, Some(document), 1)?;
    on.owned(&[BlobId(Uuid::nil())]).map(drop)
}

/// All access rules are read together: there are few.
fn ask_administration(on: &Tx<'_>) -> Result<(), StoreError> {
    let (at, account, comment, rule) = (
        DateTime::UNIX_EPOCH,
        AccountId(Uuid::nil()),
        CommentId(1),
        AccessRuleId(1),
    );
    Comments::find(on, comment)?;
    Comments::of_account(on, account)?;
    Comments::update(on, comment, &[], at)?;
    Comments::remove(on, comment)?;
    AccessRules::find(on, rule)?;
    AccessRules::remove(on, rule)?;
    let restriction = RestrictionId(1);
    Restrictions::find(on, restriction)?;
    Restrictions::remove(on, restriction)?;
    Whitelinks::find(on, &TokenDigest::of("a"))?;
    Whitelinks::count_live(on, at)?;
    DataStorages::of_accounts(on, &[account])?;
    DataStorages::remove(on, account, &LabelKey::OTP).map(drop)
}

/// What was asked for, and how SQLite answers it.
struct Plan {
    sql: String,
    steps: Vec<String>,
}

/// An empty file that tells how it is asked.
struct Explained {
    conn: SqliteConnection,
    _folder: TempDir,
}

impl Explained {
    fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = File::named(&folder.path().join("clavis.db")).unwrap();
        let mut conn = file.connect().unwrap();
        file.migrate(&mut conn).unwrap();
        Self {
            conn,
            _folder: folder,
        }
    }

    /// The plan of every statement that is asked.
    fn plans(&mut self, ask: impl FnOnce(&Tx<'_>) -> Result<(), StoreError>) -> Vec<Plan> {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        self.conn
            .set_instrumentation(move |event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::StartQuery { query, .. } = event {
                    heard.lock().unwrap().push(query.to_string());
                }
            });
        ask(&Tx::new(&mut self.conn)).unwrap();
        self.conn
            .set_instrumentation(None::<Box<dyn diesel::connection::Instrumentation>>);
        let asked = std::mem::take(&mut *asked.lock().unwrap());
        asked.iter().map(|query| self.plan(query)).collect()
    }

    fn plan(&mut self, query: &str) -> Plan {
        let (sql, _binds) = query.split_once(" -- binds").unwrap_or((query, ""));
        let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}"))
            .load(&mut self.conn)
            .unwrap();
        Plan {
            sql: sql.to_owned(),
            steps: steps.into_iter().map(|step| step.detail).collect(),
        }
    }
}

#[test]
fn every_row_is_found_by_an_index() {
    let plans = Explained::fresh().plans(ask_everything);
    assert!(plans.len() > 100, "{}", plans.len());
    for Plan { sql, steps } in plans {
        for step in steps {
            // What counts everything goes over an index that has all it needs, and nothing else.
            let is_count = sql.starts_with("SELECT COUNT(*)") && step.contains("USING COVERING INDEX");
            let is_small = step == "SCAN CONSTANT ROW" || is_count;
            let is_scan = step.starts_with("SCAN") && !is_small;
            assert!(!is_scan, "{step}: {sql}");
            assert!(
                !step.ends_with("(kind=?)"),
                "half of all identities: {step}: {sql}"
            );
            assert!(
                !step.contains("TEMP B-TREE") || !sql.contains("LIMIT"),
                "{step}: {sql}"
            );
        }
    }
}
