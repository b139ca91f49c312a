use clavis_identity::{AccountState, Accounts};
use clavis_kernel::Dialect;

use super::World;
use crate::*;

fn request() -> SessionRequest {
    SessionRequest {
        application: "backend_plus".to_owned(),
        device: None,
    }
}

impl World {
    fn enter(&self) -> Grant {
        self.flows()
            .enter_anonymously("anonymous", &request())
            .unwrap()
            .unwrap()
    }

    fn holds(&self, grant: &Grant) -> bool {
        let now = self.flows().now();
        standing(&self.ports, grant.session, now).unwrap().is_ok()
    }
}

#[test]
fn somebody_without_a_name_has_one_role_and_a_session_of_less_assurance() {
    let world = World::default();
    let grant = world.enter();
    assert_eq!(grant.roles, ["anonymous"]);
    assert!(grant.account.identities.is_empty());
    assert_eq!(grant.account.account.state, AccountState::Active);
    assert_eq!(grant.account.account.display_name, "Anonymous user");
    let standing = standing(&world.ports, grant.session, world.flows().now())
        .unwrap()
        .unwrap();
    assert!(!standing.assurance.is_full());
}

#[test]
fn a_registration_keeps_the_account_and_ends_its_sessions() {
    for (activation, state) in [
        (Activation::AtOnce, AccountState::Active),
        (Activation::ByMail, AccountState::Pending),
        (Activation::ByOperator, AccountState::Pending),
    ] {
        let world = World::default();
        let grant = world.enter();
        let id = grant.account.account.id;
        let command = SignUp {
            activation,
            roles: Some(("backend_plus".to_owned(), vec!["user".to_owned()])),
            ..world.command("ann@example.org")
        };
        let account = world.flows().register(Some(id), &command).unwrap().unwrap();
        assert_eq!((account.id, account.state), (id, state));
        assert_eq!(account.display_name, "ann@example.org");
        assert_eq!(world.flows().role_names(id, "backend_plus").unwrap(), ["user"]);
        assert!(!world.holds(&grant));
        assert_eq!(
            world.mailed("ann@example.org").is_some(),
            activation == Activation::ByMail
        );
        let logged_in = world.log_in("ann@example.org", "Tecohvi0");
        assert_eq!(logged_in.is_ok(), activation == Activation::AtOnce);
    }
}

#[test]
fn an_account_that_somebody_can_log_in_to_is_not_registered_again() {
    let world = World::default();
    let ann = world.sign_up("ann@example.org");
    let bob = world
        .flows()
        .register(Some(ann.id), &world.command("bob@example.org"))
        .unwrap()
        .unwrap();
    assert_ne!(bob.id, ann.id);
    assert!(world.log_in("ann@example.org", "Tecohvi0").is_ok());
    // Nor one of another door.
    let grant = world.enter();
    let id = grant.account.account.id;
    let elsewhere = world.through(Dialect::Pluto);
    let command = elsewhere.command("eve@example.org");
    let eve = elsewhere.flows().register(Some(id), &command).unwrap().unwrap();
    assert_ne!(eve.id, id);
}

#[test]
fn a_refused_registration_leaves_the_account_as_it_was() {
    let world = World::default();
    world.sign_up("ann@example.org");
    let grant = world.enter();
    let id = grant.account.account.id;
    let refused = world
        .flows()
        .register(Some(id), &world.command("ann@example.org"))
        .unwrap();
    assert_eq!(refused.err(), Some(SignUpError::AddressTaken));
    assert!(world.holds(&grant));
    let account = Accounts::find(&world.ports, id).unwrap().unwrap();
    assert_eq!(account.display_name, "Anonymous user");
}
