use clavis_identity::ProviderJourneys;

use super::samples::{at, digest};
use super::{AnyStore, on_every_store};

on_every_store!(a_journey_ends_once, those_whose_time_is_over_are_swept);

async fn a_journey_ends_once(store: AnyStore) {
    let ended = store
        .write(|on| {
            Ok([
                ProviderJourneys::end(on, &digest(1), at(600))?,
                ProviderJourneys::end(on, &digest(1), at(600))?,
                ProviderJourneys::end(on, &digest(2), at(600))?,
            ])
        })
        .await;
    assert_eq!(ended, [true, false, true]);
    let again = store
        .write(|on| ProviderJourneys::end(on, &digest(1), at(600)))
        .await;
    assert!(!again, "nor in another transaction");
}

async fn those_whose_time_is_over_are_swept(store: AnyStore) {
    let (swept, again) = store
        .write(|on| {
            for nth in 1..=3 {
                ProviderJourneys::end(on, &digest(nth), at(600))?;
            }
            let swept = [
                on.sweep(at(599), 10)?,
                on.sweep(at(600), 2)?,
                on.sweep(at(600), 2)?,
            ];
            Ok((swept, ProviderJourneys::end(on, &digest(1), at(600))?))
        })
        .await;
    assert_eq!(swept, [0, 2, 1]);
    assert!(again);
}
