use clavis_flows::Ports;
use clavis_kernel::{ApplicationId, RoleId, StoreError};
use clavis_rbac::{Application, Applications, Assignments, Role};

use super::samples::{account_id, at, make_account};
use super::{AnyStore, on_every_store};

on_every_store!(
    an_application_is_found_by_its_name_to_the_letter,
    a_default_role_is_set,
    a_role_and_a_scope_are_made_once,
    the_scopes_of_a_role_come_by_id_with_its_default,
    an_accounts_first_choice_comes_first,
    replacing_roles_leaves_other_applications_alone,
    roles_of_many_accounts_come_in_the_order_of_the_accounts,
    a_scope_is_held_through_a_role_of_that_application_only,
    no_role_is_left_after_taking_all,
);

fn make_application(on: &dyn Ports, name: &str) -> Result<Application, StoreError> {
    Ok(Applications::insert(on, &name.parse().unwrap(), at(0))?.expect("its name is free"))
}

fn make_roles(on: &dyn Ports, application: ApplicationId, names: &[&str]) -> Result<Vec<RoleId>, StoreError> {
    names
        .iter()
        .map(|name| on.ensure_role(application, name).map(|role| role.id))
        .collect()
}

fn names(roles: Vec<clavis_rbac::AssignedRole>) -> Vec<(String, bool)> {
    roles
        .into_iter()
        .map(|assigned| (assigned.role.name, assigned.is_default))
        .collect()
}

fn named(names: &[(&str, bool)]) -> Vec<(String, bool)> {
    names
        .iter()
        .map(|(name, is_default)| ((*name).to_owned(), *is_default))
        .collect()
}

async fn an_application_is_found_by_its_name_to_the_letter(store: AnyStore) {
    let made = store.write(|on| make_application(on, "Straße")).await;
    assert_eq!((&*made.name, made.default_role), ("Straße", None));
    assert_eq!((made.created_at, made.updated_at), (at(0), at(0)));
    assert!(
        store
            .write(|on| Applications::insert(on, &"Straße".parse().unwrap(), at(1)))
            .await
            .is_none()
    );
    let other = store.write(|on| make_application(on, "straße")).await;

    let id = made.id;
    assert_eq!(
        store.read(|on| on.find_by_name("Straße")).await.as_ref(),
        Some(&made)
    );
    assert_eq!(
        store.read(move |on| Applications::find(on, id)).await.as_ref(),
        Some(&made)
    );
    assert_eq!(store.read(|on| on.find_by_name("STRASSE")).await, None);
    assert_eq!(
        store.read(|on| Applications::find(on, ApplicationId(-1))).await,
        None
    );
    assert_eq!(store.read(|on| Applications::all(on)).await, [made, other]);
}

async fn a_default_role_is_set(store: AnyStore) {
    let (id, role) = store
        .write(|on| {
            let id = make_application(on, "shop")?.id;
            let role = on.ensure_role(id, "guest")?.id;
            on.set_default_role(id, role, at(5))?;
            Ok((id, role))
        })
        .await;
    let found = store.read(move |on| Applications::find(on, id)).await.unwrap();
    assert_eq!(
        (found.default_role, found.created_at, found.updated_at),
        (Some(role), at(0), at(5))
    );
}

async fn a_role_and_a_scope_are_made_once(store: AnyStore) {
    store
        .write(|on| {
            let (shop, desk) = (make_application(on, "shop")?.id, make_application(on, "desk")?.id);
            let role = on.ensure_role(shop, "guest")?;
            let expected = Role {
                id: role.id,
                application: shop,
                name: "guest".to_owned(),
                default_scope: None,
            };
            assert_eq!(role, expected);
            assert_eq!(on.ensure_role(shop, "guest")?, role);
            assert_ne!(on.ensure_role(shop, "Guest")?.id, role.id);
            assert_ne!(on.ensure_role(desk, "guest")?.id, role.id);
            let scope = on.ensure_scope(shop, "read")?;
            assert_eq!((scope.application, &*scope.name), (shop, "read"));
            assert_eq!(on.ensure_scope(shop, "read")?, scope);
            assert_ne!(on.ensure_scope(desk, "read")?.id, scope.id);
            Ok(())
        })
        .await;
}

async fn the_scopes_of_a_role_come_by_id_with_its_default(store: AnyStore) {
    store
        .write(|on| {
            let shop = make_application(on, "shop")?.id;
            let role = on.ensure_role(shop, "guest")?.id;
            let [first, second, third] =
                ["write", "read", "admin"].map(|name| on.ensure_scope(shop, name).unwrap());
            for scope in [third.id, first.id, third.id] {
                on.attach_scope(role, scope)?;
            }
            let found = on.role_scopes(role)?.unwrap();
            assert_eq!((found.role.id, &found.default_scope), (role, &None));
            assert_eq!(found.scopes, [first.clone(), third.clone()]);

            // The default need not be attached.
            on.set_default_scope(role, second.id)?;
            let found = on.role_scopes(role)?.unwrap();
            assert_eq!(found.role.default_scope, Some(second.id));
            assert_eq!(found.default_scope, Some(second));
            assert_eq!(found.scopes, [first, third]);
            assert_eq!(on.role_scopes(RoleId(-1))?, None);
            Ok(())
        })
        .await;
}

async fn an_accounts_first_choice_comes_first(store: AnyStore) {
    let roles = store
        .write(|on| {
            make_account(on, 1)?;
            let shop = make_application(on, "shop")?.id;
            let roles = make_roles(on, shop, &["a", "b", "c"])?;
            on.replace(account_id(1), shop, &[roles[2], roles[1], roles[0], roles[2]])?;
            Assignments::of_account(on, account_id(1), shop)
        })
        .await;
    assert_eq!(names(roles), named(&[("c", true), ("a", false), ("b", false)]));
}

async fn replacing_roles_leaves_other_applications_alone(store: AnyStore) {
    let (shop, desk) = store
        .write(|on| {
            make_account(on, 1)?;
            let (shop, desk) = (make_application(on, "shop")?.id, make_application(on, "desk")?.id);
            let (in_shop, in_desk) = (make_roles(on, shop, &["a", "b"])?, make_roles(on, desk, &["x"])?);
            on.replace(account_id(1), shop, &in_shop)?;
            on.replace(account_id(1), desk, &in_desk)?;
            on.replace(account_id(1), shop, &in_shop[1..])?;
            let kept = Assignments::of_account(on, account_id(1), shop)?;
            on.replace(account_id(1), shop, &[])?;
            assert!(Assignments::of_account(on, account_id(1), shop)?.is_empty());
            Ok((kept, Assignments::of_account(on, account_id(1), desk)?))
        })
        .await;
    assert_eq!(names(shop), named(&[("b", true)]));
    assert_eq!(names(desk), named(&[("x", true)]));
}

async fn roles_of_many_accounts_come_in_the_order_of_the_accounts(store: AnyStore) {
    let found = store
        .write(|on| {
            let (shop, desk) = (make_application(on, "shop")?.id, make_application(on, "desk")?.id);
            let (in_shop, in_desk) = (make_roles(on, shop, &["a", "b"])?, make_roles(on, desk, &["x"])?);
            for nth in 1..=4 {
                make_account(on, nth)?;
            }
            on.replace(account_id(1), shop, &in_shop)?;
            on.replace(account_id(2), desk, &in_desk)?;
            on.replace(account_id(2), shop, &[in_shop[1], in_shop[0]])?;
            on.replace(account_id(4), shop, &in_shop[..1])?;
            assert!(Assignments::of_accounts(on, &[])?.is_empty());
            Assignments::of_accounts(on, &[account_id(2), account_id(3), account_id(1), account_id(9)])
        })
        .await;
    let found: Vec<_> = found
        .iter()
        .map(|(account, held)| (*account, &*held.role.name))
        .collect();
    let (first, second) = (account_id(1), account_id(2));
    assert_eq!(
        found,
        [
            (second, "b"),
            (second, "a"),
            (second, "x"),
            (first, "a"),
            (first, "b")
        ]
    );
}

async fn a_scope_is_held_through_a_role_of_that_application_only(store: AnyStore) {
    store
        .write(|on| {
            for nth in [1, 2] {
                make_account(on, nth)?;
            }
            let (shop, desk) = (make_application(on, "shop")?.id, make_application(on, "desk")?.id);
            for (application, role) in [(shop, "clerk"), (desk, "chief")] {
                let role = on.ensure_role(application, role)?.id;
                on.attach_scope(role, on.ensure_scope(application, "sell")?.id)?;
            }
            let (guest, clerk) = (
                on.ensure_role(shop, "guest")?.id,
                on.ensure_role(shop, "clerk")?.id,
            );
            on.set_default_scope(guest, on.ensure_scope(shop, "buy")?.id)?;
            on.replace(account_id(1), shop, &[guest, clerk])?;

            assert!(on.has_scope(account_id(1), "shop", "sell")?);
            assert!(!on.has_scope(account_id(1), "desk", "sell")?);
            assert!(!on.has_scope(account_id(2), "shop", "sell")?);
            assert!(!on.has_scope(account_id(1), "Shop", "sell")?);
            assert!(!on.has_scope(account_id(1), "shop", "Sell")?);
            // A default that is not attached is granted by a log-in, not by the store.
            assert!(!on.has_scope(account_id(1), "shop", "buy")?);
            Ok(())
        })
        .await;
}

async fn no_role_is_left_after_taking_all(store: AnyStore) {
    let left = store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            let (shop, desk) = (make_application(on, "shop")?.id, make_application(on, "desk")?.id);
            let (in_shop, in_desk) = (make_roles(on, shop, &["a"])?, make_roles(on, desk, &["x"])?);
            on.replace(account_id(1), shop, &in_shop)?;
            on.replace(account_id(1), desk, &in_desk)?;
            on.replace(account_id(2), desk, &in_desk)?;
            Assignments::remove_all(on, account_id(1))?;
            Assignments::of_accounts(on, &[account_id(1), account_id(2)])
        })
        .await;
    let left: Vec<_> = left.into_iter().map(|(account, _)| account).collect();
    assert_eq!(left, [account_id(2)]);
}
