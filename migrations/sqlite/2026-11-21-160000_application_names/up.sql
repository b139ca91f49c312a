-- What people call an application in their languages.

CREATE TABLE application_names (
    application_id INTEGER NOT NULL REFERENCES applications (id),
    -- The tag in lower case.
    folded TEXT NOT NULL,
    tag TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (application_id, folded)
) STRICT, WITHOUT ROWID;

-- Accounts are looked for by the address to write to, too.
CREATE INDEX accounts_contact ON accounts (lower(contact), number) WHERE contact IS NOT NULL;
