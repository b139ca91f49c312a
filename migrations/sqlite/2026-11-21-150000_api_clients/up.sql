-- Back ends that administer users with a token of their own, and what they list users by.

CREATE TABLE admin_tokens (
    name TEXT PRIMARY KEY NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

ALTER TABLE accounts ADD COLUMN first_name TEXT;
ALTER TABLE accounts ADD COLUMN last_name TEXT;
-- When an account first became active. Of those that were before, the trail knows; else the day they were made.
ALTER TABLE accounts ADD COLUMN activated_at INTEGER;
-- The folded address that is shown of an account: its log-in address, else its contact address.
ALTER TABLE accounts ADD COLUMN address_key TEXT;

UPDATE accounts SET
    activated_at = CASE WHEN state <> 'pending' THEN coalesce(
        (SELECT min(at) FROM audit WHERE account_id = accounts.id AND action = 'account.activate' AND refused IS NULL),
        created_at) END,
    address_key = coalesce(
        (SELECT folded FROM identities WHERE account_id = accounts.id AND kind = 'address'
            ORDER BY claim_order LIMIT 1),
        lower(contact));

-- One for each order of the list, with all that the list asks of an account that is not shown: what is passed over
-- costs a step in the index and nothing else.
CREATE INDEX accounts_listed_created ON accounts (created_at, id, state) WHERE state NOT IN ('deleted', 'withdrawn');
CREATE INDEX accounts_listed_address ON accounts (address_key, id, state) WHERE state NOT IN ('deleted', 'withdrawn');
CREATE INDEX accounts_listed_first_name ON accounts (first_name, id, state) WHERE state NOT IN ('deleted', 'withdrawn');
CREATE INDEX accounts_listed_last_name ON accounts (last_name, id, state) WHERE state NOT IN ('deleted', 'withdrawn');
CREATE INDEX accounts_listed_last_login ON accounts (last_login_at, id, state) WHERE state NOT IN ('deleted', 'withdrawn');
CREATE INDEX accounts_listed_activated ON accounts (activated_at, id, state) WHERE state NOT IN ('deleted', 'withdrawn');

-- How many accounts there are in each state: a list tells its length whatever that is.
CREATE TABLE account_tallies (
    state TEXT NOT NULL,
    shard INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (state, shard)
) STRICT, WITHOUT ROWID;
INSERT INTO account_tallies (state, shard, number) SELECT state, 0, count(*) FROM accounts GROUP BY state;

CREATE TRIGGER accounts_tally_made AFTER INSERT ON accounts BEGIN
    INSERT INTO account_tallies (state, shard, number) VALUES (NEW.state, 0, 1)
        ON CONFLICT (state, shard) DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER accounts_tally_changed AFTER UPDATE OF state ON accounts WHEN OLD.state <> NEW.state BEGIN
    UPDATE account_tallies SET number = number - 1 WHERE state = OLD.state AND shard = 0;
    INSERT INTO account_tallies (state, shard, number) VALUES (NEW.state, 0, 1)
        ON CONFLICT (state, shard) DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER accounts_tally_removed AFTER DELETE ON accounts BEGIN
    UPDATE account_tallies SET number = number - 1 WHERE state = OLD.state AND shard = 0;
END;

CREATE TABLE user_attributes (
    account_id BLOB NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_attributes_name ON user_attributes (name, account_id);

CREATE TABLE opt_ins (
    account_id BLOB NOT NULL REFERENCES accounts (id),
    key TEXT NOT NULL,
    agreement TEXT NOT NULL,
    source TEXT NOT NULL,
    awaits_activation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;
