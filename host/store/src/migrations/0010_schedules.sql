-- When each schedule of a plugin is due next. A schedule that says something else than it did begins anew.
CREATE TABLE schedules (
    plugin TEXT NOT NULL,
    id TEXT NOT NULL,
    rule TEXT NOT NULL,                 -- As it was when its time was computed
    due_ms INTEGER NOT NULL,
    PRIMARY KEY (plugin, id)
) STRICT, WITHOUT ROWID;
