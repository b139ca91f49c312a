-- Programs that act in people's place, and what people consented to until it is redeemed.

CREATE TABLE oauth_clients (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    secret_hash TEXT NOT NULL,
    status TEXT NOT NULL,
    redirect_uri TEXT,
    owner_id BLOB NOT NULL REFERENCES accounts (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX oauth_clients_owner ON oauth_clients (owner_id, id);

CREATE TABLE authorization_codes (
    digest BLOB PRIMARY KEY NOT NULL,
    client_id INTEGER NOT NULL REFERENCES oauth_clients (id),
    account_id BLOB NOT NULL REFERENCES accounts (id),
    application_id INTEGER NOT NULL REFERENCES applications (id),
    redirect_uri TEXT NOT NULL,
    scopes TEXT NOT NULL,
    challenge BLOB,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    spent_at INTEGER,
    -- Without a reference: it is set before the session is kept.
    session_id BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX authorization_codes_unspent ON authorization_codes (account_id) WHERE spent_at IS NULL;
CREATE INDEX authorization_codes_expiry ON authorization_codes (expires_at);

-- In whose hands a session is, and what its account's holder consented to. Clients are never removed; and SQLite drops
-- no column that refers to another table.
ALTER TABLE sessions ADD COLUMN client_id INTEGER;
ALTER TABLE sessions ADD COLUMN consented_scopes TEXT;
CREATE INDEX sessions_client ON sessions (client_id) WHERE client_id IS NOT NULL;
