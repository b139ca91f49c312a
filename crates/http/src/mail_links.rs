use std::str::FromStr;

/// Where the links in mails lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MailLinks {
    /// To our own pages, whose button posts: a program that follows links in mails changes nothing.
    #[default]
    Pages,
    /// To the URLs of the dialect's contract, where it has them.
    Contract,
}

/// The text names no choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected pages or contract")]
pub struct MailLinksError;

impl FromStr for MailLinks {
    type Err = MailLinksError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "pages" => Ok(Self::Pages),
            "contract" => Ok(Self::Contract),
            _ => Err(MailLinksError),
        }
    }
}
