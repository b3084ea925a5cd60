-- What plugins used of what they are granted, and what was denied, counted by the day (since 1970, in UTC). `line` is the
-- line of the settings that would allow what was denied, or empty.
CREATE TABLE usage (
    plugin TEXT NOT NULL,
    day INTEGER NOT NULL,
    call TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL,
    line TEXT NOT NULL,
    count INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (plugin, day, call, subject, outcome, line)
) STRICT, WITHOUT ROWID;
