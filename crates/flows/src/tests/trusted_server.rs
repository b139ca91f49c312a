mod labels;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use clavis_identity::{AccountState, Accounts, PasswordHash};
use clavis_kernel::{Answer, TokenDigest, Uid};
use clavis_kyc::{CheckedProfile, LabelKey, PhoneNumber, ProfileFields, ProfileGrammar, ReviewState};
use clavis_tokens::VerifiedRequest;

use super::{World, email};
use crate::*;

const NUMBER: &str = "+44 7418084106";
const DIGEST: &str = "$2a$10$abcdefghijklmnopqrstuuQOzGkyuVMPbFvCkLBDOyXyTFjHrDqG6";

fn server() -> TrustedServer {
    let now = clavis_kernel::Clock::now(&clavis_kernel::fake::FakeClock::default());
    TrustedServer::of(&VerifiedRequest {
        data: serde_json::Map::new(),
        signers: BTreeSet::from(["applogic".to_owned(), "peatio".to_owned()]),
        jti: None,
        digest: TokenDigest::of("payload"),
        expires_at: now,
    })
}

fn number(text: &str) -> PhoneNumber {
    text.parse().unwrap()
}

fn fields() -> ProfileFields {
    let text = |text: &str| Some(text.to_owned());
    ProfileFields {
        first_name: text("Ada"),
        last_name: text("Lovelace"),
        dob: NaiveDate::from_ymd_opt(1990, 12, 10),
        address: text("12 Main St."),
        postcode: text("AB1 2CD"),
        city: text("London"),
        country: text("GBR"),
    }
}

fn imported(address: &str) -> ImportedPerson {
    ImportedPerson {
        address: email(address),
        password: DIGEST.parse::<PasswordHash>().unwrap(),
        phone: Some(number(NUMBER)),
        profile: Some(CheckedProfile::check(fields(), ProfileGrammar::Wide).unwrap()),
    }
}

fn label(key: &str, value: &str) -> ServerLabel {
    ServerLabel {
        key: key.parse().unwrap(),
        value: value.parse().unwrap(),
        description: None,
    }
}

/// A uid that is nobody's.
fn nobody() -> Uid {
    "ID0000000000".parse().unwrap()
}

impl World {
    fn pending(&self) -> Uid {
        let hash = self.hash("Tecohvi0");
        let person = self
            .flows()
            .sign_up_for_server(&server(), &email("ada@example.org"), hash)
            .unwrap()
            .unwrap();
        person.account().uid.clone()
    }

    fn served(&self, uid: &Uid) -> Person {
        self.flows()
            .person_for_server(&server(), &PersonSelector::Uid(uid.clone()))
            .unwrap()
            .unwrap()
    }

    fn standing(&self, uid: &Uid) -> (AccountState, u8) {
        let person = self.served(uid);
        (person.account().state, person.level)
    }

    fn put_new(&self, uid: &Uid, key: &str, value: &str) -> Result<(), ServerLabelError> {
        self.set(uid, &label(key, value), KnownLabel::IsMade)
    }

    fn set(&self, uid: &Uid, label: &ServerLabel, known: KnownLabel) -> Result<(), ServerLabelError> {
        let set = self.flows().label_for_server(&server(), uid, label, known);
        set.unwrap().map(drop)
    }

    fn take(&self, uid: &Uid, key: &str) -> Result<(), ServerLabelError> {
        let key: LabelKey = key.parse().unwrap();
        self.flows().take_label_for_server(&server(), uid, &key).unwrap()
    }

    fn add_server_phone(&self, uid: &Uid, text: &str) -> Result<(), ServerPhoneError> {
        self.flows()
            .phone_for_server(&server(), uid, &number(text))
            .unwrap()
    }

    fn give_role(&self, uid: &Uid, role: &str) -> Result<String, ServerChangeError> {
        let given: Answer<_, _> = self.flows().update_for_server(&server(), uid, Some(role), None);
        given.unwrap().map(|person| person.role)
    }

    fn import(&self, address: &str) -> Result<Person, ImportError> {
        self.flows()
            .import_for_server(&server(), &imported(address))
            .unwrap()
    }

    /// On whose word things were done to an account.
    fn words(&self, uid: &Uid) -> Vec<String> {
        let account = self.served(uid).account().id;
        let entries = self.ports.latest(account, 100).unwrap();
        let obeyed = |entry: AuditEntry| {
            (entry.action == AuditAction::ObeyServer).then(|| entry.detail.unwrap_or_default())
        };
        entries.into_iter().filter_map(obeyed).collect()
    }
}

#[test]
fn an_import_brings_password_phone_and_profile() {
    let world = World::default();
    let person = world.import("ada@example.org").unwrap();
    let account = person.account().clone();
    assert_eq!(account.state, AccountState::Pending);
    assert_eq!(person.level, 0, "a phone without an address makes no level");
    let dossier = world.flows().dossier(person).unwrap();
    assert_eq!(dossier.phones.len(), 1);
    assert_eq!(dossier.phones[0].number.digits(), "447418084106");
    assert!(dossier.phones[0].phone.validated_at.is_some());
    assert_eq!(dossier.profiles.len(), 1);
    assert_eq!(dossier.profiles[0].fields.first_name.as_deref(), Some("Ada"));
    assert_eq!(dossier.profiles[0].profile.state, ReviewState::Pending);
    world.put_new(&account.uid, "email", "verified").unwrap();
    assert_eq!(world.standing(&account.uid), (AccountState::Active, 2));
    let candidate = world
        .flows()
        .candidate(&LoginName::Address(email("ada@example.org")));
    assert_eq!(candidate.unwrap().unwrap().credential.hash.as_str(), DIGEST);
    for selector in [
        PersonSelector::Address(email("ADA@example.org")),
        PersonSelector::Phone(number(NUMBER)),
    ] {
        let found = world.flows().person_for_server(&server(), &selector).unwrap();
        assert_eq!(found.unwrap().account().id, account.id);
    }
}

#[test]
fn an_import_that_is_refused_leaves_nothing() {
    let world = World::default();
    world.import("ada@example.org").unwrap();
    assert_eq!(
        world.import("bob@example.org").err(),
        Some(ImportError::PhoneTaken)
    );
    let selector = PersonSelector::Address(email("bob@example.org"));
    let bob = world.flows().person_for_server(&server(), &selector).unwrap();
    assert!(bob.is_none());
    let without_phone = ImportedPerson {
        phone: None,
        ..imported("ada@example.org")
    };
    let again = world.flows().import_for_server(&server(), &without_phone);
    assert_eq!(again.unwrap().err(), Some(ImportError::AddressTaken));
    assert_eq!(Accounts::count(&world.ports).unwrap(), 1);
}

#[test]
fn a_phone_of_a_server_is_verified_and_nobody_elses() {
    let world = World::default();
    let uid = world.pending();
    world.put_new(&uid, "email", "verified").unwrap();
    assert_eq!(world.add_server_phone(&uid, NUMBER), Ok(()));
    assert_eq!(world.standing(&uid), (AccountState::Active, 2));
    assert_eq!(world.add_server_phone(&uid, NUMBER), Err(ServerPhoneError::Taken));
    let bob = world.sign_up("bob@example.org");
    assert_eq!(
        world.add_server_phone(&bob.uid, NUMBER),
        Err(ServerPhoneError::Taken)
    );
    assert_eq!(world.served(&bob.uid).labels.len(), 0);
}

#[test]
fn a_phone_that_waited_for_its_code_is_verified_by_a_server_and_its_code_is_dead() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let code = world
        .flows()
        .add_phone(account.id, &number(NUMBER), KnownPhone::GetsFreshCode)
        .unwrap()
        .unwrap();
    assert_eq!(world.add_server_phone(&account.uid, NUMBER), Ok(()));
    let phones = world.flows().phones_of(account.id).unwrap();
    assert_eq!(phones.len(), 1);
    assert!(phones[0].phone.validated_at.is_some());
    let shown = world.flows().verify_phone(account.id, &number(NUMBER), &code);
    assert_eq!(shown.unwrap(), Err(VerifyPhoneError::Taken));
}

#[test]
fn an_account_has_so_many_phones_and_no_more() {
    let mut world = World::default();
    world.limits.kyc.phones_per_account = 2;
    let account = world.sign_up("ann@example.org");
    assert_eq!(world.add_server_phone(&account.uid, "+380501230000"), Ok(()));
    assert_eq!(world.add_server_phone(&account.uid, "+380501230001"), Ok(()));
    assert_eq!(
        world.add_server_phone(&account.uid, "+380501230002"),
        Err(ServerPhoneError::TooMany)
    );
}

#[test]
fn with_the_last_verified_phone_its_label_goes() {
    let world = World::default();
    let uid = world.pending();
    world.put_new(&uid, "email", "verified").unwrap();
    world.add_server_phone(&uid, NUMBER).unwrap();
    world.add_server_phone(&uid, "+380501230000").unwrap();
    let remove = |text: &str| {
        let removed = world
            .flows()
            .take_phone_for_server(&server(), &uid, &number(text));
        removed.unwrap().map(|removed| removed.number.digits().to_owned())
    };
    assert_eq!(remove("447418084106").as_deref(), Some("447418084106"));
    assert_eq!(world.served(&uid).level, 2);
    assert_eq!(remove(NUMBER), None);
    assert!(remove("+380501230000").is_some());
    assert_eq!(world.standing(&uid), (AccountState::Active, 1));
    assert_eq!(
        world.add_server_phone(&uid, NUMBER),
        Ok(()),
        "the number is free again"
    );
}

#[test]
fn a_server_gives_roles_that_come_with_no_authority() {
    let world = World::default();
    let uid = world.pending();
    for role in ["trader", "maker", "sa_maker", "broker", "member"] {
        assert_eq!(world.give_role(&uid, role).as_deref(), Ok(role));
    }
    for role in [
        "superadmin",
        "admin",
        "compliance",
        "accountant",
        "support",
        "technical",
    ] {
        assert_eq!(
            world.give_role(&uid, role),
            Err(ServerChangeError::Authority),
            "{role}"
        );
    }
    for role in ["king", "", "Trader"] {
        assert_eq!(
            world.give_role(&uid, role),
            Err(ServerChangeError::UnknownRole),
            "{role}"
        );
    }
    assert_eq!(world.served(&uid).role, "member");
}

#[test]
fn a_server_takes_no_authority_either() {
    let world = World::default();
    let admin = world.sign_up("root@example.org");
    let roles = [ADMIN_ROLE.to_owned()];
    world.flows().assign_roles(admin.id, "barong", &roles).unwrap();
    assert_eq!(
        world.give_role(&admin.uid, "member"),
        Err(ServerChangeError::Authority)
    );
    assert_eq!(world.served(&admin.uid).role, "admin");
}

#[test]
fn free_data_are_kept_and_what_is_left_out_stays() {
    let world = World::default();
    let uid = world.pending();
    let update = |role, data| {
        let updated = world.flows().update_for_server(&server(), &uid, role, data);
        let person = updated.unwrap().unwrap();
        let kept = person.account().attributes.get("data").cloned();
        (person.role, kept)
    };
    assert_eq!(
        update(None, Some(("data", "{}"))),
        ("member".to_owned(), Some("{}".to_owned()))
    );
    assert_eq!(update(Some("trader"), None).1.as_deref(), Some("{}"));
    let obeyed = world.words(&uid).len();
    assert_eq!(update(None, None).0, "trader");
    assert_eq!(world.words(&uid).len(), obeyed, "nothing was done");
}

#[test]
fn a_profile_of_a_server_waits_for_a_reviewer_and_there_is_one() {
    let world = World::default();
    let uid = world.pending();
    let command = ProfileCommand {
        fields: fields(),
        metadata: None,
        grammar: ProfileGrammar::Wide,
        manner: ProfileManner::Whole,
    };
    let submit = |uid: &Uid, command: &ProfileCommand| {
        world.flows().profile_for_server(&server(), uid, command).unwrap()
    };
    let unfit = ProfileCommand {
        fields: ProfileFields::default(),
        ..command.clone()
    };
    assert!(matches!(submit(&uid, &unfit), Err(SubmitProfileError::Unfit(_))));
    let dossier = submit(&uid, &command).unwrap();
    assert_eq!(dossier.profiles[0].profile.state, ReviewState::Pending);
    assert_eq!(submit(&uid, &command).err(), Some(SubmitProfileError::Exists));
    assert_eq!(
        submit(&nobody(), &command).err(),
        Some(SubmitProfileError::AccountClosed)
    );
}

#[test]
fn a_document_of_a_server_waits_even_where_its_owner_may_change_nothing() {
    let world = World::default();
    let account = world.sign_up("ada@example.org");
    world.put_new(&account.uid, "lock", "yes").unwrap();
    let add = |uid: &Uid, label| {
        let document = world.passport();
        world
            .flows()
            .document_for_server(&server(), uid, &document, label)
            .unwrap()
    };
    assert_eq!(add(&account.uid, DocumentsLabel::Stays), Ok(()));
    assert_eq!(world.private_label(account.id, &LabelKey::DOCUMENT), None);
    assert_eq!(add(&account.uid, DocumentsLabel::Follows), Ok(()));
    let waiting = world.private_label(account.id, &LabelKey::DOCUMENT);
    assert_eq!(waiting.as_deref(), Some("pending"));
    for _ in 0..8 {
        add(&account.uid, DocumentsLabel::Follows).unwrap();
    }
    let full = Err(SubmitDocumentsError::LimitReached);
    assert_eq!(add(&account.uid, DocumentsLabel::Follows), full);
    let may = world.flows().may_add_document_for_server(&server(), &account.uid);
    assert_eq!(may.unwrap(), full);
    let closed = Err(SubmitDocumentsError::AccountClosed);
    assert_eq!(add(&nobody(), DocumentsLabel::Follows), closed);
    let may = world.flows().may_add_document_for_server(&server(), &nobody());
    assert_eq!(may.unwrap(), closed);
}

#[test]
fn who_is_not_there_or_gone_is_not_changed() {
    let world = World::default();
    let gone = world.sign_up("ann@example.org").uid;
    world.put_new(&gone, "delete", "yes").unwrap();
    for uid in [gone, nobody()] {
        assert_eq!(
            world.put_new(&uid, "email", "verified"),
            Err(ServerLabelError::Unknown)
        );
        assert_eq!(
            world.add_server_phone(&uid, NUMBER),
            Err(ServerPhoneError::UnknownAccount)
        );
        assert_eq!(
            world.give_role(&uid, "trader"),
            Err(ServerChangeError::UnknownAccount)
        );
        let removed = world
            .flows()
            .take_phone_for_server(&server(), &uid, &number(NUMBER));
        assert!(removed.unwrap().is_none());
    }
    let nobody = PersonSelector::Uid(nobody());
    let found = world.flows().person_for_server(&server(), &nobody).unwrap();
    assert!(found.is_none());
}
