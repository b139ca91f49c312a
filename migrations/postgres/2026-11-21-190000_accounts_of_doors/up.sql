-- The accounts of a door, the oldest first: for the servers behind it.
CREATE INDEX accounts_door ON accounts (created_through, created_at, id, state);
