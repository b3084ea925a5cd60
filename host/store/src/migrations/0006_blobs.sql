-- Large answers of calls, once each, by the SHA-256 of their text. A row of the journal has its answer either in itself or
-- here.
CREATE TABLE blobs (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    text TEXT NOT NULL
) STRICT;
ALTER TABLE journal ADD COLUMN outcome_digest BLOB
    CHECK (outcome_digest IS NULL OR length(outcome_digest) = 32 AND outcome IS NULL);
CREATE INDEX journal_outcome_digest ON journal (outcome_digest) WHERE outcome_digest IS NOT NULL;

-- How often a wait was looked at is of no use to a later host.
ALTER TABLE waits DROP COLUMN looks;
