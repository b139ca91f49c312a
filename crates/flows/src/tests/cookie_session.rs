use chrono::Duration;
use clavis_identity::{AccountState, Assurance, TicketPurpose};
use clavis_kernel::{Clock as _, Dialect, Secret, TokenDigest};

use super::{World, email};
use crate::*;

const LIFETIME: Duration = Duration::minutes(30);

fn digest(secret: &str) -> TokenDigest {
    TokenDigest::of(secret)
}

impl World {
    fn barong() -> Self {
        Self::asking().through(Dialect::Barong)
    }

    fn log_in_by_cookie(
        &self,
        password: &str,
        code: Option<&Secret>,
        secret: &str,
        replaces: Option<&str>,
    ) -> Result<CookieSession, LogInError> {
        let Applicant::Candidate(candidate) = self.flows().applicant(&email("ann@example.org")).unwrap()
        else {
            panic!("no candidate");
        };
        let request = CookieRequest {
            secret: digest(secret),
            lifetime: LIFETIME,
            replaces: replaces.map(digest),
        };
        let checked = self.check(candidate, password);
        self.flows().log_in_with_cookie(&checked, code, &request).unwrap()
    }

    fn session(&self, secret: &str) -> Option<CookieSession> {
        self.flows().cookie_session(&digest(secret)).unwrap()
    }

    /// What a gateway is told about a cookie at this moment.
    fn stands(&self, secret: &str) -> Result<(), CookieRefusal> {
        let session = self.session(secret).ok_or(CookieRefusal::NoSession)?;
        session.check(self.clock.now())
    }
}

#[test]
fn the_right_password_opens_a_session_that_its_cookie_finds() {
    let world = World::barong();
    let account = world.sign_up("ann@example.org");
    let opened = world.log_in_by_cookie("Tecohvi0", None, "one", None).unwrap();
    assert_eq!(opened.person.account().id, account.id);
    assert_eq!(opened.session.assurance, Assurance::Full);
    assert_eq!(opened.session.expires_at, world.clock.now() + LIFETIME);
    assert_eq!(world.stands("one"), Ok(()));
    assert_eq!(world.stands("two"), Err(CookieRefusal::NoSession));
    assert_eq!(
        world.log_in_by_cookie("wrong", None, "two", None).err(),
        Some(LogInError::WrongPassword)
    );
    assert_eq!(world.stands("two"), Err(CookieRefusal::NoSession));
}

#[test]
fn an_account_not_in_use_is_closed_before_the_password() {
    let world = World::barong();
    let account = world.sign_up("ann@example.org");
    assert!(matches!(
        world.flows().applicant(&email("bob@example.org")).unwrap(),
        Applicant::Nobody
    ));
    for state in [
        AccountState::Pending,
        AccountState::Locked,
        AccountState::Banned,
        AccountState::Deleted,
    ] {
        world.set_state(&account, state);
        let applicant = world.flows().applicant(&email("ann@example.org")).unwrap();
        assert!(
            matches!(applicant, Applicant::Closed(id, closed) if id == account.id && closed == state),
            "{applicant:?}"
        );
        world.flows().refuse_closed(account.id, state).unwrap();
        assert!(
            matches!(
                world.actions(&account).first(),
                Some((AuditAction::LogIn, AuditResult::Refused(_)))
            ),
            "{state}"
        );
    }
}

#[test]
fn an_account_without_a_password_is_told_apart() {
    let world = World::barong();
    let command = SignUp {
        password: None,
        ..world.command("ann@example.org")
    };
    world.flows().sign_up(&command).unwrap().unwrap();
    assert!(matches!(
        world.flows().applicant(&email("ann@example.org")).unwrap(),
        Applicant::WithoutPassword
    ));
}

#[test]
fn the_second_factor_is_asked_for_after_the_password() {
    let world = World::barong();
    let account = world.sign_up("ann@example.org");
    let secret = world.enable(&account);
    assert_eq!(
        world.log_in_by_cookie("wrong", None, "one", None).err(),
        Some(LogInError::WrongPassword)
    );
    assert_eq!(
        world.log_in_by_cookie("Tecohvi0", None, "one", None).err(),
        Some(LogInError::SecondFactorMissing)
    );
    let code = world.code(&secret, 0);
    assert!(
        world
            .log_in_by_cookie("Tecohvi0", Some(&code), "one", None)
            .is_ok()
    );
    assert_eq!(
        world.log_in_by_cookie("Tecohvi0", Some(&code), "two", None).err(),
        Some(LogInError::SecondFactorReplayed)
    );
}

#[test]
fn who_logs_in_with_a_cookie_leaves_its_session() {
    let world = World::barong();
    world.sign_up("ann@example.org");
    world.log_in_by_cookie("Tecohvi0", None, "one", None).unwrap();
    world
        .log_in_by_cookie("wrong", None, "two", Some("one"))
        .unwrap_err();
    assert_eq!(world.stands("one"), Ok(()), "nothing was proven");
    world
        .log_in_by_cookie("Tecohvi0", None, "two", Some("one"))
        .unwrap();
    assert_eq!(world.stands("one"), Err(CookieRefusal::NoSession));
    assert_eq!(world.stands("two"), Ok(()));
}

#[test]
fn a_session_ends_by_log_out_by_time_and_with_its_account() {
    let world = World::barong();
    let account = world.sign_up("ann@example.org");
    for secret in ["one", "two", "three"] {
        world.log_in_by_cookie("Tecohvi0", None, secret, None).unwrap();
    }
    assert!(world.flows().log_out_cookie(&digest("one")).unwrap());
    assert!(
        !world.flows().log_out_cookie(&digest("one")).unwrap(),
        "it is ended"
    );
    assert!(!world.flows().log_out_cookie(&digest("nobody's")).unwrap());
    assert_eq!(world.stands("one"), Err(CookieRefusal::NoSession));
    assert_eq!(
        world.actions(&account).first(),
        Some(&(AuditAction::LogOut, AuditResult::Succeeded))
    );

    assert_eq!(world.stands("two"), Ok(()));
    world.clock.advance(LIFETIME);
    assert_eq!(world.stands("two"), Err(CookieRefusal::Mismatch));
    assert!(!world.flows().log_out_cookie(&digest("two")).unwrap());

    world.set_state(&account, AccountState::Banned);
    assert_eq!(world.stands("three"), Err(CookieRefusal::AccountNotActive));
}

#[test]
fn a_session_of_another_door_is_none_of_this_ones() {
    let world = World::barong();
    world.sign_up("ann@example.org");
    world.log_in_by_cookie("Tecohvi0", None, "one", None).unwrap();
    let elsewhere = world.through(Dialect::Pluto);
    assert!(elsewhere.session("one").is_none());
    assert!(!elsewhere.flows().log_out_cookie(&digest("one")).unwrap());
    assert_eq!(elsewhere.through(Dialect::Barong).stands("one"), Ok(()));
}

#[test]
fn a_session_in_use_goes_on_and_is_written_once_in_a_quarter_of_its_time() {
    let mut world = World::barong();
    world.limits.session_lifetime = Duration::minutes(45);
    world.sign_up("ann@example.org");
    let opened = world
        .log_in_by_cookie("Tecohvi0", None, "one", None)
        .unwrap()
        .session;
    let due = |world: &World| {
        let session = world.session("one").unwrap();
        session.extension(world.clock.now(), LIFETIME, world.limits.session_lifetime)
    };
    assert_eq!(due(&world), None);
    world.clock.advance(Duration::minutes(7));
    assert_eq!(due(&world), None, "not a quarter of its time");
    world.clock.advance(Duration::minutes(1));
    let until = due(&world).unwrap();
    assert_eq!(until, world.clock.now() + LIFETIME);
    assert!(world.flows().extend_cookie_session(&opened, until).unwrap());
    assert_eq!(due(&world), None);
    world.clock.advance(Duration::minutes(29));
    assert_eq!(world.stands("one"), Ok(()));
    let last = opened.created_at + Duration::minutes(45);
    assert_eq!(
        due(&world),
        None,
        "what is left of its longest time is not worth a write"
    );
    assert!(until <= last);
}

#[test]
fn an_ended_session_does_not_come_back() {
    let world = World::barong();
    world.sign_up("ann@example.org");
    let opened = world
        .log_in_by_cookie("Tecohvi0", None, "one", None)
        .unwrap()
        .session;
    world.flows().log_out_cookie(&digest("one")).unwrap();
    let later = world.clock.now() + LIFETIME * 2;
    assert!(!world.flows().extend_cookie_session(&opened, later).unwrap());
    assert_eq!(world.stands("one"), Err(CookieRefusal::NoSession));
}

#[test]
fn a_refused_new_password_is_noted_for_who_holds_the_ticket() {
    let world = World::barong();
    let account = world.sign_up("ann@example.org");
    let asked = world
        .flows()
        .request_password_reset(&email("ann@example.org"), PendingAccounts::MayReset);
    assert_eq!(asked.unwrap(), Ok(()));
    let ticket = world.mailed("ann@example.org").unwrap();
    world
        .flows()
        .refuse_reset(&Secret::new("another"), "too weak")
        .unwrap();
    world.flows().refuse_reset(&ticket, "too weak").unwrap();
    assert_eq!(
        world.actions(&account).first(),
        Some(&(
            AuditAction::ResetPassword,
            AuditResult::Refused("too weak".to_owned())
        ))
    );
}

#[test]
fn a_ticket_tells_through_which_door_it_was_mailed() {
    let world = World::barong();
    let (_, ticket) = world.sign_up_pending("ann@example.org");
    let through = |ticket: &Secret, purpose| world.flows().mailed_through(ticket, purpose).unwrap();
    assert_eq!(through(&ticket, TicketPurpose::Activate), Some(Dialect::Barong));
    assert_eq!(through(&ticket, TicketPurpose::ResetPassword), None);
    assert_eq!(through(&Secret::new("another"), TicketPurpose::Activate), None);
}
