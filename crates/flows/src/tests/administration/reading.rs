use chrono::Duration;
use clavis_identity::{Account, AccountState};
use clavis_kernel::{Clock as _, Dialect};
use clavis_kyc::{LabelKey, LabelScope, LabelValue, Verdict};

use crate::tests::World;
use crate::tests::profiles::ada;
use crate::*;

const ALL: Slice = Slice {
    offset: 0,
    limit: 100,
};

impl World {
    fn found(&self, actor: &Account, filter: &AccountFilter) -> Vec<String> {
        let permission = self.may(actor);
        let (order, direction) = (AccountOrder::Number, Direction::Ascending);
        let page = self
            .flows()
            .people_page(&permission, filter, order, direction, ALL)
            .unwrap();
        assert_eq!(page.total, page.items.len() as u64);
        page.items.iter().map(Person::address).collect()
    }
}

fn with_role(role: &str) -> AccountFilter {
    AccountFilter {
        role: Some((Dialect::Barong.name().to_owned(), role.to_owned())),
        ..AccountFilter::default()
    }
}

#[test]
fn who_has_no_role_is_found_as_a_member() {
    let world = World::default();
    let (admin, _) = (world.admin(), world.sign_up("ann@example.org"));
    world.holder("bob", MEMBER_ROLE);
    world.holder("clerk", "support");
    assert_eq!(
        world.found(&admin, &with_role("member")),
        ["ann@example.org", "bob@example.org"]
    );
    assert_eq!(world.found(&admin, &with_role("admin")), ["admin@example.org"]);
    assert!(world.found(&admin, &with_role("emperor")).is_empty());
    assert_eq!(world.found(&admin, &AccountFilter::default()).len(), 4);
}

#[test]
fn a_search_is_in_the_trail_and_whom_it_was_for_is_not() {
    let world = World::default();
    let admin = world.admin();
    let filter = AccountFilter {
        address: Some("ann@example.org".parse().unwrap()),
        state: Some(AccountState::Active),
        ..AccountFilter::default()
    };
    world.found(&admin, &filter);
    let entry = world.newest_by(&admin);
    assert_eq!(
        (entry.action, entry.account, entry.detail.as_deref()),
        (AuditAction::ReadAccounts, None, Some("accounts by email, state"))
    );
}

impl World {
    fn newest_by(&self, actor: &Account) -> AuditEntry {
        let by = AuditFilter {
            actor: Some(actor.id),
            by_authority: Some(true),
            ..AuditFilter::default()
        };
        let page = AuditLog::page(&self.ports, &by, Direction::Descending, ALL).unwrap();
        page.items.into_iter().next().unwrap().entry
    }
}

#[test]
fn a_case_file_shows_documents_to_reviewers_only() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    world.hand_in(&ann);
    let permission: clavis_rbac::Permission<ReadAccounts> = world.may(&admin);
    let reviewer: clavis_rbac::Permission<ReviewPeople> = world.may(&admin);
    let flows = world.flows();
    let file = |reviewer| flows.case_file(&permission, reviewer, &ann.uid).unwrap().unwrap();
    assert!(file(None).documents.is_none());
    assert_eq!(file(Some(&reviewer)).documents.map(|all| all.len()), Some(1));
    let (action, _, by) = world.last_entry(&ann);
    assert_eq!(
        (action, by.map(|by| by.id)),
        (AuditAction::ReadAccounts, Some(admin.id))
    );
    let nobody = "IDNOBODY".parse().unwrap();
    assert!(flows.case_file(&permission, None, &nobody).unwrap().is_none());
}

#[test]
fn applicants_are_those_whose_documents_wait() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    let bob = world.sign_up("bob@example.org");
    let set = |account: &Account, value| {
        let flows = world.flows();
        flows
            .set_private_label(account.id, LabelKey::DOCUMENT, value, None)
            .unwrap();
    };
    set(&ann, LabelValue::PENDING);
    set(&bob, LabelValue::VERIFIED);
    let permission = world.may(&admin);
    let waiting = || {
        let page = world.flows().applicants(&permission, ALL).unwrap();
        page.items.iter().map(Person::address).collect::<Vec<_>>()
    };
    assert_eq!(waiting(), ["ann@example.org"]);
    set(&bob, LabelValue::REPLACED);
    assert_eq!(waiting(), ["ann@example.org", "bob@example.org"]);
}

#[test]
fn labels_lead_to_their_holders() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    world
        .flows()
        .set_private_label(ann.id, LabelKey::PHONE, LabelValue::VERIFIED, None)
        .unwrap();
    let permission = world.may(&admin);
    let flows = world.flows();
    let found = |scope| {
        let page = flows
            .labelled_people(&permission, &LabelKey::PHONE, None, scope, ALL)
            .unwrap();
        page.total
    };
    assert_eq!(
        (found(None), found(Some(LabelScope::Public))),
        (1, 0),
        "the server's own labels are private"
    );
    assert_eq!(
        flows.label_counts(&permission).unwrap(),
        [(LabelKey::PHONE, LabelValue::VERIFIED, 1)]
    );
    assert_eq!(
        flows.read_labels(&permission, &ann.uid).unwrap().unwrap().len(),
        1
    );
}

#[test]
fn the_trail_names_everybody_in_it() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    let banned = AccountChange::State(AccountState::Banned);
    world.administer(&admin, &ann, banned).unwrap();
    let filter = AuditFilter {
        by_authority: Some(true),
        ..AuditFilter::default()
    };
    let permission = world.may(&admin);
    let trail = world.flows().activities(&permission, &filter, ALL).unwrap();
    let newest = &trail.page.items[0].entry;
    assert_eq!(
        (newest.action, newest.account),
        (AuditAction::SetState, Some(ann.id))
    );
    assert!(trail.people.contains_key(&ann.id) && trail.people.contains_key(&admin.id));
    assert_eq!(world.newest_by(&admin).action, AuditAction::ReadActivities);
}

#[test]
fn numbers_are_of_the_time_asked_about() {
    let world = World::default();
    let (admin, _) = (world.admin(), world.sign_up("ann@example.org"));
    world.log_in("ann@example.org", "Tecohvi0").unwrap();
    world.log_in("ann@example.org", "wrong").unwrap_err();
    let permission = world.may(&admin);
    let now = world.clock.now();
    let numbers = |from, to| world.flows().account_numbers(&permission, from, to).unwrap();
    let hour = Duration::hours(1);
    let counted = numbers(now - hour, now + hour);
    assert_eq!(
        (counted.sign_ups, counted.log_ins, counted.refused_log_ins),
        (2, 1, 1)
    );
    assert!(counted.by_state.contains(&(AccountState::Active, 2)));
    let later = numbers(now + hour, now + hour + hour);
    assert_eq!((later.sign_ups, later.log_ins, later.refused_log_ins), (0, 0, 0));
}

#[test]
fn a_reviewer_enters_and_decides_by_the_name_of_an_account() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    let permission = world.may(&admin);
    let flows = world.flows();
    let entered = flows.enter_profile_for(&permission, &ann.uid, &ada(ProfileManner::Submission));
    let entered = entered.unwrap().unwrap();
    assert_eq!(entered.uids.len(), 2, "the author and the owner");
    let own = flows.enter_profile_for(&permission, &admin.uid, &ada(ProfileManner::Submission));
    let refused = EnterProfileError::Account(AdministrationError::Oneself);
    assert_eq!(own.unwrap().map(drop), Err(refused));
    let decision = Decision {
        verdict: Verdict::Approve,
        public_comment: None,
        private_comment: None,
        seen: None,
    };
    let newest = WhichProfile::NewestOf(ann.uid.clone());
    let decide = || flows.decide_on_profile(&permission, &newest, &decision).unwrap();
    assert!(decide().is_ok());
    assert_eq!(decide().map(drop), Err(ReviewError::NotWaiting));
    let nobody = WhichProfile::NewestOf(admin.uid);
    let none = flows.decide_on_profile(&permission, &nobody, &decision).unwrap();
    assert_eq!(none.map(drop), Err(ReviewError::Unknown));
}
