-- Which version of a plugin is about to take over from another one, and the run in which it migrates what the plugin keeps.
-- It is forgotten when it serves.
CREATE TABLE plugin_takeovers (
    plugin TEXT PRIMARY KEY,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    run TEXT NOT NULL
) STRICT, WITHOUT ROWID;
