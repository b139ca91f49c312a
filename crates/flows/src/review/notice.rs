use clavis_identity::Account;
use clavis_kernel::Email;
use clavis_kyc::{DocumentType, Verdict};

use crate::{MailBody, OutgoingMail};

/// What somebody decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reviewed {
    /// A profile.
    Profile,
    /// A document of this type.
    Document(DocumentType),
}

/// A decision that its owner is to be told of. What reviewers say among themselves is not in it.
pub struct ReviewNotice<'a> {
    /// To whom.
    pub to: &'a Email,
    /// Whose it was.
    pub account: &'a Account,
    /// What was decided on.
    pub what: Reviewed,
    /// What was decided.
    pub verdict: Verdict,
    /// What the reviewer says of it: one line, as it was typed.
    pub public_comment: Option<&'a str>,
}

impl Reviewed {
    /// In the middle of a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Document(DocumentType::Passport) => "passport",
            Self::Document(DocumentType::IdentityCard) => "identity card",
            Self::Document(DocumentType::DriverLicense) => "driver license",
            Self::Document(DocumentType::UtilityBill) => "utility bill",
            Self::Document(DocumentType::Address) => "proof of address",
        }
    }
}

impl ReviewNotice<'_> {
    /// The mail in plain words, for dialects that have none of their own.
    pub fn plain(&self) -> OutgoingMail {
        let what = self.what.words();
        let (outcome, next) = match self.verdict {
            Verdict::Approve => ("was approved", "There is nothing left to do."),
            Verdict::AskAgain => ("needs another try", "Please hand it in again."),
            Verdict::Reject => ("was rejected", "This decision is final."),
        };
        let said = self.public_comment;
        let text_comment = said.map(|comment| format!("The reviewer says: {comment}\n\n"));
        let html_comment = said.map(|comment| format!("<p>The reviewer says: {}</p>\n", escaped(comment)));
        OutgoingMail {
            to: self.to.clone(),
            subject: format!("Your {what} {outcome}"),
            body: MailBody {
                text: format!(
                    "Your {what} {outcome}.\n\n{}{next}\n",
                    text_comment.unwrap_or_default()
                ),
                html: format!(
                    "<p>Your {what} {outcome}.</p>\n{}<p>{next}</p>\n",
                    html_comment.unwrap_or_default()
                ),
            },
            headers: Vec::new(),
        }
    }
}

/// As text in HTML.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
    html
}
