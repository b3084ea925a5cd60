-- Runs that stand in lines, first come first. Whose run has ended stands there no more, whatever this says.
CREATE TABLE turns (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    plugin TEXT NOT NULL,
    line TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES invocations (run) ON DELETE CASCADE,
    UNIQUE (plugin, line, run)
) STRICT;
CREATE INDEX turns_run ON turns (run);
