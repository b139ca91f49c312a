DROP INDEX sessions_client;
ALTER TABLE sessions DROP COLUMN consented_scopes;
ALTER TABLE sessions DROP COLUMN client_id;
DROP TABLE authorization_codes;
DROP TABLE oauth_clients;
