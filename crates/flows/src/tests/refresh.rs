use chrono::Duration;
use clavis_identity::AccountState;
use clavis_kernel::{Clock as _, Dialect};
use clavis_tokens::{RefreshError, RefreshTokenSecret};

use super::World;
use crate::*;

fn refresh(world: &World, token: &RefreshTokenSecret) -> Result<Grant, RefreshFlowError> {
    world.flows().refresh(token, "backend_plus", "").unwrap()
}

#[test]
fn a_refresh_keeps_the_session_and_changes_the_token() {
    let world = World::default();
    world.sign_up("ann@example.org");
    let first = world.log_in("ann@example.org", "Tecohvi0").unwrap();
    let second = refresh(&world, &first.refresh_token.secret).unwrap();
    assert_eq!(second.session, first.session);
    assert_ne!(
        second.refresh_token.secret.expose(),
        first.refresh_token.secret.expose()
    );
}

#[test]
fn a_replay_after_the_window_ends_the_session_and_is_in_the_trail() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let first = world.log_in("ann@example.org", "Tecohvi0").unwrap();
    let second = refresh(&world, &first.refresh_token.secret).unwrap();
    world.clock.advance(Duration::seconds(10));
    let replay = refresh(&world, &first.refresh_token.secret);
    assert_eq!(replay.err(), Some(RefreshFlowError::Token(RefreshError::Reused)));
    let after = refresh(&world, &second.refresh_token.secret);
    assert_eq!(after.err(), Some(RefreshFlowError::Token(RefreshError::Revoked)));
    let standing = standing(&world.ports, first.session, world.clock.now()).unwrap();
    assert_eq!(standing.err(), Some(StandingError::SessionEnded));
    assert!(matches!(
        world.actions(&account).first().unwrap(),
        (AuditAction::Refresh, AuditResult::Refused(_))
    ));
}

#[test]
fn a_token_is_worth_nothing_at_another_door_or_application() {
    let world = World::default();
    world.sign_up("ann@example.org");
    let token = world
        .log_in("ann@example.org", "Tecohvi0")
        .unwrap()
        .refresh_token
        .secret;
    let other = world.flows().refresh(&token, "pluto", "").unwrap();
    assert_eq!(
        other.err(),
        Some(RefreshFlowError::UnknownApplication),
        "another dialect's own"
    );
    world
        .flows()
        .create_application(&"shop".parse().unwrap())
        .unwrap()
        .unwrap();
    let wrong = Some(RefreshFlowError::Token(RefreshError::WrongClient));
    assert_eq!(world.flows().refresh(&token, "shop", "").unwrap().err(), wrong);
    let world = world.through(Dialect::Pluto);
    assert_eq!(world.flows().refresh(&token, "pluto", "").unwrap().err(), wrong);
    assert_eq!(
        refresh(&world, &token).err(),
        Some(RefreshFlowError::UnknownApplication)
    );
}

#[test]
fn a_suspended_account_refreshes_nothing() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let grant = world.log_in("ann@example.org", "Tecohvi0").unwrap();
    world
        .flows()
        .set_state(&AccountSelector::Id(account.id), AccountState::Banned)
        .unwrap()
        .unwrap();
    assert!(refresh(&world, &grant.refresh_token.secret).is_err());
    world
        .flows()
        .set_state(&AccountSelector::Id(account.id), AccountState::Active)
        .unwrap()
        .unwrap();
    assert!(
        refresh(&world, &grant.refresh_token.secret).is_err(),
        "what was lost stays lost"
    );
}

#[test]
fn a_log_out_ends_its_own_session_only() {
    let world = World::default();
    world.sign_up("ann@example.org");
    let (one, two) = (
        world.log_in("ann@example.org", "Tecohvi0").unwrap(),
        world.log_in("ann@example.org", "Tecohvi0").unwrap(),
    );
    assert!(
        world
            .flows()
            .log_out(&one.refresh_token.secret)
            .unwrap()
            .is_some()
    );
    assert!(
        world
            .flows()
            .log_out(&RefreshTokenSecret::presented("unknown"))
            .unwrap()
            .is_none()
    );
    assert!(
        world
            .flows()
            .log_out(&one.refresh_token.secret)
            .unwrap()
            .is_none(),
        "it has ended"
    );
    assert!(refresh(&world, &one.refresh_token.secret).is_err());
    assert!(refresh(&world, &two.refresh_token.secret).is_ok());
    assert_eq!(world.flows().revoke_sessions(two.account.account.id).unwrap(), 1);
    assert!(refresh(&world, &two.refresh_token.secret).is_err());
}

#[test]
fn a_spent_token_ends_its_own_session_and_proves_nothing_more() {
    let world = World::default();
    world.sign_up("ann@example.org");
    let first = world.log_in("ann@example.org", "Tecohvi0").unwrap();
    let second = refresh(&world, &first.refresh_token.secret).unwrap();
    assert!(
        world
            .flows()
            .log_out(&first.refresh_token.secret)
            .unwrap()
            .is_none()
    );
    assert!(refresh(&world, &second.refresh_token.secret).is_err());
    assert!(
        world
            .flows()
            .log_out(&second.refresh_token.secret)
            .unwrap()
            .is_none(),
        "it is ended already"
    );
}
