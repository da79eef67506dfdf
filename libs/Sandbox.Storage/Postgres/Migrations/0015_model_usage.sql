-- What requests for models took, as a sum for each key. A writer is one life of a process; batch is the last of its batches that is in.
CREATE TABLE model_usage (
    tenant            text COLLATE "C" NOT NULL,
    key_id            text COLLATE "C" NOT NULL,
    model             text COLLATE "C" NOT NULL,
    requests          bigint           NOT NULL,
    prompt_tokens     bigint           NOT NULL,
    completion_tokens bigint           NOT NULL,
    PRIMARY KEY (tenant, key_id, model)
);
CREATE TABLE model_usage_writers (
    writer     uuid        PRIMARY KEY,
    batch      bigint      NOT NULL,
    written_at timestamptz NOT NULL
);
