//! How administrators' pages are found. Each asks twice: how many there are, and for a part of them.

use clavis_flows::{
    AccountFilter, AccountOrder, AuditAction, AuditFilter, AuditLog, Direction, Directory, Slice,
};
use clavis_identity::AccountState;
use clavis_kernel::AccountId;
use clavis_kyc::{LabelKey, LabelScope, LabelValue, Labels};
use uuid::Uuid;

use super::{DateTime, Explained, Plan};

const SLICE: Slice = Slice {
    offset: 20,
    limit: 10,
};

fn accounts(explained: &mut Explained, filter: &AccountFilter, order: AccountOrder) -> [Plan; 2] {
    let plans =
        explained.plans(|on| Directory::page(on, filter, order, Direction::Descending, SLICE).map(drop));
    plans.try_into().ok().unwrap()
}

fn entries(explained: &mut Explained, filter: &AuditFilter) -> [Plan; 2] {
    let plans = explained.plans(|on| AuditLog::page(on, filter, Direction::Descending, SLICE).map(drop));
    plans.try_into().ok().unwrap()
}

/// The filter that this makes of one to which every account fits.
fn accounts_where(change: impl FnOnce(&mut AccountFilter)) -> AccountFilter {
    let mut filter = AccountFilter::default();
    change(&mut filter);
    filter
}

/// The filter that this makes of one to which every entry fits.
fn entries_where(change: impl FnOnce(&mut AuditFilter)) -> AuditFilter {
    let mut filter = AuditFilter::default();
    change(&mut filter);
    filter
}

#[track_caller]
fn begins(plan: &Plan, step: &str) {
    assert!(
        plan.steps[0].starts_with(step),
        "{step}: {:?}: {}",
        plan.steps,
        plan.sql
    );
}

#[test]
fn all_accounts_are_read_off_an_index_in_every_order() {
    let mut explained = Explained::fresh();
    for (order, step) in [
        (AccountOrder::Number, "SCAN accounts"),
        (
            AccountOrder::Uid,
            "SCAN accounts USING INDEX sqlite_autoindex_accounts_2",
        ),
        (AccountOrder::State, "SCAN accounts USING INDEX accounts_state"),
        (AccountOrder::Level, "SCAN accounts USING INDEX accounts_level"),
        (
            AccountOrder::CreatedAt,
            "SCAN accounts USING INDEX accounts_created",
        ),
        (
            AccountOrder::UpdatedAt,
            "SCAN accounts USING INDEX accounts_updated",
        ),
    ] {
        let [total, part] = accounts(&mut explained, &AccountFilter::default(), order);
        begins(&total, "SCAN accounts USING COVERING INDEX");
        assert_eq!(part.steps, [step]);
    }
}

/// Whatever the order, the accounts are found by this index, and what is kept elsewhere by the other.
#[track_caller]
fn found_by(change: impl FnOnce(&mut AccountFilter), index: &str, other: Option<&str>) {
    let (mut explained, filter) = (Explained::fresh(), accounts_where(change));
    for order in [AccountOrder::Number, AccountOrder::Level, AccountOrder::UpdatedAt] {
        for plan in accounts(&mut explained, &filter, order) {
            begins(&plan, "SEARCH accounts USING");
            assert!(plan.steps[0].contains(index), "{index}: {:?}", plan.steps);
            let is_there = |other| plan.steps.iter().any(|step| step.starts_with(other));
            assert!(other.is_none_or(is_there), "{other:?}: {:?}", plan.steps);
            assert!(!is_there("SCAN"), "{:?}", plan.steps);
        }
    }
}

#[test]
fn what_an_account_says_of_itself_has_an_index() {
    const UID: &str = "sqlite_autoindex_accounts_2 (uid=?)";
    let state = Some(AccountState::Active);
    let moment = Some(DateTime::UNIX_EPOCH);
    found_by(|f| f.uid = "ID1".parse().ok(), UID, None);
    found_by(|f| f.state = state, "accounts_state (state=?)", None);
    found_by(|f| f.level = Some(2), "accounts_level (level=?)", None);
    found_by(
        |f| (f.created_from, f.created_to) = (moment, moment),
        "accounts_created (created_at>? AND created_at<?)",
        None,
    );
    found_by(
        |f| (f.updated_from, f.updated_to) = (moment, moment),
        "accounts_updated (updated_at>? AND updated_at<?)",
        None,
    );
    found_by(
        |f| (f.uid, f.state, f.level) = ("ID1".parse().ok(), state, Some(2)),
        UID,
        None,
    );
}

#[test]
fn what_is_kept_elsewhere_has_an_index_that_leads_to_the_accounts() {
    const ID: &str = "sqlite_autoindex_accounts_1 (id=?)";
    const LABELS: &str = "SEARCH labels USING COVERING INDEX labels_value (key=? AND value=? AND scope=?)";
    let label = || {
        Some((
            "email".to_owned(),
            vec!["verified".to_owned(), "pending".to_owned()],
        ))
    };
    found_by(
        |f| f.address = "ann@example.org".parse().ok(),
        ID,
        Some("SEARCH identities USING PRIMARY KEY (kind=? AND folded=?)"),
    );
    found_by(
        |f| f.country = Some(vec!["UA".to_owned()]),
        ID,
        Some("SEARCH profiles USING COVERING INDEX profiles_country (country=?)"),
    );
    found_by(
        |f| f.role = Some(("barong".to_owned(), "admin".to_owned())),
        ID,
        Some("SEARCH assignments USING COVERING INDEX assignments_role (role_id=?)"),
    );
    found_by(|f| f.label = label(), ID, Some(LABELS));
    let both = |f: &mut AccountFilter| (f.state, f.label) = (Some(AccountState::Active), label());
    found_by(both, "accounts", Some(LABELS));
}

/// What fits half of all accounts is counted over its index, and the part is read in the order asked for.
#[test]
fn an_open_range_is_counted_over_its_index() {
    let mut explained = Explained::fresh();
    let filter = accounts_where(|f| f.created_from = Some(DateTime::UNIX_EPOCH));
    let [total, part] = accounts(&mut explained, &filter, AccountOrder::Number);
    begins(
        &total,
        "SEARCH accounts USING COVERING INDEX accounts_created (created_at>?)",
    );
    assert_eq!(part.steps, ["SCAN accounts"]);
    let [_, part] = accounts(&mut explained, &filter, AccountOrder::CreatedAt);
    assert_eq!(
        part.steps,
        ["SEARCH accounts USING INDEX accounts_created (created_at>?)"]
    );
}

#[test]
fn the_trail_is_searched_by_account_by_actor_and_by_authority() {
    const BOTH: &str = "MULTI-INDEX OR";
    let mut explained = Explained::fresh();
    let (ann, actions) = (Some(AccountId(Uuid::nil())), vec![AuditAction::LogIn]);
    for (filter, count_step, page_step) in [
        (
            entries_where(|f| f.account = ann),
            "SEARCH audit USING COVERING INDEX audit_account (account_id=?)",
            "SEARCH audit USING INDEX audit_account (account_id=?)",
        ),
        (
            entries_where(|f| {
                f.account = ann;
                f.actions = actions;
                f.from = Some(DateTime::UNIX_EPOCH);
                f.with_user_agent = true;
            }),
            "SEARCH audit USING INDEX audit_account (account_id=?)",
            "SEARCH audit USING INDEX audit_account (account_id=?)",
        ),
        (entries_where(|f| f.actor = ann), BOTH, BOTH),
        (
            entries_where(|f| {
                f.actor = ann;
                f.by_authority = Some(false);
            }),
            BOTH,
            BOTH,
        ),
        (
            entries_where(|f| f.by_authority = Some(true)),
            "SEARCH audit USING COVERING INDEX audit_actor",
            "SCAN audit USING INDEX audit_authority",
        ),
        (
            entries_where(|f| {
                f.by_authority = Some(true);
                f.refused = Some(true);
            }),
            "SEARCH audit USING INDEX audit_actor",
            "SCAN audit USING INDEX audit_authority",
        ),
        // What nearly every entry is, or any may be, is read off the trail and counted over all of it.
        (
            entries_where(|_| ()),
            "SCAN audit USING COVERING INDEX",
            "SCAN audit",
        ),
        (
            entries_where(|f| {
                f.by_authority = Some(false);
                f.with_user_agent = true;
            }),
            "SCAN audit",
            "SCAN audit",
        ),
    ] {
        let [total, part] = entries(&mut explained, &filter);
        begins(&total, count_step);
        begins(&part, page_step);
        let is_sorted = part.steps.iter().any(|step| step.contains("TEMP B-TREE"));
        assert_eq!(is_sorted, page_step == BOTH, "{:?}", part.steps);
    }
}

#[test]
fn labels_are_counted_over_their_index() {
    let mut explained = Explained::fresh();
    let plans = explained.plans(|on| {
        on.holders(&LabelKey::EMAIL, None, None, 0, 10)?;
        on.holders(
            &LabelKey::EMAIL,
            Some(&LabelValue::VERIFIED),
            Some(LabelScope::Private),
            0,
            10,
        )?;
        on.count_by_value(10).map(drop)
    });
    let (last, holders) = plans.split_last().unwrap();
    begins(last, "SCAN labels USING COVERING INDEX labels_value");
    for plan in holders {
        assert!(
            !plan.steps.iter().any(|step| step.starts_with("SCAN")),
            "{:?}",
            plan.steps
        );
        let is_found =
            |step: &String| step.starts_with("SEARCH labels USING COVERING INDEX labels_value (key=?");
        assert!(plan.steps.iter().any(is_found), "{:?}", plan.steps);
    }
}
