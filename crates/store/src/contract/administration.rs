use clavis_flows::{Comment, Comments, NewComment, Ports};
use clavis_kernel::{AccessRuleId, CommentId, StoreError};
use clavis_rbac::{AccessRule, AccessRuleContent, AccessRules};

use super::samples::{account_id, at, make_account};
use super::{AnyStore, on_every_store};

on_every_store!(
    a_comment_reads_back_as_it_was_made,
    comments_come_in_the_order_they_were_made,
    a_comment_is_changed_and_removed_by_its_id,
    a_rule_reads_back_as_it_was_made,
    a_rule_is_changed_and_removed_by_its_id,
    whoever_remembers_rules_is_told_when_they_change,
);

fn comment(account: u32, words: &[u8]) -> NewComment {
    NewComment {
        account: account_id(account),
        author: account_id(9),
        sealed: words.to_vec(),
    }
}

fn rule(text: &str) -> AccessRuleContent {
    let mut words = text.split(' ');
    let mut word = || words.next().unwrap();
    AccessRuleContent {
        effect: word().parse().unwrap(),
        role: word().parse().unwrap(),
        verb: word().parse().unwrap(),
        path: word().parse().unwrap(),
        topic: words.next().map(|topic| topic.parse().unwrap()),
    }
}

async fn a_comment_reads_back_as_it_was_made(store: AnyStore) {
    let made = store
        .write(|on| {
            make_account(on, 1)?;
            Comments::insert(on, &comment(1, b"words\0"), at(3))
        })
        .await;
    let id = made.id;
    let expected = Comment {
        id,
        account: account_id(1),
        author: account_id(9),
        sealed: b"words\0".to_vec(),
        created_at: at(3),
        updated_at: at(3),
    };
    assert!(made == expected);
    assert!(store.read(move |on| Comments::find(on, id)).await == Some(expected));
    let unknown = CommentId(i64::MAX);
    assert!(store.read(move |on| Comments::find(on, unknown)).await.is_none());
}

async fn comments_come_in_the_order_they_were_made(store: AnyStore) {
    store
        .write(|on| {
            make_account(on, 1)?;
            make_account(on, 2)?;
            for (account, words) in [(1, b"a"), (2, b"b"), (1, b"c")] {
                Comments::insert(on, &comment(account, words), at(0))?;
            }
            Ok(())
        })
        .await;
    let of_one = store.read(|on| Comments::of_account(on, account_id(1))).await;
    let words: Vec<_> = of_one.into_iter().map(|comment| comment.sealed).collect();
    assert_eq!(words, [b"a", b"c"]);
    assert!(
        store
            .read(|on| Comments::of_account(on, account_id(3)))
            .await
            .is_empty()
    );
}

async fn a_comment_is_changed_and_removed_by_its_id(store: AnyStore) {
    let [first, second] = store
        .write(|on| {
            make_account(on, 1)?;
            let make = |words: &[u8]| Comments::insert(on, &comment(1, words), at(0));
            Ok([make(b"a")?.id, make(b"b")?.id])
        })
        .await;
    let done = store
        .write(move |on| {
            Ok([
                Comments::update(on, first, b"new", at(5))?,
                Comments::update(on, CommentId(i64::MAX), b"new", at(5))?,
                Comments::remove(on, second)?,
                Comments::remove(on, second)?,
            ])
        })
        .await;
    assert_eq!(done, [true, false, true, false]);
    let left = store.read(|on| Comments::of_account(on, account_id(1))).await;
    let [changed] = left.try_into().ok().unwrap();
    assert_eq!(
        (changed.id, changed.sealed.as_slice()),
        (first, b"new".as_slice())
    );
    assert_eq!((changed.created_at, changed.updated_at), (at(0), at(5)));
}

async fn a_rule_reads_back_as_it_was_made(store: AnyStore) {
    let [made, bare] = store
        .write(|on| {
            Ok([
                AccessRules::insert(on, &rule("audit member get /api/orders orders"), at(3))?,
                AccessRules::insert(on, &rule("drop admin all /"), at(4))?,
            ])
        })
        .await;
    let expected = AccessRule {
        id: made.id,
        content: rule("audit member get /api/orders orders"),
        created_at: at(3),
        updated_at: at(3),
    };
    assert_eq!(made, expected);
    assert_eq!(bare.content.topic, None);
    let id = made.id;
    assert_eq!(
        store.read(move |on| AccessRules::find(on, id)).await,
        Some(made.clone())
    );
    assert_eq!(store.read(|on| AccessRules::all(on)).await, [made, bare]);
}

async fn a_rule_is_changed_and_removed_by_its_id(store: AnyStore) {
    let [first, second] = store
        .write(|on| {
            let make = |text| AccessRules::insert(on, &rule(text), at(0));
            Ok([
                make("accept admin all /")?.id,
                make("accept member get /a topic")?.id,
            ])
        })
        .await;
    let done = store
        .write(move |on| {
            let new = rule("drop member post /b");
            Ok([
                AccessRules::update(on, second, &new, at(5))?,
                AccessRules::update(on, AccessRuleId(i64::MAX), &new, at(5))?,
                AccessRules::remove(on, first)?,
                AccessRules::remove(on, first)?,
            ])
        })
        .await;
    assert_eq!(done, [true, false, true, false]);
    let [left] = store.read(|on| AccessRules::all(on)).await.try_into().unwrap();
    assert_eq!((left.id, left.content), (second, rule("drop member post /b")));
    assert_eq!((left.created_at, left.updated_at), (at(0), at(5)));
}

async fn whoever_remembers_rules_is_told_when_they_change(store: AnyStore) {
    type Write = fn(&dyn Ports) -> Result<bool, StoreError>;
    let writes: [(Write, bool); 5] = [
        (
            |on| AccessRules::insert(on, &rule("accept admin all /"), at(0)).map(|_| true),
            true,
        ),
        (
            |on| {
                let first = AccessRules::all(on)?[0].id;
                AccessRules::update(on, first, &rule("drop admin all /"), at(1))
            },
            true,
        ),
        (
            |on| AccessRules::update(on, AccessRuleId(i64::MAX), &rule("drop admin all /"), at(1)),
            false,
        ),
        (|on| AccessRules::remove(on, AccessRules::all(on)?[0].id), true),
        (|on| AccessRules::remove(on, AccessRuleId(i64::MAX)), false),
    ];
    for (nth, (write, changes)) in writes.into_iter().enumerate() {
        let before = store.revocations();
        assert_eq!(store.write(move |on| write(on)).await, changes, "{nth}");
        assert_eq!(store.revocations() != before, changes, "{nth}");
    }
}
