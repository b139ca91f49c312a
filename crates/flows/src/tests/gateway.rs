use clavis_identity::AccountState;
use clavis_kernel::fake::FakeEntropy;
use clavis_kernel::{Clock as _, MasterKey};
use clavis_tokens::{
    ApiKeyAlgorithm, ApiKeyHolder, ApiKeyId, ApiKeyScopes, ApiKeySecret, ApiKeyState, ApiKeys, NewApiKey,
};

use super::World;
use crate::*;

impl World {
    fn verdict(&self, kid: &ApiKeyId) -> Option<Result<(), KeyRefusal>> {
        let holder = self.flows().key_holder(kid).unwrap();
        holder.map(|holder| holder.check())
    }
}

#[test]
fn a_key_signs_while_it_is_active_and_its_owner_is_and_has_a_second_factor() {
    let world = World::asking();
    let account = world.sign_up("ann@example.org");
    let entropy = FakeEntropy::default();
    let kid = ApiKeyId::generate(&entropy);
    let key = NewApiKey {
        kid: kid.clone(),
        holder: ApiKeyHolder::account(account.id),
        algorithm: ApiKeyAlgorithm::Hs256,
        scopes: ApiKeyScopes::default(),
        state: ApiKeyState::active(),
        sealed_secret: ApiKeySecret::generate(&entropy).seal(&kid, &MasterKey::generate(&entropy), &entropy),
        created_at: world.clock.now(),
    };
    assert_eq!(world.verdict(&kid), None);
    ApiKeys::insert(&world.ports, &key).unwrap().unwrap();
    assert_eq!(world.verdict(&kid), Some(Err(KeyRefusal::NoSecondFactor)));
    world.enable(&account);
    assert_eq!(world.verdict(&kid), Some(Ok(())));
    for state in [AccountState::Pending, AccountState::Locked, AccountState::Deleted] {
        world.set_state(&account, state);
        assert_eq!(
            world.verdict(&kid),
            Some(Err(KeyRefusal::AccountNotActive)),
            "{state}"
        );
    }
    let (inactive, now) = (ApiKeyState::inactive(), world.clock.now());
    assert!(ApiKeys::update(&world.ports, &kid, &key.scopes, Some(&inactive), now).unwrap());
    assert_eq!(
        world.verdict(&kid),
        Some(Err(KeyRefusal::KeyNotActive)),
        "what its owner did comes first"
    );
}
