use chrono::Duration;
use clavis_identity::{AccountState, Attributes, Identity, Provider, ProviderSubject};
use clavis_kernel::Dialect;

use super::{World, email, name};
use crate::*;

fn named(world: &World, text: &str) -> Result<clavis_identity::Account, NameTaken> {
    let command = NamedSignUp {
        name: name(text),
        contact: Some(email("ann@example.org")),
        attributes: Attributes::new(),
        password: world.hash("Tecohvi0"),
    };
    world.flows().sign_up_by_name(&command).unwrap()
}

fn at_google(subject: &str) -> ProviderAccount {
    let google: Provider = "google".parse().unwrap();
    ProviderAccount {
        subject: ProviderSubject::new(google, subject).unwrap(),
        address: Some(email("ann@example.org")),
        address_verified: true,
        name: None,
        picture: None,
    }
}

const NEWCOMER: Newcomer = Newcomer {
    name: None,
    display_name: String::new(),
    avatar: None,
    attributes: Attributes::new(),
    claims_address: false,
    roles: None,
};

#[test]
fn a_name_is_one_accounts_whatever_its_case_and_state() {
    let world = World::default().through(Dialect::Jauth);
    let account = named(&world, "Ann").unwrap();
    assert_eq!(account.state, AccountState::Active);
    assert_eq!(named(&world, "aNN").err(), Some(NameTaken));
    assert_eq!(world.flows().may_be_named(&name("ann")).unwrap(), Err(NameTaken));
    let gone = world
        .flows()
        .set_state(&AccountSelector::Id(account.id), AccountState::Withdrawn);
    gone.unwrap().unwrap();
    assert_eq!(
        named(&world, "ANN").err(),
        Some(NameTaken),
        "a tombstone keeps it"
    );
}

#[test]
fn an_address_shown_is_no_address_to_log_in_by_and_may_be_anybodys() {
    let world = World::default().through(Dialect::Jauth);
    let account = named(&world, "ann").unwrap();
    named(&world, "bob").unwrap();
    let card = world.flows().account_card(account.id).unwrap().unwrap();
    assert_eq!(card.view.log_in_address(), None);
    assert_eq!(card.view.contact_address(), Some(email("ann@example.org")));
    assert!(card.has_password);
    let candidate = world
        .flows()
        .candidate(&LoginName::Address(email("ann@example.org")));
    assert_eq!(candidate.unwrap().err(), Some(LogInError::UnknownAccount));
    world.sign_up("ann@example.org");
}

#[test]
fn a_subject_has_one_account_and_comes_back_as_another_when_it_is_gone() {
    let world = World::default().through(Dialect::Jauth);
    let who = at_google("7");
    let sign_up = || world.flows().sign_up_through_provider(&who, &NEWCOMER).unwrap();
    let first = sign_up().unwrap();
    assert_eq!(sign_up().err(), Some(SubjectTaken));
    for state in [AccountState::Banned, AccountState::Locked] {
        let set = world.flows().set_state(&AccountSelector::Id(first.id), state);
        set.unwrap().unwrap();
        assert_eq!(sign_up().err(), Some(SubjectTaken), "nobody evades a ban");
    }
    let set = world
        .flows()
        .set_state(&AccountSelector::Id(first.id), AccountState::Deleted);
    set.unwrap().unwrap();
    let second = sign_up().unwrap();
    assert_ne!(first.id, second.id);
    let tombstone = world.flows().account_card(first.id).unwrap().unwrap();
    assert!(
        tombstone
            .view
            .identities
            .iter()
            .all(|held| held.as_subject().is_none())
    );
    assert_eq!(
        tombstone
            .view
            .account
            .attributes
            .get(FORMER_SUBJECT)
            .map(String::as_str),
        Some(r#""google:7""#)
    );
    let holder = world.flows().account_at_provider(&who.subject).unwrap().unwrap();
    assert_eq!(holder.id, second.id);
    let proven = |identity: &Identity| identity.proven_at.is_some();
    let card = world.flows().account_card(second.id).unwrap().unwrap();
    assert!(
        !card.view.identities.iter().any(proven),
        "nothing is proven by it"
    );
}

#[test]
fn the_address_that_is_shown_changes_with_what_was_known_of_it() {
    let world = World::default().through(Dialect::Jauth);
    let account = named(&world, "ann").unwrap();
    let change = |contact: &str| {
        let change = ContactChange {
            contact: email(contact),
            attributes: [("free".to_owned(), "{}".to_owned())].into(),
            attributes_of_another: [("known".to_owned(), "null".to_owned())].into(),
        };
        world.clock.advance(Duration::seconds(1));
        world.flows().change_contact(account.id, &change).unwrap()
    };
    let known = || {
        let card = world.flows().account_card(account.id).unwrap().unwrap();
        card.view.account.attributes.get("known").cloned()
    };
    let confirm = |contact: &str| {
        let attributes: Attributes = [("known".to_owned(), "true".to_owned())].into();
        world
            .flows()
            .confirm_contact(account.id, contact, &attributes)
            .unwrap()
    };
    assert_eq!(confirm("another@example.org"), Ok(false));
    assert_eq!(confirm("ann@example.org"), Ok(true));
    change("ann@example.org").unwrap();
    assert_eq!(known().as_deref(), Some("true"), "it is the same");
    change("Ann@example.org").unwrap();
    assert_eq!(known().as_deref(), Some("null"));
    let set = world
        .flows()
        .set_state(&AccountSelector::Id(account.id), AccountState::Locked);
    set.unwrap().unwrap();
    assert_eq!(change("b@example.org"), Err(AccountNotActive));
    assert_eq!(confirm("Ann@example.org"), Err(AccountNotActive));
}
