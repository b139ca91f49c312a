use chrono::Duration;
use clavis_identity::Account;
use clavis_kernel::{Caller, Clock, Dialect};

use super::World;
use crate::*;

const SLICE: Slice = Slice {
    offset: 0,
    limit: 100,
};

impl World {
    fn called_by(self, dialect: Dialect, user_agent: Option<&str>) -> Self {
        Self {
            caller: Caller {
                dialect,
                user_agent: user_agent.map(str::to_owned),
                ..self.caller
            },
            ..self
        }
    }

    fn activity(
        &self,
        account: &Account,
        filter: &ActivityFilter,
    ) -> Vec<(AuditAction, Option<ActivityRefusal>)> {
        let page = self
            .flows()
            .activity(account.id, filter, Direction::Ascending, SLICE)
            .unwrap();
        assert_eq!(page.total, page.items.len() as u64);
        let shown = |recorded: &RecordedEntry| (recorded.entry.action, ActivityRefusal::of(&recorded.entry));
        page.items.iter().map(shown).collect()
    }
}

fn log_ins() -> ActivityFilter {
    ActivityFilter {
        actions: vec![AuditAction::LogIn],
        ..ActivityFilter::default()
    }
}

#[test]
fn people_see_what_they_did_through_every_door() {
    let world = World::default();
    let account = world.sign_up("ann@example.org");
    let mut world = world;
    for dialect in [Dialect::Pluto, Dialect::BackendPlus, Dialect::Barong] {
        world = world.called_by(dialect, Some("curl"));
        world.log_in("ann@example.org", "Tecohvi0").unwrap();
    }
    world.log_in("ann@example.org", "wrong").unwrap_err();
    let done = (AuditAction::LogIn, None);
    let wrong = (AuditAction::LogIn, Some(ActivityRefusal::WrongPassword));
    assert_eq!(
        world.activity(&account, &log_ins()),
        [done.clone(), done.clone(), done, wrong]
    );
    assert!(world.activity(&account, &ActivityFilter::default()).is_empty());
}

#[test]
fn what_came_from_no_named_program_or_from_authority_is_not_shown() {
    let world = World::default().called_by(Dialect::Pluto, None);
    let account = world.sign_up("ann@example.org");
    world.log_in("ann@example.org", "Tecohvi0").unwrap();
    assert!(world.activity(&account, &log_ins()).is_empty());
    let world = world.called_by(Dialect::Pluto, Some("curl"));
    let admin = world.sign_up("root@example.org");
    world
        .flows()
        .audit_by(Some(admin.id), Some(account.id), AuditAction::LogIn, "")
        .unwrap();
    assert!(world.activity(&account, &log_ins()).is_empty());
}

#[test]
fn activity_is_narrowed_by_time_and_result() {
    let world = World::default().called_by(Dialect::Pluto, Some("curl"));
    let account = world.sign_up("ann@example.org");
    let begin = world.clock.now();
    world.log_in("ann@example.org", "Tecohvi0").unwrap();
    world.clock.advance(Duration::seconds(10));
    world.log_in("ann@example.org", "wrong").unwrap_err();
    let count = |change: &dyn Fn(&mut ActivityFilter)| {
        let mut filter = log_ins();
        change(&mut filter);
        world.activity(&account, &filter).len()
    };
    assert_eq!(count(&|_| ()), 2);
    assert_eq!(count(&|filter| filter.from = Some(begin)), 2, "inclusive");
    assert_eq!(
        count(&|filter| filter.from = Some(begin + Duration::seconds(1))),
        1
    );
    assert_eq!(count(&|filter| filter.to = Some(begin)), 0, "exclusive");
    assert_eq!(count(&|filter| filter.to = Some(begin + Duration::seconds(1))), 1);
    assert_eq!(count(&|filter| filter.refused = Some(true)), 1);
    assert_eq!(count(&|filter| filter.refused = Some(false)), 1);
}

#[test]
fn every_refusal_that_is_noted_is_known_again() {
    let entry = |reason: String| AuditEntry {
        at: World::default().clock.now(),
        account: None,
        action: AuditAction::LogIn,
        result: AuditResult::Refused(reason),
        actor: None,
        detail: None,
        caller: Caller::OPERATOR,
    };
    for (reason, expected) in [
        (
            LogInError::WrongPassword.to_string(),
            ActivityRefusal::WrongPassword,
        ),
        (LogInError::LockedOut.to_string(), ActivityRefusal::WrongPassword),
        (
            PasswordChangeError::WrongPassword.to_string(),
            ActivityRefusal::WrongPassword,
        ),
        (LogInError::NotActivated.to_string(), ActivityRefusal::NotActive),
        (LogInError::Suspended.to_string(), ActivityRefusal::NotActive),
        (LogInError::UnknownAccount.to_string(), ActivityRefusal::NotActive),
        (
            LogInError::SecondFactorMissing.to_string(),
            ActivityRefusal::CodeMissing,
        ),
        (
            LogInError::SecondFactorUnsupported.to_string(),
            ActivityRefusal::CodeMissing,
        ),
        (
            LogInError::SecondFactorWrong.to_string(),
            ActivityRefusal::CodeWrong,
        ),
        (CodeError::Wrong.to_string(), ActivityRefusal::CodeWrong),
        (CodeError::LockedOut.to_string(), ActivityRefusal::CodeWrong),
        (
            FactorError::AlreadyEnabled.to_string(),
            ActivityRefusal::FactorInForce,
        ),
        (FactorError::NotEnabled.to_string(), ActivityRefusal::NoFactor),
        (
            "Password is too weak".to_owned(),
            ActivityRefusal::Noted("Password is too weak".to_owned()),
        ),
    ] {
        assert_eq!(ActivityRefusal::of(&entry(reason)), Some(expected));
    }
}
