-- What a key may do beside its tenant's.
ALTER TABLE api_keys ADD COLUMN permissions text[] NOT NULL DEFAULT '{}';
