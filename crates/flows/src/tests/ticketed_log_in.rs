use chrono::Duration;
use clavis_identity::{Account, AccountState, PasswordCredentials, TotpSecret, TotpWindow};
use clavis_kernel::{Dialect, Secret};

use super::World;
use crate::*;

/// A world whose door asks for the second factor in a request of its own.
fn world() -> World {
    let mut world = World::default();
    world.door.second_factor = FactorPolicy::Ask(CodeRules {
        window: TotpWindow::CURRENT_AND_PREVIOUS,
        used_up: UsedUp::AtLogIn,
    });
    world
}

fn request() -> SessionRequest {
    SessionRequest {
        application: "backend_plus".to_owned(),
        device: None,
    }
}

impl World {
    /// Ann, with a second factor of which no code was used.
    fn ann_with_factor(&self) -> (Account, TotpSecret) {
        let ann = self.sign_up("ann@example.org");
        let secret = self.enable(&ann);
        (ann, secret)
    }

    fn begin(&self, password: &str) -> Result<Admission, LogInError> {
        let login = LoginName::Address(super::email("ann@example.org"));
        let candidate = self.flows().candidate(&login).unwrap()?;
        let checked = self.check(candidate, password);
        self.flows().begin_log_in(&checked, &request()).unwrap()
    }

    #[track_caller]
    fn awaited(&self) -> Secret {
        match self.begin("Tecohvi0").unwrap() {
            Admission::FactorAwaited(ticket) => ticket,
            Admission::Session(_) => panic!("no second factor was asked for"),
        }
    }

    fn finish(&self, ticket: &Secret, code: &Secret) -> Result<Grant, FinishLogInError> {
        self.flows().finish_log_in(ticket, code, &request()).unwrap()
    }
}

#[test]
fn without_a_factor_the_session_is_there_at_once() {
    let world = world();
    world.sign_up("ann@example.org");
    assert!(matches!(world.begin("Tecohvi0"), Ok(Admission::Session(_))));
    assert!(matches!(world.begin("wrong"), Err(LogInError::WrongPassword)));
}

#[test]
fn a_ticket_and_a_code_open_one_session() {
    let world = world();
    let (_, secret) = world.ann_with_factor();
    let ticket = world.awaited();
    assert!(!format!("{:?}", Admission::FactorAwaited(ticket.clone())).contains(ticket.expose()));
    let code = world.code(&secret, 0);
    let grant = world.finish(&ticket, &code).unwrap();
    let standing = standing(&world.ports, grant.session, world.flows().now())
        .unwrap()
        .unwrap();
    assert!(standing.assurance.is_full());
    assert_eq!(world.finish(&ticket, &code).err(), Some(FinishLogInError::Ticket));
}

#[test]
fn only_a_log_in_uses_a_code_up() {
    let world = world();
    let ann = world.sign_up("ann@example.org");
    let secret = world.flows().begin_second_factor(ann.id).unwrap().unwrap();
    let code = world.code(&secret, 0);
    world
        .flows()
        .enable_second_factor(ann.id, None, &code)
        .unwrap()
        .unwrap();
    let older = world.code(&secret, -1);
    let ticket = world.awaited();
    let replayed = Some(FinishLogInError::Code(CodeError::Replayed));
    assert_eq!(
        world.finish(&ticket, &older).err(),
        replayed,
        "older than the one that enabled it"
    );
    world.finish(&ticket, &code).unwrap();
    let ticket = world.awaited();
    assert_eq!(world.finish(&ticket, &code).err(), replayed);
    world
        .flows()
        .disable_second_factor(ann.id, &code)
        .unwrap()
        .unwrap();
    assert!(!world.flows().has_second_factor(ann.id).unwrap());
}

#[test]
fn a_factor_that_was_not_begun_is_not_enabled() {
    let world = world();
    let ann = world.sign_up("ann@example.org");
    let enabled = world
        .flows()
        .enable_second_factor(ann.id, None, &Secret::new("123456"));
    assert_eq!(enabled.unwrap(), Err(FactorError::NotBegun));
}

#[test]
fn five_wrong_codes_end_a_ticket_and_a_replayed_one_does_not_count() {
    let world = world();
    let (_, secret) = world.ann_with_factor();
    let used = world.code(&secret, 0);
    world.finish(&world.awaited(), &used).unwrap();
    let ticket = world.awaited();
    let wrong = Secret::new("abcdef");
    for _ in 0..4 {
        let refused = world.finish(&ticket, &wrong).err();
        assert_eq!(refused, Some(FinishLogInError::Code(CodeError::Wrong)));
        let refused = world.finish(&ticket, &used).err();
        assert_eq!(refused, Some(FinishLogInError::Code(CodeError::Replayed)));
    }
    world.finish(&ticket, &wrong).unwrap_err();
    world.clock.advance(Duration::seconds(30));
    let right = world.code(&secret, 0);
    assert_eq!(
        world.finish(&ticket, &right).err(),
        Some(FinishLogInError::Ticket)
    );
    world.finish(&world.awaited(), &right).unwrap();
}

#[test]
fn a_ticket_is_worth_nothing_after_a_change() {
    #[track_caller]
    fn check(change: impl FnOnce(&World, &Account, &Secret), expected: FinishLogInError) {
        let world = world();
        let (ann, secret) = world.ann_with_factor();
        let ticket = world.awaited();
        change(&world, &ann, &ticket);
        let code = world.code(&secret, 0);
        assert_eq!(world.finish(&ticket, &code).err(), Some(expected));
    }
    let hour = Duration::hours(1);
    check(|world, _, _| world.clock.advance(hour), FinishLogInError::Ticket);
    check(|world, _, _| drop(world.awaited()), FinishLogInError::Ticket);
    check(
        |world, ann, _| {
            let hash = world.hash("another");
            world.flows().set_password(ann.id, &hash, None).unwrap();
        },
        FinishLogInError::Ticket,
    );
    check(
        |world, ann, _| PasswordCredentials::remove(&world.ports, ann.id).unwrap(),
        FinishLogInError::Ticket,
    );
    check(
        |world, ann, _| {
            world.flows().revoke_sessions(ann.id).unwrap();
        },
        FinishLogInError::Ticket,
    );
    check(
        |world, ann, _| world.set_state(ann, AccountState::Deleted),
        FinishLogInError::Ticket,
    );
    check(
        |world, ann, _| world.set_state(ann, AccountState::Locked),
        FinishLogInError::AccountNotActive,
    );
    check(
        |world, ann, _| world.flows().drop_second_factor(ann.id, None).unwrap(),
        FinishLogInError::NotEnabled,
    );
}

#[test]
fn a_ticket_is_good_at_the_door_that_gave_it() {
    let world = world();
    let (_, secret) = world.ann_with_factor();
    let ticket = world.awaited();
    let code = world.code(&secret, 0);
    let elsewhere = world.through(Dialect::Pluto);
    let finished = elsewhere
        .flows()
        .finish_log_in(&ticket, &code, &request())
        .unwrap();
    assert_eq!(finished.err(), Some(FinishLogInError::Ticket));
}

#[test]
fn whoever_is_vouched_for_shows_the_factor_too() {
    let world = world();
    let (ann, secret) = world.ann_with_factor();
    let admission = world.flows().impersonate(ann.id, &request()).unwrap().unwrap();
    let Admission::FactorAwaited(ticket) = admission else {
        panic!("no second factor was asked for");
    };
    world.finish(&ticket, &world.code(&secret, 0)).unwrap();
    let mut refusing = world;
    refusing.door.second_factor = FactorPolicy::Refuse;
    let refused = refusing.flows().impersonate(ann.id, &request()).unwrap();
    assert_eq!(refused.err(), Some(LogInError::SecondFactorUnsupported));
}
