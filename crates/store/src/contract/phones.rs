use clavis_kernel::PhoneId;
use clavis_kyc::{Phone, Phones};

use super::samples::{account_id, at, digest, make_account, phone, phone_code, phone_key};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_phone_reads_back_as_it_was_added,
    an_account_adds_a_number_once,
    phones_come_in_the_order_they_were_added,
    a_new_code_replaces_the_one_before,
    a_code_is_spent_once,
    a_code_is_good_for_so_long_and_so_many_tries,
    wrong_tries_are_counted_while_there_is_a_code,
    one_phone_holds_a_verified_number,
    a_removed_phone_holds_nothing,
);

/// Accounts 1 and 2, each with the phone of number 1.
async fn two_with_one_number(store: &AnyStore) -> [PhoneId; 2] {
    store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            let ann = Phones::insert(on, &phone(1, 1), at(0))?.unwrap().id;
            let bea = Phones::insert(on, &phone(1, 2), at(0))?.unwrap().id;
            Ok([ann, bea])
        })
        .await
}

async fn found(store: &AnyStore, number: u8, account: u32) -> Option<Phone> {
    store
        .read(move |on| Phones::find(on, account_id(account), &phone_key(number)))
        .await
}

async fn a_phone_reads_back_as_it_was_added(store: AnyStore) {
    let made = store
        .write(|on| {
            make_account(on, 1)?;
            let mut bare = phone(2, 1);
            bare.code = None;
            Phones::insert(on, &bare, at(3))?;
            Phones::insert(on, &phone(1, 1), at(4))
        })
        .await;
    let new = phone(1, 1);
    for phone in [made.unwrap(), found(&store, 1, 1).await.unwrap()] {
        assert_eq!((phone.account, phone.key), (account_id(1), phone_key(1)));
        assert_eq!(
            (&phone.sealed_number, &*phone.country),
            (&new.sealed_number, "UA")
        );
        assert_eq!((&phone.code, phone.validated_at), (&new.code, None));
        assert_eq!((phone.created_at, phone.updated_at), (at(4), at(4)));
    }
    assert_eq!(found(&store, 2, 1).await.unwrap().code, None);
    assert!(found(&store, 1, 2).await.is_none());
    assert!(found(&store, 3, 1).await.is_none());
}

async fn an_account_adds_a_number_once(store: AnyStore) {
    two_with_one_number(&store).await;
    let again = store.write(|on| Phones::insert(on, &phone(1, 1), at(9))).await;
    assert!(again.is_none());
    assert_eq!(found(&store, 1, 1).await.unwrap().created_at, at(0));
}

async fn phones_come_in_the_order_they_were_added(store: AnyStore) {
    store
        .write(|on| {
            for account in 1..=3 {
                make_account(on, account)?;
            }
            for (number, account) in [(9, 2), (5, 1), (1, 2), (7, 3)] {
                Phones::insert(on, &phone(number, account), at(0))?;
            }
            Ok(())
        })
        .await;
    let keys = |phones: Vec<Phone>| phones.into_iter().map(|phone| phone.key).collect::<Vec<_>>();
    let of_two = store
        .read(|on| Phones::of_accounts(on, &[1, 2, 9].map(account_id)))
        .await;
    assert_eq!(keys(of_two), [9, 5, 1].map(phone_key));
    let of_one = store.read(|on| Phones::of_account(on, account_id(2))).await;
    assert_eq!(keys(of_one), [9, 1].map(phone_key));
}

async fn a_new_code_replaces_the_one_before(store: AnyStore) {
    let [ann, _] = two_with_one_number(&store).await;
    let (put, spent) = store
        .write(move |on| {
            on.count_wrong_try(ann)?;
            let mut code = phone_code(7);
            code.sent_at = at(50);
            let put = on.put_code(ann, &code, at(51))?;
            Ok((put, on.spend_code(ann, &digest(1), at(-1), 9)?))
        })
        .await;
    assert!(put && !spent);
    let phone = found(&store, 1, 1).await.unwrap();
    let code = phone.code.unwrap();
    assert_eq!(
        (code.digest, code.sent_at, code.wrong_tries),
        (digest(7), at(50), 0)
    );
    assert_eq!((phone.created_at, phone.updated_at), (at(0), at(51)));
    let refused = store
        .write(move |on| {
            Phones::verify(on, ann, &phone_key(1), at(60))?;
            Ok([
                on.put_code(ann, &phone_code(8), at(61))?,
                on.put_code(PhoneId(i64::MAX), &phone_code(8), at(61))?,
            ])
        })
        .await;
    assert_eq!(refused, [false, false]);
}

async fn a_code_is_spent_once(store: AnyStore) {
    let [ann, bea] = two_with_one_number(&store).await;
    let spent = store
        .write(move |on| {
            Ok([
                on.spend_code(ann, &digest(9), at(-1), 3)?,
                on.spend_code(PhoneId(i64::MAX), &digest(1), at(-1), 3)?,
                on.spend_code(ann, &digest(1), at(-1), 3)?,
                on.spend_code(ann, &digest(1), at(-1), 3)?,
                // Of another phone, although of the same number.
                on.spend_code(bea, &digest(1), at(-1), 3)?,
            ])
        })
        .await;
    assert_eq!(spent, [false, false, true, false, true]);
    assert_eq!(found(&store, 1, 1).await.unwrap().code, None);
}

async fn a_code_is_good_for_so_long_and_so_many_tries(store: AnyStore) {
    let [ann, _] = two_with_one_number(&store).await;
    let spent = store
        .write(move |on| {
            let too_old = on.spend_code(ann, &digest(1), at(0), 3)?;
            on.count_wrong_try(ann)?;
            on.count_wrong_try(ann)?;
            let too_many = on.spend_code(ann, &digest(1), at(-1), 2)?;
            Ok([too_old, too_many, on.spend_code(ann, &digest(1), at(-1), 3)?])
        })
        .await;
    assert_eq!(spent, [false, false, true]);
}

async fn wrong_tries_are_counted_while_there_is_a_code(store: AnyStore) {
    let [ann, bea] = two_with_one_number(&store).await;
    store
        .write(move |on| {
            on.count_wrong_try(ann)?;
            on.count_wrong_try(ann)?;
            on.spend_code(bea, &digest(1), at(-1), 3)?;
            on.count_wrong_try(bea)?;
            on.count_wrong_try(PhoneId(i64::MAX))
        })
        .await;
    assert_eq!(found(&store, 1, 1).await.unwrap().code.unwrap().wrong_tries, 2);
    assert_eq!(found(&store, 1, 2).await.unwrap().code, None);
}

async fn one_phone_holds_a_verified_number(store: AnyStore) {
    let [ann, bea] = two_with_one_number(&store).await;
    let key = phone_key(1);
    let verified = store
        .write(move |on| {
            assert_eq!(on.verified_holder(&key)?, None);
            Ok([
                // Not a phone of this number, and no phone at all.
                Phones::verify(on, ann, &phone_key(2), at(4))?,
                Phones::verify(on, PhoneId(i64::MAX), &key, at(4))?,
                Phones::verify(on, ann, &key, at(5))?,
                Phones::verify(on, bea, &key, at(6))?,
                Phones::verify(on, ann, &key, at(7))?,
            ])
        })
        .await;
    assert_eq!(verified, [false, false, true, false, true]);
    let holders = store
        .read(move |on| Ok([on.verified_holder(&key)?, on.verified_holder(&phone_key(2))?]))
        .await;
    assert_eq!(holders, [Some(account_id(1)), None]);
    let phone = found(&store, 1, 1).await.unwrap();
    assert_eq!((phone.validated_at, phone.updated_at), (Some(at(7)), at(7)));
    let phone = found(&store, 1, 2).await.unwrap();
    assert_eq!((phone.validated_at, phone.updated_at), (None, at(0)));
}

async fn a_removed_phone_holds_nothing(store: AnyStore) {
    let [ann, bea] = two_with_one_number(&store).await;
    let key = phone_key(1);
    let removed = store
        .write(move |on| {
            Phones::verify(on, ann, &key, at(5))?;
            // Who holds nothing takes nothing along.
            let removed = [Phones::remove(on, bea)?, Phones::remove(on, bea)?];
            assert_eq!(on.verified_holder(&key)?, Some(account_id(1)));
            Phones::remove(on, ann)?;
            assert_eq!(on.verified_holder(&key)?, None);
            Ok(removed)
        })
        .await;
    assert_eq!(removed, [true, false]);
    let verified = store
        .write(move |on| {
            let bea = Phones::insert(on, &phone(1, 2), at(8))?.unwrap().id;
            Phones::verify(on, bea, &key, at(9))
        })
        .await;
    assert!(verified);
}
