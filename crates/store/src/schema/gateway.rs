//! What a gateway asks of roles and of places.

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    access_rules (id) {
        id -> BigInt,
        role -> Text,
        verb -> Text,
        path -> Text,
        effect -> Text,
        topic -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    restrictions (id) {
        id -> BigInt,
        category -> Text,
        scope -> Text,
        value -> Text,
        code -> Nullable<BigInt>,
        state -> Text,
        expires_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary};
    whitelinks (digest) {
        digest -> Binary,
        issued_by -> Guid,
        issued_at -> BigInt,
        expires_at -> BigInt,
    }
}
