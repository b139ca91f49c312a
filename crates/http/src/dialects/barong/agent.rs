//! Whether a request comes from a browser, by what it says of itself: the activity log remarks on the others.

/// Names by which browsers go in `User-Agent`. Whoever builds on another one carries its name, too, so the few
/// engines stand for all.
const BROWSERS: [&str; 12] = [
    "Chrome/",
    "CriOS/",
    "Edg",
    "Firefox/",
    "FxiOS/",
    "MSIE ",
    "OPR/",
    "Opera",
    "Safari/",
    "SamsungBrowser/",
    "Trident/",
    "UCBrowser",
];

/// Whether somebody's `User-Agent` is a browser's. It is a remark, not a proof: anybody can send one.
pub(super) fn is_browser(user_agent: &str) -> bool {
    let begins_as_one = user_agent.starts_with("Mozilla/") || user_agent.starts_with("Opera/");
    begins_as_one && BROWSERS.iter().any(|name| user_agent.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_known() {
        for browser in [
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
             Version/18.1 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Trident/7.0; rv:11.0) like Gecko",
            "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18",
        ] {
            assert!(is_browser(browser), "{browser}");
        }
    }

    #[test]
    fn programs_are_not_browsers() {
        for program in [
            "curl/8.10.1",
            "python-requests/2.32.3",
            "okhttp/4.12.0",
            "PostmanRuntime/7.43.0",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0",
            "Chrome/131.0.0.0",
            "",
        ] {
            assert!(!is_browser(program), "{program}");
        }
    }
}
