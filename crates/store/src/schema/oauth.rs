//! Programs that act in people's place.

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Nullable, Text};
    oauth_clients (id) {
        id -> BigInt,
        key -> Text,
        secret_hash -> Text,
        status -> Text,
        redirect_uri -> Nullable<Text>,
        owner_id -> Guid,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    authorization_codes (digest) {
        digest -> Binary,
        client_id -> BigInt,
        account_id -> Guid,
        application_id -> BigInt,
        redirect_uri -> Text,
        scopes -> Text,
        challenge -> Nullable<Binary>,
        issued_at -> BigInt,
        expires_at -> BigInt,
        spent_at -> Nullable<BigInt>,
        session_id -> Nullable<Guid>,
    }
}
