-- What administrators note about accounts, and what roles may do behind a gateway.

CREATE TABLE comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    author_id BLOB NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX comments_account ON comments (account_id, id);

CREATE TABLE access_rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    role TEXT NOT NULL,
    verb TEXT NOT NULL,
    path TEXT NOT NULL,
    effect TEXT NOT NULL,
    topic TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
