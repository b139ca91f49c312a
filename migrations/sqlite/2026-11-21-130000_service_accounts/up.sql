-- Accounts for programs, each of which belongs to an account.

CREATE TABLE service_accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    uid TEXT NOT NULL UNIQUE,
    owner_id BLOB NOT NULL REFERENCES accounts (id),
    address TEXT NOT NULL,
    address_key TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX service_accounts_owner ON service_accounts (owner_id, id);

-- In whose place a key signs, where that is not its account itself.
ALTER TABLE api_keys ADD COLUMN service_account_id INTEGER REFERENCES service_accounts (id);
CREATE INDEX api_keys_service_account ON api_keys (service_account_id) WHERE service_account_id IS NOT NULL;
