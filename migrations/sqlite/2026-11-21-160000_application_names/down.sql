DROP INDEX accounts_contact;
DROP TABLE application_names;
