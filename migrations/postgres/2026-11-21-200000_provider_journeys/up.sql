-- Journeys of browsers to providers that came to an end: each is good once.
CREATE TABLE provider_journeys (
    digest BYTEA PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX provider_journeys_expiry ON provider_journeys (expires_at);
