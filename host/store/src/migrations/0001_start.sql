-- What witbot remembers. Times are milliseconds since 1970; nested values are JSON.
-- Tables refer to each other by row numbers, not by the ids that people see: ids are spread at random, and rows that
-- belong together would lie on many pages.

-- Every event that came in, once.
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT,                          -- NULL: chat
    subject TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    event TEXT NOT NULL,
    routed INTEGER NOT NULL CHECK (routed IN (0, 1)),
    UNIQUE (source, key)
) STRICT;
CREATE INDEX inbox_unrouted ON inbox (id) WHERE routed = 0;
CREATE INDEX inbox_outside ON inbox (kind, subject, id) WHERE kind IS NOT NULL;

-- Every run of a handler.
CREATE TABLE invocations (
    run INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    event INTEGER NOT NULL REFERENCES inbox (id),
    plugin TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    handler TEXT NOT NULL,
    arguments TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'parked', 'done', 'failed', 'dead')),
    reason TEXT,
    incident TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    lease_owner TEXT,                   -- NULL: free to be taken
    lease_until_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX invocations_event ON invocations (event);
CREATE INDEX invocations_open ON invocations (state) WHERE state = 'running' OR state = 'parked';

-- The calls that a run made. Without an outcome: begun, and perhaps performed.
CREATE TABLE journal (
    run INTEGER NOT NULL REFERENCES invocations (run) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    arguments TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    at_ms INTEGER NOT NULL,
    outcome TEXT,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

-- What each parked run waits for.
CREATE TABLE waits (
    run INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    key TEXT NOT NULL,
    deadline_ms INTEGER NOT NULL,
    looks INTEGER NOT NULL,
    FOREIGN KEY (run, number) REFERENCES journal (run, number) ON DELETE CASCADE
) STRICT;
CREATE INDEX waits_key ON waits (key);
CREATE INDEX waits_deadline ON waits (deadline_ms);

-- What is to be said in chats, in this order in each channel.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    message TEXT NOT NULL,
    channel TEXT NOT NULL,
    thread TEXT,
    text TEXT NOT NULL,
    edit INTEGER NOT NULL CHECK (edit IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_ms INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_open ON outbox (channel, id) WHERE state = 'queued' OR state = 'sending';
CREATE INDEX outbox_edits ON outbox (message) WHERE state = 'queued' AND edit = 1;

-- What the chat service calls the messages that it was sent.
CREATE TABLE messages (
    message TEXT PRIMARY KEY,
    remote TEXT NOT NULL,
    channel TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_at ON messages (at_ms);

-- What plugins remember, and how much of it there is.
CREATE TABLE kv (
    plugin TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (plugin, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE kv_usage (
    plugin TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT, WITHOUT ROWID;

-- Who did what. Each hash covers the record and the hash before it; the head says where the chain ends.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    record TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');
