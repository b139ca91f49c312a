use chrono::Duration;
use clavis_identity::{Account, AccountState, SecondFactors as _, TotpSecret};
use clavis_tokens::{ApiKeyAlgorithm, ApiKeyHolder, ApiKeys};

use super::World;
use crate::*;

impl World {
    /// Somebody with a second factor in force.
    fn careful(&self, address: &str) -> (Account, TotpSecret) {
        let account = self.sign_up(address);
        let secret = self.enable(&account);
        (account, secret)
    }

    /// A pass, by a code of the present step; afterwards it is the next one's turn.
    fn pass(&self, (account, secret): &(Account, TotpSecret), errand: ApiKeyErrand) -> ApiKeyPass {
        let code = self.code(secret, 0);
        let pass = self
            .flows()
            .ask_to_change_api_keys(account.id, Some(&code), errand);
        self.clock.advance(Duration::seconds(30));
        pass.unwrap().unwrap()
    }

    fn make(
        &self,
        owner: &(Account, TotpSecret),
        request: &ApiKeyRequest,
    ) -> Result<MadeApiKey, CreateApiKeyError> {
        let pass = self.pass(owner, ApiKeyErrand::Create);
        self.flows().create_api_key(pass, request).unwrap()
    }

    fn update(
        &self,
        owner: &(Account, TotpSecret),
        kid: &str,
        scope: Option<&str>,
        state: Option<&str>,
    ) -> Result<clavis_tokens::ApiKey, UpdateApiKeyError> {
        let pass = self.pass(owner, ApiKeyErrand::Update);
        let change = ApiKeyChange {
            scope: scope.map(str::to_owned),
            state: state.map(str::to_owned),
        };
        self.flows().update_api_key(pass, kid, &change).unwrap()
    }
}

fn wanted(scope: Option<&str>) -> ApiKeyRequest {
    ApiKeyRequest {
        algorithm: Some(ApiKeyAlgorithm::Hs256),
        scope: scope.map(str::to_owned),
    }
}

#[test]
fn the_gate_asks_in_its_order() {
    let world = World::asking();
    let account = world.sign_up("ann@example.org");
    let ask = |code: Option<&clavis_kernel::Secret>| {
        let change = world
            .flows()
            .ask_to_change_api_keys(account.id, code, ApiKeyErrand::Create)
            .unwrap()
            .map(drop);
        let read = world.flows().ask_to_read_api_keys(account.id, code).unwrap();
        (change, read)
    };
    let both = |refusal| (Err(refusal), Err(refusal));
    assert_eq!(ask(None), both(ApiKeyGateError::NoSecondFactor));
    let secret = world.enable(&account);
    assert_eq!(ask(None), both(ApiKeyGateError::CodeMissing));
    let wrong = world.code(&secret, 9);
    assert_eq!(ask(Some(&wrong)), both(ApiKeyGateError::Code(CodeError::Wrong)));
    let code = world.code(&secret, 0);
    let replayed = Err(ApiKeyGateError::Code(CodeError::Replayed));
    assert_eq!(ask(Some(&code)), (Ok(()), replayed), "one code, one errand");
}

#[test]
fn recovery_codes_are_no_codes_at_the_gate() {
    let world = World::asking();
    let (account, secret) = world.careful("ann@example.org");
    let code = world.code(&secret, 0);
    let codes = world
        .flows()
        .create_recovery_codes(account.id, &code)
        .unwrap()
        .unwrap();
    let recovery = codes[0].as_secret();
    assert_eq!(
        world
            .flows()
            .ask_to_read_api_keys(account.id, Some(recovery))
            .unwrap(),
        Err(ApiKeyGateError::Code(CodeError::Wrong))
    );
    assert_eq!(world.ports.count_recovery_codes(account.id).unwrap(), 10);
}

#[test]
fn who_may_change_nothing_reads_only() {
    let world = World::asking();
    let (account, secret) = world.careful("ann@example.org");
    world.set_state(&account, AccountState::Locked);
    let code = world.code(&secret, 0);
    let change = world
        .flows()
        .ask_to_change_api_keys(account.id, Some(&code), ApiKeyErrand::Create)
        .unwrap();
    assert_eq!(change.map(drop), Err(ApiKeyGateError::AccountClosed));
    assert_eq!(
        world
            .flows()
            .ask_to_read_api_keys(account.id, Some(&code))
            .unwrap(),
        Ok(()),
        "and the code was not used up"
    );
}

#[test]
fn a_new_key_signs_and_its_secret_is_kept_sealed() {
    let world = World::asking();
    let owner = world.careful("ann@example.org");
    let made = world.make(&owner, &wanted(Some("trade,, withdraw,"))).unwrap();
    assert!(made.key.state.is_active());
    assert_eq!(made.key.scopes.as_slice(), ["trade", "", " withdraw"]);
    let found = world
        .flows()
        .api_keys(ApiKeyHolder::account(owner.0.id), EVERYTHING)
        .unwrap();
    assert_eq!(found.total, 1);
    let kept = &found.items[0];
    assert_eq!(kept.kid, made.key.kid);
    assert!(
        !kept
            .sealed_secret
            .windows(32)
            .any(|part| part == made.secret.expose().as_bytes())
    );
    let opened = kept.open_secret(&world.keys.master).unwrap();
    assert_eq!(opened.expose(), made.secret.expose());
    assert_eq!(
        world.make(&owner, &wanted(None)).unwrap().key.scopes.as_slice(),
        [""; 0]
    );
}

const EVERYTHING: Slice = Slice {
    offset: 0,
    limit: 1000,
};

#[test]
fn every_rule_that_a_new_key_breaks_is_told() {
    let world = World::asking();
    let owner = world.careful("ann@example.org");
    let too_many = vec!["x"; 65].join(",");
    let request = ApiKeyRequest {
        algorithm: None,
        scope: Some(too_many),
    };
    let refused = world.make(&owner, &request).err();
    let scope = ApiKeyViolation::Scope(clavis_tokens::ApiKeyScopesError::TooLong);
    assert_eq!(
        refused,
        Some(CreateApiKeyError::Invalid(vec![
            ApiKeyViolation::Algorithm,
            scope
        ]))
    );
    assert_eq!(
        world
            .flows()
            .api_keys(ApiKeyHolder::account(owner.0.id), EVERYTHING)
            .unwrap()
            .total,
        0
    );
}

#[test]
fn an_account_has_at_most_a_hundred_keys() {
    let world = World::asking();
    let (ann, bob) = (world.careful("ann@example.org"), world.careful("bob@example.org"));
    for _ in 0..MAX_API_KEYS {
        world.make(&ann, &wanted(None)).unwrap();
    }
    assert_eq!(
        world.make(&ann, &wanted(None)).err(),
        Some(CreateApiKeyError::TooMany)
    );
    let page = Slice {
        offset: 98,
        limit: 10,
    };
    let last = world
        .flows()
        .api_keys(ApiKeyHolder::account(ann.0.id), page)
        .unwrap();
    assert_eq!((last.items.len(), last.total), (2, MAX_API_KEYS));
    let pass = world.pass(&ann, ApiKeyErrand::Remove);
    let kid = last.items[0].kid.as_str();
    assert_eq!(world.flows().remove_api_key(pass, kid).unwrap(), Ok(()));
    assert!(world.make(&ann, &wanted(None)).is_ok(), "there is room again");
    assert!(
        world.make(&bob, &wanted(None)).is_ok(),
        "others have room of their own"
    );
}

#[test]
fn a_change_always_sets_the_scopes_and_the_state_if_one_is_given() {
    let world = World::asking();
    let owner = world.careful("ann@example.org");
    let made = world.make(&owner, &wanted(Some("trade"))).unwrap();
    let kid = made.key.kid.as_str();
    let kept = || {
        let keys = world
            .flows()
            .api_keys(ApiKeyHolder::account(owner.0.id), EVERYTHING)
            .unwrap();
        let key = keys.items.into_iter().next().unwrap();
        (
            key.scopes.to_text(),
            key.state.as_str().to_owned(),
            key.updated_at,
        )
    };
    let changed = world.update(&owner, kid, Some("read,trade"), None).unwrap();
    assert_eq!(changed.scopes.to_text(), "read,trade");
    assert_eq!(
        kept(),
        ("read,trade".to_owned(), "active".to_owned(), changed.updated_at)
    );
    assert!(changed.updated_at > made.key.updated_at);
    assert_eq!(changed.created_at, made.key.created_at);
    let changed = world.update(&owner, kid, None, Some("inactive")).unwrap();
    assert!(!changed.state.is_active());
    assert_eq!((kept().0.as_str(), kept().1.as_str()), ("", "inactive"));
    let changed = world.update(&owner, kid, None, Some(" any text ")).unwrap();
    assert_eq!(changed.state.as_str(), " any text ");
    let long = "x".repeat(256);
    let state = ApiKeyViolation::State(clavis_tokens::ApiKeyStateError::TooLong);
    assert_eq!(
        world.update(&owner, kid, None, Some(&long)).err(),
        Some(UpdateApiKeyError::Invalid(vec![state]))
    );
}

#[test]
fn a_key_of_somebody_else_is_as_good_as_none() {
    let world = World::asking();
    let (ann, bob) = (world.careful("ann@example.org"), world.careful("bob@example.org"));
    let of_ann = world.make(&ann, &wanted(Some("trade"))).unwrap().key.kid;
    for kid in [of_ann.as_str(), "0123456789abcdef", "", "no kid", "\u{e9}"] {
        let updated = world.update(&bob, kid, None, Some("inactive"));
        assert_eq!(updated.err(), Some(UpdateApiKeyError::Unknown), "{kid}");
        let pass = world.pass(&bob, ApiKeyErrand::Remove);
        assert_eq!(
            world.flows().remove_api_key(pass, kid).unwrap(),
            Err(RemoveApiKeyError::Unknown),
            "{kid}"
        );
    }
    let untouched = ApiKeys::find(&world.ports, &of_ann).unwrap().unwrap();
    assert!(untouched.state.is_active());
    assert_eq!(untouched.scopes.to_text(), "trade");
}

#[test]
fn the_trail_tells_which_key() {
    let world = World::asking();
    let owner = world.careful("ann@example.org");
    let kid = world.make(&owner, &wanted(None)).unwrap().key.kid;
    world
        .update(&owner, kid.as_str(), None, Some("inactive"))
        .unwrap();
    let pass = world.pass(&owner, ApiKeyErrand::Remove);
    world.flows().remove_api_key(pass, kid.as_str()).unwrap().unwrap();
    let wrong = world.code(&owner.1, 9);
    let _ = world
        .flows()
        .ask_to_read_api_keys(owner.0.id, Some(&wrong))
        .unwrap();
    let latest = world.ports.latest(owner.0.id, 4).unwrap();
    let trail: Vec<_> = latest
        .iter()
        .map(|entry| (entry.action, entry.detail.as_deref()))
        .collect();
    assert_eq!(
        trail,
        [
            (AuditAction::ReadApiKeys, None),
            (AuditAction::RemoveApiKey, Some(kid.as_str())),
            (AuditAction::UpdateApiKey, Some(kid.as_str())),
            (AuditAction::CreateApiKey, Some(kid.as_str())),
        ]
    );
}

#[test]
fn keys_sign_no_more_without_the_second_factor_and_stay_so() {
    let world = World::asking();
    let owner = world.careful("ann@example.org");
    let kid = world.make(&owner, &wanted(None)).unwrap().key.kid;
    let code = world.code(&owner.1, 0);
    world
        .flows()
        .disable_second_factor(owner.0.id, &code)
        .unwrap()
        .unwrap();
    let signs = || {
        ApiKeys::find(&world.ports, &kid)
            .unwrap()
            .unwrap()
            .state
            .is_active()
    };
    assert!(!signs());
    world.clock.advance(Duration::minutes(1));
    let secret = world.enable(&owner.0);
    assert!(!signs(), "a new factor wakes no old key");
    let owner = (owner.0, secret);
    world.update(&owner, kid.as_str(), None, Some("active")).unwrap();
    assert!(signs());
}
