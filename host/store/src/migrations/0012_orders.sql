-- What people ordered to be done with a plugin, until it is released. One of each kind for each plugin.
CREATE TABLE plugin_orders (
    plugin TEXT NOT NULL,
    -- `hold`: it does not serve. `rollback`: it serves the version `to_digest`, in place of the file `from_digest`.
    what TEXT NOT NULL CHECK (what IN ('hold', 'rollback')),
    -- Who says so, in words, and why; the latter may be empty.
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    from_digest BLOB CHECK (length(from_digest) = 32),
    to_digest BLOB CHECK (length(to_digest) = 32),
    PRIMARY KEY (plugin, what),
    CHECK ((what = 'rollback') = (from_digest IS NOT NULL AND to_digest IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- The last versions that served under each name, in the order in which their files were taken up: a version that is taken
-- up again is the newest again. A rollback changes nothing here.
CREATE TABLE plugin_versions (
    number INTEGER PRIMARY KEY,
    plugin TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    UNIQUE (plugin, digest)
) STRICT;
