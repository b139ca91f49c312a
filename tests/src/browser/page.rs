//! What a person does with a page, and what must be right about every page that they come to.

use std::time::Duration;

use thirtyfour::error::WebDriverErrorInner;
use thirtyfour::{By, WebElement};

use super::driver::Browser;
use crate::harness::within;

const TO_ARRIVE: Duration = Duration::from_secs(20);

/// What is wrong with the page as it is now, one line each.
const LOOK: &str = include_str!("look.js");

impl Browser {
    #[track_caller]
    pub(super) fn go_to(&self, url: &str) {
        self.done(self.driver().goto(url));
        self.arrived();
    }

    /// As with the browser's own button; a form that was posted is posted again.
    #[track_caller]
    pub(super) fn reload(&self) {
        self.leaving(|| self.done(self.driver().refresh()));
    }

    /// Presses the button of this name, which leads to another page.
    #[track_caller]
    pub(super) fn press(&self, name: &str) {
        let button = self.named("button", name);
        self.leaving(|| self.done(button.click()));
    }

    /// Presses the button of this name; the browser itself must refuse to send the form.
    #[track_caller]
    pub(super) fn press_in_vain(&self, name: &str) {
        let before = self.done(self.driver().current_url());
        self.done(self.named("button", name).click());
        assert_eq!(
            self.evaluate("return document.activeElement.matches(':invalid')"),
            true,
            "no field was pointed at"
        );
        assert_eq!(self.done(self.driver().current_url()), before);
    }

    /// Follows the link of this text.
    #[track_caller]
    pub(super) fn follow(&self, text: &str) {
        let link = self.named("a", text);
        self.leaving(|| self.done(link.click()));
    }

    /// Where the link of this text leads.
    #[track_caller]
    pub(super) fn target(&self, text: &str) -> String {
        let target = self.done(self.named("a", text).prop("href"));
        target.expect("a link leads somewhere")
    }

    /// Types into the field with this label.
    #[track_caller]
    pub(super) fn fill(&self, label: &str, text: &str) {
        let path = format!(
            "//input[@id=//label[normalize-space()='{label}']/@for] | //label[normalize-space()='{label}']//input"
        );
        let Ok(field) = self.ask(self.driver().find(By::XPath(path))) else {
            panic!("no field {label}: {}", self.text());
        };
        self.done(field.clear());
        self.done(field.send_keys(text));
    }

    /// The one heading of the first order.
    #[track_caller]
    pub(super) fn heading(&self) -> String {
        self.done(self.done(self.driver().find(By::Tag("h1"))).text())
    }

    /// All that can be read.
    #[track_caller]
    pub(super) fn text(&self) -> String {
        self.done(self.done(self.driver().find(By::Tag("body"))).text())
    }

    /// The HTTP status with which the page came.
    #[track_caller]
    pub(super) fn status(&self) -> u64 {
        self.evaluate("return performance.getEntriesByType('navigation')[0].responseStatus")
            .as_u64()
            .expect("a status is a number")
    }

    /// The page has this heading and says this.
    #[track_caller]
    pub(super) fn shows(&self, status: u64, heading: &str, text: &str) {
        assert_eq!(self.heading(), heading, "{}", self.text());
        assert!(self.text().contains(text), "{}", self.text());
        assert_eq!(self.status(), status, "{}", self.text());
    }

    #[track_caller]
    fn named(&self, tag: &'static str, name: &str) -> WebElement {
        let elements = self.done(self.driver().find_all(By::Tag(tag)));
        let mut named = elements
            .into_iter()
            .filter(|element| self.done(element.text()).trim() == name);
        named
            .next()
            .unwrap_or_else(|| panic!("no {tag} {name}: {}", self.text()))
    }

    /// Waits until another document is there.
    #[track_caller]
    fn leaving(&self, leave: impl FnOnce()) {
        self.evaluate("window.isTheOldPage = true");
        leave();
        let arrived = within(TO_ARRIVE, || {
            let there = "return !window.isTheOldPage && document.readyState === 'complete'";
            self.ask(self.driver().execute(there, Vec::new()))
                .is_ok_and(|answer| answer.json() == true)
        });
        assert!(arrived, "nothing came after this page: {}", self.text());
        self.arrived();
    }

    /// What must be so on every page.
    #[track_caller]
    fn arrived(&self) {
        assert_eq!(self.dialog(), None, "a dialog opened");
        let complaints = self.complaints();
        let url = self.done(self.driver().current_url());
        assert!(complaints.is_empty(), "{url}: {complaints:#?}");
        let faults = self.faults();
        assert!(faults.is_empty(), "{url}: {faults:#?}");
    }

    /// What a dialog says that is open.
    #[track_caller]
    pub(super) fn dialog(&self) -> Option<String> {
        match self.ask(self.driver().get_alert_text()) {
            Ok(text) => Some(text),
            Err(error) if matches!(error.as_inner(), WebDriverErrorInner::NoSuchAlert(_)) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// What the browser complained about since it was asked last: violations of the content policy, scripts that
    /// failed, parts that could not be loaded. That the page itself came with a status of 4xx is not among it, nor the
    /// icon for which a browser asks by itself where no policy forbids it.
    #[track_caller]
    pub(super) fn complaints(&self) -> Vec<String> {
        let url = self.done(self.driver().current_url());
        let entries = self.done(self.driver().browser_log()).into_iter();
        let of_parts = entries.filter(|entry| {
            let is_status = |url: &str| {
                let begin = format!("{url} - Failed to load resource");
                entry.source.as_deref() == Some("network") && entry.message.starts_with(&begin)
            };
            let icon = url.join("/favicon.ico");
            !is_status(url.as_str()) && !icon.is_ok_and(|icon| is_status(icon.as_str()))
        });
        of_parts
            .map(|entry| format!("{}: {}", entry.level, entry.message))
            .collect()
    }

    /// What is wrong with how it looks and how it can be used.
    #[track_caller]
    pub(super) fn faults(&self) -> Vec<String> {
        let faults = self.done(self.driver().execute(LOOK, Vec::new()));
        faults.convert().expect("a list of texts")
    }
}
