use clavis_identity::Account;
use clavis_kernel::AccessRuleId;
use clavis_rbac::{Access, AccessRule, AccessRuleContent};

use crate::tests::World;
use crate::*;

impl World {
    fn add_rule(&self, actor: &Account, text: &str) -> Result<AccessRule, AccessRulesError> {
        let permission = self.may(actor);
        self.flows().add_access_rule(&permission, &rule(text)).unwrap()
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

#[test]
fn a_rule_is_made_changed_and_removed_with_a_trace() {
    let world = World::default();
    let admin = world.admin();
    let made = world.add_rule(&admin, "accept member get /api/orders").unwrap();
    let permission = world.may(&admin);
    let changed = world
        .flows()
        .change_access_rule(&permission, made.id, |_| rule("drop member all /api"));
    assert_eq!(changed.unwrap().unwrap().content, rule("drop member all /api"));
    let kept = world.flows().access_rules().unwrap();
    assert_eq!((kept.len(), &kept[0].content), (1, &rule("drop member all /api")));
    let remove = |id| world.flows().remove_access_rule(&permission, id).unwrap();
    assert_eq!(remove(made.id), Ok(()));
    assert_eq!(remove(made.id), Err(AccessRulesError::Unknown));
    let unknown = world
        .flows()
        .change_access_rule(&permission, AccessRuleId(77), |before| before);
    assert_eq!(unknown.unwrap().map(drop), Err(AccessRulesError::Unknown));
    let by_admin = AuditFilter {
        actor: Some(admin.id),
        actions: vec![AuditAction::SetAccessRule, AuditAction::RemoveAccessRule],
        ..AuditFilter::default()
    };
    let all = Slice { offset: 0, limit: 10 };
    let trail = AuditLog::page(&world.ports, &by_admin, Direction::Ascending, all).unwrap();
    let details: Vec<_> = trail
        .items
        .iter()
        .map(|recorded| recorded.entry.detail.as_deref().unwrap())
        .collect();
    assert_eq!(
        details,
        [
            "1 ACCEPT member GET /api/orders",
            "1 DROP member ALL /api",
            "1 DROP member ALL /api",
        ]
    );
}

#[test]
fn only_superadmins_write_rules_for_superadmins() {
    let world = World::default();
    let (admin, root) = (world.admin(), world.holder("root", "superadmin"));
    let refused = Err(AccessRulesError::Superadmin);
    assert_eq!(world.add_rule(&admin, "drop superadmin all /").map(drop), refused);
    assert_eq!(world.last_entry(&admin).0, AuditAction::Denied);
    let id = world.add_rule(&root, "accept superadmin all /").unwrap().id;
    let others = world.add_rule(&admin, "accept admin all /").unwrap().id;
    let permission = world.may(&admin);
    let flows = world.flows();
    assert_eq!(flows.remove_access_rule(&permission, id).unwrap(), refused);
    let away = flows.change_access_rule(&permission, id, |_| rule("accept admin all /"));
    assert_eq!(away.unwrap().map(drop), refused);
    let into = flows.change_access_rule(&permission, others, |_| rule("drop superadmin all /"));
    assert_eq!(into.unwrap().map(drop), refused);
}

#[test]
fn there_are_a_thousand_rules_at_most() {
    let world = World::default();
    let admin = world.admin();
    for _ in 0..1000 {
        world.add_rule(&admin, "accept member get /").unwrap();
    }
    assert_eq!(
        world.add_rule(&admin, "accept member get /").map(drop),
        Err(AccessRulesError::TooMany)
    );
}

#[test]
fn a_note_says_the_topic_the_rule_and_the_outcome() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    let noted = world.add_rule(&admin, "audit member all /orders orders").unwrap();
    world
        .flows()
        .note_access(ann.id, &noted, Access::Accepted)
        .unwrap();
    let entry = world.ports.latest(ann.id, 1).unwrap().remove(0);
    assert_eq!(entry.detail.as_deref(), Some("orders (rule 1)"));
    assert_eq!(
        (entry.action, entry.result),
        (AuditAction::AskGateway, AuditResult::Succeeded)
    );
    world
        .flows()
        .note_access(ann.id, &noted, Access::Dropped)
        .unwrap();
    let (action, refused, by) = world.last_entry(&ann);
    assert_eq!(
        (action, refused, by.is_none()),
        (AuditAction::AskGateway, true, true)
    );
}
