-- Back ends that administer users with a token of their own, and what they list users by.

CREATE TABLE admin_tokens (
    name TEXT PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT
);

ALTER TABLE accounts ADD COLUMN first_name TEXT COLLATE "C";
ALTER TABLE accounts ADD COLUMN last_name TEXT COLLATE "C";
-- When an account first became active. Of those that were before, the trail knows; else the day they were made.
ALTER TABLE accounts ADD COLUMN activated_at BIGINT;
-- The folded address that is shown of an account: its log-in address, else its contact address.
ALTER TABLE accounts ADD COLUMN address_key TEXT COLLATE "C";

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
CREATE INDEX accounts_listed_created ON accounts (created_at NULLS FIRST, id, state) WHERE state NOT IN ('deleted', 'withdrawn');
CREATE INDEX accounts_listed_address ON accounts (address_key NULLS FIRST, id, state) WHERE state NOT IN ('deleted', 'withdrawn');
CREATE INDEX accounts_listed_first_name ON accounts (first_name NULLS FIRST, id, state) WHERE state NOT IN ('deleted', 'withdrawn');
CREATE INDEX accounts_listed_last_name ON accounts (last_name NULLS FIRST, id, state) WHERE state NOT IN ('deleted', 'withdrawn');
CREATE INDEX accounts_listed_last_login ON accounts (last_login_at NULLS FIRST, id, state) WHERE state NOT IN ('deleted', 'withdrawn');
CREATE INDEX accounts_listed_activated ON accounts (activated_at NULLS FIRST, id, state) WHERE state NOT IN ('deleted', 'withdrawn');

-- How many accounts there are in each state: a list tells its length whatever that is. Every connection counts in a
-- shard of its own, as good as, so that none waits for another's transaction; the sum over the shards is the number.
CREATE TABLE account_tallies (
    state TEXT NOT NULL,
    shard BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (state, shard)
);
INSERT INTO account_tallies (state, shard, number) SELECT state, 0, count(*) FROM accounts GROUP BY state;

CREATE FUNCTION tally_made_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO account_tallies AS kept (state, shard, number)
        SELECT state, pg_backend_pid() % 64, count(*) FROM made GROUP BY state ORDER BY state
        ON CONFLICT (state, shard) DO UPDATE SET number = kept.number + EXCLUDED.number;
    RETURN NULL;
END $$;
CREATE TRIGGER accounts_tally_made AFTER INSERT ON accounts
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION tally_made_accounts();

CREATE FUNCTION tally_changed_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO account_tallies AS kept (state, shard, number)
        SELECT state, pg_backend_pid() % 64, change FROM (VALUES (OLD.state, -1), (NEW.state, 1)) AS moved (state, change)
        ORDER BY state
        ON CONFLICT (state, shard) DO UPDATE SET number = kept.number + EXCLUDED.number;
    RETURN NULL;
END $$;
CREATE TRIGGER accounts_tally_changed AFTER UPDATE OF state ON accounts
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION tally_changed_account();

CREATE FUNCTION tally_removed_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO account_tallies AS kept (state, shard, number)
        SELECT state, pg_backend_pid() % 64, -count(*) FROM removed GROUP BY state ORDER BY state
        ON CONFLICT (state, shard) DO UPDATE SET number = kept.number + EXCLUDED.number;
    RETURN NULL;
END $$;
CREATE TRIGGER accounts_tally_removed AFTER DELETE ON accounts
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION tally_removed_accounts();

CREATE TABLE user_attributes (
    account_id UUID NOT NULL REFERENCES accounts (id),
    name TEXT COLLATE "C" NOT NULL,
    value TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, name)
);
CREATE INDEX user_attributes_name ON user_attributes (name, account_id);

CREATE TABLE opt_ins (
    account_id UUID NOT NULL REFERENCES accounts (id),
    key TEXT COLLATE "C" NOT NULL,
    agreement TEXT NOT NULL,
    source TEXT NOT NULL,
    awaits_activation BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, key)
);
