//! The tables, for both databases.

mod gateway;
mod oauth;

pub(crate) use gateway::{access_rules, restrictions, whitelinks};
pub(crate) use oauth::{authorization_codes, oauth_clients};

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Nullable, Text};
    accounts (number) {
        number -> BigInt,
        id -> Guid,
        uid -> Text,
        state -> Text,
        display_name -> Text,
        contact -> Nullable<Text>,
        avatar -> Nullable<Text>,
        attributes -> Text,
        created_through -> Text,
        valid_after -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        last_login_at -> Nullable<BigInt>,
        level -> BigInt,
        level_table -> Nullable<BigInt>,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        activated_at -> Nullable<BigInt>,
        address_key -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    admin_tokens (name) {
        name -> Text,
        digest -> Binary,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    account_tallies (state, shard) {
        state -> Text,
        shard -> BigInt,
        number -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Text};
    user_attributes (account_id, name) {
        account_id -> Guid,
        name -> Text,
        value -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Bool, Text};
    opt_ins (account_id, key) {
        account_id -> Guid,
        key -> Text,
        agreement -> Text,
        source -> Text,
        awaits_activation -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Nullable, Text};
    identities (kind, folded) {
        kind -> Text,
        folded -> Text,
        value -> Text,
        account_id -> Guid,
        proven_at -> Nullable<BigInt>,
        claimed_through -> Text,
        claim_order -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Text};
    password_credentials (account_id) {
        account_id -> Guid,
        hash -> Text,
        version -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::BigInt;
    login_failures (account_id) {
        account_id -> Guid,
        failures -> BigInt,
        window_started_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    tickets (digest) {
        digest -> Binary,
        account_id -> Guid,
        purpose -> Text,
        address -> Text,
        through -> Text,
        issued_at -> BigInt,
        expires_at -> BigInt,
        spent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    sessions (id) {
        id -> Guid,
        account_id -> Guid,
        through -> Text,
        application_id -> Nullable<BigInt>,
        device -> Nullable<Text>,
        ip -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        assurance -> Text,
        secret -> Nullable<Binary>,
        client_id -> Nullable<BigInt>,
        consented_scopes -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    refresh_tokens (digest) {
        digest -> Binary,
        session_id -> Guid,
        scopes -> Text,
        issued_at -> BigInt,
        expires_at -> BigInt,
        spent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    signing_keys (position) {
        position -> BigInt,
        kid -> Text,
        owner -> Text,
        algorithm -> Text,
        sealed_private -> Binary,
        created_at -> BigInt,
        signs_from -> BigInt,
        retired_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    applications (id) {
        id -> BigInt,
        name -> Text,
        default_role -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    application_names (application_id, folded) {
        application_id -> BigInt,
        folded -> Text,
        tag -> Text,
        name -> Text,
    }
}

diesel::table! {
    roles (id) {
        id -> BigInt,
        application_id -> BigInt,
        name -> Text,
        default_scope -> Nullable<BigInt>,
    }
}

diesel::table! {
    scopes (id) {
        id -> BigInt,
        application_id -> BigInt,
        name -> Text,
    }
}

diesel::table! {
    role_scopes (role_id, scope_id) {
        role_id -> BigInt,
        scope_id -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Bool};
    assignments (account_id, application_id, role_id) {
        account_id -> Guid,
        application_id -> BigInt,
        role_id -> BigInt,
        is_default -> Bool,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Nullable, Text};
    audit (id) {
        id -> BigInt,
        at -> BigInt,
        account_id -> Nullable<Guid>,
        action -> Text,
        refused -> Nullable<Text>,
        dialect -> Text,
        ip -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        request_id -> Nullable<Text>,
        actor_id -> Nullable<Guid>,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary, Nullable};
    outbox (id) {
        id -> Guid,
        sealed -> Binary,
        attempts -> BigInt,
        created_at -> BigInt,
        due_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary, Text};
    avatars (name) {
        name -> Text,
        account_id -> Guid,
        png -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary, Nullable};
    second_factors (account_id) {
        account_id -> Guid,
        secret -> Nullable<Binary>,
        pending -> Nullable<Binary>,
        last_step -> Nullable<BigInt>,
        enabled_at -> Nullable<BigInt>,
        failures -> BigInt,
        window_started_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary, Nullable};
    recovery_codes (account_id, digest) {
        account_id -> Guid,
        digest -> Binary,
        spent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    api_keys (id) {
        id -> BigInt,
        kid -> Text,
        account_id -> Guid,
        service_account_id -> Nullable<BigInt>,
        algorithm -> Text,
        scope -> Text,
        state -> Text,
        sealed_secret -> Binary,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Nullable, Text};
    labels (id) {
        id -> BigInt,
        account_id -> Guid,
        key -> Text,
        value -> Text,
        scope -> Text,
        description -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    profiles (id) {
        id -> BigInt,
        account_id -> Guid,
        sealed -> Binary,
        country -> Nullable<Text>,
        metadata -> Nullable<Text>,
        author_id -> Guid,
        state -> Text,
        reviewed_by -> Nullable<Guid>,
        reviewed_at -> Nullable<BigInt>,
        public_comment -> Nullable<Text>,
        private_comment -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    phones (id) {
        id -> BigInt,
        account_id -> Guid,
        number_key -> Binary,
        sealed_number -> Binary,
        country -> Text,
        code -> Nullable<Binary>,
        code_sent_at -> Nullable<BigInt>,
        wrong_tries -> BigInt,
        validated_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary};
    phone_holders (number_key) {
        number_key -> Binary,
        phone_id -> BigInt,
        account_id -> Guid,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    documents (id) {
        id -> BigInt,
        account_id -> Guid,
        doc_type -> Text,
        sealed_number -> Nullable<Binary>,
        expires_on -> Nullable<Text>,
        category -> Nullable<Text>,
        file_group -> Nullable<Text>,
        metadata -> Nullable<Text>,
        sealed_address -> Nullable<Binary>,
        blob_id -> Guid,
        sealed_key -> Binary,
        file_name -> Text,
        media_type -> Text,
        size -> BigInt,
        state -> Text,
        reviewed_by -> Nullable<Guid>,
        reviewed_at -> Nullable<BigInt>,
        public_comment -> Nullable<Text>,
        private_comment -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary};
    comments (id) {
        id -> BigInt,
        account_id -> Guid,
        author_id -> Guid,
        sealed -> Binary,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Text};
    service_accounts (id) {
        id -> BigInt,
        uid -> Text,
        owner_id -> Guid,
        address -> Text,
        address_key -> Text,
        role -> Text,
        state -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary, Text};
    data_storages (id) {
        id -> BigInt,
        account_id -> Guid,
        title -> Text,
        sealed -> Binary,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    pending_log_ins (digest) {
        digest -> Binary,
        account_id -> Guid,
        through -> Text,
        password_version -> Nullable<BigInt>,
        wrong_codes -> BigInt,
        issued_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary};
    provider_journeys (digest) {
        digest -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    use crate::types::Guid;
    use diesel::sql_types::{BigInt, Nullable, Text};
    event_cursors (dialect) {
        dialect -> Text,
        told_to -> BigInt,
        teller -> Nullable<Guid>,
        turn_ends -> Nullable<BigInt>,
    }
}

diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(assignments -> roles (role_id));
diesel::joinable!(role_scopes -> scopes (scope_id));
diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    sessions,
    refresh_tokens,
    assignments,
    roles,
    scopes,
    role_scopes,
    applications,
    identities,
    labels,
    profiles,
    phones,
    phone_holders,
    api_keys,
);
