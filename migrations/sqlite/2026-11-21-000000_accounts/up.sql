-- Ids are 16-byte UUIDs, times are microseconds since 1970 in UTC, digests are SHA-256.

CREATE TABLE accounts (
    number INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    id BLOB NOT NULL UNIQUE,
    uid TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    display_name TEXT NOT NULL,
    contact TEXT,
    avatar TEXT,
    attributes TEXT NOT NULL,
    created_through TEXT NOT NULL,
    valid_after INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_login_at INTEGER
) STRICT;
CREATE INDEX accounts_state ON accounts (state, id);

CREATE TABLE identities (
    kind TEXT NOT NULL,
    folded TEXT NOT NULL,
    value TEXT NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    proven_at INTEGER,
    claimed_through TEXT NOT NULL,
    claim_order INTEGER NOT NULL,
    PRIMARY KEY (kind, folded)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_account ON identities (account_id, kind, claim_order);

CREATE TABLE password_credentials (
    account_id BLOB PRIMARY KEY NOT NULL REFERENCES accounts (id),
    hash TEXT NOT NULL,
    version INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE login_failures (
    account_id BLOB PRIMARY KEY NOT NULL REFERENCES accounts (id),
    failures INTEGER NOT NULL,
    window_started_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_failures_window ON login_failures (window_started_at);

CREATE TABLE tickets (
    digest BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    purpose TEXT NOT NULL,
    address TEXT NOT NULL,
    through TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    spent_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_account ON tickets (account_id, issued_at);
CREATE INDEX tickets_expiry ON tickets (expires_at);

CREATE TABLE sessions (
    id BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    through TEXT NOT NULL,
    application_id INTEGER,
    device TEXT,
    ip TEXT,
    user_agent TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_account ON sessions (account_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    digest BLOB PRIMARY KEY NOT NULL,
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    spent_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

CREATE TABLE signing_keys (
    position INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kid TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    sealed_private BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    signs_from INTEGER NOT NULL,
    retired_at INTEGER
) STRICT;

CREATE TABLE applications (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    default_role INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE roles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    application_id INTEGER NOT NULL REFERENCES applications (id),
    name TEXT NOT NULL,
    default_scope INTEGER,
    UNIQUE (application_id, name)
) STRICT;

CREATE TABLE scopes (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    application_id INTEGER NOT NULL REFERENCES applications (id),
    name TEXT NOT NULL,
    UNIQUE (application_id, name)
) STRICT;

CREATE TABLE role_scopes (
    role_id INTEGER NOT NULL REFERENCES roles (id),
    scope_id INTEGER NOT NULL REFERENCES scopes (id),
    PRIMARY KEY (role_id, scope_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE assignments (
    account_id BLOB NOT NULL REFERENCES accounts (id),
    application_id INTEGER NOT NULL REFERENCES applications (id),
    role_id INTEGER NOT NULL REFERENCES roles (id),
    is_default INTEGER NOT NULL,
    PRIMARY KEY (account_id, application_id, role_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at INTEGER NOT NULL,
    account_id BLOB,
    action TEXT NOT NULL,
    refused TEXT,
    dialect TEXT NOT NULL,
    ip TEXT,
    user_agent TEXT,
    request_id TEXT
) STRICT;
CREATE INDEX audit_account ON audit (account_id, id);

CREATE TABLE outbox (
    id BLOB PRIMARY KEY NOT NULL,
    sealed BLOB NOT NULL,
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (created_at) WHERE due_at IS NULL;

CREATE TABLE avatars (
    name TEXT PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    png BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX avatars_account ON avatars (account_id);
