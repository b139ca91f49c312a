DELETE FROM labels WHERE key = 'otp' AND value = 'enabled' AND scope = 'private';
DELETE FROM documents WHERE doc_type = 'Address';
ALTER TABLE documents DROP COLUMN sealed_address;
DROP TABLE data_storages;
DROP TABLE whitelinks;
DROP TABLE restrictions;
