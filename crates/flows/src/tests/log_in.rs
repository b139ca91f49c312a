use chrono::Duration;
use clavis_identity::{AccountState, PasswordHash};
use clavis_kernel::Dialect;

use super::{World, email};
use crate::*;

#[test]
fn the_right_password_opens_a_session() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let grant = world.log_in("ANN@example.org", "Tecohvi0").unwrap();
    assert_eq!(grant.account.account.id, account.id);
    assert!(
        standing(
            &world.ports,
            grant.session,
            clavis_kernel::Clock::now(&world.clock)
        )
        .unwrap()
        .is_ok()
    );
    assert_eq!(
        world.actions(&account).first().unwrap(),
        &(AuditAction::LogIn, AuditResult::Succeeded)
    );
}

#[test]
fn ten_failures_close_the_credential_at_every_door_for_a_quarter_of_an_hour() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    for _ in 0..9 {
        assert_eq!(
            world.log_in("ann@example.org", "wrong").err(),
            Some(LogInError::WrongPassword)
        );
    }
    let world = world.through(Dialect::Pluto);
    assert_eq!(
        world.log_in("ann@example.org", "wrong").err(),
        Some(LogInError::WrongPassword)
    );
    assert_eq!(
        world.log_in("ann@example.org", "Tecohvi0").err(),
        Some(LogInError::LockedOut)
    );
    assert!(matches!(
        world.actions(&account).first().unwrap(),
        (AuditAction::LogIn, AuditResult::Refused(_))
    ));
    world.clock.advance(Duration::minutes(15));
    assert!(world.log_in("ann@example.org", "Tecohvi0").is_ok());
}

#[test]
fn a_right_password_forgets_the_failures_before_it() {
    let world = World::default();
    world.sign_up("ann@example.org");
    for _ in 0..3 {
        for _ in 0..9 {
            world.log_in("ann@example.org", "wrong").unwrap_err();
        }
        world.log_in("ann@example.org", "Tecohvi0").unwrap();
    }
}

#[test]
fn only_an_active_account_is_logged_in_to() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let expected = [
        (AccountState::Pending, Some(LogInError::NotActivated)),
        (AccountState::Locked, Some(LogInError::Suspended)),
        (AccountState::Banned, Some(LogInError::Suspended)),
        (AccountState::Active, None),
        (AccountState::Withdrawn, Some(LogInError::UnknownAccount)),
    ];
    for (state, refusal) in expected {
        world
            .flows()
            .set_state(&AccountSelector::Id(account.id), state)
            .unwrap()
            .unwrap();
        assert_eq!(
            world.log_in("ann@example.org", "Tecohvi0").err(),
            refusal,
            "{state}"
        );
    }
}

#[test]
fn a_check_made_before_a_change_says_nothing_after_it() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let candidate = world.flows().candidate_of(account.id).unwrap().unwrap();
    let checked = world.check(candidate, "Tecohvi0");
    world
        .flows()
        .request_password_reset(&email("ann@example.org"), PendingAccounts::MayNot)
        .unwrap()
        .unwrap();
    let ticket = world.mailed("ann@example.org").unwrap();
    world
        .flows()
        .reset_password(&ticket, &world.hash("another one"))
        .unwrap()
        .unwrap();
    let request = SessionRequest {
        application: "backend_plus".to_owned(),
        device: None,
    };
    assert_eq!(
        world.flows().log_in(&checked, None, &request).unwrap().err(),
        Some(LogInError::WrongPassword)
    );
}

#[test]
fn a_hash_of_an_older_server_is_replaced_at_log_in() {
    let world = World::default();
    let bcrypt: PasswordHash = "$2b$04$abcdefghijklmnopqrstuuS9VKVBLLzlpXPEFdYPHWXAvwAGpNGMa"
        .parse()
        .unwrap();
    let command = SignUp {
        password: Some(bcrypt),
        ..world.command("ann@example.org")
    };
    let account = world.flows().sign_up(&command).unwrap().unwrap();
    let mut checked = {
        let candidate = world.flows().candidate_of(account.id).unwrap().unwrap();
        world.check(candidate, "whatever")
    };
    checked.verdict = clavis_identity::Verdict::RightButOutdated;
    checked.rehash = Some(world.hash("Tecohvi0"));
    let request = SessionRequest {
        application: "backend_plus".to_owned(),
        device: None,
    };
    world.flows().log_in(&checked, None, &request).unwrap().unwrap();
    assert!(world.log_in("ann@example.org", "Tecohvi0").is_ok());
}

#[test]
fn an_account_without_a_password_is_told_apart_here() {
    let world = World::default();
    let command = SignUp {
        password: None,
        ..world.command("ann@example.org")
    };
    world.flows().sign_up(&command).unwrap().unwrap();
    assert_eq!(
        world.log_in("ann@example.org", "").err(),
        Some(LogInError::NoPassword)
    );
}

#[test]
fn an_unknown_application_is_told_after_the_password() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let request = SessionRequest {
        application: "nowhere".to_owned(),
        device: None,
    };
    let attempt = |password| {
        let candidate = world.flows().candidate_of(account.id).unwrap().unwrap();
        world
            .flows()
            .log_in(&world.check(candidate, password), None, &request)
            .unwrap()
            .err()
    };
    assert_eq!(attempt("wrong"), Some(LogInError::WrongPassword));
    assert_eq!(attempt("Tecohvi0"), Some(LogInError::UnknownApplication));
}

#[test]
fn who_is_let_in_without_a_password_is_told_apart_in_the_trail() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let request = SessionRequest {
        application: "backend_plus".to_owned(),
        device: None,
    };
    world.flows().impersonate(account.id, &request).unwrap().unwrap();
    assert_eq!(
        world.actions(&account).first().unwrap(),
        &(AuditAction::Impersonate, AuditResult::Succeeded)
    );
}
