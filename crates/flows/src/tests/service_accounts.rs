use std::collections::BTreeSet;

use chrono::Duration;
use clavis_identity::{Account, AccountState, ServiceState, TotpSecret};
use clavis_kernel::{TokenDigest, Uid};
use clavis_tokens::{ApiKeyAlgorithm, ApiKeyState, ApiKeys, VerifiedRequest};

use super::{World, email};
use crate::*;

fn server() -> TrustedServer {
    let now = clavis_kernel::Clock::now(&clavis_kernel::fake::FakeClock::default());
    TrustedServer::of(&VerifiedRequest {
        data: serde_json::Map::new(),
        signers: BTreeSet::from(["applogic".to_owned()]),
        jti: None,
        digest: TokenDigest::of("payload"),
        expires_at: now,
    })
}

fn wanted(owner: &Account) -> WantedService {
    WantedService {
        owner: owner.uid.clone(),
        uid: None,
        address: None,
        role: "service_account".parse().unwrap(),
    }
}

const EVERYTHING: Slice = Slice {
    offset: 0,
    limit: 1000,
};

impl World {
    fn owner(&self, address: &str) -> (Account, TotpSecret) {
        let account = self.sign_up(address);
        let secret = self.enable(&account);
        (account, secret)
    }

    fn made(&self, wanted: &WantedService) -> Result<OwnedService, ServerServiceError> {
        self.flows().make_service_for_server(&server(), wanted).unwrap()
    }

    fn change(&self, uid: &Uid, change: &ServiceChange) -> Result<OwnedService, ServerServiceError> {
        self.flows()
            .change_service_for_server(&server(), uid, change)
            .unwrap()
    }

    /// A pass for the keys of somebody's service account.
    fn service_pass(
        &self,
        (account, secret): &(Account, TotpSecret),
        uid: &str,
    ) -> Result<ApiKeyPass, UnknownService> {
        let code = self.code(secret, 0);
        let errand = ApiKeyErrand::Create;
        let pass = self
            .flows()
            .ask_to_change_api_keys(account.id, Some(&code), errand);
        self.clock.advance(Duration::seconds(30));
        self.flows()
            .pass_for_service(&pass.unwrap().unwrap(), uid)
            .unwrap()
    }

    fn service_key(&self, owner: &(Account, TotpSecret), service: &OwnedService) -> clavis_tokens::ApiKey {
        let pass = self.service_pass(owner, service.service.uid.as_str()).unwrap();
        self.flows()
            .create_api_key(pass, &request())
            .unwrap()
            .unwrap()
            .key
    }

    fn key_verdict(&self, key: &clavis_tokens::ApiKey) -> Result<(), KeyRefusal> {
        self.flows().key_holder(&key.kid).unwrap().unwrap().check()
    }
}

fn request() -> ApiKeyRequest {
    ApiKeyRequest {
        algorithm: Some(ApiKeyAlgorithm::Hs256),
        scope: None,
    }
}

#[test]
fn a_service_account_is_given_a_uid_and_an_address_that_no_mail_reaches() {
    let world = World::asking();
    let (ann, _) = world.owner("ann@example.org");
    let made = world.made(&wanted(&ann)).unwrap();
    let uid = made.service.uid.as_str();
    assert!(uid.starts_with("SI") && uid.len() == 12, "{uid}");
    assert_eq!(
        made.service.address.as_str(),
        format!("{}@service.invalid", uid.to_lowercase())
    );
    assert_eq!(made.service.owner, ann.id);
    assert_eq!(made.state_name(), "active");
    let trail = world.actions(&ann);
    assert!(trail.contains(&(AuditAction::CreateServiceAccount, AuditResult::Succeeded)));
    assert!(trail.contains(&(AuditAction::ObeyServer, AuditResult::Succeeded)));
}

#[test]
fn nobody_has_a_service_accounts_uid_or_address_but_it() {
    let world = World::asking();
    let (ann, _) = world.owner("ann@example.org");
    let taken = |uid: Option<&str>, address: Option<&str>| {
        let wanted = WantedService {
            uid: uid.map(|uid| uid.parse().unwrap()),
            address: address.map(email),
            ..wanted(&ann)
        };
        world.made(&wanted).err()
    };
    assert_eq!(taken(Some("bot1"), Some("bot@example.org")), None);
    let refused = Some(ServerServiceError::Taken);
    assert_eq!(taken(Some("bot1"), None), refused);
    assert_eq!(taken(None, Some("BOT@example.org")), refused);
    assert_eq!(taken(Some(ann.uid.as_str()), None), refused, "a person's uid");
    assert_eq!(
        taken(Some("ID0123456789"), None),
        refused,
        "a uid that a person may be given one day"
    );
    assert_eq!(
        taken(None, Some("ann@example.org")),
        refused,
        "a person's address"
    );
}

#[test]
fn servers_give_programs_no_authority() {
    let world = World::asking();
    let (ann, _) = world.owner("ann@example.org");
    let with = |role: &str| {
        let role = role.parse().unwrap();
        world.made(&WantedService { role, ..wanted(&ann) }).err()
    };
    assert_eq!(with("maker"), None);
    assert_eq!(with("sa_maker"), None);
    assert_eq!(with("nobody"), Some(ServerServiceError::UnknownRole));
    for role in ["admin", "superadmin", "support"] {
        assert_eq!(with(role), Some(ServerServiceError::Authority), "{role}");
    }
    let uid = world.made(&wanted(&ann)).unwrap().service.uid;
    let change = ServiceChange {
        role: Some("admin".parse().unwrap()),
        ..ServiceChange::default()
    };
    assert_eq!(
        world.change(&uid, &change).err(),
        Some(ServerServiceError::Authority)
    );
}

#[test]
fn an_owner_is_somebody_who_is_there_and_has_not_too_many() {
    let world = World::asking();
    let (ann, _) = world.owner("ann@example.org");
    let (bob, _) = world.owner("bob@example.org");
    let uid = world.made(&wanted(&bob)).unwrap().service.uid;
    for _ in 0..MAX_SERVICE_ACCOUNTS {
        world.made(&wanted(&ann)).unwrap();
    }
    assert_eq!(world.made(&wanted(&ann)).err(), Some(ServerServiceError::TooMany));
    let to = |owner: &Account| ServiceChange {
        owner: Some(owner.uid.clone()),
        ..ServiceChange::default()
    };
    assert_eq!(
        world.change(&uid, &to(&ann)).err(),
        Some(ServerServiceError::TooMany)
    );
    world.set_state(&ann, AccountState::Deleted);
    assert_eq!(
        world.made(&wanted(&ann)).err(),
        Some(ServerServiceError::UnknownOwner)
    );
    assert_eq!(
        world.change(&uid, &to(&ann)).err(),
        Some(ServerServiceError::UnknownOwner)
    );
    let nobody: Uid = "SI0000000000".parse().unwrap();
    assert_eq!(
        world.change(&nobody, &to(&bob)).err(),
        Some(ServerServiceError::Unknown)
    );
}

#[test]
fn only_its_owner_makes_keys_for_a_service_account() {
    let world = World::asking();
    let (ann, bob) = (world.owner("ann@example.org"), world.owner("bob@example.org"));
    let service = world.made(&wanted(&ann.0)).unwrap();
    let uid = service.service.uid.as_str();
    assert_eq!(world.service_pass(&bob, uid).map(drop), Err(UnknownService));
    assert_eq!(world.service_pass(&ann, "no uid").map(drop), Err(UnknownService));
    let key = world.service_key(&ann, &service);
    let flows = world.flows();
    let own = flows
        .api_keys(clavis_tokens::ApiKeyHolder::account(ann.0.id), EVERYTHING)
        .unwrap();
    assert_eq!(own.total, 0, "it is not the owner's own");
    let of_service = flows.service_keys(ann.0.id, uid, EVERYTHING).unwrap().unwrap();
    assert_eq!(of_service.items[0].kid, key.kid);
    let of_another = flows.service_keys(bob.0.id, uid, EVERYTHING).unwrap();
    assert_eq!(of_another.err(), Some(UnknownService));
    let listed = flows
        .own_services(flows.person(ann.0.id).unwrap().unwrap(), EVERYTHING)
        .unwrap();
    assert_eq!((listed.total, listed.items[0].service.uid.as_str()), (1, uid));
}

#[test]
fn a_key_of_a_service_account_signs_without_its_owners_second_factor_but_not_without_its_owner() {
    let world = World::asking();
    let ann = world.owner("ann@example.org");
    let service = world.made(&wanted(&ann.0)).unwrap();
    let key = world.service_key(&ann, &service);
    let holder = world.flows().key_holder(&key.kid).unwrap().unwrap();
    assert_eq!(holder.service, Some(service.service.clone()));
    assert_eq!(holder.owner.account().id, ann.0.id);
    assert_eq!(world.key_verdict(&key), Ok(()));
    let code = world.code(&ann.1, 0);
    world
        .flows()
        .disable_second_factor(ann.0.id, &code)
        .unwrap()
        .unwrap();
    assert_eq!(world.key_verdict(&key), Ok(()));
    world.set_state(&ann.0, AccountState::Locked);
    assert_eq!(world.key_verdict(&key), Err(KeyRefusal::AccountNotActive));
}

#[test]
fn an_owner_who_is_banned_takes_the_keys_of_service_accounts_along() {
    let world = World::asking();
    let ann = world.owner("ann@example.org");
    let service = world.made(&wanted(&ann.0)).unwrap();
    let key = world.service_key(&ann, &service);
    world
        .flows()
        .change_state(&ann.0, AccountState::Banned, None)
        .unwrap();
    let kept = ApiKeys::find(&world.ports, &key.kid).unwrap().unwrap();
    assert_eq!(kept.state, ApiKeyState::inactive());
    let shown = world
        .flows()
        .service_for_server(&server(), &ServiceSelector::Uid(service.service.uid))
        .unwrap()
        .unwrap();
    assert_eq!(shown.state_name(), "banned");
}

#[test]
fn a_disabled_service_account_signs_no_more_and_its_keys_stay_out_of_use() {
    let world = World::asking();
    let ann = world.owner("ann@example.org");
    let service = world.made(&wanted(&ann.0)).unwrap();
    let (uid, key) = (service.service.uid.clone(), world.service_key(&ann, &service));
    let to = |state| ServiceChange {
        state: Some(state),
        ..ServiceChange::default()
    };
    let disabled = world.change(&uid, &to(ServiceState::Disabled)).unwrap();
    assert_eq!(disabled.state_name(), "disabled");
    assert_eq!(world.key_verdict(&key), Err(KeyRefusal::KeyNotActive));
    let new = world.service_key(&ann, &service);
    assert_eq!(world.key_verdict(&new), Err(KeyRefusal::AccountNotActive));
    world.change(&uid, &to(ServiceState::Active)).unwrap();
    assert_eq!(world.key_verdict(&new), Ok(()));
    assert_eq!(world.key_verdict(&key), Err(KeyRefusal::KeyNotActive));
}

#[test]
fn the_keys_of_a_former_owner_sign_no_more() {
    let world = World::asking();
    let (ann, bob) = (world.owner("ann@example.org"), world.owner("bob@example.org"));
    let service = world.made(&wanted(&ann.0)).unwrap();
    let (uid, key) = (service.service.uid.clone(), world.service_key(&ann, &service));
    let change = ServiceChange {
        owner: Some(bob.0.uid.clone()),
        ..ServiceChange::default()
    };
    assert_eq!(world.change(&uid, &change).unwrap().service.owner, bob.0.id);
    assert_eq!(world.key_verdict(&key), Err(KeyRefusal::KeyNotActive));
    assert_eq!(
        world.service_pass(&ann, uid.as_str()).map(drop),
        Err(UnknownService)
    );
    assert!(world.service_pass(&bob, uid.as_str()).is_ok());
    for person in [&ann.0, &bob.0] {
        let trail = world.actions(person);
        assert!(trail.contains(&(AuditAction::UpdateServiceAccount, AuditResult::Succeeded)));
    }
}

#[test]
fn servers_write_keys_only_where_the_operator_lets_them() {
    let world = World::asking();
    let ann = world.owner("ann@example.org");
    let service = world.made(&wanted(&ann.0)).unwrap().service.uid;
    let pass = |uid: &str, of_accounts, of_services| {
        let policy = ServerKeyPolicy {
            of_accounts,
            of_services,
        };
        let pass = world
            .flows()
            .pass_for_server(&server(), &uid.parse().unwrap(), policy);
        pass.unwrap().map(drop)
    };
    let (ann, bot) = (ann.0.uid.as_str(), service.as_str());
    assert_eq!(pass(ann, false, false), Err(ServerKeyError::Disabled));
    assert_eq!(pass(bot, false, false), Err(ServerKeyError::Disabled));
    assert_eq!(pass("nobody", false, false), Err(ServerKeyError::Disabled));
    assert_eq!(pass(ann, false, true), Err(ServerKeyError::Disabled));
    assert_eq!(pass(bot, true, false), Err(ServerKeyError::Disabled));
    assert_eq!(pass(ann, true, false), Ok(()));
    assert_eq!(pass(bot, false, true), Ok(()));
    assert_eq!(pass("nobody", true, true), Err(ServerKeyError::UnknownAccount));
    assert_eq!(
        pass("SI0000000000", true, true),
        Err(ServerKeyError::UnknownService)
    );
}

#[test]
fn service_accounts_are_listed_by_owner_or_all() {
    let world = World::asking();
    let (ann, _) = world.owner("ann@example.org");
    let (bob, _) = world.owner("bob@example.org");
    for owner in [&ann, &bob, &ann] {
        world.made(&wanted(owner)).unwrap();
    }
    let list = |owner: Option<PersonSelector>| {
        let flows = world.flows();
        let page = flows.services_for_server(&server(), owner.as_ref(), EVERYTHING);
        page.unwrap().map(|page| {
            let owners = page.items.iter().map(|owned| owned.owner.address());
            (owners.collect::<Vec<_>>(), page.total)
        })
    };
    let (a, b) = ("ann@example.org".to_owned(), "bob@example.org".to_owned());
    assert_eq!(list(None), Some((vec![a.clone(), b.clone(), a], 3)));
    assert_eq!(list(Some(PersonSelector::Uid(bob.uid))), Some((vec![b], 1)));
    assert_eq!(
        list(Some(PersonSelector::Address(email("nobody@example.org")))),
        None
    );
}
