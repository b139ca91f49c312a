-- Log-ins of which everything was shown but the second factor: one of an account at each door.
CREATE TABLE pending_log_ins (
    digest BYTEA PRIMARY KEY NOT NULL,
    account_id UUID NOT NULL REFERENCES accounts (id),
    through TEXT NOT NULL,
    password_version BIGINT,
    wrong_codes BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (account_id, through)
);
CREATE INDEX pending_log_ins_expiry ON pending_log_ins (expires_at);
