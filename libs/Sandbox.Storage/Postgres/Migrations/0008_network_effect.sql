-- What keeps the sandbox's network apart, in words. Null: not known.
ALTER TABLE sandboxes ADD COLUMN effective_network text;
