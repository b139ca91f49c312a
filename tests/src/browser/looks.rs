//! How the pages look: on a telephone and on a desk, by day and by night.

use std::path::PathBuf;

use super::{Browser, lost_password, new_address, pluto_reset_token};
use crate::harness::{Server, address};

/// Width, height and name of a screen.
const SCREENS: [(u32, u32, &str); 2] = [(360, 640, "narrow"), (1280, 800, "desk")];

/// Where pictures are wanted, if they are.
fn album() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("CLAVIS_TEST_SHOTS")?);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    Some(folder)
}

/// Arrives at a page in every way, which checks it each time, and takes a picture where one is wanted.
#[track_caller]
fn look(browser: &Browser, name: &str, arrive: impl Fn()) {
    for scheme in ["light", "dark"] {
        browser.prefer(scheme);
        for (width, height, screen) in SCREENS {
            browser.resize(width, height);
            arrive();
            assert_eq!(browser.evaluate("return window.innerWidth"), width);
            if let Some(folder) = album() {
                let file = folder.join(format!("{name}-{screen}-{scheme}.png"));
                browser.done(browser.driver().screenshot(&file));
            }
        }
    }
}

#[test]
fn every_page_behind_a_mail_fits_a_telephone_and_can_be_read_by_day_and_by_night() {
    let app = "https://app.example.org/";
    let server = Server::with(&[("CLAVIS_DIALECTS__BACKEND_PLUS__REDIRECT_URL_SUCCESS", app)]);
    let browser = Browser::start();
    let (ann, new) = (address("ann"), address("new"));
    server.backend_plus().sign_up(&ann);

    let link = lost_password(&server, &ann).link();
    look(&browser, "reset", || browser.go_to(&link));
    look(&browser, "reset-problem", || {
        browser.go_to(&link);
        browser.fill("New password", "one thing");
        browser.fill("Once more", "another thing");
        browser.press("Change the password");
        browser.shows(400, "Choose a new password", "The two passwords differ.");
    });
    let link = new_address(&server, &ann, &new).link();
    look(&browser, "email", || browser.go_to(&link));
    look(&browser, "done", || {
        let bob = address("bob");
        server.backend_plus().register(&bob).expect(204);
        browser.go_to(&server.mail_to(&bob).link());
        browser.press("Activate");
        browser.shows(200, "Your account is active", "Continue");
    });
    look(&browser, "refused", || browser.go_to(&server.url("/mail/reset")));
}

#[test]
fn the_mailbox_fits_a_telephone_and_can_be_read_by_day_and_by_night() {
    let server = Server::with(&[("CLAVIS_DEV", "true")]);
    let browser = Browser::start();
    look(&browser, "mailbox-empty", || {
        browser.go_to(&server.url("/dev/mailbox"));
    });
    let long = format!("a-very-long-name-that-nothing-breaks-{}", address("ann"));
    server.backend_plus().register(&long).expect(204);
    server.pluto().register(&address("bob")).expect(200);
    let mail = server.mail_to(&long);
    look(&browser, "mailbox", || {
        browser.go_to(&server.url("/dev/mailbox"));
        browser.shows(200, "Mailbox", &long);
    });
    look(&browser, "mail", || {
        browser.go_to(&server.url("/dev/mailbox"));
        browser.follow(&mail.subject);
        browser.shows(200, &mail.subject, &mail.link());
    });
}

#[test]
fn plutos_pages_fit_a_telephone_and_can_be_read_by_day_and_by_night() {
    let server = Server::start();
    let browser = Browser::start();
    let bob = address("bob");
    server.pluto().sign_up(&bob);
    let reset = server.url(&format!(
        "/web/password/reset/{}",
        pluto_reset_token(&server, &bob)
    ));
    look(&browser, "pluto-reset", || browser.go_to(&reset));
    look(&browser, "pluto-reset-problem", || {
        browser.go_to(&reset);
        browser.fill("New password", "one thing");
        browser.fill("New password again", "another thing");
        browser.press("Set password");
        browser.shows(
            400,
            "Choose a new password",
            "The two passwords are not the same.",
        );
    });
    look(&browser, "pluto-refused", || {
        browser.go_to(&server.url("/web/mail/verify/nonsense"));
        browser.shows(403, "The mail address was not verified", "Have a new mail sent");
    });
    look(&browser, "pluto-done", || {
        let carol = address("carol");
        server.pluto().register(&carol).expect(200);
        let token = server.mail_to(&carol).query("token");
        browser.go_to(&server.url(&format!("/web/mail/verify/{token}")));
        browser.shows(200, "Mail address verified", "You can log in now.");
    });
    look(&browser, "pluto-nothing", || {
        browser.go_to(&server.url("/web/nothing"));
        browser.shows(404, "Page not found", "There is nothing here.");
    });
}
