use clavis_identity::{Account, AccountState, Assurance};
use clavis_kernel::{Dialect, DocumentId, ProfileId};
use clavis_kyc::{LabelKey, LabelRequirement, LabelValue, Verdict};
use clavis_rbac::Permission;

use super::World;
use super::profiles::ada;
use crate::*;

impl World {
    /// Somebody who may review.
    pub(super) fn reviewer(&self) -> Account {
        let account = self.sign_up("reviewer@example.org");
        let roles = ["compliance".to_owned()];
        self.flows()
            .assign_roles(account.id, Dialect::Barong.name(), &roles)
            .unwrap();
        account
    }

    pub(super) fn permission(&self, reviewer: &Account) -> Permission<ReviewPeople> {
        self.flows()
            .authorize(reviewer.id, Assurance::Full)
            .unwrap()
            .unwrap()
    }

    pub(super) fn decide_profile(&self, reviewer: &Account, profile: &PersonalProfile, verdict: Verdict) {
        let permission = self.permission(reviewer);
        self.flows()
            .review_profile(&permission, profile.profile.id, &decision(verdict))
            .unwrap()
            .unwrap();
    }

    fn decide(&self, reviewer: &Account, id: DocumentId, verdict: Verdict) -> Result<(), ReviewError> {
        let permission = self.permission(reviewer);
        let decided = self
            .flows()
            .review_document(&permission, id, &decision(verdict))
            .unwrap();
        decided.map(drop)
    }

    fn document_label(&self, account: &Account) -> Option<String> {
        self.private_label(account.id, &LabelKey::DOCUMENT)
    }
}

fn decision(verdict: Verdict) -> Decision {
    Decision {
        verdict,
        public_comment: None,
        private_comment: None,
        seen: None,
    }
}

#[test]
fn an_approved_document_lifts_the_level_at_once() {
    let world = World::default();
    let (account, ticket) = world.sign_up_pending("ada@example.org");
    world.flows().activate(&ticket).unwrap().unwrap();
    world
        .flows()
        .set_private_label(account.id, LabelKey::PHONE, LabelValue::VERIFIED, None)
        .unwrap();
    let reviewer = world.reviewer();
    let document = world.hand_in(&account);
    assert_eq!(world.flows().level(account.id).unwrap(), 2);
    world.decide(&reviewer, document.id, Verdict::Approve).unwrap();
    assert_eq!(world.document_label(&account).as_deref(), Some("verified"));
    assert_eq!(world.flows().level(account.id).unwrap(), 3);
    let entries = world.ports.latest(account.id, 100).unwrap();
    for action in [
        AuditAction::ReviewDocument,
        AuditAction::SetLabel,
        AuditAction::ChangeLevel,
    ] {
        assert!(
            entries
                .iter()
                .any(|entry| entry.action == action && entry.actor == Some(reviewer.id)),
            "{action}"
        );
    }
}

#[test]
fn a_document_sent_back_or_refused_leaves_the_label_rejected() {
    for verdict in [Verdict::AskAgain, Verdict::Reject] {
        let world = World::default();
        let (account, reviewer) = (world.sign_up("ada@example.org"), world.reviewer());
        let document = world.hand_in(&account);
        world.decide(&reviewer, document.id, verdict).unwrap();
        assert_eq!(world.document_label(&account).as_deref(), Some("rejected"));
    }
}

#[test]
fn one_right_document_is_enough() {
    let world = World::default();
    let (account, reviewer) = (world.sign_up("ada@example.org"), world.reviewer());
    let (first, second) = (world.hand_in(&account), world.hand_in(&account));
    world.decide(&reviewer, first.id, Verdict::Approve).unwrap();
    world.decide(&reviewer, second.id, Verdict::Reject).unwrap();
    assert_eq!(world.document_label(&account).as_deref(), Some("verified"));
}

#[test]
fn a_label_that_is_not_verified_any_more_is_not_kept_by_an_older_document() {
    let world = World::default();
    let (account, reviewer) = (world.sign_up("ada@example.org"), world.reviewer());
    let first = world.hand_in(&account);
    world.decide(&reviewer, first.id, Verdict::Approve).unwrap();
    world
        .flows()
        .set_private_label(account.id, LabelKey::DOCUMENT, LabelValue::REPLACED, None)
        .unwrap();
    let second = world.hand_in(&account);
    assert_eq!(world.document_label(&account).as_deref(), Some("pending"));
    world.decide(&reviewer, second.id, Verdict::Reject).unwrap();
    assert_eq!(world.document_label(&account).as_deref(), Some("rejected"));
}

#[test]
fn a_decision_stands_except_that_what_was_sent_back_may_be_decided_anew() {
    let world = World::default();
    let (account, reviewer) = (world.sign_up("ada@example.org"), world.reviewer());
    for last in [Verdict::Approve, Verdict::Reject] {
        let document = world.hand_in(&account);
        world.decide(&reviewer, document.id, Verdict::AskAgain).unwrap();
        world.decide(&reviewer, document.id, last).unwrap();
        for verdict in [Verdict::Approve, Verdict::AskAgain, Verdict::Reject] {
            let again = world.decide(&reviewer, document.id, verdict);
            assert_eq!(again, Err(ReviewError::NotWaiting));
        }
    }
    let unknown = world.decide(&reviewer, DocumentId(99), Verdict::Approve);
    assert_eq!(unknown, Err(ReviewError::Unknown));
}

#[test]
fn nobody_reviews_what_is_their_own() {
    let world = World::default();
    let reviewer = world.reviewer();
    let document = world.hand_in(&reviewer);
    let own = Err(ReviewError::OwnMatter);
    assert_eq!(world.decide(&reviewer, document.id, Verdict::Approve), own);
    let profile = world.submit(&reviewer, &ada(ProfileManner::Whole));
    let refused = world
        .flows()
        .review_profile(
            &world.permission(&reviewer),
            profile.profile.id,
            &decision(Verdict::Approve),
        )
        .unwrap();
    assert_eq!(refused.map(drop), own);
    assert_eq!(world.document_label(&reviewer).as_deref(), Some("pending"));
    let refused = world.actions(&reviewer).into_iter().filter(|(action, result)| {
        matches!(action, AuditAction::ReviewDocument | AuditAction::ReviewProfile)
            && matches!(result, AuditResult::Refused(_))
    });
    assert_eq!(refused.count(), 2);
}

#[test]
fn a_profile_follows_its_verdict() {
    for (verdict, label) in [
        (Verdict::Approve, "verified"),
        (Verdict::AskAgain, "drafted"),
        (Verdict::Reject, "rejected"),
    ] {
        let world = World::default();
        let (account, reviewer) = (world.sign_up("ada@example.org"), world.reviewer());
        let profile = world.submit(&account, &ada(ProfileManner::Whole));
        world.decide_profile(&reviewer, &profile, verdict);
        assert_eq!(
            world.private_label(account.id, &LabelKey::PROFILE).as_deref(),
            Some(label)
        );
        let again = world
            .flows()
            .submit_profile(account.id, &ada(ProfileManner::Whole))
            .unwrap();
        let may_try_again = verdict == Verdict::AskAgain;
        assert_eq!(again.is_ok(), may_try_again);
        // In place of the one that was sent back.
        assert_eq!(world.flows().profiles_of(account.id).unwrap().len(), 1);
    }
}

#[test]
fn a_profile_that_was_changed_since_it_was_seen_is_not_decided_on() {
    let world = World::default();
    let (account, reviewer) = (world.sign_up("ada@example.org"), world.reviewer());
    let seen = world.submit(&account, &ada(ProfileManner::Whole));
    world.clock.advance(chrono::Duration::seconds(1));
    world.decide_profile(&reviewer, &seen, Verdict::AskAgain);
    world.submit(&account, &ada(ProfileManner::Whole));
    let permission = world.permission(&reviewer);
    let approve = |seen: &PersonalProfile| {
        let decision = Decision {
            seen: Some(seen.profile.updated_at),
            ..decision(Verdict::Approve)
        };
        let decided = world
            .flows()
            .review_profile(&permission, seen.profile.id, &decision)
            .unwrap();
        decided.map(drop)
    };
    assert_eq!(approve(&seen), Err(ReviewError::Changed));
    let now = world.flows().profiles_of(account.id).unwrap();
    assert_eq!(approve(&now[0]), Ok(()));
}

#[test]
fn the_owner_is_told_the_public_comment_alone() {
    let world = World::default();
    let (account, reviewer) = (world.sign_up("ada@example.org"), world.reviewer());
    let document = world.hand_in(&account);
    world.mails();
    let decision = Decision {
        public_comment: Some("Too <b>dark</b> & blurred".parse().unwrap()),
        private_comment: Some("smells of a forgery".parse().unwrap()),
        ..decision(Verdict::AskAgain)
    };
    let decided = world
        .flows()
        .review_document(&world.permission(&reviewer), document.id, &decision)
        .unwrap()
        .unwrap();
    let review = decided.review.unwrap();
    assert_eq!(review.private_comment.as_deref(), Some("smells of a forgery"));
    assert!(world.mail_queued.get());
    let mails = world.mails();
    let [mail] = mails.as_slice() else {
        panic!("one mail");
    };
    assert_eq!(mail.to, super::email("ada@example.org"));
    assert_eq!(mail.subject, "Your passport needs another try");
    assert!(
        mail.body
            .text
            .contains("The reviewer says: Too <b>dark</b> & blurred\n")
    );
    assert!(
        mail.body
            .html
            .contains("Too &lt;b&gt;dark&lt;/b&gt; &amp; blurred</p>")
    );
    assert!(!mail.body.text.contains("forgery") && !mail.body.html.contains("forgery"));
    let entries = world.ports.latest(account.id, 100).unwrap();
    assert!(!format!("{entries:?}{decision:?}").contains("forgery"));
}

#[test]
fn nobody_writes_to_an_account_that_is_gone() {
    let world = World::default();
    let (account, reviewer) = (world.sign_up("ada@example.org"), world.reviewer());
    let document = world.hand_in(&account);
    world.put_into(&account, AccountState::Deleted);
    world.mails();
    world.decide(&reviewer, document.id, Verdict::Reject).unwrap();
    assert!(world.mails().is_empty());
}

#[test]
fn a_verdict_may_be_what_activates_an_account() {
    let mut world = World::default();
    world.limits.kyc.states.activation = vec![LabelRequirement {
        key: LabelKey::DOCUMENT,
        value: LabelValue::VERIFIED,
    }];
    let (account, _) = world.sign_up_pending("ada@example.org");
    let reviewer = world.reviewer();
    let document = world.hand_in(&account);
    world.decide(&reviewer, document.id, Verdict::Approve).unwrap();
    let account = clavis_identity::Accounts::find(&world.ports, account.id).unwrap();
    assert_eq!(account.unwrap().state, AccountState::Active);
}

#[test]
fn what_waits_is_a_queue_in_order() {
    let world = World::default();
    let (account, reviewer) = (world.sign_up("ada@example.org"), world.reviewer());
    let waiting: Vec<_> = (0..3).map(|_| world.hand_in(&account).id).collect();
    let permission = world.permission(&reviewer);
    let pending = clavis_kyc::ReviewState::Pending;
    let page = |after| {
        let flows = world.flows();
        let page = flows.document_queue(&permission, pending, after, 2).unwrap();
        let ids: Vec<_> = page.items.iter().map(|item| item.document.id).collect();
        (ids, page.total)
    };
    assert_eq!(page(None), (waiting[..2].to_vec(), 3));
    assert_eq!(page(Some(waiting[1])), (waiting[2..].to_vec(), 3));
    world.decide(&reviewer, waiting[0], Verdict::Approve).unwrap();
    assert_eq!(page(None), (waiting[1..].to_vec(), 2));

    let profile = world.submit(&account, &ada(ProfileManner::Whole));
    let profiles = world
        .flows()
        .profile_queue(&permission, pending, None::<ProfileId>, 10)
        .unwrap();
    assert_eq!(profiles.total, 1);
    assert!(profiles.items[0].fields == profile.fields);
}

#[test]
fn a_comment_is_one_line_of_bounded_length() {
    let parse = |text: &str| {
        text.parse::<ReviewComment>()
            .map(|comment| comment.as_str().to_owned())
    };
    assert_eq!(parse(" Too dark. "), Ok("Too dark.".to_owned()));
    assert!(parse(&"é".repeat(1000)).is_ok());
    assert_eq!(parse(&"é".repeat(1001)), Err(ReviewCommentError::TooLong));
    assert_eq!(parse(" "), Err(ReviewCommentError::Blank));
    for bad in ["a\nb", "a\0b", "a\u{1b}[31mb"] {
        assert_eq!(parse(bad), Err(ReviewCommentError::BadCharacter));
    }
}
