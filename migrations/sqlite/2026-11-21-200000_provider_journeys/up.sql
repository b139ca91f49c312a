-- Journeys of browsers to providers that came to an end: each is good once.
CREATE TABLE provider_journeys (
    digest BLOB PRIMARY KEY NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_journeys_expiry ON provider_journeys (expires_at);
