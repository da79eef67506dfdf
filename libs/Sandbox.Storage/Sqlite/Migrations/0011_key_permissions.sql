-- What a key may do beside its tenant's: words with a space between them.
ALTER TABLE api_keys ADD COLUMN permissions TEXT NOT NULL DEFAULT '';
