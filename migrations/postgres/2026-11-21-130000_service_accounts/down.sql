-- Without its service account a key would sign in the place of the account itself.
DELETE FROM api_keys WHERE service_account_id IS NOT NULL;
DROP INDEX api_keys_service_account;
ALTER TABLE api_keys DROP COLUMN service_account_id;
DROP TABLE service_accounts;
