use clavis_flows::Ports;
use clavis_identity::{Account, AccountState, Accounts, Identity, Provider, ProviderSubject};
use clavis_kernel::{AccountNumber, ApplicationId, Dialect, RoleId, ScopeId, StoreError};
use clavis_rbac::{Applications, Assignments, DisplayName};

use super::samples::{account_id, at, email, make_account, make_session, new_account};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_role_of_a_name_is_made_once_in_an_application,
    a_scope_of_a_name_is_made_once_in_an_application,
    a_role_is_made_once_by_many,
    an_application_is_made_once_by_many,
    scopes_are_replaced_as_far_as_they_are_of_the_same_application,
    a_scope_taken_from_a_role_is_held_no_longer,
    roles_and_scopes_come_by_id,
    names_in_languages_are_replaced,
    who_waits_for_an_application_sees_what_was_changed,
    accounts_are_found_by_their_numbers,
    accounts_are_found_by_the_address_to_write_to,
    whom_a_provider_knows_is_counted,
);

fn make(on: &dyn Ports, name: &str) -> Result<ApplicationId, StoreError> {
    let made = Applications::insert(on, &name.parse().unwrap(), at(0))?;
    Ok(made.expect("its name is free").id)
}

fn make_scopes(
    on: &dyn Ports,
    application: ApplicationId,
    names: &[&str],
) -> Result<Vec<ScopeId>, StoreError> {
    let ids = names.iter().map(|name| {
        let made = on.insert_scope(application, &name.parse().unwrap())?;
        Ok(made.expect("its name is free").id)
    });
    ids.collect()
}

async fn a_role_of_a_name_is_made_once_in_an_application(store: AnyStore) {
    store
        .write(|on| {
            let (shop, desk) = (make(on, "shop")?, make(on, "desk")?);
            let role = on.insert_role(shop, &"guest".parse().unwrap())?.unwrap();
            assert_eq!(
                (role.application, &*role.name, role.default_scope),
                (shop, "guest", None)
            );
            assert_eq!(on.insert_role(shop, &"guest".parse().unwrap())?, None);
            assert_eq!(on.ensure_role(shop, "guest")?, role);
            assert!(on.insert_role(shop, &"Guest".parse().unwrap())?.is_some());
            assert!(on.insert_role(desk, &"guest".parse().unwrap())?.is_some());
            Ok(())
        })
        .await;
}

async fn a_scope_of_a_name_is_made_once_in_an_application(store: AnyStore) {
    store
        .write(|on| {
            let (shop, desk) = (make(on, "shop")?, make(on, "desk")?);
            let scope = on.insert_scope(shop, &"read".parse().unwrap())?.unwrap();
            assert_eq!((scope.application, &*scope.name), (shop, "read"));
            assert_eq!(on.insert_scope(shop, &"read".parse().unwrap())?, None);
            assert_eq!(on.find_scope(scope.id)?, Some(scope));
            assert_eq!(on.find_scope(ScopeId(-1))?, None);
            assert!(on.insert_scope(desk, &"read".parse().unwrap())?.is_some());
            Ok(())
        })
        .await;
}

async fn a_role_is_made_once_by_many(store: AnyStore) {
    let shop = store.write(|on| make(on, "shop")).await;
    let made = store
        .at_once(20, move |_, on| on.insert_role(shop, &"guest".parse().unwrap()))
        .await;
    assert_eq!(made.into_iter().flatten().count(), 1);
    assert_eq!(store.read(move |on| on.roles_of(shop)).await.len(), 1);
}

async fn an_application_is_made_once_by_many(store: AnyStore) {
    let made = store
        .at_once(20, |turn, on| {
            Applications::insert(on, &"shop".parse().unwrap(), at(i64::from(turn)))
        })
        .await;
    assert_eq!(made.into_iter().flatten().count(), 1);
}

async fn scopes_are_replaced_as_far_as_they_are_of_the_same_application(store: AnyStore) {
    store
        .write(|on| {
            let (shop, desk) = (make(on, "shop")?, make(on, "desk")?);
            let role = on.ensure_role(shop, "guest")?.id;
            let other = on.ensure_role(shop, "clerk")?.id;
            let scopes = make_scopes(on, shop, &["read", "write", "sell"])?;
            let foreign = make_scopes(on, desk, &["read"])?;
            on.replace_scopes(other, &scopes)?;
            let attached = |role| -> Result<Vec<ScopeId>, StoreError> {
                let found = on.role_scopes(role)?.unwrap();
                Ok(found.scopes.into_iter().map(|scope| scope.id).collect())
            };

            on.replace_scopes(role, &[scopes[1], foreign[0], ScopeId(-1), scopes[0], scopes[1]])?;
            assert_eq!(attached(role)?, scopes[..2]);
            on.replace_scopes(role, &scopes[1..])?;
            assert_eq!(attached(role)?, scopes[1..]);
            on.replace_scopes(role, &scopes[1..])?;
            assert_eq!(attached(role)?, scopes[1..]);
            on.replace_scopes(role, &[])?;
            assert_eq!(attached(role)?, []);
            assert_eq!(attached(other)?, scopes);
            on.replace_scopes(RoleId(-1), &scopes)
        })
        .await;
}

async fn a_scope_taken_from_a_role_is_held_no_longer(store: AnyStore) {
    let role = store
        .write(|on| {
            make_session(on, 1)?;
            let shop = make(on, "shop")?;
            let role = on.ensure_role(shop, "clerk")?.id;
            let scopes = make_scopes(on, shop, &["sell"])?;
            on.replace_scopes(role, &scopes)?;
            on.replace(account_id(1), shop, &[role])?;
            assert!(on.has_scope(account_id(1), "shop", "sell")?);
            Ok(role)
        })
        .await;
    let before = store.revocations();
    store
        .write(move |on| {
            on.replace_scopes(role, &[])?;
            assert!(!on.has_scope(account_id(1), "shop", "sell")?);
            Ok(())
        })
        .await;
    assert!(
        store.revocations() > before,
        "whoever remembers a token asks again"
    );
}

async fn roles_and_scopes_come_by_id(store: AnyStore) {
    store
        .write(|on| {
            let (shop, desk) = (make(on, "shop")?, make(on, "desk")?);
            let scopes = make_scopes(on, shop, &["write", "read", "admin"])?;
            make_scopes(on, desk, &["other"])?;
            let (guest, clerk) = (
                on.ensure_role(shop, "guest")?.id,
                on.ensure_role(shop, "clerk")?.id,
            );
            on.ensure_role(desk, "other")?;
            on.replace_scopes(clerk, &[scopes[2], scopes[0]])?;
            on.set_default_scope(clerk, scopes[1])?;

            let roles = on.roles_of(shop)?;
            let each: Vec<_> = [guest, clerk].into_iter().map(|id| on.role_scopes(id)).collect();
            let each: Result<Vec<_>, _> = each.into_iter().collect();
            let each: Vec<_> = each?.into_iter().flatten().collect();
            assert_eq!(roles, each, "as one by one");
            let ids: Vec<_> = on.scopes_of(shop)?.into_iter().map(|scope| scope.id).collect();
            assert_eq!(ids, scopes);
            assert!(on.roles_of(ApplicationId(-1))?.is_empty());
            assert!(on.scopes_of(ApplicationId(-1))?.is_empty());
            Ok(())
        })
        .await;
}

async fn names_in_languages_are_replaced(store: AnyStore) {
    let named = |tag: &str, name: &str| DisplayName::new(tag.parse().unwrap(), name).unwrap();
    store
        .write(move |on| {
            let (shop, desk) = (make(on, "shop")?, make(on, "desk")?);
            on.set_display_names(desk, &[named("en", "Desk")], at(1))?;
            on.set_display_names(shop, &[named("ja", "お店"), named("en", "Shop")], at(1))?;
            assert_eq!(
                on.display_names(shop)?,
                [named("en", "Shop"), named("ja", "お店")]
            );
            on.set_display_names(
                shop,
                &[named("EN", "A"), named("de", "Laden"), named("en", "B")],
                at(2),
            )?;
            assert_eq!(on.display_names(shop)?, [named("de", "Laden"), named("en", "B")]);
            let changed = Applications::find(on, shop)?.unwrap();
            assert_eq!((changed.created_at, changed.updated_at), (at(0), at(2)));
            on.set_display_names(shop, &[], at(3))?;
            assert!(on.display_names(shop)?.is_empty());
            assert_eq!(on.display_names(desk)?, [named("en", "Desk")]);
            Ok(())
        })
        .await;
}

/// Two who each take the other's role away, unless they have lost their own.
async fn who_waits_for_an_application_sees_what_was_changed(store: AnyStore) {
    let (shop, chief, guest) = store
        .write(|on| {
            let shop = make(on, "shop")?;
            let (chief, guest) = (
                on.ensure_role(shop, "chief")?.id,
                on.ensure_role(shop, "guest")?.id,
            );
            for nth in [0, 1] {
                make_account(on, nth)?;
                on.replace(account_id(nth), shop, &[chief])?;
            }
            Ok((shop, chief, guest))
        })
        .await;
    let done = store
        .at_once(2, move |turn, on| {
            on.lock_application(shop)?;
            let held = Assignments::of_account(on, account_id(turn), shop)?;
            let is_chief = held.iter().any(|assigned| assigned.role.id == chief);
            if is_chief {
                on.replace(account_id(1 - turn), shop, &[guest])?;
            }
            Ok(is_chief)
        })
        .await;
    assert_eq!(done.into_iter().filter(|done| *done).count(), 1);
}

fn numbers(accounts: &[Account]) -> Vec<AccountNumber> {
    accounts.iter().map(|account| account.number).collect()
}

async fn accounts_are_found_by_their_numbers(store: AnyStore) {
    let [first, _, third] = store
        .write(|on| Ok([make_account(on, 1)?, make_account(on, 2)?, make_account(on, 3)?]))
        .await;
    let (one, three) = (first.number, third.number);
    let found = store
        .read(move |on| on.find_numbered(&[three, AccountNumber(-1), one, three]))
        .await;
    assert_eq!(numbers(&found), [one, three]);
    assert!(store.read(|on| on.find_numbered(&[])).await.is_empty());
}

async fn accounts_are_found_by_the_address_to_write_to(store: AnyStore) {
    let made = store
        .write(|on| {
            let made = [make_account(on, 1)?, make_account(on, 2)?];
            let mut same = new_account(3);
            same.contact = Some("ANN1@example.ORG".parse().unwrap());
            let same = Accounts::insert(on, &same)?.unwrap();
            let mut gone = new_account(4);
            gone.contact = Some(email(1));
            gone.state = AccountState::Deleted;
            Accounts::insert(on, &gone)?;
            Ok([made[0].number, same.number])
        })
        .await;
    let found = store.read(|on| on.find_by_contact(&email(1), 10)).await;
    assert_eq!(numbers(&found), made);
    let found = store.read(|on| on.find_by_contact(&email(1), 1)).await;
    assert_eq!(numbers(&found), made[..1]);
    let wild = store
        .read(|on| on.find_by_contact(&"ann_@example.org".parse().unwrap(), 10))
        .await;
    assert!(wild.is_empty());
}

async fn whom_a_provider_knows_is_counted(store: AnyStore) {
    fn provider(name: &str) -> Provider {
        name.parse().unwrap()
    }
    store
        .write(|on| {
            let mut gone = new_account(4);
            gone.state = AccountState::Withdrawn;
            Accounts::insert(on, &gone)?;
            for (nth, of) in [
                (1, "google"),
                (2, "google"),
                (3, "apple"),
                (4, "google"),
                (3, "googly"),
                (1, "a_b"),
            ] {
                if nth < 4 && Accounts::find(on, account_id(nth))?.is_none() {
                    make_account(on, nth)?;
                }
                let subject = ProviderSubject::new(provider(of), &format!("{nth}")).unwrap();
                assert!(on.claim(&Identity::subject(&subject, account_id(nth), Dialect::Pluto))?);
            }
            let again = ProviderSubject::new(provider("google"), "other").unwrap();
            assert!(on.claim(&Identity::subject(&again, account_id(1), Dialect::Pluto))?);
            Ok(())
        })
        .await;
    for (name, expected) in [
        ("google", 2),
        ("apple", 1),
        ("wechat", 0),
        ("a_b", 1),
        ("axb", 0),
        ("goog", 0),
    ] {
        let found = store.read(move |on| on.count_known_at(&provider(name))).await;
        assert_eq!(found, expected, "{name}");
    }
}
