mod comments;
mod data_storage;
mod reading;
mod restrictions;
mod rules;

use clavis_identity::{Account, AccountState, Accounts, Assurance, Sessions};
use clavis_kernel::{Clock as _, Dialect, SessionId, Uid};
use clavis_kyc::{LabelKey, LabelScope, LabelValue};
use clavis_rbac::{Applications, Authority, Denied, Permission};

use super::{World, email};
use crate::*;

impl World {
    /// Somebody with a role at Barong's door.
    fn holder(&self, who: &str, role: &str) -> Account {
        let account = self.sign_up(&format!("{who}@example.org"));
        let roles = [role.to_owned()];
        self.flows()
            .assign_roles(account.id, Dialect::Barong.name(), &roles)
            .unwrap();
        account
    }

    fn admin(&self) -> Account {
        self.holder("admin", "admin")
    }

    fn may<A: Authority>(&self, account: &Account) -> Permission<A> {
        let account = self.now_of(account);
        let permission = self.flows().administrator(&account, None, Assurance::Full);
        permission.unwrap().unwrap()
    }

    fn now_of(&self, account: &Account) -> Account {
        Accounts::find(&self.ports, account.id).unwrap().unwrap()
    }

    fn administer(
        &self,
        actor: &Account,
        target: &Account,
        change: AccountChange,
    ) -> Result<(), AdministrationError> {
        let permission = self.may(actor);
        self.flows()
            .administer(&permission, &target.uid, &change)
            .unwrap()
    }

    fn role(&self, account: &Account) -> String {
        let role = self.flows().role_name(account.id, Dialect::Barong.name());
        role.unwrap().unwrap()
    }

    /// What the trail says last of an account: what, whether it was refused, and who did it.
    fn last_entry(&self, account: &Account) -> (AuditAction, bool, Option<Account>) {
        let entry = self.ports.latest(account.id, 1).unwrap().remove(0);
        let actor = entry
            .actor
            .map(|id| Accounts::find(&self.ports, id).unwrap().unwrap());
        (entry.action, entry.result != AuditResult::Succeeded, actor)
    }

    #[track_caller]
    fn presumed(&self, target: &Account, actor: &Account) {
        let (action, refused, by) = self.last_entry(target);
        assert_eq!((action, refused), (AuditAction::Denied, true));
        assert_eq!(by.map(|by| by.id), Some(actor.id));
    }
}

fn role(name: &str) -> AccountChange {
    AccountChange::Role(name.to_owned())
}

#[test]
fn only_a_held_authority_is_lent_and_a_denial_is_in_the_trail() {
    let world = World::default();
    let (admin, member) = (world.admin(), world.sign_up("ann@example.org"));
    let clerk = world.holder("clerk", "support");
    let _: Permission<ManageAccounts> = world.may(&admin);
    let _: Permission<ReadAccounts> = world.may(&clerk);
    for account in [&member, &clerk] {
        let lent = world
            .flows()
            .administrator::<ManageAccounts>(account, None, Assurance::Full);
        assert_eq!(lent.unwrap().err(), Some(Denied));
        assert_eq!(world.last_entry(account).0, AuditAction::Denied);
    }
}

#[test]
fn an_account_out_of_use_or_half_proven_administers_nothing() {
    let world = World::default();
    let admin = world.admin();
    let lent = |account: &Account, session, assurance| {
        let flows = world.flows();
        let lent = flows.administrator::<ReadAccounts>(account, session, assurance);
        lent.unwrap().is_ok()
    };
    assert!(lent(&admin, None, Assurance::Full));
    assert!(!lent(&admin, None, Assurance::Reduced));
    for state in [AccountState::Pending, AccountState::Locked, AccountState::Banned] {
        let closed = Account {
            state,
            ..admin.clone()
        };
        assert!(!lent(&closed, None, Assurance::Full), "{state}");
    }
}

#[test]
fn a_session_that_ended_administers_nothing() {
    let world = World::default();
    let (admin, other) = (world.admin(), world.holder("other", "admin"));
    let session = |address| world.log_in(address, "Tecohvi0").unwrap().session;
    let (own, foreign) = (session("admin@example.org"), session("other@example.org"));
    let lent = |session: SessionId| {
        let flows = world.flows();
        let lent = flows.administrator::<ReadAccounts>(&admin, Some(session), Assurance::Full);
        lent.unwrap().is_ok()
    };
    assert!(lent(own));
    assert!(!lent(foreign), "{} is not {}", other.uid, admin.uid);
    Sessions::revoke(&world.ports, own, world.clock.now()).unwrap();
    assert!(!lent(own));
}

#[test]
fn abilities_are_what_the_role_holds() {
    let world = World::default();
    let abilities = |account: &Account| {
        let flows = world.flows();
        flows.abilities(account, None, Assurance::Full).unwrap()
    };
    let all = [
        "accounts.read",
        "accounts.write",
        "kyc.review",
        "activities.read",
        "permissions.write",
    ];
    assert_eq!(abilities(&world.admin()), Ok(all.to_vec()));
    let clerk = world.holder("clerk", "support");
    assert_eq!(abilities(&clerk), Ok(vec!["accounts.read", "activities.read"]));
    assert_eq!(abilities(&world.sign_up("ann@example.org")), Err(Denied));
}

#[test]
fn nobody_changes_themselves() {
    let world = World::default();
    let admin = world.admin();
    let banned = AccountChange::State(AccountState::Banned);
    assert_eq!(
        world.administer(&admin, &admin, banned),
        Err(AdministrationError::Oneself)
    );
    world.presumed(&admin, &admin);
    assert_eq!(
        world.administer(&admin, &admin, role("superadmin")),
        Err(AdministrationError::Oneself)
    );
}

#[test]
fn only_superadmins_touch_and_make_superadmins() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    let (root, second) = (
        world.holder("root", "superadmin"),
        world.holder("second", "superadmin"),
    );
    let locked = || AccountChange::State(AccountState::Locked);
    let refused = Err(AdministrationError::Superadmin);
    assert_eq!(world.administer(&admin, &root, locked()), refused);
    world.presumed(&root, &admin);
    assert_eq!(world.administer(&admin, &root, role("member")), refused);
    assert_eq!(world.administer(&admin, &ann, role("superadmin")), refused);
    world.presumed(&ann, &admin);
    assert_eq!(world.administer(&root, &second, locked()), Ok(()));
    assert_eq!(world.administer(&root, &ann, role("superadmin")), Ok(()));
    assert_eq!(world.role(&ann), "superadmin");
}

#[test]
fn nobody_gives_or_takes_authority_they_do_not_have() {
    let world = World::default();
    let barong = world.flows().application_of(Dialect::Barong).unwrap();
    // An operator's own role: it changes accounts, and reviews nobody.
    let helpdesk = Applications::ensure_role(&world.ports, barong.id, "trader").unwrap();
    for scope in [ReadAccounts::SCOPE, ManageAccounts::SCOPE] {
        let scope = world.ports.ensure_scope(barong.id, scope).unwrap();
        world.ports.attach_scope(helpdesk.id, scope.id).unwrap();
    }
    let (clerk, ann) = (world.holder("clerk", "trader"), world.sign_up("ann@example.org"));
    let refused = Err(AdministrationError::MoreThanOneself);
    assert_eq!(world.administer(&clerk, &ann, role("compliance")), refused);
    world.presumed(&ann, &clerk);
    assert_eq!(world.administer(&clerk, &ann, role("broker")), Ok(()));
    // Who could change the address could reset the password.
    let address = || AccountChange::Address(email("clerk2@example.org"));
    assert_eq!(world.administer(&clerk, &world.admin(), address()), refused);
    let pluto = world.sign_up("pluto@example.org");
    world
        .flows()
        .assign_roles(pluto.id, Dialect::Pluto.name(), &["admin".to_owned()])
        .unwrap();
    assert_eq!(world.administer(&clerk, &pluto, address()), refused);
    world.presumed(&pluto, &clerk);
}

#[test]
fn a_role_is_one_of_barongs_and_takes_the_place_of_the_one_before() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    assert_eq!(world.role(&ann), MEMBER_ROLE);
    for (name, expected) in [
        ("emperor", Err(AdministrationError::UnknownRole)),
        ("member", Err(AdministrationError::Unchanged)),
        ("admin", Ok(())),
        ("admin", Err(AdministrationError::Unchanged)),
        ("support", Ok(())),
        ("member", Ok(())),
    ] {
        assert_eq!(world.administer(&admin, &ann, role(name)), expected, "{name}");
    }
    assert_eq!(world.role(&ann), MEMBER_ROLE);
    assert_eq!(world.last_entry(&ann).0, AuditAction::SetRole);
    assert_eq!(world.last_entry(&ann).2.map(|by| by.id), Some(admin.id));
}

#[test]
fn a_state_is_set_once_and_a_tombstone_stays_one() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    let set = |state| world.administer(&admin, &ann, AccountChange::State(state));
    world.log_in("ann@example.org", "Tecohvi0").unwrap();
    assert_eq!(set(AccountState::Active), Err(AdministrationError::Unchanged));
    assert_eq!(set(AccountState::Banned), Ok(()));
    assert_eq!(world.now_of(&ann).state, AccountState::Banned);
    assert!(world.log_in("ann@example.org", "Tecohvi0").is_err());
    assert_eq!(set(AccountState::Active), Ok(()));
    assert_eq!(set(AccountState::Deleted), Ok(()));
    assert_eq!(set(AccountState::Active), Err(AdministrationError::Gone));
    assert_eq!(
        world.administer(&admin, &ann, role("support")),
        Err(AdministrationError::Gone)
    );
    let nobody: Uid = "IDNOBODY".parse().unwrap();
    let permission = world.may(&admin);
    let unknown = world.flows().administer(&permission, &nobody, &role("admin"));
    assert_eq!(unknown.unwrap(), Err(AdministrationError::UnknownAccount));
}

#[test]
fn a_second_factor_is_only_taken_away() {
    use SecondFactorSwitch::{Off, On};
    let world = World::asking();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    let switch = |to| world.administer(&admin, &ann, AccountChange::SecondFactor(to));
    assert_eq!(switch(On), Err(AdministrationError::EnablesFactor));
    assert_eq!(switch(Off), Err(AdministrationError::Unchanged));
    world.enable(&ann);
    assert_eq!(switch(On), Err(AdministrationError::Unchanged));
    assert_eq!(switch(Off), Ok(()));
    assert!(!world.flows().has_second_factor(ann.id).unwrap());
}

#[test]
fn a_new_address_is_unproven_and_the_old_one_is_told() {
    let world = World::default();
    let admin = world.admin();
    let (ann, ticket) = world.sign_up_pending("ann@example.org");
    world.flows().activate(&ticket).unwrap().unwrap();
    let set = |address| world.administer(&admin, &ann, AccountChange::Address(email(address)));
    assert_eq!(set("ANN@example.org"), Err(AdministrationError::Unchanged));
    assert_eq!(set("admin@example.org"), Err(AdministrationError::AddressTaken));
    world.mails();
    assert_eq!(set("ann@example.net"), Ok(()));
    let told = world.mails();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].to.as_str(), told[0].subject.as_str()),
        ("ann@example.org", "EmailChanged")
    );
    assert_eq!(world.flows().level(ann.id).unwrap(), 0);
    assert_eq!(world.last_entry(&ann).0, AuditAction::ChangeEmail);
    assert!(world.log_in("ann@example.net", "Tecohvi0").is_ok());
}

fn label(key: &str, value: &str, scope: LabelScope) -> WantedLabel {
    WantedLabel {
        key: key.parse().unwrap(),
        value: value.parse().unwrap(),
        scope,
        description: None,
    }
}

#[test]
fn a_label_is_made_once_and_replaced_on_demand() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    let permission = world.may(&admin);
    let set = |wanted: &WantedLabel, existing| {
        let flows = world.flows();
        let set = flows.administer_label(&permission, &ann.uid, wanted, existing);
        set.unwrap()
            .map(|label| (label.value.to_string(), label.description))
    };
    let mut first = label("vip", "yes", LabelScope::Public);
    first.description = Some("since 2019".to_owned());
    let remark = Some("since 2019".to_owned());
    assert_eq!(
        set(&first, Existing::Kept),
        Ok(("yes".to_owned(), remark.clone()))
    );
    let second = label("vip", "very", LabelScope::Public);
    assert_eq!(set(&second, Existing::Kept), Err(AdminLabelError::Exists));
    assert_eq!(set(&second, Existing::Replaced), Ok(("very".to_owned(), remark)));
    let other_scope = label("vip", "very", LabelScope::Private);
    let changed = world.flows().change_label(&permission, &ann.uid, &other_scope);
    assert_eq!(changed.unwrap(), Err(AdminLabelError::UnknownLabel));
    let key: LabelKey = "vip".parse().unwrap();
    let remove = || {
        let flows = world.flows();
        flows
            .remove_label(&permission, &ann.uid, &key, LabelScope::Public)
            .unwrap()
    };
    assert_eq!(remove(), Ok(()));
    assert_eq!(remove(), Err(AdminLabelError::UnknownLabel));
    let own = world
        .flows()
        .administer_label(&permission, &admin.uid, &second, Existing::Kept);
    assert_eq!(own.unwrap(), Err(AdministrationError::Oneself.into()));
}

#[test]
fn level_and_state_follow_an_administrators_labels() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    let permission = world.may(&admin);
    let set = |wanted: &WantedLabel| {
        let flows = world.flows();
        flows
            .administer_label(&permission, &ann.uid, wanted, Existing::Replaced)
            .unwrap()
            .unwrap();
    };
    set(&label(
        "email",
        LabelValue::VERIFIED.as_str(),
        LabelScope::Private,
    ));
    assert_eq!(world.flows().level(ann.id).unwrap(), 1);
    set(&label("fraud", "suspected", LabelScope::Private));
    assert_eq!(world.now_of(&ann).state, AccountState::Banned);
    assert_eq!(world.last_entry(&ann).2.map(|by| by.id), Some(admin.id));
}
