-- Accounts elsewhere that people have proved to be theirs. One person of a chat has one of each provider, and one account
-- belongs to one person.
CREATE TABLE identities (
    -- The door through which the person is heard, and their id there.
    source TEXT NOT NULL,
    user TEXT NOT NULL,
    -- `github`.
    provider TEXT NOT NULL,
    -- The account's number, which stays the same when it is renamed.
    account INTEGER NOT NULL,
    -- Its name when it was linked.
    login TEXT NOT NULL,
    linked_ms INTEGER NOT NULL,
    PRIMARY KEY (source, user, provider),
    UNIQUE (source, provider, account)
) STRICT, WITHOUT ROWID;
