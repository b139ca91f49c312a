use clavis_identity::{AccountState, Sessions};
use clavis_kyc::{LabelKey, LabelScope, LabelValue, Labels};

use super::{label, server};
use crate::tests::{World, email};
use crate::*;

#[test]
fn an_account_made_for_a_server_waits_for_its_label() {
    let world = World::default();
    let uid = world.pending();
    assert_eq!(world.standing(&uid), (AccountState::Pending, 0));
    assert!(world.mails().is_empty(), "nobody is mailed");
    let again = world
        .flows()
        .sign_up_for_server(&server(), &email("ADA@example.org"), world.hash("Tecohvi0"))
        .unwrap();
    assert_eq!(again.err(), Some(SignUpError::AddressAwaitsActivation));
    assert_eq!(world.words(&uid), ["signed by applogic, peatio"]);

    assert_eq!(world.put_new(&uid, "email", "pending"), Ok(()));
    assert_eq!(world.standing(&uid), (AccountState::Pending, 0));
    assert_eq!(
        world.set(&uid, &label("email", "verified"), KnownLabel::IsChanged),
        Ok(())
    );
    assert_eq!(world.standing(&uid), (AccountState::Active, 1));
    assert_eq!(world.words(&uid).len(), 3);
}

#[test]
fn a_label_is_no_proof_of_the_address() {
    let world = World::default();
    let uid = world.pending();
    world.put_new(&uid, "email", "verified").unwrap();
    let identities = world.served(&uid).view.identities;
    assert!(identities.iter().all(|identity| identity.proven_at.is_none()));
}

#[test]
fn level_follows_labels_up_and_down_and_the_state_never_back() {
    let world = World::default();
    let uid = world.pending();
    for (key, expected) in [("document", 0), ("email", 1), ("phone", 3)] {
        world.put_new(&uid, key, "verified").unwrap();
        assert_eq!(world.served(&uid).level, expected, "{key}");
    }
    world
        .set(&uid, &label("phone", "rejected"), KnownLabel::IsChanged)
        .unwrap();
    assert_eq!(world.standing(&uid), (AccountState::Active, 1));
    world.take(&uid, "email").unwrap();
    assert_eq!(world.standing(&uid), (AccountState::Active, 0));
}

#[test]
fn trigger_labels_lock_ban_and_delete() {
    for (key, state) in [
        ("lock", AccountState::Locked),
        ("suspicious", AccountState::Locked),
        ("ban", AccountState::Banned),
        ("fraud", AccountState::Banned),
        ("delete", AccountState::Deleted),
    ] {
        let world = World::default();
        let account = world.sign_up("ann@example.org");
        let grant = world.log_in("ann@example.org", "Tecohvi0").unwrap();
        assert_eq!(world.put_new(&account.uid, key, "yes"), Ok(()));
        assert_eq!(world.standing(&account.uid).0, state, "{key}");
        assert!(world.log_in("ann@example.org", "Tecohvi0").is_err(), "{key}");
        let session = world.ports.find_with_account(grant.session).unwrap();
        assert!(
            session.is_none_or(|(session, _)| session.revoked_at.is_some()),
            "{key}"
        );
        if state == AccountState::Deleted {
            assert_eq!(world.take(&account.uid, key), Err(ServerLabelError::Unknown));
        } else {
            assert_eq!(world.take(&account.uid, key), Ok(()));
            assert_eq!(world.standing(&account.uid).0, state, "{key} is not lifted");
        }
    }
}

#[test]
fn a_label_is_made_once_and_changed_only_where_it_is() {
    let world = World::default();
    let uid = world.pending();
    let verified = label("residence", "verified");
    assert_eq!(
        world.set(&uid, &verified, KnownLabel::IsChanged),
        Err(ServerLabelError::Unknown)
    );
    assert_eq!(world.take(&uid, "residence"), Err(ServerLabelError::Unknown));
    assert_eq!(world.set(&uid, &verified, KnownLabel::IsMade), Ok(()));
    assert_eq!(
        world.set(&uid, &verified, KnownLabel::IsMade),
        Err(ServerLabelError::Exists)
    );
    let remarked = ServerLabel {
        description: Some("seen".to_owned()),
        ..label("residence", "pending")
    };
    assert_eq!(world.set(&uid, &remarked, KnownLabel::IsEither), Ok(()));
    assert_eq!(world.set(&uid, &verified, KnownLabel::IsEither), Ok(()));
    let account = world.served(&uid).account().id;
    let kept = Labels::find(&world.ports, account, &verified.key, LabelScope::Private);
    let kept = kept.unwrap().unwrap();
    assert_eq!(kept.value, LabelValue::VERIFIED);
    assert_eq!(
        kept.description.as_deref(),
        Some("seen"),
        "what is left out stays"
    );
    assert_eq!(
        world.set(&uid, &label("citizenship", "known"), KnownLabel::IsEither),
        Ok(())
    );
}

#[test]
fn servers_touch_private_labels_only() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let (key, value): (LabelKey, LabelValue) = ("theme".parse().unwrap(), "dark".parse().unwrap());
    let own = world.flows().add_own_label(account.id, key, value);
    own.unwrap().unwrap();
    assert_eq!(world.take(&account.uid, "theme"), Err(ServerLabelError::Unknown));
    assert_eq!(world.put_new(&account.uid, "theme", "light"), Ok(()));
    let labels = world.flows().labels(account.id).unwrap();
    let shown: Vec<_> = labels
        .iter()
        .map(|label| (label.scope, label.value.as_str()))
        .collect();
    assert_eq!(
        shown,
        [(LabelScope::Public, "dark"), (LabelScope::Private, "light")]
    );
}

#[test]
fn an_account_has_so_many_labels_and_no_more() {
    let world = World::default();
    let uid = world.pending();
    for index in 0..500 {
        assert_eq!(world.put_new(&uid, &format!("key-{index}"), "yes"), Ok(()));
    }
    assert_eq!(
        world.put_new(&uid, "one-more", "yes"),
        Err(ServerLabelError::TooMany)
    );
    assert_eq!(
        world.set(&uid, &label("key-7", "not"), KnownLabel::IsChanged),
        Ok(())
    );
}

#[test]
fn people_are_found_by_their_labels_and_by_when_they_were_made() {
    let world = World::default();
    let ann = world.sign_up("ann@example.org");
    world.clock.advance(chrono::Duration::hours(1));
    let bob = world.sign_up("bob@example.org");
    world.put_new(&bob.uid, "vip", "gold").unwrap();
    world.put_new(&ann.uid, "vip", "silver").unwrap();
    let slice = Slice { offset: 0, limit: 10 };
    let key: LabelKey = "vip".parse().unwrap();
    let gold: LabelValue = "gold".parse().unwrap();
    let holders = |value: Option<&LabelValue>, scope| {
        let page = world
            .flows()
            .label_holders_for_server(&server(), &key, value, scope, slice)
            .unwrap();
        page.items
            .iter()
            .map(|person| person.account().id)
            .collect::<Vec<_>>()
    };
    assert_eq!(holders(None, None), [ann.id, bob.id]);
    assert_eq!(holders(Some(&gold), Some(LabelScope::Private)), [bob.id]);
    assert!(holders(None, Some(LabelScope::Public)).is_empty());
    let filter = AccountFilter {
        created_from: Some(bob.created_at),
        ..AccountFilter::default()
    };
    let page = world
        .flows()
        .people_for_server(&server(), &filter, slice)
        .unwrap();
    assert_eq!((page.items.len(), page.items[0].account().id), (1, bob.id));
}
