-- What is done in a chat is more than text by now: each row is a whole act, as JSON.
CREATE TABLE acts (
    id INTEGER PRIMARY KEY,
    message TEXT NOT NULL,
    channel TEXT NOT NULL,
    thread TEXT,
    act TEXT NOT NULL,
    edit INTEGER NOT NULL CHECK (edit IN (0, 1)),   -- Whether it is an edit, which a later one replaces
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_ms INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    at_ms INTEGER NOT NULL
) STRICT;
INSERT INTO acts
SELECT id, message, channel, thread, json_object(iif(edit, 'edit', 'post'), text), edit, state, attempts, due_ms,
       reason, at_ms
FROM outbox;
DROP TABLE outbox;
ALTER TABLE acts RENAME TO outbox;
CREATE INDEX outbox_open ON outbox (channel, id) WHERE state = 'queued' OR state = 'sending';
CREATE INDEX outbox_edits ON outbox (message) WHERE state = 'queued' AND edit = 1;

-- A question can be answered by more people than the one who was asked: its waits are found by the channel alone.
UPDATE waits SET key = substr(key, 1, 3 + instr(substr(key, 5), ' '))
WHERE key LIKE 'ask % %';
