//! What a provider tells about somebody, made fit to be kept.

use clavis_flows::{ProviderAccount, ProviderRefusal};
use clavis_identity::{Provider, ProviderSubject};
use clavis_kernel::is_deceptive;
use url::Url;

/// Longest name that is kept, in characters.
const MAX_NAME: usize = 255;
/// Longest address of a picture, in bytes.
const MAX_PICTURE: usize = 2048;

/// What was told, as it came.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told<'a> {
    pub(crate) address: Option<&'a str>,
    pub(crate) address_verified: bool,
    pub(crate) name: Option<&'a str>,
    pub(crate) picture: Option<&'a str>,
}

impl Told<'_> {
    /// Somebody at a provider. Without a subject it is nobody; what else does not fit is left out.
    pub(crate) fn account(
        &self,
        provider: &Provider,
        subject: Option<&str>,
    ) -> Result<ProviderAccount, ProviderRefusal> {
        let subject = subject.and_then(|subject| ProviderSubject::new(provider.clone(), subject).ok());
        let address = self.address.and_then(|address| address.parse().ok());
        Ok(ProviderAccount {
            subject: subject.ok_or(ProviderRefusal::Rejected("nobody is named"))?,
            address_verified: self.address_verified && address.is_some(),
            address,
            name: self.name.and_then(name),
            picture: self.picture.filter(|url| is_picture(url)).map(str::to_owned),
        })
    }
}

/// A name without what is not seen, and not too long.
fn name(told: &str) -> Option<String> {
    let seen: String = told
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_deceptive(*c))
        .collect();
    let words: Vec<&str> = seen.split_whitespace().collect();
    let cut: String = words.join(" ").chars().take(MAX_NAME).collect();
    Some(cut.trim_end().to_owned()).filter(|name| !name.is_empty())
}

fn is_picture(url: &str) -> bool {
    url.len() <= MAX_PICTURE
        && !url.chars().any(|c| c.is_whitespace() || is_deceptive(c))
        && url.starts_with("https://")
        && Url::parse(url).is_ok_and(|url| url.username().is_empty() && url.password().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(told: Told<'_>, subject: Option<&str>) -> Result<ProviderAccount, ProviderRefusal> {
        told.account(&"google".parse().unwrap(), subject)
    }

    #[test]
    fn without_a_subject_it_is_nobody() {
        for subject in [
            None,
            Some(""),
            Some(" "),
            Some("a b"),
            Some("a\0"),
            Some(&*"1".repeat(256)),
        ] {
            assert_eq!(
                account(Told::default(), subject),
                Err(ProviderRefusal::Rejected("nobody is named")),
                "{subject:?}"
            );
        }
        assert_eq!(
            account(Told::default(), Some("1")).unwrap().subject.to_string(),
            "google:1"
        );
    }

    #[test]
    fn a_name_is_kept_without_what_is_not_seen_and_cut() {
        #[track_caller]
        fn check(told: &str, kept: Option<&str>) {
            let told = Told {
                name: Some(told),
                ..Told::default()
            };
            assert_eq!(account(told, Some("1")).unwrap().name.as_deref(), kept);
        }
        check("Ann Example", Some("Ann Example"));
        check("  Ann\t\n Example ", Some("Ann Example"));
        check("Ann\u{202e}nnA\u{0}", Some("AnnnnA"));
        check("안나", Some("안나"));
        check("\u{200b}\u{feff} ", None);
        check("", None);
        check(&"ä".repeat(300), Some(&"ä".repeat(255)));
    }

    #[test]
    fn a_picture_is_at_an_absolute_https_url() {
        #[track_caller]
        fn check(told: &str, is_kept: bool) {
            let told = Told {
                picture: Some(told),
                ..Told::default()
            };
            assert_eq!(account(told, Some("1")).unwrap().picture.is_some(), is_kept);
        }
        check("https://lh3.example.com/a/b=s96-c?x=1", true);
        check("http://example.com/a.png", false);
        check("//example.com/a.png", false);
        check("/a.png", false);
        check("javascript:alert(1)", false);
        check("data:image/png;base64,AA==", false);
        check("https://", false);
        check("https://user:secret@example.com/", false);
        check("https://example.com/a\nb", false);
        check("https://example.com/ \"onerror=", false);
        check(&format!("https://example.com/{}", "a".repeat(2048)), false);
    }

    #[test]
    fn an_address_that_is_none_is_left_out_and_then_verified_means_nothing() {
        let told = |address| Told {
            address: Some(address),
            address_verified: true,
            ..Told::default()
        };
        let ann = account(told("Ann@example.org"), Some("1")).unwrap();
        assert_eq!(ann.address.unwrap().as_str(), "Ann@example.org");
        assert!(ann.address_verified);
        for bad in ["", "ann", "ann@", "a b@example.org", "<script>@example.org"] {
            let nobody = account(told(bad), Some("1")).unwrap();
            assert!(nobody.address.is_none() && !nobody.address_verified, "{bad}");
        }
    }
}
