use clavis_identity::{AccountState, Accounts};
use clavis_kyc::{KeptLevel, LabelKey, LabelScope, Levels, NewLabel};

use super::World;
use crate::labels::StateEffect;
use crate::*;

impl World {
    fn label(&self, account: &clavis_identity::Account, key: &str, value: &str, scope: LabelScope) {
        let label = NewLabel {
            account: account.id,
            key: key.parse().unwrap(),
            value: value.parse().unwrap(),
            scope,
            description: None,
        };
        self.flows()
            .put_label(&label, None, StateEffect::Follows)
            .unwrap();
    }

    fn state(&self, account: &clavis_identity::Account) -> AccountState {
        Accounts::find(&self.ports, account.id).unwrap().unwrap().state
    }

    fn level(&self, account: &clavis_identity::Account) -> u8 {
        let kept = Levels::find(&self.ports, account.id).unwrap();
        let level = self.flows().level(account.id).unwrap();
        assert_eq!(
            level,
            kept.map_or(0, |kept| kept.level),
            "what is kept is what follows"
        );
        level
    }
}

#[test]
fn a_proven_address_is_the_first_level_and_a_changed_one_takes_it_back() {
    let world = World::default();
    let unproven = world.sign_up("bob@example.org");
    assert_eq!(world.level(&unproven), 0, "active is not proven");
    let (account, ticket) = world.sign_up_pending("ann@example.org");
    assert_eq!(world.level(&account), 0);
    world.flows().activate(&ticket).unwrap().unwrap();
    assert_eq!(world.level(&account), 1);
    let new = super::email("ann@example.net");
    world
        .flows()
        .change_email_unverified(account.id, &new, OldAddress::IsNotTold)
        .unwrap()
        .unwrap();
    assert_eq!(world.level(&account), 0);
}

#[test]
fn a_level_counts_only_on_top_of_the_ones_below() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    world.label(&account, "document", "verified", LabelScope::Private);
    assert_eq!(world.level(&account), 0);
    world.label(&account, "email", "verified", LabelScope::Private);
    assert_eq!(world.level(&account), 1);
    world.label(&account, "phone", "verified", LabelScope::Public);
    assert_eq!(world.level(&account), 1, "a public label proves nothing");
    world.label(&account, "phone", "verified", LabelScope::Private);
    assert_eq!(world.level(&account), 3);
    world.label(&account, "phone", "rejected", LabelScope::Private);
    assert_eq!(world.level(&account), 1);
}

#[test]
fn every_change_of_a_level_is_in_the_trail() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    world.label(&account, "email", "verified", LabelScope::Private);
    world.label(&account, "email", "verified", LabelScope::Private);
    world.label(&account, "email", "rejected", LabelScope::Private);
    let details: Vec<_> = world
        .ports
        .latest(account.id, 100)
        .unwrap()
        .into_iter()
        .rev()
        .filter(|entry| entry.action == AuditAction::ChangeLevel)
        .map(|entry| entry.detail.unwrap())
        .collect();
    assert_eq!(details, ["0 -> 1", "1 -> 0"]);
}

#[test]
fn labels_raise_pending_and_shut_out_but_lift_nothing() {
    let world = World::default();
    let (account, _) = world.sign_up_pending("ann@example.org");
    world.label(&account, "email", "verified", LabelScope::Private);
    assert_eq!(world.state(&account), AccountState::Active);
    world.label(&account, "email", "rejected", LabelScope::Private);
    assert_eq!(
        world.state(&account),
        AccountState::Active,
        "never back to pending"
    );
    world.label(&account, "fraud", "true", LabelScope::Public);
    assert_eq!(world.state(&account), AccountState::Banned);
    world
        .flows()
        .take_label(
            account.id,
            &"fraud".parse::<LabelKey>().unwrap(),
            LabelScope::Public,
            None,
            StateEffect::Follows,
        )
        .unwrap();
    assert_eq!(
        world.state(&account),
        AccountState::Banned,
        "a ban is lifted by hand"
    );
}

#[test]
fn a_new_table_moves_every_account_that_has_labels() {
    let mut world = World::default();
    let account = world.sign_up("ann@example.org");
    world.label(&account, "profile", "verified", LabelScope::Private);
    assert_eq!(world.level(&account), 0);
    world.limits.kyc.levels = clavis_kyc::LevelTable::parse(&["profile:verified"]).unwrap();
    assert!(world.flows().recompute_levels(100).unwrap());
    assert!(!world.flows().recompute_levels(100).unwrap());
    assert_eq!(world.level(&account), 1);
    let kept: KeptLevel = Levels::find(&world.ports, account.id).unwrap().unwrap();
    assert_eq!(kept.table, world.limits.kyc.levels.fingerprint());
}
