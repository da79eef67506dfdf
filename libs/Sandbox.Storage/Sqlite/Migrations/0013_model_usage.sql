-- What requests for models took, as a sum for each key. A writer is one life of a process; batch is the last of its batches that is in.
CREATE TABLE model_usage (
    tenant TEXT NOT NULL,
    key_id TEXT NOT NULL,
    model TEXT NOT NULL,
    requests INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    PRIMARY KEY (tenant, key_id, model)
) WITHOUT ROWID;
CREATE TABLE model_usage_writers (
    writer TEXT PRIMARY KEY,
    batch INTEGER NOT NULL,
    written_at INTEGER NOT NULL
) WITHOUT ROWID;
