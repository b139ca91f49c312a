//! What administrators note about accounts, for one another: their owners never see it.

mod sealed;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clavis_identity::Accounts;
use clavis_kernel::{AccountId, Answer, CommentId, StoreError, Uid};
use clavis_rbac::Permission;

use crate::{AdministrationError, AuditAction, Comments, Flows, ManageAccounts};

const MAX_TITLE_CHARS: usize = 64;
const MAX_TEXT_CHARS: usize = 5000;
/// Most comments on one account.
const MAX_COMMENTS: usize = 100;

/// A comment as it is kept. What it says is sealed for the account.
#[derive(Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// About whom.
    pub account: AccountId,
    /// Who wrote it.
    pub author: AccountId,
    /// What it says, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A comment about to be made.
#[derive(Clone)]
pub struct NewComment {
    /// See [`Comment::account`].
    pub account: AccountId,
    /// See [`Comment::author`].
    pub author: AccountId,
    /// See [`Comment::sealed`].
    pub sealed: Vec<u8>,
}

/// What somebody writes about an account.
#[derive(Clone, PartialEq, Eq)]
pub struct CommentWords {
    /// One line.
    pub title: CommentTitle,
    /// As many lines as it takes.
    pub text: CommentText,
}

/// One line of 1 to 64 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct CommentTitle(String);

/// 1 to 5000 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct CommentText(String);

/// Why a text is none that a comment may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommentWordsError {
    /// Nothing but blanks.
    #[error("is blank")]
    Blank,
    /// Too many characters.
    #[error("has more than {maximum} characters")]
    TooLong {
        /// The most.
        maximum: usize,
    },
    /// Control characters; in a title, line breaks too.
    #[error("has control characters")]
    BadCharacter,
}

/// A comment that is opened, with the name of who wrote it.
#[derive(Clone)]
pub struct Remark {
    /// The comment.
    pub comment: Comment,
    /// The uid of who wrote it.
    pub author: Option<Uid>,
    /// What it says.
    pub words: CommentWords,
}

/// Why a comment was not made, changed or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommentError {
    /// The account may not be touched by this administrator.
    #[error(transparent)]
    Account(#[from] AdministrationError),
    /// There is no such comment.
    #[error("no such comment")]
    Unknown,
    /// The account has as many as it may.
    #[error("an account has at most {MAX_COMMENTS} comments")]
    TooMany,
}

impl Flows<'_> {
    /// Notes something about somebody else's account.
    pub fn comment(
        &self,
        permission: &Permission<ManageAccounts>,
        uid: &Uid,
        words: &CommentWords,
    ) -> Answer<Remark, CommentError> {
        let author = permission.holder();
        let account = match self.administrable(author, uid)? {
            Ok(account) => account.id,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        if Comments::of_account(self.ports, account)?.len() >= MAX_COMMENTS {
            return Ok(Err(CommentError::TooMany));
        }
        let sealed = self.seal_words(account, words);
        let comment = NewComment {
            account,
            author,
            sealed,
        };
        let comment = Comments::insert(self.ports, &comment, self.now())?;
        self.comment_changed(author, &comment, AuditAction::Comment)?;
        self.remark(comment).map(Ok)
    }

    /// Changes what a comment says; what is not given stays.
    pub fn change_comment(
        &self,
        permission: &Permission<ManageAccounts>,
        id: CommentId,
        title: Option<&CommentTitle>,
        text: Option<&CommentText>,
    ) -> Answer<Remark, CommentError> {
        let author = permission.holder();
        let comment = match self.changeable_comment(author, id)? {
            Ok(comment) => comment,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let before = self.opened_words(&comment)?;
        let words = CommentWords {
            title: title.cloned().unwrap_or(before.title),
            text: text.cloned().unwrap_or(before.text),
        };
        let comment = Comment {
            sealed: self.seal_words(comment.account, &words),
            updated_at: self.now(),
            ..comment
        };
        if !Comments::update(self.ports, id, &comment.sealed, comment.updated_at)? {
            return Ok(Err(CommentError::Unknown));
        }
        self.comment_changed(author, &comment, AuditAction::Comment)?;
        self.remark(comment).map(Ok)
    }

    /// Removes a comment.
    pub fn remove_comment(
        &self,
        permission: &Permission<ManageAccounts>,
        id: CommentId,
    ) -> Answer<(), CommentError> {
        let author = permission.holder();
        let comment = match self.changeable_comment(author, id)? {
            Ok(comment) => comment,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if !Comments::remove(self.ports, id)? {
            return Ok(Err(CommentError::Unknown));
        }
        self.comment_changed(author, &comment, AuditAction::RemoveComment)?;
        Ok(Ok(()))
    }

    /// What was noted about an account, in the order it was.
    pub(crate) fn remarks(&self, account: AccountId) -> Result<Vec<Remark>, StoreError> {
        let comments = Comments::of_account(self.ports, account)?;
        let mut authors: Vec<_> = comments.iter().map(|comment| comment.author).collect();
        authors.sort_unstable();
        authors.dedup();
        let authors = self.ports.find_all(&authors)?;
        let remarks = comments.into_iter().map(|comment| {
            let author = authors.iter().find(|author| author.id == comment.author);
            Ok(Remark {
                author: author.map(|author| author.uid.clone()),
                words: self.opened_words(&comment)?,
                comment,
            })
        });
        remarks.collect()
    }

    fn remark(&self, comment: Comment) -> Result<Remark, StoreError> {
        let author = Accounts::find(self.ports, comment.author)?;
        Ok(Remark {
            author: author.map(|author| author.uid),
            words: self.opened_words(&comment)?,
            comment,
        })
    }

    fn changeable_comment(&self, actor: AccountId, id: CommentId) -> Answer<Comment, CommentError> {
        let Some(comment) = Comments::find(self.ports, id)? else {
            return Ok(Err(CommentError::Unknown));
        };
        Ok(match self.administrable_id(actor, comment.account)? {
            Ok(_) => Ok(comment),
            // Nobody learns that something is noted about themselves.
            Err(AdministrationError::Oneself) => Err(CommentError::Unknown),
            Err(refusal) => Err(refusal.into()),
        })
    }

    fn comment_changed(
        &self,
        actor: AccountId,
        comment: &Comment,
        action: AuditAction,
    ) -> Result<(), StoreError> {
        self.audit_by(
            Some(actor),
            Some(comment.account),
            action,
            &comment.id.to_string(),
        )
    }
}

impl CommentTitle {
    /// As it was written, without blanks around it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CommentText {
    /// As it was written, without blanks around it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CommentTitle {
    type Err = CommentWordsError;

    fn from_str(text: &str) -> Result<Self, CommentWordsError> {
        words(text, MAX_TITLE_CHARS, char::is_control).map(Self)
    }
}

impl FromStr for CommentText {
    type Err = CommentWordsError;

    fn from_str(text: &str) -> Result<Self, CommentWordsError> {
        let is_bad = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
        words(text, MAX_TEXT_CHARS, is_bad).map(Self)
    }
}

fn words(text: &str, maximum: usize, is_bad: impl Fn(char) -> bool) -> Result<String, CommentWordsError> {
    let text = text.trim();
    if text.is_empty() {
        Err(CommentWordsError::Blank)
    } else if text.chars().nth(maximum).is_some() {
        Err(CommentWordsError::TooLong { maximum })
    } else if text.chars().any(is_bad) {
        Err(CommentWordsError::BadCharacter)
    } else {
        Ok(text.to_owned())
    }
}

macro_rules! withheld {
    ($($name:ident,)*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })*
    };
}

withheld! { Comment, NewComment, CommentWords, CommentTitle, CommentText, Remark, }
