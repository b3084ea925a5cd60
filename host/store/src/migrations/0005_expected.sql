-- Events that the bot itself has caused at a service, which will tell of them by a webhook. When none comes, the bot has a
-- look at the service instead.
CREATE TABLE expected (
    source TEXT NOT NULL,
    key TEXT NOT NULL,                  -- As in the inbox
    what TEXT NOT NULL,
    due_ms INTEGER NOT NULL,
    PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX expected_due ON expected (due_ms);
