use chrono::Duration;
use clavis_identity::{AccountState, Accounts};
use clavis_kernel::{Clock as _, Dialect};
use clavis_tokens::RefreshError;

use super::{World, email};
use crate::*;

fn refused(refusal: RefreshError) -> LastingRefreshError {
    LastingRefreshError::Token(refusal)
}

#[test]
fn a_lasting_refresh_token_is_used_until_its_end_and_not_a_moment_longer() {
    let world = World::default().through(Dialect::Jauth);
    world.sign_up("ann@example.org");
    let grant = world.log_in("ann@example.org", "Tecohvi0").unwrap();
    let refresh = || {
        world
            .flows()
            .use_refresh_token(&grant.refresh_token.secret)
            .unwrap()
    };
    for _ in 0..29 {
        refresh().unwrap();
        world.clock.advance(Duration::days(1));
    }
    world.clock.advance(Duration::days(1) - Duration::microseconds(1));
    refresh().unwrap();
    world.clock.advance(Duration::microseconds(1));
    assert_eq!(refresh().err(), Some(refused(RefreshError::Expired)));
}

#[test]
fn a_lasting_refresh_token_dies_with_its_session_and_is_no_other_doors() {
    let world = World::default().through(Dialect::Jauth);
    let account = world.sign_up("ann@example.org");
    let grant = world.log_in("ann@example.org", "Tecohvi0").unwrap();
    world.flows().revoke_sessions(account.id).unwrap();
    let refreshed = world
        .flows()
        .use_refresh_token(&grant.refresh_token.secret)
        .unwrap();
    assert_eq!(refreshed.err(), Some(refused(RefreshError::Revoked)));

    let grant = world.log_in("ann@example.org", "Tecohvi0").unwrap();
    let elsewhere = world.through(Dialect::Pluto);
    let refreshed = elsewhere
        .flows()
        .use_refresh_token(&grant.refresh_token.secret)
        .unwrap();
    assert_eq!(refreshed.err(), Some(refused(RefreshError::WrongClient)));
}

#[test]
fn a_lasting_refresh_token_of_an_account_that_may_not_be_used_tells_so() {
    for state in [
        AccountState::Locked,
        AccountState::Banned,
        AccountState::Deleted,
        AccountState::Withdrawn,
    ] {
        let world = World::default().through(Dialect::Jauth);
        world.sign_up("ann@example.org");
        let grant = world.log_in("ann@example.org", "Tecohvi0").unwrap();
        let who = AccountSelector::Address(email("ann@example.org"));
        world.flows().set_state(&who, state).unwrap().unwrap();
        let refreshed = world
            .flows()
            .use_refresh_token(&grant.refresh_token.secret)
            .unwrap();
        assert_eq!(
            refreshed.err(),
            Some(LastingRefreshError::AccountNotActive),
            "{state}"
        );
    }
}

#[test]
fn what_is_issued_in_the_second_in_which_everything_ended_counts_from_the_next() {
    let world = World::default().through(Dialect::Jauth);
    let account = world.sign_up("ann@example.org");
    world.clock.advance(Duration::milliseconds(500));
    let second = world.clock.now() - Duration::milliseconds(500);
    let issue = || {
        let account = Accounts::find(&world.ports, account.id).unwrap().unwrap();
        world.flows().entitle(account).unwrap().issued_at
    };
    let stands = |at| {
        let standing = standing_of_account(&world.ports, account.id, Dialect::Jauth, at);
        standing.unwrap().is_ok()
    };
    let before = issue();
    assert_eq!(before, second);
    assert!(stands(before));
    for _ in 0..3 {
        let before = issue();
        world.flows().revoke_sessions(account.id).unwrap();
        let after = issue();
        assert!(!stands(before), "{before}");
        assert!(stands(after), "{after}");
    }
}

#[test]
fn a_vouched_reset_is_for_one_password_and_works_once() {
    let world = World::default().through(Dialect::Jauth);
    let account = world.sign_up("ann@example.org");
    let version = world.flows().resettable_version(account.id).unwrap().unwrap();
    let reset = |password: &str| {
        let hash = world.hash(password);
        world
            .flows()
            .reset_vouched_password(account.id, version, &hash)
            .unwrap()
    };
    let grant = world.log_in("ann@example.org", "Tecohvi0").unwrap();
    assert_eq!(reset("Nodvacu3"), Ok(()));
    assert_eq!(reset("Kelwini9"), Err(VouchedResetError::Spent));
    let refreshed = world
        .flows()
        .use_refresh_token(&grant.refresh_token.secret)
        .unwrap();
    assert_eq!(refreshed.err(), Some(refused(RefreshError::Revoked)));
    world.log_in("ann@example.org", "Nodvacu3").unwrap();
    let version = world.flows().resettable_version(account.id).unwrap().unwrap();
    let who = AccountSelector::Address(email("ann@example.org"));
    world
        .flows()
        .set_state(&who, AccountState::Banned)
        .unwrap()
        .unwrap();
    let reset = world
        .flows()
        .reset_vouched_password(account.id, version, &world.hash("Kelwini9"));
    assert_eq!(reset.unwrap(), Err(VouchedResetError::AccountNotActive));
}
