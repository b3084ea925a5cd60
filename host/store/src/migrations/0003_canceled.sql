-- Who wants a run to end. A run that was canceled is told so where it waits, and cannot be parked any more.
ALTER TABLE invocations ADD COLUMN canceled_by TEXT;
