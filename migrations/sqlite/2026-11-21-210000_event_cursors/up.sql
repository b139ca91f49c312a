-- How far in the audit trail events were told in each dialect, and whose turn it is to tell them.
CREATE TABLE event_cursors (
    dialect TEXT PRIMARY KEY NOT NULL,
    told_to INTEGER NOT NULL,
    teller BLOB,
    turn_ends INTEGER
) STRICT, WITHOUT ROWID;
