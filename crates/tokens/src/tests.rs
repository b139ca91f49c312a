use std::cell::RefCell;
use std::collections::HashMap;

use base64::Engine as _;
use chrono::{DateTime, Duration, Utc};
use clavis_kernel::fake::{FakeClock, FakeEntropy};
use clavis_kernel::{
    AccountId, ApplicationId, Clock as _, Dialect, EntropyExt as _, MasterKey, Purpose, Secret, SessionId,
    StoreError, SubKey, TokenDigest,
};
use uuid::Uuid;

use crate::*;

/// Refresh tokens in a map, a clock to move, and one live token.
struct World {
    tokens: RefCell<HashMap<TokenDigest, RefreshToken>>,
    family_expires_at: DateTime<Utc>,
    clock: FakeClock,
    entropy: FakeEntropy,
    key: SubKey,
    policy: RefreshPolicy,
    client: ClientBinding,
    family: SessionId,
}

impl Default for World {
    fn default() -> Self {
        let (clock, entropy) = (FakeClock::default(), FakeEntropy::default());
        Self {
            tokens: RefCell::default(),
            family_expires_at: clock.now() + Duration::days(365),
            key: MasterKey::generate(&entropy).derive(Purpose::RefreshSuccessor),
            policy: RefreshPolicy {
                spelling: RefreshTokenSpelling::UuidV4,
                lifetime: Duration::days(30),
                reuse_window: Duration::seconds(10),
            },
            client: ClientBinding {
                dialect: Dialect::BackendPlus,
                application: None,
                client: None,
            },
            family: SessionId(entropy.uuid_v4()),
            clock,
            entropy,
        }
    }
}

impl RefreshTokens for World {
    fn find(&self, digest: &TokenDigest) -> Result<Option<RefreshToken>, StoreError> {
        Ok(self.tokens.borrow().get(digest).cloned())
    }

    fn insert(
        &self,
        digest: &TokenDigest,
        family: SessionId,
        scopes: &str,
        issued_at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let token = RefreshToken {
            digest: *digest,
            family,
            account: AccountId(Uuid::nil()),
            client: self.client,
            scopes: scopes.to_owned(),
            issued_at,
            expires_at,
            spent_at: None,
            revoked_at: None,
            family_expires_at: self.family_expires_at,
        };
        self.tokens.borrow_mut().insert(*digest, token);
        Ok(())
    }

    fn spend(&self, digest: &TokenDigest, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut tokens = self.tokens.borrow_mut();
        let unspent = tokens.get_mut(digest).filter(|token| token.spent_at.is_none());
        Ok(unspent.map(|token| token.spent_at = Some(at)).is_some())
    }

    fn revoke_family(&self, _: SessionId, at: DateTime<Utc>) -> Result<bool, StoreError> {
        self.tokens
            .borrow_mut()
            .values_mut()
            .for_each(|token| token.revoked_at = Some(at));
        Ok(true)
    }
}

impl World {
    fn tokens(&self) -> Tokens<'_> {
        Tokens {
            refresh_tokens: self,
            clock: &self.clock,
            entropy: &self.entropy,
            successor_key: &self.key,
            policy: &self.policy,
        }
    }

    fn live_token(&self) -> RefreshTokenSecret {
        self.tokens()
            .begin_family(self.family, "", self.family_expires_at)
            .unwrap()
            .secret
    }

    fn spent_token(&self) -> RefreshTokenSecret {
        let token = self.live_token();
        self.refresh(&token).unwrap();
        self.clock.advance(Duration::seconds(11));
        token
    }

    fn expired_token(&self) -> RefreshTokenSecret {
        let token = self.live_token();
        self.clock.advance(Duration::days(30));
        token
    }

    fn refresh(&self, presented: &RefreshTokenSecret) -> Result<Rotation, RefreshError> {
        let tokens = self.tokens();
        let token = tokens.examine(presented, self.client).unwrap()?;
        tokens.rotate(presented, &token, "").unwrap()
    }
}

#[track_caller]
fn check(token: impl FnOnce(&World) -> RefreshTokenSecret, expected: Result<(), RefreshError>) {
    let world = World::default();
    assert_eq!(world.refresh(&token(&world)).map(drop), expected);
}

#[test]
fn only_a_live_token_is_rotated() {
    check(World::live_token, Ok(()));
    check(World::spent_token, Err(RefreshError::Reused));
    check(World::expired_token, Err(RefreshError::Expired));
    check(
        |_| RefreshTokenSecret::presented("never issued"),
        Err(RefreshError::Unknown),
    );
}

#[test]
fn a_refresh_repeated_inside_the_window_gets_the_same_successor() {
    let world = World::default();
    let token = world.live_token();
    let first = world.refresh(&token).unwrap();
    world.clock.advance(Duration::seconds(9));
    let again = world.refresh(&token).unwrap();
    assert!(again.repeated && !first.repeated);
    assert_eq!(again.successor.secret.expose(), first.successor.secret.expose());
    assert_eq!(world.tokens.borrow().len(), 2, "the repetition stored nothing");
}

#[test]
fn a_replay_after_the_window_ends_the_family() {
    let world = World::default();
    let token = world.live_token();
    let successor = world.refresh(&token).unwrap().successor.secret;
    world.clock.advance(Duration::seconds(10));
    assert_eq!(world.refresh(&token).err(), Some(RefreshError::Reused));
    assert_eq!(world.refresh(&successor).err(), Some(RefreshError::Revoked));
}

#[test]
fn without_a_window_a_replay_is_only_refused() {
    let mut world = World::default();
    world.policy.reuse_window = Duration::zero();
    let token = world.live_token();
    let successor = world.refresh(&token).unwrap().successor.secret;
    assert_eq!(world.refresh(&token).err(), Some(RefreshError::Reused));
    assert!(world.refresh(&successor).is_ok());
}

#[test]
fn another_clients_replay_harms_nobody() {
    let world = World::default();
    let token = world.spent_token();
    let other = ClientBinding {
        dialect: Dialect::Pluto,
        application: Some(ApplicationId(7)),
        client: None,
    };
    assert_eq!(
        world.tokens().examine(&token, other).unwrap().err(),
        Some(RefreshError::WrongClient)
    );
    assert!(
        world
            .tokens
            .borrow()
            .values()
            .all(|token| token.revoked_at.is_none())
    );
}

#[test]
fn a_family_ends_at_its_absolute_end_although_in_use() {
    let mut world = World::default();
    world.family_expires_at = world.clock.now() + Duration::days(40);
    let first = world.live_token();
    world.clock.advance(Duration::days(29));
    let second = world.refresh(&first).unwrap().successor;
    assert_eq!(second.expires_at, world.family_expires_at);
    world.clock.advance(Duration::days(11));
    assert_eq!(world.refresh(&second.secret).err(), Some(RefreshError::Expired));
}

#[test]
fn a_successor_has_its_dialects_spelling() {
    let world = World::default();
    let token = world.live_token();
    let uuid = token.successor(RefreshTokenSpelling::UuidV4, &world.key);
    assert_eq!(Uuid::try_parse(uuid.expose()).unwrap().get_version_num(), 4);
    let hex = token.successor(RefreshTokenSpelling::Hex40, &world.key);
    assert!(
        hex.expose().len() == 40
            && hex
                .expose()
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    );
    let other = MasterKey::generate(&world.entropy).derive(Purpose::RefreshSuccessor);
    assert_ne!(
        token.successor(RefreshTokenSpelling::Hex40, &other).expose(),
        hex.expose()
    );
}

#[test]
fn a_fault_is_not_a_refusal() {
    let world = World::default();
    let mut refresh_tokens = MockRefreshTokens::new();
    refresh_tokens
        .expect_find()
        .return_once(|_| Err(StoreError::new("RefreshTokens::find", "connection lost")));
    let tokens = Tokens {
        refresh_tokens: &refresh_tokens,
        ..world.tokens()
    };
    assert!(tokens.examine(&world.live_token(), world.client).is_err());
}

fn ring(owner_keys: &[(KeyOwner, Algorithm)], shared: &[SharedKey]) -> (KeyRing, DateTime<Utc>) {
    let (clock, entropy) = (FakeClock::default(), FakeEntropy::default());
    let (master, now) = (MasterKey::generate(&entropy), clock.now());
    let records: Vec<_> = owner_keys
        .iter()
        .map(|&(owner, algorithm)| {
            FreshKey::generate(owner, algorithm)
                .unwrap()
                .seal(&master, &entropy, now, now)
        })
        .collect();
    (
        KeyRing::open(&records, shared, &master, &KeyPolicy::default(), now).unwrap(),
        now,
    )
}

const PLUTO: KeyOwner = KeyOwner::Dialect(Dialect::Pluto);
const BACKEND_PLUS: KeyOwner = KeyOwner::Dialect(Dialect::BackendPlus);

#[test]
fn the_key_that_verifies_a_token_tells_who_issued_it() {
    let (ring, now) = ring(&KeyOwner::STANDARD_KEYS, &[]);
    for owner in [PLUTO, BACKEND_PLUS, KeyOwner::OpenId] {
        let token = ring
            .sign(owner, TokenHeader::Pluto, br#"{"sub":3,"exp":1}"#, now)
            .unwrap();
        let signed = ring.verify(&token).unwrap();
        assert_eq!(signed.owner, owner);
        assert_eq!(signed.claims["sub"], 3);
        assert!(!signed.shared_secret);
    }
}

#[test]
fn a_token_is_refused_when_anything_about_it_was_changed() {
    let (ring, now) = ring(
        &[(PLUTO, Algorithm::Rs256), (KeyOwner::OpenId, Algorithm::Es256)],
        &[],
    );
    let token = ring
        .sign(PLUTO, TokenHeader::Typed, br#"{"sub":3}"#, now)
        .unwrap();
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    let b64 = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let kid = ring.kids().next().unwrap().to_owned();
    let check = |token: String, expected| assert_eq!(ring.verify(&token).err(), Some(expected), "{token}");
    check(
        format!("{header}.{}.{signature}", b64(r#"{"sub":1}"#)),
        TokenError::BadSignature,
    );
    check(
        format!("{}.{payload}.", b64(r#"{"alg":"none"}"#)),
        TokenError::UnknownKey,
    );
    check(
        format!(
            "{}.{payload}.",
            b64(&format!(r#"{{"alg":"none","kid":"{kid}"}}"#))
        ),
        TokenError::BadSignature,
    );
    check(
        format!(
            "{}.{payload}.{signature}",
            b64(&format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#))
        ),
        TokenError::BadSignature,
    );
    check(
        format!("{}.{payload}.{signature}", b64(r#"{"alg":"RS256","kid":"x"}"#)),
        TokenError::UnknownKey,
    );
    check(format!("{header}.{payload}"), TokenError::Malformed);
    check(String::new(), TokenError::Malformed);
    check("a.b.c".repeat(10_000), TokenError::Malformed);
}

#[test]
fn the_key_sets_have_public_members_only() {
    let (ring, _) = ring(&KeyOwner::STANDARD_KEYS, &[]);
    let all: serde_json::Value = serde_json::from_str(&ring.jwks().all).unwrap();
    let rsa: serde_json::Value = serde_json::from_str(&ring.jwks().rsa).unwrap();
    assert_eq!(all["keys"].as_array().unwrap().len(), 5);
    assert_eq!(rsa["keys"].as_array().unwrap().len(), 3);
    for key in all["keys"].as_array().unwrap() {
        assert_eq!(key["use"], "sig");
        assert!(key["kid"].is_string() && key["alg"].is_string());
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none());
        }
    }
}

#[test]
fn a_secret_from_the_settings_signs_in_its_owners_place_and_is_not_published() {
    let secret = SharedKey {
        owner: BACKEND_PLUS,
        algorithm: Algorithm::Hs256,
        key: Secret::new("x".repeat(32)),
    };
    let (ring, now) = ring(&[(BACKEND_PLUS, Algorithm::Rs256)], &[secret]);
    assert_eq!(ring.algorithm(BACKEND_PLUS, now), Some(Algorithm::Hs256));
    let signed = ring
        .verify(&ring.sign(BACKEND_PLUS, TokenHeader::Bare, b"{}", now).unwrap())
        .unwrap();
    assert!(signed.shared_secret);
    assert!(!ring.jwks().all.contains("oct"));
}

#[test]
fn a_retired_key_verifies_for_a_while_and_signs_no_more() {
    let (clock, entropy) = (FakeClock::default(), FakeEntropy::default());
    let (master, policy) = (MasterKey::generate(&entropy), KeyPolicy::default());
    let make = || {
        FreshKey::generate(PLUTO, Algorithm::Rs256)
            .unwrap()
            .seal(&master, &entropy, clock.now(), clock.now())
    };
    let mut old = make();
    let open =
        |records: &[SigningKeyRecord]| KeyRing::open(records, &[], &master, &policy, clock.now()).unwrap();
    let token = open(std::slice::from_ref(&old))
        .sign(PLUTO, TokenHeader::Typed, b"{}", clock.now())
        .unwrap();
    clock.advance(Duration::hours(1));
    old.retired_at = Some(clock.now());
    let records = [old, make()];
    let ring = open(&records);
    assert!(ring.verify(&token).is_ok());
    let fresh = ring.sign(PLUTO, TokenHeader::Typed, b"{}", clock.now()).unwrap();
    assert_ne!(fresh.split('.').next(), token.split('.').next());
    clock.advance(policy.retired_verify_for);
    assert_eq!(open(&records).verify(&token).err(), Some(TokenError::UnknownKey));
    assert!(
        KeyRing::open(
            &records,
            &[],
            &MasterKey::generate(&entropy),
            &policy,
            clock.now()
        )
        .is_err()
    );
}
