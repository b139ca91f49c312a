-- Second factors, API keys, and what is known of the people behind accounts.

-- What follows from an account's labels, kept for administrators to look for; no table: it never had a label.
ALTER TABLE accounts ADD COLUMN level INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN level_table INTEGER;
CREATE INDEX accounts_level ON accounts (level, number);
CREATE INDEX accounts_level_table ON accounts (level_table, number) WHERE level_table IS NOT NULL;
CREATE INDEX accounts_created ON accounts (created_at, number);
CREATE INDEX accounts_updated ON accounts (updated_at, number);
DROP INDEX accounts_state;
CREATE INDEX accounts_state ON accounts (state, number, id);
CREATE INDEX assignments_role ON assignments (role_id, account_id);

ALTER TABLE sessions ADD COLUMN assurance TEXT NOT NULL DEFAULT 'full';
ALTER TABLE sessions ADD COLUMN secret BLOB;
CREATE UNIQUE INDEX sessions_secret ON sessions (secret) WHERE secret IS NOT NULL;

ALTER TABLE audit ADD COLUMN actor_id BLOB;
ALTER TABLE audit ADD COLUMN detail TEXT;
CREATE INDEX audit_actor ON audit (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_authority ON audit (id) WHERE actor_id IS NOT NULL;

CREATE TABLE second_factors (
    account_id BLOB PRIMARY KEY NOT NULL REFERENCES accounts (id),
    secret BLOB,
    pending BLOB,
    last_step INTEGER,
    enabled_at INTEGER,
    failures INTEGER NOT NULL,
    window_started_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
    account_id BLOB NOT NULL REFERENCES accounts (id),
    digest BLOB NOT NULL,
    spent_at INTEGER,
    PRIMARY KEY (account_id, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kid TEXT NOT NULL UNIQUE,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    algorithm TEXT NOT NULL,
    scope TEXT NOT NULL,
    state TEXT NOT NULL,
    sealed_secret BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX api_keys_account ON api_keys (account_id, id);

CREATE TABLE labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    scope TEXT NOT NULL,
    description TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (account_id, key, scope)
) STRICT;
CREATE INDEX labels_value ON labels (key, value, scope, account_id);

CREATE TABLE profiles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    sealed BLOB NOT NULL,
    country TEXT,
    metadata TEXT,
    author_id BLOB NOT NULL,
    state TEXT NOT NULL,
    reviewed_by BLOB,
    reviewed_at INTEGER,
    public_comment TEXT,
    private_comment TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX profiles_account ON profiles (account_id, id);
CREATE INDEX profiles_state ON profiles (state, id);
CREATE INDEX profiles_country ON profiles (country, account_id) WHERE country IS NOT NULL;

CREATE TABLE phones (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    number_key BLOB NOT NULL,
    sealed_number BLOB NOT NULL,
    country TEXT NOT NULL,
    code BLOB,
    code_sent_at INTEGER,
    wrong_tries INTEGER NOT NULL,
    validated_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (account_id, number_key)
) STRICT;

-- Who verified a number holds it.
CREATE TABLE phone_holders (
    number_key BLOB PRIMARY KEY NOT NULL,
    phone_id INTEGER NOT NULL UNIQUE REFERENCES phones (id) ON DELETE CASCADE,
    account_id BLOB NOT NULL REFERENCES accounts (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    doc_type TEXT NOT NULL,
    sealed_number BLOB,
    expires_on TEXT,
    category TEXT,
    file_group TEXT,
    metadata TEXT,
    blob_id BLOB NOT NULL UNIQUE,
    sealed_key BLOB NOT NULL,
    file_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    state TEXT NOT NULL,
    reviewed_by BLOB,
    reviewed_at INTEGER,
    public_comment TEXT,
    private_comment TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX documents_account ON documents (account_id, id);
CREATE INDEX documents_state ON documents (state, id);

-- Who has proven a log-in address already has the label that says so. Levels are computed at the next start.
INSERT INTO labels (account_id, key, value, scope, created_at, updated_at)
SELECT account_id, 'email', 'verified', 'private', min(proven_at), min(proven_at)
FROM identities WHERE kind = 'address' AND proven_at IS NOT NULL GROUP BY account_id;
UPDATE accounts SET level_table = 0 WHERE id IN (SELECT account_id FROM labels);
