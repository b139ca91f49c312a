use clavis_identity::{Account, AccountState, Accounts};
use clavis_kyc::{LabelKey, LabelScope, LabelValue};

use super::World;
use crate::*;

fn key(text: &str) -> LabelKey {
    text.parse().unwrap()
}

fn value(text: &str) -> LabelValue {
    text.parse().unwrap()
}

impl World {
    fn give(&self, account: &Account, name: &str, says: &str) -> Result<(), AddLabelError> {
        let given = self.flows().add_own_label(account.id, key(name), value(says));
        given.unwrap().map(drop)
    }

    fn says(&self, account: &Account, name: &str) -> Option<(String, LabelScope)> {
        let label = self.flows().label_of(account.id, &key(name)).unwrap();
        label.map(|label| (label.value.to_string(), label.scope))
    }
}

#[test]
fn people_label_themselves_in_public() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    assert_eq!(world.give(&account, "hobby", "chess"), Ok(()));
    assert_eq!(
        world.give(&account, "hobby", "go-game"),
        Err(AddLabelError::Taken)
    );
    let changed = world
        .flows()
        .change_own_label(account.id, &key("hobby"), value("go-game"));
    assert_eq!(changed.unwrap().unwrap().value, value("go-game"));
    assert_eq!(
        world.says(&account, "hobby"),
        Some(("go-game".to_owned(), LabelScope::Public))
    );
    let removed = world.flows().remove_own_label(account.id, &key("hobby"));
    assert_eq!(removed.unwrap(), Ok(()));
    let removed = world.flows().remove_own_label(account.id, &key("hobby"));
    assert_eq!(removed.unwrap(), Err(ChangeLabelError::Unknown));
}

#[test]
fn what_was_said_of_somebody_is_not_theirs_to_change() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let (email, verified) = (LabelKey::EMAIL, LabelValue::VERIFIED);
    world
        .flows()
        .set_private_label(account.id, email.clone(), verified.clone(), None)
        .unwrap();
    let private = Some(ChangeLabelError::Private);
    let changed = world
        .flows()
        .change_own_label(account.id, &email, value("rejected"));
    assert_eq!(changed.unwrap().err(), private);
    let removed = world.flows().remove_own_label(account.id, &email);
    assert_eq!(removed.unwrap().err(), private);
    // The same key is theirs in public, and is what they see and change then.
    assert_eq!(world.give(&account, "email", "mine"), Ok(()));
    assert_eq!(
        world.says(&account, "email"),
        Some(("mine".to_owned(), LabelScope::Public))
    );
    let removed = world.flows().remove_own_label(account.id, &email);
    assert_eq!(removed.unwrap(), Ok(()));
    assert_eq!(
        world.says(&account, "email"),
        Some(("verified".to_owned(), LabelScope::Private))
    );
}

#[test]
fn labels_of_ones_own_prove_nothing_and_move_no_state() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    for (name, says) in [
        ("email", "verified"),
        ("phone", "verified"),
        ("ban", "true"),
        ("delete", "true"),
    ] {
        assert_eq!(world.give(&account, name, says), Ok(()));
    }
    assert_eq!(world.flows().level(account.id).unwrap(), 0);
    let state = Accounts::find(&world.ports, account.id).unwrap().unwrap().state;
    assert_eq!(state, AccountState::Active);
}

#[test]
fn there_are_only_so_many_labels() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    for index in 0..100 {
        assert_eq!(world.give(&account, &format!("key-{index}"), "value"), Ok(()));
    }
    assert_eq!(
        world.give(&account, "key-100", "value"),
        Err(AddLabelError::TooMany)
    );
}

#[test]
fn who_is_locked_changes_no_labels() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    world.give(&account, "hobby", "chess").unwrap();
    let now = clavis_kernel::Clock::now(&world.clock);
    let (from, to) = (AccountState::Active, AccountState::Locked);
    Accounts::set_state(&world.ports, account.id, from, to, now).unwrap();
    assert_eq!(
        world.give(&account, "other", "value"),
        Err(AddLabelError::AccountClosed)
    );
    let closed = Some(ChangeLabelError::AccountClosed);
    let changed = world
        .flows()
        .change_own_label(account.id, &key("hobby"), value("go-game"));
    assert_eq!(changed.unwrap().err(), closed);
    let removed = world.flows().remove_own_label(account.id, &key("hobby"));
    assert_eq!(removed.unwrap().err(), closed);
}
