use chrono::{DateTime, Duration, Utc};
use clavis_files::{Auth, Field};
use clavis_flows::{AccountView, Grant};
use clavis_kernel::{AccountId, SessionId};
use clavis_tokens::SignedClaims;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::settings::SettingsError;
use crate::{BearerFacts, Grounds, Subject};

const PREFIX: &str = "x-hasura-";
/// Names that a custom claim must not take: who somebody is and what they may do.
const RESERVED: [&str; 5] = ["user-id", "allowed-roles", "default-role", "sid", "exp"];

/// How access tokens are shaped.
#[derive(Debug)]
pub(super) struct ClaimsPolicy {
    pub(super) namespace: String,
    pub(super) issuer: String,
    pub(super) lifetime: Duration,
    pub(super) custom: Vec<CustomClaim>,
    /// The roles of whoever was given none, the default first.
    pub(super) default_roles: Vec<String>,
}

/// An attribute that becomes a claim.
#[derive(Debug)]
pub(super) struct CustomClaim {
    attribute: String,
    name: String,
}

impl CustomClaim {
    pub(super) fn new(attribute: &str) -> Result<Self, SettingsError> {
        let name = kebab_case(attribute);
        if name.is_empty() || RESERVED.contains(&name.as_str()) {
            let expected = format!("{attribute:?} cannot be a custom claim: its name would be {name:?}");
            return Err(SettingsError::new("jwt_custom_fields", expected));
        }
        Ok(Self {
            attribute: attribute.to_owned(),
            name,
        })
    }
}

/// Who somebody is and what they may do, as tokens and cookies say it.
#[derive(Debug)]
pub(super) struct Permissions {
    user: AccountId,
    allowed_roles: Vec<String>,
    default_role: String,
    /// `None` where the account has no value: claims say `null`, and rules find nothing.
    custom: Vec<(String, Option<String>)>,
}

/// What claims say of a field that an account does not have.
const NO_VALUE: &str = "null";

impl Permissions {
    pub(super) fn new(policy: &ClaimsPolicy, grant: &Grant) -> Self {
        Self::of(policy, &grant.account, &grant.roles)
    }

    /// Of an account and the roles it holds.
    pub(super) fn of(policy: &ClaimsPolicy, account: &AccountView, roles: &[String]) -> Self {
        let roles = if roles.is_empty() {
            policy.default_roles.clone()
        } else {
            roles.to_vec()
        };
        let default_role = roles.first().cloned().unwrap_or_default();
        let custom = policy.custom.iter();
        let custom = custom.map(|claim| (claim.name.clone(), custom_value(account, &claim.attribute)));
        Self {
            user: account.account.id,
            allowed_roles: roles,
            default_role,
            custom: custom.collect(),
        }
    }

    /// As the rules of `/storage` see them.
    pub(super) fn auth(&self) -> Auth {
        let auth = Auth::new(&self.user.to_string(), &self.default_role, &self.allowed_roles);
        let custom = self.custom.iter();
        custom.fold(auth, |auth, (name, value)| match value {
            Some(value) => auth.with(name, Field::Text(value.clone())),
            None => auth,
        })
    }

    fn write<M: SerializeMap>(&self, map: &mut M, prefix: &str) -> Result<(), M::Error> {
        map.serialize_entry(&format!("{prefix}user-id"), &self.user.to_string())?;
        map.serialize_entry(&format!("{prefix}allowed-roles"), &self.allowed_roles)?;
        map.serialize_entry(&format!("{prefix}default-role"), &self.default_role)?;
        for (name, value) in &self.custom {
            map.serialize_entry(&format!("{prefix}{name}"), value.as_deref().unwrap_or(NO_VALUE))?;
        }
        Ok(())
    }
}

/// Hasura's claims.
struct HasuraClaims<'a>(&'a Permissions);

impl Serialize for HasuraClaims<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.0.write(&mut map, PREFIX)?;
        map.end()
    }
}

/// An access token's payload.
pub(super) struct Payload<'a> {
    pub(super) policy: &'a ClaimsPolicy,
    pub(super) permissions: &'a Permissions,
    pub(super) session: SessionId,
    pub(super) issued_at: DateTime<Utc>,
}

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(&self.policy.namespace, &HasuraClaims(self.permissions))?;
        map.serialize_entry("sub", &self.permissions.user.to_string())?;
        map.serialize_entry("iss", &self.policy.issuer)?;
        map.serialize_entry("sid", &self.session.to_string())?;
        map.serialize_entry("iat", &self.issued_at.timestamp())?;
        map.serialize_entry("exp", &(self.issued_at + self.policy.lifetime).timestamp())?;
        map.end()
    }
}

/// The content of the cookie `permission_variables`: what older releases put there, and what binds it to a
/// session that lives.
pub(super) struct PermissionCookie<'a> {
    pub(super) permissions: &'a Permissions,
    pub(super) session: SessionId,
    pub(super) expires_at: DateTime<Utc>,
}

impl Serialize for PermissionCookie<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.permissions.write(&mut map, "")?;
        map.serialize_entry("sid", &self.session.to_string())?;
        map.serialize_entry("exp", &self.expires_at.timestamp())?;
        map.end()
    }
}

/// Whom the cookie names; `None` when it lacks what it must have.
pub(super) fn cookie_facts(text: &str) -> Option<BearerFacts> {
    #[derive(serde::Deserialize)]
    struct Facts {
        #[serde(rename = "user-id")]
        user: String,
        sid: String,
        exp: i64,
    }
    let facts: Facts = serde_json::from_str(text).ok()?;
    Some(BearerFacts {
        grounds: Grounds::Session(facts.sid.parse().ok()?),
        subject: Subject::Id(facts.user.parse().ok()?),
        expires_at: DateTime::from_timestamp(facts.exp, 0)?,
    })
}

/// What one of this dialect's access tokens says; `None` when it lacks what it must have.
pub(crate) fn bearer_facts(signed: &SignedClaims) -> Option<BearerFacts> {
    Some(BearerFacts {
        grounds: Grounds::Session(signed.text("sid")?.parse().ok()?),
        subject: Subject::Id(signed.text("sub")?.parse().ok()?),
        expires_at: signed.moment("exp")?,
    })
}

/// A custom claim's value is always a text.
fn custom_value(view: &AccountView, attribute: &str) -> Option<String> {
    let account = &view.account;
    match attribute {
        "id" => Some(account.id.to_string()),
        "display_name" if !account.display_name.is_empty() => Some(account.display_name.clone()),
        "avatar_url" => account.avatar.clone(),
        _ => account
            .attributes
            .get(attribute)
            .filter(|json| *json != NO_VALUE)
            .map(|json| as_text(json)),
    }
}

fn as_text(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(Value::String(text)) => text,
        Ok(Value::Array(elements)) => postgres_array(&elements),
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | Err(_) => json.to_owned(),
    }
}

/// An array literal of PostgreSQL: `{"a","b"}`.
fn postgres_array(elements: &[Value]) -> String {
    let elements = elements.iter().map(|element| {
        let text = element
            .as_str()
            .map_or_else(|| element.to_string(), str::to_owned);
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    });
    format!("{{{}}}", elements.collect::<Vec<_>>().join(","))
}

/// `company_id` and `companyId` as `company-id`.
fn kebab_case(name: &str) -> String {
    let mut words = String::with_capacity(name.len());
    let mut before = ' ';
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let next_is_lower = rest.peek().is_some_and(char::is_ascii_lowercase);
        let begins_word = (c.is_ascii_uppercase()
            && (!before.is_ascii_uppercase() || next_is_lower)
            && before.is_ascii_alphanumeric())
            || (c.is_ascii_digit() != before.is_ascii_digit()
                && c.is_ascii_alphanumeric()
                && before.is_ascii_alphanumeric());
        if begins_word || !c.is_alphanumeric() {
            words.push('-');
        }
        if c.is_alphanumeric() {
            words.extend(c.to_lowercase());
        }
        before = c;
    }
    words
        .split('-')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use clavis_kernel::fake::{FakeClock, FakeEntropy};
    use clavis_kernel::{Clock as _, EntropyExt as _};
    use serde_json::json;

    use super::*;

    fn permissions() -> Permissions {
        Permissions {
            user: AccountId(FakeEntropy::default().uuid_v4()),
            allowed_roles: vec!["user".to_owned(), "editor".to_owned()],
            default_role: "user".to_owned(),
            custom: vec![("company-id".to_owned(), Some("7".to_owned()))],
        }
    }

    #[test]
    fn a_token_says_what_hasura_reads_and_what_we_need() {
        let policy = ClaimsPolicy {
            namespace: "https://hasura.io/jwt/claims".to_owned(),
            issuer: "https://id.example.org".to_owned(),
            lifetime: Duration::minutes(15),
            custom: Vec::new(),
            default_roles: Vec::new(),
        };
        let permissions = permissions();
        let session = SessionId(FakeEntropy::default().uuid_v4());
        let issued_at = FakeClock::default().now();
        let payload = Payload {
            policy: &policy,
            permissions: &permissions,
            session,
            issued_at,
        };
        let user = permissions.user.to_string();
        assert_eq!(
            serde_json::to_value(&payload).unwrap(),
            json!({
                "https://hasura.io/jwt/claims": {
                    "x-hasura-user-id": user,
                    "x-hasura-allowed-roles": ["user", "editor"],
                    "x-hasura-default-role": "user",
                    "x-hasura-company-id": "7",
                },
                "sub": user,
                "iss": "https://id.example.org",
                "sid": session.to_string(),
                "iat": 1_767_323_045,
                "exp": 1_767_323_945,
            })
        );
    }

    #[test]
    fn the_cookie_names_its_session_and_its_end() {
        let permissions = permissions();
        let session = SessionId(FakeEntropy::default().uuid_v4());
        let expires_at = FakeClock::default().now();
        let cookie = PermissionCookie {
            permissions: &permissions,
            session,
            expires_at,
        };
        let text = serde_json::to_string(&cookie).unwrap();
        assert!(text.starts_with(r#"{"user-id":""#), "{text}");
        let facts = BearerFacts {
            grounds: Grounds::Session(session),
            subject: Subject::Id(permissions.user),
            expires_at,
        };
        assert_eq!(cookie_facts(&text), Some(facts));
        assert_eq!(cookie_facts(&text.replace("sid", "sit")), None);
        assert_eq!(cookie_facts(&text.replace("exp", "ext")), None);
        assert_eq!(cookie_facts("{}"), None);
    }

    #[test]
    fn every_custom_value_is_a_text() {
        #[track_caller]
        fn check(json: &str, expected: &str) {
            assert_eq!(as_text(json), expected);
        }
        check(r#""acme""#, "acme");
        check("7", "7");
        check("true", "true");
        check(r#"{"a":1}"#, r#"{"a":1}"#);
        check(r#"["a","b"]"#, r#"{"a","b"}"#);
        check(r#"["a\"b",1]"#, r#"{"a\"b","1"}"#);
        check("null", "null");
    }

    #[test]
    fn an_attribute_is_named_in_kebab_case() {
        #[track_caller]
        fn check(name: &str, expected: &str) {
            assert_eq!(kebab_case(name), expected);
        }
        check("company_id", "company-id");
        check("companyId", "company-id");
        check("XMLKey", "xml-key");
        check("__a b--c", "a-b-c");
        check("address2", "address-2");
    }

    #[test]
    fn a_custom_claim_cannot_say_who_somebody_is() {
        for name in ["user_id", "userId", "ALLOWED_ROLES", "default-role", "sid", "_"] {
            assert!(CustomClaim::new(name).is_err(), "{name}");
        }
        assert!(CustomClaim::new("company_id").is_ok());
    }
}
