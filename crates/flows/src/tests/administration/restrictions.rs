use std::net::IpAddr;

use chrono::Duration;
use clavis_identity::Account;
use clavis_kernel::{RestrictionId, Secret};
use clavis_rbac::{Restriction, RestrictionChange, RestrictionError, RestrictionTable};

use crate::tests::World;
use crate::*;

impl World {
    fn restrict(&self, actor: &Account, text: &str) -> Result<Restriction, RestrictionsError> {
        let permission = self.may(actor);
        self.flows().add_restriction(&permission, &wanted(text)).unwrap()
    }

    fn whitelink(&self, actor: &Account, lifetime: Duration) -> Result<Secret, WhitelinkError> {
        let permission = self.may(actor);
        self.flows().make_whitelink(&permission, lifetime).unwrap()
    }

    fn redeem(&self, shown: &Secret) -> Result<(), RedeemWhitelinkError> {
        self.flows().redeem_whitelink(shown).unwrap()
    }

    fn gateway_takes(&self, client: &str) -> bool {
        let table = RestrictionTable::new(self.flows().restrictions().unwrap());
        let now = clavis_kernel::Clock::now(&self.clock);
        table.at_gateway(client.parse().ok(), now).is_ok()
    }

    fn from(mut self, client: &str) -> Self {
        self.caller.ip = client.parse::<IpAddr>().ok();
        self
    }
}

fn wanted(text: &str) -> RestrictionChange {
    let words: Vec<_> = text.split(' ').collect();
    RestrictionChange {
        category: words.first().and_then(|word| word.parse().ok()),
        scope: words.get(1).and_then(|word| word.parse().ok()),
        value: words.get(2).map(|&word| word.to_owned()),
        code: None,
        state: None,
    }
}

#[test]
fn a_restriction_is_made_changed_and_removed_with_a_trace() {
    let world = World::default();
    let admin = world.admin();
    let permission = world.may(&admin);
    let made = world.restrict(&admin, "blacklist ip 192.0.2.1").unwrap();
    assert!(!world.gateway_takes("192.0.2.1") && world.gateway_takes("192.0.2.2"));
    let change = |id, text: &str| {
        let changed = world.flows().change_restriction(&permission, id, &wanted(text));
        changed.unwrap()
    };
    change(made.id, "whitelist").unwrap();
    assert!(world.gateway_takes("192.0.2.1"));
    let nobody = RestrictionId(77);
    assert_eq!(
        change(nobody, "whitelist").map(drop),
        Err(RestrictionsError::Unknown)
    );
    let remove = |id| world.flows().remove_restriction(&permission, id).unwrap();
    assert_eq!(remove(made.id), Ok(()));
    assert_eq!(remove(made.id), Err(RestrictionsError::Unknown));
    assert!(world.flows().read_restrictions(&permission).unwrap().is_empty());
    let by_admin = AuditFilter {
        actor: Some(admin.id),
        actions: vec![AuditAction::SetRestriction, AuditAction::RemoveRestriction],
        ..AuditFilter::default()
    };
    let all = Slice { offset: 0, limit: 10 };
    let trail = AuditLog::page(&world.ports, &by_admin, Direction::Ascending, all).unwrap();
    let details = trail.items.iter().map(|one| one.entry.detail.as_deref().unwrap());
    assert_eq!(
        details.collect::<Vec<_>>(),
        [
            "1 blacklist ip 192.0.2.1 enabled",
            "1 whitelist ip 192.0.2.1 enabled",
            "1 whitelist ip 192.0.2.1 enabled",
        ]
    );
}

#[test]
fn what_is_no_rule_is_not_made() {
    let world = World::default();
    let admin = world.admin();
    for (text, refusal) in [
        ("blacklist country UA", RestrictionError::Scope),
        ("blacklist ip 192.0.2", RestrictionError::Value),
        ("greylist all all", RestrictionError::Category),
    ] {
        let refused = world.restrict(&admin, text).map(drop);
        assert_eq!(refused, Err(RestrictionsError::Unfit(refusal)), "{text}");
    }
}

#[test]
fn there_are_only_so_many_rules_and_links() {
    let world = World::default();
    let admin = world.admin();
    for nth in 0..1000 {
        let text = format!("blacklist ip 10.0.{}.{}", nth / 256, nth % 256);
        world.restrict(&admin, &text).unwrap();
    }
    let one_more = world.restrict(&admin, "blacklist all all").map(drop);
    assert_eq!(one_more, Err(RestrictionsError::TooMany));
    let day = Duration::days(1);
    for _ in 0..100 {
        world.whitelink(&admin, day).unwrap();
    }
    assert_eq!(
        world.whitelink(&admin, day).map(drop),
        Err(WhitelinkError::TooMany)
    );
    world.clock.advance(day);
    assert!(world.whitelink(&admin, day).is_ok());
}

#[test]
fn a_link_lets_in_who_shows_it_in_time_and_only_from_there() {
    let world = World::default().from("192.0.2.1");
    let admin = world.admin();
    world.restrict(&admin, "maintenance all all").unwrap();
    let link = world.whitelink(&admin, Duration::hours(1)).unwrap();
    assert!(!world.gateway_takes("192.0.2.1"));
    assert_eq!(world.redeem(&link), Ok(()));
    assert!(world.gateway_takes("192.0.2.1") && !world.gateway_takes("192.0.2.2"));
    // The same client again is one entry still, and others may show the link, too.
    assert_eq!(world.redeem(&link), Ok(()));
    let world = world.from("2001:db8::1");
    assert_eq!(world.redeem(&link), Ok(()));
    assert_eq!(world.flows().restrictions().unwrap().len(), 3);
    world.clock.advance(Duration::hours(1));
    assert_eq!(world.redeem(&link), Err(RedeemWhitelinkError::Unknown));
    assert!(world.gateway_takes("2001:db8::1"));
    world.clock.advance(Duration::days(30));
    assert!(!world.gateway_takes("192.0.2.1") && !world.gateway_takes("2001:db8::1"));
    let permission = world.may(&admin);
    assert_eq!(world.flows().read_restrictions(&permission).unwrap().len(), 1);
}

#[test]
fn what_is_no_link_lets_nobody_in() {
    let world = World::default();
    let admin = world.admin();
    for shown in ["", "x", &"a".repeat(5000)] {
        let refused = world.redeem(&Secret::new(shown));
        assert_eq!(refused, Err(RedeemWhitelinkError::Unknown));
    }
    let link = world.whitelink(&admin, Duration::days(30)).unwrap();
    assert_eq!(link.expose().len(), 40);
    let nowhere = world.from("nowhere");
    assert_eq!(nowhere.redeem(&link), Err(RedeemWhitelinkError::NoAddress));
    for lifetime in [Duration::zero(), Duration::days(-1), Duration::days(31)] {
        let refused = nowhere.whitelink(&admin, lifetime).map(drop);
        assert_eq!(refused, Err(WhitelinkError::Lifetime), "{lifetime}");
    }
}
