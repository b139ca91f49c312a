use chrono::Duration;
use clavis_identity::{
    Account, AccountState, Accounts, Attributes, Identities, IdentityKey, ProviderSubject,
};
use clavis_kernel::{Clock as _, Dialect, Secret, StoreErrorKind, TokenDigest};

use super::{World, email, name};
use crate::*;

/// Somebody at Google whose address Google calls verified.
fn google(subject: &str, address: &str) -> ProviderAccount {
    ProviderAccount {
        subject: ProviderSubject::new("google".parse().unwrap(), subject).unwrap(),
        address: Some(email(address)),
        address_verified: true,
        name: Some("Ann".to_owned()),
        picture: None,
    }
}

fn newcomer(called: Option<&str>) -> Newcomer {
    Newcomer {
        name: called.map(name),
        display_name: called.unwrap_or("nobody").to_owned(),
        avatar: Some("https://pictures.example/ann.png".to_owned()),
        attributes: Attributes::new(),
        claims_address: false,
        roles: None,
    }
}

/// Comes as Pluto and jauth have it: linked with nobody, taken in when unknown.
fn stranger(who: ProviderAccount) -> Arrival {
    Arrival {
        who,
        linking: Linking::Never,
        newcomer: Some(newcomer(None)),
        returning: Returning::default(),
    }
}

/// Comes as Backend Plus has it: linked by a proven address.
fn linking(who: ProviderAccount) -> Arrival {
    Arrival {
        linking: Linking::ProvenAddress,
        ..stranger(who)
    }
}

/// Comes with a name for the account.
fn named(who: ProviderAccount, called: &str) -> Arrival {
    Arrival {
        newcomer: Some(newcomer(Some(called))),
        returning: Returning {
            name: Some(name(called)),
            takes_contact: true,
        },
        ..stranger(who)
    }
}

impl World {
    fn arrive(&self, arrival: &Arrival) -> Result<Account, ArrivalError> {
        let arrived = self.flows().arrive(arrival, None).unwrap();
        arrived.map(|proven| proven.account)
    }

    fn grant(&self, arrival: &Arrival, code: Option<&Secret>) -> Result<Grant, ArrivalError> {
        let request = SessionRequest {
            application: self.caller.dialect.name().to_owned(),
            device: None,
        };
        self.flows()
            .log_in_through_provider(arrival, code, &request)
            .unwrap()
    }

    fn count(&self) -> u64 {
        Accounts::count(&self.ports).unwrap()
    }

    pub(super) fn prove(&self, address: &str, account: &Account) {
        let key = IdentityKey::address(&email(address));
        assert!(self.ports.prove(&key, account.id, self.clock.now()).unwrap());
    }

    fn names(&self, account: &Account) -> Vec<String> {
        let view = self.flows().view(account.clone()).unwrap();
        view.name(self.caller.dialect)
            .map(str::to_owned)
            .into_iter()
            .collect()
    }
}

#[test]
fn a_journey_ends_once() {
    let world = World::default();
    let end = |secret: &str| {
        let until = world.clock.now() + Duration::minutes(10);
        world
            .flows()
            .end_provider_journey(&Secret::new(secret), until)
            .unwrap()
    };
    assert!(end("a"));
    assert!(!end("a"));
    assert!(end("b"));
}

#[test]
fn somebody_unknown_becomes_an_active_account_and_comes_back_to_it() {
    let world = World::default();
    let account = world.arrive(&stranger(google("1", "ann@example.org"))).unwrap();
    assert_eq!(account.state, AccountState::Active);
    assert_eq!(account.contact, Some(email("ann@example.org")));
    assert_eq!(
        account.avatar.as_deref(),
        Some("https://pictures.example/ann.png")
    );
    let again = world.arrive(&stranger(google("1", "else@example.org"))).unwrap();
    assert_eq!(
        (again.id, again.contact),
        (account.id, account.contact),
        "nothing of it is changed"
    );
    let other = world.arrive(&stranger(google("2", "ann@example.org"))).unwrap();
    assert_ne!(other.id, account.id, "an address is not who somebody is");
    assert_eq!(world.count(), 2);
}

#[test]
fn providers_do_not_speak_for_each_other() {
    let world = World::default();
    let account = world.arrive(&stranger(google("1", "ann@example.org"))).unwrap();
    let mut apples = google("1", "ann@example.org");
    apples.subject = ProviderSubject::new("apple".parse().unwrap(), "1").unwrap();
    assert_ne!(world.arrive(&stranger(apples)).unwrap().id, account.id);
    let mut letters = google("1", "ann@example.org");
    letters.subject = ProviderSubject::new("google".parse().unwrap(), "A").unwrap();
    let upper = world.arrive(&stranger(letters.clone())).unwrap();
    letters.subject = ProviderSubject::new("google".parse().unwrap(), "a").unwrap();
    assert_ne!(world.arrive(&stranger(letters)).unwrap().id, upper.id);
}

#[test]
fn somebody_unknown_is_refused_where_nobody_is_taken_in() {
    let world = World::default();
    let arrival = Arrival {
        newcomer: None,
        ..stranger(google("1", "ann@example.org"))
    };
    assert_eq!(world.arrive(&arrival).err(), Some(ArrivalError::Unknown));
    assert_eq!(world.count(), 0);
    let account = world.arrive(&stranger(google("1", "ann@example.org"))).unwrap();
    assert_eq!(world.arrive(&arrival).unwrap().id, account.id);
}

#[test]
fn an_address_that_is_proven_on_both_sides_links() {
    let world = World::default();
    let ann = world.sign_up("Ann@example.org");
    world.prove("ann@example.org", &ann);
    let linked = world.arrive(&linking(google("1", "ann@EXAMPLE.org"))).unwrap();
    assert_eq!(linked.id, ann.id);
    assert!(
        world
            .actions(&ann)
            .contains(&(AuditAction::LinkProvider, AuditResult::Succeeded))
    );
    // From now on it is the subject that counts.
    let mut later = google("1", "moved@example.org");
    later.address_verified = false;
    assert_eq!(world.arrive(&stranger(later)).unwrap().id, ann.id);
    assert_eq!(world.count(), 1);
}

#[test]
fn nothing_less_links() {
    #[track_caller]
    fn check(change: impl FnOnce(&World, &Account, &mut Arrival)) {
        let world = World::default();
        let ann = world.sign_up("ann@example.org");
        world.prove("ann@example.org", &ann);
        let mut arrival = linking(google("1", "ann@example.org"));
        change(&world, &ann, &mut arrival);
        let refused = Some(ArrivalError::AddressTaken);
        assert_eq!(world.arrive(&arrival).err(), refused);
        assert_eq!(world.arrive(&arrival).err(), refused, "nor later");
        assert_eq!(world.count(), 1, "and nobody is made");
        assert!(
            world
                .flows()
                .account_at_provider(&arrival.who.subject)
                .unwrap()
                .is_none()
        );
    }
    check(|_, _, arrival| arrival.who.address_verified = false);
    for state in [AccountState::Pending, AccountState::Locked, AccountState::Banned] {
        check(|world, ann, _| world.set_state(ann, state));
    }
}

#[test]
fn who_is_not_linked_and_in_nobodys_way_is_somebody_new() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut Arrival)) {
        let world = World::default();
        let ann = world.sign_up("ann@example.org");
        world.prove("ann@example.org", &ann);
        let mut arrival = linking(google("1", "ann@example.org"));
        change(&mut arrival);
        let account = world.arrive(&arrival).unwrap();
        assert_ne!(account.id, ann.id);
        assert_eq!(world.arrive(&arrival).unwrap().id, account.id, "nor later");
    }
    check(|arrival| arrival.linking = Linking::Never);
    check(|arrival| {
        arrival.who.address = None;
        arrival.who.address_verified = true;
    });
    check(|arrival| arrival.who.address = Some(email("ann+1@example.org")));
}

#[test]
fn an_address_given_to_somebody_else_at_the_same_provider_links_nobody() {
    let world = World::default();
    let ann = world.sign_up("ann@example.org");
    world.prove("ann@example.org", &ann);
    assert_eq!(
        world.arrive(&linking(google("1", "ann@example.org"))).unwrap().id,
        ann.id
    );
    let another = world.arrive(&linking(google("2", "ann@example.org")));
    assert_eq!(another.err(), Some(ArrivalError::AddressTaken));
}

#[test]
fn an_address_that_only_somebody_typed_links_nobody() {
    let world = World::default();
    // An attacker registers a victim's address first, with a password of the attacker's own.
    let squatter = world.sign_up("ann@example.org");
    let refused = world.arrive(&linking(google("1", "ann@example.org")));
    assert_eq!(refused.err(), Some(ArrivalError::AddressTaken));
    assert!(
        world
            .actions(&squatter)
            .iter()
            .any(|(action, result)| *action == AuditAction::LinkProvider && *result != AuditResult::Succeeded)
    );
    // A contact address is no log-in address, whatever it says.
    let contact = world.arrive(&stranger(google("2", "bob@example.org"))).unwrap();
    let other = world.arrive(&linking(google("3", "bob@example.org"))).unwrap();
    assert_ne!(other.id, contact.id);
}

#[test]
fn whose_subject_is_known_comes_in_whatever_became_of_the_address() {
    let world = World::default();
    let ann = world.arrive(&linking(google("1", "ann@example.org"))).unwrap();
    let squatter = world.sign_up("ann@example.org");
    let again = world.arrive(&linking(google("1", "ann@example.org"))).unwrap();
    assert_eq!(again.id, ann.id);
    assert_ne!(again.id, squatter.id);
}

#[test]
fn a_known_account_in_another_state_is_refused_as_at_any_log_in() {
    #[track_caller]
    fn check(state: AccountState, expected: LogInError) {
        let world = World::default();
        let ann = world.arrive(&stranger(google("1", "ann@example.org"))).unwrap();
        world.set_state(&ann, state);
        let arrival = named(google("1", "new@example.org"), "renamed");
        assert_eq!(world.arrive(&arrival).err(), Some(ArrivalError::LogIn(expected)));
        assert_eq!(
            world.grant(&arrival, None).err(),
            Some(ArrivalError::LogIn(expected))
        );
        let kept = Accounts::find(&world.ports, ann.id).unwrap().unwrap();
        assert_eq!(kept.contact, Some(email("ann@example.org")));
        assert_eq!(world.count(), 1, "nobody takes its place");
    }
    check(AccountState::Pending, LogInError::NotActivated);
    check(AccountState::Locked, LogInError::Suspended);
    check(AccountState::Banned, LogInError::Suspended);
}

#[test]
fn who_left_may_come_back_as_somebody_new() {
    let world = World::default();
    let ann = world.arrive(&stranger(google("1", "ann@example.org"))).unwrap();
    world.flows().delete_account(ann.id).unwrap().unwrap();
    let again = world.arrive(&stranger(google("1", "ann@example.org"))).unwrap();
    assert_ne!(again.id, ann.id);
    let who = google("1", "ann@example.org");
    let known = world.flows().account_at_provider(&who.subject).unwrap();
    assert_eq!(known.map(|known| known.id), Some(again.id));
}

#[test]
fn an_operators_tombstone_lets_go_of_the_subject_and_remembers_it() {
    for state in [AccountState::Deleted, AccountState::Withdrawn] {
        let world = World::default();
        let ann = world.arrive(&stranger(google("1", "ann@example.org"))).unwrap();
        let who = AccountSelector::Id(ann.id);
        world.flows().set_state(&who, state).unwrap().unwrap();
        let subject = google("1", "ann@example.org").subject;
        assert!(world.flows().account_at_provider(&subject).unwrap().is_none());
        let tombstone = Accounts::find(&world.ports, ann.id).unwrap().unwrap();
        let kept = tombstone.attributes.get(FORMER_SUBJECT).map(String::as_str);
        assert_eq!(kept, Some("\"google:1\""));
        let again = world.arrive(&stranger(google("1", "ann@example.org"))).unwrap();
        assert_ne!(again.id, ann.id);
    }
}

#[test]
fn a_log_in_opens_a_session_and_an_unknown_application_leaves_no_account() {
    let world = World::default();
    let arrival = stranger(google("1", "ann@example.org"));
    let elsewhere = SessionRequest {
        application: "nowhere".to_owned(),
        device: None,
    };
    let refused = world
        .flows()
        .log_in_through_provider(&arrival, None, &elsewhere)
        .unwrap();
    assert_eq!(
        refused.err(),
        Some(ArrivalError::LogIn(LogInError::UnknownApplication))
    );
    assert_eq!(world.count(), 0);
    let grant = world.grant(&arrival, None).unwrap();
    let now = world.clock.now();
    assert!(standing(&world.ports, grant.session, now).unwrap().is_ok());
    let actions = world.actions(&grant.account.account);
    assert!(
        actions.contains(&(AuditAction::SignUp, AuditResult::Succeeded)),
        "{actions:?}"
    );
    assert!(
        actions.contains(&(AuditAction::LogIn, AuditResult::Succeeded)),
        "{actions:?}"
    );
}

#[test]
fn a_providers_word_is_no_second_factor() {
    let world = World::asking();
    let arrival = stranger(google("1", "ann@example.org"));
    let account = world.arrive(&arrival).unwrap();
    let secret = world.enable(&account);
    let refused = |code: Option<&Secret>| world.grant(&arrival, code).err();
    assert_eq!(
        refused(None),
        Some(ArrivalError::LogIn(LogInError::SecondFactorMissing))
    );
    let wrong = Secret::new("000000");
    assert_eq!(
        refused(Some(&wrong)),
        Some(ArrivalError::LogIn(LogInError::SecondFactorWrong))
    );
    let code = world.code(&secret, 0);
    world.grant(&arrival, Some(&code)).unwrap();
    assert_eq!(
        refused(Some(&code)),
        Some(ArrivalError::LogIn(LogInError::SecondFactorReplayed))
    );
}

#[test]
fn a_linked_account_keeps_its_second_factor() {
    let mut world = World::asking();
    let ann = world.sign_up("ann@example.org");
    world.prove("ann@example.org", &ann);
    let _ = world.enable(&ann);
    let arrival = linking(google("1", "ann@example.org"));
    assert_eq!(
        world.grant(&arrival, None).err(),
        Some(ArrivalError::LogIn(LogInError::SecondFactorMissing))
    );
    world.door.second_factor = FactorPolicy::Refuse;
    assert_eq!(
        world.grant(&arrival, None).err(),
        Some(ArrivalError::LogIn(LogInError::SecondFactorUnsupported))
    );
    world.door.second_factor = FactorPolicy::LetInReduced;
    assert!(world.grant(&arrival, None).is_ok());
}

#[test]
fn a_verified_address_becomes_the_log_in_address_where_the_door_wants_it_and_it_is_free() {
    let claiming = |who: ProviderAccount| Arrival {
        newcomer: Some(Newcomer {
            claims_address: true,
            ..newcomer(None)
        }),
        ..stranger(who)
    };
    let world = World::default();
    let held =
        |address: &str| Identities::find(&world.ports, &IdentityKey::address(&email(address))).unwrap();
    let ann = world.arrive(&claiming(google("1", "ann@example.org"))).unwrap();
    let identity = held("ann@example.org").unwrap();
    assert_eq!((identity.account, identity.proven_at.is_some()), (ann.id, true));
    let mut unverified = google("2", "bob@example.org");
    unverified.address_verified = false;
    let bob = world.arrive(&claiming(unverified)).unwrap();
    assert!(held("bob@example.org").is_none());
    assert_eq!(bob.contact, Some(email("bob@example.org")));
    let other = world.arrive(&claiming(google("3", "ann@example.org"))).unwrap();
    assert_ne!(other.id, ann.id);
    assert_eq!(
        held("ann@example.org").unwrap().account,
        ann.id,
        "whoever has it keeps it"
    );
    world.arrive(&stranger(google("4", "eve@example.org"))).unwrap();
    assert!(held("eve@example.org").is_none());
}

#[test]
fn a_taken_name_gets_an_ending() {
    let world = World::default().through(Dialect::Pluto);
    let first = world.arrive(&named(google("1", "a@example.org"), "Ann")).unwrap();
    assert_eq!(world.names(&first), ["Ann"]);
    for number in 2..10 {
        let who = google(&number.to_string(), "a@example.org");
        let next = world.arrive(&named(who, "ann")).unwrap();
        let names = world.names(&next);
        let ending = names[0]
            .strip_prefix("ann_")
            .unwrap_or_else(|| panic!("{names:?}"));
        assert!(
            ending.len() == 5 && ending.bytes().all(|byte| byte.is_ascii_lowercase()),
            "{names:?}"
        );
    }
    assert_eq!(world.count(), 9);
}

#[test]
fn a_name_that_reads_like_somebodys_address_gets_an_ending() {
    let world = World::default().through(Dialect::Pluto);
    world.sign_up("victim@example.org");
    let arrival = named(google("1", "a@example.org"), "victim@example.org");
    let account = world.arrive(&arrival).unwrap();
    let names = world.names(&account);
    assert!(names[0].starts_with("victim@example.org_"), "{names:?}");
}

#[test]
fn the_longest_name_that_is_taken_still_gets_an_ending() {
    let world = World::default().through(Dialect::Pluto);
    let long = "ä".repeat(clavis_identity::Name::MAX_CHARS);
    let first = world.arrive(&named(google("1", "a@example.org"), &long)).unwrap();
    let second = world.arrive(&named(google("2", "a@example.org"), &long)).unwrap();
    assert_eq!(world.names(&first), std::slice::from_ref(&long));
    let names = world.names(&second);
    assert_ne!(names, [long]);
    assert!(names[0].chars().count() <= clavis_identity::Name::MAX_CHARS);
}

#[test]
fn who_comes_back_takes_a_new_name_and_contact_where_the_door_wants_it() {
    let world = World::default().through(Dialect::Pluto);
    let ann = world.arrive(&named(google("1", "a@example.org"), "Ann")).unwrap();
    let again = world
        .arrive(&named(google("1", "b@example.org"), "Anna"))
        .unwrap();
    assert_eq!(again.id, ann.id);
    assert_eq!(world.names(&ann), ["Anna"]);
    assert_eq!(again.display_name, "Anna");
    assert_eq!(again.contact, Some(email("b@example.org")));
    // The old name is free, and one's own name is not in one's way.
    let bob = world.arrive(&named(google("2", "c@example.org"), "Ann")).unwrap();
    assert_eq!(world.names(&bob), ["Ann"]);
    let _ = world
        .arrive(&named(google("1", "b@example.org"), "ANNA"))
        .unwrap();
    assert_eq!(world.names(&ann), ["ANNA"]);
    // A provider that tells no address takes none away.
    let mut silent = google("1", "b@example.org");
    silent.address = None;
    let kept = world.arrive(&named(silent, "ANNA")).unwrap();
    assert_eq!(kept.contact, Some(email("b@example.org")));
    assert_eq!(kept.display_name, "ANNA");
}

#[test]
fn of_two_first_log_ins_at_once_the_second_is_tried_again_and_finds_the_first() {
    let world = World::default();
    let arrival = stranger(google("1", "ann@example.org"));
    // The second has looked before the first was there, so it makes an account of its own.
    let first = world.arrive(&arrival).unwrap();
    let conflict = world
        .flows()
        .take_in(&arrival.who, &newcomer(None))
        .expect_err("the subject is the first's");
    assert_eq!(
        conflict.kind(),
        StoreErrorKind::Conflict,
        "which makes the store try again"
    );
    assert_eq!(world.arrive(&arrival).unwrap().id, first.id);
}

#[test]
fn a_newcomer_gets_the_roles_of_the_door() {
    let world = World::default();
    let application = world.caller.dialect.name().to_owned();
    let mut arrival = stranger(google("1", "ann@example.org"));
    arrival.newcomer = Some(Newcomer {
        roles: Some((application, vec!["reader".to_owned(), "writer".to_owned()])),
        ..newcomer(None)
    });
    let mut roles = world.grant(&arrival, None).unwrap().roles;
    roles.sort();
    assert_eq!(roles, ["reader", "writer"]);
}

#[test]
fn a_providers_word_opens_a_session_that_its_cookie_finds() {
    let world = World::asking().through(Dialect::Barong);
    let arrival = linking(google("1", "ann@example.org"));
    let open = |secret: &str, replaces: Option<&str>| {
        let request = CookieRequest {
            secret: TokenDigest::of(secret),
            lifetime: Duration::minutes(30),
            replaces: replaces.map(TokenDigest::of),
        };
        let opened = world
            .flows()
            .log_in_through_provider_with_cookie(&arrival, None, &request);
        opened.unwrap().unwrap()
    };
    let stands = |secret: &str| {
        let session = world.flows().cookie_session(&TokenDigest::of(secret)).unwrap();
        session.is_some_and(|session| session.check(world.clock.now()).is_ok())
    };
    let first = open("one", None);
    assert!(stands("one"));
    let second = open("two", Some("one"));
    assert_eq!(first.person.account().id, second.person.account().id);
    assert!(stands("two") && !stands("one"));
}
