//! Whatever is looked up or changed is found by an index: no query of a request grows with the accounts.

use std::sync::{Arc, Mutex};

use chrono::DateTime;
use clavis_flows::{AuditLog, Avatars, Housekeeping as _, Outbox};
use clavis_identity::{
    AccountState, Accounts, FailureCount, Identities, IdentityKey, IdentityKind, LoginFailures,
    PasswordCredentials, Sessions, TicketPurpose, Tickets,
};
use clavis_kernel::{AccountId, AccountNumber, ApplicationId, MailId, RoleId, SessionId, TokenDigest};
use clavis_rbac::{Applications, Assignments};
use clavis_tokens::{RefreshTokens, SigningKeys};
use diesel::connection::InstrumentationEvent;
use diesel::sql_types::Text;
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
    Assignments::of_account(on, account, ApplicationId(1))?;
    on.of_accounts(&[account])?;
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

#[test]
fn every_row_is_found_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::named(&folder.path().join("clavis.db")).unwrap();
    let mut conn = file.connect().unwrap();
    file.migrate(&mut conn).unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            heard.lock().unwrap().push(query.to_string());
        }
    });
    ask_everything(&Tx::new(&mut conn)).unwrap();
    conn.set_instrumentation(None::<Box<dyn diesel::connection::Instrumentation>>);
    let asked = asked.lock().unwrap();
    assert!(asked.len() > 50, "{}", asked.len());
    for query in asked.iter() {
        let (sql, _binds) = query.split_once(" -- binds").unwrap_or((query, ""));
        let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}"))
            .load(&mut conn)
            .unwrap();
        for Step { detail } in steps {
            // What counts everything goes over an index that has all it needs, and nothing else.
            let is_count = sql.starts_with("SELECT COUNT(*)") && detail.contains("USING COVERING INDEX");
            let is_small = detail == "SCAN CONSTANT ROW" || is_count;
            let is_scan = detail.starts_with("SCAN") && !is_small;
            assert!(!is_scan, "{detail}: {sql}");
            assert!(
                !detail.ends_with("(kind=?)"),
                "half of all identities: {detail}: {sql}"
            );
            assert!(
                !detail.contains("TEMP B-TREE") || !sql.contains("LIMIT"),
                "{detail}: {sql}"
            );
        }
    }
}
