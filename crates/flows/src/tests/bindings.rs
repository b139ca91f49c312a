use clavis_identity::{Account, AccountState, Assurance, Provider, ProviderSubject};
use clavis_kernel::Dialect;

use super::{World, email};
use crate::*;

fn provider(name: &str) -> Provider {
    name.parse().unwrap()
}

fn who(at: &str, subject: &str) -> ProviderAccount {
    ProviderAccount {
        subject: ProviderSubject::new(provider(at), subject).unwrap(),
        address: None,
        address_verified: false,
        name: None,
        picture: None,
    }
}

fn world() -> (World, Account) {
    let world = World::default().through(Dialect::Pluto);
    let ann = world.sign_up("ann@example.org");
    (world, ann)
}

#[test]
fn a_session_of_less_than_full_assurance_changes_nothing() {
    let (world, ann) = world();
    let flows = world.flows();
    let bound = flows.bind_provider(ann.id, Assurance::Reduced, &who("google", "1"));
    assert_eq!(bound.unwrap(), Err(BindError::ReducedSession));
    let bound = flows.bind_address(ann.id, Assurance::Reduced, &email("other@example.org"));
    assert_eq!(bound.unwrap(), Err(BindError::ReducedSession));
    let unbound = flows.unbind(ann.id, Assurance::Reduced, &Binding::Address, &[]);
    assert_eq!(unbound.unwrap(), Err(UnbindError::ReducedSession));
}

#[test]
fn who_may_not_log_in_binds_nothing() {
    let (world, ann) = world();
    let flows = world.flows();
    let selector = AccountSelector::Id(ann.id);
    flows.set_state(&selector, AccountState::Banned).unwrap().unwrap();
    let bound = flows.bind_provider(ann.id, Assurance::Full, &who("google", "1"));
    assert_eq!(bound.unwrap(), Err(BindError::AccountNotActive));
    let unbound = flows.unbind(ann.id, Assurance::Full, &Binding::Address, &[]);
    assert_eq!(unbound.unwrap(), Err(UnbindError::AccountNotActive));
}

#[test]
fn only_the_ways_that_the_door_knows_count() {
    let (world, ann) = world();
    let flows = world.flows();
    let known = [provider("google")];
    let unbind = |binding: &Binding| flows.unbind(ann.id, Assurance::Full, binding, &known).unwrap();
    let (google, kakao) = (
        Binding::Provider(provider("google")),
        Binding::Provider(provider("kakao")),
    );
    flows
        .bind_provider(ann.id, Assurance::Full, &who("kakao", "1"))
        .unwrap()
        .unwrap();
    assert_eq!(unbind(&google), Err(UnbindError::NotBound));
    assert_eq!(unbind(&kakao), Err(UnbindError::NotBound));
    assert_eq!(unbind(&Binding::Address), Err(UnbindError::LastOne));
    flows
        .bind_provider(ann.id, Assurance::Full, &who("google", "1"))
        .unwrap()
        .unwrap();
    assert_eq!(unbind(&Binding::Address), Ok(()));
    assert_eq!(unbind(&google), Err(UnbindError::LastOne));
    let actions: Vec<_> = world
        .actions(&ann)
        .into_iter()
        .map(|(action, _)| action)
        .collect();
    for noted in [AuditAction::LinkProvider, AuditAction::RemoveAddress] {
        assert!(actions.contains(&noted), "{actions:?}");
    }
    let told = world.mails();
    assert!(
        told.iter()
            .any(|mail| mail.to == email("ann@example.org") && mail.subject == "EmailChanged")
    );
}

#[test]
fn a_subject_is_one_accounts() {
    let (world, ann) = world();
    let bob = world.sign_up("bob@example.org");
    let flows = world.flows();
    let bind = |account: &Account, subject: &str| {
        flows
            .bind_provider(account.id, Assurance::Full, &who("google", subject))
            .unwrap()
    };
    assert_eq!(bind(&ann, "1"), Ok(()));
    assert_eq!(bind(&ann, "2"), Err(BindError::AlreadyBound));
    assert_eq!(bind(&bob, "1"), Err(BindError::AlreadyBound));
    assert_eq!(bind(&bob, "2"), Ok(()));
    let known = flows.account_at_provider(&who("google", "1").subject).unwrap();
    assert_eq!(known.map(|account| account.id), Some(ann.id));
}
