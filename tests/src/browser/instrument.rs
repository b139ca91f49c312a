//! The tests of pages are worth something only if the browser would notice what they say does not happen.

use super::Browser;

/// A page that is no server's.
fn show(browser: &Browser, html: &str) {
    let url = format!("data:text/html,{}", html.replace('#', "%23"));
    browser.done(browser.driver().goto(url));
}

#[test]
fn a_dialog_would_be_noticed() {
    let browser = Browser::start();
    assert_eq!(browser.dialog(), None);
    show(&browser, "<script>setTimeout(() => alert('here'))</script>");
    assert!(crate::harness::within_a_second(
        || browser.dialog().as_deref() == Some("here")
    ));
    browser.done(browser.driver().accept_alert());
}

#[test]
fn a_violation_of_the_content_policy_would_be_noticed_unless_it_is_ignored() {
    let browser = Browser::start();
    let html = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\"><script>window.ran = 1</script>";
    show(&browser, html);
    let complaints = browser.complaints();
    assert!(
        complaints
            .iter()
            .any(|line| line.contains("Content Security Policy")),
        "{complaints:?}"
    );
    assert_eq!(browser.evaluate("return window.ran || 0"), 0);
    browser.ignore_content_policies();
    show(&browser, html);
    assert_eq!(browser.evaluate("return window.ran || 0"), 1);
}

#[test]
fn a_page_that_cannot_be_used_would_be_noticed() {
    let browser = Browser::start();
    browser.resize(360, 640);
    show(
        &browser,
        "<body style='background: #fff'><div style='width: 400px; color: #aaa'>pale</div>\
         <input name=nobody style='border: 1px solid #ddd; height: 10px'><button style='outline: none'>go</button>",
    );
    let faults = browser.faults().join("\n");
    for fault in [
        "408 pixels wide in a window of 360",
        "no language",
        "no title",
        "0 headings",
        "no label: nobody",
        "contrast 2.32: pale",
        "border of nobody",
        "no focus ring: go",
        "pixels high: nobody",
    ] {
        assert!(faults.contains(fault), "{fault} is not in\n{faults}");
    }
}
