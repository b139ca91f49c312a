//! Text messages: through a gateway that speaks HTTP, or into files where none is set.

mod files;
mod gateway;
mod setting;
mod twilio;
mod webhook;

use std::path::Path;
use std::sync::Arc;

use clavis_flows::{TextError, TextMessage, Texts};
use clavis_kernel::{Clock, Entropy};
use metrics::counter;

pub use files::{DeliveredText, FileTexts};
pub use gateway::TextLimits;
pub use setting::{
    GatewayCredentials, TextTransport, TextUrlError, TwilioAccount, TwilioSender, WebhookTarget,
};
pub use twilio::TwilioTexts;
pub use webhook::WebhookTexts;

/// Most texts kept as files.
const OUTBOX_FILES: usize = 10_000;

/// Longest text in characters: what a gateway cuts into ten messages (Twilio's limit, error 21617).
const MAX_CHARS: usize = 1_600;

/// What brings texts where the setting `sms.url` says; without one, files in the folder `outbox` of the data folder.
pub fn texts_from_url(
    url: Option<&str>,
    data_dir: &Path,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Arc<dyn Texts>, TextUrlError> {
    let limits = TextLimits::default();
    Ok(match TextTransport::from_setting(url)? {
        TextTransport::Files => Arc::new(FileTexts::new(
            data_dir.join("outbox"),
            clock,
            entropy,
            Some(OUTBOX_FILES),
        )),
        TextTransport::Webhook(target) => Arc::new(WebhookTexts::new(target, limits)?),
        TextTransport::Twilio(account) => Arc::new(TwilioTexts::new(account, limits)?),
    })
}

/// Refuses what no transport could send, before anybody else sees it.
fn check(text: &TextMessage) -> Result<(), TextError> {
    let digits = text.to.strip_prefix('+').ok_or(TextError::NotValid)?;
    // E.164: at most fifteen digits, and no country's code begins with 0.
    let is_number = (7..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Err(TextError::NotValid);
    }
    if text.text.trim().is_empty() || text.text.chars().nth(MAX_CHARS).is_some() {
        return Err(TextError::ContentInvalid);
    }
    Ok(())
}

/// Counts what became of a text.
fn counted(result: Result<(), TextError>) -> Result<(), TextError> {
    match result {
        Ok(()) => counter!("clavis_texts_sent_total").increment(1),
        Err(error) => {
            let reason = match error {
                TextError::Unavailable => "unavailable",
                TextError::Unexpected => "unexpected",
                TextError::NotReachable
                | TextError::NotValid
                | TextError::ContentInvalid
                | TextError::Unsubscribed => "refused",
            };
            counter!("clavis_texts_failed_total", "reason" => reason).increment(1);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_that(to: &str, text: &str, expected: Result<(), TextError>) {
        let message = TextMessage {
            to: to.to_owned(),
            text: text.to_owned(),
        };
        assert_eq!(check(&message), expected, "{to:?}");
    }

    #[test]
    fn only_international_numbers_are_sent_to() {
        check_that("+447418084106", "1", Ok(()));
        check_that("+123456789012345", "1", Ok(()));
        for to in [
            "",
            "+",
            "447418084106",
            "+44 7418084106",
            "+1234567890123456",
            "+0447418084",
            "+4474180841\n6",
            "+44741808410६",
            "++4474180841",
            "whatsapp:+447418084106",
        ] {
            check_that(to, "1", Err(TextError::NotValid));
        }
    }

    #[test]
    fn a_text_has_something_to_say_and_an_end() {
        let longest = "ä".repeat(MAX_CHARS);
        check_that("+447418084106", &longest, Ok(()));
        check_that(
            "+447418084106",
            &format!("{longest}."),
            Err(TextError::ContentInvalid),
        );
        check_that("+447418084106", " \n", Err(TextError::ContentInvalid));
    }
}
