//! What back ends may do, and what their word is worth.

use clavis_identity::{AccountState, Accounts, Assurance, Sessions};
use clavis_kernel::{AccountId, TokenDigest};

use super::*;

fn world() -> World {
    World::default().through(Dialect::Sso)
}

/// A back end whose token was made a moment ago.
fn client(world: &World) -> ApiClient {
    let name = "shop".parse().unwrap();
    let secret = world
        .flows()
        .create_admin_token(&name, None, None)
        .unwrap()
        .unwrap();
    let token = AdminTokens::find(&world.ports, &TokenDigest::of(secret.expose()))
        .unwrap()
        .unwrap();
    ApiClient::showing(&token, world.flows().now()).unwrap()
}

fn user(world: &World, address: &str, active: bool) -> NewManagedUser {
    NewManagedUser {
        address: email(address),
        password: world.hash("Tecohvi0"),
        first_name: "Ann".parse().ok(),
        last_name: None,
        active,
    }
}

fn made(world: &World, client: &ApiClient, active: bool) -> AccountId {
    let user = user(world, "ann@example.org", active);
    world
        .flows()
        .create_user_for_client(client, &user)
        .unwrap()
        .unwrap()
}

fn state(world: &World, id: AccountId) -> AccountState {
    Accounts::find(&world.ports, id).unwrap().unwrap().state
}

#[test]
fn a_token_in_force_is_what_makes_a_client() {
    let world = world();
    let name: ClientName = "shop".parse().unwrap();
    let end = Some(world.flows().now() + Duration::hours(1));
    let secret = world
        .flows()
        .create_admin_token(&name, None, end)
        .unwrap()
        .unwrap();
    let find = || {
        AdminTokens::find(&world.ports, &TokenDigest::of(secret.expose()))
            .unwrap()
            .unwrap()
    };
    let opens = || ApiClient::showing(&find(), world.flows().now()).is_some();
    assert!(opens());
    world.clock.advance(Duration::hours(1));
    assert!(!opens(), "it has ended");
    let again = world.flows().create_admin_token(&name, None, None).unwrap();
    assert_eq!(again.unwrap_err(), CreateAdminTokenError::Taken);
    let ended = world
        .flows()
        .create_admin_token(&"b".parse().unwrap(), None, end)
        .unwrap();
    assert_eq!(ended.unwrap_err(), CreateAdminTokenError::Ended);
    assert!(world.flows().revoke_admin_token(&name).unwrap());
    assert!(!world.flows().revoke_admin_token(&name).unwrap());
    assert!(find().revoked_at.is_some());
}

#[test]
fn activity_is_switched_but_a_ban_is_not_lifted() {
    use AccountState::{Active, Banned, Locked, Pending};
    #[track_caller]
    fn check(from: AccountState, active: bool, expected: Result<AccountState, ChangeUserError>) {
        let world = world();
        let client = client(&world);
        let id = made(&world, &client, false);
        if from != Pending {
            Accounts::set_state(&world.ports, id, Pending, from, world.flows().now()).unwrap();
        }
        let change = UserChange {
            active: Some(active),
            ..UserChange::default()
        };
        let changed = world
            .flows()
            .change_user_for_client(&client, id, &change)
            .unwrap();
        assert_eq!(changed.map(|()| state(&world, id)), expected);
    }
    check(Pending, true, Ok(Active));
    check(Locked, true, Ok(Active));
    check(Active, true, Ok(Active));
    check(Banned, true, Err(ChangeUserError::Banned));
    check(Active, false, Ok(Locked));
    check(Locked, false, Ok(Locked));
    check(Pending, false, Ok(Pending));
    check(Banned, false, Ok(Banned));
}

#[test]
fn a_refused_change_changes_nothing() {
    let world = world();
    let client = client(&world);
    let id = made(&world, &client, true);
    let bob = user(&world, "bob@example.org", true);
    world
        .flows()
        .create_user_for_client(&client, &bob)
        .unwrap()
        .unwrap();
    let change = UserChange {
        address: Some(email("BOB@example.org")),
        first_name: NameChange::Cleared,
        active: Some(false),
        ..UserChange::default()
    };
    let refused = world
        .flows()
        .change_user_for_client(&client, id, &change)
        .unwrap();
    assert_eq!(refused, Err(ChangeUserError::AddressTaken));
    let account = Accounts::find(&world.ports, id).unwrap().unwrap();
    assert_eq!(
        (account.first_name.as_deref(), account.state),
        (Some("Ann"), AccountState::Active)
    );
}

#[test]
fn a_clients_word_alone_makes_a_session_of_reduced_worth() {
    let world = world();
    let client = client(&world);
    let id = made(&world, &client, true);
    let request = OpaqueRequest::generate(&FakeEntropy::default(), Duration::hours(1));
    world
        .flows()
        .vouch_for_client(&client, id, &request)
        .unwrap()
        .unwrap();
    let digest = TokenDigest::of(request.token.expose());
    let (session, _) = Sessions::find_by_secret(&world.ports, &digest).unwrap().unwrap();
    assert_eq!(session.assurance, Assurance::Reduced);
    assert!(world.flows().revoke_for_client(&client, &request.token).unwrap());
    assert!(!world.flows().revoke_for_client(&client, &request.token).unwrap());
}

#[test]
fn a_registration_is_activated_once_and_its_opt_ins_count_from_then_on() {
    let world = world();
    let client = client(&world);
    let opt_ins = [("news".parse().unwrap(), "shop".parse().unwrap())];
    let user = user(&world, "ann@example.org", false);
    let token = world
        .flows()
        .register_user_for_client(&client, &user, false, &opt_ins)
        .unwrap()
        .unwrap();
    let id = world
        .flows()
        .by_address(&email("ann@example.org"))
        .unwrap()
        .unwrap()
        .account
        .id;
    let agreed = || world.flows().opt_ins_of_user(&client, id).unwrap().unwrap().len();
    assert_eq!(agreed(), 0);
    let activate = || world.flows().activate_for_client(&client, &token).unwrap();
    assert_eq!(activate(), Ok(()));
    assert_eq!((state(&world, id), agreed()), (AccountState::Active, 1));
    assert_eq!(activate(), Err(ActivationError::AlreadyActive));
    let view = world
        .flows()
        .by_address(&email("ann@example.org"))
        .unwrap()
        .unwrap();
    assert!(
        view.identities
            .iter()
            .all(|identity| identity.proven_at.is_none())
    );
}

#[test]
fn whoever_is_deleted_leaves_nothing_that_was_kept() {
    let world = world();
    let client = client(&world);
    let id = made(&world, &client, true);
    let attribute = UserAttribute {
        account: id,
        name: "size".parse().unwrap(),
        value: "L".parse().unwrap(),
    };
    world.flows().put_attribute(&client, &attribute).unwrap().unwrap();
    assert!(world.flows().delete_user_for_client(&client, id).unwrap());
    assert!(!world.flows().delete_user_for_client(&client, id).unwrap());
    assert!(UserAttributes::of_account(&world.ports, id).unwrap().is_empty());
    assert!(
        world
            .flows()
            .by_address(&email("ann@example.org"))
            .unwrap()
            .is_none()
    );
    let gone = Accounts::find(&world.ports, id).unwrap().unwrap();
    assert_eq!((gone.state, gone.first_name), (AccountState::Deleted, None));
}
