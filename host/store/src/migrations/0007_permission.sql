-- Whether what somebody asked for may be done: `given`, `before` the handler is called somebody has to say yes, or `within` it.
ALTER TABLE invocations ADD COLUMN permission TEXT NOT NULL DEFAULT 'given';
