use chrono::Duration;
use clavis_identity::{Account, AccountState, Accounts};
use clavis_kernel::Secret;
use clavis_kyc::{LabelKey, LabelScope, LabelValue, Labels, PhoneNumber};

use super::World;
use crate::*;

const NUMBER: &str = "+44 7418084106";

fn number(text: &str) -> PhoneNumber {
    text.parse().unwrap()
}

/// The `index`th of numbers that there are.
fn numbered(index: u32) -> PhoneNumber {
    number(&format!("+38050123{index:04}"))
}

impl World {
    fn add(&self, account: &Account, text: &str) -> Result<Secret, AddPhoneError> {
        self.add_number(account, &number(text))
    }

    fn add_number(&self, account: &Account, number: &PhoneNumber) -> Result<Secret, AddPhoneError> {
        self.flows()
            .add_phone(account.id, number, KnownPhone::GetsFreshCode)
            .unwrap()
    }

    fn renew(&self, account: &Account, text: &str) -> Result<Secret, SendCodeError> {
        self.flows().renew_phone_code(account.id, &number(text)).unwrap()
    }

    fn verify(&self, account: &Account, text: &str, code: &Secret) -> Result<(), VerifyPhoneError> {
        self.flows()
            .verify_phone(account.id, &number(text), code)
            .unwrap()
    }

    fn numbers(&self, account: &Account) -> Vec<(String, bool)> {
        let phones = self.flows().phones_of(account.id).unwrap();
        let shown = |phone: PersonalPhone| {
            (
                phone.number.digits().to_owned(),
                phone.phone.validated_at.is_some(),
            )
        };
        phones.into_iter().map(shown).collect()
    }
}

/// A code that is not this one.
fn another(code: &Secret) -> Secret {
    Secret::new(if code.expose() == "00000" {
        "00001"
    } else {
        "00000"
    })
}

#[test]
fn a_phone_counts_once_its_code_was_shown() {
    let world = World::default();
    let (account, ticket) = world.sign_up_pending("ann@example.org");
    world.flows().activate(&ticket).unwrap().unwrap();
    let code = world.add(&account, NUMBER).unwrap();
    assert!(code.expose().len() == 5 && code.expose().bytes().all(|b| b.is_ascii_digit()));
    assert_eq!(world.numbers(&account), [("447418084106".to_owned(), false)]);
    assert_eq!(world.flows().level(account.id).unwrap(), 1);
    assert_eq!(world.verify(&account, "447418084106", &code), Ok(()));
    assert_eq!(world.numbers(&account), [("447418084106".to_owned(), true)]);
    assert_eq!(world.flows().level(account.id).unwrap(), 2);
    let label = Labels::find(&world.ports, account.id, &LabelKey::PHONE, LabelScope::Private);
    assert_eq!(label.unwrap().unwrap().value, LabelValue::VERIFIED);
}

#[test]
fn without_a_proven_address_a_phone_makes_no_level() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let code = world.add(&account, NUMBER).unwrap();
    assert_eq!(world.verify(&account, NUMBER, &code), Ok(()));
    assert_eq!(world.flows().level(account.id).unwrap(), 0);
}

#[test]
fn a_code_is_good_once_and_for_its_phone_and_account_only() {
    let world = World::default();
    let (ann, bob) = (world.sign_up("ann@example.org"), world.sign_up("bob@example.org"));
    let code = world.add(&ann, NUMBER).unwrap();
    let other = world.add(&ann, "+380501234567").unwrap();
    let bobs = world.add(&bob, NUMBER).unwrap();
    let wrong = Err(VerifyPhoneError::WrongCode);
    assert_ne!(code.expose(), other.expose());
    assert_eq!(world.verify(&ann, NUMBER, &other), wrong);
    assert_ne!(code.expose(), bobs.expose());
    assert_eq!(world.verify(&ann, NUMBER, &bobs), wrong);
    assert_eq!(world.verify(&ann, NUMBER, &code), Ok(()));
    assert_eq!(
        world.verify(&ann, NUMBER, &code),
        Err(VerifyPhoneError::Taken),
        "used"
    );
}

#[test]
fn a_fresh_code_takes_the_place_of_the_one_before() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let first = world.add(&account, NUMBER).unwrap();
    let second = world.renew(&account, NUMBER).unwrap();
    let third = world.add(&account, "447418084106").unwrap();
    assert!(first.expose() != second.expose() && second.expose() != third.expose());
    for old in [first, second] {
        assert_eq!(
            world.verify(&account, NUMBER, &old),
            Err(VerifyPhoneError::WrongCode)
        );
    }
    assert_eq!(world.numbers(&account).len(), 1, "the same phone");
    assert_eq!(world.verify(&account, NUMBER, &third), Ok(()));
}

#[test]
fn a_known_number_is_refused_where_that_is_wanted() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let code = world.add(&account, NUMBER).unwrap();
    let again = world
        .flows()
        .add_phone(account.id, &number(NUMBER), KnownPhone::IsRefused)
        .unwrap();
    assert_eq!(again.err(), Some(AddPhoneError::Known));
    assert_eq!(
        world.verify(&account, NUMBER, &code),
        Ok(()),
        "the code is as good as before"
    );
}

#[test]
fn a_code_ends_with_its_time() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let code = world.add(&account, NUMBER).unwrap();
    world.clock.advance(Duration::minutes(10));
    assert_eq!(
        world.verify(&account, NUMBER, &code),
        Err(VerifyPhoneError::WrongCode)
    );
    let code = world.renew(&account, NUMBER).unwrap();
    world.clock.advance(Duration::seconds(599));
    assert_eq!(world.verify(&account, NUMBER, &code), Ok(()));
}

#[test]
fn a_code_ends_with_its_tries_and_a_fresh_one_has_all_of_them() {
    let mut world = World::default();
    world.limits.kyc.phone_code_tries = 5;
    let account = world.sign_up("ann@example.org");
    let code = world.add(&account, NUMBER).unwrap();
    let wrong = Err(VerifyPhoneError::WrongCode);
    for _ in 0..5 {
        assert_eq!(world.verify(&account, NUMBER, &another(&code)), wrong);
    }
    assert_eq!(
        world.verify(&account, NUMBER, &code),
        wrong,
        "it looks like a wrong one"
    );
    let code = world.renew(&account, NUMBER).unwrap();
    for _ in 0..4 {
        assert_eq!(world.verify(&account, NUMBER, &another(&code)), wrong);
    }
    assert_eq!(world.verify(&account, NUMBER, &code), Ok(()));
}

#[test]
fn who_verifies_first_holds_the_number() {
    let world = World::default();
    let (ann, bob) = (world.sign_up("ann@example.org"), world.sign_up("bob@example.org"));
    let anns = world.add(&ann, NUMBER).unwrap();
    let bobs = world.add(&bob, NUMBER).unwrap();
    assert_eq!(world.verify(&bob, NUMBER, &bobs), Ok(()));
    assert_eq!(world.verify(&ann, NUMBER, &anns), Err(VerifyPhoneError::Taken));
    assert_eq!(world.renew(&ann, NUMBER).err(), Some(SendCodeError::Taken));
    for account in [&ann, &bob] {
        assert_eq!(
            world.add(account, NUMBER).err(),
            Some(AddPhoneError::Taken),
            "its holder, too"
        );
    }
    assert!(!world.numbers(&ann)[0].1);
}

#[test]
fn a_phone_that_was_never_added_has_no_code() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    assert_eq!(
        world.renew(&account, NUMBER).err(),
        Some(SendCodeError::UnknownPhone)
    );
    assert_eq!(
        world.verify(&account, NUMBER, &Secret::new("00000")),
        Err(VerifyPhoneError::UnknownPhone)
    );
}

#[test]
fn so_many_codes_are_sent_in_an_hour_and_no_more() {
    let mut world = World::default();
    world.limits.kyc.texts_per_account_per_hour = 3;
    let (ann, bob) = (world.sign_up("ann@example.org"), world.sign_up("bob@example.org"));
    world.add(&ann, NUMBER).unwrap();
    world.clock.advance(Duration::minutes(10));
    world.renew(&ann, NUMBER).unwrap();
    world.clock.advance(Duration::minutes(10));
    world.add(&ann, "+380501234567").unwrap();
    let wait = Duration::minutes(40);
    assert_eq!(
        world.renew(&ann, NUMBER).err(),
        Some(SendCodeError::TooManyTexts(wait))
    );
    assert_eq!(
        world.add(&ann, "+33600000471").err(),
        Some(AddPhoneError::TooManyTexts(wait))
    );
    assert!(world.add(&bob, NUMBER).is_ok(), "another account");
    world.clock.advance(wait + Duration::microseconds(1));
    assert!(world.renew(&ann, NUMBER).is_ok());
    assert_eq!(
        world.renew(&ann, NUMBER).err(),
        Some(SendCodeError::TooManyTexts(
            Duration::minutes(10) - Duration::microseconds(1)
        ))
    );
    world.limits.kyc.texts_per_account_per_hour = 0;
    assert!(world.renew(&ann, NUMBER).is_ok(), "0 is without limit");
}

#[test]
fn mistyped_numbers_make_room_and_verified_ones_do_not() {
    let mut world = World::default();
    world.limits.kyc.phones_per_account = 2;
    let account = world.sign_up("ann@example.org");
    for index in 0..3 {
        world.add_number(&account, &numbered(index)).unwrap();
    }
    assert_eq!(
        world.numbers(&account),
        [
            ("380501230001".to_owned(), false),
            ("380501230002".to_owned(), false)
        ]
    );
    for index in 1..3 {
        let code = world.add_number(&account, &numbered(index)).unwrap();
        world
            .flows()
            .verify_phone(account.id, &numbered(index), &code)
            .unwrap()
            .unwrap();
    }
    assert_eq!(
        world.add_number(&account, &numbered(3)).err(),
        Some(AddPhoneError::TooManyPhones)
    );
}

#[test]
fn who_is_locked_changes_no_phones() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let code = world.add(&account, NUMBER).unwrap();
    let now = clavis_kernel::Clock::now(&world.clock);
    for state in [AccountState::Locked, AccountState::Banned, AccountState::Deleted] {
        let from = Accounts::find(&world.ports, account.id).unwrap().unwrap().state;
        Accounts::set_state(&world.ports, account.id, from, state, now).unwrap();
        assert_eq!(
            world.add(&account, NUMBER).err(),
            Some(AddPhoneError::AccountClosed)
        );
        assert_eq!(
            world.renew(&account, NUMBER).err(),
            Some(SendCodeError::AccountClosed)
        );
        assert_eq!(
            world.verify(&account, NUMBER, &code),
            Err(VerifyPhoneError::AccountClosed)
        );
    }
}

#[test]
fn no_number_is_readable_where_it_is_kept() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    world.add(&account, NUMBER).unwrap();
    let kept = clavis_kyc::Phones::of_account(&world.ports, account.id).unwrap();
    let digits = b"7418084106";
    assert!(
        !kept[0]
            .sealed_number
            .windows(digits.len())
            .any(|part| part == digits)
    );
    let details: Vec<_> = world
        .ports
        .latest(account.id, 10)
        .unwrap()
        .into_iter()
        .filter_map(|entry| entry.detail)
        .collect();
    assert_eq!(details, [kept[0].id.to_string()]);
}

#[test]
fn what_is_known_of_many_is_what_is_known_of_each() {
    let world = World::default();
    let accounts = ["ann", "bob", "cid"].map(|who| world.sign_up(&format!("{who}@example.org")));
    world.add_number(&accounts[2], &numbered(1)).unwrap();
    world.add_number(&accounts[0], &numbered(2)).unwrap();
    world.add_number(&accounts[2], &numbered(3)).unwrap();
    let people = world.flows().people(accounts.to_vec()).unwrap();
    let dossiers = world.flows().dossiers(people.clone()).unwrap();
    for ((account, person), dossier) in accounts.iter().zip(people).zip(dossiers) {
        assert_eq!(dossier.person.account().id, account.id);
        let alone = world.flows().dossier(person).unwrap();
        let digits = |dossier: &Dossier| -> Vec<_> {
            let phones = dossier.phones.iter();
            phones.map(|phone| phone.number.digits().to_owned()).collect()
        };
        assert_eq!(digits(&dossier), digits(&alone));
        assert_eq!(digits(&dossier).len(), world.numbers(account).len());
    }
}
