use clavis_identity::AccountState;

use super::{World, email};
use crate::*;

#[test]
fn a_deleted_account_frees_its_address_and_leaves_a_tombstone() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let grant = world.log_in("ann@example.org", "Tecohvi0").unwrap();
    world.flows().delete_account(account.id).unwrap().unwrap();
    assert_eq!(
        world.log_in("ann@example.org", "Tecohvi0").err(),
        Some(LogInError::UnknownAccount)
    );
    assert!(
        world
            .flows()
            .refresh(&grant.refresh_token.secret, "backend_plus", "")
            .unwrap()
            .is_err()
    );
    assert!(world.flows().account_by_number(account.number).unwrap().is_none());
    assert_eq!(
        world.flows().delete_account(account.id).unwrap(),
        Err(LeaveError::UnknownAccount)
    );
    let next = world.sign_up("ann@example.org");
    assert!(next.number > account.number, "numbers are never used again");
}

#[test]
fn who_is_suspended_cannot_slip_away() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    for state in [AccountState::Locked, AccountState::Banned] {
        world
            .flows()
            .set_state(&AccountSelector::Address(email("ann@example.org")), state)
            .unwrap()
            .unwrap();
        assert_eq!(
            world.flows().delete_account(account.id).unwrap(),
            Err(LeaveError::Suspended)
        );
    }
}
