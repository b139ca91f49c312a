use chrono::Duration;
use clavis_identity::{
    Account, AccountState, Assurance, Identities, IdentityKey, ProviderSubject, TotpWindow,
};
use clavis_kernel::{Clock as _, Dialect, Secret};

use super::{World, email};
use crate::*;

const QUARTER: Duration = Duration::minutes(15);

fn request() -> SessionRequest {
    SessionRequest {
        application: "backend_plus".to_owned(),
        device: None,
    }
}

impl World {
    #[track_caller]
    fn link_to(&self, address: &str) -> Secret {
        self.flows()
            .request_link(&email(address), QUARTER)
            .unwrap()
            .unwrap();
        self.mailed(address).unwrap()
    }

    fn follow(&self, token: &Secret, action: LinkAction) -> Result<Admission, FollowLinkError> {
        let flows = self.flows();
        let examined = flows.examine_link(token, action, Activation::ByMail).unwrap();
        let followed = flows
            .follow_link(token, action, Activation::ByMail, &request())
            .unwrap();
        assert_eq!(examined.is_ok(), followed.is_ok(), "what is told is what is done");
        followed
    }

    /// An account without a password, and the token of its first mail.
    fn registered(&self, activation: Activation) -> (Account, Secret) {
        let command = SignUp {
            activation,
            ..self.command("new@example.org")
        };
        let account = self
            .flows()
            .register_by_link(None, &command, QUARTER)
            .unwrap()
            .unwrap();
        (account, self.mailed("new@example.org").unwrap())
    }
}

#[test]
fn a_link_opens_one_session_within_its_time() {
    let world = World::default();
    world.sign_up("ann@example.org");
    let token = world.link_to("ann@example.org");
    assert_eq!(
        world.follow(&token, LinkAction::Register).err(),
        Some(FollowLinkError::Unknown)
    );
    assert!(matches!(
        world.follow(&token, LinkAction::LogIn),
        Ok(Admission::Session(_))
    ));
    assert_eq!(
        world.follow(&token, LinkAction::LogIn).err(),
        Some(FollowLinkError::Unknown)
    );
    let late = world.link_to("ann@example.org");
    world.clock.advance(QUARTER);
    assert_eq!(
        world.follow(&late, LinkAction::LogIn).err(),
        Some(FollowLinkError::Unknown)
    );
}

#[test]
fn whoever_follows_a_link_has_shown_to_receive_mail() {
    let world = World::default();
    let ann = world.sign_up("ann@example.org");
    let proven = || {
        let view = world.flows().account_by_id(ann.id).unwrap().unwrap();
        view.identities
            .iter()
            .any(|identity| identity.proven_at.is_some())
    };
    let token = world.link_to("ann@example.org");
    assert!(!proven());
    world.follow(&token, LinkAction::LogIn).unwrap();
    assert!(proven());
}

#[test]
fn a_registration_by_link_sets_no_password_and_is_activated_by_the_link() {
    let world = World::default();
    let (account, token) = world.registered(Activation::ByMail);
    assert_eq!(account.state, AccountState::Pending);
    assert_eq!(
        world.log_in("new@example.org", "Tecohvi0").err(),
        Some(LogInError::NotActivated)
    );
    let Ok(Admission::Session(grant)) = world.follow(&token, LinkAction::Register) else {
        panic!("no session was opened");
    };
    assert_eq!(grant.account.account.id, account.id);
    assert_eq!(grant.account.account.state, AccountState::Active);
    assert_eq!(
        world.log_in("new@example.org", "Tecohvi0").err(),
        Some(LogInError::NoPassword)
    );
}

#[test]
fn an_account_that_an_operator_activates_is_not_activated_by_a_link() {
    let world = World::default();
    let (account, token) = world.registered(Activation::ByOperator);
    let follow = || {
        let (action, activation) = (LinkAction::Register, Activation::ByOperator);
        world
            .flows()
            .follow_link(&token, action, activation, &request())
            .unwrap()
    };
    assert!(follow().is_err());
    world.set_state(&account, AccountState::Active);
    assert!(follow().is_ok(), "a refusal leaves the link good");
}

#[test]
fn a_link_is_good_at_its_door_and_for_the_address_it_went_to() {
    let world = World::default();
    let ann = world.sign_up("ann@example.org");
    let token = world.link_to("ann@example.org");
    world
        .flows()
        .change_email_unverified(ann.id, &email("other@example.org"), OldAddress::IsNotTold)
        .unwrap()
        .unwrap();
    assert_eq!(
        world.follow(&token, LinkAction::LogIn).err(),
        Some(FollowLinkError::Unknown)
    );
    let token = world.link_to("other@example.org");
    let elsewhere = world.through(Dialect::Pluto);
    assert!(elsewhere.follow(&token, LinkAction::LogIn).is_err());
}

#[test]
fn a_link_asks_for_the_second_factor() {
    let mut world = World::default();
    world.door.second_factor = FactorPolicy::Ask(CodeRules {
        window: TotpWindow::CURRENT_AND_PREVIOUS,
        used_up: UsedUp::AtLogIn,
    });
    let ann = world.sign_up("ann@example.org");
    world.prove("ann@example.org", &ann);
    let secret = world.enable(&ann);
    let token = world.link_to("ann@example.org");
    let Ok(Admission::FactorAwaited(ticket)) = world.follow(&token, LinkAction::LogIn) else {
        panic!("no second factor was asked for");
    };
    let code = world.code(&secret, 0);
    assert!(
        world
            .flows()
            .finish_log_in(&ticket, &code, &request())
            .unwrap()
            .is_ok()
    );
}

#[test]
fn nobody_is_mailed_a_link_who_may_not_log_in_or_was_mailed_enough() {
    let mut world = World::default();
    world.limits.mails_per_account_per_hour = 2;
    let ann = world.sign_up("ann@example.org");
    world.sign_up_pending("new@example.org");
    let ask = |address: &str| world.flows().request_link(&email(address), QUARTER).unwrap();
    let log_in = |refusal| Err(RequestLinkError::LogIn(refusal));
    assert_eq!(ask("nobody@example.org"), log_in(LogInError::UnknownAccount));
    assert_eq!(ask("new@example.org"), log_in(LogInError::NotActivated));
    assert_eq!(ask("ann@example.org"), Ok(()));
    assert_eq!(ask("ann@example.org"), Ok(()));
    assert_eq!(ask("ann@example.org"), Err(RequestLinkError::TooManyMails));
    world.set_state(&ann, AccountState::Locked);
    assert_eq!(ask("ann@example.org"), log_in(LogInError::Suspended));
}

#[test]
fn the_first_proof_of_an_address_forgets_what_a_stranger_set_up() {
    let world = World::asking();
    let ann = world.sign_up("ann@example.org");
    let stranger = world.log_in("ann@example.org", "Tecohvi0").unwrap();
    world.enable(&ann);
    let theirs = ProviderAccount {
        subject: ProviderSubject::new("google".parse().unwrap(), "1").unwrap(),
        address: None,
        address_verified: false,
        name: None,
        picture: None,
    };
    let bound = world.flows().bind_provider(ann.id, Assurance::Full, &theirs);
    assert_eq!(bound.unwrap(), Ok(()));
    let token = world.link_to("ann@example.org");
    assert!(matches!(
        world.follow(&token, LinkAction::LogIn),
        Ok(Admission::Session(_))
    ));
    assert!(!world.flows().has_second_factor(ann.id).unwrap());
    assert_eq!(
        world.log_in("ann@example.org", "Tecohvi0").err(),
        Some(LogInError::NoPassword)
    );
    let standing = standing(&world.ports, stranger.session, world.clock.now()).unwrap();
    assert!(standing.is_err());
    let subject = IdentityKey::subject(&theirs.subject);
    assert!(Identities::find(&world.ports, &subject).unwrap().is_none());
    // What its owner sets up from now on stays.
    world.enable(&ann);
    let again = world.link_to("ann@example.org");
    assert!(matches!(
        world.follow(&again, LinkAction::LogIn),
        Ok(Admission::FactorAwaited(_))
    ));
}
