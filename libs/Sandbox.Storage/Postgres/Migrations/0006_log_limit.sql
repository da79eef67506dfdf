-- Null: what the sandbox logs counts against no limit.
ALTER TABLE sandboxes ADD COLUMN effective_log_bytes bigint;
