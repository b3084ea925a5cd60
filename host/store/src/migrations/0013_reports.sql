-- The limits that a run began with, as JSON, if they were not the defaults: it finds the same ones when it is resumed.
ALTER TABLE invocations ADD COLUMN limits TEXT;
-- Why it failed, in full, as JSON, for who wrote the plugin.
ALTER TABLE invocations ADD COLUMN report TEXT;
