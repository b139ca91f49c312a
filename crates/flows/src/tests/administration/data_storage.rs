use clavis_identity::Account;
use clavis_kernel::Uid;
use clavis_kyc::{LabelKey, LabelProblem, LabelScope, LabelValue};

use crate::labels::StateEffect;
use crate::tests::World;
use crate::*;

impl World {
    fn record(&self, account: &Account, title: &str, text: &str) -> Result<(), RecordDataError> {
        let (title, text) = (DataTitle::check(title).unwrap(), text.parse().unwrap());
        self.flows().record_data(account.id, &title, &text).unwrap()
    }

    fn data(&self, account: &Account) -> Vec<(String, String)> {
        let data = self.flows().data_of(&[account.id]).unwrap();
        data.into_iter()
            .map(|one| (one.storage.title.as_str().to_owned(), one.text))
            .collect()
    }

    fn remove_recorded(&self, actor: &Account, uid: &Uid, title: &str) -> Result<(), RemoveDataError> {
        let (permission, title) = (self.may(actor), DataTitle::check(title).unwrap());
        self.flows().remove_data(&permission, uid, &title).unwrap()
    }

    fn label_named(&self, account: &Account, key: &str) -> Option<String> {
        self.private_label(account.id, &LabelKey::check(key).unwrap())
    }
}

#[test]
fn a_text_is_kept_sealed_and_told_of_by_a_label() {
    let world = World::default();
    let ann = world.sign_up("ann@example.org");
    assert_eq!(world.record(&ann, " Wishes ", "{\"pony\":true}"), Ok(()));
    assert_eq!(
        world.data(&ann),
        [("wishes".to_owned(), "{\"pony\":true}".to_owned())]
    );
    assert_eq!(world.label_named(&ann, "wishes").as_deref(), Some("recorded"));
    let kept = world.flows().data_of(&[ann.id]).unwrap();
    assert!(!kept[0].storage.sealed.windows(4).any(|window| window == b"pony"));
    assert!(!format!("{kept:?}").contains("pony"));
    let dossier = world
        .flows()
        .dossier(world.flows().person(ann.id).unwrap().unwrap());
    assert_eq!(dossier.unwrap().data.len(), 1);
    // What was sealed for one account and title opens for no other.
    let bob = world.sign_up("bob@example.org");
    let elsewhere = NewDataStorage {
        account: bob.id,
        title: kept[0].storage.title.clone(),
        sealed: kept[0].storage.sealed.clone(),
    };
    DataStorages::insert(&world.ports, &elsewhere, bob.created_at).unwrap();
    assert!(world.flows().data_of(&[bob.id]).is_err());
}

#[test]
fn what_lies_under_a_title_is_not_overwritten() {
    let world = World::default();
    let ann = world.sign_up("ann@example.org");
    assert_eq!(world.record(&ann, "wishes", "a"), Ok(()));
    assert_eq!(world.record(&ann, "wishes", "b"), Err(RecordDataError::Taken));
    // Nor is a label that somebody else has set.
    let (vip, gold) = (
        LabelKey::check("vip").unwrap(),
        LabelValue::check("gold").unwrap(),
    );
    world.flows().set_private_label(ann.id, vip, gold, None).unwrap();
    assert_eq!(world.record(&ann, "vip", "c"), Err(RecordDataError::Taken));
    assert_eq!(world.label_named(&ann, "vip").as_deref(), Some("gold"));
    assert_eq!(world.data(&ann), [("wishes".to_owned(), "a".to_owned())]);
}

#[test]
fn a_title_whose_label_means_something_is_nobodys_to_record() {
    let mut world = World::default();
    world.limits.kyc.levels =
        clavis_kyc::LevelTable::parse(&["email:verified", "employer:verified"]).unwrap();
    let ann = world.sign_up("ann@example.org");
    let ours = ["email", "phone", "document", "profile", "otp", "address"];
    let states = ["ban", "fraud", "delete", "lock", "suspicious"];
    for title in ours.into_iter().chain(states).chain(["employer"]) {
        assert_eq!(
            world.record(&ann, title, "x"),
            Err(RecordDataError::Reserved),
            "{title}"
        );
    }
    assert!(world.flows().labels(ann.id).unwrap().is_empty());
}

#[test]
fn an_account_has_only_so_many_texts_and_a_closed_one_records_none() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    for nth in 0..20 {
        assert_eq!(world.record(&ann, &format!("title-{nth}"), "x"), Ok(()));
    }
    assert_eq!(world.record(&ann, "one-more", "x"), Err(RecordDataError::TooMany));
    let lock = LabelKey::check("lock").unwrap();
    let label = clavis_kyc::NewLabel {
        account: ann.id,
        key: lock,
        value: LabelValue::VERIFIED,
        scope: LabelScope::Private,
        description: None,
    };
    let effect = StateEffect::Follows;
    world.flows().put_label(&label, Some(admin.id), effect).unwrap();
    assert_eq!(
        world.record(&ann, "one-more", "x"),
        Err(RecordDataError::AccountClosed)
    );
}

#[test]
fn an_administrator_removes_a_text_together_with_its_label() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    world.record(&ann, "wishes", "a").unwrap();
    assert_eq!(
        world.remove_recorded(&admin, &ann.uid, "other"),
        Err(RemoveDataError::Unknown)
    );
    assert_eq!(world.remove_recorded(&admin, &ann.uid, "wishes"), Ok(()));
    assert_eq!(world.label_named(&ann, "wishes"), None);
    assert!(world.data(&ann).is_empty());
    assert_eq!(
        world.remove_recorded(&admin, &ann.uid, "wishes"),
        Err(RemoveDataError::Unknown)
    );
    let unknown = "ID0000000000".parse().unwrap();
    assert_eq!(
        world.remove_recorded(&admin, &unknown, "wishes"),
        Err(RemoveDataError::Account(AdministrationError::UnknownAccount))
    );
    assert_eq!(
        world.remove_recorded(&admin, &admin.uid, "wishes"),
        Err(RemoveDataError::Account(AdministrationError::Oneself))
    );
    // The title is free again.
    assert_eq!(world.record(&ann, "wishes", "b"), Ok(()));
}

#[test]
fn titles_and_texts_have_bounds() {
    let too_long = vec![LabelProblem::TooLong { maximum: 64 }];
    assert_eq!(DataTitle::check(&"x".repeat(65)), Err(too_long));
    assert!(DataTitle::check(&"x".repeat(64)).is_ok());
    assert_eq!(DataTitle::check("a b"), Err(vec![LabelProblem::BadFormat]));
    let text = |text: &str| text.parse::<DataText>().map(drop);
    assert_eq!(text(" \n"), Err(DataTextError::Blank));
    assert_eq!(text("a\0"), Err(DataTextError::Nul));
    assert_eq!(text(&"ä".repeat(5120)), Ok(()));
    let maximum = 5120;
    assert_eq!(text(&"ä".repeat(5121)), Err(DataTextError::TooLong { maximum }));
}
