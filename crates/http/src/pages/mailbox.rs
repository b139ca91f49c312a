use std::io;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::Pages;
use super::present::{ResultPage, page};

/// Most mails listed, and most texts.
const NEWEST: usize = 100;

/// The way to the root from the list, and from a mail.
const LIST: &str = "..";
const MAIL: &str = "../..";

/// Reads the mails and text messages that were kept in files instead of being sent.
pub trait MailboxReader: Send + Sync {
    /// The newest mails, newest first.
    fn newest(&self, limit: usize) -> io::Result<Vec<MailboxSummary>>;
    /// One mail; `None` when there is none of that id.
    fn read(&self, id: &str) -> io::Result<Option<MailboxMail>>;
    /// The newest text messages, newest first.
    fn newest_texts(&self, limit: usize) -> io::Result<Vec<MailboxText>>;
}

/// A text message: short enough to be read in the list.
pub struct MailboxText {
    /// To which number.
    pub to: String,
    /// What it says.
    pub text: String,
    /// When it was written.
    pub date: String,
}

/// A mail in the list.
pub struct MailboxSummary {
    /// Its id.
    pub id: String,
    /// To whom.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// When it was written.
    pub date: String,
}

/// A mail to be read.
pub struct MailboxMail {
    /// What the list says.
    pub summary: MailboxSummary,
    /// Its plain text.
    pub text: String,
}

#[derive(Template)]
#[template(path = "pages/mailbox.html")]
struct MailboxPage {
    mails: Vec<MailboxSummary>,
    texts: Vec<MailboxText>,
}

#[derive(Template)]
#[template(path = "pages/mailbox_mail.html")]
struct MailPage {
    mail: MailboxSummary,
    lines: Vec<Vec<Piece>>,
}

/// A piece of a line: text, or a link.
struct Piece {
    text: String,
    is_link: bool,
}

pub(super) async fn list(pages: web::Data<Pages>) -> HttpResponse {
    let Some(mailbox) = pages.mailbox.clone() else {
        return nothing(LIST);
    };
    let look = move || Ok((mailbox.newest(NEWEST)?, mailbox.newest_texts(NEWEST)?));
    match web::block(look).await {
        Ok(Ok((mails, texts))) => page(StatusCode::OK, &MailboxPage { mails, texts }),
        Ok(Err(error)) => unreadable(LIST, &error),
        Err(error) => unreadable(LIST, &io::Error::other(error)),
    }
}

pub(super) async fn show(pages: web::Data<Pages>, id: web::Path<String>) -> HttpResponse {
    let Some(mailbox): Option<Arc<dyn MailboxReader>> = pages.mailbox.clone() else {
        return nothing(MAIL);
    };
    match web::block(move || mailbox.read(&id)).await {
        Ok(Ok(Some(mail))) => {
            let lines = mail.text.lines().map(pieces).collect();
            page(
                StatusCode::OK,
                &MailPage {
                    mail: mail.summary,
                    lines,
                },
            )
        }
        Ok(Ok(None)) => nothing(MAIL),
        Ok(Err(error)) => unreadable(MAIL, &error),
        Err(error) => unreadable(MAIL, &io::Error::other(error)),
    }
}

fn pieces(line: &str) -> Vec<Piece> {
    line.split_inclusive(char::is_whitespace)
        .map(|word| {
            let is_link = word.starts_with("http://") || word.starts_with("https://");
            Piece {
                text: word.to_owned(),
                is_link,
            }
        })
        .collect()
}

fn nothing(root: &str) -> HttpResponse {
    let text = "There is no such mail.";
    page(
        StatusCode::NOT_FOUND,
        &ResultPage {
            root,
            title: "Not found",
            text,
            continue_url: None,
        },
    )
}

fn unreadable(root: &str, error: &io::Error) -> HttpResponse {
    tracing::error!(%error, "the mailbox could not be read");
    let text = "The mailbox could not be read.";
    page(
        StatusCode::INTERNAL_SERVER_ERROR,
        &ResultPage {
            root,
            title: "Something went wrong",
            text,
            continue_url: None,
        },
    )
}
