use clavis_identity::AccountState;
use clavis_kernel::{Clock as _, Dialect};
use clavis_tokens::{Algorithm, FreshKey, KeyOwner, KeyPolicy};

use super::{World, email, name};
use crate::*;

fn administrator(world: &World) -> clavis_identity::Account {
    let user = NewUser {
        address: email("root@example.org"),
        name: Some(name("root")),
        password: world.hash("Tecohvi0"),
        active: true,
        role: Some(ADMIN_ROLE.to_owned()),
    };
    world.flows().create_user(&user).unwrap().unwrap()
}

#[test]
fn an_administrator_holds_the_scope_and_nobody_else_does() {
    let world = World::default();
    let (root, ann) = (administrator(&world), world.sign_up("ann@example.org"));
    let decide = |account| {
        let full = clavis_identity::Assurance::Full;
        let permission = world
            .flows()
            .authorize::<PlutoAdministration>(account, full)
            .unwrap();
        permission.is_ok()
    };
    assert!(decide(root.id));
    assert!(!decide(ann.id));
}

#[test]
fn a_search_finds_by_address_or_name_and_lists_every_application() {
    let world = World::default().through(Dialect::Pluto);
    let root = administrator(&world);
    world
        .flows()
        .create_application(&"shop".parse().unwrap())
        .unwrap()
        .unwrap();
    let permission = world
        .flows()
        .authorize(root.id, clavis_identity::Assurance::Full)
        .unwrap()
        .unwrap();
    for login in [
        LoginName::Address(email("ROOT@example.org")),
        LoginName::Name(name("Root")),
    ] {
        let found = world.flows().search(&permission, &login).unwrap();
        let [found] = found.as_slice() else {
            panic!("one account")
        };
        assert_eq!(found.view.account.id, root.id);
        let roles: Vec<_> = found
            .applications
            .iter()
            .map(|a| (a.application.name.as_str(), a.roles.len()))
            .collect();
        assert_eq!(roles, [("pluto", 1), ("shop", 0)]);
    }
    assert!(
        world
            .flows()
            .search(&permission, &LoginName::Name(name("nobody")))
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        world.flows().count_accounts(&permission, &[]).unwrap(),
        AccountCounts {
            total: 1,
            with_address: 1,
            known_at: Vec::new(),
        }
    );
}

#[test]
fn a_dialects_name_is_no_applications() {
    let world = World::default();
    let create = |name: &str| {
        world
            .flows()
            .create_application(&name.parse().unwrap())
            .unwrap()
            .err()
    };
    assert_eq!(create("Barong"), Some(CreateApplicationError::Reserved));
    assert_eq!(create("pluto"), Some(CreateApplicationError::Reserved));
    assert_eq!(create("shop"), None);
    assert_eq!(create("shop"), Some(CreateApplicationError::NameTaken));
}

#[test]
fn nothing_raises_the_dead() {
    let world = World::default();
    world.sign_up("ann@example.org");
    let who = AccountSelector::Address(email("ann@example.org"));
    world
        .flows()
        .set_state(&who, AccountState::Deleted)
        .unwrap()
        .unwrap();
    assert_eq!(
        world.flows().set_state(&who, AccountState::Active).unwrap().err(),
        Some(SetStateError::Gone)
    );
    let nobody = AccountSelector::Name(name("nobody"));
    let unknown = world.flows().set_state(&nobody, AccountState::Active).unwrap();
    assert_eq!(unknown.err(), Some(SetStateError::UnknownAccount));
}

#[test]
fn missing_keys_are_made_once_and_replaced_keys_stay_to_verify() {
    let world = World::default();
    let make = |owner, algorithm| vec![FreshKey::generate(owner, algorithm).unwrap()];
    let openid = (KeyOwner::OpenId, Algorithm::Es256);
    let first = world
        .flows()
        .keep_missing_keys(&make(openid.0, openid.1))
        .unwrap();
    let second = world
        .flows()
        .keep_missing_keys(&make(openid.0, openid.1))
        .unwrap();
    assert_eq!(
        first.iter().map(|key| &key.kid).collect::<Vec<_>>(),
        second.iter().map(|key| &key.kid).collect::<Vec<_>>()
    );
    assert!(!Flows::missing_keys(&second).contains(&openid));

    let policy = KeyPolicy::default();
    assert!(Flows::aged_keys(&second, &policy, world.clock.now()).is_empty());
    world.clock.advance(policy.rotate_after);
    assert_eq!(Flows::aged_keys(&second, &policy, world.clock.now()), [openid]);
    let signs_from = world.clock.now() + policy.publish_ahead;
    let replaced = world
        .flows()
        .replace_keys(&make(openid.0, openid.1), signs_from)
        .unwrap();
    let [old, new] = replaced.as_slice() else {
        panic!("two keys")
    };
    assert_eq!((old.retired_at, new.signs_from), (Some(signs_from), signs_from));
    assert!(Flows::aged_keys(&replaced, &policy, world.clock.now()).is_empty());
}

#[test]
fn a_new_name_takes_the_place_of_the_one_claimed_through_the_same_door() {
    let world = World::default().through(Dialect::Pluto);
    let ann = world.flows().sign_up(&SignUp {
        name: Some(name("ann")),
        ..world.command("ann@example.org")
    });
    let ann = ann.unwrap().unwrap();
    world
        .flows()
        .sign_up(&SignUp {
            name: Some(name("bob")),
            ..world.command("bob@example.org")
        })
        .unwrap()
        .unwrap();
    let rename = |to: &str| {
        let update = ProfileUpdate {
            name: Some(name(to)),
            ..ProfileUpdate::default()
        };
        world.flows().update_profile(ann.id, &update).unwrap()
    };
    assert_eq!(rename("Bob"), Err(ProfileError::NameTaken));
    assert_eq!(rename("Ann"), Ok(()), "one's own name in another case");
    assert_eq!(rename("anna"), Ok(()));
    let view = world.flows().account_by_id(ann.id).unwrap().unwrap();
    assert_eq!(view.name(Dialect::Pluto), Some("anna"));
    assert_eq!(view.identities.len(), 2);
}
