use clavis_kernel::{Caller, DocumentId, ProfileId};
use clavis_kyc::{LabelKey, LabelScope, LabelValue, LevelTable, ReviewState};

use super::World;
use crate::*;

fn entry(action: AuditAction, detail: Option<&str>) -> AuditEntry {
    AuditEntry {
        at: chrono::DateTime::UNIX_EPOCH,
        account: Some("01900000-0000-7000-8000-000000000001".parse().unwrap()),
        action,
        result: AuditResult::Succeeded,
        actor: None,
        detail: detail.map(str::to_owned),
        caller: Caller::OPERATOR,
    }
}

#[track_caller]
fn check(action: AuditAction, detail: Option<&str>, expected: &[Happening]) {
    assert_eq!(happenings(&entry(action, detail)), expected);
}

#[test]
fn an_entry_tells_what_happened() {
    use AuditAction as A;
    use Happening as H;
    check(A::SignUp, None, &[H::UserCreated]);
    check(A::Activate, None, &[H::EmailConfirmed, H::UserUpdated]);
    check(A::ResetPassword, None, &[H::PasswordReset]);
    check(A::ChangePassword, None, &[H::PasswordChanged]);
    check(A::SetPassword, None, &[H::PasswordChanged]);
    check(A::Delete, None, &[H::AccountDeleted]);
    for action in [A::LogIn, A::LogInWithSecondFactor, A::Impersonate] {
        check(action, None, &[H::SessionCreated]);
    }
    for action in [A::SetRole, A::SetState, A::ChangeLevel, A::EnableSecondFactor] {
        check(action, Some("member"), &[H::UserUpdated]);
    }
    for action in [A::Refresh, A::AwaitSecondFactor, A::Delegate, A::ViewDocument] {
        check(action, None, &[]);
    }
    check(
        A::SubmitDocument,
        Some("7"),
        &[H::DocumentSubmitted(DocumentId(7))],
    );
    for (detail, state) in [("7 pending", Some(ReviewState::Pending)), ("7", None)] {
        let id = ProfileId(7);
        check(A::SubmitProfile, Some(detail), &[H::ProfileChanged { id, state }]);
    }
}

#[test]
fn what_was_refused_did_not_happen() {
    for action in AuditAction::ALL {
        let refused = AuditEntry {
            result: AuditResult::Refused("no".to_owned()),
            ..entry(*action, Some("document:verified (private)"))
        };
        assert_eq!(happenings(&refused), []);
    }
}

#[test]
fn a_private_label_about_documents_is_a_verdict() {
    let said = |key: LabelKey, value: LabelValue, scope| Happening::LabelSet(LabelSaid { key, value, scope });
    for (detail, scope, verdict) in [
        (
            "document:verified (private)",
            LabelScope::Private,
            Some(Happening::DocumentVerified),
        ),
        (
            "document:rejected (private)",
            LabelScope::Private,
            Some(Happening::DocumentRejected),
        ),
        ("document:verified (public)", LabelScope::Public, None),
        ("document:pending (private)", LabelScope::Private, None),
        ("address:verified (private)", LabelScope::Private, None),
    ] {
        let (key, value) = detail.split(' ').next().unwrap().split_once(':').unwrap();
        let label = said(key.parse().unwrap(), value.parse().unwrap(), scope);
        let expected: Vec<_> = [Some(label), verdict].into_iter().flatten().collect();
        check(AuditAction::SetLabel, Some(detail), &expected);
    }
    // A decision is told by the label that follows from it, and once.
    check(AuditAction::ReviewDocument, Some("7 approved"), &[]);
}

#[test]
fn an_entry_that_says_something_else_tells_nothing() {
    for detail in [
        None,
        Some(""),
        Some("document"),
        Some("a:b"),
        Some("document:verified (odd)"),
    ] {
        check(AuditAction::SetLabel, detail, &[]);
        check(AuditAction::SubmitProfile, detail, &[]);
        check(AuditAction::SubmitDocument, detail, &[]);
    }
}

#[test]
fn what_happened_comes_with_the_people_it_happened_to() {
    let world = World::default();
    let ports: &dyn Ports = &world.ports;
    let next = || {
        let now = clavis_kernel::Clock::now(&world.clock);
        let dialect = clavis_kernel::Dialect::Barong;
        untold(ports, &LevelTable::default(), dialect, now, 100).unwrap()
    };
    assert!(next().is_none(), "telling never began");
    ports.begin(clavis_kernel::Dialect::Barong).unwrap();
    assert!(next().unwrap().is_empty());

    world.sign_up("ann@example.org");
    world.log_in("ann@example.org", "wrong").unwrap_err();
    world.log_in("ann@example.org", "Tecohvi0").unwrap();
    assert!(next().unwrap().is_empty(), "too young");
    world.clock.advance(chrono::Duration::seconds(1));
    let untold = next().unwrap();
    let told: Vec<_> = untold
        .happened
        .iter()
        .map(|happened| (happened.what.clone(), happened.person.address()))
        .collect();
    let ann = "ann@example.org".to_owned();
    assert_eq!(
        told,
        [
            (Happening::UserCreated, ann.clone()),
            (Happening::SessionCreated, ann)
        ]
    );
    assert!(untold.to > untold.cursor.at && !untold.is_full);
}
