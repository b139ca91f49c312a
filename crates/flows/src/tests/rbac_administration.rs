use clavis_identity::{Account, Assurance};
use clavis_kernel::{ApplicationId, Dialect, RoleId, ScopeId};
use clavis_rbac::{Applications, Assignments, Permission};

use super::{World, email};
use crate::*;

fn world() -> (World, Account) {
    let world = World::default().through(Dialect::Pluto);
    let admin = administrator(&world, "root@example.org");
    (world, admin)
}

fn administrator(world: &World, address: &str) -> Account {
    let user = NewUser {
        address: email(address),
        name: None,
        password: world.hash("correct horse"),
        active: true,
        role: Some(ADMIN_ROLE.to_owned()),
    };
    world.flows().create_user(&user).unwrap().unwrap()
}

fn permission(world: &World, account: &Account) -> Permission<PlutoAdministration> {
    let asked = world.flows().authorize(account.id, Assurance::Full);
    asked.unwrap().unwrap()
}

fn called(name: &str) -> ApplicationSelector {
    ApplicationSelector::Name(name.to_owned())
}

fn id_of(world: &World, application: &str) -> ApplicationId {
    world.ports.find_by_name(application).unwrap().unwrap().id
}

fn admin_role(world: &World) -> (ApplicationId, RoleId) {
    let pluto = id_of(world, "pluto");
    (pluto, world.ports.ensure_role(pluto, ADMIN_ROLE).unwrap().id)
}

#[test]
fn another_dialects_application_is_out_of_reach_by_name_and_by_id() {
    let (world, admin) = world();
    let permission = permission(&world, &admin);
    let flows = world.flows();
    for hidden in ["barong", "backend_plus", "jauth", "sso"] {
        for selector in [called(hidden), ApplicationSelector::Id(id_of(&world, hidden))] {
            let refused = flows.add_role(&permission, &selector, &"x".parse().unwrap());
            assert_eq!(refused.unwrap(), Err(ExtendApplicationError::UnknownApplication));
            let refused = flows.application_scopes(&permission, &selector);
            assert_eq!(refused.unwrap().map(drop), Err(UnknownApplication));
        }
    }
    let names: Vec<_> = flows.applications(&permission).unwrap();
    assert_eq!(names.iter().map(|one| &*one.name).collect::<Vec<_>>(), ["pluto"]);
    let barong = id_of(&world, "barong");
    for role in world.ports.roles_of(barong).unwrap() {
        let refused = flows.replace_role_scopes(&permission, role.role.id, &[]);
        assert_eq!(refused.unwrap(), Err(ReplaceScopesError::UnknownRole));
        let refused = flows.assign_role(&permission, admin.number, &called("pluto"), role.role.id);
        assert_eq!(refused.unwrap(), Err(AssignRoleError::UnknownRole));
    }
}

#[test]
fn nobody_takes_their_own_authority_away_but_others_may() {
    let (world, admin) = world();
    let other = administrator(&world, "other@example.org");
    let (pluto, role) = admin_role(&world);
    let (first, second) = (permission(&world, &admin), permission(&world, &other));
    let user = world.ports.ensure_role(pluto, "user").unwrap().id;
    let flows = world.flows();
    let assign = |by, whom: &Account| {
        flows
            .assign_role(by, whom.number, &called("pluto"), user)
            .unwrap()
    };

    assert_eq!(assign(&first, &admin), Err(AssignRoleError::OwnAuthority));
    let emptied = flows.replace_role_scopes(&first, role, &[ScopeId(999)]);
    assert_eq!(emptied.unwrap(), Err(ReplaceScopesError::OwnAuthority));
    assert_eq!(assign(&first, &other), Ok(()));
    // The other asked for theirs before; it is looked at again.
    assert_eq!(assign(&second, &admin), Err(AssignRoleError::OwnAuthority));
    let emptied = flows.replace_role_scopes(&second, role, &[]);
    assert_eq!(emptied.unwrap(), Err(ReplaceScopesError::OwnAuthority));
    assert!(
        flows
            .authorize::<PlutoAdministration>(admin.id, Assurance::Full)
            .unwrap()
            .is_ok()
    );
}

#[test]
fn only_in_the_administrators_application_is_authority_at_stake() {
    let (world, admin) = world();
    let permission = permission(&world, &admin);
    let flows = world.flows();
    flows
        .add_application(&permission, &"shop".parse().unwrap())
        .unwrap()
        .unwrap();
    let shop = id_of(&world, "shop");
    let role = world.ports.ensure_role(shop, ADMIN_ROLE).unwrap().id;
    let assigned = flows.assign_role(&permission, admin.number, &called("shop"), role);
    assert_eq!(assigned.unwrap(), Ok(()));
    assert_eq!(flows.replace_role_scopes(&permission, role, &[]).unwrap(), Ok(()));
    let held = Assignments::of_account(&world.ports, admin.id, shop).unwrap();
    assert_eq!(held.len(), 1);
}

#[test]
fn a_dialects_name_is_no_applications() {
    let (world, admin) = world();
    let permission = permission(&world, &admin);
    for (name, refusal) in [
        ("Barong", CreateApplicationError::Reserved),
        ("openid", CreateApplicationError::Reserved),
        ("pluto", CreateApplicationError::Reserved),
    ] {
        let refused = world.flows().add_application(&permission, &name.parse().unwrap());
        assert_eq!(refused.unwrap(), Err(refusal), "{name}");
    }
}

#[test]
fn a_long_list_of_scopes_is_noted_in_part() {
    let (world, admin) = world();
    let permission = permission(&world, &admin);
    let flows = world.flows();
    let pluto = id_of(&world, "pluto");
    let role = world.ports.ensure_role(pluto, "user").unwrap().id;
    let ids: Vec<ScopeId> = (0..20)
        .map(|nth| {
            let name = format!("{nth}{}", "ä".repeat(90));
            world.ports.ensure_scope(pluto, &name).unwrap().id
        })
        .collect();
    flows
        .replace_role_scopes(&permission, role, &ids)
        .unwrap()
        .unwrap();
    let slice = Slice { offset: 0, limit: 1 };
    let filter = AuditFilter {
        actions: vec![AuditAction::SetRoleScopes],
        ..AuditFilter::default()
    };
    let page = AuditLog::page(&world.ports, &filter, Direction::Descending, slice).unwrap();
    let entry = &page.items[0].entry;
    assert_eq!(entry.actor, Some(admin.id));
    assert_eq!(entry.detail.as_ref().unwrap().chars().count(), 500);
}
