use std::str::FromStr;

/// How many scopes a key has at most.
const MAX_SCOPES: usize = 64;
/// The longest text of scopes, in bytes.
const MAX_TEXT_BYTES: usize = 2048;

/// What a key's owner noted it is for: texts in the order they were given. Nothing is decided by them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiKeyScopes(Vec<String>);

/// Why a text is no list of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyScopesError {
    /// Too many, or too much text.
    #[error("an API key has at most {MAX_SCOPES} scopes, which have at most {MAX_TEXT_BYTES} bytes together")]
    TooLong,
    /// It holds a NUL, which PostgreSQL cannot keep.
    #[error("an API key's scopes have no NUL")]
    Nul,
}

impl ApiKeyScopes {
    /// The scopes.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// The scopes with commas between them; reads back as the same scopes. The form for the store.
    pub fn to_text(&self) -> String {
        self.0.join(",")
    }
}

impl FromStr for ApiKeyScopes {
    type Err = ApiKeyScopesError;

    /// Splits at commas and trims nothing. Empty scopes at the end are dropped, as Ruby's `split` did on older
    /// servers; so the empty text has none.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(ApiKeyScopesError::TooLong);
        }
        if text.contains('\0') {
            return Err(ApiKeyScopesError::Nul);
        }
        let mut scopes: Vec<String> = text.split(',').map(str::to_owned).collect();
        while scopes.last().is_some_and(String::is_empty) {
            scopes.pop();
        }
        if scopes.len() > MAX_SCOPES {
            return Err(ApiKeyScopesError::TooLong);
        }
        Ok(Self(scopes))
    }
}
