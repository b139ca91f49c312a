use clavis_identity::Account;
use clavis_kernel::CommentId;

use crate::tests::World;
use crate::*;

impl World {
    fn note(&self, author: &Account, about: &Account, title: &str) -> Result<Remark, CommentError> {
        let permission = self.may(author);
        let words = words(title, "Called twice,\nsaid nothing.");
        self.flows().comment(&permission, &about.uid, &words).unwrap()
    }

    fn remarks(&self, about: &Account) -> Vec<(String, String)> {
        let remarks = self.flows().remarks(about.id).unwrap();
        let said = remarks.into_iter().map(|remark| {
            let words = remark.words;
            (words.title.as_str().to_owned(), words.text.as_str().to_owned())
        });
        said.collect()
    }
}

fn words(title: &str, text: &str) -> CommentWords {
    CommentWords {
        title: title.parse().unwrap(),
        text: text.parse().unwrap(),
    }
}

#[test]
fn a_comment_is_kept_sealed_with_its_author() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    let made = world.note(&admin, &ann, "Doubtful").unwrap();
    assert_eq!(made.author, Some(admin.uid.clone()));
    assert_eq!(
        world.remarks(&ann),
        [("Doubtful".to_owned(), "Called twice,\nsaid nothing.".to_owned())]
    );
    let sealed = &made.comment.sealed;
    assert!(!sealed.windows(8).any(|window| window == b"Doubtful"));
    assert!(!format!("{made:?}").contains("Doubtful"));
    assert_eq!(world.last_entry(&ann).0, AuditAction::Comment);
    // What was sealed for one account does not open for another.
    let elsewhere = NewComment {
        account: admin.id,
        author: ann.id,
        sealed: sealed.clone(),
    };
    let at = made.comment.created_at;
    Comments::insert(&world.ports, &elsewhere, at).unwrap();
    assert!(world.flows().remarks(admin.id).is_err());
}

#[test]
fn a_comment_changes_in_part_and_goes() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    let id = world.note(&admin, &ann, "Doubtful").unwrap().comment.id;
    let permission = world.may(&admin);
    let title = "Cleared".parse().unwrap();
    let changed = world.flows().change_comment(&permission, id, Some(&title), None);
    assert_eq!(changed.unwrap().unwrap().words.title.as_str(), "Cleared");
    assert_eq!(
        world.remarks(&ann),
        [("Cleared".to_owned(), "Called twice,\nsaid nothing.".to_owned())]
    );
    let remove = |id| world.flows().remove_comment(&permission, id).unwrap();
    assert_eq!(remove(id), Ok(()));
    assert_eq!(remove(id), Err(CommentError::Unknown));
    assert_eq!(remove(CommentId(77)), Err(CommentError::Unknown));
    assert!(world.remarks(&ann).is_empty());
}

#[test]
fn nobody_comments_on_themselves_or_learns_what_others_said_of_them() {
    let world = World::default();
    let (admin, second) = (world.admin(), world.holder("second", "admin"));
    let oneself = world.note(&admin, &admin, "Best of all").map(drop);
    assert_eq!(oneself, Err(AdministrationError::Oneself.into()));
    let id = world.note(&second, &admin, "Vain").unwrap().comment.id;
    let permission = world.may(&admin);
    let removed = world.flows().remove_comment(&permission, id).unwrap();
    assert_eq!(removed, Err(CommentError::Unknown));
    let file = |reader: &Account| {
        let permission = world.may(reader);
        let file = world.flows().case_file(&permission, None, &admin.uid);
        file.unwrap().unwrap().remarks.len()
    };
    assert_eq!((file(&admin), file(&second)), (0, 1));
}

#[test]
fn there_are_a_hundred_comments_at_most() {
    let world = World::default();
    let (admin, ann) = (world.admin(), world.sign_up("ann@example.org"));
    for _ in 0..100 {
        world.note(&admin, &ann, "Again").unwrap();
    }
    assert_eq!(
        world.note(&admin, &ann, "Again").map(drop),
        Err(CommentError::TooMany)
    );
}

#[test]
fn words_are_bounded_and_plain() {
    let title = |text: &str| {
        text.parse::<CommentTitle>()
            .map(|title| title.as_str().to_owned())
    };
    assert_eq!(title(" Doubtful "), Ok("Doubtful".to_owned()));
    assert_eq!(title(" "), Err(CommentWordsError::Blank));
    assert_eq!(title("a\nb"), Err(CommentWordsError::BadCharacter));
    let too_long = Err(CommentWordsError::TooLong { maximum: 64 });
    assert_eq!(title(&"é".repeat(65)), too_long);
    assert!(title(&"é".repeat(64)).is_ok());
    let text = |text: &str| text.parse::<CommentText>().map(drop);
    assert_eq!(text("a\r\n\tb"), Ok(()));
    assert_eq!(text("a\u{7}b"), Err(CommentWordsError::BadCharacter));
    let too_long = Err(CommentWordsError::TooLong { maximum: 5000 });
    assert_eq!(text(&"a".repeat(5001)), too_long);
}
