use chrono::NaiveDate;
use clavis_identity::{Account, AccountState, Accounts};
use clavis_kernel::AccountId;
use clavis_kyc::{
    LabelKey, LabelScope, LabelValue, Labels, Problem, ProfileField, ProfileFields, ProfileGrammar, Profiles,
    ReviewState,
};

use super::World;
use crate::*;

impl World {
    pub(super) fn private_label(&self, account: AccountId, key: &LabelKey) -> Option<String> {
        let label = Labels::find(&self.ports, account, key, LabelScope::Private).unwrap();
        label.map(|label| label.value.as_str().to_owned())
    }

    pub(super) fn put_into(&self, account: &Account, state: AccountState) {
        let now = clavis_kernel::Clock::now(&self.clock);
        assert!(Accounts::set_state(&self.ports, account.id, account.state, state, now).unwrap());
    }

    pub(super) fn submit(&self, account: &Account, command: &ProfileCommand) -> PersonalProfile {
        self.flows().submit_profile(account.id, command).unwrap().unwrap()
    }

    fn state_of(&self, profile: &PersonalProfile) -> ReviewState {
        Profiles::find(&self.ports, profile.profile.id)
            .unwrap()
            .unwrap()
            .state
    }
}

pub(super) fn ada(manner: ProfileManner) -> ProfileCommand {
    let given = |text: &str| Some(text.to_owned());
    ProfileCommand {
        fields: ProfileFields {
            first_name: given(" Ada  Augusta "),
            last_name: given("Lovelace"),
            dob: NaiveDate::from_ymd_opt(1990, 12, 10),
            address: given("12 Main St."),
            postcode: given("AB1 2CD"),
            city: given("London"),
            country: given("GBR"),
        },
        metadata: given(r#"{"gender":"female"}"#),
        grammar: ProfileGrammar::Wide,
        manner,
    }
}

fn only(change: impl FnOnce(&mut ProfileFields), manner: ProfileManner) -> ProfileCommand {
    let mut fields = ProfileFields::default();
    change(&mut fields);
    ProfileCommand {
        fields,
        metadata: None,
        ..ada(manner)
    }
}

#[test]
fn a_whole_profile_waits_at_once_and_reads_back() {
    let world = World::default();
    let account = world.sign_up("ada@example.org");
    let submitted = world.submit(&account, &ada(ProfileManner::Whole));
    assert_eq!(submitted.profile.state, ReviewState::Pending);
    let profiles = world.flows().profiles_of(account.id).unwrap();
    assert_eq!(profiles.len(), 1);
    assert!(profiles[0].fields == submitted.fields);
    assert_eq!(profiles[0].fields.first_name.as_deref(), Some("Ada Augusta"));
    assert_eq!(profiles[0].profile.content.country.as_deref(), Some("GBR"));
    assert_eq!(world.private_label(account.id, &LabelKey::PROFILE), None);
    assert!(
        world
            .actions(&account)
            .contains(&(AuditAction::SubmitProfile, AuditResult::Succeeded))
    );
}

#[test]
fn nothing_personal_is_readable_in_the_store_or_shown_by_debug() {
    let world = World::default();
    let account = world.sign_up("ada@example.org");
    let command = ada(ProfileManner::Whole);
    let submitted = world.submit(&account, &command);
    let sealed = String::from_utf8_lossy(&submitted.profile.content.sealed).into_owned();
    let shown = format!("{submitted:?}{command:?}");
    for secret in ["Lovelace", "Augusta", "1990", "Main St", "female"] {
        assert!(!sealed.contains(secret) && !shown.contains(secret), "{secret}");
    }
}

#[test]
fn what_is_sealed_for_one_account_opens_for_no_other() {
    let world = World::default();
    let (ada_account, bob) = (world.sign_up("ada@example.org"), world.sign_up("bob@example.org"));
    let submitted = world.submit(&ada_account, &ada(ProfileManner::Whole));
    let mut stolen = submitted.profile.content.clone();
    stolen.account = bob.id;
    let now = clavis_kernel::Clock::now(&world.clock);
    Profiles::insert(&world.ports, &stolen, ReviewState::Pending, now).unwrap();
    assert!(world.flows().profiles_of(bob.id).is_err());
}

#[test]
fn a_second_whole_profile_is_refused_before_its_fields_are_looked_at() {
    let world = World::default();
    let account = world.sign_up("ada@example.org");
    world.submit(&account, &ada(ProfileManner::Whole));
    let unfit = only(|_| {}, ProfileManner::Whole);
    let refused = world.flows().submit_profile(account.id, &unfit).unwrap();
    assert_eq!(refused.unwrap_err(), SubmitProfileError::Exists);
}

#[test]
fn a_whole_profile_lacks_nothing() {
    let world = World::default();
    let account = world.sign_up("ada@example.org");
    let command = only(|_| {}, ProfileManner::Whole);
    let refused = world.flows().submit_profile(account.id, &command).unwrap();
    let SubmitProfileError::Unfit(violations) = refused.unwrap_err() else {
        panic!("it is unfit");
    };
    assert_eq!(violations[0].field, ProfileField::FirstName);
    assert_eq!(violations[0].problem, Problem::Blank);
    assert!(world.flows().profiles_of(account.id).unwrap().is_empty());
}

#[test]
fn only_an_account_that_may_be_changed_hands_in_a_profile() {
    for state in [AccountState::Locked, AccountState::Banned, AccountState::Deleted] {
        let world = World::default();
        let account = world.sign_up("ada@example.org");
        world.put_into(&account, state);
        let command = ada(ProfileManner::Whole);
        let refused = world.flows().submit_profile(account.id, &command).unwrap();
        assert_eq!(refused.unwrap_err(), SubmitProfileError::AccountClosed);
        let refused = world.flows().edit_profile(account.id, &command).unwrap();
        assert_eq!(refused.unwrap_err(), EditProfileError::AccountClosed);
    }
}

#[test]
fn a_draft_is_worked_on_until_it_is_handed_in() {
    let world = World::default();
    let account = world.sign_up("ada@example.org");
    let name = |text: &str| Some(text.to_owned());
    let draft = only(|fields| fields.first_name = name("Ada"), ProfileManner::Draft);
    let drafted = world.submit(&account, &draft);
    assert_eq!(drafted.profile.state, ReviewState::Drafted);
    let label = || world.private_label(account.id, &LabelKey::PROFILE);
    assert_eq!(label().as_deref(), Some("drafted"));

    let again = world.flows().submit_profile(account.id, &draft).unwrap();
    assert_eq!(again.unwrap_err(), SubmitProfileError::Exists);

    let rest = only(
        |fields| fields.last_name = name("Lovelace"),
        ProfileManner::Submission,
    );
    let edited = world.flows().edit_profile(account.id, &rest).unwrap().unwrap();
    assert_eq!(
        edited.fields.first_name.as_deref(),
        Some("Ada"),
        "what was not given stays"
    );
    assert_eq!(edited.fields.last_name.as_deref(), Some("Lovelace"));
    assert_eq!(world.state_of(&edited), ReviewState::Pending);
    assert_eq!(label().as_deref(), Some("submitted"));

    let refused = world.flows().edit_profile(account.id, &rest).unwrap();
    assert_eq!(refused.unwrap_err(), EditProfileError::NoneEditable);
}

#[test]
fn nobody_drafts_a_birthday_that_is_yet_to_come() {
    let world = World::default();
    let account = world.sign_up("ada@example.org");
    let command = only(
        |fields| fields.dob = NaiveDate::from_ymd_opt(3000, 1, 1),
        ProfileManner::Draft,
    );
    let refused = world.flows().submit_profile(account.id, &command).unwrap();
    assert!(matches!(refused, Err(SubmitProfileError::Unfit(_))));
    // The older releases took any day.
    let mut whole = ada(ProfileManner::Whole);
    whole.fields.dob = NaiveDate::from_ymd_opt(3000, 1, 1);
    world.submit(&account, &whole);
}

#[test]
fn another_profile_makes_verified_documents_replaced() {
    let world = World::default();
    let (account, reviewer) = (world.sign_up("ada@example.org"), world.reviewer());
    let first = world.submit(&account, &ada(ProfileManner::Submission));
    let verify = |value: LabelValue| {
        let flows = world.flows();
        flows
            .set_private_label(account.id, LabelKey::DOCUMENT, value, None)
            .unwrap();
    };
    verify(LabelValue::VERIFIED);
    let document = || world.private_label(account.id, &LabelKey::DOCUMENT);
    world.decide_profile(&reviewer, &first, clavis_kyc::Verdict::Approve);
    assert_eq!(document().as_deref(), Some("verified"));

    world.submit(&account, &ada(ProfileManner::Draft));
    assert_eq!(
        document().as_deref(),
        Some("verified"),
        "a draft says nothing yet"
    );
    let submission = only(|_| {}, ProfileManner::Submission);
    world
        .flows()
        .edit_profile(account.id, &submission)
        .unwrap()
        .unwrap();
    assert_eq!(document().as_deref(), Some("replaced"));
}

#[test]
fn the_first_profile_leaves_verified_documents_alone() {
    let world = World::default();
    let account = world.sign_up("ada@example.org");
    world
        .flows()
        .set_private_label(account.id, LabelKey::DOCUMENT, LabelValue::VERIFIED, None)
        .unwrap();
    world.submit(&account, &ada(ProfileManner::Submission));
    let document = world.private_label(account.id, &LabelKey::DOCUMENT);
    assert_eq!(document.as_deref(), Some("verified"));
}

#[test]
fn a_reviewer_enters_and_corrects_a_profile_in_their_own_name() {
    let world = World::default();
    let (account, reviewer) = (world.sign_up("ada@example.org"), world.reviewer());
    let permission = world.permission(&reviewer);
    let flows = world.flows();
    let entered = flows
        .enter_profile(&permission, account.id, &ada(ProfileManner::Draft))
        .unwrap()
        .unwrap();
    assert_eq!(entered.profile.content.author, reviewer.id);
    assert_eq!(entered.profile.content.account, account.id);
    let command = only(|_| {}, ProfileManner::Submission);
    let corrected = flows
        .correct_profile(&permission, account.id, &command)
        .unwrap()
        .unwrap();
    assert_eq!(corrected.profile.state, ReviewState::Pending);
    let entry = world.ports.latest(account.id, 100).unwrap();
    assert!(
        entry
            .iter()
            .any(|entry| entry.action == AuditAction::SubmitProfile && entry.actor == Some(reviewer.id))
    );
}
