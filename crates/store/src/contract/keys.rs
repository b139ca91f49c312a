use clavis_kernel::Dialect;
use clavis_tokens::{Algorithm, KeyOwner, SigningKeys};

use super::samples::{at, signing_key};
use super::{AnyStore, on_every_store};

on_every_store!(
    keys_read_back_in_the_order_they_were_made,
    a_kid_is_kept_once,
    a_key_is_retired_at_the_first_moment,
);

async fn keys_read_back_in_the_order_they_were_made(store: AnyStore) {
    store
        .write(|on| {
            SigningKeys::lock(on)?;
            SigningKeys::insert(on, &signing_key("b", 2))?;
            let mut key = signing_key("c", 1);
            key.owner = KeyOwner::OpenId;
            key.algorithm = Algorithm::EdDsa;
            SigningKeys::insert(on, &key)
        })
        .await;
    let keys = store.read(|on| SigningKeys::all(on)).await;
    let kids: Vec<_> = keys.iter().map(|key| &*key.kid).collect();
    assert_eq!(kids, ["c", "b"]);
    let [first, second] = &keys[..] else { panic!() };
    assert_eq!(
        (first.owner, first.algorithm),
        (KeyOwner::OpenId, Algorithm::EdDsa)
    );
    assert_eq!(
        (second.owner, second.algorithm),
        (KeyOwner::Dialect(Dialect::Pluto), Algorithm::Rs256)
    );
    assert_eq!(second.sealed_private, [1, 0, 255]);
    assert_eq!(
        (second.created_at, second.signs_from, second.retired_at),
        (at(2), at(3), None)
    );
}

async fn a_kid_is_kept_once(store: AnyStore) {
    let kept = store
        .write(|on| {
            let mut other = signing_key("a", 9);
            other.sealed_private = vec![9];
            Ok([
                SigningKeys::insert(on, &signing_key("a", 1))?,
                SigningKeys::insert(on, &other)?,
            ])
        })
        .await;
    assert_eq!(kept, [true, false]);
    let keys = store.read(|on| SigningKeys::all(on)).await;
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].sealed_private, [1, 0, 255]);
}

async fn a_key_is_retired_at_the_first_moment(store: AnyStore) {
    store
        .write(|on| {
            SigningKeys::insert(on, &signing_key("a", 1))?;
            SigningKeys::insert(on, &signing_key("b", 2))?;
            SigningKeys::retire(on, "a", at(5))?;
            SigningKeys::retire(on, "a", at(6))?;
            SigningKeys::retire(on, "no such key", at(6))
        })
        .await;
    let retired: Vec<_> = store
        .read(|on| SigningKeys::all(on))
        .await
        .into_iter()
        .map(|key| key.retired_at)
        .collect();
    assert_eq!(retired, [Some(at(5)), None]);
}
