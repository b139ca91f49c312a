-- From where requests may come, what clients leave with an account, and proofs of an address.

CREATE TABLE restrictions (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    category TEXT NOT NULL,
    scope TEXT NOT NULL,
    value TEXT NOT NULL,
    code INTEGER,
    state TEXT NOT NULL,
    expires_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX restrictions_expiry ON restrictions (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE whitelinks (
    digest BLOB PRIMARY KEY NOT NULL,
    issued_by BLOB NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX whitelinks_expiry ON whitelinks (expires_at);

CREATE TABLE data_storages (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    title TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (account_id, title)
) STRICT;

ALTER TABLE documents ADD COLUMN sealed_address BLOB;

-- From now on a private label tells who has a second factor. It is part of no level unless a setting says so.
INSERT INTO labels (account_id, key, value, scope, created_at, updated_at)
    SELECT account_id, 'otp', 'enabled', 'private', enabled_at, enabled_at
    FROM second_factors WHERE enabled_at IS NOT NULL
    ON CONFLICT DO NOTHING;
UPDATE accounts SET level_table = 0
    WHERE id IN (SELECT account_id FROM second_factors WHERE enabled_at IS NOT NULL);
