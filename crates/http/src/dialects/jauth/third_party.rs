//! Who says who somebody is: jauth's numbers for it.

use clavis_flows::{AccountCard, Evidence, FORMER_SUBJECT, LogInBy, ProviderAccount};
use clavis_identity::{Identity, Provider, ProviderSubject};
use clavis_kernel::{Dialect, Secret};
use serde_json::Value;

use super::Jauth;
use super::error::JauthError;

/// How an account logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UserType {
    /// In a way jauth has no number for.
    Unknown,
    /// With a name and a password.
    Email,
    /// With Google's word.
    Google,
    /// With Apple's.
    Apple,
    /// With Facebook's.
    Facebook,
    /// With Kakao's.
    Kakao,
}

impl UserType {
    const THIRD_PARTIES: [Self; 4] = [Self::Google, Self::Apple, Self::Facebook, Self::Kakao];

    /// How an account logs in: with a password, if it has one.
    pub(super) fn of(card: &AccountCard) -> Self {
        if card.has_password || card.view.name(Dialect::Jauth).is_some() {
            return Self::Email;
        }
        subject(card).map_or(Self::Unknown, |subject| Self::at(subject.provider()))
    }

    /// jauth's number.
    pub(super) const fn number(self) -> i64 {
        match self {
            Self::Unknown => 0,
            Self::Email => 1,
            Self::Google => 2,
            Self::Apple => 3,
            Self::Facebook => 4,
            Self::Kakao => 5,
        }
    }

    /// The third party that a request names; any other value is none.
    pub(super) fn third_party(value: &Value) -> Result<Self, JauthError> {
        let number = value.as_i64();
        Self::THIRD_PARTIES
            .into_iter()
            .find(|known| Some(known.number()) == number)
            .ok_or(JauthError::USER_TYPE)
    }

    /// jauth's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Email => "EMAIL",
            Self::Google => "GOOGLE",
            Self::Apple => "APPLE",
            Self::Facebook => "FACEBOOK",
            Self::Kakao => "KAKAO",
        }
    }

    /// The type that has this number.
    pub(super) fn named(number: &Value) -> Option<Self> {
        let number = number.as_i64()?;
        let mut all = [Self::Unknown, Self::Email]
            .into_iter()
            .chain(Self::THIRD_PARTIES);
        all.find(|known| known.number() == number)
    }

    /// By what accounts of this type log in.
    pub(super) fn log_in_by(self) -> LogInBy {
        let provider = |of: Self| of.provider().and_then(|name| name.parse().ok());
        match (self, provider(self)) {
            (Self::Email, _) => LogInBy::Password,
            (_, Some(provider)) => LogInBy::Provider(provider),
            (_, None) => LogInBy::NoneOf(Self::THIRD_PARTIES.into_iter().filter_map(provider).collect()),
        }
    }

    const fn provider(self) -> Option<&'static str> {
        match self {
            Self::Unknown | Self::Email => None,
            Self::Google => Some(Provider::GOOGLE),
            Self::Apple => Some(Provider::APPLE),
            Self::Facebook => Some(Provider::FACEBOOK),
            Self::Kakao => Some(Provider::KAKAO),
        }
    }

    fn at(provider: &Provider) -> Self {
        Self::THIRD_PARTIES
            .into_iter()
            .find(|known| known.provider() == Some(provider.as_str()))
            .unwrap_or(Self::Unknown)
    }

    /// What a client brings from the third party.
    fn evidence(self, token: Secret) -> Evidence {
        match self {
            Self::Google | Self::Apple => Evidence::IdToken { token, nonce: None },
            Self::Facebook | Self::Kakao | Self::Email | Self::Unknown => Evidence::AccessToken(token),
        }
    }
}

/// Whom a provider says an account is, or said before it was a tombstone.
pub(super) fn subject(card: &AccountCard) -> Option<ProviderSubject> {
    let held = card.view.identities.iter().find_map(Identity::as_subject);
    held.or_else(|| {
        let kept = card.view.account.attributes.get(FORMER_SUBJECT)?;
        serde_json::from_str::<String>(kept).ok()?.parse().ok()
    })
}

impl Jauth {
    /// Whom the third party says a token's bearer is. A third party that cannot be asked rejects every token.
    pub(super) async fn identify(
        &self,
        third_party: UserType,
        token: Secret,
    ) -> Result<ProviderAccount, JauthError> {
        let provider = third_party.provider().and_then(|name| name.parse().ok());
        let provider: Provider = provider.ok_or(JauthError::USER_TYPE)?;
        let evidence = third_party.evidence(token);
        let identified = self.app.providers.identify(&provider, &evidence).await;
        identified.map_err(|refusal| {
            tracing::info!(%refusal, provider = provider.as_str(), "a third party's token was refused");
            refusal.into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_four_numbers_name_a_third_party() {
        for number in 2..=5 {
            let known = UserType::third_party(&json!(number)).unwrap();
            assert_eq!(known.number(), number);
            let provider: Provider = known.provider().unwrap().parse().unwrap();
            assert_eq!(UserType::at(&provider), known);
        }
        for other in [
            json!(0),
            json!(1),
            json!(6),
            json!(99),
            json!(-2),
            json!("2"),
            json!(2.0),
            json!(true),
            Value::Null,
            json!([2]),
        ] {
            assert_eq!(
                UserType::third_party(&other),
                Err(JauthError::USER_TYPE),
                "{other}"
            );
        }
        assert_eq!(UserType::at(&"wechat".parse().unwrap()), UserType::Unknown);
    }
}
