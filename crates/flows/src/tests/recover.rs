use chrono::Duration;
use clavis_identity::AccountState;
use clavis_kernel::{Dialect, Secret};
use clavis_tokens::RefreshError;

use super::{World, email};
use crate::*;

fn request_reset(world: &World) -> Secret {
    world
        .flows()
        .request_password_reset(&email("ann@example.org"), PendingAccounts::MayReset)
        .unwrap()
        .unwrap();
    world.mailed("ann@example.org").unwrap()
}

#[test]
fn a_reset_ends_every_session_and_is_used_once() {
    let world = World::default();
    world.sign_up("ann@example.org");
    let grant = world.log_in("ann@example.org", "Tecohvi0").unwrap();
    let ticket = request_reset(&world);
    assert!(world.flows().examine_reset(&ticket).unwrap().is_ok());
    world
        .flows()
        .reset_password(&ticket, &world.hash("new one"))
        .unwrap()
        .unwrap();
    let again = world
        .flows()
        .reset_password(&ticket, &world.hash("mine"))
        .unwrap();
    assert_eq!(again.err(), Some(PasswordResetError::Unknown));
    assert_eq!(
        world.log_in("ann@example.org", "Tecohvi0").err(),
        Some(LogInError::WrongPassword)
    );
    assert!(world.log_in("ann@example.org", "new one").is_ok());
    let refreshed = world
        .flows()
        .refresh(&grant.refresh_token.secret, "backend_plus", "")
        .unwrap();
    assert_eq!(
        refreshed.err(),
        Some(RefreshFlowError::Token(RefreshError::Revoked))
    );
}

#[test]
fn a_reset_opens_a_credential_closed_by_failures() {
    let world = World::default();
    world.sign_up("ann@example.org");
    for _ in 0..10 {
        world.log_in("ann@example.org", "wrong").unwrap_err();
    }
    let ticket = request_reset(&world);
    world
        .flows()
        .reset_password(&ticket, &world.hash("new one"))
        .unwrap()
        .unwrap();
    assert!(world.log_in("ann@example.org", "new one").is_ok());
}

#[test]
fn a_reset_activates_nobody() {
    let world = World::default();
    world.sign_up_pending("ann@example.org");
    let refused = world
        .flows()
        .request_password_reset(&email("ann@example.org"), PendingAccounts::MayNot)
        .unwrap();
    assert_eq!(refused, Err(ResetRequestError::NotActivated));
    let ticket = request_reset(&world);
    let account = world
        .flows()
        .reset_password(&ticket, &world.hash("new one"))
        .unwrap()
        .unwrap();
    assert_eq!(account.state, AccountState::Pending);
}

#[test]
fn a_change_of_the_account_kills_resets_where_the_door_says_so() {
    let mut world = World::default().through(Dialect::Pluto);
    world.door.change_kills_resets = true;
    let account = world.sign_up("ann@example.org");
    let ticket = request_reset(&world);
    world.clock.advance(Duration::seconds(1));
    let update = ProfileUpdate {
        avatar: Some("https://example.org/a.png".to_owned()),
        ..ProfileUpdate::default()
    };
    world
        .flows()
        .update_profile(account.id, &update)
        .unwrap()
        .unwrap();
    assert_eq!(
        world.flows().examine_reset(&ticket).unwrap(),
        Err(PasswordResetError::Unknown)
    );
}

#[test]
fn a_changed_address_takes_worth_from_mails_to_the_old_one() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let reset = request_reset(&world);
    world
        .flows()
        .request_email_change(account.id, &email("new@example.org"))
        .unwrap()
        .unwrap();
    let change = world.mailed("new@example.org").unwrap();
    world
        .flows()
        .change_email(&change, OldAddress::IsTold)
        .unwrap()
        .unwrap();
    assert_eq!(
        world.flows().examine_reset(&reset).unwrap(),
        Err(PasswordResetError::Unknown)
    );
    assert!(world.log_in("new@example.org", "Tecohvi0").is_ok());
    assert_eq!(
        world.log_in("ann@example.org", "Tecohvi0").err(),
        Some(LogInError::UnknownAccount)
    );
    assert_eq!(
        world.mails().last().unwrap().to,
        email("ann@example.org"),
        "the old address is told"
    );
    let spent = world.flows().change_email(&change, OldAddress::IsTold).unwrap();
    assert_eq!(spent.err(), Some(EmailChangeError::Spent));
}

#[test]
fn an_address_taken_meanwhile_stays_its_holders() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    world
        .flows()
        .request_email_change(account.id, &email("new@example.org"))
        .unwrap()
        .unwrap();
    let change = world.mailed("new@example.org").unwrap();
    world.sign_up("new@example.org");
    let late = world.flows().change_email(&change, OldAddress::IsTold).unwrap();
    assert_eq!(late.err(), Some(EmailChangeError::AddressTaken));
    assert!(world.log_in("ann@example.org", "Tecohvi0").is_ok());
    let own = world
        .flows()
        .request_email_change(account.id, &email("ann@example.org"))
        .unwrap();
    assert_eq!(own, Err(EmailChangeRequestError::AddressTaken));
}

#[test]
fn a_password_change_keeps_the_session_that_made_it_and_ends_the_others() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let mine = world.log_in("ann@example.org", "Tecohvi0").unwrap();
    let other = world.log_in("ann@example.org", "Tecohvi0").unwrap();
    let attempt = |password| {
        let candidate = world.flows().candidate_of(account.id).unwrap().unwrap();
        let checked = world.check(candidate, password);
        world
            .flows()
            .change_password(&checked, Some(mine.session), &world.hash("new one"))
            .unwrap()
    };
    assert_eq!(attempt("wrong"), Err(PasswordChangeError::WrongPassword));
    assert_eq!(attempt("Tecohvi0"), Ok(()));
    assert!(
        world
            .flows()
            .refresh(&mine.refresh_token.secret, "backend_plus", "")
            .unwrap()
            .is_ok()
    );
    assert!(
        world
            .flows()
            .refresh(&other.refresh_token.secret, "backend_plus", "")
            .unwrap()
            .is_err()
    );
}

#[test]
fn a_first_password_replaces_none() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let grant = world.log_in("ann@example.org", "Tecohvi0").unwrap();
    let taken = world
        .flows()
        .set_first_password(account.id, Some(grant.session), &world.hash("mine"))
        .unwrap();
    assert_eq!(taken, Err(PasswordChangeError::WrongPassword));
}

#[test]
fn who_is_thrown_out_takes_no_address_change_along() {
    let throw_out: [fn(&World, clavis_kernel::AccountId); 2] = [
        |world, account| {
            world.flows().revoke_sessions(account).unwrap();
        },
        |world, _| {
            let ticket = request_reset(world);
            world
                .flows()
                .reset_password(&ticket, &world.hash("new one"))
                .unwrap()
                .unwrap();
        },
    ];
    for throw_out in throw_out {
        let world = World::default();
        let account = world.sign_up("ann@example.org");
        world
            .flows()
            .request_email_change(account.id, &email("mallory@example.org"))
            .unwrap()
            .unwrap();
        let change = world.mailed("mallory@example.org").unwrap();
        throw_out(&world, account.id);
        let late = world.flows().change_email(&change, OldAddress::IsTold).unwrap();
        assert_eq!(late.err(), Some(EmailChangeError::Spent));
    }
}
