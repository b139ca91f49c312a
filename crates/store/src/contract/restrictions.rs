use chrono::Duration;
use clavis_flows::Ports;
use clavis_kernel::{RestrictionId, StoreError};
use clavis_rbac::{Restriction, RestrictionChange, RestrictionContent, Restrictions, Whitelink, Whitelinks};

use super::samples::{account_id, at, digest};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_restriction_reads_back_as_it_was_made,
    a_restriction_is_changed_and_removed_by_its_id,
    whoever_remembers_restrictions_is_told_when_they_change,
    a_whitelink_reads_back_and_counts_until_its_end,
    what_links_are_and_let_in_is_swept_when_its_time_is_over,
);

fn rule(text: &str) -> RestrictionContent {
    let mut words = text.split(' ');
    let mut word = || words.next().unwrap();
    let change = RestrictionChange {
        category: Some(word().parse().unwrap()),
        scope: Some(word().parse().unwrap()),
        value: Some(word().to_owned()),
        state: Some(word().parse().unwrap()),
        code: words
            .next()
            .map(|code| code.parse::<i64>().unwrap().try_into().unwrap()),
    };
    RestrictionContent::changed(None, &change).unwrap()
}

fn link(nth: u32, until: i64) -> Whitelink {
    Whitelink {
        digest: digest(nth),
        issued_by: account_id(9),
        issued_at: at(0),
        expires_at: at(until),
    }
}

async fn a_restriction_reads_back_as_it_was_made(store: AnyStore) {
    let texts = [
        "whitelist ip 2001:db8::1 enabled",
        "maintenance all all disabled 503",
        "blacklist ip_subnet 192.0.2.0/24 enabled 455",
        "blocklogin ip 192.0.2.1 enabled",
    ];
    let made = store
        .write(move |on| {
            let mut made = Vec::new();
            for text in texts {
                let until = (made.is_empty()).then(|| at(90));
                made.push(Restrictions::insert(on, &rule(text), until, at(3))?);
            }
            Ok(made)
        })
        .await;
    for (made, text) in made.iter().zip(texts) {
        let expected = Restriction {
            id: made.id,
            content: rule(text),
            expires_at: text.starts_with("whitelist").then(|| at(90)),
            created_at: at(3),
            updated_at: at(3),
        };
        assert_eq!(*made, expected);
        let id = made.id;
        assert_eq!(
            store.read(move |on| Restrictions::find(on, id)).await,
            Some(expected)
        );
    }
    assert_eq!(store.read(|on| Restrictions::all(on)).await, made);
    let unknown = RestrictionId(i64::MAX);
    assert_eq!(store.read(move |on| Restrictions::find(on, unknown)).await, None);
}

async fn a_restriction_is_changed_and_removed_by_its_id(store: AnyStore) {
    let [first, second] = store
        .write(|on| {
            let make = |text| Restrictions::insert(on, &rule(text), None, at(0));
            Ok([
                make("blacklist all all enabled")?.id,
                make("blacklist ip 192.0.2.1 enabled 455")?.id,
            ])
        })
        .await;
    let done = store
        .write(move |on| {
            let new = rule("whitelist ip_subnet 192.0.2.0/24 disabled");
            Ok([
                Restrictions::update(on, second, &new, Some(at(9)), at(5))?,
                Restrictions::update(on, RestrictionId(i64::MAX), &new, None, at(5))?,
                Restrictions::remove(on, first)?,
                Restrictions::remove(on, first)?,
            ])
        })
        .await;
    assert_eq!(done, [true, false, true, false]);
    let [left] = store.read(|on| Restrictions::all(on)).await.try_into().unwrap();
    assert_eq!(left.id, second);
    assert_eq!(left.content, rule("whitelist ip_subnet 192.0.2.0/24 disabled"));
    assert_eq!(
        (left.expires_at, left.created_at, left.updated_at),
        (Some(at(9)), at(0), at(5))
    );
}

async fn whoever_remembers_restrictions_is_told_when_they_change(store: AnyStore) {
    type Write = fn(&dyn Ports) -> Result<bool, StoreError>;
    let writes: [(Write, bool); 5] = [
        (
            |on| Restrictions::insert(on, &rule("blacklist all all enabled"), None, at(0)).map(|_| true),
            true,
        ),
        (
            |on| {
                let first = Restrictions::all(on)?[0].id;
                Restrictions::update(on, first, &rule("blacklist all all disabled"), None, at(1))
            },
            true,
        ),
        (
            |on| {
                let rule = rule("blacklist all all enabled");
                Restrictions::update(on, RestrictionId(i64::MAX), &rule, None, at(1))
            },
            false,
        ),
        (|on| Restrictions::remove(on, Restrictions::all(on)?[0].id), true),
        (|on| Restrictions::remove(on, RestrictionId(i64::MAX)), false),
    ];
    for (nth, (write, changes)) in writes.into_iter().enumerate() {
        let before = store.revocations();
        assert_eq!(store.write(move |on| write(on)).await, changes, "{nth}");
        assert_eq!(store.revocations() != before, changes, "{nth}");
    }
}

async fn a_whitelink_reads_back_and_counts_until_its_end(store: AnyStore) {
    store
        .write(|on| {
            Whitelinks::insert(on, &link(1, 10))?;
            Whitelinks::insert(on, &link(2, 20))
        })
        .await;
    let found = store
        .read(|on| {
            Ok([
                Whitelinks::find(on, &digest(1))?,
                Whitelinks::find(on, &digest(3))?,
            ])
        })
        .await;
    assert_eq!(found, [Some(link(1, 10)), None]);
    for (now, live) in [(9, 2), (10, 1), (19, 1), (20, 0)] {
        assert_eq!(
            store.read(move |on| Whitelinks::count_live(on, at(now))).await,
            live,
            "{now}"
        );
    }
}

async fn what_links_are_and_let_in_is_swept_when_its_time_is_over(store: AnyStore) {
    store
        .write(|on| {
            for nth in 1..=3 {
                Whitelinks::insert(on, &link(nth, nth.into()))?;
                let until = Some(at(i64::from(nth)));
                Restrictions::insert(on, &rule("whitelist ip 192.0.2.1 enabled"), until, at(0))?;
            }
            Restrictions::insert(on, &rule("whitelist all all enabled"), None, at(0)).map(drop)
        })
        .await;
    assert_eq!(store.write(|on| on.sweep(at(2), 1)).await, 2);
    assert_eq!(store.write(|on| on.sweep(at(2), 10)).await, 2);
    let left = store.read(|on| Restrictions::all(on)).await;
    let ends: Vec<_> = left.iter().map(|rule| rule.expires_at).collect();
    assert_eq!(ends, [Some(at(3)), None]);
    assert_eq!(store.read(|on| Whitelinks::count_live(on, at(0))).await, 1);
    let much_later = at(0) + Duration::days(9999);
    assert_eq!(store.write(move |on| on.sweep(much_later, 10)).await, 2);
}
