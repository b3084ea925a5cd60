-- The last record that was forgotten: the chain goes on from it. 0: none.
CREATE TABLE audit_anchor (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
INSERT INTO audit_anchor (id, seq, hash) VALUES (1, 0, '');
-- The settings as they were taken up last, by key, without what may be secret: what changes stands in the audit.
CREATE TABLE settings_taken_up (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    keys TEXT NOT NULL
) STRICT;
