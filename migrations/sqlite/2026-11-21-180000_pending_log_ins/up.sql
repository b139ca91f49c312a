-- Log-ins of which everything was shown but the second factor: one of an account at each door.
CREATE TABLE pending_log_ins (
    digest BLOB PRIMARY KEY NOT NULL,
    account_id BLOB NOT NULL REFERENCES accounts (id),
    through TEXT NOT NULL,
    password_version INTEGER,
    wrong_codes INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (account_id, through)
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_log_ins_expiry ON pending_log_ins (expires_at);
