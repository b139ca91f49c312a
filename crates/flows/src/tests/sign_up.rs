use clavis_identity::AccountState;
use clavis_kernel::Dialect;

use super::{World, email, name};
use crate::*;

#[test]
fn an_address_belongs_to_one_account_ignoring_case() {
    let world = World::default();
    world.sign_up("Ann@Example.org");
    let again = world.flows().sign_up(&world.command("ann@EXAMPLE.org")).unwrap();
    assert_eq!(again.err(), Some(SignUpError::AddressTaken));
    assert_eq!(clavis_identity::Accounts::count(&world.ports).unwrap(), 1);
}

#[test]
fn a_name_belongs_to_one_account_and_a_refusal_leaves_nothing() {
    let world = World::default().through(Dialect::Pluto);
    let ann = SignUp {
        name: Some(name("Ann")),
        ..world.command("ann@example.org")
    };
    world.flows().sign_up(&ann).unwrap().unwrap();
    let other = SignUp {
        name: Some(name(" ann ")),
        ..world.command("other@example.org")
    };
    assert_eq!(
        world.flows().sign_up(&other).unwrap().err(),
        Some(SignUpError::NameTaken)
    );
    assert!(
        world
            .flows()
            .sign_up(&world.command("other@example.org"))
            .unwrap()
            .is_ok(),
        "the address is free"
    );
}

#[test]
fn an_account_that_awaits_activation_is_told_apart() {
    let world = World::default();
    world.sign_up_pending("ann@example.org");
    let again = world.flows().sign_up(&world.command("ann@example.org")).unwrap();
    assert_eq!(again.err(), Some(SignUpError::AddressAwaitsActivation));
}

#[test]
fn being_active_proves_no_address_and_a_ticket_does() {
    let world = World::default();
    let proven = |address| {
        let key = clavis_identity::IdentityKey::address(&email(address));
        clavis_identity::Identities::find(&world.ports, &key)
            .unwrap()
            .unwrap()
            .proven_at
            .is_some()
    };
    world.sign_up("bob@example.org");
    assert!(!proven("bob@example.org"));
    let (account, ticket) = world.sign_up_pending("ann@example.org");
    assert_eq!(account.state, AccountState::Pending);
    assert!(!proven("ann@example.org"));
    let active = world.flows().activate(&ticket).unwrap().unwrap();
    assert_eq!(active.state, AccountState::Active);
    assert!(proven("ann@example.org"));
}

#[test]
fn an_activation_is_used_once_and_expires() {
    let world = World::default();
    let (_, ticket) = world.sign_up_pending("ann@example.org");
    assert!(world.flows().activate(&ticket).unwrap().is_ok());
    assert_eq!(
        world.flows().activate(&ticket).unwrap().err(),
        Some(ActivationError::AlreadyActive)
    );
    let (_, late) = world.sign_up_pending("bob@example.org");
    world.clock.advance(chrono::Duration::hours(1));
    assert_eq!(
        world.flows().activate(&late).unwrap().err(),
        Some(ActivationError::Expired)
    );
    let never = clavis_kernel::Secret::new("never issued");
    assert_eq!(
        world.flows().activate(&never).unwrap().err(),
        Some(ActivationError::Unknown)
    );
}

#[test]
fn an_activation_lifts_no_ban() {
    let world = World::default();
    let (account, ticket) = world.sign_up_pending("ann@example.org");
    let who = AccountSelector::Id(account.id);
    world
        .flows()
        .set_state(&who, AccountState::Banned)
        .unwrap()
        .unwrap();
    assert_eq!(
        world.flows().activate(&ticket).unwrap().err(),
        Some(ActivationError::Unknown)
    );
    assert_eq!(
        world.log_in("ann@example.org", "Tecohvi0").err(),
        Some(LogInError::Suspended)
    );
}

#[test]
fn a_refused_activation_changes_nothing_and_leaves_the_ticket_good() {
    let world = World::default();
    let (account, ticket) = world.sign_up_pending("ann@example.org");
    let who = AccountSelector::Id(account.id);
    let set = |state| world.flows().set_state(&who, state).unwrap().unwrap();
    for state in [AccountState::Banned, AccountState::Locked] {
        set(state);
        let refused = world.flows().activate(&ticket).unwrap();
        assert_eq!(refused.err(), Some(ActivationError::Unknown), "{state}");
        assert_eq!(world.flows().level(account.id).unwrap(), 0, "{state}");
    }
    set(AccountState::Pending);
    assert!(world.flows().activate(&ticket).unwrap().is_ok());
    assert_eq!(world.flows().level(account.id).unwrap(), 1);
}

#[test]
fn an_active_account_is_mailed_for_proof_where_the_door_wants_it() {
    let world = World::default();
    let ann = email("ann@example.org");
    let account = world.sign_up("ann@example.org");
    let again = |whom| world.flows().resend_activation(&ann, whom).unwrap();
    assert_eq!(again(Resend::Pending), Err(ResendError::AlreadyActive));
    assert_eq!(again(Resend::Unproven), Ok(()));
    let ticket = world.mailed("ann@example.org").unwrap();
    assert!(world.flows().activate(&ticket).unwrap().is_ok());
    assert_eq!(
        world.flows().level(account.id).unwrap(),
        1,
        "its address is proven"
    );
    assert_eq!(again(Resend::Unproven), Err(ResendError::AlreadyActive));
    let refused = world.flows().activate(&ticket).unwrap();
    assert_eq!(refused.err(), Some(ActivationError::AlreadyActive));
}

#[test]
fn a_further_mail_goes_to_a_pending_account_only_and_not_too_often() {
    let mut world = World::default();
    world.limits.mails_per_account_per_hour = 3;
    let ann = email("ann@example.org");
    assert_eq!(
        world.flows().resend_activation(&ann, Resend::Pending).unwrap(),
        Err(ResendError::UnknownAddress)
    );
    let (_, first) = world.sign_up_pending("ann@example.org");
    for _ in 0..2 {
        world.clock.advance(chrono::Duration::seconds(1));
        assert_eq!(
            world.flows().resend_activation(&ann, Resend::Pending).unwrap(),
            Ok(())
        );
    }
    assert_eq!(
        world.flows().resend_activation(&ann, Resend::Pending).unwrap(),
        Err(ResendError::TooManyMails)
    );
    let newest = world.mailed("ann@example.org").unwrap();
    assert_eq!(
        world.flows().activate(&first).unwrap().err(),
        Some(ActivationError::Unknown),
        "it was replaced"
    );
    assert!(world.flows().activate(&newest).unwrap().is_ok());
    assert_eq!(
        world.flows().resend_activation(&ann, Resend::Pending).unwrap(),
        Err(ResendError::AlreadyActive)
    );
}

#[test]
fn where_tickets_accumulate_older_links_stay_valid() {
    let mut world = World::default().through(Dialect::Pluto);
    world.door.new_ticket_replaces = false;
    let (_, first) = world.sign_up_pending("ann@example.org");
    world
        .flows()
        .resend_activation(&email("ann@example.org"), Resend::Pending)
        .unwrap()
        .unwrap();
    assert!(world.flows().activate(&first).unwrap().is_ok());
}

#[test]
fn nobody_is_called_by_somebody_elses_address() {
    let world = World::default().through(Dialect::Pluto);
    let ann = SignUp {
        name: Some(name("ann@example.org")),
        ..world.command("ann@example.org")
    };
    let ann = world.flows().sign_up(&ann).unwrap().unwrap();
    world.sign_up("bob@example.org");
    let mallory = SignUp {
        name: Some(name("BOB@example.org")),
        ..world.command("mallory@example.org")
    };
    assert_eq!(
        world.flows().sign_up(&mallory).unwrap().err(),
        Some(SignUpError::NameTaken)
    );
    let renamed = |to: &str| world.flows().may_rename(ann.id, &name(to)).unwrap();
    assert_eq!(renamed("bob@example.org"), Err(ProfileError::NameTaken));
    assert_eq!(renamed("Ann@example.org"), Ok(()));
}

#[test]
fn somebody_who_is_there_may_be_named_as_who_led_here() {
    let world = World::default();
    let ann = world.sign_up("ann@example.org");
    let may = |uid: &clavis_kernel::Uid| world.flows().referrer(uid).unwrap().is_some();
    assert!(may(&ann.uid));
    assert!(!may(&"ID0000000000".parse().unwrap()));
    world.set_state(&ann, AccountState::Deleted);
    assert!(!may(&ann.uid));
}
